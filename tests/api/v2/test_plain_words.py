"""What is wrong with a call is said in our words, whichever way it is wrong, and named with its place."""

from __future__ import annotations

import inspect
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, ValidationError

from app.blueprints.api import papers, refund, reserved_domains, schemas
from app.blueprints.api.v2 import requests
from app.web.api import SENTENCES
from app.web.strict_json import NumberText
from tests.api.client import fields_of, problem_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.client import Api

TOLD = [
    ("/invoices", {"amount": "1", "wish": 1}, "wish is not known here"),
    ("/invoices", {"amount": "1", "customer": {"zzz": 1}}, "customer.zzz is not known here"),
    ("/invoices", {"amount": "1", "customer": {"name": 1}}, "customer.name must be a string"),
    ("/invoices", {"amount": "1", "customer": "ACME"}, "customer must be an object"),
    ("/invoices", {"amount": "1", "lines": {}}, "lines must be a list"),
    ("/invoices/bulk", {"invoices": []}, "invoices must have 1 or more entries, and has 0"),
    ("/invoices/bulk", {"invoices": [7]}, "invoices.0 must be an object"),
    ("/invoices/bulk", {"invoices": 7}, "invoices must be a list"),
    ("/invoices/bulk", {}, "invoices is missing"),
]
# Of every kind JSON has, and what may stand inside.
WRONG: list[Any] = [
    None, True, "", " ", "x", "\x00", "x" * 2001, NumberText("1.5"), NumberText("-1"), NumberText("9" * 30),
    {}, {"zzz": "1"}, [], ["x"], [None], [{}], [[]], [{"zzz": "1"}], [{}] * 1001,
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "sentence"), TOLD)
def test_a_fault_is_told_in_our_words(api: Api, path: str, body: dict[str, Any], sentence: str) -> None:
    assert problem_of(api.v2(path, body), 422)["detail"] == sentence


def test_the_words_a_filter_knows_are_listed(api: Api) -> None:
    answer = api.v2("/invoices?kind=nonsense")
    assert fields_of(answer) == {"kind"}
    assert problem_of(answer, 422)["detail"].startswith("kind must be one of ")


def models() -> Iterator[type[BaseModel]]:
    """Return everything callers send, of both versions."""
    for each in chain.from_iterable(
        vars(module).values() for module in (schemas, refund, papers, reserved_domains, requests)
    ):
        if inspect.isclass(each) and issubclass(each, BaseModel) and not each.__name__.endswith(("Answer", "Model")):
            yield each


def faults_of(model: type[BaseModel], said: dict[str, Any]) -> set[str]:
    """Return the kinds of faults of a body, as the library calls them."""
    try:
        model.model_validate(said)
    except ValidationError as fault:
        return {each["type"] for each in fault.errors()}
    return set()


@pytest.mark.parametrize("model", sorted(set(models()), key=str), ids=lambda model: model.__name__)
def test_no_field_can_be_wrong_in_words_of_a_library(model: type[BaseModel]) -> None:
    bodies_sent = [{}, {"zzz": 1}, *({name: wrong} for name in model.model_fields for wrong in WRONG)]
    kinds = {kind for said in bodies_sent for kind in faults_of(model, said)}
    assert kinds <= {*SENTENCES, "refused"}
