"""Each night our books are laid beside the gateway's, payment by payment, and what differs is mended or asked about.

The gateway has no list of a day's payments (protocols.md 1), so each is asked for by itself, a few at a time, each few
as one row of the outbox: a night that is interrupted goes on where it was (reliability.md 3.11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.domain.comparison import AGES_DAYS, MENDED_BY_LOOKING, Difference, DifferenceKind, Ours, Theirs, compare
from app.domain.errors import Outcome, ProviderFailure
from app.domain.money import Money
from app.domain.payment import ObservedState, PaymentStatus
from app.models.base import DEFAULT_TENANT
from app.models.comparison import Comparison
from app.models.comparison import Difference as DifferenceRow
from app.models.payment import GatewayReference, Payment
from app.models.tenant import Tenant
from app.queue import Crash
from app.services import outbox, reviews, timeline
from app.services.batch_jobs import BatchJob
from app.services.refresh import look_again
from app.uow import ring_after_commit, transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from app.domain.ports import FetchedPayment, HostedGateway
    from app.services.outbox import Claimed

COMPARE = "gateway.day.compare"
JOB = BatchJob("compare_gateways", GatewayReference)
A_FEW = 10
MOST_STRANGERS = 100
SENTENCES = {
    DifferenceKind.MISSED_CALLBACK: "{gateway} has news of {reference} that never came: it is looked into now",
    DifferenceKind.CHANGED_THERE: "{gateway} holds more or less of {reference} than our books: it is looked into now",
    DifferenceKind.AMOUNT_DIFFERS: "{gateway} has another amount, currency or account for {reference} than was asked",
    DifferenceKind.UNKNOWN_THERE: "{gateway} does not know {reference}, which our books have",
    DifferenceKind.UNKNOWN_HERE: "{gateway} holds settled money under {reference}, which is no payment here",
    DifferenceKind.CLOCK: "{gateway} settled {reference} at a time still to come here: one of the clocks is wrong",
}


@dataclass(frozen=True, slots=True)
class Place:
    """How far a day has been compared: everything up to this payment."""

    created_at: datetime | None = None
    payment_id: int = 0

    def said(self) -> dict[str, Any]:
        """Return the place for the payload of a row."""
        return {"created_at": self.created_at.isoformat() if self.created_at else None, "payment_id": self.payment_id}

    @classmethod
    def read(cls, said: dict[str, Any]) -> Place:
        """Return the place from the payload of a row."""
        moment = said["created_at"]
        return cls(datetime.fromisoformat(moment) if moment else None, said["payment_id"])


@dataclass(frozen=True, slots=True)
class Asked:
    """One reference to compare, with what our books say of it; `ours` is None for one that is no payment here."""

    key: int
    reference: str
    payment_id: int | None
    invoice_id: int | None
    ours: Ours | None
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Found:
    """One difference with both stories."""

    asked: Asked
    difference: Difference
    theirs: Theirs | None

    def sentence(self, gateway: str) -> str:
        """Return in words what differs and what becomes of it."""
        return SENTENCES[self.difference.kind].format(gateway=gateway, reference=self.asked.reference)


def owe_comparisons(gateways: Sequence[str], today: date | None = None) -> int:
    """Owe this night's comparisons of each gateway and return how many; a night is owed once."""
    today = today or datetime.now(UTC).date()
    with transaction() as tx:
        tenants = tx.scalars(select(Tenant.id).order_by(Tenant.id)).all()
        nights = product(tenants, gateways, AGES_DAYS)
        return sum(owe(gateway, today - timedelta(days=age), today, tenant) for tenant, gateway, age in nights)


def owe(gateway: str, day: date, today: date, tenant_id: int = DEFAULT_TENANT) -> bool:
    """Owe the comparison of one day (UTC); returns False when it was compared today already."""
    with transaction() as tx:
        made = tx.execute(
            insert(Comparison)
            .values(tenant_id=tenant_id, gateway=gateway, day=day, compared_on=today)
            .on_conflict_do_nothing()
            .returning(Comparison.id)
        ).scalar_one_or_none()
        if made is None:
            return False
        _owe_part(made, gateway, Place(), tenant_id)
        return True


