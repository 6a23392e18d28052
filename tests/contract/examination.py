"""Generated calls of one operation, and what no answer to them may be."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemathesis import APIOperation, Case, CheckContext, GenerationMode, Response

EXHAUSTED = 501  # an ended range of numbers is nobody's accident


def is_no_accident(_: CheckContext, response: Response, __: Case[Any]) -> bool | None:
    """Fail on anything that is our fault."""
    assert response.status_code < 500 or response.status_code == EXHAUSTED, response.text
    return None


CHECKS = [
    is_no_accident,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def operations_of(schema: Any, prefix: str) -> list[APIOperation[Any, Any, Any, Any]]:
    """Return the operations of one version of the API."""
    found = []
    for each in schema.get_all_operations():
        assert isinstance(each, Ok)
        found.append(each.ok())
    return [each for each in found if each.path.startswith(f"{prefix}/")]


def examine(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    send: Callable[[Case[Any], int], object],
    *,
    cases: int,
    turn: int = 0,
) -> int:
    """Send generated calls and return how many there were; another turn makes others, the same turn the same.

    `send` gets the case and a number it may take its own choices from, and validates the answer.
    """
    examined = 0

    @seed(turn)
    @given(case=operation.as_strategy(generation_mode=mode), choice=st.integers(0, 2**32))
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: Case[Any], choice: int) -> None:
        nonlocal examined
        examined += 1
        send(case, choice)

    with suppress(Unsatisfiable):  # of a route that accepts everything there is no wrong body
        holds()
    return examined
