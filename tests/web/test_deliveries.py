"""What was sent, what is stuck, and what people do about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.lists import more
from tests.web.page import Page

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.system import System
    from tests.web.browser import Browser, Portal

NOTICE = "initiator.payment.notify"
SCRIPT = '<script>alert("x")</script>'


@pytest.fixture
def system(portal: Portal) -> System:
    portal.system.sql("update outbox set state = 'done' where state in ('dead', 'held', 'pending')")
    portal.system.sql("update lane set stopped_at = null, stopped_by = null, stopped_why = null, failures = 0")
    return portal.system


def owe(system: System, key: str, *, state: str = "dead", lane: str = "initiator:registry", **more: Any) -> int:
    """Write one message and return its id."""
    values = {"kind": NOTICE, "error": "limited", "said": "422 no such invoice", "repeatable": True, "age": 60} | more
    system.sql(
        """
        insert into outbox (kind, dedupe_key, lane_id, payload, state, attempts, last_error_class, last_error,
                            repeatable, created_at, done_at, answer_status)
        select :kind, :key, id, jsonb_build_object('initiator', 'registry', 'body', jsonb_build_object(
                 'order_reference', '150005', 'email', 'mari@example.test', 'note', cast(:said as text))),
               :state, 4, case when :state in ('dead', 'held') then :error end,
               case when :state in ('dead', 'held') then :said end,
               :repeatable, now() - make_interval(secs => :age), case when :state = 'done' then now() end,
               case when :state = 'done' then 200 end
          from lane where name = :lane
        """,
        key=key,
        state=state,
        lane=lane,
        **values,
    )
    return int(system.scalar("select id from outbox where dedupe_key = :key", key=key))


def state_of(system: System, delivery: int) -> str:
    return str(system.scalar("select state from outbox where id = :id", id=delivery))


def lane_id(system: System, name: str = "initiator:registry") -> int:
    return int(system.scalar("select id from lane where name = :name", name=name))


def decide(browser: Browser, address: str, reason: str = "asked Jaan", **more: Any) -> TestResponse:
    """Open the question at this address, answer it with a reason, and return what came of it."""
    fields = form(browser.get(address).text)
    return browser.post(fields.pop("action"), fields | {"reason": reason} | more)


def form(html: str) -> dict[str, Any]:
    """Return the fields of the dialog's form, and where it goes as `action`."""
    inside = re.search(r'<form class="stack" method="post".*?</form>', html, re.DOTALL)
    assert inside, html
    found: dict[str, Any] = {}
    for tag, named in Page(inside[0]).elements:
        if tag == "form":
            found["action"] = named["action"]
        elif tag == "input" and named.get("name") not in {"csrf_token", "reason"}:
            found.setdefault(str(named["name"]), []).append(named["value"])
    return found


def test_what_is_stuck_stands_on_top_with_the_reason_and_what_to_do(system: System, mary: Browser) -> None:
    owe(system, "refused")
    owe(system, "nobody-knows", state="held", error="unknown", said="read timeout", repeatable=False)
    page = mary.page("/deliveries")
    words = page.text("tbody")
    assert "The other side refused it." in words
    assert "nobody knows whether it arrived" in words
    assert "Ask the other side. If it has it, mark it as done" in words
    stuck = [link for link in page.links() if "state=held" in link]
    assert stuck
    assert "nobody-knows" in mary.get(stuck[0]).text or "Waits for a person" in mary.get(stuck[0]).text


