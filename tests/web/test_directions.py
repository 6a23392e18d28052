"""Names that run from right to left stay names: what stands around them keeps its place."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from flask import render_template_string
from markupsafe import Markup

from app.services import references
from app.services.initiators import caller_named
from app.web.actor_words import by_whom, with_names
from app.web.directions import FSI, PDI, isolated
from app.web.kept_words import kept
from app.web.translation import translate, translate_count
from tests.services.test_payer_credits import paid_twice
from tests.web.desks import ask
from tests.web.page import VOID, Page
from tests.web.test_credit_desk import same_payer
from tests.web.test_dispute_desk import open_one
from tests.web.test_drafts import saved

if TYPE_CHECKING:
    from tests.web.browser import Browser, Portal

ARABIC, HEBREW = "شركة الأمل (دبي)", "חברת אור בע״מ"


@pytest.mark.parametrize("text", ["", "Kask OÜ", "ООО «Ромашка» (12)", "1 240.00 €", "–", "Ελλάς"])
def test_what_runs_from_left_to_right_stays_as_it_is(text: str) -> None:
    assert isolated(text) == text


@pytest.mark.parametrize("text", [ARABIC, HEBREW, f"Kask {HEBREW}", "١٢٣", "ܣܘܪܝܝܐ", "\N{ADLAM CAPITAL LETTER ALIF}"])
def test_what_runs_from_right_to_left_is_laid_out_by_itself(text: str) -> None:
    assert isolated(text) == f"{FSI}{text}{PDI}"


@pytest.mark.parametrize(
    "control", ["\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u2069\u2068"], ids=lambda each: f"{ord(each[0]):x}"
)
def test_no_name_reaches_out_of_its_place(control: str) -> None:
    """A name that ends the isolation itself, or leaves one open, would turn the rest of the sentence."""
    shown = isolated(f"Kask {control}{HEBREW}")
    assert shown.startswith(FSI)
    assert shown.endswith(PDI)
    inside = shown[1:-1]
    assert HEBREW in inside
    depth = 0
    for each in inside:
        depth += (each in "\u2066\u2067\u2068") - (each == PDI)
        assert depth >= 0, "it ends what began outside"
    assert depth == 0, "it leaves something open"


def test_a_sentence_with_a_name_in_it_may_stand_in_another() -> None:
    inner = f"by {isolated(HEBREW)}"
    assert isolated(inner) == f"{FSI}{inner}{PDI}"


def test_sentences_of_python_isolate_what_stands_in_them(portal: Portal) -> None:
    with portal.system.app.test_request_context():
        assert translate("Of %(who)s, %(number)s", who=HEBREW, number=7) == f"Of {FSI}{HEBREW}{PDI}, 7"
        assert translate("Of %(who)s", who="Kask OÜ") == "Of Kask OÜ"
        assert translate_count("1 of %(who)s", "%(num)s of %(who)s", 2, who=HEBREW) == f"2 of {FSI}{HEBREW}{PDI}"
        assert by_whom("operator:7", {"operator:7": ARABIC}) == f"{FSI}{ARABIC}{PDI}"
        assert with_names("asked operator:7.", {"operator:7": ARABIC}) == f"asked {FSI}{ARABIC}{PDI}."
        assert kept(HEBREW) == f"{FSI}{HEBREW}{PDI}"


def test_sentences_of_templates_isolate_what_stands_in_them(portal: Portal) -> None:
    source = '{{ _("Of %(who)s.", who=who) }}|{{ ngettext("%(num)s of %(who)s", "%(num)s of %(who)s", 2, who=who) }}'
    with portal.system.app.test_request_context():
        assert render_template_string(source, who=HEBREW) == f"Of {FSI}{HEBREW}{PDI}.|2 of {FSI}{HEBREW}{PDI}"
        bold = Markup("<bdi>{}</bdi>").format(HEBREW)
        assert render_template_string('{{ _("Of %(who)s.", who=who) }}', who=bold) == f"Of <bdi>{HEBREW}</bdi>."
        assert render_template_string('{{ _("Of %(who)s.", who=who) }}', who=f"<i>{HEBREW}") == (
            f"Of {FSI}&lt;i&gt;{HEBREW}{PDI}."
        )


class Loose(HTMLParser):
    """The texts of a page in which a name stands and nothing says where its direction ends."""

    def __init__(self, html: str, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name = name
        self.found: list[str] = []
        self.seen = 0
        self._open: list[tuple[str, bool]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append((tag, tag in {"bdi", "title"} or ("dir", "auto") in attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.name in data:
            self.seen += 1
            kept = f"{FSI}{self.name}{PDI}"
            if self.name in data.replace(kept, "") and not any(says for _tag, says in self._open):
                self.found.append(data)


def _links(mary: Browser, path: str) -> list[str]:
    answer = mary.client.get(path)
    return Page(answer.text).links() if answer.status_code == 200 and answer.mimetype == "text/html" else []


@pytest.mark.slow
def test_a_name_says_its_direction_wherever_it_stands(own_mary: Browser) -> None:
    system = own_mary.portal.system
    number = system.settle()[0]
    assert ask(own_mary, number, "20").status_code == 303
    open_one(own_mary, system.settle()[0])
    same_payer(system, paid_twice(system)[1])
    draft = saved(own_mary, name=ARABIC, description=ARABIC)
    system.sql("alter table invoice disable trigger user")
    system.sql("update invoice set customer_name = :payer", payer=ARABIC)
    system.sql("alter table invoice enable trigger user")
    system.sql("update operator set name = :name", name=HEBREW)
    with system.app.app_context():
        references.create(caller_named("registry"), "registry", ARABIC, None)
    seen, faults = 0, []
    rules = system.app.url_map.iter_rules()
    plain = {each.rule for each in rules if "GET" in (each.methods or ()) and not each.arguments}
    pages = [f"/drafts/{draft}", f"/invoices/{number}/refunds/new", *sorted(plain - {"/theme", "/language"})]
    walked = {link for path in pages for link in _links(own_mary, path) if link.startswith("/")}
    for path in sorted({*pages, *(link for link in walked if not link.startswith(("/sign", "/?")))}):
        answer = own_mary.client.get(path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            for name in (ARABIC, HEBREW):
                loose = Loose(answer.text, name)
                faults += [(path, each) for each in loose.found]
                seen += loose.seen
    assert faults == []
    assert seen > 100
