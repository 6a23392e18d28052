"""Foreign words that run from right to left, such as Arabic and Hebrew names: they turn no sentence around them.

In a page the element does it, `<bdi>` or `dir="auto"`. A text that is put together in Python has the characters of
Unicode for it: what stands between the first strong isolate and its end is laid out by itself (Unicode TR 9, 2.4).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from unicodedata import bidirectional

from jinja2 import pass_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from jinja2.runtime import Context

FSI, PDI = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
# Letters and numbers of right-to-left scripts, and the characters that change the direction of what follows.
TURNING = frozenset({"R", "AL", "AN", "RLE", "RLO", "LRE", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"})
OPENING, CLOSING = frozenset({"LRI", "RLI", "FSI"}), "PDI"
CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FIRST_TURNING = "\u0590"  # nothing before it turns: most texts need no second look


def install(app: Flask) -> None:
    """Keep what stands in the sentences of templates from turning them; `translate` does so for those of Python."""
    for name in ("gettext", "ngettext"):
        app.jinja_env.globals[name] = _isolating(app.jinja_env.globals[name])


def isolated(text: str) -> str:
    """Return the text so that its direction ends with it; one that runs only from left to right stays as it is."""
    if not text or max(text) < FIRST_TURNING or not any(bidirectional(each) in TURNING for each in text):
        return text
    return f"{FSI}{text if _closes(text) else CONTROLS.sub('', text)}{PDI}"


def isolated_parts(parts: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a sentence, those isolated that are plain text: markup says its directions itself."""
    return {name: isolated(part) if type(part) is str else part for name, part in parts.items()}


def _closes(text: str) -> bool:
    """Return whether every isolate of the text ends in it, and none ends that began outside."""
    depth = 0
    for each in text:
        kind = bidirectional(each)
        depth += (kind in OPENING) - (kind == CLOSING)
        if depth < 0:
            return False
    return depth == 0


def _isolating(speak: Any) -> Callable[..., str]:
    @pass_context
    def speak_isolated(context: Context, /, *texts: Any, **parts: Any) -> str:
        said: str = speak(context, *texts, **isolated_parts(parts))
        return said

    return speak_isolated
