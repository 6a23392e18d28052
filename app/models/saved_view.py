"""A list somebody wants to see again: its filter as it stands in the address."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Key, Tenanted, same_tenant


class SavedView(Tenanted, Base):
    """A filter with a name, for oneself or for everybody; a retired one is not shown any more."""

    __tablename__ = "saved_view"
    __table_args__ = (
        same_tenant("operator_id", "operator"),
        CheckConstraint("length(name) between 1 and 60", name="name"),
        Index(
            "uq_saved_view_live",
            "operator_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("retired_at is null"),
        ),
    )

    id: Mapped[Key]
    operator_id: Mapped[int]
    name: Mapped[str]
    query: Mapped[str]
    is_shared: Mapped[bool] = mapped_column(server_default=text("false"))
    retired_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
