"""What a WSGI server loads: `wsgi:application`."""

from __future__ import annotations

from app import create_app
from app.config import load_settings

application = create_app(load_settings())
