"""An invoice as it is typed: fields, lines, and the faults of each by name; rows are numbered from one."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from app.domain.draft import Buyer, Draft, DraftLine
from app.domain.errors import Invalid
from app.domain.money import parse_amount
from app.domain.reference import is_valid
from app.domain.totals import MOST_LINES, NOTHING_OFF, PRICE_PLACES, QUANTITY_PLACES, Discount, parse_plain
from app.domain.vat import parse_percent
from app.web.filters import decimal, written
from app.web.translation import translate as _
from app.web.typed import SPACES, Typed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.datastructures import MultiDict

FIELDS = ("description", "quantity", "unit", "price", "vat", "discount")
EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,190}")
WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
CURRENCY = "EUR"
YEARS = range(2000, 2100)


class Row(dict[str, str]):
    """What was typed into one line, by field."""

    @property
    def is_blank(self) -> bool:
        """Return whether nobody wrote anything here; a quantity and a rate stand there from the start."""
        return not any(self[name] for name in ("description", "price", "discount"))


class DraftForm(Typed):
    """The form as it was sent; `draft` is what was meant, as far as `faults` is empty."""

    def __init__(
        self, form: MultiDict[str, str], *, services: Sequence[str], rates: Sequence[str], today: date
    ) -> None:
        super().__init__(form)
        self.rates = rates
        self.rows = self._rows()
        self.service = self.choice("service", services)
        self.buyer = self._buyer()
        self.description = self.text("description", most=500)
        self.reference_number = self._reference()
        self.internal_notes = self.lines_of_text("internal_notes")
        self.due_on = self._due_on(today)
        self.lines = tuple(self._line(number, row) for number, row in enumerate(self.rows, 1) if not row.is_blank)

    @property
    def draft(self) -> Draft:
        """Return what was written; only without faults."""
        return Draft(
            service=self.service,
            buyer=self.buyer,
            lines=self.lines,
            description=self.description,
            reference_number=self.reference_number,
            internal_notes=self.internal_notes,
            due_on=self.due_on,
            currency=CURRENCY,
        )

    @property
    def version(self) -> int:
        """Return which version of the draft was seen; 0 is none of ours."""
        typed = self.value("version")
        return int(typed) if WHOLE.fullmatch(typed) else 0

    def _rows(self) -> list[Row]:
        typed = self.value("rows")
        many = min(int(typed), MOST_LINES + 1) if WHOLE.fullmatch(typed) else 1
        if many > MOST_LINES:
            self.faults["lines"] = too_many()
        return [Row({name: self.value(f"line-{n}-{name}") for name in FIELDS}) for n in range(1, many + 1)]

    def _buyer(self) -> Buyer:
        email = self.text("email", most=254)
        if email and not EMAIL.fullmatch(email):
            self.faults["email"] = _("An e-mail address such as name@example.ee")
        account = self.value("account_id")
        return Buyer(
            name=self.text("name"),
            email=email,
            reg_no=self.text("reg_no", most=30),
            vat_no=self.text("vat_no", most=30),
            address=self.text("address", most=300),
            account_id=int(account) if WHOLE.fullmatch(account) else None,
        )

    def _reference(self) -> str:
        typed = self.text("reference_number", most=20).replace(" ", "")
        if typed and not (typed.isascii() and typed.isdigit() and is_valid(typed)):
            self.faults["reference_number"] = _("This is no reference number: its last digit does not fit")
        return typed

    def _due_on(self, today: date) -> date | None:
        typed = self.value("due_on")
        if not typed:
            return None
        try:
            found = date.fromisoformat(typed)
        except ValueError:
            found = None
        if found is None or found.year not in YEARS:
            self.faults["due_on"] = _("Write a day as 2027-01-31")
        elif found < today:
            self.faults["due_on"] = _over()
        return found

    def _line(self, number: int, row: Row) -> DraftLine:
        text = self.text(f"line-{number}-description", least=1, most=300)
        vat = self.choice(f"line-{number}-vat", self.rates)
        unit = self.text(f"line-{number}-unit", most=20)
        for name, label in (("description", _("Description")), ("vat", _("VAT")), ("unit", _("Unit"))):
            field = f"line-{number}-{name}"
            if field in self.faults:
                self.faults[field] = _(
                    "Line %(number)s, %(name)s: %(fault)s", number=number, name=label, fault=self.faults[field]
                )
        return DraftLine(
            description=text,
            quantity=self._decimal(number, "quantity", row, QUANTITY_PLACES),
            price=self._decimal(number, "price", row, PRICE_PLACES),
            vat_code=vat,
            unit=unit,
            discount=self._discount(number, row),
        )

    def _decimal(self, number: int, name: str, row: Row, places: int) -> Decimal:
        field = f"line-{number}-{name}"
        try:
            found = parse_plain(_plain(row[name]), places, field)
        except Invalid:
            self.faults[field] = _(
                "Line %(number)s, %(name)s: a number such as 1.25, not below zero, at most %(places)s places",
                number=number,
                name=_("Price") if name == "price" else _("Quantity"),
                places=places,
            )
            return Decimal(0)
        if name == "quantity" and not found:
            self.faults[field] = _("Line %(number)s: the quantity must be above 0", number=number)
        return found

    def _discount(self, number: int, row: Row) -> Discount:
        field, typed = f"line-{number}-discount", _plain(row["discount"])
        if not typed:
            return NOTHING_OFF
        try:
            if typed.endswith("%"):
                share = typed[:-1]
                return Discount(basis_points=10_000 if share == "100" else parse_percent(share, field))
            return Discount(minor=parse_amount(typed, CURRENCY).minor)
        except Invalid:
            self.faults[field] = _(
                "Line %(number)s: a discount is an amount such as 5.00, or a percentage with its sign", number=number
            )
            return NOTHING_OFF

    def blame(self, fault: Invalid) -> None:
        """Take over what the rules refuse, in the words of the form."""
        for name in fault.fields:
            number = name.split("-")[1] if name.startswith("line-") else ""
            self.faults.setdefault(name, _blamed(name, number))


def too_many() -> str:
    """Return what is said where one line more would be too many."""
    return _("At most %(most)s lines: make a second invoice of the others", most=MOST_LINES)


def _over() -> str:
    return _("This day is over: choose today or a later day, or none")


def _blamed(name: str, number: str) -> str:
    if name.endswith("-discount"):
        return _("Line %(number)s: the discount is more than the line", number=number)
    if name.endswith("-vat"):
        return _("Line %(number)s: choose a VAT rate that holds today", number=number)
    words = {
        "lines": _("At least one line, and together no more than an invoice can be"),
        "name": _("Say who is to pay"),
        "due_on": _over(),
        "payer": _("This payer belongs to another service: choose again"),
        "service": _("Choose one of the list"),
    }
    return words.get(name, _("Something is not right yet"))


def blank_row(vat: str = "standard") -> Row:
    """Return a line to be filled in."""
    return Row({"description": "", "quantity": "1", "unit": "", "price": "", "vat": vat, "discount": ""})


def shown(draft: Draft) -> tuple[dict[str, str], list[Row]]:
    """Return a draft as the form shows it: the values of its fields, and its rows."""
    buyer = draft.buyer
    values = {
        "service": draft.service,
        "name": buyer.name,
        "email": buyer.email,
        "reg_no": buyer.reg_no,
        "vat_no": buyer.vat_no,
        "address": buyer.address,
        "account_id": str(buyer.account_id or ""),
        "description": draft.description,
        "reference_number": draft.reference_number,
        "internal_notes": draft.internal_notes,
        "due_on": draft.due_on.isoformat() if draft.due_on else "",
    }
    return values, [_shown_line(each) for each in draft.lines] or [blank_row()]


def _shown_line(line: DraftLine) -> Row:
    return Row(
        {
            "description": line.description,
            "quantity": decimal(line.quantity),
            "unit": line.unit,
            "price": decimal(line.price),
            "vat": line.vat_code,
            "discount": _shown_discount(line.discount),
        }
    )


def _shown_discount(discount: Discount) -> str:
    if discount.basis_points:
        whole, part = divmod(discount.basis_points, 100)
        return decimal(f"{whole}.{part:02}".rstrip("0")) + "%" if part else f"{whole}%"
    return written(discount.minor, CURRENCY) if discount.minor else ""


def _plain(typed: str) -> str:
    return typed.translate(SPACES).replace(",", ".")


def without(rows: list[Row], number: int) -> list[Row]:
    """Return the rows without one of them; the last one leaves a blank."""
    return [row for at, row in enumerate(rows, 1) if at != number] or [blank_row()]


def asked(value: str) -> tuple[str, int]:
    """Return what a button asks for and the number it names: `remove-3` is remove, 3."""
    verb, _dash, number = value.partition("-")
    return verb, int(number) if WHOLE.fullmatch(number) else 0


def chosen(values: Mapping[str, str], payer: tuple[int | None, str, str, str]) -> dict[str, str]:
    """Return the values with a payer that was found; without its account where that is another service's."""
    account_id, name, email, reg_no = payer
    return {**values, "account_id": str(account_id or ""), "name": name, "email": email, "reg_no": reg_no}
