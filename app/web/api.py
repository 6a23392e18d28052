"""The JSON API's frame: strict bodies for its schemas, and the OpenAPI document that says all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from apiflask import APIBlueprint
from apiflask.schema_adapters import registry
from apiflask.schema_adapters.pydantic import PydanticAdapter
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.routing import Rule

from app.domain.errors import Invalid
from app.web import problem
from app.web.problem import Problem
from app.web.request_body import LIMIT_BYTES, read_fields, read_json, read_query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from apiflask import APIFlask
    from flask import Request

    from app.domain.permission import Permission

    View = TypeVar("View", bound=Callable[..., Any])

SPEC_PATH = "/api/openapi.json"
VERSION_1 = "/api/v1/"
SECURITY = "token"
MOST_FAULTS = 1_000
SCOPE = "x-required-scope"
KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body gets the first answer again, for thirty days",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

# Every error a route may answer, and what it means; what a route adds to the common ones it names itself.
COMMON = (400, 411, 413, 415, 422, 500, 503)
PROTECTED = (401, 403, 409, 429)
READING = (400, 401, 403, 422, 429, 500, 503)
WRITING = (*COMMON, *PROTECTED)
SAFE = {"get", "head"}
MEANINGS = {
    400: "The body cannot be read",
    401: "No valid token",
    403: "Not yours to do: another service's, or a key without the scope this route asks for",
    404: "There is no such thing, or it is not yours",
    409: "The state of things forbids it, or the first call with this Idempotency-Key is still running",
    411: "A form comes without its Content-Length: where it ends would be a guess",
    413: "The body is larger than this route takes: 256 KiB where nothing else is said",
    415: "The body is neither JSON nor a form, or compressed, or not UTF-8",
    422: "Values are missing or wrong: each is named; or the gateway refused, with its code",
    429: "Too many calls: wait as Retry-After says",
    500: "A fault of ours, with an id to quote",
    501: "The range of numbers has ended",
    502: "The gateway refused without a reason that can be passed on",
    503: "Not possible at the moment: try again as Retry-After says",
}


class Fault(BaseModel):
    """What went wrong: a sentence always, a code where there is one, and a list of sentences per faulty field."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": True})

    message: str


class FaultAnswer(BaseModel):
    """Every error (eis.md 14); `message` repeats the sentence for callers that look there."""

    error: Fault
    message: str


class PrintedAnswer(BaseModel):
    """Every error of a route whose callers print `error`: the sentence itself (eis.md 5.5, 14), twice.

    The faulty fields, each with its sentences, and a code where there is one stand in `details`.
    """

    error: str
    message: str
    details: dict[str, Any] = {}


class DeniedAnswer(BaseModel):
    """No valid token: callers test the code, which is 403 although the status is 401 (eis.md 4)."""

    message: str
    code: str


class ExhaustedAnswer(BaseModel):
    """No number is left (eis.md 5.7, 5.8): callers test the error's exact words."""

    message: str
    error: str


BODIES: dict[int, type[BaseModel]] = {401: DeniedAnswer, 501: ExhaustedAnswer}


class StrictAdapter(PydanticAdapter):
    """Gives APIFlask's `input` our strict reading of bodies and our error."""

    def validate_input(self, request: Request, location: str, **_: Any) -> BaseModel:
        """Return the validated model. Raises Invalid naming every faulty field, MalformedBody."""
        said = READERS[location](request, getattr(self.model_class, "LIMIT_BYTES", LIMIT_BYTES))
        try:
            model: BaseModel = self.model_class.model_validate(said)
        except ValidationError as fault:
            raise Invalid(_fields(fault)) from None
        return model

    def serialize_output(self, data: Any, many: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 - APIFlask's own
        """Return the answer, checked against its model; what the view left out is left out."""
        return self.model_class.model_validate(data).model_dump(mode="json", by_alias=True, exclude_unset=True)


# What our schemas are refused for by pydantic itself; every kind of field says the rest in our words.
SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "model_type": "must be an object",
    "list_type": "must be a list",
    "too_short": "must have {min_length} or more entries, and has {actual_length}",
    "too_long": "must have {max_length} or fewer entries, and has {actual_length}",
}
READERS: dict[str, Callable[[Request, int], dict[str, Any]]] = {
    "query": lambda request, _: read_query(request),
    "json": read_json,
    "json_or_form": read_fields,
}

# APIFlask makes an adapter when a route is declared, so ours must stand here before the first blueprint is read.
registry.register("pydantic", StrictAdapter)


