"""The rows of invented invoices, of the tries to pay them and of their books: what the verbs would have written.

`billing verify` and the seed's own tests hold the two together.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.demo.seed_chunk import CURRENCY, Chunk, Row, amount
from app.demo.seed_words import plain, scraps
from app.domain.dispute import OPEN, DisputeStatus
from app.domain.order_reference import compose
from app.domain.payment import ENDED, PaymentStatus
from app.services.disputes import CHARGED_BACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from app.demo.seed_story import Story, Try

SECOND = timedelta(seconds=1)


def reservations(chunk: Chunk) -> Iterator[Row]:
    """Yield the numbers as handed to their services; a draft has not used its own."""
    for each in chunk.stories:
        used_at = each.created_at if each.issued else None
        yield chunk.range_id, each.number, chunk.initiators[each.payer.code], used_at, each.created_at


def invoices(chunk: Chunk) -> Iterator[Row]:
    """Yield the invoices, each with the status that follows from its facts."""
    for each in chunk.stories:
        payer, net, status = each.payer, sum(line.net for line in each.lines), each.status()
        happened = (each.gone_at, each.cancelled_at, each.written_off_at, each.paid_at, each.overdue_at)
        yield (
            each.id, each.token, each.number, chunk.initiators[payer.code], payer.account_id, "seed", status.value,
            net, each.total - net, each.total, each.captured, each.refunded, each.disputed, each.lost,
            description_of(each), payer.reference, payer.name, payer.email, _claimant(each), each.error,
            each.created_at if each.issued else None, each.overdue_at, each.paid_at, each.cancelled_at,
            f"reported by {payer.code}" if each.cancelled_at else None, each.written_off_at,
            1 + len(each.tries), each.created_at, max(filter(None, happened), default=each.created_at),
        )  # fmt: skip


def description_of(story: Story) -> str:
    """Return what the service said the invoice is for."""
    if story.payer.code == "business_registry":
        return f"Reserved domain names: {_name(story)}; User unique id: {_claimant(story)}"
    return "prepended" if story.payer.code == "auction" else f"Order nr. {story.number}"


def _name(story: Story) -> str:
    return story.lines[0].description.rpartition(" ")[2]


def _claimant(story: Story) -> str:
    return f"seed-user-{story.payer.account_id}" if story.payer.code == "business_registry" else ""


def lines(chunk: Chunk) -> Iterator[Row]:
    """Yield what the invoices are for."""
    for story in chunk.stories:
        for position, line in enumerate(story.lines, 1):
            yield story.id, position, line.description, line.quantity, "tk", line.price, line.net, line.rate, line.tax


def claims(chunk: Chunk) -> Iterator[Row]:
    """Yield who may win a reserved name by paying first, and who did."""
    for each in chunk.stories:
        if each.payer.code == "business_registry":
            yield each.id, _claimant(each), [_name(each)], each.total, each.paid_at, each.created_at


def payments(chunk: Chunk) -> Iterator[Row]:
    """Yield the tries to pay, with what the gateway said last."""
    for story, each in chunk.tries():
        version = 3 if each.captured or each.status in ENDED else 2
        yield (
            each.id, each.token, story.id, chunk.initiators[story.payer.code], each.method, each.gateway,
            account_of(chunk, story, each), each.status.value, each.amount, each.captured, each.refunded,
            _lost(story, each), compose(story.number, each.attempt) if each.method == "hosted" else None,
            each.external_id, each.attempt, each.gateway_method, each.state or None,
            "{" + snapshot(chunk, story, each) + "}" if each.is_hosted else None,
            "the payer's bank said no" if each.status == PaymentStatus.FAILED else None, each.began,
            each.ended if each.captured else None, version, each.began, story.gone_at or each.ended,
        )  # fmt: skip


def _lost(story: Story, each: Try) -> int:
    return story.lost if each.status == PaymentStatus.CHARGED_BACK else 0


def account_of(chunk: Chunk, story: Story, each: Try) -> str:
    """Return where the money of a try went: the gateway's account, the service that reported it, our bank account."""
    if each.is_hosted:
        return chunk.gateway_account
    return story.payer.code if each.method == "reported" else "EE000000000000000000"


