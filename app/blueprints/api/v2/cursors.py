"""What a cursor belongs to: it goes on with the list it was made for, and with nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from flask import request

from app.blueprints.api.guard import caller
from app.web.idempotency import fingerprint_of

if TYPE_CHECKING:
    from pydantic import BaseModel

# Parameters that may differ between the pages of one list; all others belong to the cursor.
PAGING = {"cursor", "limit", "expand"}
DIGITS = 16


def of_list(name: str, asked: BaseModel) -> str:
    """Return what the cursor of a list belongs to: its address, its filters and who asks."""
    same = {field: None for field in type(asked).model_fields if field in PAGING}
    filters = fingerprint_of(asked.model_copy(update=same)).hex()
    return _bound(name, request.path, filters)


def of_log(name: str) -> str:
    """Return what the cursor of a log belongs to: who reads it, whatever is picked from it later."""
    return _bound(name)


def _bound(name: str, *parts: str) -> str:
    said = "\n".join([str(caller().initiator_id), *parts])
    return f"{name}@{hashlib.sha256(said.encode()).hexdigest()[:DIGITS]}"
