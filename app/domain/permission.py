"""Who may do what: the permission codes and the roles that hold them (other-systems.md 10)."""

from __future__ import annotations

from enum import StrEnum

from app.domain.errors import Forbidden


class Permission(StrEnum):
    """One thing a person or a key may be allowed to do."""

    VIEW = "billing.view"
    CREATE = "billing.create"
    REFUND = "billing.refund"
    CANCEL = "billing.cancel"
    RECONCILE = "billing.reconcile"
    MANAGE_GATEWAYS = "billing.gateways.manage"
    EDIT_INVOICE = "invoice.edit"
    ISSUE_INVOICE = "invoice.issue"
    WRITE_OFF = "invoice.write_off"
    SUBMIT_PAYMENT = "payment.submit_manual"
    APPROVE = "payment.approve"
    EXPORT = "payment.export"
    OPEN_DISPUTE = "dispute.open"
    MANAGE_DISPUTES = "dispute.manage"
    MANAGE_ACCOUNTS = "account.manage"
    ADJUST_CREDITS = "credits.adjust"
    MANAGE_SETTINGS = "settings.manage"
    MANAGE_USERS = "users.manage"
    VIEW_AUDIT = "audit.view"
    MANAGE_WEBHOOKS = "webhooks.manage"
    MANAGE_JOBS = "jobs.manage"


class Role(StrEnum):
    """What a person of the portal is to the organisation."""

    VIEWER = "viewer"
    CLERK = "clerk"
    FINANCE = "finance"
    SUPERVISOR = "supervisor"
    GATEWAY_ADMIN = "gateway_admin"
    TENANT_ADMIN = "tenant_admin"
    AUDITOR = "auditor"


P = Permission
_CLERK = frozenset({P.VIEW, P.CREATE, P.ISSUE_INVOICE, P.EDIT_INVOICE, P.CANCEL, P.SUBMIT_PAYMENT})

ROLES: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({P.VIEW}),
    Role.CLERK: _CLERK,
    Role.FINANCE: _CLERK
    | {P.RECONCILE, P.EXPORT, P.WRITE_OFF, P.REFUND, P.ADJUST_CREDITS, P.MANAGE_ACCOUNTS, P.MANAGE_JOBS},
    Role.SUPERVISOR: _CLERK | {P.REFUND, P.APPROVE, P.OPEN_DISPUTE, P.MANAGE_DISPUTES, P.EXPORT, P.MANAGE_JOBS},
    Role.GATEWAY_ADMIN: frozenset({P.VIEW, P.MANAGE_GATEWAYS, P.MANAGE_WEBHOOKS, P.MANAGE_JOBS}),
    Role.TENANT_ADMIN: frozenset(Permission),
    Role.AUDITOR: frozenset({P.VIEW, P.VIEW_AUDIT, P.EXPORT}),
}

# What a key of a service can be limited to: what the doors of the JSON API ask for, no more (docs/api.md).
SCOPES: frozenset[Permission] = frozenset(
    {
        P.VIEW,
        P.CREATE,
        P.REFUND,
        P.CANCEL,
        P.EDIT_INVOICE,
        P.ISSUE_INVOICE,
        P.SUBMIT_PAYMENT,
        P.EXPORT,
        P.MANAGE_ACCOUNTS,
        P.MANAGE_WEBHOOKS,
    }
)

BY_NAME = {str(role): held for role, held in ROLES.items()}


class MissingScope(Forbidden):
    """This key is not allowed to do that."""

    def __init__(self, scope: Permission) -> None:
        super().__init__(f"This key lacks the scope {scope}: use another key, or have the scope added")
        self.scope = scope


def may(role: str, permission: Permission) -> bool:
    """Return whether the role holds the permission; a role nobody knows holds none."""
    return permission in BY_NAME.get(role, frozenset())
