"""No error and no line of the log is put together from what says who somebody is (security.md T81)."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.architecture.tree import files

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE = {
    "account_holder", "buyer", "customer", "customer_email", "customer_name", "email", "family_name", "given_name",
    "holder_name", "iban", "identity", "payer", "personal_code", "phone", "subject",
}  # fmt: skip
# Errors that keep it for the page beside their message, which is that of their class.
KEPT_BESIDE = {"NotListed"}
LOGS = {"LOG", "log", "logger"}


def found(source: str) -> Iterator[str]:
    """Yield the calls that make an error or a line of the log from such a name."""
    for node in ast.walk(ast.parse(source)):
        call = node.exc if isinstance(node, ast.Raise) else node
        if not isinstance(call, ast.Call) or not (isinstance(node, ast.Raise) or _is_log(call.func)):
            continue
        if isinstance(call.func, ast.Name) and call.func.id in KEPT_BESIDE:
            continue
        parts = [*call.args, *(each.value for each in call.keywords)]
        names = {_name(each) for part in parts for each in ast.walk(part)}
        if names & PEOPLE:
            yield ast.unparse(call)


def _is_log(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id in LOGS


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def test_no_message_names_a_person() -> None:
    for caught in (
        "raise Conflict(f'{subject} is listed')",
        "raise NotFound('person', code.subject)",
        "LOG.info('x', detail=email)",
    ):
        assert list(found(caught)), caught
    wrong = {path: list(found(text)) for path, text in files(".py", under=("app/",)).items()}
    assert {path: calls for path, calls in wrong.items() if calls} == {}
