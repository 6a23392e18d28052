"""`billing import-legacy`: the old tables as ours, with a report of what was mapped, what was not, and why."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from app.services.legacy import LegacyReport, import_legacy
from app.services.legacy_source import NoSuchSource
from app.services.proofs import verify
from tests.services.legacy_tables import CANCELLED, FAILED, OVERDUE, PAID, REFUNDED, UNPAID, Legacy, answer
from tests.system import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Databases
    from tests.system import System

BY_REPORT = "taken as paid by report of its service"


@pytest.fixture
def old(databases: Databases) -> Iterator[Legacy]:
    """Return an old database without rows."""
    with databases.empty() as url:
        made = Legacy(url)
        yield made
        made.close()


def move(system: System, old: Legacy, *, rehearse: bool = False) -> LegacyReport:
    with system.app.app_context():
        report = import_legacy(old.url, rehearse=rehearse)
        proofs = verify()
    assert proofs.holds, str(proofs)
    return report


def table(report: LegacyReport, name: str = "invoices") -> Any:
    return next(each for each in report.tables if each.table == name)


def one(system: System, question: str, **values: Any) -> Any:
    (found,) = system.rows(question, **values)
    return found


def test_every_status_is_here_what_it_was_there(system: System, old: Legacy) -> None:
    words = {UNPAID: "unpaid", PAID: "paid", CANCELLED: "cancelled", REFUNDED: "refunded", OVERDUE: "overdue"}
    for number, status in enumerate([*words, FAILED], 150_100):
        old.invoice(number, status, reference=f"ref{number}" if status in {PAID, REFUNDED} else None)
    report = move(system, old)
    assert (table(report).read, table(report).added) == (6, 6)
    assert [system.status(number) for number in range(150_100, 150_106)] == [*words.values(), "charged_with_error"]


def test_a_settled_payment_keeps_its_reference_and_what_the_gateway_said(system: System, old: Legacy) -> None:
    old.invoice(150_100, PAID, reference="db98561e")
    move(system, old)
    found = one(system, "select * from payment")
    assert (found.method, found.gateway, found.account, found.external_id, found.captured_minor) == (
        "hosted", "everypay", "EUR3D1", "db98561e", 12_000,
    )  # fmt: skip
    assert found.snapshot["payment_method"] == "card"
    assert found.completed_at.isoformat() == "2024-02-03T10:00:00+00:00"
    held = (
        "select sum(e.amount_minor) from ledger_entry e join ledger_account a on a.id = e.account_id "
        "where a.code = 'clearing:everypay'"
    )
    assert system.scalar(held) == 12_000


def test_its_callback_that_comes_again_changes_nothing(system: System, old: Legacy) -> None:
    old.invoice(150_100, PAID, reference="db98561e")
    move(system, old)
    before = system.rows("select id, kind from event where kind not like 'gateway%' order by id")
    assert system.callback("db98561e").status_code == 200
    assert [each for each in system.rows("select id, kind from event where kind not like 'gateway%' order by id")
            if each.kind not in {"payment.fetched", "review.item.opened"}] == before  # fmt: skip
    assert system.status(150_100) == "paid"
    assert system.scalar("select count(*) from outbox where kind = 'initiator.payment.notify'") == 0


def test_what_no_gateway_proves_is_the_service_s_word(system: System, old: Legacy) -> None:
    old.invoice(150_100, PAID)
    for number, state, amount in ((150_101, None, None), (150_102, "failed", "120.0"), (150_103, "settled", "119.0")):
        said = answer(number, amount, f"r{number}", state) if state and amount else None
        old.invoice(number, PAID, payment_reference=f"r{number}", everypay_response=said)
    old.invoice(150_104, PAID, everypay_response=answer(150_104, "120.0", "r"))
    assert dict(table(move(system, old)).mapped) == {
        f"paid without a gateway: {BY_REPORT}": 1,
        f"the gateway's answer does not prove it paid: {BY_REPORT}": 3,
        f"the gateway names another amount: {BY_REPORT}": 1,
    }
    assert system.rows("select distinct method, gateway from payment") == [("reported", "service")]
    assert {system.status(number) for number in range(150_100, 150_105)} == {"paid"}


def test_a_reference_that_two_invoices_name_belongs_to_the_first(system: System, old: Legacy) -> None:
    for number in (150_100, 150_101):
        old.invoice(number, PAID, reference="same")
    report = move(system, old)
    assert dict(table(report).mapped) == {f"its payment reference belongs to another payment: {BY_REPORT}": 1}
    assert [each.method for each in system.rows("select method from payment order by id")] == ["hosted", "reported"]


def test_reservations_on_one_number_become_claims_on_one_invoice(system: System, old: Legacy) -> None:
    text = "Reserved domain names: {}; User unique id: {}"
    owner = {"initiator": "business_registry"}
    old.invoice(150_100, UNPAID, "10.0", description=text.format("a.ee", "5e03f248-6"), **owner)
    old.invoice(150_100, PAID, "20.0", reference="r", description=text.format("a.ee, b.ee", "77aa0000-1"), **owner)
    old.invoice(150_101, UNPAID, "10.0", description="Reserved domain name: c.ee, Token: t0ken", **owner)
    report = move(system, old)
    assert (table(report).added, dict(table(report).mapped)) == (2, {"reservations: one claim per holder": 2})
    claims = system.rows(
        "select i.number, c.user_unique_id, c.names, c.amount_minor, c.won_at is not null as won "
        "from invoice_claim c join invoice i on i.id = c.invoice_id order by 1, 2"
    )
    assert [tuple(each) for each in claims] == [
        (150_100, "5e03f248-6", ["a.ee"], 1_000, False),
        (150_100, "77aa0000-1", ["a.ee", "b.ee"], 2_000, True),
        (150_101, "t0ken", ["c.ee"], 1_000, False),
    ]
    ask = "/invoice/reserved_domains_invoice_statuses?invoice_number=150100&user_unique_id="
    for holder, word in (("77aa0000-1", "paid"), ("5e03f248-6", "unpaid")):
        assert system.call("registry", ask + holder, method="GET").json["invoice_status"] == word
    given_up = {"domain_name": "c.ee", "token": "t0ken"}
    path = "/invoice/reserved_domain_cancellation_statuses"
    assert system.call("registry", path, given_up, method="PATCH").status_code == 200
    assert system.status(150_101) == "cancelled"


def test_deposits_become_deposits_and_one_of_each_stays_open(system: System, old: Legacy) -> None:
    text = "auction_deposit pre.ee, user_uuid {}, user_email a@b.ee"
    more = {"initiator": "auction", "affiliation": 1}
    old.invoice(10_010, FAILED, "500.0", description=text.format("u1"), **more)
    old.invoice(10_011, PAID, "500.0", reference="r", description=text.format("u1"), **more)
    old.invoice(10_012, UNPAID, "500.0", description=text.format("u2"), **more)
    old.invoice(10_013, UNPAID, "500.0", description=text.format("u2"), **more)
    old.invoice(10_014, REFUNDED, "500.0", reference="q", description=text.format("u3"), **more)
    move(system, old)
    found = system.rows(
        "select i.number, i.kind, d.domain, d.user_uuid, d.status, d.closed_at is null as open "
        "from deposit d join invoice i on i.id = d.invoice_id order by 1"
    )
    assert [(each.number, each.user_uuid, each.status, each.open) for each in found] == [
        (10_010, "u1", "prepayment", True), (10_011, "u1", "paid", False), (10_012, "u2", "prepayment", False),
        (10_013, "u2", "prepayment", True), (10_014, "u3", "returned", False),
    ]  # fmt: skip
    assert {(each.kind, each.domain) for each in found} == {("auction_deposit", "pre.ee")}


def test_a_paid_bulk_payment_is_one_payment_for_its_members(system: System, old: Legacy) -> None:
    owner = {"initiator": "auction"}
    old.invoice(10_005, PAID, "30.0", reference="bulk", description="150100 150101", **owner)
    for number, amount in ((150_100, "10.0"), (150_101, "20.0")):
        old.invoice(number, PAID, amount, payment_reference="bulk", description="related to 10005", **owner)
    report = move(system, old)
    assert table(report).added == 3
    assert dict(table(report).mapped) == {"bulk payments: its members were paid by it": 1}
    payment = one(system, "select id, captured_minor, external_id from payment")
    given = system.rows(
        "select i.number, a.amount_minor from allocation a join invoice i on i.id = a.invoice_id order by 1"
    )
    members = system.rows(
        "select p.number as parent, m.number, b.amount_minor from bulk_member b join invoice p on p.id = b.parent_id "
        "join invoice m on m.id = b.member_id order by 2"
    )
    assert (payment.captured_minor, payment.external_id) == (3_000, "bulk")
    assert [tuple(each) for each in given] == [(150_100, 1_000), (150_101, 2_000)]
    assert [tuple(each) for each in members] == [(10_005, 150_100, 1_000), (10_005, 150_101, 2_000)]
    assert one(system, "select kind, status from invoice where number = 10005") == ("bulk", "paid")


def test_a_bulk_payment_that_does_not_add_up_is_none(system: System, old: Legacy) -> None:
    owner = {"initiator": "auction"}
    old.invoice(10_005, PAID, "31.0", reference="bulk", description="150100 150101", **owner)
    old.invoice(10_006, UNPAID, "30.0", description="150100 150101", **owner)
    for number, amount in ((150_100, "10.0"), (150_101, "20.0")):
        old.invoice(number, PAID, amount, payment_reference="bulk", description="related to 10005", **owner)
    report = move(system, old)
    assert dict(table(report).not_mapped) == {
        "a bulk payment whose members do not add up to it: each is taken by itself": 2
    }
    assert dict(table(report).mapped) == {f"paid together with others, which cannot be told: {BY_REPORT}": 2}
    assert [system.status(number) for number in (150_100, 150_101)] == ["paid", "paid"]
    assert system.scalar("select count(*) from invoice where number < 20000") == 0


def test_numbers_in_a_registrar_s_free_text_pay_for_nothing(system: System, old: Legacy) -> None:
    old.invoice(150_100, PAID, "1.0", reference="r", description="150101 150102")
    old.invoice(150_101, UNPAID, "500.0")
    old.invoice(10_005, PAID, "1.0", reference="q", description="150101")
    old.invoice(150_103, PAID, "5.0", reference="s", description="150104", initiator="auction")
    old.invoice(150_104, PAID, "5.0", payment_reference="s", description="related to 150103", initiator="auction")
    report = move(system, old)
    assert table(report).added == 5
    assert one(system, "select kind from invoice where number = 150103").kind == "regular"
    assert system.status(150_101) == "unpaid"
    assert one(system, "select kind, description from invoice where number = 150100") == ("regular", "150101 150102")


def test_of_rows_with_one_number_the_one_that_went_furthest_is_the_invoice(system: System, old: Legacy) -> None:
    old.invoice(150_100, UNPAID, "1.0")
    old.invoice(150_100, PAID, "2.0", reference="r")
    old.invoice(150_100, CANCELLED, "3.0")
    report = move(system, old)
    assert dict(table(report).not_mapped) == {"another row with this number was taken": 2}
    assert one(system, "select total_minor, status from invoice") == (200, "paid")


def test_what_cannot_be_mapped_is_named_with_its_reason(system: System, old: Legacy) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"number": 0}, "its number is none"),
        ({"number": -5}, "its number is none"),
        ({"initiator": ""}, "its initiator '' is not known here"),
        ({"initiator": "nobody"}, "its initiator 'nobody' is not known here"),
        ({"status": 6}, "its status 6 is not known here"),
        ({"amount": None}, "it has no amount"),
        ({"amount": "NaN"}, "it has no amount"),
        ({"amount": "-1"}, "its amount is no number of cents"),
        ({"amount": "1.005"}, "its amount is no number of cents"),
    ]
    for step, (values, _) in enumerate(wrong):
        old.invoice(**{"number": 150_100 + step, **values})
    old.invoice(150_200, amount="1.500")
    report = table(move(system, old))
    assert report.added == 1
    assert report.not_mapped == Counter(reason for _, reason in wrong)
    assert "2 not taken: its amount is no number of cents, such as 150107 (row 8)" in str(report)


def test_references_keep_their_owners(system: System, old: Legacy) -> None:
    old.add("references", reference_number="2144032", initiator="registry", owner="Roga", email="a@b.ee")
    old.add("references", reference_number="2144032", initiator="registry", owner="Kopyta", email=None)
    old.add("references", reference_number="2144033", initiator="registry", owner=None, email=None)
    old.add("references", reference_number="2199812", initiator="nobody", owner=None, email=None)
    report = table(move(system, old), "references")
    assert (report.read, report.added) == (4, 1)
    assert dict(report.not_mapped) == {
        "the same number stands further up": 1,
        "is no reference number: its check digit is wrong": 1,
        "its initiator 'nobody' is not known here": 1,
    }
    found = one(system, "select r.number, r.owner, r.email, a.email as theirs from reference r "
                "join account a on a.id = r.account_id")  # fmt: skip
    assert tuple(found) == ("2144032", "Roga", "a@b.ee", "a@b.ee")


def test_numbers_go_on_where_they_stopped(system: System, old: Legacy) -> None:
    old.invoice(150_200)
    old.add("setting_entries", code="directo_monthly_number_last", value="309920")
    old.add("setting_entries", code="directo_sales_agent", value="HELEN")
    report = table(move(system, old), "setting_entries")
    assert dict(report.mapped) == {"monthly numbers go on with 309921": 1}
    assert dict(report.not_mapped) == {"settings are said here anew: docs/configuration.md": 1}
    assert system.number() == 150_201
    answer_ = system.call("registry", "/invoice_generator/monthly_invoice_numbers_generator", {"count": 1})
    assert answer_.json == {"invoice_numbers": [309_921]}


def test_what_is_left_behind_is_said(system: System, old: Legacy) -> None:
    old.invoice(150_100, directo_data={"xml": "..."}, linkpay_info={"a": 1})
    old.add("users", identity_code="60001019906")
    old.add("white_codes", code="60001019906")
    report = move(system, old)
    assert table(report, "app_sessions").read is None
    assert "white-code add" in str(table(report, "white_codes"))
    assert "white-code add" in str(table(report, "users"))
    assert [why.split(":")[0] for why in table(report).not_mapped] == ["column directo_data", "column linkpay_info"]


def test_again_only_what_is_new_is_added(system: System, old: Legacy) -> None:
    old.invoice(150_100, PAID, reference="r")
    move(system, old)
    old.invoice(150_101)
    report = table(move(system, old))
    assert (report.read, report.added, dict(report.not_mapped)) == (2, 1, {"is registered already": 1})


def test_a_rehearsal_reports_the_same_and_leaves_nothing(system: System, old: Legacy) -> None:
    old.invoice(150_100, PAID, reference="r")
    old.add("references", reference_number="2144032", initiator="registry", owner="Roga")
    rehearsed = move(system, old, rehearse=True)
    assert "nothing was written" in str(rehearsed)
    for name in ("invoice", "payment", "reference", "event", "import_batch", "ledger_entry"):
        assert system.scalar(f"select count(*) from {name}") == 0
    real = move(system, old)
    assert [str(each) for each in rehearsed.tables] == [str(each) for each in real.tables]


def test_the_old_tables_are_only_read(system: System, old: Legacy) -> None:
    old.invoice(150_100)
    before = old.connection.execute("select xmin, * from invoices").fetchall()
    move(system, old)
    assert old.connection.execute("select xmin, * from invoices").fetchall() == before


def test_a_source_that_is_away_is_said_in_a_sentence(system: System) -> None:
    with system.app.app_context(), pytest.raises(NoSuchSource, match="cannot be read"):
        import_legacy("postgresql://nobody@127.0.0.1:1/none")


def test_the_command_prints_the_report(fresh_database: str, redis_url: str, old: Legacy) -> None:
    old.invoice(150_100, PAID, reference="r")
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "import-legacy", "--dry-run"],
        env=os.environ | environment(fresh_database, redis_url) | {"LEGACY_DATABASE_URL": old.url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "invoices: 1 rows, 1 taken" in done.stdout
    assert "nothing was written" in done.stdout


@pytest.mark.slow
def test_ten_thousand_old_invoices_move_in_together(system: System, old: Legacy) -> None:
    old.connection.execute(
        "insert into invoices (invoice_number, initiator, transaction_amount, status, description) "
        "select 200000 + n, 'registry', 12.5, n % 6, 'reload balance' from generate_series(1, 10000) n"
    )
    assert table(move(system, old)).added == 10_000


def test_what_is_beyond_the_longest_description_is_reported(system: System, old: Legacy) -> None:
    old.invoice(150_100, description="x" * 2_000)
    old.invoice(150_101, description="y" * 2_500)
    assert dict(table(move(system, old)).not_mapped) == {"column description: what is beyond 2,000 characters": 1}
    assert system.scalar("select length(description) from invoice where number = 150101") == 2_000
