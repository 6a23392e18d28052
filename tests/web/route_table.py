"""docs/permissions.md, written from the application: `python -m tests.web.route_table > docs/permissions.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.blueprints import DOORS, anybody
from app.config import load_settings
from app.domain.permission import ROLES, Role, may
from app.factory import create_app
from app.web.guards import needed_by, require_operator
from tests.system import environment

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

HEAD = """# Who may do what

Written from the application by `python -m tests.web.route_table > docs/permissions.md`; a test compares the two, and
another asks every route as every role. Roles and what they hold are in `app/domain/permission.py`, what a route needs
stands at its view, and a route that says nothing keeps the application from starting. "-" is whoever is signed in,
about themselves.

A role is said of a person under Settings, People. On top of the table: nobody agrees to a refund they asked for, nobody
changes their own access, one administrator without a last day always stays, and access, keys, number ranges, settings
and money above a limit need a fresh sign-in.

## Roles

| Permission | {roles} |
| --- | {lines} |
{permissions}

## Routes of the portal

| Route | Needs | {roles} |
| --- | --- | {lines} |
{routes}

## Routes for others

Services prove who they are with a key or the shared secret, and a key is limited to scopes (docs/api.md). Whoever may
pass unknown does so at these doors: signing in, choosing theme and language, health, the gateway's callback, and static
files.

| Route | Who |
| --- | --- |
{others}
"""
SHORT = {
    Role.VIEWER: "viewer",
    Role.CLERK: "clerk",
    Role.FINANCE: "finance",
    Role.SUPERVISOR: "supervisor",
    Role.GATEWAY_ADMIN: "gateway",
    Role.TENANT_ADMIN: "admin",
    Role.AUDITOR: "auditor",
}


def write(app: Flask) -> str:
    """Return the whole document."""
    guards = {door.blueprint.name: door.guard for door in DOORS if not door.development_only}
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ())))
    ours = [rule for rule in rules if guards.get(_blueprint(rule)) is require_operator]
    others = [rule for rule in rules if _blueprint(rule) in guards and rule not in ours]
    permissions = sorted({permission for held in ROLES.values() for permission in held})
    return HEAD.format(
        roles=" | ".join(SHORT[role] for role in Role),
        lines=" | ".join("---" for _ in Role),
        permissions="\n".join(_row([f"`{each}`"], [may(role, each) for role in Role]) for each in permissions),
        routes="\n".join(_route(app, rule) for rule in ours),
        others="\n".join(
            f"| {_name(rule)} | {'anybody' if guards[_blueprint(rule)] is anybody else 'a service'} |"
            for rule in others
        ),
    )


def _route(app: Flask, rule: Rule) -> str:
    needed = needed_by(app, str(rule.endpoint))
    return _row([_name(rule), f"`{needed}`" if needed else "-"], [not needed or may(role, needed) for role in Role])


def _row(cells: list[str], ticks: list[bool]) -> str:
    return f"| {' | '.join([*cells, *('x' if tick else ' ' for tick in ticks)])} |"


def _name(rule: Rule) -> str:
    methods = "/".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
    path = "".join(f"<{part}>" if is_name else part for is_name, part in rule._trace if part != "|")
    return f"`{methods} {path}`"


def _blueprint(rule: Rule) -> str:
    return str(rule.endpoint).partition(".")[0]


if __name__ == "__main__":
    nowhere = environment("postgresql://nobody@localhost/none", "redis://localhost/0")
    print(write(create_app(load_settings(nowhere))), end="")
