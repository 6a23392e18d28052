"""The text of a PDF as any reader would copy it: by the letters its fonts say their signs are."""

from __future__ import annotations

import re
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
FONT = re.compile(rb"/([\w-]+) (\d+) 0 R")
SHOWN = re.compile(rb"/([\w-]+) [\d.]+ Tf|\[([^\]]*)\] ?TJ|<([0-9A-Fa-f]+)> ?Tj")
HEX = re.compile(rb"<([0-9A-Fa-f]+)>")
PAIR = re.compile(rb"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>")


def text_of(data: bytes) -> str:
    """Return all text, piece by piece with spaces between; blanks inside are ordinary ones."""
    objects = {int(number): body for number, body in OBJECT.findall(data)}
    for body in [each for each in objects.values() if b"/ObjStm" in each]:
        objects |= _packed(body)
    fonts = {
        name: _letters(objects, body)
        for each in objects.values()
        for name, number in FONT.findall(each)
        if b"/ToUnicode" in (body := objects.get(int(number), b""))
    }
    assert fonts, "no font says what its signs are"
    pieces: list[str] = []
    for body in objects.values():
        content = _stream(body)
        if b" Tf" not in content:
            continue
        letters: dict[int, str] = {}
        for font, many, one in SHOWN.findall(content):
            letters = fonts[font] if font else letters
            shown = "".join(_decoded(each, letters) for each in ([one] if one else HEX.findall(many)))
            pieces.append(shown)
    return " ".join(" ".join(filter(None, pieces)).replace("\N{NO-BREAK SPACE}", " ").split())


def _stream(body: bytes) -> bytes:
    head, found, rest = body.partition(b"stream\n")
    content = rest.rpartition(b"\nendstream")[0] if found else b""
    return zlib.decompress(content) if b"/FlateDecode" in head else content


def _packed(body: bytes) -> dict[int, bytes]:
    """Return the objects that stand packed in one stream: first their numbers and places, then they themselves."""
    content, first = _stream(body), re.search(rb"/First (\d+)", body)
    assert first
    places = [int(each) for each in content[: int(first[1])].split()]
    starts = [int(first[1]) + each for each in places[1::2]]
    return {
        number: content[start:end]
        for number, start, end in zip(places[::2], starts, [*starts[1:], len(content)], strict=True)
    }


def _letters(objects: dict[int, bytes], font: bytes) -> dict[int, str]:
    number = re.search(rb"/ToUnicode (\d+) 0 R", font)
    assert number
    pairs = PAIR.findall(_stream(objects[int(number[1])]).partition(b"beginbfchar")[2])
    return {int(sign, 16): bytes.fromhex(letter.decode()).decode("utf-16-be") for sign, letter in pairs}


def _decoded(signs: bytes, letters: dict[int, str]) -> str:
    return "".join(letters.get(int(signs[at : at + 4], 16), "") for at in range(0, len(signs), 4))
