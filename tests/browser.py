"""Which browser the tests drive, and how it is started."""

from __future__ import annotations

import shutil
import sys
from ctypes.util import find_library
from typing import Any

import pytest

NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome"]
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
        pytest.skip("no browser: apt-get install chromium-headless-shell")
    if sys.platform == "linux" and find_library("atomic") is None:
        pytest.skip("the browser's driver cannot start: apt-get install libatomic1")
    return {"executable_path": found, "args": ARGUMENTS}
