"""What was told of invented invoices: the timeline, the notices to the services, the questions to people."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from app.demo.seed_chunk import CURRENCY, GONE, Chunk, Row, amount
from app.demo.seed_rows import SECOND, said_of, snapshot
from app.domain.dispute import DisputeStatus
from app.domain.payment import ENDED
from app.services.notices import COUNTS_REPEATS, HEARERS, PAYMENT_STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from app.demo.seed_story import Story, Try


def events(chunk: Chunk) -> Iterator[Row]:
    """Yield the timeline."""
    return chain.from_iterable(map(_told_of, chunk.stories))


def _told_of(story: Story) -> Iterator[Row]:
    code = story.payer.code
    money = f'"amount":"{amount(story.total)}","currency":"{CURRENCY}"'
    if story.issued:
        yield _event("invoice.issued", story, story.created_at, "initiator", f'"number":{story.number},{money}')
        yield _event("invoice.link.made", story, story.created_at, "initiator", f'"gateway":"everypay",{money}')
    if story.overdue_at:
        yield _event("invoice.overdue", story, story.overdue_at, "initiator")
    for each in story.tries:
        yield from _told_of_try(story, each)
    if story.paid_at:
        by = next((each for each in story.tries if each.allocated), None)
        yield _event("invoice.settled", story, story.paid_at, _teller(by), "" if by else '"amount":"0.00"', each=by)
    if story.dispute and story.gone_at:
        yield from _told_of_dispute(story)
    if story.cancelled_at:
        yield _event("invoice.cancelled", story, story.cancelled_at, "initiator", reason=f"reported by {code}")
    if story.written_off_at:
        yield _event("invoice.written_off", story, story.written_off_at, "system")


def _told_of_dispute(story: Story) -> Iterator[Row]:
    """Yield what the verbs tell: what was charged back without warning is lost at once and never was opened."""
    each = next(each for each in story.tries if each.allocated)
    data = f'"dispute":{story.dispute_id},"amount":"{amount(each.captured)}","currency":"{CURRENCY}"'
    reason, outcome = said_of(story)
    if story.dispute is DisputeStatus.LOST:
        yield _event("dispute.lost", story, story.gone_at, "gateway", data, each=each, reason=outcome)
        return
    yield _event("dispute.opened", story, story.gone_at, "gateway", data, each=each, reason=reason)
    yield _event("dispute.updated", story, story.answered_at, "gateway", data, each=each)
    if story.dispute is DisputeStatus.WON:
        yield _event("dispute.won", story, story.verdict_at, "gateway", data, each=each, reason=outcome)


def _told_of_try(story: Story, each: Try) -> Iterator[Row]:
    money = f'"amount":"{amount(each.amount)}","currency":"{CURRENCY}"'
    if each.is_hosted:
        opener = "initiator" if each.method == "hosted" else "gateway"
        yield _event("payment.created", story, each.began, opener, money, each=each)
    if each.captured:
        how = f'"gateway":"{each.gateway}","method":"{each.gateway_method or each.method}","late":false'
        data = f'{money},"allocated":"{amount(each.allocated)}",{how}'
        yield _event("payment.settled", story, each.ended, _teller(each), data, each=each)
    elif each.status in ENDED:
        yield _event(f"payment.{each.status}", story, each.ended, "gateway", each=each)
    if _is_news(story, each):
        what = f'"initiator":"{story.payer.code}","kind":"{PAYMENT_STATUS}"'
        data = f'{what},"status":200,"ms":40,"answer":"ok","attempts":1'
        yield _event("initiator.notified", story, each.ended + SECOND, "system", data, each=each)
    if each.status in GONE and story.gone_at:
        about = f'"dispute":{story.dispute_id},' if story.lost else ""
        gone = f'{about}"amount":"{amount(story.lost or each.refunded)}","currency":"{CURRENCY}"'
        yield _event(f"payment.{each.status}", story, story.gone_at, "gateway", gone, each=each)


def _event(
    kind: str,
    story: Story,
    at: datetime | None,
    teller: str,
    data: str = "",
    *,
    each: Try | None = None,
    reason: str | None = None,
) -> Row:
    who = {"initiator": story.payer.code, "gateway": each.gateway if each else ""}.get(teller, "")
    return kind, story.id, each.id if each else None, teller, who, reason, "{" + data + "}", at


def _teller(each: Try | None) -> str:
    """Return who said that money came."""
    return "initiator" if each is None or each.method == "reported" else "gateway"


def _is_news(story: Story, each: Try) -> bool:
    return bool(each.captured) and each.is_hosted and story.payer.code in HEARERS


def notices(chunk: Chunk) -> Iterator[Row]:
    """Yield what the services were told, all delivered."""
    for story, each in chunk.tries():
        if _is_news(story, each):
            code = story.payer.code
            collection = "null" if code == "auction" else "[]"
            body = f'{snapshot(chunk, story, each, str(story.number))},"invoice_number_collection":{collection}'
            yield (
                PAYMENT_STATUS, f"payment:{each.id}:settled", chunk.lanes[f"initiator:{code}"], story.id, each.id,
                f'{{"initiator":"{code}","body":{{{body}}}}}', "done", 1, each.ended,
                code not in COUNTS_REPEATS, 200, '{"message": "ok"}', 40, each.ended, each.ended + SECOND,
            )  # fmt: skip


def questions(chunk: Chunk) -> Iterator[Row]:
    """Yield what a person was asked; what is older than two weeks has been answered."""
    newest = chunk.stories[-1].created_at
    for kind, key, sentence, story, each, at in _doubts(chunk):
        answered_at = at + timedelta(days=14)
        done = (answered_at, "seed", "looked into") if answered_at < newest else (None, None, None)
        yield kind, key, sentence, story.id, each.id, *done, at


def _doubts(chunk: Chunk) -> Iterator[tuple[str, str, str, Story, Try, datetime]]:
    for story, each in chunk.tries():
        if each.status in GONE and story.gone_at:
            kind, key = f"payment.{each.status}", f"payment:{each.id}:{each.refunded}:{each.status}"
            gone = f"{amount(story.lost or each.refunded)} {CURRENCY}"
            yield kind, key, f"{gone} went back at everypay without a request from here", story, each, story.gone_at
        if each.captured > each.allocated:
            over = f"{amount(each.captured - each.allocated)} {CURRENCY}"
            what = f"{over} was received and the invoice needed less: refund it or use it for another invoice"
            yield "payment.surplus", f"payment:{each.id}", what, story, each, each.ended