def test_nothing_stuck_is_said_too(system: System, mary: Browser) -> None:
    assert "Nothing is stuck." in mary.get("/deliveries").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=dead", {"a", "b"}),
        ("state=dead&state=done", {"a", "b", "c", "d"}),
        ("error=limited", {"a"}),
        ("error=poison&error=limited", {"a", "b"}),
        ("kind=initiator.invoice.synchronise", {"d"}),
        ("age=over_1d", {"c"}),
        ("age=within_1d&state=done", {"d"}),
        ("state=nonsense&kind=x&lane=99999&error=!&age=never", {"a", "b", "c", "d"}),
    ],
)
def test_a_filter_finds_what_it_says(system: System, mary: Browser, query: str, found: set[str]) -> None:
    if not system.scalar("select count(*) from outbox where dedupe_key = 'filter-a'"):
        owe(system, "filter-a")
        owe(system, "filter-b", error="poison")
        owe(system, "filter-c", state="done", age=200_000)
        owe(system, "filter-d", state="done", kind="initiator.invoice.synchronise", lane="everypay")
    system.sql("update outbox set state = 'dead' where dedupe_key in ('filter-a', 'filter-b')")
    ids = {
        row.id: row.dedupe_key[-1]
        for row in system.rows("select id, dedupe_key from outbox where dedupe_key ~ '^filter-'")
    }
    page = mary.page(f"/deliveries?{query}")
    shown = {int(link.rpartition("/")[2]) for link in page.links() if re.fullmatch(r"/deliveries/\d+", link)}
    assert {ids[each] for each in shown if each in ids} == found


@pytest.mark.parametrize("address", ["/deliveries", "/system-health"])
def test_what_waits_at_a_destination_opens_exactly_its_rows(system: System, mary: Browser, address: str) -> None:
    for at, minutes in enumerate((-2, -1, 30)):
        delivery = owe(system, f"waits{address}{at}", state="pending", lane="initiator:auction")
        system.sql("update outbox set run_at = now() + make_interval(mins => :m) where id = :d", m=minutes, d=delivery)
    shown = mary.get(address).text
    figures = re.findall(r'href="(/deliveries\?lane=\d+&amp;state=pending&amp;age=\w+)">([^<]+)<', shown)
    assert (f"/deliveries?lane={lane_id(system, 'initiator:auction')}&amp;state=pending&amp;age=due", "2") in figures
    for link, figure in figures:
        said = Page(mary.get(link.replace("&amp;", "&")).text).text("p")
        assert re.search(rf"\b{figure} messages? match", said), (link, figure)


def test_a_long_list_goes_on_where_it_ended(system: System, mary: Browser) -> None:
    lane = lane_id(system, "initiator:eeid")
    before = int(system.scalar("select count(*) from outbox where lane_id = :lane", lane=lane))
    for at in range(60):
        owe(system, f"long-{at}", state="done", lane="initiator:eeid", age=5_000_000 + at)
    first = mary.get(f"/deliveries?lane={lane}")
    rest = mary.fragment(str(more(first.text)))
    ids = [re.findall(r'id="delivery-(\d+)"', part.text) for part in (first, rest)]
    assert len(ids[0]) == 50
    assert len(ids[1]) == 10 + before
    assert not set(ids[0]) & set(ids[1])


def test_a_message_shows_what_was_said_with_people_covered(system: System, mary: Browser) -> None:
    delivery = owe(system, "shown", said=SCRIPT)
    html = mary.get(f"/deliveries/{delivery}").text
    assert "150005" in html
    assert "mari@example.test" not in html
    assert SCRIPT not in html
    assert "&lt;script&gt;" in html


def test_a_message_is_sent_again_once_however_often_the_button_is_pressed(system: System, mary: Browser) -> None:
    delivery = owe(system, "again")
    asked = form(mary.get(f"/deliveries/resendings/new?id={delivery}").text)
    action = asked.pop("action")
    first = mary.post(action, asked | {"reason": "they mended it"})
    assert first.location == f"/deliveries/{delivery}"
    assert state_of(system, delivery) == "pending"
    system.sql("update outbox set state = 'dead' where id = :id", id=delivery)
    assert mary.post(action, asked | {"reason": "they mended it"}).location == f"/deliveries/{delivery}"
    assert state_of(system, delivery) == "dead", "the same form again did nothing"
    told = system.rows("select actor_kind, reason, data from event where kind = 'delivery.resent' order by id desc")[0]
    assert (told.actor_kind, told.reason, told.data["was"]) == ("operator", "they mended it", "dead")


