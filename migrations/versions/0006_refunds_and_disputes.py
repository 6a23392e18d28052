"""Refunds that are asked for here, disputes with their outcome, and the credit of payers.

The guards stand in the database as well: edges, one refund under way per payment, and never more reserved, given back
and disputed than was captured (reliability.md 3.2).

Revision: 0006
Before: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NEW_INVOICE_EDGES = [("chargeback", "partially_refunded"), ("in_protest", "partially_paid")]
NEW_PAYMENT_EDGES = [("charged_back", "partially_refunded")]
REFUND_EDGES = """
pending_approval>requested pending_approval>cancelled
requested>processing requested>cancelled requested>failed
processing>requested processing>succeeded processing>failed processing>unknown
unknown>succeeded unknown>failed
"""
DISPUTE_EDGES = """
opened>under_review opened>won opened>lost opened>closed
under_review>won under_review>lost under_review>closed
lost>won
"""
REFUND_WORDS = ["requested", "pending_approval", "processing", "unknown", "succeeded", "failed", "cancelled"]
OLD_REFUND_WORDS = [word for word in REFUND_WORDS if word != "unknown"]
SETTINGS = [
    # Above this many minor units a second person agrees to what a person asked for; empty for never.
    ("refund_approval_above", "refunds", "integer", "50000"),
    # The same for what a service asks for with its own key: money goes to nobody but who paid it.
    ("service_refund_approval_above", "refunds", "integer", None),
    ("refund_window_days", "refunds", "integer", "90"),
]

FUNCTIONS = """
create function guard_refund() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status
     and not exists (select 1 from refund_edge where from_status = old.status and to_status = new.status) then
    raise exception 'refund % may not go from % to %', old.id, old.status, new.status using errcode = 'check_violation';
  end if;
  if (new.payment_id, new.invoice_id, new.amount_minor, new.currency, new.idempotency_key, new.requested_by, new.tenant_id)
     is distinct from (old.payment_id, old.invoice_id, old.amount_minor, old.currency, old.idempotency_key, old.requested_by, old.tenant_id) then
    raise exception 'refund %: what was asked is fixed', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create function guard_dispute() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status
     and not exists (select 1 from dispute_edge where from_status = old.status and to_status = new.status) then
    raise exception 'dispute % may not go from % to %', old.id, old.status, new.status using errcode = 'check_violation';
  end if;
  if (new.payment_id, new.invoice_id, new.amount_minor, new.currency, new.tenant_id)
     is distinct from (old.payment_id, old.invoice_id, old.amount_minor, old.currency, old.tenant_id) then
    raise exception 'dispute %: what it is about is fixed', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create function guard_surplus() returns trigger language plpgsql as $$
begin
  if (new.payment_id, new.invoice_id, new.initiator_id, new.amount_minor, new.currency, new.tenant_id)
     is distinct from (old.payment_id, old.invoice_id, old.initiator_id, old.amount_minor, old.currency, old.tenant_id) then
    raise exception 'surplus %: what came is fixed', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;
"""
REFUND_SUMS = """
create or replace function check_refund_sums() returns trigger language plpgsql as $$
declare
  going bigint; disputed bigint; moved bigint;
begin
  select coalesce(sum(amount_minor), 0) into going from refund
   where payment_id = new.payment_id and status not in ('failed', 'cancelled');
  select coalesce(sum(amount_minor), 0) into disputed from dispute
   where payment_id = new.payment_id and status in ('opened', 'under_review', 'lost');
  select captured_minor into moved from payment where id = new.payment_id;
  if going + disputed > moved then
    raise exception 'refunds of payment % are % of %', new.payment_id, going + disputed, moved using errcode = 'check_violation';
  end if;
  return null;
end $$;
"""
OLD_REFUND_SUMS = """
create or replace function check_refund_sums() returns trigger language plpgsql as $$
declare
  going bigint; moved bigint;
begin
  select coalesce(sum(amount_minor), 0) into going from refund
   where payment_id = new.payment_id and status not in ('failed', 'cancelled');
  select captured_minor into moved from payment where id = new.payment_id;
  if going > moved then
    raise exception 'refunds of payment % are % of %', new.payment_id, going, moved using errcode = 'check_violation';
  end if;
  return null;
end $$;
"""
TRIGGERS = """
create constraint trigger sums after insert or update on dispute deferrable initially deferred
  for each row execute function check_refund_sums();
