"""Postings, retries, numbers, origins, refunds, the chain: small rules, each with its own test."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import ledger
from app.domain.chain import GENESIS, link_hash
from app.domain.errors import Invalid, Outcome
from app.domain.idempotency import check_key, fingerprint
from app.domain.money import Money
from app.domain.numbering import RangeAlarm, RangeState, alarm, forecast_days
from app.domain.origin import canonical_origin, is_allowed
from app.domain.refund import Refundable, RefundNotPossible, RefundTooLarge, check_refund, needs_approval
from app.domain.retry import INITIATOR_NOTICE, PROVIDER_FETCH, RetryClass, classify, next_delay_s

amounts = st.integers(0, 10**10).map(lambda minor: Money(minor, "EUR"))


@given(amounts, amounts)
def test_every_posting_rule_balances(one: Money, other: Money) -> None:
    rules = [
        ledger.issued("registry", one),
        ledger.repriced("registry", one, other),
        ledger.cancelled("registry", one),
        ledger.received("everypay", "registry", one, other),
        ledger.reported_by_service("registry", one),
        ledger.refunded("everypay", "registry", one),
        ledger.credit_refunded("everypay", "registry", one),
        ledger.charged_back("everypay", one),
        ledger.fee("everypay", one),
    ]
    for postings in rules:
        assert ledger.balanced(postings)
        assert all(ledger.account_kind(posting.account) for posting in postings)


def test_an_unplanned_account_is_refused() -> None:
    with pytest.raises(KeyError):
        ledger.account_kind("slush:fund")


def test_notices_are_tried_for_about_three_days() -> None:
    assert 70 * 3600 < sum(INITIATOR_NOTICE.delays_s) < 80 * 3600
    assert next_delay_s(INITIATOR_NOTICE, len(INITIATOR_NOTICE.delays_s) + 1) is None
    assert next_delay_s(PROVIDER_FETCH, 1, jitter=-20) == 1
    assert next_delay_s(PROVIDER_FETCH, 3, retry_after_s=500) == 500
    assert next_delay_s(PROVIDER_FETCH, 3, retry_after_s=10**9) == 86_400
    assert next_delay_s(INITIATOR_NOTICE, 3, tries=3) is None


@pytest.mark.parametrize(
    ("status", "outcome", "expected"),
    [
        (500, Outcome.REFUSED, RetryClass.RETRY),
        (503, Outcome.REFUSED, RetryClass.RETRY),
        (429, Outcome.REFUSED, RetryClass.RETRY),
        (408, Outcome.REFUSED, RetryClass.RETRY),
        (410, Outcome.REFUSED, RetryClass.GONE),
        (404, Outcome.REFUSED, RetryClass.LIMITED),
        (422, Outcome.REFUSED, RetryClass.LIMITED),
        (None, Outcome.NOT_SENT, RetryClass.RETRY),
        (None, Outcome.UNKNOWN, RetryClass.UNKNOWN),
        (None, None, RetryClass.POISON),
    ],
)
def test_failures_have_their_class(status: int | None, outcome: Outcome | None, expected: RetryClass) -> None:
    assert classify(status, outcome) is expected


@pytest.mark.parametrize(
    ("upcoming", "expected"),
    [
        (10001, "none"),
        (13201, "none"),
        (13202, "warn"),
        (13801, "warn"),
        (13802, "alarm"),
        (14001, "alarm"),
        (14002, "exhausted"),
    ],
)
def test_a_range_warns_before_it_ends(upcoming: int, expected: str) -> None:
    assert alarm(RangeState(10001, 14001, upcoming)) is RangeAlarm(expected)


def test_the_last_number_of_a_range_belongs_to_it() -> None:
    assert RangeState(10001, 14001, 14001).remaining == 1
    assert RangeState(10001, 14001, 10001).remaining == 4001


def test_a_range_says_when_it_ends() -> None:
    assert forecast_days(RangeState(10001, 14001, 10001), 50, 1) == 80
    assert forecast_days(RangeState(10001, 14001, 10001), 0, 30) is None


def test_a_refund_never_takes_more_than_is_left() -> None:
    of = Refundable(100, 20, 30, 0, 1)
    check_refund(of, Money(50, "EUR"))
    with pytest.raises(RefundTooLarge):
        check_refund(of, Money(51, "EUR"))
    with pytest.raises(RefundNotPossible):
        check_refund(of, Money(0, "EUR"))
    assert needs_approval(of, 50, four_eyes_minor=49, staff_days=90)
    assert needs_approval(Refundable(100, 0, 0, 0, 91), 1, four_eyes_minor=1000, staff_days=90)
    assert not needs_approval(of, 10, four_eyes_minor=49, staff_days=90)


ALLOWED = ["https://auction.example.ee", "https://registrar.example.ee:8443/x"]
GOOD = [
    "https://auction.example.ee",
    "https://auction.example.ee/linkpay?x=1#y",
    "https://AUCTION.example.ee/",
    "https://auction.example.ee:443/x",
    "https://registrar.example.ee:8443/invoices",
]
HOSTS = ["auction.example.ee", "registrar.example.ee"]
TRICKS = [
    "https://a", "https://auction", "https://auction.example.e", "https://auction.example.ee.evil.example",
    "https://evil.example/auction.example.ee", "https://evil.example?auction.example.ee", "evil.example/x", "://", "",
    "//auction.example.ee", "https:auction.example.ee", "https:/auction.example.ee", "http://auction.example.ee",
    "javascript:alert(1)//auction.example.ee", "data:text/html,x", "https://auction.example.ee@evil.example",
    "https://user:pw@auction.example.ee", "https://auction.example.ee:pw@evil.example", "https://auction.example.ee:444",
    "https://auction.example.ee:0", "https://auction.example.ee:", "https://auction.example.ee:99999", "https://auction.example.ee.",
    "https://auction.example.ee\\@evil.example", "https:\\\\auction.example.ee", "https://auction.example.ee\\.evil.example",
    "https://auction%2eexample%2eee", "https://auction.example.ee%00.evil.example", "https://аuction.example.ee",
    "https://auction。example。ee", "https://xn--uction-9nf.example.ee", "https://127.0.0.1", "https://2130706433", "https://[::1]",
    "https://0x7f.1", "ftp://auction.example.ee", "https://auction.example.ee\t", "\thttps://auction.example.ee",
    "https://auction.example.ee\n.evil.example", "https://auc\ttion.example.ee", "https://auction.example.ee\u200b",
    "https://registrar.example.ee", "https://registrar.example.ee:443", "https://-auction.example.ee", "https://.auction.example.ee",
]  # fmt: skip
SPOILERS = [
    "@evil.example",
    "\\@evil.example",
    "%40evil.example",
    ".evil.example",
    ":1",
    ":80",
    "\r\n",
    "\x00",
    "\u202e",
    "%2f..",
    "\\",
]
STARTS = [
    "https:///",
    "https:////",
    "https:/\\",
    "HTTPS:\\\\",
    "https:// ",
    " https://",
    "https://\t",
    "https://evil@",
    "hxxps://",
    "https;//",
]


def test_every_way_home_is_open() -> None:
    assert all(is_allowed(url, ALLOWED) for url in GOOD)


def test_every_bypass_is_refused() -> None:
    built = [f"https://{host}{spoiler}" for host in HOSTS for spoiler in SPOILERS]
    built += [f"{start}{host}" for host in HOSTS for start in STARTS]
    built += [f"https://{host[:cut]}" for host in HOSTS for cut in range(1, len(host))]
    built += [f"https://{letter}{host}" for host in HOSTS for letter in "abcdefghijklmnopqrstuvwxyz0123456789-._~%"]
    built += [f"https://{host}{letter}" for host in HOSTS for letter in "abcdefghijklmnopqrstuvwxyz0123456789-._~%"]
    every = TRICKS + built
    assert len(every) >= 250
    assert [url for url in every if is_allowed(url, ALLOWED)] == []


def test_plain_http_is_for_development() -> None:
    assert is_allowed("http://localhost:3000/x", ["http://localhost:3000"], plain_http=True)
    assert not is_allowed("http://localhost:3000/x", ["http://localhost:3000"])
    assert canonical_origin("https://a.ee/x") == "https://a.ee:443"


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "a\n"])
def test_a_key_is_visible_ascii(key: str) -> None:
    with pytest.raises(Invalid):
        check_key(key)


def test_a_fingerprint_tells_bodies_apart() -> None:
    assert fingerprint(b"a") != fingerprint(b"b")
    assert check_key("k-1") == "k-1"


def test_every_link_depends_on_all_before_it() -> None:
    first = link_hash(GENESIS, {"id": 1, "amount": 100})
    assert link_hash(first, {"id": 2}) != link_hash(link_hash(GENESIS, {"id": 1, "amount": 101}), {"id": 2})
    assert link_hash(GENESIS, {"a": 1, "b": 2}) == link_hash(GENESIS, {"b": 2, "a": 1})
