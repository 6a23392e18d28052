"""A payment reference number with its owner (eis.md 3.2, 7.4)."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped

from app.models.base import Base, CreatedAt, Key, Tenanted, same_tenant


class Reference(Tenanted, Base):
    """A 7-3-1 number that belongs to one payer of one initiator, for ever."""

    __tablename__ = "reference"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        same_tenant("initiator_id", "initiator"),
        same_tenant("account_id", "account"),
        same_tenant("import_batch_id", "import_batch"),
        CheckConstraint("number ~ '^[1-9][0-9]{1,19}$'", name="number"),
        Index("ix_reference_initiator_newest", "initiator_id", text("created_at desc"), text("id desc")),
        Index(
            "ix_reference_import_batch_id",
            "import_batch_id",
            "id",
            postgresql_where=text("import_batch_id is not null"),
        ),
        Index("ix_reference_newest", text("created_at desc"), text("id desc")),
        Index("ix_reference_number_prefix", "number", postgresql_ops={"number": "text_pattern_ops"}),
    )

    id: Mapped[Key]
    number: Mapped[str]
    initiator_id: Mapped[int]
    account_id: Mapped[int]
    owner: Mapped[str | None]
    email: Mapped[str | None]
    import_batch_id: Mapped[int | None]
    created_at: Mapped[CreatedAt]


# What the trigram index holds for queries/references.py: the owner's name and the e-mail address.
WORDS = func.lower(func.coalesce(Reference.owner, "") + " " + func.coalesce(Reference.email, ""))

Index("ix_reference_words", WORDS.label("words"), postgresql_using="gin", postgresql_ops={"words": "gin_trgm_ops"})
OWNER = func.lower(func.coalesce(Reference.owner, ""))
Index("ix_reference_owner", OWNER, Reference.id)
