"""Why an invoice is not paid, in words: English for services, the reader's language in the portal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain.money import Money, format_amount
from app.domain.payment import PaymentStatus
from app.web import words
from app.web.filters import clock, day, money
from app.web.kept_words import kept
from app.web.translation import as_it_is as _
from app.web.translation import translate

if TYPE_CHECKING:
    from app.domain.why_not_paid import Finding, Part, Said

BECAUSE = {
    "cancelled": _("The invoice was cancelled"),
    "cancelled_for": _("The invoice was cancelled (%(reason)s)"),
    "cancelled_on": _("The invoice was cancelled on %(at)s"),
    "cancelled_for_on": _("The invoice was cancelled on %(at)s (%(reason)s)"),
    "not_issued": _("The invoice has not been issued"),
    "written_off": _("The invoice was written off"),
    "disputed": _("The payer disputes the payment"),
    "charged_back": _("The payer's bank took the money back"),
    "refunded": _("The invoice was paid and the money given back"),
    "partly_refunded": _("The invoice was paid and part was given back"),
    "not_told": _("The invoice was paid, but %(to)s has not taken the news"),
    "not_told_answered": _("The invoice was paid, but %(to)s, which last answered %(answer)s, has not taken the news"),
    "not_told_on": _("The invoice was paid on %(at)s, but %(to)s has not taken the news"),
    "not_told_answered_on": _(
        "The invoice was paid on %(at)s, but %(to)s, which last answered %(answer)s, has not taken the news"
    ),
    "paid": _("The invoice was paid"),
    "paid_on": _("The invoice was paid on %(at)s"),
    "waits_for_a_person": _("A person must decide first (%(question)s)"),
    "gateway_away": _("%(gateway)s has news of a payment and does not answer"),
    "being_looked_at": _("The gateway has news of a payment that is being looked into"),
    "under_way": _("The payer has begun to pay and %(gateway)s has not finished"),
    "under_way_with_state": _("The payer has begun to pay and %(gateway)s has not finished (%(state)s)"),
    "answer_lost": _("%(gateway)s was asked for a payment and its answer was lost"),
    "page_untouched": _("The payer was sent to %(gateway)s on %(since)s and has not paid there"),
    "part_paid": _("Only %(came)s of %(total)s came"),
    "only_try_ended": _("The only try ended as %(status)s, begun %(since)s"),
    "only_try_ended_with": _("The only try ended as %(status)s with %(code)s, begun %(since)s"),
    "last_try_ended": _("The last of %(tries)s tries ended as %(status)s, begun %(since)s"),
    "last_try_ended_with": _("The last of %(tries)s tries ended as %(status)s with %(code)s, begun %(since)s"),
    "nobody_tried": _("Nobody has tried to pay"),
    "nobody_tried_overdue": _("Nobody has tried to pay and it is overdue"),
}
NEXT_STEP = {
    "use_the_money": _("money came for it all the same, so refund that or use it for another invoice"),
    "make_a_new_one": _("make a new one"),
    "make_a_new_one_if_needed": _("make a new one if needed"),
    "issue_it": _("issue it, then it has a number and a link"),
    "nothing_unless_paid": _("nothing, unless the payer pays all the same"),
    "answer_the_dispute": _("answer the dispute before its deadline"),
    "settle_with_the_payer": _("settle it with the payer"),
    "nothing_left": _("nothing is left to do"),
    "send_the_news_again": _("nobody tries again (tries: %(tries)s), so send the news again or look at %(to)s"),
    "wait_for_try": _("wait for try %(number)s at %(at)s"),
    "somebody_has_it": _("%(owner)s has it since %(since)s"),
    "asked_again": _("it is asked again at %(at)s"),
    "ask_in_a_moment": _("ask again in a moment"),
    "wait_at": _("wait, the next look is at %(at)s"),
    "wait_for_call": _("wait, the next look is when the gateway calls"),
    "pay_again_lost_at": _("send the payer to pay again; the lost try is given up at %(at)s"),
    "pay_again_lost_for_call": _("send the payer to pay again; the lost try is looked at when the gateway calls"),
    "remind_at": _("remind the payer; the next look is at %(at)s"),
    "remind_for_call": _("remind the payer; the next look is when the gateway calls"),
    "ask_for_the_rest": _("ask the payer for the other %(due)s"),
    "pay_again": _("send the payer to pay again"),
    "pay_again_by_link": _("send the payer to pay again by the payment link"),
    "pay": _("send the payer to pay"),
    "pay_by_link": _("send the payer to pay by the payment link"),
}
SENTENCE = _("%(because)s: %(next_step)s.")


def in_english(finding: Finding) -> tuple[str, str, str]:
    """Return why, the next step, and both as one sentence, for services: codes as they are, moments in UTC."""
    because, step = (_english(texts, said) for texts, said in _both(finding))
    return because, step, SENTENCE % {"because": because, "next_step": step}


def because(finding: Finding) -> str:
    """Return why, in the language of the request."""
    return _translated(BECAUSE, finding.because)


def next_step(finding: Finding) -> str:
    """Return what to do next, in the language of the request; it begins small, as behind a colon."""
    return _translated(NEXT_STEP, finding.next_step)


def sentence(finding: Finding) -> str:
    """Return the whole answer in the language of the request."""
    return translate(SENTENCE, because=because(finding), next_step=next_step(finding))


def _both(finding: Finding) -> tuple[tuple[dict[str, str], Said], tuple[dict[str, str], Said]]:
    return (BECAUSE, finding.because), (NEXT_STEP, finding.next_step)


def _english(texts: dict[str, str], said: Said) -> str:
    return texts[said.code] % {name: _plain(part) for name, part in said.parts.items()}


def _plain(part: Part) -> str:
    if isinstance(part, datetime):
        return f"{part.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{format_amount(part)} {part.currency}" if isinstance(part, Money) else str(part)


def _translated(texts: dict[str, str], said: Said) -> str:
    return translate(texts[said.code], **{name: _shown(name, part) for name, part in said.parts.items()})


def _shown(name: str, part: Part) -> str:
    if isinstance(part, datetime):
        return f"{day(part)} {clock(part)[:5]}"
    if isinstance(part, Money):
        return money(part.minor, part.currency)
    if isinstance(part, PaymentStatus):
        label = str(words.PAYMENT[part].label)
        return label[:1].lower() + label[1:]
    if name in {"question", "reason"}:
        return kept(str(part))
    return words.gateway(str(part)) if name == "gateway" else str(part)
