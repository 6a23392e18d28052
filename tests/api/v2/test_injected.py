"""SQL where a filter, an order, a cursor or a name is asked for is a text that names nothing (security.md T39)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.api.client import V2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.client import Api

SQL = ["' or 1=1 --", "id; drop table invoice; --", "1) or (1=1"]


@pytest.mark.parametrize("sql", SQL)
def test_it_finds_nothing_and_breaks_nothing(api: Api, sql: str) -> None:
    number = api.system.invoice()
    assert api.v2("/references", {}).status_code == 201
    document: dict[str, Any] = json.loads(api.get("/api/openapi.json").text)
    addresses = set(_addresses(document, quote(sql, safe="")))
    assert len(addresses) > 40
    for address in sorted(addresses):
        answer = api.v2(address)
        assert answer.status_code in {200, 404, 422}, address
        assert answer.status_code != 200 or answer.json["data"] == [], address  # type: ignore[index]
    assert api.system.status(number) == "unpaid"


def _addresses(document: dict[str, Any], sql: str) -> Iterator[str]:
    """Yield every address of version 2 that is read, with the text in one of its places."""
    for path, item in document["paths"].items():
        if not path.startswith(V2) or "get" not in item:
            continue
        address = re.sub(r"{[^}]+}", sql, path.removeprefix(V2))
        if address != path.removeprefix(V2):
            yield address
            continue
        for each in item["get"].get("parameters", []):
            if each["in"] == "query":
                yield f"{address}?{each['name']}={sql}"
