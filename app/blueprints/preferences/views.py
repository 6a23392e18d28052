"""The doors to the switches of theme and language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, request, url_for
from flask_login import current_user

from app.services import people
from app.web import cookies
from app.web.guards import local_path
from app.web.language import LANGUAGES
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


@blueprint.post("/language")
def update_language() -> Response:
    """Remember the language in this browser and, of who is signed in, for the next sign-in anywhere."""
    response = redirect(local_path(request.form.get("back")) or url_for("auth.sign_in"), 303)
    wanted = request.form.get("lang")
    if wanted in LANGUAGES:
        cookies.put_choice(response, "lang", str(wanted))
        if current_user.is_authenticated:
            people.speak(current_user.operator_id, str(wanted))
    return response
