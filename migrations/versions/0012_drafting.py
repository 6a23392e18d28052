"""Invoices made in the portal: rates of value added tax, drafts, notes.

Revision: 0012
Before: 0011
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Estonia (Käibemaksuseadus, paragraphs 15 and 16): code, category, basis points, first and last day.
RATES = [
    ("standard", "S", 2000, "2009-07-01", "2023-12-31"),
    ("standard", "S", 2200, "2024-01-01", "2025-06-30"),
    ("standard", "S", 2400, "2025-07-01", None),
    ("reduced", "S", 900, "2009-01-01", None),
    ("accommodation", "S", 900, "2009-01-01", "2024-12-31"),
    ("accommodation", "S", 1300, "2025-01-01", None),
    ("press", "S", 900, "2009-01-01", "2022-07-31"),
    ("press", "S", 500, "2022-08-01", "2024-12-31"),
    ("press", "S", 900, "2025-01-01", None),
    ("zero", "Z", 0, "2004-05-01", None),
    ("exempt", "E", 0, "2004-05-01", None),
    ("reverse_charge", "AE", 0, "2004-05-01", None),
]


# What is written on a document of ours stays as it was issued; services may change what is theirs (eis.md 5.14).
GUARDS = """
create or replace function guard_invoice() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status
     and not exists (select 1 from invoice_edge where from_status = old.status and to_status = new.status) then
    raise exception 'invoice % may not go from % to %', old.id, old.status, new.status using errcode = 'check_violation';
  end if;
  if old.issued_at is not null
     and (new.number, new.currency, new.initiator_id, new.tenant_id, new.issued_at, new.public_token)
         is distinct from (old.number, old.currency, old.initiator_id, old.tenant_id, old.issued_at, old.public_token) then
    raise exception 'invoice % is issued: its number, currency and owner are fixed', old.id using errcode = 'check_violation';
  end if;
  if old.issued_at is not null and old.source = 'portal'
     and (new.source, new.kind, new.subtotal_minor, new.modifier_minor, new.tax_minor, new.total_minor, new.due_on,
          new.account_id, new.customer_name, new.customer_email, new.reference_number, new.details)
         is distinct from (old.source, old.kind, old.subtotal_minor, old.modifier_minor, old.tax_minor, old.total_minor,
          old.due_on, old.account_id, old.customer_name, old.customer_email, old.reference_number, old.details) then
    raise exception 'invoice % is issued: only its description and notes may change', old.id using errcode = 'check_violation';
  end if;
  if new.credited_minor < old.credited_minor then
    raise exception 'invoice %: a credit note is not taken back', old.id using errcode = 'check_violation';
  end if;
  if new.total_minor <> old.total_minor
     and (old.captured_minor > 0 or old.paid_at is not null or old.credited_minor > 0) then
    raise exception 'invoice % has money: its total is fixed', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;

create function guard_issued() returns trigger language plpgsql as $$
begin
  if exists (select 1 from invoice where id = new.invoice_id and issued_at is not null and source = 'portal') then
    raise exception 'invoice % is issued: nothing is added to it', new.invoice_id using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create function check_credit_note() returns trigger language plpgsql as $$
declare
  owed bigint; credited bigint; noted bigint; taken bigint; lines bigint; tax bigint;
begin
  select total_minor, credited_minor into owed, credited from invoice where id = new.invoice_id;
  select sum(total_minor), sum(open_minor + held_minor) into noted, taken from credit_note where invoice_id = new.invoice_id;
  select coalesce(sum(net_minor), 0) into lines from credit_note_line where credit_note_id = new.id;
  select coalesce(sum(tax_minor), 0) into tax from credit_note_vat where credit_note_id = new.id;
  if noted > owed or taken <> credited then
    raise exception 'invoice %: % of % credited, shows %', new.invoice_id, noted, owed, credited using errcode = 'check_violation';
  end if;
  if lines <> new.net_minor or tax <> new.tax_minor then
    raise exception 'credit note % does not add up', new.number using errcode = 'check_violation';
  end if;
  return null;
end $$;

create constraint trigger sums after insert on credit_note deferrable initially deferred
  for each row execute function check_credit_note();
