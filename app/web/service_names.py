"""What people call the services: those every installation begins with in the reader's language, others as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g

from app.queries import service_names
from app.uow import process_memory
from app.web.translation import translate_later as _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask
    from flask_babel import LazyString

# What a customer calls a service of their own stays as it is.
SERVICE: dict[str, LazyString | str] = {
    "Domain registry": _("Domain registry"),
    "Domain auction": _("Domain auction"),
    "Business register": _("Business register"),
    "Billing itself": _("Billing itself"),
}


def install(app: Flask) -> None:
    """Give templates the names."""
    for each in (service, called):
        app.jinja_env.filters[each.__name__] = each


def service(name: str) -> str:
    """Return a service's name as the reader has it."""
    return str(SERVICE.get(name, name))


def called(code: str) -> str:
    """Return what the service with this code is called; the code itself where there is none.

    Services are never deleted and keep their names, so a process asks for a code it does not know and no other.
    """
    known = process_memory("service_names")
    missed: set[str] = g.setdefault("codes_of_no_service", set())
    if code and code not in known and code not in missed:
        known.update(service_names.all_names())
        missed.add(code)
    return service(known.get(code, code))


def choices(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return codes with what is called so, in the order of the names."""
    return sorted(((code, called(code)) for code in codes), key=lambda each: each[1].casefold())
