from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import mail


@pytest.mark.parametrize("text", ["a@b.ee", "first.last+tag@mail.example.ee", "x" * 64 + "@example.ee"])
def test_an_address_is_one(text: str) -> None:
    assert mail.is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "a@b",
        "a@b.e",
        "a b@c.ee",
        "a@b.ee, c@d.ee",
        "Mary <a@b.ee>",
        "a@b.ee\nBcc: c@d.ee",
        "a@b.ee\r\n",
        "õ@b.ee",
        "x" * 65 + "@b.ee",
    ],
)
def test_what_is_no_single_plain_address_is_none(text: str) -> None:
    assert not mail.is_address(text)


@pytest.mark.slow
@given(st.text())
def test_no_address_breaks_out_of_its_line(text: str) -> None:
    assert not mail.is_address(f"a@b.ee{text}") or not set(text) & set("\r\n\0 ,;<>")


def test_the_letter_says_what_was_tried_and_what_to_do() -> None:
    subject, text = mail.given_up(service="registry", about=131, tries=12, answer=500, portal="https://billing.test")
    assert subject == "EIS Billing: messages to registry were given up"
    assert "a message about invoice 131: it was tried 12 times, and the last answer was 500." in text
    assert "https://billing.test/deliveries" in text
    _subject, text = mail.given_up(service="eeid", about=None, tries=12, answer=None, portal="https://billing.test")
    assert "was a message: it was tried 12 times, and no answer came." in text
