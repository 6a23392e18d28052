"""What an administrator set in the database (eis.md 2.2); read each time, so that a change counts at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from app.domain.setting import BY_CODE
from app.extensions import db
from app.models.base import DEFAULT_TENANT
from app.models.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Collection

WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)
# Asked for each page of the portal, so it is put together once.
_SEVERAL = select(Setting.__table__.c.code, Setting.__table__.c.value).where(
    Setting.__table__.c.tenant_id == bindparam("tenant_id"),
    Setting.__table__.c.code.in_(bindparam("codes", expanding=True)),
)

SWITCHES = {"true": True, "false": False}


def switch(code: str, tenant_id: int = DEFAULT_TENANT) -> bool | None:
    """Return a setting that is on or off; None when it is empty or is neither."""
    query = select(Setting.value).where(Setting.tenant_id == tenant_id, Setting.code == code)
    return SWITCHES.get((db.session.scalar(query) or "").strip().lower())


def whole_number(code: str, tenant_id: int = DEFAULT_TENANT) -> int | None:
    """Return a setting that is a whole number; its default when it is empty or is none, None when it has none."""
    return whole_numbers([code], tenant_id)[code]


def whole_numbers(codes: Collection[str], tenant_id: int = DEFAULT_TENANT) -> dict[str, int | None]:
    """Return several settings that are whole numbers, in one query."""
    found = db.session.execute(_SEVERAL, {"tenant_id": tenant_id, "codes": list(codes)})
    kept = {code: value for code, value in found if value is not None}
    return {code: _number(code, kept.get(code)) for code in codes}


def all_of(tenant_id: int = DEFAULT_TENANT) -> dict[str, Setting]:
    """Return every row by its code."""
    rows = db.session.scalars(select(Setting).where(Setting.tenant_id == tenant_id))
    return {row.code: row for row in rows}


def _number(code: str, value: str | None) -> int | None:
    if value is not None and WHOLE.fullmatch(value.strip()):
        return int(value)
    known = BY_CODE.get(code)
    return known.default if known is not None and isinstance(known.default, int) else None
