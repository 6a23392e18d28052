"""One planted bug."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug. An empty `old` makes `file` anew with `new`; what stands there more than once says so."""

    name: str
    file: str
    old: str
    new: str
    tests: str
    times: int = 1

    def planted(self, root: Path) -> str:
        """Return the file with the bug in it. Raises PlantMoved when the code is not what the plant was made for."""
        path = root / self.file
        if not self.old:
            return self.new
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if text.count(self.old) != self.times:
            raise PlantMoved(f"{self.name}: {self.file} has moved on: mend the plant")
        return text.replace(self.old, self.new)


class PlantMoved(AssertionError):
    """The code this bug was planted in is not there any more."""
