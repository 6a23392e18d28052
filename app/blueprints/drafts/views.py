"""The doors to drafts: one form whose buttons add and take lines, find a payer, save, or go on to issue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from app.blueprints.acting import acting
from app.blueprints.drafts.forms import DraftForm, asked, blank_row, chosen, shown, too_many, without
from app.domain.draft import ChangedMeanwhile, totals_of
from app.domain.errors import Invalid
from app.domain.numbering import NumberRangeExhausted
from app.domain.permission import Permission
from app.domain.tallinn import TALLINN
from app.domain.totals import MOST_LINES, Totals
from app.integrations import current
from app.queries import drafts as found
from app.queries import vat_rates
from app.queries.paging import Cursor
from app.services import drafts, issuing
from app.services.drafts import NoDraft
from app.services.issuing import Seen, TotalsChanged
from app.web.address import KEY
from app.web.filters import clock, day
from app.web.guards import needs, reckons
from app.web.htmx import render, see_other
from app.web.trail import story
from app.web.translation import translate as _
from app.web.typed import Typed, new_key
from app.web.vat_words import vat_choice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.blueprints.drafts.forms import Row
    from app.domain.draft import Buyer
    from app.domain.vat import Rate

blueprint = Blueprint("drafts", __name__, url_prefix="/drafts")
DAYS_TO_PAY = 14
USUAL_SERVICE = "billing_system"


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the drafts that wait to be issued."""
    cursor = Cursor.parse(request.args.get("after", ""))
    rows, after = found.waiting(cursor)
    return render("drafts/index.html", "drafts/_rows.html", rows=rows, after=after)


@blueprint.get("/new")
@needs(Permission.CREATE)
def new() -> Response:
    """Show an empty form."""
    values = {
        "service": USUAL_SERVICE,
        "due_on": (_today() + timedelta(days=DAYS_TO_PAY)).isoformat(),
        "key": new_key(),
    }
    return _form(values, [blank_row()])


@blueprint.post("")
@needs(Permission.CREATE)
def create() -> WerkzeugResponse:
    """Keep a new draft, or do to its form what the button says."""
    form = _sent()
    values = request.form.to_dict() | {"key": form.key}
    other = _other_button(form, values)
    if other is not None:
        return other
    if not form.faults:
        try:
            invoice_id = drafts.create(form.draft, key=form.key, today=_today(), actor=acting())
        except Invalid as fault:
            form.blame(fault)
        else:
            return _saved(invoice_id)
    return _form(values, form.rows, form.faults)


@blueprint.post("/totals")
@needs(Permission.CREATE)
@reckons
def totals() -> Response:
    """Show what the lines come to as they are typed; nothing is kept."""
    form = _sent()
    rates = vat_rates.on(_today())
    return make_response(render_template("drafts/_totals.html", totals=_totals(form, rates), rates=rates))


@blueprint.get(f"/<{KEY}:invoice_id>")
@needs(Permission.VIEW)
def edit(invoice_id: int) -> WerkzeugResponse:
    """Show a draft in its form; what was issued as the invoice it is, what was discarded with its history."""
    invoice, draft = found.one(invoice_id)
    if invoice.number is not None:
        return see_other(url_for("invoices.show", number=invoice.number))
    if invoice.status != "draft":
        lines = story(*found.history(invoice_id), draft.service)
        return make_response(render_template("drafts/show.html", invoice=invoice, draft=draft, lines=lines))
    values, rows = shown(draft)
    values["version"] = str(invoice.version)
    return _form(values, rows, invoice_id=invoice_id)


@blueprint.post(f"/<{KEY}:invoice_id>")
@needs(Permission.EDIT_INVOICE)
def update(invoice_id: int) -> WerkzeugResponse:
    """Change a draft, or do to its form what the button says."""
    form = _sent()
    values = request.form.to_dict()
    other = _other_button(form, values, invoice_id)
    if other is not None:
        return other
    if form.faults:
        return _form(values, form.rows, form.faults, invoice_id=invoice_id)
    try:
        drafts.change(invoice_id, form.draft, version=form.version, today=_today(), actor=acting())
    except Invalid as fault:
        form.blame(fault)
        return _form(values, form.rows, form.faults, invoice_id=invoice_id)
    except ChangedMeanwhile:
        # Whoever reads that and saves once more has seen it: what is sent then is of the version that is now.
        values["version"] = str(found.one(invoice_id)[0].version)
        faults = {"version": _changed(invoice_id, _("What stands here is yours: save it again to put it over theirs."))}
        return _form(values, form.rows, faults, invoice_id=invoice_id, status=409)
    except NoDraft:
        return _came_late(invoice_id)
    return _saved(invoice_id)


