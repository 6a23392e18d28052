"""`/api/docs`: the OpenAPI document for people, drawn by a script of our own host."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.web.api import SPEC_PATH

bp = Blueprint("api_pages", __name__)


@bp.get("/api/docs")
def docs() -> str:
    """Return the page; it holds nothing but public words."""
    return render_template("api/docs.html", document=SPEC_PATH)
