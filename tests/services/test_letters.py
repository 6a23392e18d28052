"""The contact of a service is written to when messages to it are given up (reliability.md 3.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.integrations.fault_dial import Fault
from app.integrations.mail.simulator import LETTER, Mailbox, smtp_server
from app.services import initiator_contacts
from tests.integrations.sockets import closed_port
from tests.system import System, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.config import Settings

CONTACT = "ops@registry.test"
TRIES = 3  # a plain refusal


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def system(fresh_database: str, redis_url: str, mailbox: Mailbox) -> Iterator[System]:
    port = closed_port()
    server = smtp_server(mailbox, port)
    server.start()
    more = {"SMTP_ADDRESS": "127.0.0.1", "SMTP_PORT": str(port), "ACTION_MAILER_DEFAULT_FROM": "billing@billing.test"}
    made = build(fresh_database, redis_url, **more)
    yield made
    made.close()
    server.stop()


def give_contact(system: System, code: str, email: str | None) -> None:
    with system.app.app_context():
        initiator_contacts.change(code, email)


def given_up(system: System, code: str = "registry") -> int:
    """Let a service refuse the news of a payment until we give it up."""
    operation = "payment_status"
    system.transports[code].app.extensions["service"].dial.turn([Fault(operation, "http", times=0, status=422)])
    number, _reference = system.settle(code)
    for _ in range(TRIES):
        system.hurry()
        system.drain()
    system.transports[code].app.extensions["service"].dial.turn([])
    return number


def owed(system: System) -> list[tuple[str, int]]:
    return [tuple(row) for row in system.rows("select state, attempts from outbox where kind = 'mail.letter.send'")]


def test_who_mends_the_service_is_written_to_once_a_day(system: System, mailbox: Mailbox) -> None:
    give_contact(system, "registry", CONTACT)
    number = given_up(system)
    given_up(system)
    (letter,) = mailbox.letters()
    assert letter["to"] == [CONTACT]
    assert "http://localhost/deliveries" in letter["text"].splitlines()
    assert f"about invoice {number}: it was tried {TRIES} times, and the last answer was 422." in letter["text"]
    assert owed(system) == [("done", 1)]


def test_links_lead_where_the_settings_say(system: System, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    own: Settings = system.app.extensions["settings"]
    named = own.mail.model_copy(update={"link_host": "billing.example.ee", "link_port": 8443})
    monkeypatch.setitem(system.app.extensions, "settings", own.model_copy(update={"mail": named}))
    give_contact(system, "registry", CONTACT)
    given_up(system)
    (letter,) = mailbox.letters()
    assert "https://billing.example.ee:8443/deliveries" in letter["text"].splitlines()


def test_nobody_is_written_to_without_a_contact_and_the_question_is_there(system: System, mailbox: Mailbox) -> None:
    give_contact(system, "eeid", "ops@eeid.test")
    given_up(system)
    assert mailbox.letters() == []
    assert owed(system) == []
    assert system.scalar("select count(*) from review_item where kind = 'outbox.dead'") == 1


def test_a_letter_that_is_refused_for_good_becomes_a_question(system: System, mailbox: Mailbox) -> None:
    give_contact(system, "registry", CONTACT)
    mailbox.dial.turn([Fault(LETTER, "http", times=0, status=550)])
    given_up(system)
    for _ in range(3):
        system.hurry()
        system.drain()
    assert owed(system) == [("dead", 3)]
    asked = system.rows("select sentence from review_item where kind = 'outbox.dead' and sentence like 'mail%'")
    assert len(asked) == 1
    assert CONTACT not in asked[0].sentence


def test_a_letter_whose_answer_was_lost_goes_again_under_its_name(system: System, mailbox: Mailbox) -> None:
    give_contact(system, "registry", CONTACT)
    mailbox.dial.turn([Fault(LETTER, "reset_after")])
    given_up(system)
    system.hurry()
    system.drain()
    first, second = mailbox.letters()
    assert first["id"] == second["id"]
    assert owed(system) == [("done", 2)]


def test_the_history_says_where_a_contact_is_and_not_whose(system: System) -> None:
    for email in (CONTACT, CONTACT, None):
        give_contact(system, "registry", email)
    rows = system.rows("select data from event where kind = 'initiator.contact.changed' order by id")
    assert [(row.data["before"], row.data["after"]) for row in rows] == [
        (None, "…@registry.test"),
        ("…@registry.test", None),
    ]
    with system.app.app_context(), pytest.raises(ValueError, match="email"):
        initiator_contacts.change("registry", "a@b.ee\nBcc: c@d.ee")
