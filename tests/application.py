"""Applications for tests: making one takes as long as a whole test, so the next test gets it with its own database.

Those that differ in their settings share what Jinja compiled.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from jinja2 import BytecodeCache
from sqlalchemy import event, make_url

from app import blueprints
from app.config import load_settings
from app.extensions import db
from app.factory import create_app
from app.web.extensions import limiter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apiflask import APIFlask
    from jinja2.bccache import Bucket
    from sqlalchemy import Dialect, Engine

Key = tuple[tuple[str, str], ...]

_idle: dict[Key, list[APIFlask]] = {}
_keys: dict[int, Key] = {}
_fresh: dict[int, dict[str, Any]] = {}
_turned: WeakSet[Engine] = WeakSet()


class Templates(BytecodeCache):
    """Compiled templates of this process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = Templates()


def application(environ: Mapping[str, str], process: str = "tool") -> APIFlask:
    """Return an application with these settings that nobody else uses until it is released."""
    doors = ("doors", " ".join(door.blueprint.name for door in blueprints.DOORS))  # some tests hang one more
    said = sorted((name, value) for name, value in environ.items() if name != "DATABASE_URL")
    key = (doors, ("process", process), *said)
    settings = load_settings(environ)
    waiting = _idle.get(key)
    if not waiting:
        app = create_app(settings, process=process)
        app.jinja_env.bytecode_cache = TEMPLATES
        _keys[id(app)] = key
        _fresh[id(app)] = dict(app.extensions)
        return app
    app = waiting.pop()
    _forget(app)
    limiter.init_app(app)  # one for all applications of a process: it counts where the last one bound says
    app.extensions["settings"] = settings
    _lead_to(app, environ["DATABASE_URL"])
    return app


def release(app: APIFlask) -> None:
    """Give the application back, whose connections are closed; a second time changes nothing."""
    idle = _idle.setdefault(_keys[id(app)], [])
    if app not in idle:
        idle.append(app)


def _forget(app: APIFlask) -> None:
    """Let the application forget what it learnt of another database; its connection to Redis stays."""
    kept = {"redis": app.extensions["redis"]} if "redis" in app.extensions else {}
    app.extensions.clear()
    app.extensions.update(_fresh[id(app)] | kept)


def _lead_to(app: APIFlask, url: str) -> None:
    """Let the engine, whose connections are closed, open the next ones there; what it compiled stays."""
    with app.app_context():
        engine = db.engine
    engine.url = make_url(url)
    if engine not in _turned:
        _turned.add(engine)
        event.listen(engine, "do_connect", partial(_connect, engine))


def _connect(engine: Engine, dialect: Dialect, _record: object, _given: object, named: dict[str, Any]) -> None:
    named |= dialect.create_connect_args(engine.url)[1]
