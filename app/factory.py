"""The application, put together: one step per line. Nothing else imports from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apiflask import APIFlask

from app import blueprints, logs, models  # noqa: F401 - the tables must be known to migrations and queries
from app.config import secret_values
from app.domain import exact_json
from app.extensions import csrf, db, limiter, login_manager, migrate, oauth
from app.integrations import build_integrations, register_tara
from app.uow import assert_no_transaction
from app.web import api, errors, portal

if TYPE_CHECKING:
    from app.config import Settings

# Seconds a statement, a lock and an idle transaction may take, by kind of process (reliability.md 3.4, 3.10).
LIMITS_S = {"web": (5, 2, 10), "worker": (60, 10, 30), "tool": (600, 10, 60)}


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
    app.extensions["settings"] = settings
    logs.configure(level=settings.log_level, secrets=secret_values(settings), readable=settings.development)
    _configure(app, settings, process)
    _bind_extensions(app)
    _register_outside(app, settings)
    _register_doors(app, settings)
    return app


def _configure(app: APIFlask, settings: Settings, process: str) -> None:
    statement_s, lock_s, idle_s = LIMITS_S[process]
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SQLALCHEMY_DATABASE_URI=_driver_url(settings.database_url.get_secret_value()),
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": 10,
            "max_overflow": 0,
            "pool_timeout": 5,
            "hide_parameters": True,
            "json_serializer": exact_json.dumps,
            "json_deserializer": exact_json.loads,
            "connect_args": {
                "connect_timeout": 2,
                "application_name": f"billing {process}",
                "options": (
                    f"-c statement_timeout={statement_s}s -c lock_timeout={lock_s}s "
                    f"-c idle_in_transaction_session_timeout={idle_s}s -c timezone=UTC"
                ),
            },
        },
        MAX_CONTENT_LENGTH=256 * 1024,
        RATELIMIT_STORAGE_URI=settings.redis_url.get_secret_value().replace("unix://", "redis+unix://", 1),
        RATELIMIT_STORAGE_OPTIONS={"wrap_exceptions": True, "socket_connect_timeout": 0.5, "socket_timeout": 1},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_HEADERS_ENABLED=False,
    )


def _driver_url(url: str) -> str:
    """Name the driver in a plain PostgreSQL URL."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if scheme in {"postgres", "postgresql"} else url


def _bind_extensions(app: APIFlask) -> None:
    db.init_app(app)
    migrate.init_app(app, db)
    oauth.init_app(app)
    app.extensions["limiter"] = {limiter}  # no look at each request: budgets are spent where they cost (web/limits.py)
    limiter.init_app(app)
    login_manager.init_app(app)


def _register_outside(app: APIFlask, settings: Settings) -> None:
    app.extensions["integrations"] = build_integrations(settings, before_request=assert_no_transaction)
    register_tara(oauth, settings, before_request=assert_no_transaction)


def _register_doors(app: APIFlask, settings: Settings) -> None:
    errors.install(app)
    portal.install(app)
    blueprints.register(app, csrf.exempt, development=settings.development)
    api.configure(app)