@blueprint.get(f"/<{KEY}:invoice_id>/issues/new")
@needs(Permission.ISSUE_INVOICE)
def new_issue(invoice_id: int) -> WerkzeugResponse:
    """Ask once more before a draft becomes an invoice: who is to pay how much."""
    return _new_issue(invoice_id)


@blueprint.post(f"/<{KEY}:invoice_id>/issues")
@needs(Permission.ISSUE_INVOICE)
def create_issue(invoice_id: int) -> WerkzeugResponse:
    """Issue a draft as it was seen, with a payment link if that was ticked."""
    sent = Typed(request.form)
    seen = Seen(sent.whole("version", least=0, most=10**9) or 0, sent.whole("total", least=0, most=10**13) or 0)
    signer = current().links if sent.value("link") == "1" else None
    try:
        number = issuing.issue(invoice_id, seen, datetime.now(UTC), acting(), signer)
    except (ChangedMeanwhile, TotalsChanged) as refusal:
        return _new_issue(invoice_id, _why(invoice_id, refusal), 409)
    except Invalid as fault:
        form = _sent()
        form.faults = {}
        form.blame(fault)
        return _new_issue(invoice_id, " ".join(f"{each}." for each in form.faults.values()), 422)
    except NumberRangeExhausted:
        return _new_issue(
            invoice_id, _("The range of invoice numbers is used up: an administrator must open another."), 409
        )
    except NoDraft:
        return _came_late(invoice_id)
    flash(_("Invoice %(number)s is issued.", number=number))
    return see_other(url_for("invoices.show", number=number))


@blueprint.get(f"/<{KEY}:invoice_id>/discards/new")
@needs(Permission.CANCEL)
def new_discard(invoice_id: int) -> WerkzeugResponse:
    """Ask once more before a draft is discarded."""
    return _new_discard(invoice_id, {}, {})


@blueprint.post(f"/<{KEY}:invoice_id>/discards")
@needs(Permission.CANCEL)
def create_discard(invoice_id: int) -> WerkzeugResponse:
    """Discard a draft: it is kept with the reason, and cannot be issued any more."""
    form = Typed(request.form)
    reason = form.reason()
    version = form.whole("version", least=0, most=10**9) or 0
    if form.faults:
        return _new_discard(invoice_id, request.form.to_dict(), form.faults)
    try:
        drafts.discard(invoice_id, version=version, reason=reason, actor=acting())
    except ChangedMeanwhile:
        return _new_discard(invoice_id, request.form.to_dict(), {"reason": _changed(invoice_id)}, 409)
    except NoDraft:
        return _came_late(invoice_id)
    flash(_("The draft is discarded. Its history is kept."))
    return see_other(url_for("drafts.edit", invoice_id=invoice_id))


def _sent() -> DraftForm:
    codes = [code for code, _name in found.services()]
    form = DraftForm(request.form, services=codes, rates=list(vat_rates.on(_today())), today=_today())
    form.buyer = _as_written(form)
    return form


def _as_written(form: DraftForm) -> Buyer:
    """Return who the form is for; an account that was chosen counts as long as nobody wrote somebody else over it."""
    buyer = form.buyer
    known = found.payer(buyer.account_id) if buyer.account_id is not None else None
    if known is None or (known.service, known.name, known.email) == (form.service, buyer.name, buyer.email):
        return buyer
    return replace(buyer, account_id=None)


def _other_button(form: DraftForm, values: dict[str, str], invoice_id: int | None = None) -> Response | None:
    """Return the form after a button that keeps nothing: a line more or less, a payer found or chosen."""
    verb, number = asked(form.value("do"))
    rows = list(form.rows)
    payers: Any = ()
    faults: dict[str, str] = {}
    if verb == "add" and len(rows) >= MOST_LINES:
        faults["lines"] = too_many()
    elif verb == "add":
        rows += [blank_row(rows[-1]["vat"])] if rows else [blank_row()]
    elif verb == "remove":
        rows = without(rows, number)
    elif verb == "find":
        payers = found.payers(form.service, form.value("payer"))
        values["looked"] = "1"
    elif verb == "payer" and (payer := found.payer(number)) is not None:
        account_id = payer.id if payer.service == form.service else None
        values = chosen(values, (account_id, payer.name, payer.email, payer.reg_no))
    else:
        return None
    return _form(values | {"focus": verb}, rows, faults, invoice_id=invoice_id, payers=payers)


