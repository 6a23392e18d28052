"""The application with all its doors, put together: one step per line. Nothing else imports from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apiflask import APIFlask

from app import blueprints
from app.core import equip
from app.extensions import db
from app.integrations.login import register_tara
from app.uow import assert_no_transaction
from app.web import api, canonical_host, complete_bodies, errors, portal, proxies, slashes, wire_json
from app.web.extensions import csrf, limiter, login_manager, oauth

if TYPE_CHECKING:
    from app.config import Settings


def create_app(settings: Settings, *, process: str = "tool") -> APIFlask:
    """Return the application; `process` is web, worker or tool and sets how patient it is with the database."""
    app = APIFlask(
        "app",
        title="EIS Billing",
        version="1",
        spec_path=api.SPEC_PATH,
        docs_path=None,
        json_errors=False,
        # web/assets.py serves the files under addresses that carry their hash.
        static_folder=None,  # type: ignore[arg-type]
    )
    equip(app, settings, process)
    if process != "web":  # nobody migrates from there, and loading the tool would keep the first page waiting
        _bind_migrations(app)
    _bind_extensions(app, settings)
    _register_doors(app, settings)
    return app


def _bind_migrations(app: APIFlask) -> None:
    from flask_migrate import Migrate  # noqa: PLC0415 - see above

    Migrate(app, db)


def _bind_extensions(app: APIFlask, settings: Settings) -> None:
    oauth.init_app(app)
    register_tara(oauth, settings, before_request=assert_no_transaction)
    app.extensions["limiter"] = {limiter}  # no look at each request: budgets are spent where they cost (web/limits.py)
    limiter.init_app(app)
    login_manager.init_app(app)


def _register_doors(app: APIFlask, settings: Settings) -> None:
    wire_json.install(app)
    errors.install(app)
    slashes.install(app, errors.FOR_MACHINES)
    complete_bodies.install(app)
    canonical_host.install(app, errors.FOR_MACHINES)
    proxies.install(app, settings.trusted_proxies)
    portal.install(app)
    blueprints.register(app, csrf.exempt, development=settings.development)
    api.configure(app)
