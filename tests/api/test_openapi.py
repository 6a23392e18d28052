"""The OpenAPI document: true, complete, and held to by what the API really answers (feasibility.md 8)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from schemathesis import GenerationMode

from app.blueprints.callbacks import everypay
from app.web.api import COMMON, PROTECTED, READING, WRITING
from tests.api.client import ARRAYS, CALLBACK, MONTHLY, NUMBER, ONEOFF, READS, ROUTES, V2, bearer, error_of
from tests.contract.examination import CHECKS, examine, operations_of
from tests.system import V1

if TYPE_CHECKING:
    from schemathesis import Case

    from tests.api.client import Api


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(api.get("/api/openapi.json").text)
    return found


def operations(document: dict[str, Any], prefix: str = V1) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the operations of one version by path and method."""
    return {
        (path, method): each
        for path, item in document["paths"].items()
        for method, each in item.items()
        if path.startswith(f"{prefix}/")
    }


def test_it_is_openapi_3_1(api: Api, document: dict[str, Any]) -> None:
    assert api.get("/api/openapi.json").mimetype == "application/json"
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/"}]
    schemathesis.openapi.from_dict(document).validate()


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_callback_says_which_parameters_it_reads(document: dict[str, Any], method: str) -> None:
    said = {
        (each["name"], each["in"], each["required"])
        for each in operations(document)[f"{V1}{CALLBACK}", method]["parameters"]
    }
    assert said == {
        ("payment_reference", "query", True),
        ("order_reference", "query", False),
        ("event_name", "query", False),
    }


def test_every_route_of_version_1_is_there_and_nothing_else(api: Api, document: dict[str, Any]) -> None:
    served = {
        (rule.rule, method.lower())
        for rule in api.system.app.url_map.iter_rules()
        if rule.rule.startswith(V1) and not rule.rule.endswith(".json")
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    }
    assert set(operations(document)) == served
    assert {path.removeprefix(V1) for path, _ in served} == {*ROUTES, *READS, CALLBACK}


def test_every_route_but_the_callback_needs_a_token(document: dict[str, Any]) -> None:
    for (path, _), operation in operations(document).items():
        assert operation.get("security", []) == ([] if path.endswith("callback") else [{"token": []}])


def test_every_error_is_documented_in_its_shape(document: dict[str, Any]) -> None:
    schemas = {"401": "DeniedAnswer", "501": "ExhaustedAnswer"}
    for (path, _), operation in operations(document).items():
        expected = {str(status) for status in COMMON + (() if path.endswith("callback") else PROTECTED)}
        answers = operation["responses"]
        assert expected <= set(answers), path
        for status, answer in answers.items():
            if status >= "400":
                schema = answer["content"]["application/json"]["schema"]
                if "/reserved_domain" in path and status == "404":
                    assert "message" in schema["required"]
                    continue
                shown = schema["$ref"].rpartition("/")[2]
                assert shown == schemas.get(
                    status, "PrintedAnswer" if path.endswith("deposit_status") else "FaultAnswer"
                )


def test_what_only_some_routes_answer_is_said_there(document: dict[str, Any]) -> None:
    def statuses(path: str) -> set[str]:
        return set(document["paths"][V1 + path]["post"]["responses"])

    assert {"429", "502"} <= statuses(ONEOFF)
    assert "501" in statuses(NUMBER) & statuses(MONTHLY)
    assert "404" in statuses("/invoice_generator/invoice_status")


def test_every_unsafe_route_knows_the_idempotency_key(document: dict[str, Any]) -> None:
    for (path, method), operation in operations(document).items():
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert ("Idempotency-Key" in names) == (not path.endswith("callback") and method != "get")


def test_bodies_may_be_json_or_a_form(document: dict[str, Any]) -> None:
    for (path, method), operation in operations(document).items():
        if not path.endswith("callback") and method != "get":
            kinds = set(operation["requestBody"]["content"])
            forms = set() if path.removeprefix(V1) in ARRAYS else {"application/x-www-form-urlencoded"}
            assert kinds == {"application/json", *forms}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    wanted = {part.split('"')[0] for part in text.split('"$ref": "#/components/schemas/')[1:]}
    assert wanted <= set(document["components"]["schemas"])


def test_its_own_examples_are_accepted(api: Api, document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for (path, method), operation in operations(document).items():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        listed = body.get("items", {}).get("examples", [])
        for example in schemas.get(body.get("$ref", "").rpartition("/")[2], {}).get("examples", listed):
            sent = [example] if listed else example
            response = api.send(path.removeprefix(V1), sent, method=method.upper())
            assert response.status_code in {200, 201, 404, 409, 422}, (path, response.text)
            fields = error_of(response) if "error" in (response.json or {}) else {}
            assert not {*fields} - {"message", "code", "customer_url"}, (path, response.text)


def test_every_route_of_version_2_is_there_and_nothing_else(api: Api, document: dict[str, Any]) -> None:
    served = {
        (re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule), method.lower())
        for rule in api.system.app.url_map.iter_rules()
        if rule.rule.startswith(V2)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    }
    assert set(operations(document, V2)) == served
    assert len(operations(document)) + len(served) == sum(map(len, document["paths"].values()))


def test_every_error_of_version_2_is_a_documented_problem(document: dict[str, Any]) -> None:
    for (path, method), operation in operations(document, V2).items():
        expected = {*(READING if method == "get" else WRITING), *([404] if "{" in path else [])}
        errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        assert {str(status) for status in expected} <= set(errors), path
        for answer in errors.values():
            assert set(answer["content"]) == {"application/problem+json"}
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema["$ref"] == "#/components/schemas/Problem"


def test_every_call_of_version_2_needs_a_token_and_the_unsafe_ones_know_the_key(document: dict[str, Any]) -> None:
    for (_, method), operation in operations(document, V2).items():
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert operation["security"] == [{"token": []}]
        assert ("Idempotency-Key" in names) == ("dry_run" in names) == (method != "get")
        if method != "get":
            assert set(operation["requestBody"]["content"]) == {"application/json"}


def test_every_list_of_version_2_is_read_by_cursor(document: dict[str, Any]) -> None:
    for (path, method), operation in operations(document, V2).items():
        schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        if method == "get" and schema.get("$ref", "").endswith("Page"):
            names = {parameter["name"] for parameter in operation["parameters"]}
            assert {"limit", "cursor"} <= names, path


def test_the_examples_of_version_2_are_accepted(api: Api, document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for (path, method), operation in operations(document, V2).items():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        for example in schemas.get(body.get("$ref", "").rpartition("/")[2], {}).get("examples", []):
            response = api.v2(
                path.removeprefix(V2).format(number=1, endpoint_id="x", refund_id="x"), example, method=method.upper()
            )
            faulty = {each["field"] for each in (response.json or {}).get("errors", [])}
            assert faulty <= {"return_url", "url"}, (path, response.text)  # origins differ from place to place


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("prefix", [V1, V2])
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_generated_call_gets_an_answer_that_is_not_documented(
    own_api: Api, mode: GenerationMode, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everypay, "WAIT_S", 0.01)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", own_api.system.app)

    def send(case: Case[Any], _: int) -> None:
        case.call_and_validate(headers={"Authorization": bearer()}, checks=CHECKS)

    examined = {each.label: examine(each, mode, send, cases=8) for each in operations_of(schema, prefix)}
    document = json.loads(own_api.get("/api/openapi.json").text)
    assert len(examined) == len(operations(document, prefix))
    assert sum(examined.values()) > 5 * len(examined)  # fifty thousand of them: ./check contract
