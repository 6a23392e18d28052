"""What is refused outside development: secrets the world knows, open transport, local targets, mixed environments.

Security T86 (start-up self-check), T87 (no switch turns the verification of certificates off).
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from app.config.fields import Need, Rule
from app.domain.address import is_local_name, literal
from app.domain.mail import is_address, is_sender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from app.config.fields import Group

_SHORTEST_OWN_SECRET = 32  # characters; 128 bits in hex
_SHORTEST_GIVEN_SECRET = 8  # a provider chose it: refused only when it plainly is not one
_FEWEST_DIFFERENT = 6  # characters of a secret: "aaaaaaaa" and "12341234" are nobody's secret
_SAMPLE = r"(change.?(it|me)|secret|passw|test|demo|example|default|admin|dummy|simulated|qwerty|12345)"
_SAMPLE_SOMEWHERE = re.compile(_SAMPLE, re.IGNORECASE)
_MOSTLY_SAMPLE = re.compile(rf".{{0,8}}({_SAMPLE}.{{0,8}})+", re.IGNORECASE)
_ASK_FOR_ONE = "copy the one its provider gave you"
_MAKE_ONE = 'make one with: python3 -c "import secrets; print(secrets.token_hex(32))"'
_CURES = {Rule.OWN_SECRET: _MAKE_ONE, Rule.GIVEN_SECRET: _ASK_FOR_ONE}
# The other ranges that the tables are made with; a test compares them with the migration's.
_NUMBERED_FROM_THE_START = ((150_005, 199_999), (309_902, 309_999))
_LOOK_IT_UP = "docs/configuration.md says what belongs there"


class Said(NamedTuple):
    """One setting as it was read: its name, its rule and its plain value."""

    name: str
    rule: Rule
    need: Need
    is_secret: bool
    value: Any


def missing(groups: Iterable[Group], *, development: bool) -> Iterator[str]:
    """Yield "NAME: is missing" for everything that must be set and is not."""
    needed = {Need.ALWAYS} if development else {Need.ALWAYS, Need.PRODUCTION}
    for group in groups:
        for each in read(group):
            if each.need in needed and not each.value:
                yield f"{each.name}: is missing; {_CURES.get(each.rule, _LOOK_IT_UP)}"


def faults(groups: Iterable[Group]) -> Iterator[str]:
    """Yield everything production refuses, each as "NAME: what is wrong; how to mend it". Never shows a secret."""
    said = {each.name: each for group in groups for each in read(group)}
    for each in said.values():
        yield from (f"{each.name}: {fault}" for fault in _value_faults(each))
    yield from _equal_secrets(said)
    yield from _mixes(said)


def contradictions(groups: Iterable[Group]) -> Iterator[str]:
    """Yield settings no system can be made of, in no mode."""
    said = {each.name: each.value for group in groups for each in read(group)}
    first, last = said["DEPOSIT_MIN_NUM"], said["DEPOSIT_MAX_NUM"]
    if first > last:
        yield "DEPOSIT_MAX_NUM: must not be below DEPOSIT_MIN_NUM"
    elif any(first <= end and begin <= last for begin, end in _NUMBERED_FROM_THE_START):
        taken = " and ".join(f"{begin} to {end}" for begin, end in _NUMBERED_FROM_THE_START)
        yield f"DEPOSIT_MIN_NUM: and DEPOSIT_MAX_NUM must leave out {taken}, which number other invoices"


def read(group: Group) -> Iterator[Said]:
    """Yield every setting of one group with its value; secrets in clear."""
    for field, info in type(group).model_fields.items():
        extra = info.json_schema_extra
        if isinstance(extra, dict):
            value = getattr(group, field)
            clear = value.get_secret_value() if isinstance(value, SecretStr) else value
            rule, need = Rule(str(extra["rule"])), Need(str(extra["need"]))
            yield Said(str(info.validation_alias), rule, need, isinstance(value, SecretStr), clear)


def _value_faults(said: Said) -> Iterator[str]:
    if not said.value:
        return
    if said.rule is Rule.OWN_SECRET:
        yield from _secret_faults(said.value, _SHORTEST_OWN_SECRET, _SAMPLE_SOMEWHERE.search, _MAKE_ONE)
    elif said.rule is Rule.GIVEN_SECRET:
        yield from _secret_faults(said.value, _SHORTEST_GIVEN_SECRET, _MOSTLY_SAMPLE.fullmatch, _ASK_FOR_ONE)
    elif said.rule in {Rule.OWN_URL, Rule.OUTSIDE_URL}:
        for url in [said.value] if isinstance(said.value, str) else said.value:
            yield from _url_faults(url, outside=said.rule is Rule.OUTSIDE_URL)


def _secret_faults(secret: str, shortest: int, is_sample: Callable[[str], object], cure: str) -> Iterator[str]:
    if len(secret) < shortest:
        yield f"is shorter than {shortest} characters; {cure}"
    elif len(set(secret)) < _FEWEST_DIFFERENT or is_sample(secret):
        yield f"is a sample value the whole world knows; {cure}"


def _url_faults(url: str, *, outside: bool) -> Iterator[str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        yield "must begin with https://"
    if literal(host) is not None:
        yield "names an address; write the host's name"
    elif is_local_name(host):
        yield "names a host inside this machine or network; write its public name" if outside else "names a local host"


def _equal_secrets(said: dict[str, Said]) -> Iterator[str]:
    secrets = [each for each in said.values() if each.rule in {Rule.OWN_SECRET, Rule.GIVEN_SECRET} and each.value]
    for one, other in combinations(secrets, 2):
        if one.value == other.value:
            yield f"{other.name}: has the same value as {one.name}; every secret serves one purpose"


def _mixes(said: dict[str, Said]) -> Iterator[str]:
    """Yield settings that are fine alone and wrong together, and switches that weaken transport (T11, T54, T87)."""

    def text(name: str) -> str:
        return str(said[name].value or "")

    if text("FLASK_DEBUG"):
        yield "FLASK_DEBUG: is for development only; remove it"
    if text("LHV_DEV_MODE"):
        yield "LHV_DEV_MODE: is for development only; remove it"
    if text("SMTP_PASSWORD") and not text("SMTP_ENABLE_STARTTLS_AUTO"):
        yield "SMTP_ENABLE_STARTTLS_AUTO: would send the password in clear; set it to true"
    if text("SMTP_ADDRESS") and not is_sender(text("ACTION_MAILER_DEFAULT_FROM")):
        yield "ACTION_MAILER_DEFAULT_FROM: must be a mail address where SMTP_ADDRESS is set; letters leave in its name"
    if text("CHAIN_HEADS_TO") and not (is_address(text("CHAIN_HEADS_TO")) and text("SMTP_ADDRESS")):
        yield "CHAIN_HEADS_TO: must be a mail address, and SMTP_ADDRESS the server that takes letters to it"
    if _unchecked_redis(text("REDIS_URL")):
        yield "REDIS_URL: does not check the server's certificate; remove ssl_cert_reqs and ssl_check_hostname"
    if ("demo" in text("EVERYPAY_BASE")) != ("demo" in text("LINKPAY_PREFIX")):
        yield "LINKPAY_PREFIX: and EVERYPAY_BASE must both be the demo environment or both the real one"
    base = text("BASE_URL").rstrip("/")  # one that cannot be used was named already
    if (
        text("TARA_REDIRECT_URI")
        and base.startswith("https://")
        and not text("TARA_REDIRECT_URI").startswith(f"{base}/")
    ):
        yield "TARA_REDIRECT_URI: must lie under BASE_URL"


def _unchecked_redis(url: str) -> bool:
    query = {name.lower(): values[-1].lower() for name, values in parse_qs(urlsplit(url).query).items()}
    return query.get("ssl_cert_reqs", "required") != "required" or query.get("ssl_check_hostname", "true") != "true"
