"""`billing import-legacy` and money the old tables tell of in an odd way: counted once, or named as not counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.services import imports
from app.services.legacy_rows import ALSO_PAID, GIVEN_BACK
from tests.services.legacy_tables import FAILED, PAID, Legacy, answer
from tests.services.test_legacy import BY_REPORT, move, one, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database import Databases
    from tests.system import System


@pytest.fixture
def old(databases: Databases) -> Iterator[Legacy]:
    """Return an old database without rows."""
    with databases.empty() as url:
        made = Legacy(url)
        yield made
        made.close()


def test_a_bulk_payment_of_more_invoices_than_we_take_at_once_is_counted_once(system: System, old: Legacy) -> None:
    owner = {"initiator": "auction"}
    numbers = range(150_100, 150_220)
    old.invoice(10_005, PAID, "120.0", reference="bulk", description=" ".join(map(str, numbers)), **owner)
    for number in numbers:
        old.invoice(number, PAID, "1.0", payment_reference="bulk", description="related to 10005", **owner)
    report = move(system, old)
    assert dict(table(report).mapped) == {"bulk payments: its members were paid by it": 1}
    assert system.scalar("select sum(captured_minor) from payment") == 12_000
    assert system.scalar("select count(*) from bulk_member") == len(numbers)


def test_money_that_came_twice_for_one_number_is_named(system: System, old: Legacy) -> None:
    old.invoice(150_100, PAID, "2.0", reference="r")
    old.invoice(150_100, PAID, "3.0", reference="q")
    text = "Reserved domain names: {}; User unique id: {}"
    for holder in ("5e03f248-6", "77aa0000-1"):
        more = {"initiator": "business_registry", "description": text.format("a.ee", holder)}
        old.invoice(150_101, PAID, "10.0", reference=holder, **more)
    report = table(move(system, old))
    assert dict(report.not_mapped) == {ALSO_PAID: 2}
    assert f"{ALSO_PAID}, such as 150100 (row 2), 150101 (row 4)" in str(report)
    claims = system.rows("select user_unique_id, won_at is not null as won from invoice_claim order by 1")
    assert [tuple(each) for each in claims] == [("5e03f248-6", True), ("77aa0000-1", False)]


def test_a_refund_the_system_before_took_for_a_failure_is_a_refund(system: System, old: Legacy) -> None:
    text = "auction_deposit pre.ee, user_uuid {}, user_email a@b.ee"
    given_back = answer(10_010, "500.0", "r", "refunded") | {"standing_amount": 0}
    for number, said in (
        (10_010, given_back),
        (10_011, given_back | {"payment_reference": "another"}),
        (10_012, given_back | {"payment_reference": "s", "standing_amount": 200}),
        (10_013, answer(10_013, "500.0", "t", "failed")),
    ):
        more = {"initiator": "auction", "affiliation": 1, "description": text.format(f"u{number}")}
        reference = {10_010: "r", 10_011: "r"}.get(number, said["payment_reference"])
        old.invoice(number, FAILED, "500.0", payment_reference=reference, everypay_response=said, **more)
    report = move(system, old)
    assert [system.status(number) for number in range(10_010, 10_014)] == ["refunded", *["charged_with_error"] * 3]
    assert dict(table(report).mapped) == {GIVEN_BACK: 1}
    kept = one(system, "select external_id, captured_minor, refunded_minor from payment")
    assert tuple(kept) == ("r", 50_000, 50_000)
    assert one(system, "select status from deposit where user_uuid = 'u10010'").status == "returned"


def test_an_answer_about_another_payment_proves_nothing(system: System, old: Legacy) -> None:
    old.invoice(150_100, PAID, payment_reference="r", everypay_response=answer(150_100, "120.0", "q"))
    report = move(system, old)
    assert dict(table(report).mapped) == {f"the gateway's answer does not prove it paid: {BY_REPORT}": 1}


def test_every_reason_has_examples_however_many_rows_are_here_already(
    system: System, old: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_SHOWN", 3)
    for number in range(150_100, 150_110):
        old.invoice(number)
    move(system, old)
    old.add("references", reference_number="13", initiator="registry", owner="a")
    old.add("references", reference_number="13", initiator="registry", owner="a")
    old.invoice(150_300, status=6)
    old.invoice(150_301, status=6)
    said = str(move(system, old))
    assert "10 not taken: is registered already, such as 150100 (row 1), 150101 (row 2), 150102 (row 3)" in said
    assert "2 not taken: its status 6 is not known here, such as 150300 (row 11), 150301 (row 12)" in said
    assert "the same number stands further up, such as 13 (row 1)" in said


@pytest.mark.parametrize("column", ["transaction_time", "sent_at_omniva", "created_at", "updated_at"])
@pytest.mark.parametrize("moment", ["infinity", "-infinity", "99999-01-01", "0044-03-15 BC", "2100-01-02"])
def test_a_moment_no_clock_showed_keeps_only_its_own_row_out(
    system: System, old: Legacy, column: str, moment: str
) -> None:
    old.invoice(150_100, PAID, reference="r")
    old.invoice(150_101, PAID, **{column: moment})
    report = table(move(system, old))
    assert (report.added, dict(report.not_mapped)) == (1, {"one of its times is not between 1990 and 2100": 1})