def snapshot(chunk: Chunk, story: Story, each: Try, order_reference: str = "") -> str:
    """Return the members of the gateway's own answer about a payment, as JSON."""
    held = each.amount - each.refunded - _lost(story, each)
    order = order_reference or (compose(story.number, each.attempt) if each.method == "hosted" else str(story.number))
    return (
        f'"account_name":"{chunk.gateway_account}","order_reference":"{order}","email":null,"customer_ip":null,'
        f'"customer_url":"","payment_created_at":"{_told(each.began)}","initial_amount":{amount(each.amount)},'
        f'"standing_amount":{amount(held)},"payment_reference":"{each.external_id}","payment_link":null,'
        f'"api_username":"seed","warnings":{{}},"stan":null,"fraud_score":null,"payment_state":"{each.state}",'
        f'"payment_method":"{each.gateway_method}","ob_details":null,"creditor_iban":null,"ob_payment_reference":null,'
        f'"ob_payment_state":null,"transaction_time":"{_told(each.ended)}"'
    )


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def references(chunk: Chunk) -> Iterator[Row]:
    """Yield the gateway's references, all looked into."""
    for _, each in chunk.tries():
        if each.is_hosted:
            yield "everypay", each.external_id, each.id, 1, 1, each.ended, each.ended + SECOND, each.began


def messages(chunk: Chunk) -> Iterator[Row]:
    """Yield the gateway's calls, all handled."""
    for story, each in chunk.tries():
        if each.is_hosted and each.status != PaymentStatus.PENDING:
            said = f"payment_reference={each.external_id}&order_reference={story.number}&event_name=status_updated"
            yield (
                "everypay", "status_updated", each.external_id, said, each.ended + SECOND, "apply", story.id, each.id,
                each.ended,
            )  # fmt: skip


def allocations(chunk: Chunk) -> Iterator[Row]:
    """Yield what payments gave to invoices."""
    return ((each.id, story.id, each.allocated, each.ended) for story, each in chunk.paid())


def settlements(chunk: Chunk) -> Iterator[Row]:
    """Yield which invoices are fully paid, and by whom."""
    for story in chunk.stories:
        if story.paid_at:
            by = next((each for each in story.tries if each.allocated), None)
            source = "gateway" if by and by.is_hosted else "initiator"
            yield story.id, by.id if by else None, story.total, source, story.paid_at


def refunds(chunk: Chunk) -> Iterator[Row]:
    """Yield what went back."""
    for story, each in chunk.tries():
        if each.refunded:
            key = f"gateway:{each.captured - each.refunded}:{story.id}:1"
            yield (
                each.id, story.id, each.refunded, "succeeded", "made at the gateway", key, "gateway:everypay",
                story.gone_at, story.gone_at,
            )  # fmt: skip


def disputes(chunk: Chunk) -> Iterator[Row]:
    """Yield what payers' banks asked for, and how that ended."""
    for story in chunk.stories:
        if story.dispute and story.gone_at:
            reason, outcome = said_of(story)
            closed_by = None if story.dispute in OPEN else "gateway:everypay"
            each = next(each for each in story.tries if each.allocated)
            yield (
                story.dispute_id, each.id, story.id, each.captured, each.allocated, story.dispute.value, reason,
                outcome, "gateway:everypay", closed_by, story.gone_at, story.verdict_at, story.gone_at,
            )  # fmt: skip


def said_of(story: Story) -> tuple[str, str | None]:
    """Return why a dispute was opened and how it ended."""
    if story.dispute is DisputeStatus.LOST:
        return CHARGED_BACK, CHARGED_BACK
    return "the payer does not know it", None if story.dispute in OPEN else "won"


def surpluses(chunk: Chunk) -> Iterator[Row]:
    """Yield what invoices did not need: the payers' credit."""
    for story, each in chunk.tries():
        if each.captured > each.allocated:
            owner = chunk.initiators[story.payer.code], story.payer.account_id
            yield each.id, story.id, *owner, each.captured - each.allocated, each.ended


def transactions(chunk: Chunk) -> Iterator[Row]:
    """Yield the bookings."""
    return ((each.id, each.kind, each.key, each.story.id, each.payment_id, each.at) for each in chunk.bookings)


def entries(chunk: Chunk) -> Iterator[Row]:
    """Yield both sides of the bookings."""
    for each in chunk.bookings:
        for side in each.postings:
            if side.amount.minor:
                yield each.id, chunk.ledger_accounts[side.account], side.amount.minor, CURRENCY, each.at


def words(chunk: Chunk) -> Iterator[Row]:
    """Yield what an operator may type to find the invoices, as the search index wants it (services/search.py)."""
    for each in chunk.stories:
        payer = each.payer
        said = (*scraps(each.number), payer.reference, payer.name, payer.email, description_of(each), payer.code)
        yield each.id, each.created_at, plain(" ".join(said))
