"""Keys of services: two at a time, each limited to what it is for, and known by when it was last used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from sqlalchemy import update

from app import cli
from app.domain.errors import Conflict, Invalid, NotFound
from app.models.initiator import InitiatorKey
from app.services import initiator_keys, initiators, key_use
from app.services.initiator_keys import TooManyKeys
from app.services.initiators import AccessDenied
from app.services.timeline import Actor
from app.uow import transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.services.initiator_keys import IssuedKey
    from tests.system import System

MARI = Actor("operator", "7")


@pytest.fixture(autouse=True)
def context(system: System) -> Iterator[None]:
    with system.app.app_context():
        yield


def used_at(system: System, kid: str) -> Any:
    return system.scalar("select last_used_at from initiator_key where kid = :kid", kid=kid)


def forget(system: System) -> None:
    """Let this process forget what it noted, as another process never knew it."""
    system.app.extensions.pop(key_use.NOTED, None)


def test_two_keys_live_side_by_side_and_a_third_is_refused() -> None:
    first, second = initiator_keys.issue_key("auction", name="old"), initiator_keys.issue_key("auction", name="new")
    assert initiators.authenticate(first.token).code == initiators.authenticate(second.token).code == "auction"
    with pytest.raises(TooManyKeys, match="revoke one first"):
        initiator_keys.issue_key("auction")
    initiator_keys.revoke_key(first.kid)
    initiator_keys.issue_key("auction")
    with pytest.raises(AccessDenied):
        initiators.authenticate(first.token)


def test_a_key_sealed_under_another_secret_key_keeps_nobody_else_out() -> None:
    lost, own = initiator_keys.issue_key("auction"), initiator_keys.issue_key("registry")
    sealed = Fernet(Fernet.generate_key()).encrypt(b"of another installation")
    with transaction() as tx:
        tx.execute(update(InitiatorKey).where(InitiatorKey.kid == lost.kid).values(secret_sealed=sealed))
    initiators.forget_key_ring()
    assert initiators.authenticate(own.token).code == "registry"
    with pytest.raises(AccessDenied):
        initiators.authenticate(lost.token)


def test_a_key_that_has_ended_makes_room(system: System) -> None:
    initiator_keys.issue_key("auction", days=1)
    initiator_keys.issue_key("auction", days=1)
    system.sql("update initiator_key set expires_at = now() - interval '1 second'")
    assert initiators.authenticate(initiator_keys.issue_key("auction").token).code == "auction"
    assert initiator_keys.issue_key("registry").kid, "each service has its own two"


def test_eight_who_ask_at_once_get_two_keys(system: System) -> None:
    def ask(_: int) -> IssuedKey | None:
        with system.app.app_context():
            try:
                return initiator_keys.issue_key("auction")
            except TooManyKeys:
                return None

    with ThreadPoolExecutor(8) as pool:
        made = [key for key in pool.map(ask, range(8)) if key]
    assert len(made) == 2
    assert system.scalar("select count(*) from initiator_key") == 2


def test_the_same_wish_makes_one_key() -> None:
    initiator_keys.issue_key("auction", idempotency_key="form 1")
    with pytest.raises(Conflict, match="made already"):
        initiator_keys.issue_key("auction", idempotency_key="form 1")
    assert len(initiator_keys.live_keys("auction")) == 1


def test_scopes_are_kept_changed_and_told_on_the_timeline(system: System) -> None:
    key = initiator_keys.issue_key("auction", scopes=["billing.view", "billing.view"], actor=MARI, reason="for reports")
    assert initiators.authenticate(key.token).scopes == frozenset({"billing.view"})
    initiator_keys.set_scopes(key.kid, ["billing.refund", "billing.view"], actor=MARI, reason="refunds too")
    assert initiators.authenticate(key.token).scopes == frozenset({"billing.refund", "billing.view"})
    initiator_keys.set_scopes(key.kid, None, actor=MARI, reason="everything")
    assert initiators.authenticate(key.token).scopes is None
    initiator_keys.revoke_key(key.kid, actor=MARI, reason="over")
    told = system.rows("select kind, actor, reason, data from event order by id")
    assert [(row.kind, row.actor, row.reason) for row in told] == [
        ("initiator.key.issued", "7", "for reports"),
        ("initiator.key.scopes_changed", "7", "refunds too"),
        ("initiator.key.scopes_changed", "7", "everything"),
        ("initiator.key.revoked", "7", "over"),
    ]
    assert told[1].data == {
        "initiator": "auction",
        "kid": key.kid,
        "before": ["billing.view"],
        "after": ["billing.refund", "billing.view"],
    }
    assert key.secret not in str([row.data for row in told])


@pytest.mark.parametrize("scopes", [[], ["billing.everything"], ["users.manage"], ["billing.view", ""]])
def test_nobody_gets_everything_by_naming_nothing_or_what_no_door_asks_for(scopes: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        initiator_keys.issue_key("auction", scopes=scopes)
    assert list(refused.value.fields) == ["scopes"]


@pytest.mark.parametrize(
    ("field", "wish"), [("days", {"days": 0}), ("days", {"days": 99999}), ("name", {"name": "x" * 101})]
)
def test_a_wrong_wish_names_its_field(field: str, wish: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        initiator_keys.issue_key("auction", **wish)
    assert list(refused.value.fields) == [field]


def test_what_is_not_there_cannot_be_changed() -> None:
    for verb in (
        lambda: initiator_keys.issue_key("nobody"),
        lambda: initiator_keys.revoke_key("nothing"),
        lambda: initiator_keys.set_scopes("nothing", None),
        lambda: initiator_keys.accept_shared_secret("nobody", accepted=True),
        lambda: initiator_keys.live_keys("nobody"),
    ):
        with pytest.raises(NotFound):
            verb()


def test_the_use_of_a_key_is_kept_once_a_minute(system: System) -> None:
    key = initiator_keys.issue_key("auction")
    assert used_at(system, key.kid) is None
    initiators.authenticate(key.token)
    first = used_at(system, key.kid)
    assert first is not None
    initiators.authenticate(key.token)
    forget(system)
    initiators.authenticate(key.token)
    assert used_at(system, key.kid) == first, "another process does not write within the minute"
    system.sql("update initiator_key set last_used_at = now() - interval '61 seconds'")
    forget(system)
    initiators.authenticate(key.token)
    assert used_at(system, key.kid) > first


def test_the_shared_secret_is_used_by_those_it_is_left_to(system: System) -> None:
    system.number("auction")
    seen = {each.initiator.code: each.initiator.shared_secret_used_at for each in initiator_keys.list_services()}
    assert seen["auction"] is not None
    assert seen["registry"] is None
    initiator_keys.accept_shared_secret("auction", accepted=False, actor=MARI, reason="it has its own key")
    assert system.call("auction", "/invoice_generator/invoice_number_generator").status_code == 401
    assert system.call("registry", "/invoice_generator/invoice_number_generator").status_code == 201
    initiator_keys.accept_shared_secret("auction", accepted=False)
    assert system.scalar("select count(*) from event where kind = 'initiator.shared_secret.changed'") == 1


def test_the_list_shows_live_keys_first() -> None:
    gone, live = initiator_keys.issue_key("auction"), initiator_keys.issue_key("auction")
    initiator_keys.revoke_key(gone.kid)
    auction = next(each for each in initiator_keys.list_services() if each.initiator.code == "auction")
    assert [key.kid for key in auction.keys] == [live.kid, gone.kid]
    assert auction.live == {live.kid}


def test_the_command_line_issues_shows_and_revokes(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_application", lambda: system.app)

    def say(*words: str) -> str:
        return CliRunner().invoke(cli.main, list(words)).output

    kid = say("issue-key", "auction", "--scope", "billing.view", "--scope", "billing.refund").split()[2]
    assert say("revoke-key", "auction") == f"{kid}\t\tnever used\tbilling.refund billing.view\n"
    assert f"Key {kid} of registry not found" in say("revoke-key", "registry", kid)
    assert say("revoke-key", "auction", kid) == ""
    assert say("revoke-key", "auction") == ""
    assert "billing.everything" in say("issue-key", "auction", "--scope", "billing.everything")
