"""What a worker and a relay wait for before they begin."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.queries import schema_version

if TYPE_CHECKING:
    from flask import Flask

LOOK_S = 2.0
SAY_EVERY_S = 60.0
LOG = structlog.get_logger(__name__)


def with_tables(app: Flask) -> Flask:
    """Return the application once its database has the tables of this program; until then says once a minute that not.

    A database that is away is nothing to wait for here: those who work know how to outlive that.
    """
    said_at = float("-inf")
    while _lacks_tables(app):
        if time.monotonic() - said_at >= SAY_EVERY_S:
            LOG.warning("database.behind", why="the tables are not those of this program: run billing migrate")
            said_at = time.monotonic()
        time.sleep(LOOK_S)
    return app


def _lacks_tables(app: Flask) -> bool:
    with app.app_context():
        try:
            return schema_version.is_behind(db.session.connection())
        except SQLAlchemyError:
            return False
