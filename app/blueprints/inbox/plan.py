"""What processing a message again would change, found out before anybody decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from app.domain.payment import ObservedState, PaymentStatus
from app.web.confirmation import Confirmation, ConfirmationForm
from app.web.delivery_words import destination
from app.web.filters import money
from app.web.translation import translate as _
from app.web.words import invoice_word, notice, payment_word

if TYPE_CHECKING:
    from app.models.inbox import InboxMessage
    from app.services.manual_refresh import LookRehearsal, Standing


def plan(
    message: InboxMessage, found: LookRehearsal | None, form: ConfirmationForm, *, asked: bool = True
) -> Confirmation:
    """Return the question; `asked` is whether the gateway could be asked just now."""
    return Confirmation(
        form=form,
        title=_("Process it again?"),
        action=url_for("inbox.create_look", message_id=message.id),
        back=url_for("inbox.show", message_id=message.id),
        send=_("Process again"),
        warning="" if asked else _("The gateway could not be asked just now, so nobody knows what would change"),
        sentences=(
            _(
                "The gateway is asked how payment %(reference)s stands, and what it says is taken over. "
                "The message itself is not believed, so nothing can happen twice.",
                reference=message.external_id or "?",
            ),
            *([_effect(found)] if asked else []),
        ),
        facts=_facts(found) if found is not None else (),
    )


def _effect(found: LookRehearsal | None) -> str:
    if found is None:
        return _("The gateway does not know it: nothing would change.")
    if found.before == found.after and not found.messages:
        return _("It was asked just now, and stands there as it does here: nothing would change.")
    return _("It was asked just now. Nothing has been written yet; this would change:")


def _facts(found: LookRehearsal) -> tuple[tuple[str, str], ...]:
    before, after = found.before, found.after
    facts = [(_("The gateway"), _there(found.there))]
    if before.payment != after.payment:
        facts.append((_("Payment"), _change(_payment(before), _payment(after))))
    if before.captured_minor != after.captured_minor:
        came = money(after.captured_minor - before.captured_minor, after.currency)
        facts.append((_("Booked"), came))
    if before.invoice != after.invoice and after.invoice is not None:
        was = str(invoice_word(before.invoice).label) if before.invoice else _("not known here")
        facts.append(
            (
                _("Invoice %(number)s", number=after.number or ""),
                _change(was, str(invoice_word(after.invoice).label)),
            )
        )
    told = [f"{notice(each.kind)}: {destination(each.lane)}" for each in found.messages]
    return (*facts, *([(_("Would be told"), ", ".join(told))] if told else []))


def _there(state: ObservedState) -> str:
    if state is ObservedState.UNKNOWN:
        return _("says a word we do not know")
    return str(payment_word(PaymentStatus.PENDING if state is ObservedState.INITIAL else state).label)


def _payment(standing: Standing) -> str:
    return str(payment_word(standing.payment).label) if standing.payment else _("not known here")


def _change(was: str, becomes: str) -> str:
    return f"{was} → {becomes}"