def _fields(fault: ValidationError) -> dict[str, list[str]]:
    """Return what is wrong by field: the first thousand faults, and how many more there are."""
    fields: dict[str, list[str]] = {}
    errors = fault.errors(include_url=False, include_input=False)
    for error in errors[:MOST_FAULTS]:
        said = SENTENCES.get(error["type"], "{sentence}")
        sentence = said.format_map({"sentence": error["msg"], **error.get("ctx", {})})
        fields.setdefault(_name(error["loc"]), []).append(sentence)
    if len(errors) > MOST_FAULTS:
        fields["body"] = [f"has {len(errors) - MOST_FAULTS} more faults than are named here"]
    return fields


def _name(place: tuple[int | str, ...]) -> str:
    """Return the field's name with those it stands in, and in a list with its place, counted from 0."""
    return ".".join(map(str, place)) or "body"


def documented(
    summary: str,
    *statuses: int,
    public: bool = False,
    scope: Permission | None = None,
    parameters: Sequence[Mapping[str, Any]] = (),
    shapes: Mapping[int, type[BaseModel]] | None = None,
    array_of: type[BaseModel] | None = None,
    printed: bool = False,
) -> Callable[[View], View]:
    """Return a decorator that documents a route: its summary, its lock and every error it may answer.

    `scope` is what a limited key must hold; `parameters` are those of the query where no schema reads it; `shapes` are
    the errors that callers of this route know in a shape of its own; `array_of` is what its body lists;
    `printed` says that they print `error`, so that it is a sentence.
    """
    own = shapes or {}
    expected = {*COMMON, *(() if public else PROTECTED), *statuses, *own}
    responses = {status: _response(status, own.get(status), printed=printed) for status in sorted(expected)}
    security = None if public else SECURITY
    more: dict[str, Any] = {"requestBody": _array(array_of)} if array_of else {}
    if parameters:
        more["parameters"] = [*parameters]
    if scope is not None:
        more[SCOPE] = str(scope)
    decorate: Callable[[View], View] = _docs.doc(
        summary=summary, responses=responses, security=security, extensions=more
    )
    return decorate


def documented_2(summary: str, *statuses: int, scope: Permission, rehearsed: str = "") -> Callable[[View], View]:
    """Return a decorator that documents a route of version 2, whose every error is a problem (RFC 9457).

    `rehearsed` is the schema of what a rehearsal answers, where that is another status than in earnest.
    """
    answer: dict[str, Any] = {"content": {problem.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    responses: Any = {status: {"description": MEANINGS[status], **answer} for status in sorted(statuses)}
    if rehearsed:
        schema = {"$ref": f"#/components/schemas/{rehearsed}"}
        responses[200] = {"description": "The rehearsal", "content": {"application/json": {"schema": schema}}}
    decorate: Callable[[View], View] = _docs.doc(
        summary=summary, responses=responses, security=SECURITY, extensions={SCOPE: str(scope)}
    )
    return decorate


_docs = APIBlueprint("docs", __name__)


def _array(entry: type[BaseModel]) -> dict[str, Any]:
    schema = {"type": "array", "items": entry.model_json_schema()}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _response(status: int, shape: type[BaseModel] | None, *, printed: bool) -> dict[str, Any]:
    name = BODIES.get(status, PrintedAnswer if printed else FaultAnswer).__name__
    schema = shape.model_json_schema() if shape else {"$ref": f"#/components/schemas/{name}"}
    return {"description": MEANINGS[status], "content": {"application/json": {"schema": schema}}}


def configure(app: APIFlask) -> None:
    """Set what the OpenAPI document needs; called when every blueprint is registered."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        DESCRIPTION="Invoices, payment links and payments for services. Guide: docs/api.md.",
        AUTO_SERVERS=False,  # the Host header is anybody's word
        SERVERS=[{"url": "/"}],
        AUTO_404_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_200_RESPONSE=False,
        SECURITY_SCHEMES={SECURITY: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    )
    app.spec_callback = _complete
    for blueprint in app.blueprints.values():
        if not isinstance(blueprint, APIBlueprint):  # APIFlask trips over plain blueprints that have a guard
            vars(blueprint)["enable_openapi"] = False
    for rule in list(app.url_map.iter_rules()):
        if rule.rule.startswith(VERSION_1):  # callers may name the format, as they could before (eis.md 14)
            app.url_map.add(Rule(f"{rule.rule}.json", endpoint=rule.endpoint, methods=rule.methods))


def _complete(document: Any) -> Any:
    """Add the shared schemas and the header of unsafe calls; leave out the twins with a format suffix."""
    paths = {path: item for path, item in document["paths"].items() if not path.endswith(".json")}
    for item in paths.values():
        for method, operation in item.items():
            if operation.get("security") and method not in SAFE:
                operation["parameters"] = [*operation.get("parameters", []), KEY_HEADER]
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (FaultAnswer, PrintedAnswer, DeniedAnswer, ExhaustedAnswer, Problem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**schema.pop("$defs", {}), model.__name__: schema}
    return document | {"paths": paths}