@pytest.mark.parametrize(
    ("decided", "becomes", "answer"),
    [
        ("resendings/new?id={0}", "pending", None),
        ("{0}/cancellations/new", "cancelled", "cancelled"),
        ("{0}/completions/new", "done", "taken care of elsewhere: they mended it"),
    ],
)
def test_a_question_about_a_message_is_answered_by_ending_it_and_not_by_sending_it_again(
    system: System, mary: Browser, decided: str, becomes: str, answer: str | None
) -> None:
    delivery = owe(system, f"asked {decided}")
    system.sql(
        "insert into review_item (kind, dedupe_key, sentence, evidence) values"
        " ('outbox.dead', 'asked ' || :id, 'given up', jsonb_build_object('outbox', cast(:id as bigint)))",
        id=str(delivery),
    )
    decide(mary, "/deliveries/" + decided.format(delivery), reason="they mended it")
    assert state_of(system, delivery) == becomes
    assert system.scalar("select resolution from review_item where dedupe_key = :k", k=f"asked {delivery}") == answer


def test_without_a_reason_nothing_happens_and_the_form_comes_back(system: System, mary: Browser) -> None:
    delivery = owe(system, "no-reason")
    answer = decide(mary, f"/deliveries/{delivery}/cancellations/new", reason=" ")
    assert answer.status_code == 422
    assert 'href="#reason"' in answer.text
    assert state_of(system, delivery) == "dead"


def test_a_selection_goes_again_in_one_go(system: System, mary: Browser) -> None:
    ids = [owe(system, f"chosen-{at}") for at in range(3)]
    address = "/deliveries/resendings/new?" + "&".join(f"id={each}" for each in ids)
    assert "3 messages go again" in mary.get(address).text
    decide(mary, address)
    assert {state_of(system, each) for each in ids} == {"pending"}


def test_everything_since_a_moment_goes_again_for_one_destination(system: System, mary: Browser) -> None:
    lane = lane_id(system, "initiator:auction")
    system.sql("update outbox set created_at = now() - interval '9 days' where lane_id = :lane", lane=lane)
    late = owe(system, "since-late", lane="initiator:auction", state="done")
    twice = owe(system, "since-twice", lane="initiator:auction", state="done", repeatable=False)
    old = owe(system, "since-old", lane="initiator:auction", age=900_000)
    other = owe(system, "since-other", lane="initiator:eeid")
    moment = system.scalar(
        "select to_char(now() at time zone 'Europe/Tallinn' - interval '1 day', 'YYYY-MM-DD\"T\"HH24:MI')"
    )
    address = f"/deliveries/resendings/new?lane={lane}&since={moment}&state=dead&state=done"
    asked = mary.get(address).text
    assert "1 message goes again" in asked
    assert "1 is left out: its receiver would count it twice" in asked
    decide(mary, address)
    assert state_of(system, late) == "pending"
    assert [state_of(system, each) for each in (twice, old, other)] == ["done", "dead", "dead"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "lane=1",
        "lane=1&since=never&state=dead",
        "lane=x&since=2026-01-01",
        "id=abc",
        "lane=1&since=0001-01-01&state=dead",
    ],
)
def test_an_incomplete_wish_is_refused_in_words(system: System, mary: Browser, query: str) -> None:
    assert mary.get(f"/deliveries/resendings/new?{query}").status_code == 422


def test_what_counts_twice_is_let_go_only_after_the_risk_was_said(system: System, mary: Browser) -> None:
    delivery = owe(system, "risk", state="held", error="unknown", repeatable=False)
    plain = mary.get(f"/deliveries/resendings/new?id={delivery}").text
    assert "Nothing would be sent." in plain
    address = f"/deliveries/resendings/new?id={delivery}&risk=yes"
    assert "it is counted twice, and money moves there twice" in mary.get(address).text
    decide(mary, address)
    assert state_of(system, delivery) == "pending"


def test_a_held_message_is_marked_as_done_with_its_reason(system: System, mary: Browser) -> None:
    delivery = owe(system, "held", state="held", error="unknown", repeatable=False)
    assert decide(mary, f"/deliveries/{delivery}/completions/new").location == f"/deliveries/{delivery}"
    assert state_of(system, delivery) == "done"


