"""What pages and the API lean on, not bound yet; `create_app` binds it, nothing else configures it."""

from __future__ import annotations

from authlib.integrations.flask_client import OAuth
from flask_babel import Babel
from flask_htmx import HTMX
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_wtf import CSRFProtect

oauth = OAuth()
htmx = HTMX()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address)
babel = Babel()
login_manager = LoginManager()
