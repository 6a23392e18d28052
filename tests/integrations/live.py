"""A simulator on a real socket, for the faults that need one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.sockets import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve the application on loopback and yield its URL."""
    with listening(app) as server:
        yield f"http://127.0.0.1:{server.port}"
