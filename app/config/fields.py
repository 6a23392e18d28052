"""The kinds of values a setting can have, and how each is read from text."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from redis import Redis as RedisClient

_WORDS = {"1": True, "true": True, "t": True, "yes": True, "y": True, "on": True, "enabled": True, "0": False}
_WORDS |= dict.fromkeys(("false", "f", "no", "n", "off", "disabled", "none", "nil", "null"), False)
_DATABASE = re.compile(
    r"(?:[^:/]*(?::[^@]*)?@)?"  # user and password
    r"(?:\[[^\]/?]+\]|[^/:?@\[\]]*)(?::(?P<port>[0-9]{1,5}))?/[^/?@]+(?:\?.*)?"  # host, port, database, options
)
_SENTINELS = re.compile(r"(?:[^@]*@)?[^@/:,]+(?::[0-9]{1,5})?(?:,[^@/:,]+(?::[0-9]{1,5})?)*/[^/]+(?:/[0-9]+)?")
_LAST_PORT = 65_535
_A_YEAR_S = 31_536_000


class Rule(StrEnum):
    """What is demanded of a value outside development."""

    FREE = "free"
    OWN_SECRET = "own"  # noqa: S105 (the kind a secret we make up is of: long and unknown to the world)
    GIVEN_SECRET = "given"  # noqa: S105 (a provider made it up)
    OWN_URL = "own url"  # https
    OUTSIDE_URL = "outside url"  # https and a public host name: never an address, never a local name


class Need(StrEnum):
    """When a setting must be there."""

    NEVER = "optional"
    PRODUCTION = "required outside development"
    ALWAYS = "required"


def setting(name: str, default: Any, *, rule: Rule = Rule.FREE, need: Need = Need.NEVER, **limits: Any) -> Any:
    """Return one field, read from `name`; `limits` are pydantic's."""
    return Field(default, validation_alias=name, json_schema_extra={"rule": rule.value, "need": need.value}, **limits)


def _flag(value: object) -> bool:
    word = str(value).strip(" \t'\"").lower()
    if word not in _WORDS:
        raise ValueError("say true or false")
    return _WORDS[word]


def _list(value: object) -> object:
    return tuple(re.split(r"[\s,]+", value.strip(" ,"))) if isinstance(value, str) else value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises ValueError for a port that is none
    except ValueError:
        raise ValueError("has a host or a port that is none; write https://host.example:8443/path") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not re.fullmatch(r"[!-\[\]-~]+", value):
        raise ValueError("write a whole address such as https://host.example/path")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("leave out user name, query and fragment")
    return value


def _host(value: str) -> str:
    return _url(value if "://" in value else f"https://{value}")


def _public_keys(value: str) -> str:
    try:
        document = json.loads(value)
        kinds = {(key["kty"], "d" in key) for key in document.get("keys", [document])}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError("write one JSON Web Key or a set of them as JSON") from None
    if not kinds or kinds - {("RSA", False), ("EC", False)}:
        raise ValueError("only public RSA or EC keys belong here")
    return value


def _database(value: SecretStr) -> SecretStr:
    scheme, mark, rest = value.get_secret_value().partition("://")
    if not mark or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise ValueError("write postgresql://user:password@host/database")
    found = _DATABASE.fullmatch(rest)
    if not found or int(found["port"] or 0) > _LAST_PORT:
        raise ValueError(
            "names no database, or a host or port that is none; write postgresql://user:password@host:5432/database, "
            "and in user and password %40 for @, %3A for : and %2F for /"
        )
    return SecretStr(f"postgresql+psycopg://{rest}")


def _redis(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if not url.startswith(("redis://", "rediss://", "unix://", "redis+sentinel://")):
        raise ValueError("write redis://host:6379/0, rediss:// for TLS or unix:// for a socket")
    if url.startswith("redis+sentinel://"):
        if not _SENTINELS.fullmatch(url.partition("://")[2]):
            raise ValueError("write redis+sentinel://host:26379,host:26379/service/0")
        return value
    try:
        line = RedisClient.from_url(url).connection_pool.make_connection()  # looks at each part and connects to nothing
    except (ValueError, TypeError):  # what is wrong may be a part of the password: it is not repeated
        raise ValueError("has a port or an option that is none; write redis://:password@host:6379/0") from None
    if url.startswith("unix://") and not getattr(line, "path", ""):
        raise ValueError("names no socket; write unix:///path/to/valkey.sock")
    return value


Database = Annotated[SecretStr, AfterValidator(_database)]
Redis = Annotated[SecretStr, AfterValidator(_redis)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Url = Annotated[str, AfterValidator(_url)]
Host = Annotated[str, AfterValidator(_host)]
PublicKeys = Annotated[str, AfterValidator(_public_keys)]
Words = Annotated[tuple[str, ...], BeforeValidator(_list)]
Urls = Annotated[tuple[Url, ...], BeforeValidator(_list)]
Seconds = Annotated[tuple[Annotated[int, Field(gt=0, le=_A_YEAR_S)], ...], BeforeValidator(_list)]


class Group(BaseSettings):
    """Settings of one provider: frozen, and nothing but what `load_settings` was given."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", case_sensitive=True, hide_input_in_errors=True, validate_default=False
    )

    @classmethod
    def settings_customise_sources(  # the environment is handed in once, so that nothing else can change a Settings
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (pydantic-settings fixes the signature)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the only source: what was handed in."""
        return (init_settings,)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("settings are never pickled: they hold secrets")
