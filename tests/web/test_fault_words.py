"""Whatever is refused is said in the reader's language; a test finds errors that nobody put into words."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import app.services
import app.web
from app.domain.errors import BillingError, Conflict, Forbidden
from app.services import legacy_rows
from app.services.import_statements import REFERENCE_REFUSE, REFUSE
from app.web.fault_words import OBSTACLES, fault, row_reason
from app.web.translation import speaking
from tests.web.page import Page
from tests.web.test_imports import bring_invoices
from tests.web.test_kept_words import _said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web.browser import Browser, Portal

ROOT = Path(__file__).parents[2] / "app"
# What no language has another word for, and what the tests put in the place of parts.
SAME = re.compile(r"x1|SECRET_KEY|EUR|EveryPay|Mobi+l-ID|Smart-ID|ID|Idempotency-Key|fields|everypay")
LATIN = re.compile("[A-Za-z]{2,}")


def families() -> Iterator[type[BillingError]]:
    """Yield every error a state or a right is refused with."""
    for package in (app.services, app.web):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    importlib.import_module("app.integrations.tara.oidc")
    waiting: list[type[BillingError]] = [Conflict, Forbidden]
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        if found.__module__ != "app.domain.errors":
            yield found


def raised() -> Iterator[str]:
    """Yield the sentences these errors are raised with, something standing in the place of their parts."""
    names = {each.__name__ for each in families()} | {"Conflict", "Forbidden"}
    for path in (*(ROOT / "services").glob("*.py"), *(ROOT / "domain").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names and node.args:
                yield _said(_amounts(node.args[0]), {})


def _amounts(said: ast.expr) -> ast.expr:
    text = re.sub(r"say_amount\(", "amount_of(", ast.unparse(said))
    return ast.parse(text, mode="eval").body


def test_every_refusal_is_said_in_the_language_of_the_reader(portal: Portal) -> None:
    said = {str(each.__doc__).strip().splitlines()[0] for each in families()}
    said |= {each for each in raised() if each}
    assert len(said) > 80
    for language in ("ru", "et"):
        with portal.system.app.test_request_context(), speaking(language):
            assert [each for each in sorted(said) if fault(each) == each] == []
    with portal.system.app.test_request_context(), speaking("ru"):
        assert [each for each in sorted(said) if LATIN.search(SAME.sub("", fault(each)))] == []


def test_what_stands_in_the_way_of_an_invoice_is_said(portal: Portal) -> None:
    tree = ast.parse((ROOT / "services" / "cancellation.py").read_text(encoding="utf-8"))
    found = next(each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == "hindrance")
    obstacles = {
        str(each.value.value)
        for each in ast.walk(found)
        if isinstance(each, ast.Return) and isinstance(each.value, ast.Constant) and each.value.value
    }
    assert obstacles
    assert obstacles <= set(OBSTACLES)
    with portal.system.app.test_request_context(), speaking("ru"):
        assert fault("Invoice 5 has been paid: refund it instead of cancelling it") == (
            "Счёт 5 оплачен: верните деньги вместо отмены"
        )


def test_codes_in_a_refusal_are_the_words_of_the_portal(portal: Portal) -> None:
    with portal.system.app.test_request_context(), speaking("et"):
        assert fault("Invoice 5 is paid: it takes no money") == "Arve 5 on seisus „Makstud“: see ei võta raha vastu"
        assert fault("12.50 EUR is left to give back, and 13.00 EUR was asked for") == (
            "Tagastada saab veel 12,50\N{NO-BREAK SPACE}€, sooviti 13,00\N{NO-BREAK SPACE}€"
        )
        assert fault("Something nobody foresaw") == "Something nobody foresaw"
    with portal.system.app.test_request_context(), speaking("en"):
        assert fault("Invoice 5 is partially_paid") == "Invoice 5 is partially paid"


@pytest.mark.parametrize(("lang", "words"), [("en", "Refund 99999 not found"), ("ru", "Возврат 99999: не найдено")])
def test_what_was_not_found_is_named_in_the_language_of_the_reader(mary: Browser, lang: str, words: str) -> None:
    assert words in mary.get(f"/refunds/99999?lang={lang}").text


def test_everything_that_can_be_missing_has_a_name(portal: Portal) -> None:
    things: set[str] = set()
    for path in ROOT.rglob("*.py"):
        things |= set(re.findall(r'NotFound\(\s*"([a-z ]+)"', path.read_text(encoding="utf-8")))
    assert len(things) > 20
    with portal.system.app.test_request_context(), speaking("ru"):
        said = [fault(f"{each.capitalize()} 7 not found") for each in sorted(things)]
    assert [each for each in said if LATIN.search(each)] == []


def test_why_rows_were_left_out_is_said_in_the_language_of_the_reader(portal: Portal, mary: Browser) -> None:
    bring_invoices(portal.system, 719_000, 1)
    batch = bring_invoices(portal.system, 719_000, 1)
    page = Page(mary.get(f"/imports/{batch}?lang=et").text)
    assert "on juba registreeritud" in page.text("th")
    mary.get("/?lang=en")


def reasons() -> set[str]:
    """Return every reason the statements and the move from the system before leave a row out for."""
    statements = " ".join(str(each) for each in (*REFUSE, *REFERENCE_REFUSE))
    found = {each for each in re.findall(r"'([a-z][^']+ [^']+)'", statements) if "reason" not in each}
    for node in ast.walk(ast.parse(Path(legacy_rows.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name == "_fault":
            found |= {_said(each.value, {}) for each in ast.walk(node) if isinstance(each, ast.Return) and each.value}
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused":
            found.add(_said(node.args[2], {}))
    return found - {""} | {legacy_rows.ALSO_PAID, legacy_rows.NOT_TAKEN}


def test_every_reason_a_row_is_left_out_for_is_known(portal: Portal) -> None:
    assert len(reasons()) > 10
    with portal.system.app.test_request_context(), speaking("ru"):
        assert [each for each in sorted(reasons()) if LATIN.search(SAME.sub("", row_reason(each)))] == []
        assert row_reason("transaction_amount is missing") == "transaction_amount отсутствует"


OURS = re.compile("Domain registry|Domain auction|Business register|Billing itself")


@pytest.mark.parametrize("language", ["et", "ru"])
def test_services_that_every_installation_has_are_named_in_the_language_of_the_reader(
    portal: Portal, mary: Browser, language: str
) -> None:
    paid, _reference = portal.system.settle()
    pages = ("/services", f"/invoices/{paid}", f"/invoices/{paid}/raw", "/number-ranges", "/drafts/new", "/webhooks")
    mary.get(f"/?lang={language}")
    assert [(path, OURS.findall(mary.get(path).text)) for path in pages if OURS.search(mary.get(path).text)] == []
    mary.get("/?lang=en")
    assert "Domain registry" in mary.get("/services").text
