"""Every field of every form of the portal, found by walking, takes four hundred hostile texts (security.md T48, T49).

None comes back as anything but text, and none breaks the application.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from itertools import count, cycle
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.exceptions import HTTPException

from tests.thoroughness import stride
from tests.web.conftest import PERSONA
from tests.web.hostile import MARK, payloads
from tests.web.page import faults_of_whole, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

    from tests.web.browser import Browser, Portal

PAYLOADS = payloads()
# What ends the walk: one's own session, and addresses that lead out.
LEFT_OUT = ("/logout", "/sessions/", "/static/", "/auth/", "/theme", "/language")
EACH = 2
# What the other fields say, so that the hostile one is reached: names differ from form to form, these are the usual.
PLAUSIBLE = {
    "name": "Somebody",
    "owner": "Somebody else",
    "reason": "because it must be tried",
    "role": "viewer",
    "reach": "all",
    "amount": "1.00",
    "description": "something",
}
# A text of ours never stands in these; what stands there was broken out of its place.
ALIVE = re.compile(r"^(script|iframe|object|embed|base|style|math|template|noscript|img|body2)$")
NUMBERS = count()
TOKENS: dict[Any, str] = {}


@dataclass
class Form:
    """A form as it stands on a page: where it goes, how, and its fields with what they hold."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    free: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """The forms of a page."""

    def __init__(self, html: str, path: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Form] = []
        self._path = path
        self._open: Form | None = None
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(named.get("action") or self._path, named.get("method", "get").lower())
            self.found.append(self._open)
        elif self._open is not None and named.get("name"):
            self._field(tag, named)
        elif tag == "option" and self._open is not None and self._select:
            self._open.fields.setdefault(self._select, named.get("value", ""))

    def _field(self, tag: str, named: dict[str, str]) -> None:
        form, name, kind = self._open, named["name"], named.get("type", "text")
        assert form is not None
        if tag == "select":
            self._select = name
        if kind in {"radio", "checkbox"}:
            if "checked" in named or name not in form.fields:
                form.fields[name] = named.get("value", "on")
        elif tag in {"input", "textarea", "button"}:
            form.fields.setdefault(name, named.get("value", ""))
        # Everything is writable for who writes requests by hand, hidden fields as well.
        if name != "csrf_token" and name not in form.free:
            form.free.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = ""


class Elements(HTMLParser):
    """What a page really holds, as a browser reads it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.bad: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        where = f"<{tag} {said}>"
        if any(name.startswith(("on", "hx-on", "data-hx", "style")) for name in said):
            self.bad.append(where)
        if ALIVE.match(tag) and MARK in str(said):
            self.bad.append(where)
        for name in ("href", "src", "action", "formaction", "hx-get", "hx-post", "http-equiv"):
            value = said.get(name, "")
            if MARK in value and not value.startswith(("/", "?", "#")):
                self.bad.append(where)
            if value.startswith(("javascript:", "data:", "//")):
                self.bad.append(where)

    def handle_data(self, data: str) -> None:
        if self.lasttag in {"script", "style"} and MARK in data:
            self.bad.append(data[:80])


