"""Who pays: a registrar, a bidder, a company."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, Json, Key, Tenanted, same_tenant


class Account(Tenanted, Base):
    """A payer as the initiator knows it."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "external_id"),
        same_tenant("initiator_id", "initiator"),
        CheckConstraint("kind in ('person', 'company', 'unknown')", name="kind"),
    )

    id: Mapped[Key]
    initiator_id: Mapped[int]
    external_id: Mapped[str | None]
    kind: Mapped[str] = mapped_column(server_default=text("'unknown'"))
    name: Mapped[str] = mapped_column(server_default=text("''"))
    email: Mapped[str] = mapped_column(server_default=text("''"))
    phone: Mapped[str | None]
    country: Mapped[str | None]
    address: Mapped[Json | None]
    reg_no: Mapped[str | None]
    tax_no: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=text("'active'"))
    created_at: Mapped[CreatedAt]


Index("ix_account_email", func.lower(Account.email).label("mail"), postgresql_ops={"mail": "text_pattern_ops"})
Index(
    "ix_account_name_trigram",
    func.lower(Account.name).label("name_text"),
    postgresql_using="gin",
    postgresql_ops={"name_text": "gin_trgm_ops"},
)
Index("ix_account_reg_no", Account.reg_no, postgresql_where=Account.reg_no.is_not(None))