create trigger guard before update on refund for each row execute function guard_refund();
create trigger guard before update on dispute for each row execute function guard_dispute();
create trigger guard before update on surplus for each row execute function guard_surplus();
create trigger never_deleted before delete on dispute for each row execute function refuse_delete();
create trigger never_deleted before delete on surplus for each row execute function refuse_delete();
"""
# What was known before this migration, told in its words.
BACKFILL = """
update refund set invoice_id = payment.invoice_id from payment where payment.id = refund.payment_id;
update payment set lost_minor = captured_minor - refunded_minor where status = 'charged_back';
insert into dispute (tenant_id, payment_id, invoice_id, amount_minor, invoice_minor, currency, status, reason, outcome,
                     opened_by, closed_by, opened_at, closed_at)
select p.tenant_id, p.id, p.invoice_id, p.lost_minor, least(p.lost_minor, i.lost_minor), p.currency, 'lost',
       'charged back at the gateway', 'charged back', 'gateway:' || p.gateway, 'gateway:' || p.gateway, p.updated_at, p.updated_at
  from payment p join invoice i on i.id = p.invoice_id where p.status = 'charged_back' and p.lost_minor > 0;
insert into surplus (tenant_id, payment_id, invoice_id, initiator_id, account_id, amount_minor, currency, lost_minor)
select p.tenant_id, p.id, p.invoice_id, p.initiator_id, i.account_id, p.captured_minor - given.minor, p.currency,
       least(p.lost_minor, p.captured_minor - given.minor)
  from payment p join invoice i on i.id = p.invoice_id,
       lateral (select coalesce(sum(amount_minor), 0) as minor from allocation
                 where payment_id = p.id and reversed_at is null) given
 where p.refunded_minor = 0 and p.captured_minor > given.minor;