def _owe_part(comparison_id: int, gateway: str, after: Place, tenant_id: int) -> None:
    outbox.post(
        COMPARE,
        f"{comparison_id}:{after.payment_id}",
        lane=gateway,
        payload={"comparison_id": comparison_id, "after": after.said()},
        tenant_id=tenant_id,
    )
    ring_after_commit()


def compare_part(row: Claimed, gateway: HostedGateway) -> None:
    """Compare the next few references of a day and owe the rest. Raises ProviderFailure when the gateway is away."""
    comparison_id, after = row.payload["comparison_id"], Place.read(row.payload["after"])
    with transaction() as tx:
        comparison = tx.get_one(Comparison, comparison_id)
        asked = _next(tx, comparison, after)
    looked = [(each, JOB.one(each.key, partial(look, each, gateway), raises=ProviderFailure)) for each in asked]
    # Of one that could not be compared nothing is known: a person is asked, what was open about it stays, and the
    # night goes on.
    found = [(each, difference) for each, difference in looked if not isinstance(difference, Crash)]
    with transaction() as tx:
        comparison = tx.get_one(Comparison, comparison_id, with_for_update=True, populate_existing=True)
        for each, difference in found:
            _record(tx, comparison, each, difference)
        comparison.examined += len(asked)
        comparison.differences += sum(difference is not None for _, difference in found)
        if _more_follow(asked):
            _owe_part(comparison_id, comparison.gateway, asked[-1].place, comparison.tenant_id)
        else:
            comparison.finished_at = datetime.now(UTC)


def _more_follow(asked: Sequence[Asked]) -> bool:
    """Return whether a part was full: what is no payment here comes only with the last one."""
    return len(asked) == A_FEW and asked[-1].payment_id is not None


def rehearse(gateway: HostedGateway, day: date) -> list[Found]:
    """Return what the comparison of a day would find, writing nothing. Raises ProviderFailure."""
    comparison = Comparison(tenant_id=DEFAULT_TENANT, gateway=gateway.name, day=day)
    found: list[Found] = []
    after = Place()
    while True:
        with transaction() as tx:
            asked = _next(tx, comparison, after)
        found += [each for each in (look(one, gateway) for one in asked) if each is not None]
        if not _more_follow(asked):
            return found
        after = asked[-1].place


def look(asked: Asked, gateway: HostedGateway) -> Found | None:
    """Ask the gateway about one reference and return how the books differ, if they do. Raises ProviderFailure."""
    try:
        theirs = _theirs(gateway.fetch_payment(asked.reference))
    except ProviderFailure as failure:
        if failure.outcome is not Outcome.REFUSED or not failure.permanent:
            raise
        theirs = None
    difference = compare(asked.ours, theirs) if asked.ours is not None else _of_a_stranger(theirs)
    return Found(asked, difference, theirs) if difference is not None else None


def _of_a_stranger(theirs: Theirs | None) -> Difference | None:
    if theirs is None or theirs.state is not ObservedState.COMPLETED:
        return None
    return Difference(DifferenceKind.UNKNOWN_HERE, theirs.initial.minor if theirs.initial is not None else 0)


def _next(tx: Session, comparison: Comparison, after: Place) -> list[Asked]:
    """Return the next few payments of the day, with the last of them what is no payment here.

    A reference with news that is being looked into waits for another night.
    """
    start = datetime(comparison.day.year, comparison.day.month, comparison.day.day, tzinfo=UTC)
    end = start + timedelta(days=1)
    rows = tx.execute(
        select(GatewayReference, Payment)
        .join(
            Payment,
            and_(
                Payment.tenant_id == GatewayReference.tenant_id,
                Payment.gateway == GatewayReference.gateway,
                Payment.external_id == GatewayReference.external_id,
            ),
        )
        .where(
            Payment.tenant_id == comparison.tenant_id,
            Payment.gateway == comparison.gateway,
            Payment.created_at >= start,
            Payment.created_at < end,
            tuple_(Payment.created_at, Payment.id) > (after.created_at or start, after.payment_id),
            GatewayReference.clean_seq == GatewayReference.dirty_seq,
        )
        .order_by(Payment.created_at, Payment.id)
        .limit(A_FEW)
    ).all()
    asked = [asked_about(reference, payment) for reference, payment in rows]
    return asked if len(asked) == A_FEW else asked + _strangers(tx, comparison, start, end)


