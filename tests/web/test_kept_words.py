"""Kept sentences are shown in the reader's language, and every sentence that is kept is known again."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.blueprints.review_items.choices import RESOLUTIONS
from app.domain import refund
from app.domain.why_not_paid import Said
from app.services import comparisons, gateway_events
from app.web import why_words
from app.web.kept_words import ANSWERS, QUESTIONS, REASONS, REWORDED, WHY, kept, kept_answer
from app.web.translation import speaking
from tests.web.test_review_items import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal

ROOT = Path(__file__).parents[2] / "app"
WRITERS = [
    *sorted((ROOT / "services").glob("*.py")),
    ROOT / "demo" / "seed_timeline.py",
    ROOT / "domain" / "payment.py",
]
RECORD = Path(__file__).with_name("kept_wordings.txt")
# Where a sentence stands in a call: by name, or by place.
NAMED = {"outcome", "reason", "resolution", "why", "because"}
PLACED = {"ask": 2, "_ask": 1, "end": 4, "_switch_off": 2, "end_without_loss": 2, "_take": 3}


def sentences() -> Iterator[str]:
    """Yield every sentence the code keeps, with something in the place of its parts."""
    for path in WRITERS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                given = {
                    node.targets[0].id: node.value
                    for node in ast.walk(function)
                    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
                }
                for node in ast.walk(function):
                    if isinstance(node, ast.Call):
                        yield from filter(None, (_said(each, given) for each in _kept(node)))
    for table in (comparisons.SENTENCES, gateway_events.SENTENCES, refund.ADVICE):
        yield from (each.format(gateway="everypay", reference="x1") for each in table.values())
    yield refund.NO_ADVICE


def _kept(call: ast.Call) -> Iterator[ast.expr]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "Decision" and "REVIEW" not in ast.unparse(call.args[0]):
        return  # nothing is asked, and nothing kept
    place = PLACED.get(name)
    if place is not None and len(call.args) > place:
        yield call.args[place]
    yield from (each.value for each in call.keywords if each.arg in NAMED)


def _said(value: ast.expr, given: dict[str, ast.expr]) -> str:
    """Return the text of a sentence; nothing for what is no text of ours, such as a person's own reason."""
    if isinstance(value, ast.Name) and value.id in given:
        return _said(given[value.id], {name: each for name, each in given.items() if name != value.id})
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    if not isinstance(value, ast.JoinedStr):
        return ""
    text = "".join(str(each.value) if isinstance(each, ast.Constant) else _part(each, given) for each in value.values)
    return text if any(isinstance(each, ast.Constant) and str(each.value).strip(": ") for each in value.values) else ""


def _part(part: ast.expr, given: dict[str, ast.expr]) -> str:
    inner = part.value if isinstance(part, ast.FormattedValue) else part
    source = ast.unparse(given.get(inner.id, inner) if isinstance(inner, ast.Name) else inner)
    if "amount_of(" in source:
        return "12.00 EUR"
    if "format_amount(" in source:
        return "12.00"
    return "EUR" if "currency" in source else "x1"


def test_every_sentence_that_is_kept_is_known_again(portal: Portal) -> None:
    known = sorted(set(sentences()))
    assert len(known) > 50
    with portal.system.app.test_request_context(), speaking("ru"):
        assert [each for each in known if kept(each) == each and kept_answer(each) == each] == []


def chained(text: str, before: str) -> str:
    """Return the seal of a recorded wording, which is made of all that stand before it, too."""
    return hashlib.sha256(f"{before}{text}".encode()).hexdigest()[:10]


def recorded() -> list[str]:
    """Return every wording that was ever kept; fails where a line was changed or taken away."""
    seal, texts = "", []
    for line in RECORD.read_text(encoding="utf-8").splitlines():
        given, _space, text = line.partition(" ")
        seal = chained(text, seal)
        assert given == seal, f"changed, or another stood before it: {text}"
        texts.append(text)
    return texts


def test_every_wording_that_was_ever_kept_is_known_and_the_record_only_grows() -> None:
    """Databases hold sentences of old wordings: who rewords a text adds a line here and the old one to REWORDED."""
    now = {*QUESTIONS, *WHY, *REASONS, *ANSWERS}
    ever = recorded()
    assert [each for each in ever if each not in now and each not in REWORDED] == []
    assert [each for each in sorted(now | set(REWORDED)) if each not in ever] == []
    assert {old: new for old, new in REWORDED.items() if new not in now or _names(old) != _names(new)} == {}


