"""Which browser on which system: enough of the User-Agent to recognise one's own devices."""

from __future__ import annotations

# The first that is named wins: Edge and Opera also call themselves Chrome, and Chrome also calls itself Safari.
BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "HeadlessChrome/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def describe(user_agent: str) -> str:
    """Return such as `Firefox, Linux`; the beginning of the text itself when nothing is recognised."""
    known = [_first(user_agent, BROWSERS), _first(user_agent, SYSTEMS)]
    return ", ".join(part for part in known if part) or user_agent[:60] or "\N{EN DASH}"


def _first(user_agent: str, names: dict[str, str]) -> str:
    return next((name for mark, name in names.items() if mark in user_agent), "")
