"""An organisation that bills: all its rows carry its key."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Currency, Key


class Tenant(Base):
    """One organisation with its country, language and limits for moving money back."""

    __tablename__ = "tenant"

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    country: Mapped[str] = mapped_column(server_default=text("'EE'"))
    default_currency: Mapped[Currency]
    timezone: Mapped[str] = mapped_column(server_default=text("'Europe/Tallinn'"))
    locale: Mapped[str] = mapped_column(server_default=text("'et'"))
    self_refund_days: Mapped[int] = mapped_column(server_default=text("7"))
    staff_refund_days: Mapped[int] = mapped_column(server_default=text("90"))
    four_eyes_minor: Mapped[int] = mapped_column(server_default=text("50000"))
    created_at: Mapped[CreatedAt]
