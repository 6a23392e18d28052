"""Settings kept in the database (eis.md 2.2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Key, Tenanted


class Setting(Tenanted, Base):
    """One typed value an administrator may change while the system runs."""

    __tablename__ = "setting"
    __table_args__ = (
        UniqueConstraint("tenant_id", "code"),
        CheckConstraint("code ~ '^[a-z][a-z_]*[a-z]$' and length(code) >= 3", name="code"),
        CheckConstraint("format in ('string', 'integer', 'float', 'boolean', 'hash', 'array')", name="format"),
    )

    id: Mapped[Key]
    code: Mapped[str]
    group: Mapped[str] = mapped_column("group")
    format: Mapped[str]
    value: Mapped[str | None]
    previous_value: Mapped[str | None]
    updated_by: Mapped[str | None]
    updated_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
