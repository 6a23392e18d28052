"""Where a chain stood is told outside too: who rewrites it whole contradicts that (reliability.md 3.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import structlog
from sqlalchemy import text

from app.domain.chain import GENESIS, link_hash, parse_row
from app.services import anchors, letters, proofs, sealing
from app.uow import transaction
from tests.system import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structlog.typing import EventDict

    from app.domain.mail import Head
    from tests.system import System

TO = "auditor@example.ee"


@pytest.fixture
def sealed(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    monkeypatch.setattr(sealing, "UNSEALED", sealing.UNSEALED.replace("2 seconds", "0 seconds"))
    pay(system)
    return system


def pay(system: System) -> None:
    system.settle("auction", "12.34")
    with system.app.app_context():
        sealing.seal()


def drop(system: System) -> tuple[list[Head], list[EventDict]]:
    with system.app.app_context(), structlog.testing.capture_logs() as said:
        return anchors.drop(), said


def broken(system: System) -> list[str]:
    with system.app.app_context():
        return [each.name for each in proofs.verify().proofs if each.broken]


def rewrite(system: System, chain: str) -> None:
    """Change the first row of a chain and hash it all anew, as somebody could who owns the database."""
    for table in ("event", "seal"):
        system.sql(f"alter table {table} disable trigger user")
    try:
        system.sql("update event set actor = 'nobody' where id = (select min(id) from event)")
        with system.app.app_context(), transaction() as tx:
            previous = GENESIS
            question = text(sealing.links_with_rows(chain))
            for link in tx.execute(question, {"chain": chain, "after": 0}).all():
                hashed = link_hash(previous, parse_row(link.body))
                values = {"hash": hashed, "previous": previous, "chain": chain, "position": link.position}
                place = "where chain = :chain and position = :position"
                tx.execute(text(f"update seal set hash = :hash, previous_hash = :previous {place}"), values)
                previous = hashed
    finally:
        for table in ("event", "seal"):
            system.sql(f"alter table {table} enable trigger user")


def test_the_heads_are_kept_and_said_in_the_log(sealed: System) -> None:
    heads, said = drop(sealed)
    assert [each.chain for each in heads] == ["event", "ledger"]
    last = "select chain, position, encode(hash, 'hex') from seal s where not exists"
    last += " (select from seal n where n.chain = s.chain and n.position > s.position) order by chain"
    assert [(each.chain, each.position, each.hash) for each in heads] == [tuple(row) for row in sealed.rows(last)]
    told = [(each["kind"], each["position"], each["head"]) for each in said if each["event"] == "chain.anchored"]
    assert told == [(each.chain, each.position, f"\\x{each.hash}") for each in heads]


def test_what_stands_where_it_stood_is_not_told_again(sealed: System) -> None:
    drop(sealed)
    assert drop(sealed) == ([], [])
    pay(sealed)
    heads, _said = drop(sealed)
    assert len(heads) == 2
    assert sealed.scalar("select count(*) from anchor") == 4


def test_before_anything_is_sealed_nothing_is_told(system: System) -> None:
    assert drop(system) == ([], [])


def test_a_chain_that_was_rewritten_whole_contradicts_its_anchor(sealed: System) -> None:
    drop(sealed)
    assert broken(sealed) == []
    rewrite(sealed, "event")
    assert broken(sealed) == ["S2 anchored"]


def test_nobody_is_written_to_unless_an_address_is_set(sealed: System) -> None:
    drop(sealed)
    assert sealed.scalar("select count(*) from outbox where kind = :kind", kind=letters.SEND) == 0


@pytest.fixture
def writing(fresh_database: str, redis_url: str) -> Iterator[System]:
    made = build(fresh_database, redis_url, CHAIN_HEADS_TO=TO, SMTP_ADDRESS="127.0.0.1")
    yield made
    made.close()


def test_a_letter_tells_where_they_stood_and_how_to_prove_it(writing: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "UNSEALED", sealing.UNSEALED.replace("2 seconds", "0 seconds"))
    pay(writing)
    heads, _said = drop(writing)
    pay(writing)
    drop(writing)
    (owed,) = writing.rows("select payload from outbox where kind = :kind", kind=letters.SEND)
    assert owed.payload["to"] == TO
    said = owed.payload["text"].splitlines()
    for each in heads:
        assert f"{each.chain}, {each.position} rows:" in said
        assert f"python verify_chain.py --head {each.hash} {each.chain}.jsonl" in said
