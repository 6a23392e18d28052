"""Which browser the tests drive, and how it is started."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch_arguments() -> dict[str, Any]:
    """Return Playwright's launch arguments for the system's Chromium; skip the test when there is none."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        pytest.skip("no browser: apt-get install chromium")
    return {"executable_path": found, "args": ARGUMENTS}
