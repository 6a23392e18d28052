"""What an administrator may set while the system runs: each value with its kind, its bounds and what it is without."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.domain import iban
from app.domain.errors import Invalid
from app.domain.money import Money, format_amount, parse_amount

CURRENCY = "EUR"
WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
LONGEST = 200


class Kind(StrEnum):
    """What a value is, and in what unit it is kept."""

    MONEY = "money"  # minor units
    DAYS = "days"
    HOURS = "hours"
    MINUTES = "minutes"
    SWITCH = "switch"
    TEXT = "text"
    IBAN = "iban"  # without spaces, in capitals


NUMBERS = {Kind.DAYS, Kind.HOURS, Kind.MINUTES}


class Group(StrEnum):
    """What a setting is about."""

    PAYMENTS = "payments"
    REFUNDS = "refunds"
    SIGN_IN = "sign_in"
    SELLER = "seller"
    ACCOUNTING = "accounting"


@dataclass(frozen=True, slots=True)
class Known:
    """A setting: `default` is what counts when nothing is set, None that there is none."""

    code: str
    group: Group
    kind: Kind
    default: int | str | None = None
    least: int = 0
    most: int = 0
    pattern: str = r".{1,200}"

    @property
    def format(self) -> str:
        """Return how the table calls the kind (eis.md 2.2)."""
        return {Kind.TEXT: "string", Kind.IBAN: "string", Kind.SWITCH: "boolean"}.get(self.kind, "integer")

    def parse(self, typed: str) -> str | None:
        """Return what is kept for what was typed; None for nothing, which is the default again.

        Raises Invalid naming `value`.
        """
        typed = typed.strip()
        if not typed:
            return None
        if self.kind is Kind.MONEY:
            return self._bounded(_minor(typed))
        if self.kind in NUMBERS:
            return self._bounded(int(typed) if WHOLE.fullmatch(typed) else -1)
        if self.kind is Kind.IBAN:
            return _account(typed)
        pattern = "true|false" if self.kind is Kind.SWITCH else self.pattern
        if not typed.isprintable() or not re.fullmatch(pattern, typed):
            raise Invalid.field("value", "does not look right")
        return typed

    def _bounded(self, number: int) -> str:
        if not self.least <= number <= self.most:
            raise Invalid.field("value", f"must be from {self.shown(str(self.least))} to {self.shown(str(self.most))}")
        return str(number)

    def shown(self, kept: str | None) -> str:
        """Return a kept value as it is typed: money as a decimal."""
        if kept is None:
            return ""
        return format_amount(Money(int(kept), CURRENCY)) if self.kind is Kind.MONEY and kept.isdecimal() else kept


def _account(typed: str) -> str:
    number = iban.compact(typed)
    if not iban.is_valid(number):
        raise Invalid.field("value", "has check digits that do not fit")
    return number


def _minor(typed: str) -> int:
    try:
        return parse_amount(typed.replace(" ", "").replace("\N{NO-BREAK SPACE}", "").replace(",", "."), CURRENCY).minor
    except Invalid:
        return -1


MOST_MONEY = 100_000_000
_REFUNDS, _SIGN_IN, _SELLER, _ACCOUNTING = Group.REFUNDS, Group.SIGN_IN, Group.SELLER, Group.ACCOUNTING

ALL = (
    # Without a value it is what PARTIAL_PAYMENTS says; a service may have a word of its own.
    Known("partial_payments", Group.PAYMENTS, Kind.SWITCH),
    Known("refund_approval_above", _REFUNDS, Kind.MONEY, most=MOST_MONEY),
    Known("service_refund_approval_above", _REFUNDS, Kind.MONEY, most=MOST_MONEY),
    Known("refund_window_days", _REFUNDS, Kind.DAYS, 90, most=3650),
    Known("step_up_above", _SIGN_IN, Kind.MONEY, 100_000, most=MOST_MONEY),
    Known("fresh_login_minutes", _SIGN_IN, Kind.MINUTES, 15, least=1, most=720),
    # Without a value of their own these two are what SESSION_IDLE_S and SESSION_MAX_S say.
    Known("session_idle_minutes", _SIGN_IN, Kind.MINUTES, least=1, most=720),
    Known("session_max_hours", _SIGN_IN, Kind.HOURS, least=1, most=24),
    Known("registry_juridical_name", _SELLER, Kind.TEXT),
    Known("registry_reg_no", _SELLER, Kind.TEXT, pattern=r"[A-Za-z0-9-]{4,20}"),
    Known("registry_street", _SELLER, Kind.TEXT),
    Known("registry_zip", _SELLER, Kind.TEXT, pattern=r"[A-Za-z0-9][A-Za-z0-9 -]{1,11}"),
    Known("registry_city", _SELLER, Kind.TEXT),
    Known("registry_country_code", _SELLER, Kind.TEXT, pattern=r"[A-Z]{2}"),
    Known("registry_vat_no", _SELLER, Kind.TEXT, pattern=r"EE[0-9]{9}|(?!EE)[A-Z]{2}[A-Z0-9]{2,13}"),
    Known("registry_bank", _SELLER, Kind.TEXT),
    Known("registry_iban", _SELLER, Kind.IBAN),
    Known("registry_swift", _SELLER, Kind.TEXT, pattern=r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?"),
    Known("registry_bank_code", _SELLER, Kind.TEXT, pattern=r"[0-9]{3}"),
    Known("directo_sales_agent", _ACCOUNTING, Kind.TEXT),
    Known("directo_receipt_payment_term", _ACCOUNTING, Kind.TEXT),
    Known("directo_receipt_product_name", _ACCOUNTING, Kind.TEXT),
    Known("registry_bank_account_iban_lhv", _ACCOUNTING, Kind.IBAN),
)
BY_CODE = {each.code: each for each in ALL}
