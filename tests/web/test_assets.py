"""Static files: known by hash, kept for ever, nothing from elsewhere that is not listed."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest

from app.web.assets import STATIC, fingerprint, stylesheets

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web.browser import Browser

ROW = re.compile(r"^\| (\S+) \| (\S+) \| ([0-9a-f]{64}) \|$", re.MULTILINE)
PACKAGE = re.compile(r"^\| (\S+) \| ([\d.]+) \| ([^|]+) \| sha512-[A-Za-z0-9+/]{86}== \|$", re.MULTILINE)
VENDOR = (STATIC / "vendor" / "VENDOR.md").read_text(encoding="utf-8")


def foreign() -> set[str]:
    """Return the files that others made."""
    folders = [*(STATIC / "vendor").rglob("*"), *(STATIC / "fonts").rglob("*")]
    files = {str(path.relative_to(STATIC)) for path in folders if path.is_file()}
    return {each for each in files if not each.endswith((".md", "LICENSE.txt"))} | {"icons.svg"}


def test_every_foreign_file_is_listed_with_its_true_hash() -> None:
    listed = {path: digest for path, _package, digest in ROW.findall(VENDOR)}
    assert {path for path in listed if not path.endswith("LICENSE.txt")} == foreign()
    for path, digest in listed.items():
        assert hashlib.sha256((STATIC / path).read_bytes()).hexdigest() == digest, path


def test_every_package_has_version_licence_and_integrity() -> None:
    packages = {name: licence.strip() for name, _version, licence in PACKAGE.findall(VENDOR)}
    assert {package for _path, package, _digest in ROW.findall(VENDOR)} == packages.keys()
    assert all(packages.values())


def test_no_style_sheet_or_script_of_ours_names_another_host() -> None:
    for path in [*(STATIC / "css").rglob("*.css"), *(STATIC / "js").glob("*.js")]:
        text = path.read_text(encoding="utf-8")
        assert "//" not in re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE).replace("https://", "//"), path
        for url in re.findall(r'url\("([^"]+)"\)', text):
            assert (path.parent / url).resolve().is_file(), url


def test_one_sheet_has_all_of_them_in_the_order_of_their_layers(stranger: Browser) -> None:
    answer = stranger.client.get("/static/x/css/portal.css")
    assert answer.mimetype == "text/css"
    rest = answer.text
    assert rest.startswith((STATIC / "css" / "layers.css").read_text(encoding="utf-8"))
    for name in stylesheets():
        before, text, rest = rest.partition((STATIC / name).read_text(encoding="utf-8"))
        assert not before, name
        assert text, name
    assert not rest
    assert {path.relative_to(STATIC).as_posix() for path in (STATIC / "css").rglob("*.css")} - set(stylesheets()) == {
        "css/api-docs.css"
    }


def test_files_are_named_only_by_sheets_that_lie_where_the_one_sheet_does() -> None:
    naming = [path for path in (STATIC / "css").rglob("*.css") if "url(" in path.read_text(encoding="utf-8")]
    assert naming
    assert {path.parent for path in naming} == {STATIC / "css"}


def test_the_fingerprint_follows_every_byte_and_name(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a")
    first = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == first
    (tmp_path / "a.css").write_text("b")
    second = fingerprint(tmp_path)
    (tmp_path / "a.css").rename(tmp_path / "b.css")
    assert len({first, second, fingerprint(tmp_path)}) == 3


def test_a_page_names_its_files_by_hash_and_they_may_be_kept_for_ever(stranger: Browser) -> None:
    page = stranger.page("/sign_in")
    named = [
        str(attributes.get("href") or attributes.get("src"))
        for tag, attributes in page.elements
        if tag in {"link", "script"}
    ]
    assert len(named) == 5, "icon, font, style, htmx and our own script"
    for address in named:
        answer = stranger.client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        answer.close()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("css/base.css", "text/css"),
        ("css/portal.css", "text/css"),
        ("js/portal.js", "text/javascript"),
        ("icons.svg", "image/svg+xml"),
        ("fonts/inter-latin-wght-normal.woff2", "font/woff2"),
    ],
)
def test_a_file_of_an_earlier_release_is_served_but_not_kept(stranger: Browser, path: str, kind: str) -> None:
    answer = stranger.client.get(f"/static/000000000000/{path}")
    assert answer.status_code == 200
    assert answer.mimetype == kind
    assert answer.headers["Cache-Control"] == "no-cache"
    answer.close()


@pytest.mark.parametrize("path", ["css/base.css", "css/portal.css"])
def test_a_file_known_already_is_not_sent_again(stranger: Browser, path: str) -> None:
    first = stranger.client.get(f"/static/x/{path}")
    again = stranger.client.get(f"/static/x/{path}", headers={"If-None-Match": first.headers["ETag"]})
    first.close()
    again.close()
    assert again.status_code == 304