"""


def words(column: str, allowed: list[str]) -> str:
    return f"{column} in ({', '.join(repr(word) for word in allowed)})"


def edges(table: str, text: str) -> None:
    op.execute(f"create table {table} (from_status text, to_status text, primary key (from_status, to_status))")
    rows = ", ".join("('{}', '{}')".format(*word.split(">")) for word in text.split())
    op.execute(f"insert into {table} values {rows}")


def upgrade() -> None:
    make_tables()
    widen_refund()
    op.add_column("payment", sa.Column("lost_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.drop_constraint(op.f("ck_payment_refunded"), "payment", type_="check")
    op.create_check_constraint(
        op.f("ck_payment_refunded"),
        "payment",
        "refunded_minor >= 0 and lost_minor >= 0 and refunded_minor + lost_minor <= captured_minor",
    )
    for table, pairs in (("invoice_edge", NEW_INVOICE_EDGES), ("payment_edge", NEW_PAYMENT_EDGES)):
        for before, after in pairs:
            op.execute(f"insert into {table} values ('{before}', '{after}')")
    op.execute(BACKFILL)
    # What the checks of the backfilled rows still owe is paid here: a table with pending events cannot be altered.
    op.execute("set constraints all immediate")
    edges("refund_edge", REFUND_EDGES)
    edges("dispute_edge", DISPUTE_EDGES)
    op.execute(FUNCTIONS)
    op.execute(REFUND_SUMS)
    op.execute(TRIGGERS)
    op.get_bind().execute(
        sa.text(
            'insert into setting (code, "group", format, value) values (:code, :group, :format, :value) '
            "on conflict do nothing"
        ),
        [{"code": c, "group": g, "format": f, "value": v} for c, g, f, v in SETTINGS],
    )


def widen_refund() -> None:
    op.add_column("refund", sa.Column("invoice_id", sa.BigInteger(), nullable=True))
    op.add_column("refund", sa.Column("nonce", sa.Text(), nullable=True))
    op.add_column("refund", sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("refund", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("refund", sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("ck_refund_status"), "refund", type_="check")
    op.create_check_constraint(op.f("ck_refund_status"), "refund", words("status", REFUND_WORDS))
    op.create_check_constraint(
        op.f("ck_refund_sent"),
        "refund",
        "status not in ('processing', 'unknown') or (nonce is not null and sent_at is not null)",
    )
    op.create_unique_constraint(op.f("uq_refund_nonce"), "refund", ["nonce"])
    op.create_foreign_key(
        op.f("fk_refund_tenant_id_invoice_id"), "refund", "invoice", ["tenant_id", "invoice_id"], ["tenant_id", "id"]
    )
    op.create_index(
        "uq_refund_in_flight",
        "refund",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("status in ('processing', 'unknown')"),
    )
    op.create_index("ix_refund_invoice_id", "refund", ["invoice_id", "id"])
    op.create_index(
        "ix_refund_next_check", "refund", ["next_check_at"], postgresql_where=sa.text("next_check_at is not null")
    )


def make_tables() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("invoice_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'opened'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column(
            "opened_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("evidence_due_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_dispute_amount")),
        sa.CheckConstraint("invoice_minor between 0 and amount_minor", name=op.f("ck_dispute_invoice")),
        sa.CheckConstraint(
            "(status in ('opened', 'under_review')) = (closed_at is null)", name=op.f("ck_dispute_closed")
        ),
        sa.CheckConstraint(
            words("status", ["opened", "under_review", "won", "lost", "closed"]), name=op.f("ck_dispute_status")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoice.tenant_id", "invoice.id"],
            name=op.f("fk_dispute_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payment.tenant_id", "payment.id"],
            name=op.f("fk_dispute_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_dispute_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_dispute_tenant_id_id")),
        sa.UniqueConstraint("payment_id", "external_id", name=op.f("uq_dispute_payment_id_external_id")),
    )
    still_open = sa.text("status in ('opened', 'under_review')")
    op.create_index("uq_dispute_open", "dispute", ["payment_id"], unique=True, postgresql_where=still_open)
    op.create_index("ix_dispute_invoice_id", "dispute", ["invoice_id"])
    op.create_index("ix_dispute_evidence_due", "dispute", ["evidence_due_on"], postgresql_where=still_open)
    op.create_table(
        "surplus",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("initiator_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("applied_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lost_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_surplus_amount")),
        sa.CheckConstraint(
            "refunded_minor >= 0 and applied_minor >= 0 and lost_minor >= 0 "
            "and refunded_minor + applied_minor + lost_minor <= amount_minor",
            name=op.f("ck_surplus_left"),
        ),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", f"{table}_id"],
                [f"{table}.tenant_id", f"{table}.id"],
                name=op.f(f"fk_surplus_tenant_id_{table}_id"),
            )
            for table in ("payment", "invoice", "initiator", "account")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_surplus_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surplus")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_surplus_tenant_id_id")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_surplus_payment_id")),
    )
    op.create_index(
        "ix_surplus_left",
        "surplus",
        ["id"],
        postgresql_where=sa.text("refunded_minor + applied_minor + lost_minor < amount_minor"),
    )


def downgrade() -> None:
    """Take the new things away. Refunds that are not decided would lose their meaning: the check refuses them."""
    op.execute("drop trigger guard on refund")
    op.execute("drop table refund_edge")
    op.execute("drop table dispute_edge")
    op.execute("drop table surplus")
    op.execute("drop table dispute")
    op.execute(OLD_REFUND_SUMS)
    for name in ("guard_refund", "guard_dispute", "guard_surplus"):
        op.execute(f"drop function {name}()")
    for name in ("ix_refund_next_check", "ix_refund_invoice_id", "uq_refund_in_flight"):
        op.drop_index(name, "refund")
    op.drop_constraint(op.f("ck_refund_sent"), "refund", type_="check")
    op.drop_constraint(op.f("ck_refund_status"), "refund", type_="check")
    op.create_check_constraint(op.f("ck_refund_status"), "refund", words("status", OLD_REFUND_WORDS))
    for column in ("next_check_at", "sent_at", "tries", "nonce", "invoice_id"):
        op.drop_column("refund", column)
    op.drop_constraint(op.f("ck_payment_refunded"), "payment", type_="check")
    op.create_check_constraint(
        op.f("ck_payment_refunded"), "payment", "refunded_minor >= 0 and refunded_minor <= captured_minor"
    )
    op.drop_column("payment", "lost_minor")
    for table, pairs in (("invoice_edge", NEW_INVOICE_EDGES), ("payment_edge", NEW_PAYMENT_EDGES)):
        for before, after in pairs:
            op.execute(f"delete from {table} where from_status = '{before}' and to_status = '{after}'")
    # The settings stay: nothing is deleted while its guards stand.
