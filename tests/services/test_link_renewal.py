"""Links the gateway's old key signed are signed anew, those of invoices that may still be paid and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from app import cli
from app.integrations.everypay.links import LinkPaySigner
from app.services import link_renewal
from app.services.link_renewal import Renewed
from tests.services.refunding import assert_sound
from tests.services.test_competing_attempts import by_link, hear

if TYPE_CHECKING:
    import pytest

    from tests.system import System

LINKS = "select number, payment_link from invoice where payment_link <> '' order by number"
MADE = """select count(*) from event e join invoice i on i.id = e.invoice_id
           where e.kind = 'invoice.link.made' and i.number = :n"""
NEW = LinkPaySigner(prefix="https://pay.test/lp", token="another", key="a-new-key")


def links(system: System) -> dict[int, str]:
    return {row.number: row.payment_link for row in system.rows(LINKS)}


def renewed(system: System) -> Renewed:
    with system.app.app_context():
        return list(link_renewal.renew(NEW))[-1]


def test_links_that_may_still_be_used_are_signed_anew_and_once(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_renewal, "BATCH", 2)
    paid, *unpaid = (system.invoice() for _ in range(4))
    hear(system, by_link(system, paid))
    before = links(system)
    assert renewed(system) == Renewed(3, 3)
    after = links(system)
    assert after[paid] == before[paid]
    for number in unpaid:
        assert after[number].startswith("https://pay.test/lp?")
        assert after[number] != before[number]
        assert system.scalar(MADE, n=number) == 2
    assert renewed(system) == Renewed(3, 0)
    assert system.scalar(MADE, n=unpaid[0]) == 2
    assert_sound(system)


def test_under_the_same_key_a_link_comes_out_as_it_was(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    system.invoice()
    before = links(system)
    monkeypatch.setattr(cli, "_application", lambda: system.app)
    said = CliRunner().invoke(cli.main, ["renew-links"])
    assert (said.exit_code, said.output.rpartition("\r")[2]) == (0, "Payment links looked at: 1, signed anew: 0.\n")
    assert links(system) == before
