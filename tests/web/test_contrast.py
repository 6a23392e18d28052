"""Every pair of colours that meets on a page can be read, in light and in dark (front-end.md 6)."""

from __future__ import annotations

import math
import re

import pytest

from app.web.assets import STATIC

TOKENS = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
PAIR = re.compile(r"--([\w-]+): light-dark\(oklch\(([^)]*)\), oklch\(([^)]*)\)\)")
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "accent", "bad") for ground in ("paper", "surface", "raised")),
    *((tone, f"{tone}-soft") for tone in ("accent", "good", "warn", "bad")),
    *(("ink", f"{tone}-soft") for tone in ("accent", "good", "warn", "bad", "mute")),
    ("ink-2", "mute-soft"),
    ("accent-strong", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("ink-2", "accent-soft"),
]
SHAPES = [
    ("control", "surface"),
    ("control", "paper"),
    ("accent", "paper"),
    ("accent", "surface"),
    ("accent", "raised"),
]


def linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Return linear sRGB of an OKLCH colour (Björn Ottosson's matrices)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def luminance(colour: str) -> float:
    lightness, chroma, hue = colour.split("/", maxsplit=1)[0].split()
    parts = linear(float(lightness.rstrip("%")) / 100, float(chroma), float(hue))
    red, green, blue = (min(1.0, max(0.0, part)) for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def tokens(dark: int) -> dict[str, str]:
    return {name: (light, night)[dark] for name, light, night in PAIR.findall(TOKENS)}


def test_the_arithmetic_knows_black_and_white() -> None:
    assert contrast("0% 0 0", "100% 0 0") == pytest.approx(21, abs=0.01)


def test_every_colour_is_understood() -> None:
    assert len(PAIR.findall(TOKENS)) == TOKENS.count("light-dark(")


@pytest.mark.parametrize("dark", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_is_readable(ink: str, ground: str, dark: int) -> None:
    assert contrast(tokens(dark)[ink], tokens(dark)[ground]) >= 4.5


@pytest.mark.parametrize("dark", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_controls_and_the_focus_stand_out(shape: str, ground: str, dark: int) -> None:
    assert contrast(tokens(dark)[shape], tokens(dark)[ground]) >= 3
