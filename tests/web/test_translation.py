"""Every word of the portal exists in every language it offers."""

from __future__ import annotations

import gettext
import re
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app.services import proofs
from app.services.dispatch import PERIODIC
from app.web.delivery_words import REGULAR
from app.web.language import LANGUAGES
from app.web.proof_words import CHAIN, CHECKS

ROOT = Path(__file__).parents[2]
PARTS = re.compile(r"%\((\w+)\)[sd]")
# Sentences say "teie"; the short words of buttons are imperatives, as everywhere.
CALLS = (
    "alusta|ava|küsi|kirjuta|kontrolli|kopeeri|laadi|logi|loe|mine|märgi|oota|otsi|otsusta|paranda|proovi|saada|tee"
    "|teata|vaata|vali|võta|ütle"
)
FAMILIAR = re.compile(rf"\b(sina|sinu|sind|sul|sulle|oled|tahad)\b|^({CALLS})\b.*\.$|[.:;,] ({CALLS})\b", re.IGNORECASE)
# An ending in brackets behind a word; a part of a text, %(name)s, is none.
BRACKETS = re.compile(r"(?<=[^\W\d_])\([^\W\d_]{1,3}\)")
DEPOSIT = re.compile(r"\bdeposits?\b", re.IGNORECASE)
CREDIT = re.compile(r"\bcredit\b(?! notes?\b)(?<!K3 credit)", re.IGNORECASE)
# Other words for a gateway, a message, a service, a credit note and a destination than those we use.
STRAY = {
    "et": re.compile("makselahendus|sõnum", re.IGNORECASE),
    "ru": re.compile(r"платёжн\w+ систем|кредит-нот|адресат|служб(?!\w* входа)", re.IGNORECASE),
}
TOO_MUCH = re.compile(r"paid too much|\boverpaid\b", re.IGNORECASE)
THINGS = {
    "et": [
        (DEPOSIT, re.compile("tagatisraha", re.IGNORECASE)),
        (CREDIT, re.compile(r"ettemaks|kreedit\b", re.IGNORECASE)),
        (TOO_MUCH, re.compile("enammaks", re.IGNORECASE)),
    ],
    "ru": [
        (DEPOSIT, re.compile("депозит", re.IGNORECASE)),
        (CREDIT, re.compile(r"предоплат|кредит\b(?!-)", re.IGNORECASE)),
        (TOO_MUCH, re.compile("переплат", re.IGNORECASE)),
    ],
}
TRANSLATED = sorted(set(LANGUAGES) - {"en"})


