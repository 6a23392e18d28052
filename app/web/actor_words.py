"""Who did something, in words: people by name, services and gateways by what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.queries.actors import PERSON
from app.web.directions import isolated
from app.web.service_names import called
from app.web.translation import translate_later as _
from app.web.words import gateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

ACTOR = {
    "system": _("the system"),
    "operator": _("operator %(who)s"),
    "initiator": _("service %(who)s"),
    "gateway": "%(who)s",
}


def install(app: Flask) -> None:
    """Give templates the words."""
    for each in (by_whom, with_names):
        app.jinja_env.filters[each.__name__] = each


def by_whom(actor: str | None, names: Mapping[str, str]) -> str:
    """Return who did something: a person by name, a service or a gateway by what it is called."""
    if not actor:
        return ""
    kind, _colon, who = actor.partition(":")
    if actor in names or kind not in ACTOR:
        return isolated(names.get(actor, actor))
    return str(ACTOR[kind]) % {"who": called(who) if kind == "initiator" else gateway(who)}


def with_names(sentence: str, names: Mapping[str, str]) -> str:
    """Return a kept sentence with the names of the people it speaks of."""
    return PERSON.sub(lambda found: isolated(names.get(found.group(), found.group())), sentence)
