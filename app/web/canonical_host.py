"""Pages are shown under the name that `BASE_URL` gives us and no other, wherever a browser got one from (T44)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, request
from werkzeug.exceptions import BadRequest

from app.domain.origin import is_allowed
from app.web.translation import translate as _

if TYPE_CHECKING:
    from app.config import Settings


def install(app: Flask, machines: tuple[str, ...]) -> None:
    """Refuse pages under other names outside development; machines call by whatever name they have for us."""
    settings: Settings = app.extensions["settings"]
    if settings.development:
        return

    @app.before_request
    def check() -> None:
        is_page = not f"{request.path}/".startswith(machines)
        if is_page and not is_allowed(f"https://{request.host}", [settings.base_url]):
            raise BadRequest(_("This portal has another address: open it there. A proxy in front has to pass on Host."))
