"""The settings in words: what each is called, what it does, and what happens without a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.setting import Group, Kind, Known
from app.web.filters import money
from app.web.translation import translate as gettext
from app.web.translation import translate_count as ngettext
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from flask_babel import LazyString


class SettingWords(NamedTuple):
    """What a setting is called, and what it does."""

    label: LazyString
    meaning: LazyString


GROUP: dict[Group, SettingWords] = {
    Group.PAYMENTS: SettingWords(_("Payments"), _("What payers may do.")),
    Group.REFUNDS: SettingWords(_("Refunds"), _("When a second person must agree before money goes back.")),
    Group.SIGN_IN: SettingWords(_("Signing in"), _("How long a sign-in counts, and for what it must be fresh.")),
    Group.SELLER: SettingWords(_("Seller"), _("Who stands on the invoices.")),
    Group.ACCOUNTING: SettingWords(_("Accounting"), _("What the export to the accounting system will say.")),
}
SETTING: dict[str, SettingWords] = {
    "partial_payments": SettingWords(
        _("Invoices may be paid in parts"), _("A service can have a word of its own under “Services and keys”.")
    ),
    "refund_approval_above": SettingWords(
        _("A person's refund needs a second person above"),
        _("Refunds asked for in the portal above this amount wait under “To approve”."),
    ),
    "service_refund_approval_above": SettingWords(
        _("A service's refund needs a second person above"),
        _("The same for refunds that a service asks for over the API."),
    ),
    "refund_window_days": SettingWords(
        _("Refund window"), _("Later than this after the payment a second person must agree, whatever the amount.")
    ),
    "step_up_above": SettingWords(
        _("A fresh sign-in is needed above"), _("Whoever moves more than this must have signed in a short while ago.")
    ),
    "fresh_login_minutes": SettingWords(
        _("A sign-in is fresh for"), _("Also asked before access, keys, number ranges and settings change.")
    ),
    "session_idle_minutes": SettingWords(
        _("An unused session ends after"), _("Counted from the last click. Open sessions obey at once.")
    ),
    "session_max_hours": SettingWords(
        _("Any session ends after"), _("However busy it is. Open sessions obey at once; none becomes longer.")
    ),
    "registry_juridical_name": SettingWords(_("Name of the seller"), _("As in the business register.")),
    "registry_reg_no": SettingWords(_("Registration number"), _("Of the business register.")),
    "registry_street": SettingWords(_("Street and house"), _("The address stands on invoices when it is set.")),
    "registry_zip": SettingWords(_("Postal code"), _("As the post writes it.")),
    "registry_city": SettingWords(_("Town or city"), _("With the county where it is needed.")),
    "registry_country_code": SettingWords(_("Country"), _("Two letters, such as EE; invoices have its name.")),
    "registry_vat_no": SettingWords(_("VAT number"), _("With its country, such as EE101286464.")),
    "registry_bank": SettingWords(_("Bank"), _("Its name, as payers know it.")),
    "registry_iban": SettingWords(_("Account number (IBAN)"), _("Where invoices ask to be paid.")),
    "registry_swift": SettingWords(_("SWIFT code of the bank"), _("Eight or eleven characters.")),
    "registry_bank_code": SettingWords(_("Code of the bank"), _("Three digits.")),
    "directo_sales_agent": SettingWords(_("Sales agent"), _("The agent's code in Directo.")),
    "directo_receipt_payment_term": SettingWords(_("Payment term of receipts"), _("The term's code in Directo.")),
    "directo_receipt_product_name": SettingWords(_("Product of receipts"), _("The product's code in Directo.")),
    "registry_bank_account_iban_lhv": SettingWords(
        _("Account at LHV (IBAN)"), _("Whose statements are matched with invoices.")
    ),
}
SWITCH = {"true": _("yes"), "false": _("no")}
WITHOUT = {
    "refund_approval_above": _("no limit"),
    "service_refund_approval_above": _("no limit"),
}


# What a text of a form of its own looks like.
EXAMPLE = {
    "registry_reg_no": "90010019",
    "registry_zip": "10617",
    "registry_country_code": "EE",
    "registry_vat_no": "EE101286464",
    "registry_swift": "LHVBEE22",
    "registry_bank_code": "689",
}


def shown(known: Known, kept: str | None) -> str:
    """Return a kept value with its unit; empty for none."""
    if kept is None:
        return ""
    if known.kind is Kind.SWITCH:
        return str(SWITCH.get(kept, kept))
    if known.kind in {Kind.TEXT, Kind.IBAN} or not kept.isdecimal():
        return kept
    return _counted(known.kind, int(kept))


def _counted(kind: Kind, number: int) -> str:
    if kind is Kind.MONEY:
        return money(number, "EUR")
    if kind is Kind.DAYS:
        return ngettext("%(num)s day", "%(num)s days", number)
    if kind is Kind.HOURS:
        return ngettext("%(num)s hour", "%(num)s hours", number)
    return ngettext("%(num)s minute", "%(num)s minutes", number)


def unit(known: Known) -> str:
    """Return what stands behind the field."""
    units = {
        Kind.MONEY: "€",
        Kind.DAYS: gettext("days"),
        Kind.HOURS: gettext("hours"),
        Kind.MINUTES: gettext("minutes"),
    }
    return units.get(known.kind, "")


def limits(known: Known) -> str:
    """Return what may be typed."""
    if known.kind is Kind.IBAN:
        return gettext("such as %(example)s; its check digits must fit", example="EE38 2200 2210 2014 5685")
    if known.code in EXAMPLE:
        return gettext("such as %(example)s", example=EXAMPLE[known.code])
    if known.kind in {Kind.TEXT, Kind.SWITCH}:
        return ""
    bounds = {"least": shown(known, str(known.least)), "most": shown(known, str(known.most))}
    return gettext("from %(least)s to %(most)s", **bounds)


def default(known: Known, environment: dict[str, str]) -> str:
    """Return what counts without a value."""
    kept = environment.get(known.code) or (None if known.default is None else str(known.default))
    return shown(known, kept) or str(WITHOUT.get(known.code, _("empty")))
