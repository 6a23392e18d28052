"""Check an exported hash chain: python verify_chain.py [--head HASH ...] FILE. Nothing but Python's standard library.

`billing export-chain ledger` writes the file: one JSON object a line with `chain`, `position`, `row_id`, `hash` and
`row`, the text that was hashed, whose `id` is the `row_id`. Each hash is SHA-256 of the hash before it, 32 zero bytes
at first, followed by the text in UTF-8. A head noted on another day proves that nothing before it was changed since.
Exit 0 when the chain holds, 1 with the first place where it does not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

GENESIS = bytes(32)
PARTS = {"chain", "position", "row_id", "hash", "row"}


class Broken(ValueError):
    """The chain does not hold; the text says where and how."""


def check(lines: Iterable[str], heads: Iterable[str] = ()) -> tuple[int, str]:
    """Return how many links hold, and the last hash. Raises Broken, also when one of the heads is not among them."""
    previous, position, chain = GENESIS, 0, ""
    missing = {each.lower().lstrip("\\").removeprefix("x"): each for each in heads}
    for line in lines:
        position += 1
        link = _read(position, line)
        chain = chain or link["chain"]
        if link["chain"] != chain:
            raise Broken(f"line {position} is of another chain than the lines before it")
        previous = _hash(previous, position, link)
        missing.pop(previous.hex(), None)
    for head in missing.values():
        raise Broken(f"the head {head} is not in this chain of {position} links")
    return position, previous.hex()


def _read(position: int, line: str) -> dict[str, Any]:
    try:
        link = json.loads(line)
    except ValueError as fault:
        raise Broken(f"line {position} is not a link") from fault
    if not isinstance(link, dict) or set(link) != PARTS or not link["chain"]:
        raise Broken(f"line {position} is not a link")
    if link["position"] != position:
        raise Broken(f"line {position} has position {link['position']}: a link is missing or was moved")
    return link


def _hash(previous: bytes, position: int, link: dict[str, Any]) -> bytes:
    row_id, row = link["row_id"], link["row"]
    if not isinstance(row, str):
        raise Broken(f"position {position}: row {row_id} is gone")
    found = hashlib.sha256(previous + row.encode()).digest()
    if found.hex() != link["hash"]:
        raise Broken(f"position {position}: row {row_id} is not what was sealed")
    if json.loads(row).get("id") != row_id:
        raise Broken(f"position {position}: the sealed row is not row {row_id}")
    return found


def main() -> int:
    """Check the file that was named and say what was found."""
    parser = argparse.ArgumentParser(description="Check an exported hash chain")
    parser.add_argument("file", type=Path)
    noted = "a hash noted earlier that must be in the chain, as the portal, the letter or the log has it"
    parser.add_argument("--head", action="append", default=[], metavar="HASH", help=noted)
    wanted = parser.parse_args()
    try:
        with wanted.file.open(encoding="utf-8") as lines:
            count, head = check(lines, wanted.head)
    except (Broken, OSError) as fault:
        print(f"BROKEN: {fault}")
        return 1
    print(f"{count} links hold; head {head}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
