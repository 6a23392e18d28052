"""What a key of a service may do, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.domain.permission import SCOPES, Permission
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask_babel import LazyString

SCOPE: dict[str, LazyString] = {
    Permission.VIEW: _("see its invoices, payments and events"),
    Permission.CREATE: _("register invoices and begin payments"),
    Permission.ISSUE_INVOICE: _("take numbers and issue invoices"),
    Permission.EDIT_INVOICE: _("change invoices and their state"),
    Permission.CANCEL: _("cancel invoices"),
    Permission.SUBMIT_PAYMENT: _("report payments it took itself"),
    Permission.REFUND: _("ask for refunds"),
    Permission.EXPORT: _("hand documents to the accounting and the e-invoice operator"),
    Permission.MANAGE_ACCOUNTS: _("make reference numbers"),
    Permission.MANAGE_WEBHOOKS: _("look after its webhooks"),
}


def options() -> list[tuple[str, str, str]]:
    """Return every scope there is as (code, words, nothing more)."""
    return [(str(code), str(words), str(code)) for code, words in SCOPE.items() if code in SCOPES]


def named(scopes: Sequence[str]) -> list[str]:
    """Return the scopes in words."""
    return [str(SCOPE.get(code, code)) for code in scopes]
