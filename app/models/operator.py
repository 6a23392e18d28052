"""People who work in the portal: the white list, who signed in, and their live sessions."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.permission import Role
from app.models.base import Base, CreatedAt, Json, Key, Tenanted, one_of, same_tenant


class WhiteCode(Tenanted, Base):
    """A full subject (country and code) that may sign in (reliability.md, result 9); `owner` answers for it."""

    __tablename__ = "white_code"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        CheckConstraint("subject ~ '^[A-Z]{2}[A-Za-z0-9/_.-]{3,254}$'", name="subject"),
        CheckConstraint(one_of("role", list(Role)), name="role"),
        Index("uq_white_code_live", "tenant_id", "subject", unique=True, postgresql_where=text("revoked_at is null")),
    )

    id: Mapped[Key]
    subject: Mapped[str]
    name: Mapped[str] = mapped_column(server_default=text("''"))
    owner: Mapped[str] = mapped_column(server_default=text("''"))
    role: Mapped[str] = mapped_column(server_default=text("'tenant_admin'"))
    added_by: Mapped[str] = mapped_column(server_default=text("''"))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Operator(Tenanted, Base):
    """A person who signed in at least once; `invoice_columns` are those they like to see in the list of invoices."""

    __tablename__ = "operator"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "subject"))

    id: Mapped[Key]
    subject: Mapped[str]
    name: Mapped[str] = mapped_column(server_default=text("''"))
    locale: Mapped[str | None]
    invoice_columns: Mapped[list[str] | None]
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class OperatorSession(Tenanted, Base):
    """One live login; only a hash of its token is kept, and the white code decides with it on each request.

    `held_form` is what was typed into a form that needs a fresh login first, until it is sent again.
    """

    __tablename__ = "operator_session"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        same_tenant("operator_id", "operator"),
        same_tenant("white_code_id", "white_code"),
        Index("ix_operator_session_operator_id", "operator_id"),
    )

    id: Mapped[Key]
    operator_id: Mapped[int]
    white_code_id: Mapped[int]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    acr: Mapped[str]
    amr: Mapped[str] = mapped_column(server_default=text("''"))
    ip: Mapped[str] = mapped_column(server_default=text("''"))
    user_agent: Mapped[str] = mapped_column(server_default=text("''"))
    last_seen_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    held_address: Mapped[str | None]
    held_form: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    held_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]

    @staticmethod
    def hash_of(token: str) -> bytes:
        """Return what is kept of a session's raw token."""
        return hashlib.sha256(token.encode()).digest()
