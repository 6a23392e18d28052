"""The door at the root: it sends people where they want to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, url_for
from flask_login import current_user

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def index() -> Response:
    """Send signed-in people to the overview, everybody else to sign in."""
    return redirect(url_for("overview.index" if current_user.is_authenticated else "auth.sign_in"), 303)


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """Answer browsers that ask without being told where the icon is."""
    return redirect(url_for("static", filename="favicon.svg"), 303)
