"""Make the tables of the foundation.

Revision: 0001
Before: none
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


EXTENSIONS = ["pg_trgm", "unaccent", "btree_gin"]


def upgrade() -> None:
    for name in EXTENSIONS:
        op.execute(f"create extension if not exists {name}")
    op.create_table('lane',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('queue', sa.Text(), nullable=False),
    sa.Column('single', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('offers', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('offered_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('failures', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('paused_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.CheckConstraint("queue in ('money', 'notify', 'background')", name=op.f('ck_lane_queue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lane')),
    sa.UniqueConstraint('name', name=op.f('uq_lane_name'))
    )
    op.create_table('seal',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('chain', sa.Text(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('row_id', sa.BigInteger(), nullable=False),
    sa.Column('previous_hash', sa.LargeBinary(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.CheckConstraint("chain in ('ledger', 'event')", name=op.f('ck_seal_chain')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seal')),
    sa.UniqueConstraint('chain', 'position', name=op.f('uq_seal_chain_position')),
    sa.UniqueConstraint('chain', 'row_id', name=op.f('uq_seal_chain_row_id'))
    )
    op.create_table('tenant',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('slug', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('country', sa.Text(), server_default=sa.text("'EE'"), nullable=False),
    sa.Column('default_currency', sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
    sa.Column('timezone', sa.Text(), server_default=sa.text("'Europe/Tallinn'"), nullable=False),
    sa.Column('locale', sa.Text(), server_default=sa.text("'et'"), nullable=False),
    sa.Column('self_refund_days', sa.BigInteger(), server_default=sa.text('7'), nullable=False),
    sa.Column('staff_refund_days', sa.BigInteger(), server_default=sa.text('90'), nullable=False),
    sa.Column('four_eyes_minor', sa.BigInteger(), server_default=sa.text('50000'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tenant')),
    sa.UniqueConstraint('slug', name=op.f('uq_tenant_slug'))
    )
    op.create_table('idempotency_key',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('principal', sa.Text(), nullable=False),
    sa.Column('route', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('status', sa.BigInteger(), nullable=True),
    sa.Column('body', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("state in ('running', 'done')", name=op.f('ck_idempotency_key_state')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_idempotency_key_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_idempotency_key')),
    sa.UniqueConstraint('tenant_id', 'principal', 'route', 'key', name=op.f('uq_idempotency_key_tenant_id_principal_route_key'))
    )
    op.create_index('ix_idempotency_key_expires_at', 'idempotency_key', ['expires_at'], unique=False)
    op.create_table('initiator',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('acts_for', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('accepts_shared_secret', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('enabled', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,39}$'", name=op.f('ck_initiator_code')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_initiator_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_initiator')),
    sa.UniqueConstraint('tenant_id', 'code', name=op.f('uq_initiator_tenant_id_code')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_initiator_tenant_id_id'))
    )
    op.create_table('ledger_account',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("kind in ('asset', 'liability', 'income', 'expense')", name=op.f('ck_ledger_account_kind')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_ledger_account_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_account')),
    sa.UniqueConstraint('tenant_id', 'code', name=op.f('uq_ledger_account_tenant_id_code')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_ledger_account_tenant_id_id'))
    )
    op.create_table('number_range',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('first_number', sa.BigInteger(), nullable=False),
    sa.Column('last_number', sa.BigInteger(), nullable=False),
    sa.Column('next_number', sa.BigInteger(), nullable=False),
    sa.Column('active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("kind in ('invoice', 'deposit', 'monthly')", name=op.f('ck_number_range_kind')),
    sa.CheckConstraint('first_number <= last_number', name=op.f('ck_number_range_bounds')),
    sa.CheckConstraint('next_number between first_number and last_number + 1', name=op.f('ck_number_range_next')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_number_range_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_number_range')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_number_range_tenant_id_id')),
    sa.UniqueConstraint('tenant_id', 'kind', 'first_number', name=op.f('uq_number_range_tenant_id_kind_first_number'))
    )
    op.create_index('uq_number_range_active', 'number_range', ['tenant_id', 'kind'], unique=True, postgresql_where=sa.text('active'))
    op.create_table('operator',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('locale', sa.Text(), nullable=True),
    sa.Column('last_login_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_operator_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operator')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_operator_tenant_id_id')),
    sa.UniqueConstraint('tenant_id', 'subject', name=op.f('uq_operator_tenant_id_subject'))
    )
    op.create_table('setting',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('group', sa.Text(), nullable=False),
    sa.Column('format', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=True),
    sa.Column('updated_by', sa.Text(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("code ~ '^[a-z][a-z_]*[a-z]$' and length(code) >= 3", name=op.f('ck_setting_code')),
    sa.CheckConstraint("format in ('string', 'integer', 'float', 'boolean', 'hash', 'array')", name=op.f('ck_setting_format')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_setting_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setting')),
    sa.UniqueConstraint('tenant_id', 'code', name=op.f('uq_setting_tenant_id_code'))
    )
    op.create_table('white_code',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('role', sa.Text(), server_default=sa.text("'tenant_admin'"), nullable=False),
    sa.Column('added_by', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_by', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("subject ~ '^[A-Z]{2}[A-Za-z0-9/_.-]{3,254}$'", name=op.f('ck_white_code_subject')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_white_code_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_white_code')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_white_code_tenant_id_id'))
    )
    op.create_index('uq_white_code_live', 'white_code', ['tenant_id', 'subject'], unique=True, postgresql_where=sa.text('revoked_at is null'))
    op.create_table('account',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('initiator_id', sa.BigInteger(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('kind', sa.Text(), server_default=sa.text("'unknown'"), nullable=False),
    sa.Column('name', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('email', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('country', sa.Text(), nullable=True),
    sa.Column('address', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('reg_no', sa.Text(), nullable=True),
    sa.Column('tax_no', sa.Text(), nullable=True),
    sa.Column('status', sa.Text(), server_default=sa.text("'active'"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("kind in ('person', 'company', 'unknown')", name=op.f('ck_account_kind')),
    sa.ForeignKeyConstraint(['tenant_id', 'initiator_id'], ['initiator.tenant_id', 'initiator.id'], name=op.f('fk_account_tenant_id_initiator_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_account_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('tenant_id', 'external_id', name=op.f('uq_account_tenant_id_external_id')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_account_tenant_id_id'))
    )
    op.create_index('ix_account_email', 'account', [sa.literal_column('lower(email)').label('mail')], unique=False, postgresql_ops={'mail': 'text_pattern_ops'})
    op.create_table('initiator_key',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('initiator_id', sa.BigInteger(), nullable=False),
    sa.Column('kid', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('secret_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('scopes', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'initiator_id'], ['initiator.tenant_id', 'initiator.id'], name=op.f('fk_initiator_key_tenant_id_initiator_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_initiator_key_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_initiator_key')),
    sa.UniqueConstraint('kid', name=op.f('uq_initiator_key_kid'))
    )
    op.create_table('number_reservation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('range_id', sa.BigInteger(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('initiator_id', sa.BigInteger(), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'initiator_id'], ['initiator.tenant_id', 'initiator.id'], name=op.f('fk_number_reservation_tenant_id_initiator_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'range_id'], ['number_range.tenant_id', 'number_range.id'], name=op.f('fk_number_reservation_tenant_id_range_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_number_reservation_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_number_reservation')),
    sa.UniqueConstraint('tenant_id', 'number', 'range_id', name=op.f('uq_number_reservation_tenant_id_number_range_id'))
    )
    op.create_table('operator_session',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('operator_id', sa.BigInteger(), nullable=False),
    sa.Column('white_code_id', sa.BigInteger(), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(), nullable=False),
    sa.Column('acr', sa.Text(), nullable=False),
    sa.Column('amr', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('ip', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('user_agent', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'operator_id'], ['operator.tenant_id', 'operator.id'], name=op.f('fk_operator_session_tenant_id_operator_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'white_code_id'], ['white_code.tenant_id', 'white_code.id'], name=op.f('fk_operator_session_tenant_id_white_code_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_operator_session_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_operator_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_operator_session_token_hash'))
    )
    op.create_index('ix_operator_session_operator_id', 'operator_session', ['operator_id'], unique=False)
    op.create_table('invoice',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('public_token', sa.Text(), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('initiator_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.Text(), server_default=sa.text("'regular'"), nullable=False),
    sa.Column('source', sa.Text(), server_default=sa.text("'api'"), nullable=False),
    sa.Column('status', sa.Text(), server_default=sa.text("'draft'"), nullable=False),
    sa.Column('currency', sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
    sa.Column('subtotal_minor', sa.BigInteger(), nullable=False),
    sa.Column('modifier_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('tax_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('total_minor', sa.BigInteger(), nullable=False),
    sa.Column('captured_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('refunded_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('disputed_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('lost_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('description', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('reference_number', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('customer_name', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('customer_email', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('custom_field_1', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('payment_link', sa.Text(), nullable=True),
    sa.Column('last_charge_error', sa.Text(), nullable=True),
    sa.Column('details', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('overdue_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paid_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancel_reason', sa.Text(), nullable=True),
    sa.Column('written_off_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f('ck_invoice_currency')),
    sa.CheckConstraint("kind in ('regular', 'auction_deposit', 'linkpay')", name=op.f('ck_invoice_kind')),
    sa.CheckConstraint("status in ('draft', 'unpaid', 'pending', 'charged_with_error', 'overdue', 'partially_paid', 'paid', 'in_protest', 'partially_refunded', 'refunded', 'chargeback', 'uncollectible', 'cancelled')", name=op.f('ck_invoice_status')),
    sa.CheckConstraint('captured_minor between 0 and total_minor', name=op.f('ck_invoice_captured')),
    sa.CheckConstraint('lost_minor >= 0 and disputed_minor >= 0', name=op.f('ck_invoice_disputed')),
    sa.CheckConstraint('refunded_minor >= 0 and captured_minor - refunded_minor >= 0', name=op.f('ck_invoice_refunded')),
    sa.CheckConstraint('total_minor >= 0 and total_minor = subtotal_minor + modifier_minor + tax_minor', name=op.f('ck_invoice_total')),
    sa.ForeignKeyConstraint(['tenant_id', 'account_id'], ['account.tenant_id', 'account.id'], name=op.f('fk_invoice_tenant_id_account_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'initiator_id'], ['initiator.tenant_id', 'initiator.id'], name=op.f('fk_invoice_tenant_id_initiator_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_invoice_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice')),
    sa.UniqueConstraint('initiator_id', 'external_id', name=op.f('uq_invoice_initiator_id_external_id')),
    sa.UniqueConstraint('public_token', name=op.f('uq_invoice_public_token')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_invoice_tenant_id_id')),
    sa.UniqueConstraint('tenant_id', 'number', name=op.f('uq_invoice_tenant_id_number'))
    )
    op.create_index('ix_invoice_customer_email', 'invoice', [sa.literal_column('lower(customer_email)').label('mail')], unique=False, postgresql_ops={'mail': 'text_pattern_ops'})
    op.create_index('ix_invoice_initiator_newest', 'invoice', ['initiator_id', sa.literal_column('created_at desc'), sa.literal_column('id desc')], unique=False)
    op.create_index('ix_invoice_newest', 'invoice', [sa.literal_column('created_at desc'), sa.literal_column('id desc')], unique=False)
    op.create_index('ix_invoice_number_prefix', 'invoice', [sa.literal_column('CAST(number AS TEXT)').label('digits')], unique=False, postgresql_ops={'digits': 'text_pattern_ops'})
    op.create_index('ix_invoice_reference_number', 'invoice', ['reference_number'], unique=False, postgresql_where=sa.text("reference_number <> ''"))
    op.create_index('ix_invoice_status_newest', 'invoice', ['status', sa.literal_column('created_at desc'), sa.literal_column('id desc')], unique=False)
    op.create_table('reference',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('number', sa.Text(), nullable=False),
    sa.Column('initiator_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("number ~ '^[1-9][0-9]{1,19}$'", name=op.f('ck_reference_number')),
    sa.ForeignKeyConstraint(['tenant_id', 'account_id'], ['account.tenant_id', 'account.id'], name=op.f('fk_reference_tenant_id_account_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'initiator_id'], ['initiator.tenant_id', 'initiator.id'], name=op.f('fk_reference_tenant_id_initiator_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_reference_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reference')),
    sa.UniqueConstraint('tenant_id', 'number', name=op.f('uq_reference_tenant_id_number'))
    )
    op.create_index('ix_reference_number_prefix', 'reference', ['number'], unique=False, postgresql_ops={'number': 'text_pattern_ops'})
    op.create_table('invoice_claim',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=False),
    sa.Column('user_unique_id', sa.Text(), nullable=False),
    sa.Column('names', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('won_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_invoice_claim_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_invoice_claim_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_claim')),
    sa.UniqueConstraint('invoice_id', 'user_unique_id', name=op.f('uq_invoice_claim_invoice_id_user_unique_id'))
    )
    op.create_index('ix_invoice_claim_user_unique_id', 'invoice_claim', ['tenant_id', 'user_unique_id'], unique=False)
    op.create_table('invoice_line',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('quantity', sa.Numeric(precision=12, scale=3), server_default=sa.text('1'), nullable=False),
    sa.Column('unit', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('unit_price_minor', sa.BigInteger(), nullable=False),
    sa.Column('net_minor', sa.BigInteger(), nullable=False),
    sa.Column('tax_rate', sa.Numeric(precision=7, scale=4), nullable=True),
    sa.Column('tax_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('details', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint('quantity >= 0 and tax_minor >= 0', name=op.f('ck_invoice_line_quantity')),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_invoice_line_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_invoice_line_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_line')),
    sa.UniqueConstraint('invoice_id', 'position', name=op.f('uq_invoice_line_invoice_id_position'))
    )
    op.create_table('invoice_search',
    sa.Column('invoice_id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('search_text', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('document_vector', postgresql.TSVECTOR(), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_invoice_search_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_invoice_search_tenant_id')),
    sa.PrimaryKeyConstraint('invoice_id', name=op.f('pk_invoice_search'))
    )
    op.create_index('ix_invoice_search_document_vector', 'invoice_search', ['document_vector'], unique=False, postgresql_using='gin')
    op.create_index('ix_invoice_search_trigram', 'invoice_search', [sa.literal_column("(extract(year from created_at at time zone 'UTC') * 4 + extract(quarter from created_at at time zone 'UTC'))"), 'search_text'], unique=False, postgresql_using='gin', postgresql_ops={'search_text': 'gin_trgm_ops'})
    op.create_table('payment',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('public_token', sa.Text(), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=True),
    sa.Column('initiator_id', sa.BigInteger(), nullable=False),
    sa.Column('direction', sa.Text(), server_default=sa.text("'in'"), nullable=False),
    sa.Column('method', sa.Text(), nullable=False),
    sa.Column('gateway', sa.Text(), nullable=False),
    sa.Column('account', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('status', sa.Text(), server_default=sa.text("'created'"), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
    sa.Column('captured_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('refunded_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('fee_minor', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('merchant_ref', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('leg', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('attempt_no', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.Column('parent_id', sa.BigInteger(), nullable=True),
    sa.Column('customer_url', sa.Text(), nullable=True),
    sa.Column('payment_link', sa.Text(), nullable=True),
    sa.Column('gateway_method', sa.Text(), nullable=True),
    sa.Column('provider_state', sa.Text(), nullable=True),
    sa.Column('snapshot', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('failure_code', sa.Text(), nullable=True),
    sa.Column('failure_message', sa.Text(), nullable=True),
    sa.Column('late', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('next_check_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checks', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('idempotency_key', sa.Text(), nullable=True),
    sa.Column('version', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("direction in ('in', 'out')", name=op.f('ck_payment_direction')),
    sa.CheckConstraint("method in ('hosted', 'linkpay', 'reported', 'bank_transfer', 'cash', 'manual')", name=op.f('ck_payment_method')),
    sa.CheckConstraint("status in ('created', 'pending', 'pending_approval', 'processing', 'authorized', 'completed', 'failed', 'cancelled', 'expired', 'partially_refunded', 'refunded', 'charged_back')", name=op.f('ck_payment_status')),
    sa.CheckConstraint('amount_minor >= 0', name=op.f('ck_payment_amount')),
    sa.CheckConstraint('refunded_minor >= 0 and refunded_minor <= captured_minor', name=op.f('ck_payment_refunded')),
    sa.ForeignKeyConstraint(['tenant_id', 'initiator_id'], ['initiator.tenant_id', 'initiator.id'], name=op.f('fk_payment_tenant_id_initiator_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_payment_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_payment_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment')),
    sa.UniqueConstraint('gateway', 'account', 'external_id', 'leg', name=op.f('uq_payment_gateway_account_external_id_leg')),
    sa.UniqueConstraint('public_token', name=op.f('uq_payment_public_token')),
    sa.UniqueConstraint('tenant_id', 'gateway', 'merchant_ref', name=op.f('uq_payment_tenant_id_gateway_merchant_ref')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_payment_tenant_id_id'))
    )
    op.create_index('ix_payment_invoice_id', 'payment', ['invoice_id', 'id'], unique=False)
    op.create_index('ix_payment_next_check', 'payment', ['next_check_at'], unique=False, postgresql_where=sa.text('next_check_at is not null'))
    op.create_table('allocation',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('payment_id', sa.BigInteger(), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('reversed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_allocation_amount')),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_allocation_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'payment_id'], ['payment.tenant_id', 'payment.id'], name=op.f('fk_allocation_tenant_id_payment_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_allocation_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_allocation'))
    )
    op.create_index('ix_allocation_invoice_id', 'allocation', ['invoice_id'], unique=False)
    op.create_index('uq_allocation_active', 'allocation', ['payment_id', 'invoice_id'], unique=True, postgresql_where=sa.text('reversed_at is null'))
    op.create_table('event',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=True),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('actor_kind', sa.Text(), server_default=sa.text("'system'"), nullable=False),
    sa.Column('actor', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('trace_id', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("actor_kind in ('system', 'gateway', 'initiator', 'operator')", name=op.f('ck_event_actor_kind')),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_event_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'payment_id'], ['payment.tenant_id', 'payment.id'], name=op.f('fk_event_tenant_id_payment_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_event_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event'))
    )
    op.create_index('ix_event_invoice_id', 'event', ['invoice_id', 'id'], unique=False)
    op.create_table('gateway_reference',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('gateway', sa.Text(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=False),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('dirty_seq', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('clean_seq', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('custom_field_1', sa.Text(), nullable=True),
    sa.Column('last_heard_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('last_fetched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint('clean_seq <= dirty_seq', name=op.f('ck_gateway_reference_seq')),
    sa.ForeignKeyConstraint(['tenant_id', 'payment_id'], ['payment.tenant_id', 'payment.id'], name=op.f('fk_gateway_reference_tenant_id_payment_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_gateway_reference_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_gateway_reference')),
    sa.UniqueConstraint('tenant_id', 'gateway', 'external_id', name=op.f('uq_gateway_reference_tenant_id_gateway_external_id'))
    )
    op.create_index('ix_gateway_reference_unknown', 'gateway_reference', ['created_at'], unique=False, postgresql_where=sa.text('payment_id is null'))
    op.create_table('inbox',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('event_id', sa.Text(), nullable=True),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('raw', sa.Text(), nullable=False),
    sa.Column('headers', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('peer', sa.Text(), nullable=True),
    sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('invoice_id', sa.BigInteger(), nullable=True),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_inbox_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'payment_id'], ['payment.tenant_id', 'payment.id'], name=op.f('fk_inbox_tenant_id_payment_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_inbox_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox'))
    )
    op.create_index('ix_inbox_external_id', 'inbox', ['source', 'external_id', 'id'], unique=False)
    op.create_index('ix_inbox_unhandled', 'inbox', ['id'], unique=False, postgresql_where=sa.text('handled_at is null'))
    op.create_index('uq_inbox_event_id', 'inbox', ['source', 'event_id'], unique=True, postgresql_where=sa.text('event_id is not null'))
    op.create_table('ledger_transaction',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('dedupe_key', sa.Text(), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=True),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_ledger_transaction_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'payment_id'], ['payment.tenant_id', 'payment.id'], name=op.f('fk_ledger_transaction_tenant_id_payment_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_ledger_transaction_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_transaction')),
    sa.UniqueConstraint('tenant_id', 'dedupe_key', name=op.f('uq_ledger_transaction_tenant_id_dedupe_key')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_ledger_transaction_tenant_id_id'))
    )
    op.create_index('ix_ledger_transaction_invoice_id', 'ledger_transaction', ['invoice_id'], unique=False)
    op.create_index('ix_ledger_transaction_payment_id', 'ledger_transaction', ['payment_id'], unique=False)
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('dedupe_key', sa.Text(), nullable=False),
    sa.Column('lane_id', sa.BigInteger(), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=True),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('version', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('state', sa.Text(), server_default=sa.text("'pending'"), nullable=False),
    sa.Column('attempts', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('run_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('lease_token', sa.Uuid(), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('repeatable', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('last_error_class', sa.Text(), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('answer_status', sa.BigInteger(), nullable=True),
    sa.Column('answer_body', sa.Text(), nullable=True),
    sa.Column('answer_ms', sa.BigInteger(), nullable=True),
    sa.Column('trace_id', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("(state = 'leased') = (lease_token is not null)", name=op.f('ck_outbox_lease')),
    sa.CheckConstraint("state in ('pending', 'leased', 'done', 'dead', 'held', 'cancelled')", name=op.f('ck_outbox_state')),
    sa.CheckConstraint('(lease_token is null) = (lease_until is null)', name=op.f('ck_outbox_lease_until')),
    sa.ForeignKeyConstraint(['lane_id'], ['lane.id'], name=op.f('fk_outbox_lane_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_outbox_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'payment_id'], ['payment.tenant_id', 'payment.id'], name=op.f('fk_outbox_tenant_id_payment_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_outbox_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('kind', 'dedupe_key', name=op.f('uq_outbox_kind_dedupe_key'))
    )
    op.create_index('ix_outbox_invoice_id', 'outbox', ['invoice_id', 'id'], unique=False, postgresql_where=sa.text('invoice_id is not null'))
    op.create_index('ix_outbox_leased', 'outbox', ['lease_until'], unique=False, postgresql_where=sa.text("state = 'leased'"))
    op.create_index('ix_outbox_pending', 'outbox', ['lane_id', 'run_at', 'id'], unique=False, postgresql_where=sa.text("state = 'pending'"))
    op.create_index('ix_outbox_stuck', 'outbox', ['id'], unique=False, postgresql_where=sa.text("state in ('dead', 'held')"))
    op.create_table('refund',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('payment_id', sa.BigInteger(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
    sa.Column('status', sa.Text(), server_default=sa.text("'requested'"), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('idempotency_key', sa.Text(), nullable=False),
    sa.Column('external_id', sa.Text(), nullable=True),
    sa.Column('requested_by', sa.Text(), nullable=False),
    sa.Column('approved_by', sa.Text(), nullable=True),
    sa.Column('failure_code', sa.Text(), nullable=True),
    sa.Column('failure_message', sa.Text(), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint("status in ('requested', 'pending_approval', 'processing', 'succeeded', 'failed', 'cancelled')", name=op.f('ck_refund_status')),
    sa.CheckConstraint('amount_minor > 0', name=op.f('ck_refund_amount')),
    sa.CheckConstraint('approved_by is null or approved_by <> requested_by', name=op.f('ck_refund_four_eyes')),
    sa.ForeignKeyConstraint(['tenant_id', 'payment_id'], ['payment.tenant_id', 'payment.id'], name=op.f('fk_refund_tenant_id_payment_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_refund_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refund')),
    sa.UniqueConstraint('payment_id', 'external_id', name=op.f('uq_refund_payment_id_external_id')),
    sa.UniqueConstraint('payment_id', 'idempotency_key', name=op.f('uq_refund_payment_id_idempotency_key'))
    )
    op.create_table('review_item',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('dedupe_key', sa.Text(), nullable=False),
    sa.Column('sentence', sa.Text(), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=True),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('evidence', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('owner', sa.Text(), server_default=sa.text("'finance'"), nullable=False),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('resolved_by', sa.Text(), nullable=True),
    sa.Column('resolution', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_review_item_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'payment_id'], ['payment.tenant_id', 'payment.id'], name=op.f('fk_review_item_tenant_id_payment_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_review_item_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_item')),
    sa.UniqueConstraint('kind', 'dedupe_key', name=op.f('uq_review_item_kind_dedupe_key'))
    )
    op.create_index('ix_review_item_invoice_id', 'review_item', ['invoice_id'], unique=False)
    op.create_index('ix_review_item_open', 'review_item', ['created_at'], unique=False, postgresql_where=sa.text('resolved_at is null'))
    op.create_table('settlement',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('invoice_id', sa.BigInteger(), nullable=False),
    sa.Column('payment_id', sa.BigInteger(), nullable=True),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.Text(), server_default=sa.text("'gateway'"), nullable=False),
    sa.Column('reversed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.ForeignKeyConstraint(['tenant_id', 'invoice_id'], ['invoice.tenant_id', 'invoice.id'], name=op.f('fk_settlement_tenant_id_invoice_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'payment_id'], ['payment.tenant_id', 'payment.id'], name=op.f('fk_settlement_tenant_id_payment_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_settlement_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_settlement')),
    sa.UniqueConstraint('tenant_id', 'id', name=op.f('uq_settlement_tenant_id_id'))
    )
    op.create_index('uq_settlement_active', 'settlement', ['invoice_id'], unique=True, postgresql_where=sa.text('reversed_at is null'))
    op.create_table('ledger_entry',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('transaction_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.Column('tenant_id', sa.BigInteger(), server_default=sa.text('1'), nullable=False),
    sa.CheckConstraint('amount_minor <> 0', name=op.f('ck_ledger_entry_amount')),
    sa.ForeignKeyConstraint(['tenant_id', 'account_id'], ['ledger_account.tenant_id', 'ledger_account.id'], name=op.f('fk_ledger_entry_tenant_id_account_id')),
    sa.ForeignKeyConstraint(['tenant_id', 'transaction_id'], ['ledger_transaction.tenant_id', 'ledger_transaction.id'], name=op.f('fk_ledger_entry_tenant_id_transaction_id')),
    sa.ForeignKeyConstraint(['tenant_id'], ['tenant.id'], name=op.f('fk_ledger_entry_tenant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_entry'))
    )
    op.create_index('ix_ledger_entry_account_id', 'ledger_entry', ['account_id', 'id'], unique=False)
    op.create_index('ix_ledger_entry_transaction_id', 'ledger_entry', ['transaction_id'], unique=False)
    op.create_table('schedule_run',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('planned_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outbox_id', sa.BigInteger(), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('clock_timestamp()'), nullable=False),
    sa.ForeignKeyConstraint(['outbox_id'], ['outbox.id'], name=op.f('fk_schedule_run_outbox_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_schedule_run')),
    sa.UniqueConstraint('name', 'planned_at', name=op.f('uq_schedule_run_name_planned_at'))
    )


def downgrade() -> None:
    op.drop_table('schedule_run')
    op.drop_index('ix_ledger_entry_transaction_id', table_name='ledger_entry')
    op.drop_index('ix_ledger_entry_account_id', table_name='ledger_entry')
    op.drop_table('ledger_entry')
    op.drop_index('uq_settlement_active', table_name='settlement', postgresql_where=sa.text('reversed_at is null'))
    op.drop_table('settlement')
    op.drop_index('ix_review_item_open', table_name='review_item', postgresql_where=sa.text('resolved_at is null'))
    op.drop_index('ix_review_item_invoice_id', table_name='review_item')
    op.drop_table('review_item')
    op.drop_table('refund')
    op.drop_index('ix_outbox_stuck', table_name='outbox', postgresql_where=sa.text("state in ('dead', 'held')"))
    op.drop_index('ix_outbox_pending', table_name='outbox', postgresql_where=sa.text("state = 'pending'"))
    op.drop_index('ix_outbox_leased', table_name='outbox', postgresql_where=sa.text("state = 'leased'"))
    op.drop_index('ix_outbox_invoice_id', table_name='outbox', postgresql_where=sa.text('invoice_id is not null'))
    op.drop_table('outbox')
    op.drop_index('ix_ledger_transaction_payment_id', table_name='ledger_transaction')
    op.drop_index('ix_ledger_transaction_invoice_id', table_name='ledger_transaction')
    op.drop_table('ledger_transaction')
    op.drop_index('uq_inbox_event_id', table_name='inbox', postgresql_where=sa.text('event_id is not null'))
    op.drop_index('ix_inbox_unhandled', table_name='inbox', postgresql_where=sa.text('handled_at is null'))
    op.drop_index('ix_inbox_external_id', table_name='inbox')
    op.drop_table('inbox')
    op.drop_index('ix_gateway_reference_unknown', table_name='gateway_reference', postgresql_where=sa.text('payment_id is null'))
    op.drop_table('gateway_reference')
    op.drop_index('ix_event_invoice_id', table_name='event')
    op.drop_table('event')
    op.drop_index('uq_allocation_active', table_name='allocation', postgresql_where=sa.text('reversed_at is null'))
    op.drop_index('ix_allocation_invoice_id', table_name='allocation')
    op.drop_table('allocation')
    op.drop_index('ix_payment_next_check', table_name='payment', postgresql_where=sa.text('next_check_at is not null'))
    op.drop_index('ix_payment_invoice_id', table_name='payment')
    op.drop_table('payment')
    op.drop_index('ix_invoice_search_trigram', table_name='invoice_search', postgresql_using='gin', postgresql_ops={'search_text': 'gin_trgm_ops'})
    op.drop_index('ix_invoice_search_document_vector', table_name='invoice_search', postgresql_using='gin')
    op.drop_table('invoice_search')
    op.drop_table('invoice_line')
    op.drop_index('ix_invoice_claim_user_unique_id', table_name='invoice_claim')
    op.drop_table('invoice_claim')
    op.drop_index('ix_reference_number_prefix', table_name='reference', postgresql_ops={'number': 'text_pattern_ops'})
    op.drop_table('reference')
    op.drop_index('ix_invoice_status_newest', table_name='invoice')
    op.drop_index('ix_invoice_reference_number', table_name='invoice', postgresql_where=sa.text("reference_number <> ''"))
    op.drop_index('ix_invoice_number_prefix', table_name='invoice', postgresql_ops={'digits': 'text_pattern_ops'})
    op.drop_index('ix_invoice_newest', table_name='invoice')
    op.drop_index('ix_invoice_initiator_newest', table_name='invoice')
    op.drop_index('ix_invoice_customer_email', table_name='invoice', postgresql_ops={'mail': 'text_pattern_ops'})
    op.drop_table('invoice')
    op.drop_index('ix_operator_session_operator_id', table_name='operator_session')
    op.drop_table('operator_session')
    op.drop_table('number_reservation')
    op.drop_table('initiator_key')
    op.drop_index('ix_account_email', table_name='account', postgresql_ops={'mail': 'text_pattern_ops'})
    op.drop_table('account')
    op.drop_index('uq_white_code_live', table_name='white_code', postgresql_where=sa.text('revoked_at is null'))
    op.drop_table('white_code')
    op.drop_table('setting')
    op.drop_table('operator')
    op.drop_index('uq_number_range_active', table_name='number_range', postgresql_where=sa.text('active'))
    op.drop_table('number_range')
    op.drop_table('ledger_account')
    op.drop_table('initiator')
    op.drop_index('ix_idempotency_key_expires_at', table_name='idempotency_key')
    op.drop_table('idempotency_key')
    op.drop_table('tenant')
    op.drop_table('seal')
    op.drop_table('lane')
