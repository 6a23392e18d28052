"""The roles in words: what each is called, and what it lets somebody do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from app.domain.permission import Role
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from flask import Flask
    from flask_babel import LazyString


class RoleWords(NamedTuple):
    """What a role is called, and what it may do, in a sentence."""

    label: LazyString
    may: LazyString


ROLE: dict[str, RoleWords] = {
    Role.VIEWER: RoleWords(_("Viewer"), _("Sees invoices and payments, changes nothing.")),
    Role.CLERK: RoleWords(_("Clerk"), _("Makes, issues and cancels invoices.")),
    Role.FINANCE: RoleWords(_("Finance"), _("As the clerk, and matches money, asks for refunds and exports.")),
    Role.SUPERVISOR: RoleWords(
        _("Supervisor"), _("As the clerk, and asks for and agrees to refunds, and handles disputes.")
    ),
    Role.GATEWAY_ADMIN: RoleWords(
        _("Gateway administrator"), _("Looks after gateways, webhooks and deliveries; moves no money.")
    ),
    Role.TENANT_ADMIN: RoleWords(_("Administrator"), _("May do everything, and says who may do what.")),
    Role.AUDITOR: RoleWords(_("Auditor"), _("Sees everything, the audit trail too; changes nothing.")),
}


def install(app: Flask) -> None:
    """Give templates the filter `role_word`."""
    app.jinja_env.filters["role_word"] = role_word


def role_word(code: str) -> str:
    """Return what a role is called."""
    return str(ROLE[code].label) if code in ROLE else code