def test_a_sentence_of_an_old_wording_says_what_the_new_one_says(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = "%(amount)s vanished at %(gateway)s", "%(amount)s was taken back by the payer's bank at %(gateway)s"
    monkeypatch.setitem(REWORDED, old, new)
    with portal.system.app.test_request_context(), speaking("ru"):
        assert kept("5.00 EUR vanished at everypay") == kept(new % {"amount": "5.00 EUR", "gateway": "everypay"})
        assert "vanished" not in kept("5.00 EUR vanished at everypay")


def test_answers_of_people_are_known_again_with_their_reasons(portal: Portal) -> None:
    with portal.system.app.test_request_context(), speaking("et"):
        assert [kept_answer(f"{each}: helistasin") for each in RESOLUTIONS.values()] == [
            "mujal lahendatud: helistasin",
            "midagi ei ole vaja teha: helistasin",
        ]


@pytest.mark.parametrize("text", sorted({*QUESTIONS, *WHY, *REASONS, *ANSWERS}))
def test_in_english_a_sentence_stays_as_it_is(portal: Portal, text: str) -> None:
    names = dict.fromkeys(_names(text), "x1") | {"amount": "12.00 EUR"}
    sentence = text % names
    with portal.system.app.test_request_context(), speaking("en"):
        assert kept(sentence).replace("12.00\N{NO-BREAK SPACE}€", "12.00 EUR") == kept_answer(sentence) == sentence


def test_codes_are_shown_as_what_they_stand_for(portal: Portal) -> None:
    with portal.system.app.test_request_context(), speaking("en"):
        told = kept("initiator.payment.notify was given up after 5 tries: moon")
        back = kept("12.00 EUR went back at everypay without a request from here")
        lost = kept("eeid took the status paid, but here the invoice became partially_paid meanwhile")
        ended = kept("reported by registry")
    assert ended == "reported by Domain registry"
    assert told == "Payment notice was given up after 5 tries: moon"
    assert back == "12.00\N{NO-BREAK SPACE}€ went back at EveryPay without a request from here"
    assert lost == "eeID took the status paid, but here the invoice became partly paid meanwhile"


def _names(text: str) -> set[str]:
    return {each.split(")")[0] for each in text.split("%(")[1:]}


@pytest.mark.parametrize("own", ["The payer called", "12.00 was received", "100% sure %(amount)s", "", "a: b"])
def test_what_a_person_wrote_stays_as_it_is(portal: Portal, own: str) -> None:
    with portal.system.app.test_request_context(), speaking("ru"):
        assert kept(own) == own


def test_what_stands_in_a_sentence_is_shown_in_the_same_language(portal: Portal) -> None:
    with portal.system.app.test_request_context(), speaking("ru"):
        over = kept("12.00 EUR was received and the invoice is cancelled: refund it or use it for another invoice")
        differs = kept("everypay says settled: account 'A' instead of 'B', nothing instead of 12.00 EUR")
    assert (
        over == "Поступило 12,00\N{NO-BREAK SPACE}€, а счёт отменён: верните деньги или используйте для другого счёта"
    )
    assert (
        differs
        == "EveryPay сообщает состояние «зачислено»: счёт шлюза 'A' вместо 'B', ничего вместо 12,00\N{NO-BREAK SPACE}€"
    )


def test_why_an_invoice_is_not_paid_asks_in_the_language_too(portal: Portal) -> None:
    said = Said("waits_for_a_person", {"question": "everypay sends an event nobody here knows: moon"})
    with portal.system.app.test_request_context(), speaking("et"):
        assert "sündmuse, mida siin ei tunta: moon" in why_words._translated(why_words.BECAUSE, said)


@pytest.mark.parametrize(("language", "words"), [("et", "läks tagasi ilma siinse"), ("ru", "возвращено без запроса")])
def test_pages_show_a_question_in_the_language_of_the_reader(
    portal: Portal, mary: Browser, language: str, words: str
) -> None:
    english = "went back at everypay without a request from here"
    item = ask(portal, "payment.refunded", f"12.00 EUR {english}")
    event = portal.system.scalar("select id from event where reason like :r order by id desc", r=f"%{english}")
    mary.get(f"/?lang={language}")
    for path in ("/questions", f"/questions/{item}", f"/questions/{item}/decisions/new?choice=done", f"/audit/{event}"):
        text = mary.get(path).text
        assert words in text, path
        assert english not in text, path
    mary.get("/?lang=en")


def test_days_of_a_sentence_are_written_as_readers_of_the_language_write_them(portal: Portal) -> None:
    said = (
        "12.00 EUR was received on 2026-11-23, and the invoice was cancelled on 2026-11-20: "
        "refund it or use it for another invoice"
    )
    with portal.system.app.test_request_context():
        for lang, days in (("en", ("2026-11-23", "2026-11-20")), ("et", ("23.11.2026", "20.11.2026"))):
            with speaking(lang):
                assert [each for each in days if each not in kept(said)] == []
        with speaking("et"):
            assert "someday" in kept("Evidence for a dispute of 1.00 EUR is due on someday")
