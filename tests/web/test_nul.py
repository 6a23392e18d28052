"""Letters PostgreSQL cannot keep, and SQL, are found in no row: no address or query of the portal breaks (T36, T39)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.routing.converters import NumberConverter

from app.web import invoice_parameters
from tests.thoroughness import EXHAUSTIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal

ODD = ["\0", "a\0b", "\ud7ff\0"]
ASKED_FOR = [*ODD, "x'); select 1/0; --"]
LEFT_OUT = ("/api/", "/static/", "/auth/", "/health/", "/metrics")


class Renamed(MultiDict[str, str]):
    """A query under other names that notes by which it is read."""

    names: ClassVar[set[str]] = set()

    def get(self, key: str, *args: Any, **more: Any) -> Any:
        Asked.names.add(key)
        return super().get(key, *args, **more)

    def getlist(self, key: str, *args: Any, **more: Any) -> Any:
        Asked.names.add(key)
        return super().getlist(key, *args, **more)

    def __contains__(self, key: Any) -> bool:
        Asked.names.add(key)
        return super().__contains__(key)


class Asked(ImmutableMultiDict[str, str], Renamed):  # type: ignore[misc]
    """A query as it came."""


def addresses(portal: Portal, text: str) -> Iterator[str]:
    """Yield the address of every page, with the text where one may stand in it."""
    app = portal.system.app
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.rule.startswith(LEFT_OUT):
            continue
        values: dict[str, Any] = {
            name: 7 if isinstance(rule._converters[name], NumberConverter) else text for name in rule.arguments
        }
        yield adapter.build(rule.endpoint, values)


def test_no_address_breaks(portal: Portal, mary: Browser) -> None:
    found = [each for text in ODD for each in addresses(portal, text) if "%00" in each]
    assert len(found) > 30
    for each in found:
        assert mary.client.get(each).status_code in {200, 303, 400, 404, 409}, each


@pytest.mark.slow
def test_no_query_breaks(portal: Portal, mary: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal.system.app.request_class, "parameter_storage_class", Asked)
    monkeypatch.setattr(invoice_parameters, "MultiDict", Renamed)  # what was renamed is read from one of these
    tried = 0
    for address in addresses(portal, "registry"):
        Asked.names = set()
        mary.client.get(address)
        for name in sorted(Asked.names):
            for text in ASKED_FOR if EXHAUSTIVE else [ASKED_FOR[tried % len(ASKED_FOR)]]:
                answer = mary.client.get(address, query_string={name: text})
                assert answer.status_code < 500, (address, name, text)
                tried += 1
    assert tried > 300