@cache
def said() -> frozenset[str]:
    """Return every text that templates and code ask to be translated."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    catalog = Catalog()
    for _path, _line, message, _comments, context in extract_from_dir(ROOT, methods, options):
        catalog.add(message, context=context)
    return frozenset(_first(each.id) for each in catalog if each.id)


def catalog_of(language: str) -> Catalog:
    with (ROOT / "app" / "translations" / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def _first(identity: str | tuple[str, ...] | list[str]) -> str:
    return identity if isinstance(identity, str) else identity[0]


def test_every_text_is_translated_and_none_is_left_over() -> None:
    """All languages in one test: collecting the texts takes seconds, and tests are shared out to processes."""
    assert len(said()) > 200
    for language in TRANSLATED:
        translated = {_first(each.id): each.string for each in catalog_of(language) if each.id}
        assert sorted(said() - translated.keys()) == [], language
        assert sorted(translated.keys() - said()) == [], language
        assert [name for name, text in translated.items() if not text or not all(text)] == [], language
        assert [each.id for each in catalog_of(language) if each.fuzzy and each.id] == [], language


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_count_has_the_forms_of_its_noun_and_a_person_no_gender_in_brackets(language: str) -> None:
    texts = [each.string for each in catalog_of(language) if each.id]
    forms = [form for text in texts for form in ([text] if isinstance(text, str) else text or ())]
    assert [form for form in forms if BRACKETS.search(form)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_one_thing_has_one_word(language: str) -> None:
    """A deposit, the credit of a payer and what was paid too much are three things."""
    for each in catalog_of(language):
        if not each.id:
            continue
        forms = [each.string] if isinstance(each.string, str) else list(each.string or ())
        for thing, word in THINGS[language]:
            said = bool(thing.search(_first(each.id)))
            assert [form for form in forms if bool(word.search(form)) is not said] == [], each.id
        assert [form for form in forms if STRAY[language].search(form)] == []


@pytest.mark.parametrize(("language", "opening", "closing"), [("et", "„", "“"), ("ru", "«", "»")])
def test_a_text_quotes_as_its_language_does(language: str, opening: str, closing: str) -> None:
    for each in catalog_of(language):
        forms = [each.string] if isinstance(each.string, str) else list(each.string or ())
        for form in forms if each.id else ():
            assert set(re.findall('["“”„«»]', form)) <= {opening, closing}, form
            assert re.sub(f"[^{opening}{closing}]", "", form).replace(opening + closing, "") == "", form


def test_no_mark_of_quotation_stands_outside_a_text() -> None:
    """What a template quotes by itself is quoted in English to everybody."""
    for path in (ROOT / "app" / "templates").rglob("*.html"):
        assert re.findall("[“”„«»]", re.sub(r"\{\{.*?\}\}|\{#.*?#\}", "", path.read_text(encoding="utf-8"))) == [], path


# A name is not declined and has a gender nobody knows: no preposition stands before it, no past form agrees with it.
NAMED = r"%\((?:service|who|to|name|payer|owner)\)s"
DECLINED = re.compile(
    rf"\b(?:от|для|у|из|с|к|по|о|об|на|в) {NAMED}|(?<!Сервис ){NAMED}(?: уже| не| теперь)? \w+л(?:а|о|и|ась|ось|ся)?\b"
    rf"|\w+(?:ил|ал|ел|ила|ала|ела) {NAMED}"
)


def test_no_name_would_have_to_agree_in_russian() -> None:
    found = [each.string for each in catalog_of("ru") if each.id]
    forms = [form for text in found for form in ([text] if isinstance(text, str) else text or ())]
    assert [form for form in forms if DECLINED.search(form)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_part_of_a_text_is_kept(language: str) -> None:
    for each in catalog_of(language):
        if not each.id:
            continue
        wanted = set(PARTS.findall(_first(each.id)))
        for form in [each.string] if isinstance(each.string, str) else each.string or ():
            assert set(PARTS.findall(form)) == wanted, (each.id, form)


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_words_are_those_of_the_source(language: str) -> None:
    compiled = ROOT / "app" / "translations" / language / "LC_MESSAGES" / "messages.mo"
    fresh = BytesIO()
    write_mo(fresh, catalog_of(language))
    fresh.seek(0)
    with compiled.open("rb") as file:
        kept = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    wanted = gettext.GNUTranslations(fresh)._catalog  # type: ignore[attr-defined]
    assert {text: kept[text] for text in kept if text} == {text: wanted[text] for text in wanted if text}


def test_texts_are_asked_for_by_names_the_collector_knows() -> None:
    """A text passed to a function of another name would never be translated."""
    other = re.compile(r"import translate\w* as (?!_$|gettext$|ngettext$)\w+$", re.MULTILINE)
    modules = sorted((ROOT / "app").rglob("*.py"))
    assert [path.name for path in modules if other.search(path.read_text(encoding="utf-8"))] == []


def test_every_check_of_the_books_and_all_regular_work_is_named_in_words() -> None:
    checks = [(each.name, each.sentence) for each in proofs.INVARIANTS]
    checks += [(proofs.chain_name(each), proofs.chain_sentence(each)) for each in CHAIN]
    assert dict(checks) == {str(words.name): str(words.sentence) for words in CHECKS.values()}
    assert [str(words.name) for words in CHECKS.values()] == list(CHECKS)
    assert {each.name for each in PERIODIC} == set(REGULAR)


def test_estonian_sentences_are_polite() -> None:
    texts = [each.string for each in catalog_of("et") if each.id]
    forms = [form for text in texts for form in ([text] if isinstance(text, str) else text or ())]
    assert [form for form in forms if FAMILIAR.search(form)] == []


def test_no_template_speaks_without_translation() -> None:
    faults = []
    for path in sorted((ROOT / "app" / "templates").rglob("*.html")):
        if {"styleguide", "api"} & set(path.parts):
            continue
        bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        words = re.findall(r">([^<>]*[A-Za-z]{2}[^<>]*)<", re.sub(r"<(script|svg).*?</\1>", "<", bare, flags=re.DOTALL))
        faults += [f"{path.name}: {' '.join(each.split())}" for each in words]
    assert [each for each in faults if not each.endswith(("EIS Billing", "EB", " ms"))] == []
