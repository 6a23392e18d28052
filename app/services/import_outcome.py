"""What became of the rows somebody brought: taken, or refused with a reason, of which some are shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

MOST_SHOWN = 1_000
MOST_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot be taken, and why; positions count from 0."""

    position: int
    number: str
    reason: str


@dataclass(slots=True)
class Taken:
    """What became of the rows: of the skipped ones, the first thousand with their reasons, and all reasons counted.

    `examples` are the first rows of every reason, also of one that none of the first thousand met.
    """

    batch_id: int = 0
    added: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    skipped: list[Refused] = field(default_factory=list)
    examples: dict[str, list[Refused]] = field(default_factory=dict)

    @property
    def skipped_count(self) -> int:
        """Return how many rows were skipped."""
        return self.reasons.total()

    def refuse(self, row: Refused) -> None:
        """Count a row that cannot be taken."""
        self.reasons[row.reason] += 1
        if len(self.skipped) < MOST_SHOWN:
            self.skipped.append(row)
        self.show(row)

    def show(self, row: Refused) -> None:
        """Keep the row where its reason has too few examples yet."""
        shown = self.examples.setdefault(row.reason, [])
        if len(shown) < MOST_EXAMPLES:
            shown.append(row)
