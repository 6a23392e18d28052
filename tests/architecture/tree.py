"""The files of this project, as git knows them: what is committed or about to be."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUNDLED = ("app/static/vendor/", "vendor/")  # other people's files, kept as they came


@cache
def files(*suffixes: str, under: tuple[str, ...] = ("",), bundled: bool = False) -> dict[str, str]:
    """Return the text of every file by its path from the root, without binary files; never nothing."""
    names = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(names, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    texts = {
        name: text
        for name in sorted(filter(None, listed))
        if name.startswith(under)
        and (bundled or not name.startswith(BUNDLED))
        and (not suffixes or name.endswith(suffixes))
        if (text := _text(ROOT / name)) is not None
    }
    print(f"{len(texts)} files examined: {suffixes or 'all'} under {under}")
    assert texts
    return texts


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError):  # a picture or a font; a file deleted and not yet committed
        return None