def _form(  # noqa: PLR0917 - what stands in a form
    values: dict[str, str],
    rows: list[Row],
    faults: dict[str, str] | None = None,
    invoice_id: int | None = None,
    payers: Any = (),
    status: int = 422,
) -> Response:
    rates = vat_rates.on(_today())
    usual = [code for code in ("standard", *rates) if code in rates]
    page = render_template(
        "drafts/edit.html",
        values=values,
        rows=rows,
        faults=faults or {},
        invoice_id=invoice_id,
        payers=payers,
        services=found.services(),
        choices=[(code, vat_choice(rates[code])) for code in dict.fromkeys(usual)],
        rates=rates,
        totals=_totals(_of(values, rows), rates),
        changed=found.last_change(invoice_id) if invoice_id else None,
    )
    return make_response(page, status if faults else 200)


def _of(values: Mapping[str, str], rows: list[Row]) -> DraftForm:
    """Return the form as it would be sent, to add it up."""
    typed = {f"line-{n}-{name}": value for n, row in enumerate(rows, 1) for name, value in row.items()}
    form = MultiDict({**values, **typed, "rows": str(len(rows))})
    return DraftForm(form, services=[], rates=list(vat_rates.on(_today())), today=_today())


def _totals(form: DraftForm, rates: Mapping[str, Rate]) -> Totals | None:
    """Return what the lines come to, or None while one of them cannot be added up."""
    if any(name.startswith("line-") for name in form.faults):
        return None
    try:
        return totals_of(form.lines, rates, "EUR")
    except Invalid:
        return None


def _saved(invoice_id: int) -> WerkzeugResponse:
    if request.form.get("do") == "issue":
        return see_other(url_for("drafts.new_issue", invoice_id=invoice_id))
    flash(_("The draft is saved."))
    return see_other(url_for("drafts.edit", invoice_id=invoice_id))


def _new_issue(invoice_id: int, fault: str = "", status: int = 200) -> WerkzeugResponse:
    invoice, draft = found.one(invoice_id)
    if invoice.status != "draft":
        return _came_late(invoice_id)
    totals = totals_of(draft.lines, vat_rates.on(_today()), draft.currency)
    response = render(
        "drafts/new_issue.html", "drafts/_issue.html", invoice=invoice, draft=draft, totals=totals, fault=fault
    )
    response.status_code = status
    return response


def _new_discard(
    invoice_id: int, values: dict[str, str], faults: dict[str, str], status: int = 422
) -> WerkzeugResponse:
    invoice, draft = found.one(invoice_id)
    if invoice.status != "draft":
        return _came_late(invoice_id)
    response = render(
        "drafts/new_discard.html", "drafts/_discard.html", invoice=invoice, draft=draft, values=values, faults=faults
    )
    response.status_code = status if faults else 200
    return response


def _came_late(invoice_id: int) -> WerkzeugResponse:
    """Lead who came late to what became of the draft, and say so."""
    invoice, _draft = found.one(invoice_id)
    if invoice.number is not None:
        flash(_("This draft was issued already, as invoice %(number)s. Nothing was done twice.", number=invoice.number))
        return see_other(url_for("invoices.show", number=invoice.number))
    flash(_("This draft was discarded in the meantime: %(reason)s", reason=invoice.cancel_reason or ""))
    return see_other(url_for("drafts.edit", invoice_id=invoice_id))


def _why(invoice_id: int, refusal: ChangedMeanwhile | TotalsChanged) -> str:
    if isinstance(refusal, TotalsChanged):
        return _("The VAT rates have changed since this was shown. Look at the new total, then issue it.")
    return _changed(invoice_id)


def _changed(invoice_id: int, advice: str = "") -> str:
    last = found.last_change(invoice_id)
    if last is None:
        return _("Somebody changed this in the meantime. Look at it again, then decide.")
    at, who = last
    kept_nothing = _("Nothing of yours was kept.")
    said = _("%(who)s changed this draft in the meantime, %(moment)s.", who=who, moment=f"{day(at)} {clock(at)}")
    return f"{said} {advice or kept_nothing}"


def _today() -> date:
    return datetime.now(UTC).astimezone(TALLINN).date()
