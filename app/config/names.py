"""How settings are called in the environment: by their names, as EIS wrote them in lower case, or nearly so."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NEAR = 0.85  # EVERYPAY_BAS and DATABASE_URI are nearly settings; HOSTNAME, PGPORT and SMTP_PORT_25_TCP are not
# Names EIS had that mean nothing here (docs/configuration.md).
_OF_EIS = {
    "APIPIE_LOGIN",
    "APIPIE_PASSWORD",
    "LINKPAY_CHECK_PREFIX",
    "SECRET_ACCESS_WORD",
    "SECRET_KEY_BASE",
    "SECRET_WORD",
}


def in_upper_case(said: Mapping[str, str], known: Iterable[str]) -> dict[str, str]:
    """Return what is said with every known name in upper case; where both spellings stand, that one counts."""
    lower = {name.lower(): name for name in known}
    return {lower[name]: value for name, value in said.items() if name in lower} | {
        name: value for name, value in said.items() if name not in lower
    }


def as_written(name: str, said: Mapping[str, str]) -> str:
    """Return how a setting is called in what is said, so that whoever is to remove it finds it."""
    return name if name in said else name.lower()


def misspelt(said: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return a sentence for each name that is no setting and nearly is one, with the one it may be meant for."""
    names = sorted(known)
    read = {*names, *map(str.lower, names)}
    found = []
    for name in sorted(said):
        if name not in read and name.upper() not in _OF_EIS:
            near = get_close_matches(name.upper(), names, 1, _NEAR)
            found += [f"{name}: is no setting and is not read; did you mean {each}?" for each in near]
    return found
