"""What is written of a row belongs to the row's tenant: no call of a writer says which tenant by a number."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.tree import files

WRITERS = {("timeline", "record"), ("reviews", "ask"), ("ledger", "post"), ("outbox", "post")}
OF_A_ROW = {"invoice_id", "payment_id"}


def faults(source: str) -> list[str]:
    """Return what is wrong with the calls of writers in a file."""
    return [
        f"line {call.lineno}: {why}"
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and _writes(call) and (why := _why(call))
    ]


def _writes(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and (function.value.id, function.attr) in WRITERS
    )


def _why(call: ast.Call) -> str:
    said = {keyword.arg: keyword.value for keyword in call.keywords}
    tenant = said.get("tenant_id")
    if tenant is None:
        return "says no tenant"
    if isinstance(tenant, ast.Constant):
        return "names a tenant by its number"
    if isinstance(tenant, ast.Name) and tenant.id == "DEFAULT_TENANT" and OF_A_ROW & said.keys():
        return "speaks of a row and takes the default tenant"
    return ""


@pytest.mark.parametrize(
    ("call", "caught"),
    [
        ("timeline.record('x', invoice_id=invoice.id)", True),
        ("reviews.ask('x', 'y', 'z', payment_id=payment.id, tenant_id=1)", True),
        ("outbox.post('x', 'y', invoice_id=invoice.id, tenant_id=DEFAULT_TENANT)", True),
        ("ledger.post('x', 'y', (), invoice_id=invoice.id, tenant_id=invoice.tenant_id)", False),
        ("timeline.record('lane.stopped', tenant_id=DEFAULT_TENANT)", False),
    ],
)
def test_the_rule_catches_what_it_must(call: str, *, caught: bool) -> None:
    assert bool(faults(call)) is caught


def test_every_writer_takes_its_tenant_from_the_row() -> None:
    sources = files(".py", under=("app/",))
    calls = sum(
        _writes(node) for each in sources.values() for node in ast.walk(ast.parse(each)) if isinstance(node, ast.Call)
    )
    print(f"{calls} calls of writers examined")
    assert calls > 100
    assert {path: found for path, source in sources.items() if (found := faults(source))} == {}


def test_no_writer_knows_a_tenant_by_itself() -> None:
    """Were there a default, whoever forgets the tenant would write into another's books."""
    for module in ("timeline", "reviews", "ledger", "outbox"):
        source = files(".py", under=(f"app/services/{module}.py",))[f"app/services/{module}.py"]
        assert "tenant_id: int = " not in source, module
