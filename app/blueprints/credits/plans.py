"""What may be done with money that was over, said before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from app.domain import ledger as books
from app.domain.errors import NotFound
from app.domain.money import Money
from app.web import words
from app.web.confirmation import Confirmation, ConfirmationForm
from app.web.filters import money
from app.web.translation import translate as _

if TYPE_CHECKING:
    from app.queries.credits import CreditDetail
    from app.services.payer_credits import Offer, Target


def target_of(offer: Offer, number: int) -> Target:
    """Return the open invoice of the same payer that could take it. Raises NotFound for any other."""
    found = next((each for each in offer.targets if each.number == number), None)
    if found is None:
        raise NotFound("invoice", number)
    return found


def taken_minor(offer: Offer, target: Target) -> int:
    """Return what the invoice would take, in minor units: all it needs, as far as it goes."""
    return min(offer.free.minor, target.due.minor)


def use(found: CreditDetail, offer: Offer, target: Target, form: ConfirmationForm) -> Confirmation:
    """Ask whether an invoice shall take it: what it takes, what is left on both sides, and what is booked."""
    minor, currency = taken_minor(offer, target), offer.free.currency
    sides = [
        (words.account(each.account), each.amount.minor)
        for each in books.credit_applied(found.row.service, Money(minor, currency))
    ]
    debit, credit = (next(name for name, side in sides if side * sign > 0) for sign in (1, -1))
    rest = target.due.minor - minor
    return Confirmation(
        title=_("Use %(amount)s for invoice %(number)s?", amount=money(minor, currency), number=target.number),
        action=url_for("credits.create_use", surplus_id=offer.surplus_id),
        back=url_for("credits.show", surplus_id=offer.surplus_id),
        send=_("Use it"),
        sentences=(
            _("The invoice is paid in full by it, and the service is told.")
            if not rest
            else _("%(amount)s of the invoice stay open.", amount=money(rest, currency)),
            _("%(amount)s of the payer's money stay here.", amount=money(offer.free.minor - minor, currency)),
            _(
                "Booked: debit %(debit)s %(amount)s; credit %(credit)s %(amount)s.",
                debit=debit,
                credit=credit,
                amount=money(minor, currency),
            ),
        ),
        facts=((_("Payer"), found.row.payer), (_("Paid too much for"), str(found.row.number or ""))),
        hidden=(("number", str(target.number)), ("amount", str(minor))),
        form=form,
    )


def give_back(found: CreditDetail, offer: Offer, form: ConfirmationForm) -> Confirmation:
    """Ask whether all that is free goes back to the payer the way it came."""
    payment = found.row.payment
    how = words.method(payment.gateway_method or payment.method)
    amount = money(offer.free.minor, offer.free.currency)
    return Confirmation(
        title=_("Give %(amount)s back to %(payer)s?", amount=amount, payer=found.row.payer or _("the payer")),
        action=url_for("credits.create_refund", surplus_id=offer.surplus_id),
        back=url_for("credits.show", surplus_id=offer.surplus_id),
        send=_("Give back"),
        bad=True,
        sentences=(
            _(
                "It goes the way it came: %(gateway)s, %(method)s. The paid invoice is not touched.",
                gateway=words.gateway(payment.gateway),
                method=how,
            ),
            _("Above the limit a second person must agree first."),
        ),
        hidden=(("amount", str(offer.free.minor)),),
        form=form,
    )
