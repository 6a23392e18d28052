"""Taking in what lived elsewhere: invoices and references, all good rows of a call or none (eis.md 5.19, 5.20)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import func, update

from app.domain import exact_json
from app.domain import ledger as books
from app.domain.errors import Conflict, Invalid
from app.domain.import_run import Phase
from app.domain.imported import facts_of
from app.domain.invoice import derive_status
from app.domain.money import Money
from app.models.import_batch import ImportBatch
from app.services import import_statements as sql
from app.services import ledger, sealing
from app.services.import_outcome import MOST_EXAMPLES, MOST_SHOWN, Refused, Taken
from app.services.import_progress import Progress
from app.uow import retried, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import CursorResult, TextClause
    from sqlalchemy.orm import Session

    from app.domain.deposit import DepositOf
    from app.services.timeline import Actor

    Row = TypeVar("Row")

MOST_ROWS = 200_000
SERVICE, EVERYPAY = "service", "everypay"


@dataclass(frozen=True, slots=True)
class Claim:
    """One holder's reservation of names on the invoice's number, its price, and whether it is the one that was paid."""

    holder: str
    names: tuple[str, ...]
    amount_minor: int
    won: bool


@dataclass(frozen=True, slots=True)
class Incoming:
    """One invoice as it was elsewhere; `occurred_at` is when it became what its word says.

    A payment of a gateway has the gateway's reference and what it said last; without one it is the service's word.
    `paid_by` is the number of the bulk payment that paid it, `note` what was decided about it and may be counted.
    """

    position: int
    number: int
    initiator: str
    total: Money
    word: str
    occurred_at: datetime | None = None
    created_at: datetime | None = None
    kind: str = "regular"
    description: str = "prepended"
    in_directo: bool = False
    e_invoice_sent_at: datetime | None = None
    gateway: str = SERVICE
    account: str = ""
    external_id: str | None = None
    snapshot: dict[str, Any] | None = None
    paid_by: int | None = None
    deposit: DepositOf | None = None
    claims: tuple[Claim, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class IncomingReference:
    """One reference number as it was elsewhere."""

    position: int
    number: str
    initiator: str
    owner: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Importer:
    """Who brings it, and for whom: `owns` are the ids of the initiators by their codes."""

    tenant_id: int
    actor: Actor
    source: str
    owns: dict[str, int]


class NumberGivenMeanwhile(Conflict):
    """A number of this import was handed out while it ran: nothing was taken, send it again."""


class GivenUpMeanwhile(Conflict):
    """This import was taken for interrupted while it ran: nothing was taken, send it again."""


@retried
def take_invoices(importer: Importer, rows: Iterable[Incoming | Refused], progress: Progress | None = None) -> Taken:
    """Take in the invoices that are not here yet, with their payments and bookings, in one transaction.

    `rows` is read once per try and never held as a whole. How far it is, is told where a `progress` is given.
    Raises Invalid beyond 200,000 rows, NumberGivenMeanwhile, GivenUpMeanwhile.
    """
    taken, progress = Taken(), progress or Progress()
    with transaction() as tx:
        values = _begin(tx, importer, "invoices", taken, progress)
        tx.execute(sql.INCOMING)
        _copy(tx, sql.COPY, (_columns(importer, row) for row in _good(progress.reading(rows), taken)))
        progress.at(Phase.CHECKING)
        for statement in (*sql.REFUSE, *sql.ADJUST, sql.FACT, sql.PAID_BY):
            tx.execute(statement, values)
        progress.at(Phase.WRITING)
        tx.execute(sql.INVOICES, values)
        tx.execute(sql.OVERTAKEN)
        values |= _rules(importer)
        tx.execute(sql.LOOKED_AT)
        for phase, statements in sql.STEPS.items():
            progress.at(phase)
            for statement in statements:
                tx.execute(statement, values)
        taken.added = tx.scalars(sql.ADDED).one()
        taken.notes.update({row.note: row.rows for row in tx.execute(sql.NOTES)})
        progress.at(Phase.PROVING)
        if taken.added >= sql.MANY:
            tx.execute(sql.PLANNED)
        tx.execute(sql.CHECKED)
        progress.at(Phase.CLOSING)
        tx.execute(sql.RANGES, values)
        if any(tx.execute(sql.USED, values).scalars()):
            raise NumberGivenMeanwhile
        _end(tx, taken, sql.REASONS, sql.SKIPPED, sql.EXAMPLES)
    return taken


@retried
def take_references(
    importer: Importer, rows: Iterable[IncomingReference | Refused], progress: Progress | None = None
) -> Taken:
    """Take in the reference numbers that are not here yet, each with an account of its owner.

    How far it is, is told where a `progress` is given. Raises Invalid beyond 200,000 rows, GivenUpMeanwhile.
    """
    taken, progress = Taken(), progress or Progress()
    with transaction() as tx:
        values = _begin(tx, importer, "references", taken, progress)
        tx.execute(sql.REFERENCE_INCOMING)
        _copy(tx, sql.REFERENCE_COPY, (_reference(importer, row) for row in _good(progress.reading(rows), taken)))
        progress.at(Phase.CHECKING)
        for statement in sql.REFERENCE_REFUSE:
            tx.execute(statement, values)
        progress.at(Phase.WRITING)
        taken.added = cast("CursorResult[Any]", tx.execute(sql.REFERENCE_TAKE, values)).rowcount
        progress.at(Phase.CLOSING)
        _end(tx, taken, sql.REFERENCE_REASONS, sql.REFERENCE_SKIPPED, sql.REFERENCE_EXAMPLES)
    return taken


def _begin(tx: Session, importer: Importer, kind: str, taken: Taken, progress: Progress) -> dict[str, Any]:
    tx.execute(sql.ROOM)
    batch = ImportBatch(
        tenant_id=importer.tenant_id,
        source=importer.source,
        kind=kind,
        actor=f"{importer.actor.kind}:{importer.actor.name}",
    )
    taken.batch_id = progress.begin(tx, batch)
    sealing.hold_off(tx)
    return {
        "tenant_id": importer.tenant_id,
        "batch_id": taken.batch_id,
        "owns": list(importer.owns.values()),
        "actor_kind": importer.actor.kind,
        "actor": importer.actor.name,
        "source": importer.actor.kind,
    }


def _end(tx: Session, taken: Taken, reasons: TextClause, skipped: TextClause, examples: TextClause) -> None:
    """Read why rows were skipped and write the batch's result. Raises GivenUpMeanwhile."""
    for reason, count in tx.execute(reasons):
        taken.reasons[reason] += count
    found = _refused(tx, skipped, MOST_SHOWN)
    for row in _refused(tx, examples, MOST_EXAMPLES):
        taken.show(row)
    taken.skipped = sorted([*taken.skipped, *found], key=lambda each: each.position)[:MOST_SHOWN]
    counts = {"added": taken.added, "skipped": dict(taken.reasons)}
    ended = tx.execute(
        update(ImportBatch)
        .where(ImportBatch.id == taken.batch_id, ImportBatch.finished_at.is_(None))
        .values(counts=counts, finished_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
    if not cast("CursorResult[Any]", ended).rowcount:
        raise GivenUpMeanwhile


def _refused(tx: Session, question: TextClause, most: int) -> list[Refused]:
    return [Refused(row.position, str(row.number), row.reason) for row in tx.execute(question, {"most": most})]


def _good(rows: Iterable[Row | Refused], taken: Taken) -> Iterator[Row]:
    """Return the rows that may be taken and count the others. Raises Invalid beyond 200,000 rows."""
    for count, row in enumerate(rows):
        if count >= MOST_ROWS:
            raise Invalid.field("body", f"must have at most {MOST_ROWS} entries")
        if isinstance(row, Refused):
            taken.refuse(row)
        else:
            yield row


def _copy(tx: Session, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows as they come: none of them is held here longer than its turn."""
    driver = tx.connection().connection.driver_connection
    assert driver is not None  # noqa: S101 - a session's connection is open
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _reference(importer: Importer, row: IncomingReference) -> tuple[Any, ...]:
    return row.position, row.number, importer.owns[row.initiator], row.owner, row.email


def _columns(importer: Importer, row: Incoming) -> tuple[Any, ...]:
    """Return the row in the order of `COLUMNS`, with the status that follows from its facts."""
    facts = facts_of(row.word, row.total.minor)
    return (
        row.position,
        row.number,
        importer.owns[row.initiator],
        row.initiator,
        row.kind,
        row.word,
        derive_status(facts),
        row.total.minor,
        facts.captured_minor,
        facts.refunded_minor,
        facts.ever_paid,
        row.description,
        row.created_at,
        row.occurred_at,
        row.in_directo,
        row.e_invoice_sent_at,
        "reported" if row.gateway == SERVICE else "hosted",
        row.gateway,
        row.account or row.initiator,
        row.external_id,
        None if row.snapshot is None else exact_json.dumps(row.snapshot),
        row.paid_by,
        row.deposit and row.deposit.domain,
        row.deposit and row.deposit.user_uuid,
        row.deposit and row.deposit.user_email,
        _written(row.claims),
        row.note,
    )


def _written(claims: tuple[Claim, ...]) -> str | None:
    if not claims:
        return None
    return exact_json.dumps(
        [
            {"holder": each.holder, "names": list(each.names), "amount": each.amount_minor, "won": each.won}
            for each in claims
        ]
    )


def _rules(importer: Importer) -> dict[str, Any]:
    """Return what each step books per cent, as the domain says it: accounts and sides, by service and gateway."""
    one = Money(1, "EUR")
    rules = [
        (code, gateway, step, posting.account, posting.amount.minor)
        for code in importer.owns
        for gateway in (SERVICE, EVERYPAY)
        for step, postings in (
            ("issued", books.issued(code, one)),
            ("received", _received(gateway, code, one)),
            ("refunded", _refunded(gateway, code, one)),
            ("cancelled", books.cancelled(code, one)),
        )
        for posting in postings
        if posting.amount.minor
    ]
    accounts = ledger.account_ids(sorted({rule[3] for rule in rules}), importer.tenant_id)
    codes, gateways, steps, names, sides = (list(each) for each in zip(*rules, strict=True))
    return {
        "codes": codes,
        "gateways": gateways,
        "steps": steps,
        "accounts": [accounts[name] for name in names],
        "sides": sides,
    }


def _received(gateway: str, code: str, amount: Money) -> books.Postings:
    if gateway == SERVICE:
        return books.reported_by_service(code, amount)
    return books.received(gateway, code, amount, Money(0, amount.currency))


def _refunded(gateway: str, code: str, amount: Money) -> books.Postings:
    if gateway == SERVICE:
        return books.refunded_by_service(code, amount)
    return books.refunded(gateway, code, amount)
