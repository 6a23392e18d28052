"""Who did what: searched, covered for those who may not see people, sealed and handed out."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.services.sealing import seal
from app.web import administration, trail_words
from app.web.event_words import EVENT
from tests.web.lists import more
from tests.web.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system import System
    from tests.web.browser import Browser, Portal

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def paid(shared_portal: Portal) -> tuple[int, str]:
    return shared_portal.system.settle()


@pytest.fixture
def system(portal: Portal, paid: tuple[int, str]) -> System:
    return portal.system


@pytest.fixture
def viewer(system: System, mary: Browser) -> Iterator[Browser]:
    system.sql("update white_code set role = 'viewer' where name = 'Mary'")
    yield mary
    system.sql("update white_code set role = 'tenant_admin' where name = 'Mary'")


def write(system: System, kind: str, *, reason: str = "", data: str = "{}", actor: str = "", age: int = 0) -> int:
    system.sql(
        "insert into event (kind, actor_kind, actor, reason, data, created_at)"
        " values (:kind, 'operator', :actor, :reason, cast(:data as jsonb), now() - make_interval(secs => :age))",
        kind=kind,
        reason=reason,
        data=data,
        actor=actor or str(system.scalar("select min(id) from operator")),
        age=age,
    )
    return int(system.scalar("select max(id) from event"))


def shown(html: str) -> set[int]:
    links = [str(link).rpartition("/") for link in Page(html).links() if str(link).startswith("/audit/")]
    return {int(last) for _path, _slash, last in links if last.isdigit()}


def test_events_are_found_by_invoice_reference_kind_and_person(
    system: System, mary: Browser, paid: tuple[int, str]
) -> None:
    mine = write(system, "setting.changed", reason="asked by Jaan")
    of_invoice = set(
        system.rows("select e.id from event e join invoice i on i.id = e.invoice_id where number = :n", n=paid[0])
    )
    ids = {row[0] for row in of_invoice}
    assert shown(mary.get(f"/audit?q={paid[0]}").text) == ids
    assert shown(mary.get(f"/audit?q={paid[1]}").text) == ids
    assert mine in shown(mary.get("/audit?kind=setting.changed").text)
    person = system.scalar("select min(id) from operator")
    found = shown(mary.get(f"/audit?person={person}").text)
    assert mine in found
    assert not found & ids
    assert not shown(mary.get("/audit?q=1").text)


def test_days_are_those_of_tallinn_and_nonsense_asks_for_nothing(system: System, mary: Browser) -> None:
    old = write(system, "day.one", age=86_400 * 40)
    everything = shown(mary.get("/audit?kind=day.one").text)
    assert old in everything
    since = system.scalar("select (now() - interval '10 days')::date")
    assert old not in shown(mary.get(f"/audit?kind=day.one&since={since}").text)
    assert old in shown(mary.get(f"/audit?kind=day.one&until={since}").text)
    assert mary.get("/audit?since=x&until=9999-99-99&person=x&actor=y&q=%00&after=!").status_code == 200
    assert mary.get("/audit?since=0001-01-01").status_code == 200


def test_a_long_list_goes_on_where_it_ended(system: System, mary: Browser) -> None:
    for _ in range(55):
        write(system, "long.list")
    first = mary.get("/audit?kind=long.list").text
    rest = mary.fragment(str(more(first))).text
    assert len(shown(first)) == 50
    assert len(shown(rest)) == 5
    assert not shown(first) & shown(rest)


def test_people_are_covered_for_those_who_may_not_see_them(system: System, viewer: Browser) -> None:
    event = write(system, "people.told", reason="called mari@example.test", data='{"email": "mari@example.test"}')
    for path in ("/audit?kind=people.told", f"/audit/{event}"):
        html = viewer.get(path).text
        assert "mari@example.test" not in html
        assert "Mary" not in Page(html).text("tbody") + Page(html).text("dd")
    assert viewer.post("/audit/chains", {"chain": "event"}).status_code == 403


def test_who_may_sees_people_and_never_a_secret(system: System, mary: Browser) -> None:
    event = write(system, "people.told", data='{"email": "mari@example.test", "token": "s3cret-token"}')
    html = mary.get(f"/audit/{event}").text
    assert "mari@example.test" in html
    assert "s3cret-token" not in html


def test_what_somebody_wrote_is_text(system: System, mary: Browser) -> None:
    event = write(system, f"k.{SCRIPT}", reason=SCRIPT, data=json.dumps({SCRIPT: SCRIPT}), actor=SCRIPT)
    for path in ("/audit", f"/audit/{event}", "/audit?lang=et"):
        assert SCRIPT not in mary.get(path).text


def test_an_event_shows_its_link_once_it_is_sealed(system: System, mary: Browser) -> None:
    event = write(system, "to.be.sealed", age=60)
    assert "within a minute" in mary.get(f"/audit/{event}").text
    with system.app.app_context():
        seal()
    assert system.scalar("select encode(hash, 'hex') from seal where chain = 'event' and row_id = :id", id=event) in (
        mary.get(f"/audit/{event}").text
    )


def test_a_chain_is_handed_out_and_that_is_written_down(system: System, mary: Browser) -> None:
    exported = "select count(*) from event where kind = 'audit.chain.exported'"
    before = system.scalar(exported)
    write(system, "before.export", age=60)
    with system.app.app_context():
        seal()
    answer = mary.client.post(
        "/audit/chains",
        data={"csrf_token": mary.token(), "chain": "event"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="event.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
    assert system.scalar(exported) == before + 1
    assert mary.post("/audit/chains", {"chain": "nonsense"}).status_code == 422
    assert mary.get("/audit/99999999").status_code == 404


def test_every_kind_of_event_has_a_name() -> None:
    """What the code records, and what either timeline knows, is called something in the audit trail."""
    recorded = set()
    for path in (Path(__file__).parents[2] / "app").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
                name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                if name in {"record", "_record", "_tell", "tell"} and "." in str(call.args[0].value):
                    recorded.add(str(call.args[0].value))
    assert len(recorded) > 50
    assert (recorded | set(trail_words.LOOKS) | set(administration.LOOKS)) - set(EVENT) == set()


def test_events_are_called_by_their_names(system: System, mary: Browser) -> None:
    event = write(system, "view.saved", reason="mine")
    assert "View kept" in Page(mary.get("/audit").text).text("tbody")
    assert Page(mary.get(f"/audit/{event}").text).text("h1") == "View kept"


def test_what_an_event_holds_is_said_in_words(paid: tuple[int, str], mary: Browser) -> None:
    """Nobody has to read what machines keep: the list says who, what and how much as other pages do."""
    html = mary.get(f"/audit?q={paid[0]}").text
    rows = Page(html[html.index('id="results"') :]).text("tbody")
    assert "Settled: 120.00 € by card. Received through EveryPay" in rows
    assert "service Domain registry 150005 Number 150005 over 120.00 €" in rows.replace(str(paid[0]), "150005")
    assert "What the gateway said was taken over" in rows
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", rows), "of yesterday one wants to know the hour, too"
    assert re.search(r"[{}]|everypay|[a-z]_[a-z]|[a-z]\.[a-z]", rows) is None


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("setting.changed", {"setting": "limits.refund_alone", "before": None, "after": "7"}, "now"),
        ("white_code.added", {"role": "viewer", "until": None}, "viewer"),
        ("view.saved", {"name": "Late ones", "view": "1"}, "Late ones"),
        ("lane.stopped", {"lane": "registry"}, "registry"),
        ("task.started", {"kind": "export", "task": 1}, "export"),
        ("invoices.exported", {"rows": 2, "format": "csv"}, "2 invoices, CSV"),
        ("audit.chain.exported", {"chain": "event"}, "Timeline"),
        ("refund.requested", {"amount": "5.00", "currency": "EUR"}, "Refund asked for: 5.00"),
        ("vat_rate.added", {"code": "reverse_charge", "valid_from": "2026-12-31"}, "Reverse charge"),
        ("initiator.key.scopes_changed", {"name": "A", "after": ["billing.view"]}, "everything before, see its inv"),
    ],
)
def test_changes_by_people_are_said_in_words(
    system: System, mary: Browser, kind: str, data: dict[str, object], words: str
) -> None:
    event = write(system, kind, reason="because", data=json.dumps(data))
    row = Page(mary.get(f"/audit?kind={kind}").text).text("tbody")
    assert words.casefold() in row.casefold()
    assert "{" not in row
    assert words.casefold() in Page(mary.get(f"/audit/{event}").text).text("dl").casefold()


def test_days_an_event_holds_are_written_as_the_reader_writes_them(system: System, mary: Browser) -> None:
    held = {"code": "standard", "basis_points": 2400, "valid_from": "2025-07-01", "valid_to": "2026-12-31"}
    write(system, "vat_rate.ended", data=json.dumps(held))
    rows = {lang: Page(mary.get(f"/audit?kind=vat_rate.ended&lang={lang}").text).text("tbody") for lang in ("et", "en")}
    assert "01.07.2025" in rows["et"]
    assert "31.12.2026" in rows["et"]
    assert "2025-07-01 to 2026-12-31" in rows["en"]


@pytest.mark.parametrize("kind", sorted(EVENT))
def test_an_event_that_holds_nothing_is_shown_all_the_same(system: System, mary: Browser, kind: str) -> None:
    event = write(system, kind)
    assert mary.get(f"/audit/{event}").status_code == 200
