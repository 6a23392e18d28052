"""Arrays of any length, read entry by entry: what json reads as a whole, and nothing it does not."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.test import EnvironBuilder

from app.web import json_array
from app.web.json_array import ArrayBody
from app.web.strict_json import MalformedBody, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def read(body: bytes, *, limit: int = 10_000_000, kind: str = "application/json", **environ: Any) -> list[Any]:
    builder = EnvironBuilder(method="POST", data=body, content_type=kind, environ_overrides=environ)
    with ArrayBody(Request(builder.get_environ()), limit) as entries:
        first = list(entries)
        assert list(entries) == first, "every reading begins anew"
        return first


@pytest.mark.slow
@given(st.lists(VALUES, max_size=20), st.integers(1, 40), st.sampled_from([None, 1]))
def test_it_reads_what_json_reads_wherever_the_pieces_end(values: list[Any], size: int, indent: int | None) -> None:
    body = json.dumps(values, indent=indent, ensure_ascii=bool(size % 2)).encode()
    before = json_array.CHUNK
    json_array.CHUNK = size
    try:
        assert read(body) == parse(body)
    finally:
        json_array.CHUNK = before


@given(st.binary(max_size=40))
def test_it_refuses_what_the_strict_reader_refuses(body: bytes) -> None:
    try:
        expected = parse(body)
    except HTTPException:
        expected = None
    if isinstance(expected, list):
        assert read(body) == expected
    else:
        with pytest.raises(MalformedBody):
            read(body)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"[", b"]", b"[1", b"[1,", b"[1,]", b"[,1]", b"[1 2]", b"[1] 2", b"[1]]", b"[[1]", b"{}", b"1",
        b"null", b'{"a": [1]}', b'["\xff"]', b'["\xc3"]', b'["a', b"[nul]", b"[NaN]", b'[{"a": 1, "a": 2}]',
        b'["\\ud800"]', b"[01]", b"[1.]", b"\xef\xbb\xbf[]", b"[" * 100_000, b"[" + b"[" * 40 + b"]" * 41,
        "[1]".encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        read(body)


def test_an_entry_ends_somewhere() -> None:
    assert len(read(b'["' + b"a" * 60_000 + b'"]')) == 1
    with pytest.raises(MalformedBody, match="longer than"):
        read(b'["' + b"a" * 200_000 + b'"]')


def test_numbers_keep_their_digits() -> None:
    assert read(b"[120.00, 1e5, -0]") == ["120.00", "1e5", "-0"]


def test_a_body_has_a_limit_whether_its_length_is_said_or_not() -> None:
    body = b"[" + b"1," * 1_000 + b"1]"
    assert len(read(body, limit=len(body) + 1)) == 1_001
    with pytest.raises(RequestEntityTooLarge):
        read(body, limit=1_000)
    builder = EnvironBuilder(method="POST", content_type="application/json")
    environ = builder.get_environ() | {"wsgi.input": BytesIO(body), "wsgi.input_terminated": True}
    environ.pop("CONTENT_LENGTH", None)
    with pytest.raises(RequestEntityTooLarge):
        ArrayBody(Request(environ), 1_000)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-16"]
)
def test_only_json_in_utf_8_is_read(kind: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        read(b"[]", kind=kind)


def test_a_compressed_body_is_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        read(b"[]", HTTP_CONTENT_ENCODING="gzip")
