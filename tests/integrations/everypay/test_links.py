"""Payment links are signed to the letter (eis.md 9.1.8, appendix A.3)."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ports import LinkRequest
from app.integrations.everypay.links import LinkPaySigner

PREFIX = "https://igw-demo.every-pay.com/lp"
SIGNER = LinkPaySigner(prefix=PREFIX, token="tok123", key="test-key")


def test_the_recorded_link_is_made():
    url = SIGNER.sign(
        LinkRequest(
            transaction_amount="100.5",
            order_reference="150005",
            reference_number="7366488",
            customer_name="Jüri Tamm + Co",
            customer_email="john@example.com",
            custom_field_1="Order nr. 150005",
            custom_field_2="registry",
        )
    )
    assert url == (
        f"{PREFIX}?custom_field_1=Order%20nr.%20150005&custom_field_2=registry&customer_email=john%40example.com"
        "&customer_name=J%C3%BCri%20Tamm%20%2B%20Co&invoice_number=150005&linkpay_token=tok123"
        "&order_reference=150005&reference_number=7366488&transaction_amount=100.5"
        "&hmac=138e4441a32d8542924ae1c5a7a76827580fd04bf9cae7a591bbfbaead006382"
    )


def test_empty_fields_stay_in_the_link():
    query = urlsplit(SIGNER.sign(LinkRequest(transaction_amount="1.0", order_reference="150005"))).query
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    assert names == [
        "custom_field_1", "custom_field_2", "customer_email", "customer_name", "invoice_number", "linkpay_token",
        "order_reference", "reference_number", "transaction_amount", "hmac",
    ]  # fmt: skip


@given(st.builds(LinkRequest, *[st.text(st.characters(exclude_categories=["Cs"]))] * 7))
def test_whatever_is_signed_can_be_checked_from_the_link_alone(request_: LinkRequest):
    query, _, signature = urlsplit(SIGNER.sign(request_)).query.rpartition("&hmac=")
    assert hmac.new(b"test-key", query.encode(), hashlib.sha256).hexdigest() == signature
    said = dict(parse_qsl(query, keep_blank_values=True))
    assert said["customer_name"] == request_.customer_name
    assert said["custom_field_1"] == request_.custom_field_1


@pytest.mark.parametrize("field", ["transaction_amount", "order_reference", "custom_field_1"])
def test_another_value_is_another_signature(field: str):
    values = {"transaction_amount": "100.0", "order_reference": "150005", field: "7"}
    changed = SIGNER.sign(LinkRequest(**values))
    original = SIGNER.sign(LinkRequest(transaction_amount="100.0", order_reference="150005"))
    assert changed.rpartition("=")[2] != original.rpartition("=")[2]
