"""What must be true of every page, whoever fetches it."""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

TOKEN = re.compile(r'name="csrf_token"[^>]*? value="([^"]+)"')
VOID = {"meta", "link", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """A parsed page; `faults` lists what no page may do."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self._labels = 0
        self.feed(html)
        self.close()
        if self._open:
            self.faults.append(f"never closed: {self._open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.elements.append((tag, named))
        self._check(tag, named)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def handle_data(self, data: str) -> None:
        for tag in {*self._open}:
            self.texts.setdefault(tag, []).append(data)

    def _check(self, tag: str, named: dict[str, str | None]) -> None:
        if "style" in named or any(name.startswith(("on", "hx-on")) for name in named):
            self.faults.append(f"inline style or script on <{tag}>")
        if tag == "script" and not named.get("src"):
            self.faults.append("a script inside the page")
        if tag == "style":
            self.faults.append("a style sheet inside the page")
        if tag == "th" and "scope" not in named:
            self.faults.append("a heading of a table without scope")
        visible_input = tag == "input" and named.get("type") != "hidden"
        if visible_input and "label" not in self._open and not ({"id", "aria-label"} & named.keys()):
            self.faults.append("an input without a label")

    def text(self, tag: str) -> str:
        """Return the text inside all elements of this name."""
        return " ".join("".join(self.texts.get(tag, [])).split())

    def links(self) -> list[str]:
        """Return where the page leads to."""
        return [str(named["href"]) for tag, named in self.elements if tag == "a" and named.get("href")]


def form_token(html: str) -> str | None:
    """Return the token of the first form, if there is one."""
    found = TOKEN.search(html)
    return found and found[1]


@lru_cache(maxsize=1)
def parsed(html: str) -> Page:
    """Return the page, read once however many look at it one after the other."""
    return Page(html)


def faults_of_whole(html: str) -> list[str]:
    """Return what is wrong with a whole page."""
    page = parsed(html)
    ids = [named["id"] for _tag, named in page.elements if named.get("id")]
    headings = [tag for tag, _named in page.elements if tag == "h1"]
    found = list(page.faults)
    if len(ids) != len(set(ids)):
        found.append(f"ids twice: {sorted(each for each in ids if each and ids.count(each) > 1)}")
    if len(headings) != 1:
        found.append(f"{len(headings)} headings of the first level")
    if not page.text("title").removesuffix(" · EIS Billing"):
        found.append("no title")
    if not re.search(r'<html lang="(en|et|ru)"', html):
        found.append("no language")
    found += [
        f"leads away: {link}" for link in page.links() if not (link.startswith(("/", "#", "?")) or is_letter(link))
    ]
    return found


def is_letter(link: str) -> bool:
    """Return whether it begins a letter to one address, with a subject and a text and nothing else, all quoted."""
    return re.fullmatch(r"mailto:[\w.~%-]+\?subject=[\w.~%-]+&body=[\w.~%-]+", link, re.ASCII) is not None
