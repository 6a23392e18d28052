"""A JSON array of any length as the body of a request: kept on disk, read entry by entry, as strictly as any body."""

from __future__ import annotations

import codecs
import hashlib
import json
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, Self

from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from app.web.request_body import check_encoding
from app.web.strict_json import DECODER, DEEPEST, MalformedBody, check_depth, check_encodable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Request

CHUNK = 64 * 1024
IN_MEMORY = 1024 * 1024  # bytes; what is longer lies in a file without a name
LONGEST_ENTRY = 64 * 1024  # characters
SPACE = " \t\r\n"


class ArrayBody:
    """The entries of one body, as often as they are asked for; close it when they are not needed any more."""

    def __init__(self, request: Request, limit_bytes: int) -> None:
        """Read the body to its end.

        Raises RequestEntityTooLarge beyond the limit, UnsupportedMediaType for anything but JSON in UTF-8.
        """
        check_encoding(request)
        if request.mimetype and not request.is_json:
            raise UnsupportedMediaType("Send application/json")
        self._digest = hashlib.sha256()
        self._file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - lives as long as we
        with ExitStack() as undo:
            undo.callback(self._file.close)
            self._fill(request, limit_bytes)
            undo.pop_all()

    def _fill(self, request: Request, limit_bytes: int) -> None:
        request.max_content_length = limit_bytes
        left = limit_bytes
        while chunk := request.stream.read(CHUNK):
            left -= len(chunk)
            if left <= 0:  # a body of unknown length is cut there, without a word
                raise RequestEntityTooLarge
            self._digest.update(chunk)
            self._file.write(chunk)

    def close(self) -> None:
        """Forget the body."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the body itself, which is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget the body."""
        self.close()

    def fingerprint(self) -> bytes:
        """Return the SHA-256 of the bytes."""
        return self._digest.digest()

    def __iter__(self) -> Iterator[Any]:
        """Return the entries, numbers as NumberText. Raises MalformedBody where the array ends to be one."""
        self._file.seek(0)
        return _Reader(self._file).entries()


class _Reader:
    """A window over the text; only `_more` makes it longer."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._ended = False
        self._count = 0

    def entries(self) -> Iterator[Any]:
        self._expect("[")
        if self._peek() == "]":
            self._at += 1
        else:
            yield self._entry()
            while self._peek() == ",":
                self._at += 1
                yield self._entry()
            self._expect("]")
        if self._peek():
            raise MalformedBody("The body goes on after its array")

    def _entry(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise MalformedBody(f"Entry {self._count} is nested deeper than {DEEPEST} levels") from None
            except json.JSONDecodeError as fault:
                if not self._more():
                    raise MalformedBody(f"The body is not JSON: {fault.msg} in entry {self._count}") from None
                continue
            if end < len(self._text) or not self._more():  # a number might go on
                return self._checked(value, end)

    def _checked(self, value: Any, end: int) -> Any:
        check_depth(value, DEEPEST - 1)
        if "\\u" in self._text[self._at : end]:
            check_encodable(value)
        self._at = end
        self._count += 1
        return value

    def _peek(self) -> str:
        """Return the next character that is no space, or nothing at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            self._at, self._text = 0, ""
            if not self._more():
                return ""

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise MalformedBody(f"The body must be a JSON array: {sign} is missing after entry {self._count}")
        self._at += 1

    def _more(self) -> bool:
        """Read on and return whether there was more. Raises MalformedBody for bad UTF-8 and endless entries."""
        if self._ended:
            return False
        if len(self._text) - self._at > LONGEST_ENTRY:
            raise MalformedBody(f"Entry {self._count} is longer than {LONGEST_ENTRY} characters, or no JSON")
        chunk = self._file.read(CHUNK)
        self._ended = not chunk
        try:
            more = self._decode.decode(chunk, final=self._ended)
        except UnicodeDecodeError:
            raise MalformedBody("The body must be UTF-8") from None
        self._text = self._text[self._at :] + more
        self._at = 0
        return not self._ended
