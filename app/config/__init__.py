"""Settings: what the environment says, checked as a whole before anything starts.

`docs/configuration.md` explains every setting; a test keeps the two equal. Outside development
(`BILLING_DEVELOPMENT=1`, which only `billing up` sets) insecure values and mixes are refused.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from pydantic import SecretStr, ValidationError

from app.config import names, production
from app.config.fault_words import in_words
from app.config.fields import Group
from app.config.groups import (
    Core,
    DirectoSettings,
    EInvoiceSettings,
    EveryPaySettings,
    InitiatorSettings,
    LhvSettings,
    MailSettings,
    Settings,
    TaraSettings,
)
from app.domain.errors import BillingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic.fields import FieldInfo

__all__ = [
    "DirectoSettings",
    "EInvoiceSettings",
    "EveryPaySettings",
    "InitiatorSettings",
    "LhvSettings",
    "MailSettings",
    "Settings",
    "SettingsFault",
    "TaraSettings",
    "load_settings",
    "misspelt",
    "secret_values",
]

G = TypeVar("G", bound=Group)
# The password of a URL, read both ways: PostgreSQL takes one with "/" in it, Redis one with "@".
_PASSWORDS = (re.compile(r"://[^:/@]*:([^@]+)@"), re.compile(r"://[^:/@]*:([^/]+)@"))

PARTS: dict[str, type[Group]] = {
    "everypay": EveryPaySettings,
    "initiators": InitiatorSettings,
    "tara": TaraSettings,
    "mail": MailSettings,
    "directo": DirectoSettings,
    "e_invoice": EInvoiceSettings,
    "lhv": LhvSettings,
}


class SettingsFault(BillingError):
    """The settings cannot be used. `faults` lists everything that is wrong, each with its name and its cure."""

    def __init__(self, faults: list[str]) -> None:
        plural = "setting" if len(faults) == 1 else "settings"
        lines = [f"{len(faults)} {plural} cannot be used:", *(f"  {fault}" for fault in faults)]
        super().__init__("\n".join(lines))
        self.faults = faults


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Return the settings found in `env` (the process's environment when None).

    Raises SettingsFault with all faults at once; no value of a secret is in it.
    """
    faults: list[str] = []
    said = _said(os.environ if env is None else env, faults)
    core = _parse(Core, said, faults)
    parts: dict[str, Any] = {name: _parse(group, said, faults) for name, group in PARTS.items()}
    groups = [core, *parts.values()]
    known = {fault.partition(":")[0] for fault in faults}
    further = [*production.missing(groups, development=core.development), *production.contradictions(groups)]
    if not core.development:
        further += production.faults(groups)
    faults += [fault for fault in further if fault.partition(":")[0] not in known]
    if faults:
        raise SettingsFault([*faults, *misspelt(env)])
    return Settings(**(said | parts))


def misspelt(env: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each name in `env` that is nearly a setting: nothing else would tell of it."""
    said = os.environ if env is None else env
    return names.misspelt((name for name, value in said.items() if value.strip()), _all_names())


def secret_values(settings: Settings) -> frozenset[str]:
    """Return every secret in clear, the passwords inside URLs too, for the one who keeps them out of the logs."""
    groups: Iterable[Group] = (settings, *(getattr(settings, part) for part in PARTS))
    secrets = [each.value for group in groups for each in production.read(group) if each.is_secret and each.value]
    passwords = [found[1] for each in secrets for part in _PASSWORDS if (found := part.search(each))]
    return frozenset((*secrets, *passwords, *map(unquote, passwords)))


def _said(env: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    """Return the environment without empty values; `NAME_FILE` names a mounted file that holds the secret."""
    given = {name: value.strip() for name, value in env.items() if value.strip()}
    said = names.in_upper_case(given, _all_names())
    for name in _secret_names():
        path = said.pop(f"{name}_FILE", None)
        if path is not None and name in said:
            value, file = names.as_written(name, given), names.as_written(f"{name}_FILE", given)
            faults.append(f"{name}: is given twice, by {value} and by {file}; remove one")
        elif path is not None:
            try:
                said[name] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                faults.append(f"{names.as_written(f'{name}_FILE', given)}: no text file can be read there")
    for name in _names() & {name for name, value in said.items() if _is_quoted(value)}:
        faults.append(f"{name}: is written in quotes, and they would count as part of it; leave them out")
        del said[name]
    return said


def _is_quoted(value: str) -> bool:
    """Return whether quotes stand around it that a shell would have taken off and an `--env-file` has not."""
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def _names() -> set[str]:
    """Return the names of all settings but switches, which take off quotes themselves."""
    return {str(info.validation_alias) for info in _fields() if info.annotation is not bool}


def _all_names() -> set[str]:
    """Return every name that is read, those that name a file included."""
    return {str(info.validation_alias) for info in _fields()} | {f"{name}_FILE" for name in _secret_names()}


def _secret_names() -> list[str]:
    return [str(info.validation_alias) for info in _fields() if info.annotation is SecretStr]


def _fields() -> Iterator[FieldInfo]:
    groups: list[type[Group]] = [Core, *PARTS.values()]
    return (info for group in groups for info in group.model_fields.values())


def _parse(group: type[G], said: Mapping[str, Any], faults: list[str]) -> G:
    """Return the group; what cannot be read is reported and left out, so that the rest is still checked."""
    try:
        return group(**said)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    # A list whose parts have the same fault is named once.
    faults += dict.fromkeys(f"{each['loc'][0]}: {in_words(each)}" for each in found)
    unreadable = {each["loc"][0] for each in found}
    return group(**{name: value for name, value in said.items() if name not in unreadable})
