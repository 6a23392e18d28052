"""EveryPay's words in ours, whatever it says (eis.md 9.1.6, 9.1.7; security T04, T18, T19)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import exact_json
from app.domain.errors import Invalid
from app.domain.money import Money
from app.domain.payment import ObservedState
from app.integrations.everypay import wire

# As recorded from the gateway (eis.md 9.1.6, protocols.md 1): amounts are numbers, of card and bank one is there.
RECORDED = """{"account_name":"EUR3D1","order_reference":"150330","email":null,"customer_ip":"1.2.3.4",
"customer_url":"https://registrar.test/invoices/callback","payment_created_at":"2026-01-05T10:00:00Z",
"initial_amount":120.0,"standing_amount":120.00,
"payment_reference":"db98561ec7a380d2e0872a34ffccdd0c4d2f2fd237b6d0ac22f85f52a58a2b5a",
"payment_link":"https://igw-demo.every-pay.com/lp/abc/db98561e","api_username":"ca8d6336dd750ddb","warnings":{},
"stan":123456,"fraud_score":0,"payment_state":"settled","payment_method":"card",
"cc_details":{"bin":"516883","last_four_digits":"8438"},"transaction_time":"2026-01-05T10:01:00Z",
"linkpay_customer_data":{"customer_name":"Mari","custom_field_1":"5e03f248-6"},"acquiring_completed_at":null}"""
# Written out once more, by hand, from the contract.
THE_21_KEYS = {
    "account_name", "order_reference", "email", "customer_ip", "customer_url", "payment_created_at", "initial_amount",
    "standing_amount", "payment_reference", "payment_link", "api_username", "warnings", "stan", "fraud_score",
    "payment_state", "payment_method", "ob_details", "creditor_iban", "ob_payment_reference", "ob_payment_state",
    "transaction_time",
}  # fmt: skip
MEANINGS = {
    "initial": "initial", "waiting_for_sca": "pending", "waiting_for_3ds_response": "pending",
    "confirmed_3ds": "pending", "sent_for_processing": "processing", "authorised": "authorized",
    "authorized": "authorized", "settled": "completed", "failed": "failed", "abandoned": "expired",
    "voided": "cancelled", "refunded": "refunded", "partially_refunded": "refunded", "chargebacked": "charged_back",
    "charged_back": "charged_back",
}  # fmt: skip


def recorded(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = exact_json.loads(RECORDED)
    return body | changes


def test_a_recorded_payment_reads_as_recorded():
    payment = wire.read_payment(recorded(), "EUR")
    assert payment.state is ObservedState.COMPLETED
    assert payment.initial == payment.standing == Money(12000, "EUR")
    assert (payment.account, payment.order_reference, payment.method) == ("EUR3D1", "150330", "card")
    assert payment.custom_field_1 == "5e03f248-6"


def test_the_snapshot_is_exactly_the_21_keys():
    snapshot = wire.read_payment(recorded(), "EUR").snapshot
    assert len(THE_21_KEYS) == 21
    assert set(snapshot) == THE_21_KEYS
    assert snapshot["ob_details"] is None


def test_numbers_of_the_snapshot_stay_as_they_were_sent():
    text = exact_json.dumps(wire.read_payment(recorded(), "EUR").snapshot)
    assert '"initial_amount":120.0,' in text
    assert '"standing_amount":120.00,' in text
    assert '"stan":123456,' in text


@pytest.mark.parametrize(("word", "meaning"), MEANINGS.items())
def test_every_known_state_has_one_meaning(word: str, meaning: str):
    assert wire.observed(word) == ObservedState(meaning)


def test_the_table_knows_no_word_the_vendor_does_not():
    assert set(wire.STATES) == set(MEANINGS)


@given(st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text()), st.just("SETTLED"), st.just(" settled")))
def test_an_unknown_state_is_kept_and_asked_about(word: Any):
    """T18: never failed, never paid."""
    state = wire.observed(word)
    assert state is ObservedState.UNKNOWN or word in MEANINGS


def test_a_refund_keeps_what_stands():
    payment = wire.read_payment(
        recorded(payment_state="refunded", initial_amount=Decimal("2.50"), standing_amount=Decimal("1.5")), "EUR"
    )
    assert payment.state is ObservedState.REFUNDED
    assert payment.standing == Money(150, "EUR")


@pytest.mark.parametrize(
    ("amount", "minor"),
    [(120, 12000), (Decimal("120.0"), 12000), ("120.00", 12000), (0, 0), (Decimal("0.01"), 1), ("7000000", 700000000)],
)
def test_amounts_come_as_numbers_or_text(amount: Any, minor: int):
    assert wire.read_payment(recorded(initial_amount=amount), "EUR").initial == Money(minor, "EUR")


@pytest.mark.parametrize(
    "amount",
    [None, True, "", "-1", -1, "1e3", Decimal("1E+3"), "1_000", "١٢٠", "120.001", "12O", [], {}, "NaN", 10**30, " 1"],
)
def test_what_is_no_amount_agrees_with_nothing(amount: Any):
    """T19"""
    payment = wire.read_payment(recorded(initial_amount=amount, standing_amount=amount), "EUR")
    assert payment.initial is None
    assert payment.standing is None


@pytest.mark.parametrize("key", ["payment_reference", "account_name", "order_reference"])
@pytest.mark.parametrize("value", [None, [], {}, Decimal("1.5")])
def test_a_payment_without_its_names_is_unreadable(key: str, value: Any):
    with pytest.raises(wire.Unreadable):
        wire.read_payment(recorded(**{key: value}), "EUR")


def test_an_order_reference_may_be_a_number():
    assert wire.read_payment(recorded(order_reference=150330), "EUR").order_reference == "150330"


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
json_values = plain | st.lists(plain, max_size=3) | st.dictionaries(st.text(max_size=5), plain, max_size=3)


@given(
    st.dictionaries(st.sampled_from(sorted({*THE_21_KEYS, "linkpay_customer_data", "error"})), json_values, max_size=6)
)
def test_no_answer_makes_anything_but_a_payment_or_unreadable(body: dict[str, Any]):
    try:
        payment = wire.read_payment(body, "EUR")
    except wire.Unreadable:
        return
    assert set(payment.snapshot) == THE_21_KEYS


@given(json_values)
def test_every_refusal_has_a_sentence(body: Any):
    code, sentence = wire.refusal(body)
    assert sentence
    assert sentence.isprintable()
    assert code is None or isinstance(code, int | str)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"code": 4037, "message": "Open banking payments cannot be refunded"}},
         (4037, "Open banking payments cannot be refunded")),
        ({"error": {"code": "E1"}}, ("E1", "refused without a reason")),
        ({"error": "no"}, (None, "no")),
        ("<html>", (None, "refused without a reason")),
    ],
)  # fmt: skip
def test_error_objects_are_read(body: Any, expected: tuple[Any, str]):
    assert wire.refusal(body) == expected


@pytest.mark.parametrize(
    "link", [None, "", "javascript:alert(1)", "http://", "//x.ee/y", "https://x.ee/ y", "https://x\n"]
)
def test_a_payer_is_sent_only_to_an_address(link: Any):
    with pytest.raises(wire.Unreadable):
        wire.read_created({"payment_reference": "a" * 64, "payment_link": link})


hostile = st.text(alphabet="./%?&#\\\r\n\t 0aZ-_é\0;:@=", max_size=90)


@given(st.one_of(hostile, st.text(), st.from_regex(r"[0-9A-Za-z]{1,90}", fullmatch=True)))
def test_only_letters_and_digits_are_a_reference(reference: str):
    """T04"""
    independent = 8 <= len(reference) <= 80 and all(re.match(r"[0-9A-Za-z]\Z", each, re.ASCII) for each in reference)
    try:
        assert wire.check_reference(reference) == reference
    except Invalid:
        assert not independent
    else:
        assert independent
