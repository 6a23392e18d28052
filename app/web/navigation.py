"""Where the portal leads: its sections with their pages, as far as they exist and the person may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import current_app, g, request, url_for
from flask_login import current_user

from app.queries import waiting
from app.web.guards import allowed, needed_by
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from flask import Flask
    from flask_babel import LazyString


class Place(NamedTuple):
    """A page to go to: its endpoint, its name, what of `waiting.Waiting` is counted beside it, and what belongs to it.

    What belongs to it are endpoints, or blueprints with all their pages; those of its own blueprint do so unsaid.
    """

    endpoint: str
    label: LazyString
    counted: str | None = None
    also: tuple[str, ...] = ()


class Section(NamedTuple):
    """An entry of the navigation; its pages are tabs."""

    icon: str
    label: LazyString
    pages: tuple[Place, ...]
    group: str = "main"


class Entry(NamedTuple):
    """What a template shows of a section or a page."""

    label: LazyString | str
    address: str
    icon: str
    group: str
    number: int
    is_here: bool
    is_page: bool


SECTIONS = (
    Section(
        "home",
        _("Home"),
        (
            Place("overview.index", _("Today")),
            Place("overview.month", _("Month"), also=("overview.payers",)),
            Place("overview.movements", _("Money in and out")),
        ),
    ),
    Section(
        "invoice",
        _("Invoices"),
        (
            Place("invoices.index", _("All invoices"), also=("credit_notes",)),
            Place("drafts.index", _("Drafts"), also=("payment_links",)),
            Place("tasks.index", _("My tasks")),
            Place("imports.index", _("Imports")),
        ),
    ),
    Section(
        "refund",
        _("Refunds"),
        (
            Place("refunds.index", _("All refunds"), also=("outside_refunds",)),
            Place("approvals.index", _("To approve"), "approvals"),
            Place("disputes.index", _("Disputes"), "disputes"),
            Place("credits.index", _("Paid twice or too much"), "credits"),
        ),
    ),
    Section(
        "question",
        _("Questions"),
        (
            Place("review_items.index", _("Open questions"), "questions"),
            Place("comparisons.index", _("Comparisons"), "differences"),
        ),
    ),
    Section(
        "lines",
        _("References"),
        (Place("references.index", _("References")), Place("deposits.index", _("Deposits"))),
    ),
    Section(
        "send",
        _("Deliveries"),
        (
            Place("deliveries.index", _("Sent"), "stuck"),
            Place("inbox.index", _("Received")),
            Place("webhooks.index", _("Webhooks")),
            Place("gateway_lookups.new", _("Look up at EveryPay")),
        ),
        "operations",
    ),
    Section(
        "shield",
        _("Proofs"),
        (
            Place("proofs.index", _("Proofs")),
            Place("audit.index", _("Audit")),
            Place("system_health.index", _("Health")),
        ),
        "operations",
    ),
    Section(
        "gear",
        _("Settings"),
        (
            Place("settings.index", _("Settings")),
            Place("people.index", _("People")),
            Place("initiators.index", _("Services and keys")),
            Place("number_ranges.index", _("Number ranges")),
            Place("vat_rates.index", _("VAT rates")),
        ),
        "operations",
    ),
)


def install(app: Flask) -> None:
    """Give templates `navigation()` and `tabs()`."""
    app.jinja_env.globals["navigation"] = navigation
    app.jinja_env.globals["tabs"] = tabs
    app.jinja_env.globals["may"] = allowed_endpoint


def waiting_now() -> waiting.Waiting:
    """Return what waits for a person, asked once a request: the navigation, its tabs and the first page all say it."""
    if "waiting" not in g:
        g.waiting = waiting.count()
    found: waiting.Waiting = g.waiting
    return found


def navigation() -> list[Entry]:
    """Return the sections this person may see; a section leads to the first of its pages."""
    found = waiting_now()
    here = _here()
    entries = []
    for section in SECTIONS:
        pages = [page for page in section.pages if allowed_endpoint(page.endpoint)]
        if pages:
            number = sum(found.number(page.counted) for page in pages)
            is_here = here in section.pages
            first = pages[0].endpoint
            is_page = request.endpoint == first
            entries.append(Entry(section.label, url_for(first), section.icon, section.group, number, is_here, is_page))
    return entries


def tabs() -> list[Entry]:
    """Return the pages of the section we are in, as far as this person may see them; one page alone is no tab."""
    here = _here()
    section = next((each for each in SECTIONS if here in each.pages), None)
    pages = [page for page in section.pages if allowed_endpoint(page.endpoint)] if section else []
    if section is None or len(pages) < 2:  # noqa: PLR2004 - a pair is the smallest choice
        return []
    found = waiting_now()
    return [
        Entry(
            page.label,
            url_for(page.endpoint),
            section.icon,
            section.group,
            found.number(page.counted),
            page is here,
            request.endpoint == page.endpoint,
        )
        for page in pages
    ]


def allowed_endpoint(endpoint: str) -> bool:
    """Return whether there is such a page and the person who is signed in may go there."""
    if endpoint not in current_app.view_functions or not current_user.is_authenticated:
        return False
    app: Any = current_app
    return allowed(needed_by(app, endpoint))


def _here() -> Place | None:
    """Return the one page of the navigation that this page is, or belongs to."""
    endpoint = str(request.endpoint)
    blueprint = _blueprint(endpoint)
    pages = [page for section in SECTIONS for page in section.pages]
    ways: tuple[Callable[[Place], bool], ...] = (
        lambda page: page.endpoint == endpoint,
        lambda page: endpoint in page.also or blueprint in page.also,
        lambda page: _blueprint(page.endpoint) == blueprint,
    )
    return next((page for is_it in ways for page in pages if is_it(page)), None)


def _blueprint(endpoint: str) -> str:
    return endpoint.rpartition(".")[0]