def _strangers(tx: Session, comparison: Comparison, start: datetime, end: datetime) -> list[Asked]:
    rows = tx.scalars(
        select(GatewayReference)
        .where(
            GatewayReference.tenant_id == comparison.tenant_id,
            GatewayReference.gateway == comparison.gateway,
            GatewayReference.payment_id.is_(None),
            GatewayReference.created_at >= start,
            GatewayReference.created_at < end,
            GatewayReference.clean_seq == GatewayReference.dirty_seq,
        )
        .order_by(GatewayReference.id)
        .limit(MOST_STRANGERS)
    )
    return [asked_about(reference, None) for reference in rows]


def asked_about(reference: GatewayReference, payment: Payment | None) -> Asked:
    """Return what is to be asked about a reference, with what our books say of it."""
    if payment is None:
        return Asked(reference.id, reference.external_id, None, None, None)
    ours = Ours(
        PaymentStatus(payment.status),
        Money(payment.amount_minor, payment.currency),
        payment.account,
        payment.at_gateway_minor,
        payment.completed_at,
    )
    place = Place(payment.created_at, payment.id)
    return Asked(reference.id, reference.external_id, payment.id, payment.invoice_id, ours, place)


def _theirs(fetched: FetchedPayment) -> Theirs:
    return Theirs(
        fetched.state,
        fetched.initial,
        fetched.standing,
        fetched.account,
        _instant(fetched.snapshot.get("transaction_time")),
    )


def _instant(said: object) -> datetime | None:
    """Return the gateway's time, None when it says none or none that can be read."""
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _record(tx: Session, comparison: Comparison, asked: Asked, found: Found | None) -> None:
    kind = found.difference.kind if found else None
    _close(tx, comparison, asked, kind)
    if found is None:
        return
    written = tx.execute(
        insert(DifferenceRow)
        .values(
            tenant_id=comparison.tenant_id,
            comparison_id=comparison.id,
            kind=kind,
            reference=asked.reference,
            payment_id=asked.payment_id,
            at_stake_minor=found.difference.at_stake_minor,
            currency=_currency(found),
            ours=asked.ours.story() if asked.ours else {},
            theirs=found.theirs.story() if found.theirs else {},
        )
        .on_conflict_do_nothing()
        .returning(DifferenceRow.id)
    ).scalar_one_or_none()
    if kind in MENDED_BY_LOOKING:
        look_again(tx.get_one(GatewayReference, asked.key, with_for_update=True, populate_existing=True))
    if written is not None:
        _tell(comparison, found, written)


def _close(tx: Session, comparison: Comparison, asked: Asked, but: DifferenceKind | None) -> None:
    """Close what was open about this reference and is no more; a later difference is another row."""
    statement = """
        update difference set mended_at = clock_timestamp(), mended_by = 'comparison'
         where tenant_id = :tenant_id and reference = :reference and mended_at is null and kind is distinct from :but
        returning id, kind"""
    about = {"tenant_id": comparison.tenant_id, "reference": asked.reference, "but": but}
    for key, kind in tx.execute(text(statement), about).all():
        reviews.answer(f"difference.{kind}", f"difference:{key}", by="system", resolution="both books agree again")


def _tell(comparison: Comparison, found: Found, difference_id: int) -> None:
    asked, kind = found.asked, found.difference.kind
    sentence = found.sentence(comparison.gateway)
    timeline.record(
        "payment.difference",
        invoice_id=asked.invoice_id,
        payment_id=asked.payment_id,
        reason=sentence,
        data={"kind": kind, "difference": difference_id, "at_stake": found.difference.at_stake_minor},
        tenant_id=comparison.tenant_id,
    )
    if kind not in MENDED_BY_LOOKING:
        reviews.ask(
            f"difference.{kind}",
            f"difference:{difference_id}",
            sentence,
            invoice_id=asked.invoice_id,
            payment_id=asked.payment_id,
            evidence={
                "ours": asked.ours.story() if asked.ours else {},
                "theirs": found.theirs.story() if found.theirs else {},
            },
            tenant_id=comparison.tenant_id,
        )


def _currency(found: Found) -> str:
    if found.asked.ours is not None:
        return found.asked.ours.amount.currency
    return found.theirs.initial.currency if found.theirs and found.theirs.initial else "EUR"
