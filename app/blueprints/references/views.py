"""The doors to reference numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, request, url_for

from app.blueprints.references.forms import FIELD, as_query, key_of, parse_filter, parse_new, sentences
from app.domain.errors import Invalid
from app.domain.permission import Permission
from app.domain.reference import LONGEST, SHORTEST, is_valid, with_check_digit
from app.queries import references
from app.queries.paging import Cursor
from app.queries.text_cursor import TextCursor
from app.services import portal_references
from app.services.portal_references import NewReference
from app.services.timeline import Actor
from app.web.filters import counted, summed
from app.web.guards import needs, operator
from app.web.htmx import render, see_other
from app.web.service_names import choices
from app.web.translation import translate as _
from app.web.translation import translate_count as ngettext
from app.web.typed import new_key
from app.web.unknown_parameters import misread_words

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as WerkzeugResponse

    from app.queries.references import ReferenceFilter

blueprint = Blueprint("references", __name__, url_prefix="/references")


@blueprint.get("")
@needs(Permission.VIEW)
def index() -> Response:
    """Show the list, or only its rows; of a number that is not ours, whether its check digit is right."""
    services = references.services()
    wanted = parse_filter(request.args, services)
    cursor = TextCursor.parse(request.args.get("after", ""))
    page = references.search(wanted, cursor)
    query = as_query(wanted)
    number = page.count.number
    return render(
        "references/index.html",
        "references/_rows.html" if cursor else "references/_results.html",
        address=None if cursor else url_for("references.index", **query),
        page=page,
        wanted=wanted,
        query=query,
        cursor=cursor,
        services_to_choose=choices(services),
        columns=_columns(wanted, query),
        count_text=ngettext(
            "%(many)s reference number", "%(many)s reference numbers", number, many=counted(page.count)
        ),
        verdict=None if cursor else _verdict(wanted.text),
        left_out=[] if cursor else misread_words(request.args, query, FIELD),
    )


@blueprint.get("/<number>")
@needs(Permission.VIEW)
def show(number: str) -> Response:
    """Show whose number this is, what is owed on it, and its invoices, or those that are unpaid."""
    found = references.detail(number)
    cursor = Cursor.parse(request.args.get("after", ""))
    only_open = request.args.get("open") == "yes"
    return render(
        "references/show.html",
        "references/_invoices.html",
        found=found,
        page=references.invoices_of(number, cursor, only_open=only_open),
        only_open=only_open,
        cursor=cursor,
        counted=counted,
        open_text=summed((each.minor, each.currency) for each in found.open),
        open_count=sum(each.rows for each in found.open),
        credit_text=summed((each.minor, each.currency) for each in found.credit),
        is_right=is_valid(number),
    )


@blueprint.get("/new")
@needs(Permission.CREATE)
def new() -> Response:
    """Ask for whom a number shall be made."""
    return _form(NewReference("", "", ""), new_key(), {})


@blueprint.post("")
@needs(Permission.CREATE)
def create() -> WerkzeugResponse:
    """Make a number; sending the form twice makes one."""
    wanted = parse_new(request.form, references.services())
    key = key_of(request.form)
    actor = Actor("operator", str(operator().operator_id))
    try:
        number = portal_references.create(wanted, actor=actor, key=key)
    except Invalid as fault:
        # A key that was used for another payer begins a new form: what was typed now is not what was made then.
        fresh = new_key() if "Idempotency-Key" in fault.fields else key
        return _form(wanted, fresh, sentences(fault.fields) or {"owner": _again()}, status=422)
    flash(_("Reference number %(number)s belongs to %(owner)s now.", number=number, owner=wanted.owner))
    return see_other(url_for("references.show", number=number))


def _again() -> str:
    return _("This form has made a number already. Send it again if this payer needs one, too.")


def _form(wanted: NewReference, key: str, faults: dict[str, str], status: int = 200) -> Response:
    response = render(
        "references/new.html",
        "references/_new.html",
        wanted=wanted,
        key=key,
        faults=faults,
        services=choices(references.services()),
    )
    response.status_code = status
    return response


def _columns(wanted: ReferenceFilter, query: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return the headings: name, class, what it sorts by, and where sorting it leads."""
    return [
        (_("Number"), "", "number", _sorted(wanted, query, "number")),
        (_("Owner"), "", "owner", _sorted(wanted, query, "owner")),
        (_("E-mail"), "", "", ""),
        (_("Service"), "", "", ""),
        (_("Invoices"), "num", "", ""),
        (_("Created"), "num", "created", _sorted(wanted, query, "created")),
    ]


def _sorted(wanted: ReferenceFilter, query: dict[str, Any], key: str) -> str:
    """Return the list sorted by this; by the same the other way round."""
    usual = "-created" if key == "created" else key
    turned = key if usual.startswith("-") else f"-{key}"
    return url_for("references.index", **(query | {"sort": turned if wanted.sort == usual else usual}))


def _verdict(text: str) -> tuple[str, str] | None:
    """Return a tone and a sentence about a whole number that is typed and not ours."""
    digits = text.replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and SHORTEST <= len(digits) <= LONGEST) or references.exists(digits):
        return None
    if is_valid(digits):
        return "mute", _("%(number)s is not one of ours; its check digit is right.", number=digits)
    right = with_check_digit(digits[:-1])
    return "warn", _(
        "%(number)s is not one of ours, and its check digit is wrong: %(right)s would be right.",
        number=digits,
        right=right,
    )
