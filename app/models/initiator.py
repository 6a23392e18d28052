"""A service that asks us for invoices, and the keys it signs with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.models.base import Base, CreatedAt, Flag, Key, Tenanted, same_tenant


class Initiator(Tenanted, Base):
    """A calling service; `acts_for` names the initiators whose rows it may also touch (eis.md 14).

    `partial_payments` says whether its invoices may be paid in parts; nothing leaves it to the tenant's setting.
    `contact_email` is written to when messages to it are given up; without one nobody is.
    """

    __tablename__ = "initiator"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,39}$'", name="code"),
        CheckConstraint(r"contact_email ~ '^[^\s@]+@[^\s@]+$'", name="contact_email"),
    )

    id: Mapped[Key]
    code: Mapped[str]
    name: Mapped[str]
    acts_for: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    accepts_shared_secret: Mapped[Flag]
    shared_secret_used_at: Mapped[datetime | None]
    partial_payments: Mapped[bool | None]
    contact_email: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]


class InitiatorKey(Tenanted, Base):
    """One HS256 key of an initiator; the secret is sealed with a key derived from SECRET_KEY; no scopes means all."""

    __tablename__ = "initiator_key"
    __table_args__ = (same_tenant("initiator_id", "initiator"),)

    id: Mapped[Key]
    initiator_id: Mapped[int]
    kid: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(server_default=text("''"))
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