def walk(browser: Browser, starts: list[str]) -> Iterator[tuple[str, TestResponse]]:
    """Visit every page that can be reached, three of each kind."""
    seen: set[str] = set()
    kinds: Counter[str] = Counter()
    todo = list(starts)
    while todo:
        path = todo.pop(0)
        kind = _kind(browser, path, "GET") + str(sorted(parse_qs(urlsplit(path).query)))
        if path in seen or kinds[kind] >= EACH or path.startswith(LEFT_OUT):
            continue
        seen.add(path)
        kinds[kind] += 1
        answer = browser.client.get(path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            yield path, answer
            todo += [link for link in parsed(answer.text).links() if link.startswith("/")]


def _kind(browser: Browser, path: str, method: str) -> str:
    """Return the endpoint an address leads to; empty for none."""
    try:
        endpoint, _values = browser.portal.system.app.url_map.bind("localhost").match(urlsplit(path).path, method)
    except HTTPException:
        return ""
    return str(endpoint)


def look_at(answer: TestResponse, where: str) -> None:
    assert answer.status_code < 500, f"{where}: {answer.status_code} {answer.text[:300]}"
    for name, value in answer.headers:
        assert "\n" not in value, f"{where}: {name}"
        assert name != "Set-Cookie" or "sid=1" not in value, where
    if answer.mimetype == "text/html" and answer.data:
        bad = Elements(answer.text).bad
        assert not bad, f"{where}: {bad}"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_four_hundred_hostile_texts_in_every_field_stay_text(own_portal: Portal, own_mary: Browser) -> None:
    assert len(set(PAYLOADS)) >= 400
    own_portal.system.settle()
    own_portal.system.invoice("auction", customer_name="<b>payer</b>")
    starts = [rule.rule for rule in own_portal.system.app.url_map.iter_rules() if _is_plain(rule)]
    forms = _forms(own_mary, sorted(starts))
    TOKENS[own_mary] = own_mary.token()
    passed, sent = _attack(own_mary, forms)
    assert len(sent) >= 400
    assert len(passed) > len(forms) / 2, "most forms take what is harmless about the texts"
    shown = 0
    for path, answer in walk(own_mary, sorted(starts)):
        look_at(answer, path)
        assert not [each for each in faults_of_whole(answer.text) if "leads away" not in each], path
        shown += f"onerror={MARK}" in unescape(answer.text)
    assert shown >= 3, "what was kept is shown on pages, as text"


def _forms(browser: Browser, starts: list[str]) -> list[Form]:
    """Return every form of the portal once."""
    found: dict[str, Form] = {}
    for path, answer in walk(browser, starts):
        for form in Forms(answer.text, path).found:
            if form.method in {"get", "post"} and not form.action.startswith(LEFT_OUT):
                found.setdefault(f"{form.method} {_kind(browser, form.action, form.method.upper())}", form)
    assert len(found) > 10, sorted(found)
    return list(found.values())


def _is_plain(rule: Any) -> bool:
    portal = not rule.rule.startswith(("/api/", "/health", "/metrics", *LEFT_OUT))
    return portal and not rule.arguments and "GET" in (rule.methods or ())


def _attack(browser: Browser, forms: list[Form]) -> tuple[set[str], set[str]]:
    """Write the texts into the fields, each field several, all texts at least once, and once all fields together.

    Returns which forms were passed, and what was sent.
    """
    texts = cycle(PAYLOADS)
    fields = [(form, name) for form in forms for name in form.free]
    each_field = max(stride(12, 1), -(-len(PAYLOADS) // len(fields)))
    passed: set[str] = set()
    sent: set[str] = set()
    for form, name in fields:
        for text in (next(texts) for _ in range(each_field)):
            sent.add(text)
            look_at(_send(browser, form, {name: text}), f"{form.method} {form.action} {name}={text[:60]!r}")
    for form in forms:
        text = next(texts)
        look_at(_send(browser, form, dict.fromkeys(form.free, text)), f"{form.action} all={text[:60]!r}")
        # What passes every rule of a text field: kept, and shown on pages afterwards.
        kept = _send(browser, form, dict.fromkeys(_texts(form), f'"><img src=x onerror={MARK}>'))
        look_at(kept, f"{form.action} kept")
        if kept.status_code < 400:
            passed.add(f"{form.method} {form.action}")
    return passed, sent


def _texts(form: Form) -> list[str]:
    return [name for name in form.free if name in {"name", "owner", "reason", "description", "note", "notes", "title"}]


def _send(browser: Browser, form: Form, more: dict[str, str]) -> TestResponse:
    """Send a form; whoever ended their own session with it comes back."""
    answer = _sent(browser, form, more)
    if str(answer.location or "").startswith("/sign_in"):
        browser.let_in(PERSONA)
        TOKENS[browser] = browser.token()
        answer = _sent(browser, form, more)
    return answer


def _sent(browser: Browser, form: Form, more: dict[str, str]) -> TestResponse:
    usual = {name: PLAUSIBLE[name] for name, value in form.fields.items() if name in PLAUSIBLE and not value}
    if "subject" in form.fields:
        usual["subject"] = f"EE{39_000_000_000 + next(NUMBERS)}"
    if "first" in form.fields:
        first = 700_001 + 10 * next(NUMBERS)
        usual |= {"first": str(first), "last": str(first + 9)}
    data = {**form.fields, **usual, **more}
    if form.method == "get":
        return browser.client.get(form.action, query_string=data)
    own = {"Sec-Fetch-Site": "same-origin"}
    return browser.client.post(form.action, data={**data, "csrf_token": TOKENS[browser]}, headers=own)
