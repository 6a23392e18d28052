"""Rules of the templates and scripts (front-end.md 4, house.md 6)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment

from app.web import document_words, event_words, filters, roles, task_words, vat_words
from app.web.htmx import CONFIG
from app.web.navigation import SECTIONS

APP = Path(__file__).parents[2] / "app"
TEMPLATES = sorted((APP / "templates").rglob("*.html"))
ALLOWED = {
    "hx-get",
    "hx-post",
    "hx-target",
    "hx-swap",
    "hx-trigger",
    "hx-push-url",
    "hx-sync",
    "hx-indicator",
    "hx-disabled-elt",
    "hx-swap-oob",
}
FILTERS = (document_words, event_words, filters, roles, task_words, vat_words)
READ = {"HX-Request", "HX-Boosted", "HX-History-Restore-Request"}
MACRO = re.compile(r"{% macro (\w+)\(")
IMPORT = re.compile(r'{% from "([\w/.]+)" import ([\w, ]+) %}')


def name(path: Path) -> str:
    return str(path.relative_to(APP / "templates"))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_keeps_to_the_rules(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"\b(hx-[a-z-]+)=", text)) <= ALLOWED
    assert not re.search(r"""\b(style|on[a-z]+)=["']""", text)
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)
    assert not re.search(r"https?://", text)
    assert "js:" not in text
    assert len(text.splitlines()) <= 120


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_what_a_template_imports_it_uses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    rest = IMPORT.sub("", text)
    for _source, names in IMPORT.findall(text):
        for each in names.split(", "):
            assert re.search(rf"\b{each}\(", rest), f"{each} is imported and not used"


def test_every_macro_and_fragment_is_used() -> None:
    texts = {name(path): path.read_text(encoding="utf-8") for path in TEMPLATES}
    code = "\n".join(path.read_text(encoding="utf-8") for path in APP.rglob("*.py"))
    everything = "\n".join(texts.values())
    for path, text in texts.items():
        for macro in MACRO.findall(text):
            assert len(re.findall(rf"\b{macro}\(", everything)) > 1, f"{macro} of {path} is used nowhere"
        if "/_" in path:
            assert f'"{path}"' in everything + code, f"{path} is used nowhere"


def test_no_filter_is_registered_twice() -> None:
    """Of two functions under one name the later would be shown, whatever the other one meant."""
    builtin = set(Environment(autoescape=True).filters)
    mine: list[str] = []
    app: Any = SimpleNamespace(jinja_env=SimpleNamespace(filters=Register(mine), globals={}))
    for part in FILTERS:
        part.install(app)
    assert sorted(mine) == sorted(set(mine))
    assert not builtin & set(mine)


class Register(dict[str, object]):
    """Filters that remember every name they were given."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names

    def __setitem__(self, name: str, value: object) -> None:
        self.names.append(name)


def test_every_icon_is_in_the_sprite() -> None:
    sprite = (APP / "static" / "icons.svg").read_text(encoding="utf-8")
    there = set(re.findall(r'<symbol id="(\w+)"', sprite))
    text = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    used = set(re.findall(r'\bicon\("(\w+)"\)', text)) | set(re.findall(r'icon_name="(\w+)"', text))
    used |= set(re.findall(r'empty_state\("(\w+)"', text)) | {"device", "sun", "moon"}
    trail = (APP / "web" / "trail_words.py").read_text(encoding="utf-8")
    used |= set(re.findall(r'Look\(\s*"(\w+)"', trail)) | {"book"}
    used |= {section.icon for section in SECTIONS}
    assert used <= there
    assert there <= used, f"never shown: {sorted(there - used)}"


def test_htmx_evaluates_nothing_stores_nothing_and_leaves_nothing() -> None:
    assert CONFIG["allowEval"] is CONFIG["allowScriptTags"] is CONFIG["includeIndicatorStyles"] is False
    assert CONFIG["historyCacheSize"] == 0
    assert CONFIG["selfRequestsOnly"] is CONFIG["refreshOnHistoryMiss"] is True
    assert CONFIG["methodsThatUseUrlParams"] == ["get"]
    assert json.dumps(CONFIG)


def test_only_three_things_are_read_of_what_htmx_says_of_itself() -> None:
    code = {path.name: path.read_text(encoding="utf-8") for path in APP.rglob("*.py")}
    read = {header for text in code.values() for header in re.findall(r"""headers\.get\(["'](HX-[\w-]+)""", text)}
    assert read <= READ
    asked = {word for text in code.values() for word in re.findall(r"\bhtmx\.(\w+)", text)}
    assert asked <= {"boosted", "history_restore_request", "init_app", "install", "htmx"}


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_two_columns_of_a_table_have_one_name(path: Path) -> None:
    for line in path.read_text(encoding="utf-8").splitlines():
        if "{% call table(" in line or "{% call sorted_table(" in line:
            columns = re.findall(r'\(_\("([^"]+)"\),', line)
            assert len(columns) == len(set(columns)), line


def test_own_script_and_style_stay_small() -> None:
    script = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (APP / "static" / "js").glob("*.js"))
    style = [path.read_text(encoding="utf-8") for path in (APP / "static" / "css").rglob("*.css")]
    assert script <= 300
    assert sum(len(text.splitlines()) for text in style) <= 1800
    assert sum(len(text.encode()) for text in style) <= 40_000


@pytest.mark.parametrize("path", sorted((APP / "static" / "js").glob("*.js")), ids=lambda path: path.name)
def test_a_script_evaluates_nothing_and_writes_no_html(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(
        r"\beval\b|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.style\b", text
    )
    assert not re.search(r"https?://|localStorage|sessionStorage|document\.cookie", text)
    for imported in re.findall(r'from "\./([\w.]+)"|import "\./([\w.]+)"', text):
        assert (path.parent / "".join(imported)).exists()


def test_only_one_script_knows_the_names_of_htmx_events() -> None:
    speaking = [
        path.name for path in (APP / "static" / "js").glob("*.js") if '"htmx:' in path.read_text(encoding="utf-8")
    ]
    assert speaking == ["swaps.js"]


def test_every_component_has_its_style_sheet_and_every_style_sheet_its_component() -> None:
    macros = {path.stem for path in (APP / "templates" / "components").glob("*.html")}
    sheets = {path.stem for path in (APP / "static" / "css" / "components").glob("*.css")}
    # A moment is bare text, an exchange is drawn by `raw`, the switches by `field`.
    assert macros - sheets == {"moment", "exchange", "switches"}
    assert sheets - macros == {"raw"}
