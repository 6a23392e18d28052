"""Moving in from the system before: what was mapped, what was not, and why (eis.md 3, 14 "legacy data")."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from app.models.initiator import Initiator
from app.models.number_range import NumberRange
from app.services import legacy_rows
from app.services.import_progress import Progress, under_way
from app.services.imports import Importer, take_invoices, take_references
from app.services.legacy_rows import LONGEST_TEXT, Target
from app.services.legacy_source import TABLES, LegacySource, opened
from app.services.rehearsals import together, undone
from app.services.timeline import Actor
from app.uow import session, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from app.services.import_outcome import Taken

TENANT = 1
LONGEST_NUMBER = 10  # digits
LEFT_BEHIND = {
    "users": "people sign in anew: add each with `billing white-code add`",
    "app_sessions": "people sign in anew",
    "white_codes": "identity codes there name no country: add each person with `billing white-code add`",
}
MONTHLY = text("""
update number_range set next_number = greatest(next_number, :last + 1)
 where tenant_id = :tenant_id and kind = 'monthly' and active and :last between first_number - 1 and last_number
returning next_number
""")


@dataclass(slots=True)
class TableReport:
    """What became of one old table; `not_mapped` counts reasons, `mapped` counts what rows became."""

    table: str
    read: int | None
    added: int = 0
    mapped: Counter[str] = field(default_factory=Counter)
    not_mapped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return it as lines for a terminal."""
        if self.read is None:
            return f"{self.table}: there is no such table"
        lines = [f"{self.table}: {self.read} rows, {self.added} taken"]
        lines += [f"  {count:>7} {what}" for what, count in self.mapped.most_common()]
        lines += [
            f"  {count:>7} not taken: {why}{self.examples.get(why, '')}" for why, count in self.not_mapped.most_common()
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class LegacyReport:
    """The reports of all old tables."""

    tables: tuple[TableReport, ...]
    rehearsed: bool

    def __str__(self) -> str:
        """Return it as lines for a terminal."""
        lines = [str(table) for table in self.tables]
        if self.rehearsed:
            lines.append("A rehearsal: nothing was written.")
        return "\n".join(lines)


def import_legacy(url: str, *, rehearse: bool = False) -> LegacyReport:
    """Take in the old tables from their PostgreSQL, in one transaction; again, only what is new there is added.

    A rehearsal does the same and undoes it, so nobody is told of it. Raises NoSuchSource, NumberGivenMeanwhile,
    GivenUpMeanwhile.
    """

    def move(invoices: Progress, references: Progress) -> tuple[TableReport, ...]:
        with opened(url) as source:
            return _move(source, invoices, references)

    if rehearse:
        return LegacyReport(undone(partial(move, Progress(), Progress())), rehearsed=True)
    with under_way() as invoices, under_way() as references:
        return LegacyReport(together(partial(move, invoices, references)), rehearsed=False)


def _move(source: LegacySource, invoices: Progress, references: Progress) -> tuple[TableReport, ...]:
    importer, target = _importer(), _target()
    reports = {name: TableReport(name, source.count(name)) for name in TABLES}
    if reports["invoices"].read is not None:
        rows = _Again(source.invoices, legacy_rows.invoices, target)
        _note(reports["invoices"], take_invoices(importer, rows, invoices))
        _note_columns(reports["invoices"], source)
    if reports["references"].read is not None:
        rows = _Again(source.references, legacy_rows.references, target)
        _note(reports["references"], take_references(importer, rows, references))
    if reports["setting_entries"].read is not None:
        _move_counter(reports["setting_entries"], source.last_monthly_number())
    for name, why in LEFT_BEHIND.items():
        if reports[name].read:
            reports[name].not_mapped[why] = reports[name].read or 0
    return tuple(reports.values())


class _Again:
    """Old rows as ours, read anew from their table by every try."""

    def __init__(self, read: Callable[[], Iterator[Any]], mapped: Callable[..., Iterator[Any]], target: Target) -> None:
        self._read, self._mapped, self._target = read, mapped, target

    def __iter__(self) -> Iterator[Any]:
        return self._mapped(self._read(), self._target)


def _note(report: TableReport, taken: Taken) -> None:
    report.added = taken.added
    report.mapped.update(taken.notes)
    report.not_mapped.update(taken.reasons)
    for why, rows in taken.examples.items():
        report.examples[why] = ", such as " + ", ".join(f"{each.number} (row {each.position})" for each in rows)


def _note_columns(report: TableReport, source: LegacySource) -> None:
    for column, why in (
        ("directo_data", "column directo_data: the XML of a whole batch, copied into each of its invoices"),
        ("linkpay_info", "column linkpay_info: links are signed anew when they are needed"),
        ("description", f"column description: what is beyond {LONGEST_TEXT:,} characters"),
    ):
        filled = source.filled(column)
        if filled:
            report.not_mapped[why] = filled


def _move_counter(report: TableReport, last: str | None) -> None:
    """Go on with monthly numbers where the system before stopped (eis.md 7.3)."""
    moved = None
    if last is not None and last.isascii() and last.isdigit() and len(last) <= LONGEST_NUMBER:
        moved = session().execute(MONTHLY, {"last": int(last), "tenant_id": TENANT}).scalar_one_or_none()
    if moved is not None:
        report.added = 1
        report.mapped[f"monthly numbers go on with {moved}"] = 1
    elif last is not None:
        report.not_mapped[f"the last monthly number {last[:20]!a} is outside the range here"] = 1
    rest = (report.read or 0) - (1 if last is not None else 0)
    if rest:
        report.not_mapped["settings are said here anew: docs/configuration.md"] = rest


def _importer() -> Importer:
    owns = session().execute(select(Initiator.code, Initiator.id).where(Initiator.tenant_id == TENANT))
    return Importer(TENANT, Actor("system", "import-legacy"), "legacy", {row.code: row.id for row in owns})


def _target() -> Target:
    with transaction() as tx:
        deposits = tx.execute(
            select(NumberRange.first_number, NumberRange.last_number).where(
                NumberRange.tenant_id == TENANT, NumberRange.kind == "deposit", NumberRange.active
            )
        ).one()
        known = frozenset(tx.scalars(select(Initiator.code).where(Initiator.tenant_id == TENANT)))
    return Target(known, range(deposits.first_number, deposits.last_number + 1))
