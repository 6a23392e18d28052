"""`billing doctor`: is everything there that this system needs? One line for each thing, with the cure for a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.config import SettingsFault, misspelt
from app.services import checkup
from app.services.checkup import Finding, Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

__all__ = ["Finding", "Probe", "examine", "findings"]


def examine(make_app: Callable[[], Flask]) -> bool:
    """Print what is found and return whether there is no fault."""
    good = True
    for finding in findings(make_app):
        print(finding, flush=True)
        good = good and not finding.fault
    return good


def findings(make_app: Callable[[], Flask]) -> Iterator[Finding]:
    """Yield everything looked at; with unusable settings only what needs none."""
    try:
        app = make_app()
    except SettingsFault as fault:
        yield from (
            Finding("settings", each.partition(":")[0], each.partition(":")[2].strip()) for each in fault.faults
        )
    else:
        mode = "development" if app.extensions["settings"].development else "production"
        yield Finding("settings", f"complete, {mode}")
        yield from (Finding("settings", each) for each in misspelt())
        with app.app_context():
            development = app.extensions["settings"].development
            yield from checkup.of_system(app.extensions["integrations"], development=development)
    yield from checkup.of_machine()