def test_a_message_being_sent_cannot_be_cancelled(system: System, mary: Browser) -> None:
    delivery = owe(system, "leased")
    asked = form(mary.get(f"/deliveries/{delivery}/cancellations/new").text)
    system.sql(
        "update outbox set state = 'leased', lease_token = gen_random_uuid(), lease_until = now() where id = :id",
        id=delivery,
    )
    answer = mary.post(asked.pop("action"), asked | {"reason": "no more"})
    assert answer.status_code == 409
    assert "being sent at this moment" in answer.text
    system.sql("update outbox set state = 'done', lease_token = null, lease_until = null where id = :id", id=delivery)


def test_the_second_tab_is_told_what_happened(system: System, mary: Browser) -> None:
    delivery = owe(system, "tabs")
    second = form(mary.get(f"/deliveries/{delivery}/cancellations/new").text)
    decide(mary, f"/deliveries/{delivery}/cancellations/new")
    answer = mary.post(second.pop("action"), second | {"reason": "me too"})
    assert answer.status_code == 409
    assert "is cancelled now" in answer.text


def test_a_stopped_destination_gets_nothing_until_a_person_lets_it_go(system: System, mary: Browser) -> None:
    lane = lane_id(system)
    delivery = owe(system, "stopped", state="pending")
    decide(mary, f"/deliveries/lanes/{lane}/stops/new", reason="they are moving house")
    page = mary.get("/deliveries").text
    assert "they are moving house" in page
    system.drain()
    assert state_of(system, delivery) == "pending"
    assert decide(mary, f"/deliveries/lanes/{lane}/stops/new").status_code == 409
    decide(mary, f"/deliveries/lanes/{lane}/releases/new")
    system.drain()
    assert (
        state_of(system, delivery) != "pending"
        or system.scalar("select attempts from outbox where id = :id", id=delivery) > 4
    )


def test_the_clock_is_no_message_and_cannot_be_stopped(system: System, mary: Browser) -> None:
    tick = owe(system, "tick", state="done", lane="schedule", kind="schedule.seal")
    assert f'id="delivery-{tick}"' not in mary.get("/deliveries").text
    assert f'id="delivery-{tick}"' in mary.get("/deliveries?kind=schedule.seal").text
    assert decide(mary, f"/deliveries/lanes/{lane_id(system, 'schedule')}/stops/new").status_code == 409


def test_before_sending_again_one_sees_what_has_changed_since(system: System, mary: Browser) -> None:
    number, _reference = system.settle("auction")
    delivery = system.scalar(
        "select o.id from outbox o join invoice i on i.id = o.invoice_id where i.number = :n and o.kind = :kind",
        n=number,
        kind=NOTICE,
    )
    system.sql(
        'update payment set snapshot = snapshot || \'{"payment_state": "refunded", "email": "new@example.test"}\''
        " where id = (select payment_id from outbox where id = :id)",
        id=delivery,
    )
    text = Page(mary.get(f"/deliveries/resendings/new?id={delivery}&risk=yes").text).text("tbody")
    assert "payment_statesettledrefunded" in text
    assert "new@example.test" not in text


@pytest.mark.parametrize(
    "path", ["/deliveries/999999999", "/deliveries/999999999/cancellations/new", "/deliveries/lanes/999999/stops/new"]
)
def test_what_is_not_there_is_not_found(system: System, mary: Browser, path: str) -> None:
    assert mary.get(path).status_code == 404


def test_hostile_forms_are_refused_and_never_break_anything(system: System, mary: Browser) -> None:
    delivery = owe(system, "hostile")
    for body in (
        {"reason": SCRIPT, "key": ""},
        {"reason": "x" * 5000, "key": "k"},
        {"reason": "good reason", "key": "ключ"},
        {"reason": "\x00\x1b[31m", "key": "k k"},
        {},
    ):
        answer = mary.post(f"/deliveries/{delivery}/cancellations", body)
        assert answer.status_code == 422
        assert SCRIPT not in answer.text
    assert state_of(system, delivery) == "dead"
    decide(mary, f"/deliveries/{delivery}/cancellations/new", reason=SCRIPT)
    assert SCRIPT not in mary.get(f"/deliveries/{delivery}").text
