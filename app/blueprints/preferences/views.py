"""The door to the theme switch; the language is a link, `?lang=`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, request, url_for

from app.web import cookies
from app.web.guards import local_path
from app.web.theme import THEMES

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("preferences", __name__)


@blueprint.post("/theme")
def update_theme() -> Response:
    """Remember light, dark or system and go back to the page one came from."""
    response = redirect(local_path(request.form.get("back")) or url_for("auth.sign_in"), 303)
    wanted = request.form.get("theme")
    if wanted in THEMES:
        cookies.put_choice(response, "theme", wanted)
    return response
