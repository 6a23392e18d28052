"""Where a service wants to hear what happens, and the secrets its messages are signed with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from app.models.base import Base, CreatedAt, Key, Tenanted, same_tenant

SEND = "webhook.event.send"  # the kind of outbox row that `announce()` in the database writes


class WebhookEndpoint(Tenanted, Base):
    """One address of one service with a lane of its own; an empty list of types means all of them.

    Two secrets may be live: the current one, and the one before it until `previous_until`. `failing_since` is the first
    failure after the last success.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("token"),
        UniqueConstraint("lane_id"),
        same_tenant("initiator_id", "initiator"),
        CheckConstraint("(previous_sealed is null) = (previous_until is null)", name="previous"),
        CheckConstraint("enabled = (disabled_by is null)", name="disabled"),
        CheckConstraint("disabled_by in ('service', 'gone', 'failing')", name="disabled_by"),
        Index("uq_webhook_endpoint_url", "initiator_id", "url", unique=True, postgresql_where=text("enabled")),
        Index("ix_webhook_endpoint_initiator_newest", "initiator_id", text("created_at desc"), text("id desc")),
    )

    id: Mapped[Key]
    token: Mapped[str]
    initiator_id: Mapped[int]
    lane_id: Mapped[int] = mapped_column(ForeignKey("lane.id"))
    url: Mapped[str]
    types: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    description: Mapped[str] = mapped_column(server_default=text("''"))
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    disabled_by: Mapped[str | None]
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    previous_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[CreatedAt]