create trigger guard_issued before insert on invoice_line for each row execute function guard_issued();
create trigger guard_issued before insert on invoice_vat for each row execute function guard_issued();
create trigger append_only before update or delete on invoice_vat for each row execute function refuse_change();
"""
GUARDS_BEFORE = """
drop trigger guard_issued on invoice_line;
drop trigger guard_issued on invoice_vat;
drop function guard_issued();
drop trigger sums on credit_note;
drop function check_credit_note();
create or replace function guard_invoice() returns trigger language plpgsql as $$
begin
  if new.status is distinct from old.status
     and not exists (select 1 from invoice_edge where from_status = old.status and to_status = new.status) then
    raise exception 'invoice % may not go from % to %', old.id, old.status, new.status using errcode = 'check_violation';
  end if;
  if old.issued_at is not null
     and (new.number, new.currency, new.initiator_id, new.tenant_id, new.issued_at, new.public_token)
         is distinct from (old.number, old.currency, old.initiator_id, old.tenant_id, old.issued_at, old.public_token) then
    raise exception 'invoice % is issued: its number, currency and owner are fixed', old.id using errcode = 'check_violation';
  end if;
  if new.total_minor <> old.total_minor and (old.captured_minor > 0 or old.paid_at is not null) then
    raise exception 'invoice % has money: its total is fixed', old.id using errcode = 'check_violation';
  end if;
  return new;
