"""The word `error` in a service's answer, which means no whatever the status is (eis.md 8.5, 10.2.7)."""

from __future__ import annotations

from typing import Any

LONGEST = 500


def refusal_in(body: Any) -> str:
    """Return why the answer refuses, in the service's own words; empty when it does not.

    Services write `{"error": "..."}`, `{"error": {"message": "..." or ["...", "..."]}}` or name fields with lists.
    """
    if not isinstance(body, dict) or not body.get("error"):
        return ""
    error = body["error"]
    if not isinstance(error, dict):
        return str(error)[:LONGEST]
    if "message" in error:
        return _joined(error["message"])[:LONGEST]
    return "; ".join(f"{field} {_joined(faults)}" for field, faults in error.items())[:LONGEST]


def _joined(faults: Any) -> str:
    return ", ".join(map(str, faults)) if isinstance(faults, list) else str(faults)
