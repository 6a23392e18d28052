"""A portal with at least one of everything it can show, and where each page is found."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import text
from werkzeug.exceptions import HTTPException

from app.blueprints import DOORS
from app.demo import seed
from app.services import references, webhooks
from app.services.initiators import caller_named
from app.services.search import FILL
from app.services.webhooks import Wish
from app.uow import transaction
from app.web.guards import require_operator
from tests.services.test_deposits import finish
from tests.services.test_payer_credits import paid_twice
from tests.web.desks import ask
from tests.web.page import Page
from tests.web.test_comparisons import differ
from tests.web.test_credit_desk import same_payer
from tests.web.test_credit_notes import credit, issued
from tests.web.test_deliveries import decide, lane_id, owe
from tests.web.test_dispute_desk import open_one
from tests.web.test_drafts import form
from tests.web.test_imports import bring_invoices
from tests.web.test_initiators import make

if TYPE_CHECKING:
    from tests.e2e.desk import Desk
    from tests.system import System
    from tests.web.browser import Browser

SEEDED = 60
PORTAL = {door.blueprint.name for door in DOORS if door.guard is require_operator}
# Files and parts of pages: what they show is on the page they are asked from.
NO_PAGES = {
    "credit_notes.download", "imports.progress", "invoices.download", "overview.month_csv", "tasks.download",
    "tasks.progress", "tasks.results",
}  # fmt: skip


def populate(desk: Desk) -> list[str]:
    """Let a day of business happen, with whatever can go wrong; returns addresses that no list leads to at once."""
    system, mary = desk.system, desk.by_hand()
    with system.app.app_context():
        seed.fill(SEEDED)
        references.create(caller_named("registry"), "registry", "Linnutee OÜ", "arved@linnutee.example")
        wish = Wish(url="http://127.0.0.1:9/hooks", description="Registry's own")
        webhooks.register(caller_named("registry"), "registry", wish, ["http://127.0.0.1:9"], plain_http=True)
    for _again in range(2):  # the second time everything is there already
        bring_invoices(system, 710_000, 3)
    paid, reference = system.settle(amount="820.00")
    assert ask(mary, paid, "750").status_code == 303
    differ(desk.portal, reference)
    found = [*_money(system, mary), *_deliveries(system, mary), *_own_invoices(mary), _broken_proof(system, mary)]
    mary.post("/invoices/views", {"name": "Mine", "reach": "mine", "key": "k" * 20})
    make(mary)
    export = mary.post("/invoices/exports", {"format": "xlsx", "key": "k" * 20})
    index(system)
    return [*found, str(export.location), "/services/eeid", "/invoices/marks/new?to=paid"]


def _money(system: System, mary: Browser) -> list[str]:
    """Let money be disputed, paid twice, and paid for a deposit."""
    for _ in range(2):
        open_one(mary, system.settle()[0])
    _surplus, number, _reference = paid_twice(system)
    same_payer(system, number)
    finish(system, system.deposit())
    paid = system.settle()[0]
    return [f"/invoices/{paid}", f"/invoices/{paid}/disputes/new"]


def _deliveries(system: System, mary: Browser) -> list[str]:
    """Let messages be stuck in each way, and a destination stopped."""
    states = [("dead", True), ("held", False), ("pending", True), ("done", True)]
    ids = [owe(system, f"populated:{state}", state=state, repeatable=harmless) for state, harmless in states]
    lane = lane_id(system, "initiator:auction")
    decide(mary, f"/deliveries/lanes/{lane}/stops/new", reason="they are moving house")
    return [
        f"/deliveries/{ids[1]}",
        f"/deliveries/{ids[2]}/cancellations/new",
        f"/deliveries/lanes/{lane}/releases/new",
    ]


def _own_invoices(mary: Browser) -> list[str]:
    """Write a draft, and an invoice that is credited."""
    draft = str(mary.post("/drafts", form()).location)
    number = issued(mary)
    return [
        draft,
        f"{draft}/issues/new",
        str(credit(mary, number, "24.00", counted="2400").location),
        f"/invoices/{number}",
    ]


def _broken_proof(system: System, mary: Browser) -> str:
    """Let a check find something, and mend it afterwards."""
    number = system.settle()[0]
    change = "update invoice set captured_minor = captured_minor + :by where number = :number"
    for by in (-1, 1):
        system.sql("alter table invoice disable trigger user")
        system.sql(change, by=by, number=number)
        system.sql("alter table invoice enable trigger user")
        if by < 0:
            mary.post("/proofs/runs")
            system.drain()
    return "/proofs"


def owed_for(system: System, key: str) -> int:
    """Write a message that is stuck about an invoice of its own, and return its id."""
    delivery = owe(system, key)
    number = system.invoice()
    system.sql("update outbox set invoice_id = (select id from invoice where number = :n) where id = :id",
               n=number, id=delivery)  # fmt: skip
    return delivery


def index(system: System) -> None:
    """Write what the search finds invoices by."""
    with system.app.app_context(), transaction() as tx:
        tx.execute(FILL, {"ids": list(tx.scalars(text("select id from invoice")))})


def pages(desk: Desk, more: list[str]) -> dict[str, str]:
    """Return an address for every page of the portal, found by following links."""
    adapter = desk.system.app.url_map.bind("localhost")
    found: dict[str, str] = {}
    browser, todo = desk.by_hand(), [*more, *sorted(plain(desk))]
    while todo:
        path = todo.pop(0)
        try:
            endpoint = str(adapter.match(urlsplit(path).path, "GET")[0])
        except HTTPException:
            continue
        if endpoint in found or endpoint.partition(".")[0] not in PORTAL or endpoint in NO_PAGES:
            continue
        answer = browser.client.get(path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            found[endpoint] = path
            todo += [link for link in Page(answer.text).links() if link.startswith("/")]
    return found


def plain(desk: Desk) -> set[str]:
    """Return the addresses of the portal's pages that need no name."""
    rules = desk.system.app.url_map.iter_rules()
    ours = [rule for rule in rules if str(rule.endpoint).partition(".")[0] in PORTAL and "GET" in (rule.methods or ())]
    return {rule.rule for rule in ours if not rule.arguments}


def wanted(desk: Desk) -> set[str]:
    """Return the names of all pages of the portal."""
    rules = desk.system.app.url_map.iter_rules()
    names = {str(rule.endpoint) for rule in rules if "GET" in (rule.methods or ())}
    return {name for name in names if name.partition(".")[0] in PORTAL} - NO_PAGES
