"""Rates of value added tax in words; a code an administrator made up is shown as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.vat import VatCategory
from app.web.filters import decimal
from app.web.translation import translate as gettext
from app.web.translation import translate_later as _
from app.web.words import Word

if TYPE_CHECKING:
    from datetime import date

    from flask import Flask

    from app.domain.vat import Rate

NBSP = "\N{NO-BREAK SPACE}"

CODE = {
    "standard": _("Standard rate"),
    "reduced": _("Reduced rate: books, medicines"),
    "accommodation": _("Accommodation"),
    "press": _("Press"),
    "zero": _("Zero rate"),
    "exempt": _("Exempt from VAT"),
    "reverse_charge": _("Reverse charge"),
}
CATEGORY = {
    VatCategory.STANDARD: _("Taxed"),
    VatCategory.ZERO: _("Taxed at zero"),
    VatCategory.EXEMPT: _("Exempt"),
    VatCategory.REVERSE_CHARGE: _("The buyer accounts for the tax"),
}
# Holds, will hold, held.
NOW, LATER, OVER = Word(_("Holds now"), "good"), Word(_("Will hold"), "wait"), Word(_("Held"), "off")


def install(app: Flask) -> None:
    """Give templates the filters."""
    for each in (vat_code, vat_category, percent, vat_choice):
        app.jinja_env.filters[each.__name__] = each


def vat_code(code: str) -> str:
    """Return what a code of ours means."""
    return str(CODE.get(code, code))


def vat_category(category: str) -> str:
    """Return why a rate applies."""
    return str(CATEGORY[VatCategory(category)])


def percent(basis_points: int) -> str:
    """Return such as `24 %`."""
    whole, part = divmod(basis_points, 100)
    return decimal(f"{whole}.{part:02}".rstrip("0")) + f"{NBSP}%" if part else f"{whole}{NBSP}%"


def vat_choice(rate: Rate) -> str:
    """Return a rate as a list to choose from names it."""
    if not rate.basis_points:
        return vat_code(rate.code)
    return gettext("%(rate)s, %(name)s", rate=percent(rate.basis_points), name=vat_code(rate.code).lower())


def standing(valid_from: date, valid_to: date | None, today: date) -> Word:
    """Return whether a rate holds."""
    if valid_to is not None and valid_to < today:
        return OVER
    return NOW if valid_from <= today else LATER
