"""Errors of version 2 of the API: problem+json with a stable code and the request's id (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict

from app.web import request_id

VERSION_2 = "/api/v2/"
MEDIA_TYPE = "application/problem+json"
TYPE = "urn:eis-billing:problem:"
CODES = {
    400: "malformed",
    401: "authentication_required",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    411: "length_required",
    413: "payload_too_large",
    415: "unsupported_media_type",
    422: "validation_failed",
    429: "rate_limited",
    500: "internal",
    502: "gateway_declined",
    503: "unavailable",
}


class FieldFault(BaseModel):
    """One field that is missing or wrong."""

    field: str
    detail: str


class Problem(BaseModel):
    """Every error of version 2; `code` is stable, `detail` is for people, `request_id` is what to quote."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": True})

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldFault]


def is_wanted() -> bool:
    """Return whether this request is one whose errors are problems."""
    return f"{request.path}/".startswith(VERSION_2)


def problem(
    status: int, detail: str, *, code: str | None = None, fields: dict[str, Any] | None = None, **more: Any
) -> Response:
    """Return the answer: what kind of problem, what happened here, which fields, and the id to quote."""
    called = code or CODES.get(status, "error")
    body = {
        "type": TYPE + called,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": called,
        "request_id": request_id.current(),
        "errors": [{"field": name, "detail": fault} for name, faults in (fields or {}).items() for fault in faults],
        **more,
    }
    response = jsonify(body)
    response.status_code = status
    response.mimetype = MEDIA_TYPE
    return response
