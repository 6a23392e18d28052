"""The blueprint the doors of this package hang on."""

from __future__ import annotations

from flask import Blueprint

blueprint = Blueprint("deliveries", __name__, url_prefix="/deliveries")
