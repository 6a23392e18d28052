"""A simulator that is made when somebody first talks to it: most tests talk to one or two of four."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask


class Simulator(httpx.BaseTransport):
    """A transport that leads to the simulator `make` returns."""

    def __init__(self, make: Callable[[], Flask]) -> None:
        self._make = make

    @cached_property
    def app(self) -> Flask:
        """Return the simulator."""
        return self._make()

    @cached_property
    def _wire(self) -> httpx.WSGITransport:
        return httpx.WSGITransport(app=self.app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Let the simulator answer."""
        return self._wire.handle_request(request)
