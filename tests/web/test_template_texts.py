"""No text of anybody is a template: what looks like one is shown as it was typed (security.md T74)."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import render_template

from tests.pdf_text import text_of
from tests.web.test_drafts import issue, saved

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

ROOT = Path(__file__).parents[2] / "app"
TEXTS = [
    "{{ 7 * 7 }}",
    "{% if 1 %}shown{% endif %}",
    "{# gone #}",
    "%(num)s",
    "{0.__class__}",
    "${7*7}",
    "{{ config }}",
]
# What makes a template of a text; files of ours are loaded by their names.
MAKERS = {"render_template_string", "from_string", "NativeEnvironment", "SandboxedEnvironment"}


def test_nothing_but_our_own_files_is_ever_a_template() -> None:
    """Simulators draw their own pages from texts that stand in their code."""
    seen = 0
    for path in ROOT.rglob("*.py"):
        if "simulator" in path.name:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            assert name not in MAKERS, f"{path}: {name}"
            if name == "render_template" and isinstance(node, ast.Call):
                seen += 1
                assert isinstance(node.args[0], ast.Constant | ast.Name | ast.IfExp | ast.JoinedStr | ast.Attribute)
    assert seen > 50


@pytest.mark.slow
def test_what_looks_like_a_template_is_shown_as_it_was_typed(portal: Portal, mary: Browser) -> None:
    for text in TEXTS:
        draft = saved(mary, name=f"Payer {text}", description=text, line_at_1_at_description=f"Line {text}")
        number = issue(mary, draft).location.rpartition("/")[2]
        shown = mary.page(f"/invoices/{number}").text("main")
        assert f"Payer {text}" in shown, text
        paper = mary.client.get(f"/invoices/{number}/pdf?in=en")
        assert paper.mimetype == "application/pdf"
        assert f"Line {text}".replace(" ", "") in text_of(paper.data).replace(" ", ""), text
    with portal.system.app.test_request_context():
        assert "{{" not in render_template("auth/sign_in.html", onward=None, ended=None)