end $$;
"""


APPEND_ONLY = ["credit_note", "credit_note_line", "credit_note_vat"]
KINDS = "kind in ('invoice', 'deposit', 'monthly'{})"


def common() -> list[sa.Column]:
    """Return the columns every table has."""
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
    ]


def keys(table: str) -> list[sa.Constraint]:
    """Return the keys every table has."""
    return [
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    ]


def upgrade() -> None:
    """Make the tables and write the rates that hold and held in Estonia."""
    op.execute("create extension if not exists btree_gist")
    op.create_table(
        "vat_rate",
        *common(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("basis_points", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,29}$'", name=op.f("ck_vat_rate_code")),
        sa.CheckConstraint("category in ('S', 'Z', 'E', 'AE')", name=op.f("ck_vat_rate_category")),
        sa.CheckConstraint(
            "basis_points between 0 and 9999 and (basis_points > 0) = (category = 'S')", name=op.f("ck_vat_rate_rate")
        ),
        sa.CheckConstraint("valid_to is null or valid_to >= valid_from", name=op.f("ck_vat_rate_days")),
        *keys("vat_rate"),
        postgresql.ExcludeConstraint(
            ("tenant_id", "="),
            ("code", "="),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            name="ex_vat_rate_days",
        ),
    )
    invoice_columns()
    credit_notes()
    op.execute(GUARDS)
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete on {table} for each row execute function refuse_change()"
        )
    op.execute("create index ix_account_name_trigram on account using gin (lower(name) gin_trgm_ops)")
    op.create_index("ix_account_reg_no", "account", ["reg_no"], postgresql_where=sa.text("reg_no is not null"))
    op.execute("create trigger never_deleted before delete on vat_rate for each row execute function refuse_delete()")
    op.get_bind().execute(
        sa.text(
            "insert into vat_rate (code, category, basis_points, valid_from, valid_to) "
            "values (:code, :category, :rate, cast(:first as date), cast(:last as date))"
        ),
        [{"code": c, "category": k, "rate": r, "first": f, "last": t} for c, k, r, f, t in RATES],
    )


def invoice_columns() -> None:
    """Let invoices have notes, discounts, prices in parts of a cent, their tax per rate, and credit."""
    op.add_column("invoice", sa.Column("credited_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("invoice", sa.Column("internal_notes", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.drop_constraint(op.f("ck_invoice_captured"), "invoice")
    op.create_check_constraint(
        op.f("ck_invoice_captured"), "invoice", "captured_minor >= 0 and captured_minor + credited_minor <= total_minor"
    )
    op.create_check_constraint(op.f("ck_invoice_credited"), "invoice", "credited_minor >= 0")
    op.alter_column("invoice_line", "unit_price_minor", type_=sa.Numeric(18, 4))
    op.add_column(
        "invoice_line", sa.Column("discount_basis_points", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("invoice_line", sa.Column("discount_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.add_column("invoice_line", sa.Column("vat_code", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_invoice_line_discount"),
        "invoice_line",
        "discount_minor >= 0 and discount_basis_points between 0 and 10000",
    )
    op.create_table(
        "invoice_vat",
        *common(),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        *vat_sums("invoice_vat"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"], ["invoice.tenant_id", "invoice.id"], name=op.f("fk_invoice_vat_tenant_id_invoice_id")
        ),
        sa.UniqueConstraint("invoice_id", "code", name=op.f("uq_invoice_vat_invoice_id_code")),
    )


def credit_notes() -> None:
    """Make credit notes and the range of their numbers."""
    minor = ["net_minor", "tax_minor", "total_minor", "open_minor", "held_minor", "returned_minor"]
    op.create_table(
        "credit_note",
        *common(),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), server_default=sa.text("'EUR'"), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False) for name in minor],
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.CheckConstraint("total_minor > 0 and total_minor = net_minor + tax_minor", name=op.f("ck_credit_note_total")),
        sa.CheckConstraint("net_minor >= 0 and tax_minor >= 0", name=op.f("ck_credit_note_parts")),
        sa.CheckConstraint(
            "open_minor >= 0 and held_minor >= 0 and returned_minor >= 0 "
            "and open_minor + held_minor + returned_minor = total_minor",
            name=op.f("ck_credit_note_room"),
        ),
        *keys("credit_note"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"], ["invoice.tenant_id", "invoice.id"], name=op.f("fk_credit_note_tenant_id_invoice_id")
        ),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_credit_note_tenant_id_number")),
        sa.UniqueConstraint("tenant_id", "idempotency_key", name=op.f("uq_credit_note_tenant_id_idempotency_key")),
    )
    op.create_index("ix_credit_note_invoice_id", "credit_note", ["invoice_id"])
    op.create_table(
        "credit_note_line",
        *common(),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("vat_code", sa.Text(), nullable=True),
        sa.CheckConstraint("net_minor > 0", name=op.f("ck_credit_note_line_net")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_credit_note_line_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_line")),
        *of_credit_note("credit_note_line", "position"),
    )
    op.create_table(
        "credit_note_vat",
        *common(),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=False),
        *vat_sums("credit_note_vat"),
        *of_credit_note("credit_note_vat", "code"),
    )
    op.drop_constraint(op.f("ck_number_range_kind"), "number_range")
    op.create_check_constraint(op.f("ck_number_range_kind"), "number_range", KINDS.format(", 'credit_note'"))
    op.execute(
        "insert into number_range (kind, first_number, last_number, next_number) "
        "values ('credit_note', 700001, 799999, 700001)"
    )


def of_credit_note(table: str, once: str) -> list[sa.Constraint]:
    """Return what ties a row to its credit note, each `once` in it."""
    return [
        sa.ForeignKeyConstraint(
            ["tenant_id", "credit_note_id"],
            ["credit_note.tenant_id", "credit_note.id"],
            name=op.f(f"fk_{table}_tenant_id_credit_note_id"),
        ),
        sa.UniqueConstraint("credit_note_id", once, name=op.f(f"uq_{table}_credit_note_id_{once}")),
    ]


def vat_sums(table: str) -> list[sa.SchemaItem]:
    """Return what a table says of one rate of a document."""
    return [
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("basis_points", sa.BigInteger(), nullable=False),
        sa.Column("taxable_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "basis_points between 0 and 9999 and taxable_minor >= 0 and tax_minor >= 0", name=op.f(f"ck_{table}_sums")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def downgrade() -> None:
    """Drop the tables; the extension stays, others may use it by now."""
    op.drop_index("ix_account_reg_no", table_name="account")
    op.drop_index("ix_account_name_trigram", table_name="account")
    op.execute(GUARDS_BEFORE)
    for table in ("credit_note_vat", "credit_note_line", "credit_note", "invoice_vat"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_number_range_kind"), "number_range")
    op.execute("alter table number_range disable trigger never_deleted")
    op.execute("alter table number_reservation disable trigger never_deleted")
    op.execute(
        "delete from number_reservation where range_id in (select id from number_range where kind = 'credit_note')"
    )
    op.execute("delete from number_range where kind = 'credit_note'")
    op.execute("alter table number_reservation enable trigger never_deleted")
    op.execute("alter table number_range enable trigger never_deleted")
    op.create_check_constraint(op.f("ck_number_range_kind"), "number_range", KINDS.format(""))
    op.drop_constraint(op.f("ck_invoice_line_discount"), "invoice_line")
    for column in ("vat_code", "discount_minor", "discount_basis_points"):
        op.drop_column("invoice_line", column)
    op.alter_column("invoice_line", "unit_price_minor", type_=sa.BigInteger())
    op.drop_constraint(op.f("ck_invoice_credited"), "invoice")
    op.drop_constraint(op.f("ck_invoice_captured"), "invoice")
    op.create_check_constraint(op.f("ck_invoice_captured"), "invoice", "captured_minor between 0 and total_minor")
    op.drop_column("invoice", "internal_notes")
    op.drop_column("invoice", "credited_minor")
    op.drop_table("vat_rate")
