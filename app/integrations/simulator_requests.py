"""What comes to a simulator: read strictly, and every request written down, the refused and the broken ones too."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask import Response, g, jsonify, request

if TYPE_CHECKING:
    from flask import Flask

    from app.integrations.simulator_store import Store

SECRET = {"client_secret"}
LONGEST_KEPT = 20_000
# Plain digits, at most two decimals: no sign, no exponent, no NaN, no other script's digits.
AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?", re.ASCII)
CENT = Decimal("0.01")
_LARGEST = Decimal(10) ** 12
_UNSEEN = ("/_sim/", "/favicon.ico")


class Unreadable(ValueError):
    """The body is no JSON of the kind that is wanted."""


def install(app: Flask, store: Store, *, strip: str = "") -> None:
    """Write down every request but the script's own, and show them at `/_sim/received?what=`.

    `strip` is the beginning of a path that says nothing, such as `/api/v4`. Whatever cannot be read is answered 400.
    """

    @app.get("/_sim/received")
    def _received() -> Response:
        return jsonify(store.exchanges(request.args.get("what", "")))

    @app.after_request
    def _write_down(response: Response) -> Response:
        if not request.path.startswith(_UNSEEN):
            what = f"{request.method} {request.path.removeprefix(strip)}"
            store.note(
                _kept(what), _kept(_said()), response.status_code, _kept(_answered(response)), g.get("injected_fault")
            )
        return response

    @app.errorhandler(Unreadable)
    def _unreadable(fault: Unreadable) -> Response:
        return refused(str(fault))


def read_json() -> Any:
    """Return the body, its numbers exact: Decimal for those with a fraction or an exponent. Raises Unreadable."""
    return parse_json(request.get_data())


def parse_json(data: bytes) -> Any:
    """Return what the bytes say in JSON. Raises Unreadable for anything else: NaN, lone surrogates, bottomless nests."""
    try:
        body = json.loads(data or b"{}", parse_float=Decimal, parse_constant=_no_number)
        json.dumps(body, default=str, ensure_ascii=False).encode()
    except (ValueError, RecursionError, ArithmeticError) as fault:
        raise Unreadable(f"The body is not JSON: {type(fault).__name__}") from fault
    return body


def read_object() -> dict[str, Any]:
    """Return the body, which must be a JSON object. Raises Unreadable."""
    body = read_json()
    if not isinstance(body, dict):
        raise Unreadable("The body must be a JSON object")
    return body


def amount_of(value: Any) -> Decimal | None:
    """Return an amount of money, a number or a text, in whole cents; None for what is none."""
    if isinstance(value, str):
        return Decimal(value).quantize(CENT) if AMOUNT.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    # The size comes first: a huge exponent makes exact arithmetic fail or take forever.
    if not 0 <= number < _LARGEST or number != (amount := number.quantize(CENT)):
        return None
    return amount


def refused(why: str, status: int = 400) -> Response:
    """Return an answer that says what was wrong with a request."""
    response = jsonify({"error": why})
    response.status_code = status
    return response


def _no_number(text: str) -> float:
    raise ValueError(text)


def _said() -> str:
    """Return what was sent, letter by letter: the query of a GET, otherwise the body, or the form it was read as."""
    if request.method == "GET":
        return request.query_string.decode(errors="replace")
    form = {name: "..." if name in SECRET else value for name, value in request.form.items()}
    return json.dumps(form) if form else request.get_data().decode(errors="replace")


def _answered(response: Response) -> str:
    return response.headers.get("Location", "") or ("" if response.is_streamed else response.get_data(as_text=True))


def _kept(text: str) -> str:
    """Return the text as SQLite can keep it."""
    return text[:LONGEST_KEPT].encode(errors="replace").decode()
