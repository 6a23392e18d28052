"""What an administrator set in the database (eis.md 2.2)."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.extensions import db
from app.models.setting import Setting

WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


SWITCHES = {"true": True, "false": False}


def switch(code: str, tenant_id: int) -> bool | None:
    """Return a setting that is on or off; None when it is empty or is neither."""
    return SWITCHES.get((_value(code, tenant_id) or "").strip().lower())


def whole_number(code: str, tenant_id: int) -> int | None:
    """Return a setting that is a whole number; None when it is empty or is none."""
    value = _value(code, tenant_id)
    return int(value) if value is not None and WHOLE.fullmatch(value.strip()) else None


def _value(code: str, tenant_id: int) -> str | None:
    question = select(Setting.value).where(Setting.tenant_id == tenant_id, Setting.code == code)
    value: str | None = db.session.scalar(question)
    return value
