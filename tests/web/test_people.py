"""People: who may sign in, as what; nobody raises themselves, nobody shuts everybody out (security.md T55 to T58)."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.domain.permission import Role
from app.extensions import db
from app.services import people
from app.services.people import Access, ChangedMeanwhile, LastKeeper, OwnAccess
from app.services.timeline import Actor
from tests.web.conftest import KEEPER, PERSONA

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

JAAK = "EE38001085718"
ADMIN = Actor("operator", "999")
WHY = "works here"
CLERK = Access("Jaak", "Mari", Role.CLERK)
FORM = {"subject": JAAK, "name": "Jaak-Kristjan Jõeorg", "owner": "Mari Maasikas", "role": "clerk", "reason": WHY}
HOSTILE = '"><script>alert(1)</script>'


def code_id(portal: Portal, subject: str) -> int:
    return int(portal.system.scalar("select max(id) from white_code where subject = :s", s=subject))


def listed(portal: Portal, access: Access = CLERK) -> int:
    with portal.system.app.app_context():
        return people.add(JAAK, access, actor=ADMIN, reason=WHY)


def edit_form(browser: Browser, key: int, **more: str) -> dict[str, Any]:
    fields = browser.page(f"/people/{key}/edit").elements
    seen = next(str(named["value"]) for _tag, named in fields if named.get("name") == "seen")
    return {"name": "Jaak", "owner": "Mari", "role": "finance", "reason": WHY, "seen": seen, **more}


@pytest.mark.parametrize(("until", "ends"), [("2027-10-31", "2027-10-31 22:00"), ("2027-03-28", "2027-03-28 21:00")])
def test_access_ends_with_the_day_when_the_clocks_change_too(
    portal: Portal, mary: Browser, until: str, ends: str
) -> None:
    assert mary.post("/people", {**FORM, "until": until}).status_code == 303
    kept = "select to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from white_code where id = :id"
    assert portal.system.scalar(kept, id=code_id(portal, JAAK)) == ends


def test_a_session_older_than_the_longest_time_is_no_live_one(portal: Portal, mary: Browser) -> None:
    listed(portal)
    jaak = portal.browser()
    jaak.client.environ_base["HTTP_USER_AGENT"] = (
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    )
    jaak.sign_in(JAAK)
    key = code_id(portal, JAAK)
    assert "Firefox, Linux" in mary.get(f"/people/{key}").text
    portal.system.sql(
        "update operator_session set created_at = now() - interval '2 days' where white_code_id = :key", key=key
    )
    assert "Firefox, Linux" not in mary.get(f"/people/{key}").text


def test_somebody_is_let_in_and_is_what_was_said(portal: Portal, mary: Browser) -> None:
    added = mary.post("/people", {**FORM, "until": "2099-12-31"})
    assert added.status_code == 303
    page = mary.page(str(added.location))
    assert "Clerk" in page.text("dd")
    assert "Mari Maasikas" in page.text("dd")
    assert "2099-12-31" in page.text("dd")
    assert "Let in" in page.text("ol")
    assert WHY in page.text("ol")
    jaak = portal.browser()
    assert jaak.sign_in(JAAK).status_code == 303
    assert jaak.get("/invoices").status_code == 200
    assert jaak.get("/people").status_code == 403
    assert "Jaak-Kristjan Jõeorg" in mary.page("/people").text("tbody")


def test_a_change_of_role_counts_from_the_next_click(portal: Portal, mary: Browser) -> None:
    key = listed(portal)
    jaak = portal.browser()
    jaak.sign_in(JAAK)
    assert jaak.get("/people").status_code == 403
    assert mary.post(f"/people/{key}", edit_form(mary, key, role="tenant_admin")).status_code == 303
    assert jaak.get("/people").status_code == 200
    assert "Clerk before, Administrator now" in mary.page(f"/people/{key}").text("ol")


def test_access_taken_away_ends_all_sessions_at_once_and_says_how_many(portal: Portal, mary: Browser) -> None:
    key = listed(portal)
    browsers = [portal.browser() for _ in range(2)]
    for each in browsers:
        each.sign_in(JAAK)
    asked = mary.fragment(f"/people/{key}/revocations/new")
    assert "2 live sessions end at once." in asked.text
    assert "<html" not in asked.text
    assert mary.post(f"/people/{key}/revocations", {"reason": ""}).status_code == 422
    assert mary.post(f"/people/{key}/revocations", {"reason": "has left"}).status_code == 303
    assert "2 sessions were ended." in mary.get(f"/people/{key}").text
    assert [each.get("/invoices").status_code for each in browsers] == [303, 303]
    assert mary.post(f"/people/{key}/revocations", {"reason": "twice"}).status_code == 404
    assert "2 sessions ended, by Mary" in mary.page(f"/people/{key}").text("ol")
    assert JAAK in mary.page("/people?removed=1").text("tbody")
    assert mary.post("/people", FORM).status_code == 303, "may be let in again"


def test_an_access_that_ended_lets_nobody_in(portal: Portal, mary: Browser) -> None:
    key = listed(portal)
    jaak = portal.browser()
    jaak.sign_in(JAAK)
    portal.system.sql("update white_code set expires_at = now() - interval '1 second' where id = :id", id=key)
    assert jaak.get("/invoices").status_code == 303
    assert "You are not on the list" in jaak.sign_in(JAAK).text
    assert "Ended" in mary.page("/people").text("tbody")


def test_the_last_day_is_the_whole_of_it(portal: Portal, mary: Browser) -> None:
    key = listed(portal)
    mary.post(f"/people/{key}", edit_form(mary, key, until="2030-06-30"))
    ends = portal.system.scalar("select expires_at from white_code where id = :id", id=key)
    assert ends.astimezone(UTC).isoformat() == "2030-06-30T21:00:00+00:00"
    assert 'value="2030-06-30"' in mary.get(f"/people/{key}/edit").text


def test_a_summary_says_of_each_fault_which_field_it_is_in_the_order_of_the_form(mary: Browser) -> None:
    answer = mary.post("/people", {"role": "viewer", "until": "tomorrow"})
    summary = answer.text.partition('<div class="faults"')[2].partition("</ul>")[0]
    assert re.findall(r"<a [^>]*>(.*?)</a>", summary) == [
        "Country and personal code: This is needed",
        "Name: This is needed",
        "Who answers for it: This is needed",
        "Last day: Write a day as 2027-01-31",
        "Say why, in 3 to 500 characters: it stays on the timeline",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", ""),
        ("subject", "38001085718"),
        ("subject", "EE 38 <script>"),
        ("subject", "EE38001085719"),
        ("subject", "EE3800108571"),
        ("subject", "E" * 300),
        ("name", ""),
        ("name", "x" * 121),
        ("name", "a\u202eb"),
        ("owner", "\x00\x01"),
        ("role", "root"),
        ("role", ""),
        ("until", "31.12.2099"),
        ("until", "2001-01-01"),
        ("until", "9999-12-31"),
        ("reason", "x"),
        ("reason", "x" * 501),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(portal: Portal, mary: Browser, field: str, value: str) -> None:
    before = portal.system.scalar("select count(*) from white_code")
    answer = mary.post("/people", {**FORM, field: value})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert "Mari Maasikas" in answer.text or field == "owner", "what was typed is kept"
    assert portal.system.scalar("select count(*) from white_code") == before


def test_hostile_text_comes_back_as_text(portal: Portal, mary: Browser) -> None:
    answer = mary.post("/people", {**FORM, "name": HOSTILE, "owner": HOSTILE, "reason": HOSTILE})
    assert answer.status_code == 303
    for path in ("/people", str(answer.location), f"{answer.location}/edit", f"{answer.location}/revocations/new"):
        text = mary.get(path).text
        assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in mary.get(str(answer.location)).text


def test_nobody_is_listed_twice(portal: Portal, mary: Browser) -> None:
    listed(portal)
    answer = mary.post("/people", FORM)
    assert answer.status_code == 422
    assert "This person has access already" in answer.text


def test_nobody_changes_their_own_access(portal: Portal, mary: Browser) -> None:
    own = code_id(portal, PERSONA)
    assert "This is you." in mary.get(f"/people/{own}").text
    changed = mary.post(f"/people/{own}", edit_form(mary, own, role="viewer"))
    assert changed.status_code == 409
    assert "Nobody changes their own access" in changed.text
    assert mary.post(f"/people/{own}/revocations", {"reason": "I go"}).status_code == 409
    assert mary.get("/people").status_code == 200


def test_a_clerk_cannot_make_themselves_more(portal: Portal) -> None:
    """T58: neither by the door nor by the verb."""
    key = listed(portal)
    jaak = portal.browser()
    jaak.sign_in(JAAK)
    form = {"name": "Jaak", "owner": "Mari", "role": "tenant_admin", "reason": WHY, "seen": "[]"}
    assert jaak.post(f"/people/{key}", form).status_code == 403
    me = Actor("operator", str(portal.system.scalar("select id from operator where subject = :s", s=JAAK)))
    more = Access("Jaak", "Mari", Role.TENANT_ADMIN)
    with portal.system.app.app_context(), pytest.raises(OwnAccess):
        people.change(key, more, seen=CLERK, actor=me, reason="why not")


def test_two_tabs_on_one_person_the_second_is_told(portal: Portal, mary: Browser) -> None:
    key = listed(portal)
    first, second = edit_form(mary, key, role="finance"), edit_form(mary, key, role="auditor")
    assert mary.post(f"/people/{key}", first).status_code == 303
    answer = mary.post(f"/people/{key}", second)
    assert answer.status_code == 409
    assert "Somebody changed this in the meantime" in answer.text
    assert portal.system.scalar("select role from white_code where id = :id", id=key) == "finance"


@pytest.mark.parametrize(
    "seen", ["", "{}", "[1,2,3]", '["a","b","root",null]', '["a","b","clerk","yesterday"]', "\x00"]
)
def test_a_made_up_past_is_refused(portal: Portal, mary: Browser, seen: str) -> None:
    key = listed(portal)
    assert mary.post(f"/people/{key}", edit_form(mary, key, seen=seen)).status_code == 422


def test_the_last_administrator_stays(own_portal: Portal) -> None:
    """Mary and the keeper remove each other at the same time: exactly one of them can."""
    app = own_portal.system.app
    keys = {subject: code_id(own_portal, subject) for subject in (PERSONA, KEEPER)}

    def remove(subject: str) -> str:
        with app.app_context():
            try:
                people.revoke(keys[subject], actor=ADMIN, reason="you first")
            except LastKeeper:
                return "refused"
            finally:
                db.session.remove()
        return "removed"

    for _ in range(10):
        with ThreadPoolExecutor(2) as two:
            assert sorted(two.map(remove, keys)) == ["refused", "removed"]
        own_portal.system.sql("update white_code set revoked_at = null, revoked_by = null")
    kept = own_portal.system.scalar("select count(*) from white_code where revoked_at is null")
    assert kept == 2


def test_the_last_administrator_cannot_be_made_less_nor_end(own_portal: Portal) -> None:
    own_portal.system.sql("update white_code set role = 'viewer' where subject = :s", s=KEEPER)
    seen, until = Access("Mary", "", Role.TENANT_ADMIN), datetime(2099, 1, 1, tzinfo=UTC)
    mary = code_id(own_portal, PERSONA)
    with own_portal.system.app.app_context():
        for less in (Access("M", "", Role.VIEWER), Access("M", "", Role.TENANT_ADMIN, until)):
            with pytest.raises(LastKeeper):
                people.change(mary, less, seen=seen, actor=ADMIN, reason=WHY)
            with pytest.raises(ChangedMeanwhile):
                people.change(mary, less, seen=less, actor=ADMIN, reason=WHY)


def test_the_database_keeps_the_last_administrator_too(own_portal: Portal) -> None:
    for change in ("revoked_at = now()", "role = 'clerk'", "expires_at = now() + interval '1 year'"):
        with pytest.raises(DBAPIError, match="the last administrator stays"):
            own_portal.system.sql(f"update white_code set {change}")
    with pytest.raises(DBAPIError, match="ck_white_code_role"):
        own_portal.system.sql("update white_code set role = 'root'")


def test_a_session_of_anybody_is_ended_at_once(portal: Portal, mary: Browser) -> None:
    listed(portal)
    jaak = portal.browser()
    jaak.sign_in(JAAK)
    theirs = portal.system.scalar("select max(id) from operator_session")
    page = mary.page("/people/sessions")
    assert page.text("tbody").count("this browser") == 1
    assert "Jaak-Kristjan" in page.text("tbody")
    assert "Jaak-Kristjan" in mary.fragment(f"/people/sessions/{theirs}/endings/new").text
    assert mary.post(f"/people/sessions/{theirs}/endings", {}).status_code == 422
    assert mary.post(f"/people/sessions/{theirs}/endings", {"reason": "lost phone"}).status_code == 303
    assert jaak.get("/invoices").status_code == 303
    assert mary.post(f"/people/sessions/{theirs}/endings", {"reason": "lost phone"}).status_code == 404
    said = portal.system.scalar(
        "select reason from event where kind = 'operator.session.ended' order by id desc limit 1"
    )
    assert said == "lost phone"


def test_who_is_refused_sees_the_code_to_give_to_an_administrator(
    portal: Portal, stranger: Browser, mary: Browser
) -> None:
    answer = stranger.sign_in("LT60001019906")
    assert answer.status_code == 403
    assert "LT60001019906" in answer.text
    assert "Settings, People" in answer.text
    assert mary.post("/people", {**FORM, "subject": "lt 60001019906"}).status_code == 303
    assert stranger.sign_in("LT60001019906").status_code == 303


def test_the_language_goes_with_the_person(portal: Portal, mary: Browser) -> None:
    back = mary.post("/language", {"lang": "et", "back": "/people"})
    assert back.location == "/people"
    assert "Inimesed" in mary.page("/people").text("h1")
    elsewhere = portal.browser()
    elsewhere.client.set_cookie("lang", "ru")
    elsewhere.sign_in(PERSONA)
    assert "Inimesed" in elsewhere.page("/people").text("h1")
    mary.post("/language", {"lang": "xx", "back": "//evil.example"})
    assert portal.system.scalar("select locale from operator where subject = :s", s=PERSONA) == "et"
    portal.system.sql("update operator set locale = null")


def test_the_timeline_keeps_no_name_and_no_personal_code(portal: Portal, mary: Browser) -> None:
    mary.post("/people", FORM)
    kept = json.dumps([row.data for row in portal.system.rows("select data from event where kind like 'white_code%'")])
    assert JAAK not in kept
    assert "Jõeorg" not in kept


def test_the_page_is_quick_to_say_who_is_there(portal: Portal, mary: Browser) -> None:
    portal.system.sql(
        "insert into white_code (subject, name, owner, role, expires_at) select 'EE' || (39000000000 + n), 'P ' || n, "
        "'Mari', 'viewer', :until from generate_series(1, 100) n",
        until=datetime.now(UTC) + timedelta(days=9),
    )
    assert mary.page("/people").text("tbody").count("Viewer") == 100
