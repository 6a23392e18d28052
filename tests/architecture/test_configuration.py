"""The settings' document and the code say the same, both ways."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Union, get_args, get_origin

import pytest
from pydantic import SecretStr

from app.config import PARTS
from app.config.fields import Group, Need, Rule, Url
from app.config.groups import Core

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"
ROW = re.compile(r"^\| `[A-Z_]+`.*\|$", re.MULTILINE)
REQUIRED = {"never": Need.NEVER, "production": Need.PRODUCTION, "always": Need.ALWAYS}
GROUPS: list[type[Group]] = [Core, *PARTS.values()]
RULES = {"own secret": Rule.OWN_SECRET, "given secret": Rule.GIVEN_SECRET, "outside address": Rule.OUTSIDE_URL,
         "own address": Rule.OWN_URL}  # fmt: skip


class Documented(NamedTuple):
    name: str
    is_secret: bool
    kind: str
    default: str
    need: Need
    rule: Rule
    meaning: str


def documented() -> dict[str, Documented]:
    rows = {}
    for row in ROW.findall(DOCUMENT.read_text(encoding="utf-8")):
        named, kind, default, need, outside, meaning = (cell.strip() for cell in row.strip("|").split("|"))
        name = named.split("`")[1]
        rule = next((rule for words, rule in RULES.items() if outside.startswith(words)), Rule.FREE)
        assert name not in rows, name
        rows[name] = Documented(name, named.endswith("●"), kind, default, REQUIRED[need], rule, meaning)
    return rows


def coded() -> dict[str, FieldInfo]:
    return {str(info.validation_alias): info for group in GROUPS for info in group.model_fields.values()}


def kind_of(info: FieldInfo) -> str:
    kind: Any = info.annotation
    if get_origin(kind) in {Union, types.UnionType}:
        kind = next(each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is Literal or (kind is str and any(getattr(each, "pattern", None) for each in info.metadata)):
        return "word"
    if get_origin(kind) is tuple:
        return {str: "words", Url: "addresses"}.get(get_args(kind)[0], "numbers")
    if kind is str and rule_of(info) in {Rule.OWN_URL, Rule.OUTSIDE_URL}:
        return "address"
    return {bool: "switch", int: "number", str: "text", SecretStr: "text"}[kind]


def rule_of(info: FieldInfo) -> Rule:
    assert isinstance(info.json_schema_extra, dict)
    return Rule(str(info.json_schema_extra["rule"]))


def shown(default: Any) -> str:
    if isinstance(default, SecretStr) or default in (None, "", ()):
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)


def test_every_setting_is_documented_and_nothing_else():
    assert sorted(documented()) == sorted(coded())


@pytest.mark.parametrize("name", sorted(coded()))
def test_document_and_code_agree(name: str):
    info, row = coded()[name], documented()[name]
    extra = info.json_schema_extra
    assert isinstance(extra, dict)
    assert row.default == shown(info.default)
    assert row.need is Need(str(extra["need"]))
    assert row.rule is rule_of(info)
    assert row.kind == kind_of(info)
    assert row.is_secret == (info.annotation is SecretStr)
    assert len(row.meaning) > 5


def test_every_setting_has_a_name_of_its_own():
    names = [str(info.validation_alias) for group in GROUPS for info in group.model_fields.values()]
    assert len(names) == len(set(names)) > 60


def test_no_code_reads_the_environment_past_the_settings():
    """T86: only the settings and those who start processes look at the environment."""
    allowed = {"app/config/__init__.py", "app/cli.py"}  # the command line passes the simulators their places
    root = DOCUMENT.parents[1]
    readers = {
        str(path.relative_to(root))
        for path in (root / "app").rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text(encoding="utf-8"))
    }
    assert {each for each in readers if not each.startswith("app/demo/")} <= allowed
