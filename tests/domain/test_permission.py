"""What a role holds is what the paper gives it (other-systems.md 10) and what a decision adds, with its reason."""

from __future__ import annotations

import re
from pathlib import Path

from app.domain.permission import ROLES, Permission, Role

DECISION = Path(__file__).parents[2] / "docs" / "adr" / "014-what-roles-hold-beyond-their-names.md"
CLERK = "billing.view billing.create invoice.issue billing.cancel payment.submit_manual"
# The table of the paper, in codes; storno, fiscal reports and self-service are of systems to come.
PAPER = {
    "viewer": "",
    "clerk": CLERK,
    "finance": "billing.view billing.reconcile payment.export invoice.write_off",
    "supervisor": f"{CLERK} payment.approve billing.refund dispute.open dispute.manage",
    "gateway_admin": "billing.gateways.manage webhooks.manage",
    "tenant_admin": " ".join(Permission),
    "auditor": "billing.view audit.view",
}


def added() -> dict[str, set[str]]:
    rows = re.findall(r"^\| (\w+) \| (`[^|]+`) \|", DECISION.read_text(encoding="utf-8"), re.MULTILINE)
    return {role: set(re.findall(r"`([^`]+)`", codes)) for role, codes in rows}


def test_a_role_holds_what_the_paper_and_the_decision_give_it() -> None:
    assert set(PAPER) == set(Role)
    explained = added()
    assert len(explained) == 6
    for role, held in ROLES.items():
        beyond = {str(each) for each in held} - set(PAPER[role].split())
        assert beyond == explained.get(role, set()), role
        assert set(PAPER[role].split()) <= {str(each) for each in held}, role


def test_who_asks_for_money_in_daily_work_never_agrees_to_it() -> None:
    agree = {role for role, held in ROLES.items() if Permission.APPROVE in held}
    assert agree == {Role.SUPERVISOR, Role.TENANT_ADMIN}
