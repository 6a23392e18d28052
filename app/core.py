"""What every process runs in, web, worker or command: settings, database, the outside. No doors.

A worker loads no doors: it starts the sooner for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy import event

from app import logs, models  # noqa: F401 - the tables must be known to migrations and queries
from app.config import secret_values
from app.domain import exact_json
from app.extensions import db
from app.integrations import build_integrations
from app.uow import assert_no_transaction

if TYPE_CHECKING:
    import psycopg

    from app.config import Settings

# Seconds a statement, a lock and an idle transaction may take, by kind of process (reliability.md 3.4, 3.10).
LIMITS_S = {"web": (5, 2, 10), "worker": (60, 10, 30), "tool": (600, 10, 60)}
# How many processes may help PostgreSQL with one statement: to start them takes longer than they save a page.
HELPERS = {"web": 0, "worker": 2, "tool": 2}
# A payment on its way takes some two hundred different statements.
STATEMENTS = 1000


def create_core(settings: Settings, *, process: str = "tool") -> Flask:
    """Return an application without doors; `process` is worker or tool and sets its patience with the database."""
    app = Flask("app", static_folder=None)
    equip(app, settings, process)
    return app


def equip(app: Flask, settings: Settings, process: str) -> None:
    """Give an application its settings, its log, its database and its ways to the outside."""
    app.extensions["settings"] = settings
    logs.configure(level=settings.log_level, secrets=secret_values(settings), readable=settings.development)
    _configure(app, settings, process)
    db.init_app(app)
    with app.app_context():
        event.listen(db.engine, "connect", _keep_prepared)
    app.extensions["integrations"] = build_integrations(settings, before_request=assert_no_transaction)


def _keep_prepared(connection: psycopg.Connection[Any], _record: object) -> None:
    """Let a connection keep all statements prepared: of more than the driver's hundred each drove another out."""
    connection.prepared_max = STATEMENTS


def _configure(app: Flask, settings: Settings, process: str) -> None:
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
                # A network that swallows everything is noticed within a minute; the kernel alone waits two hours.
                "tcp_user_timeout": 20_000,
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                "application_name": f"billing {process}",
                "options": (
                    f"-c statement_timeout={statement_s}s -c lock_timeout={lock_s}s "
                    f"-c idle_in_transaction_session_timeout={idle_s}s -c timezone=UTC "
                    f"-c max_parallel_workers_per_gather={HELPERS[process]}"
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
