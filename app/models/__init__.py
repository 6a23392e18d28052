"""Tables: columns, constraints, one-row behaviour. Importing this package makes all of them known."""

from app.models.account import Account
from app.models.announcement import Announcement
from app.models.bulk import BulkMember
from app.models.closed_day import ClosedDay, DayPayer, DayTotal
from app.models.comparison import Comparison, Difference
from app.models.credit_note import CreditNote, CreditNoteLine, CreditNoteVat
from app.models.deposit import Deposit
from app.models.dispute import Dispute
from app.models.document import OutgoingDocument
from app.models.event import Event
from app.models.idempotency import IdempotencyKey
from app.models.import_batch import ImportBatch, ImportProgress
from app.models.inbox import InboxMessage
from app.models.initiator import Initiator, InitiatorKey
from app.models.invoice import Invoice, InvoiceClaim, InvoiceLine, InvoiceVat
from app.models.invoice_search import InvoiceSearch
from app.models.lane import Lane
from app.models.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from app.models.number_range import NumberRange, NumberReservation
from app.models.operator import Operator, OperatorSession, WhiteCode
from app.models.outbox import OutboxRow
from app.models.payment import GatewayReference, Payment
from app.models.proof import ProofResult, ProofRun
from app.models.reference import Reference
from app.models.refund import Refund
from app.models.review_item import ReviewItem
from app.models.saved_view import SavedView
from app.models.schedule import ScheduleRun
from app.models.seal import Anchor, Seal, SealHorizon
from app.models.setting import Setting
from app.models.settlement import Allocation, Settlement
from app.models.surplus import Surplus
from app.models.task import Task, TaskOutcome, TaskPart
from app.models.tenant import Tenant
from app.models.vat_rate import VatRate
from app.models.webhook import WebhookEndpoint

__all__ = [
    "Account",
    "Allocation",
    "Anchor",
    "Announcement",
    "BulkMember",
    "ClosedDay",
    "Comparison",
    "CreditNote",
    "CreditNoteLine",
    "CreditNoteVat",
    "DayPayer",
    "DayTotal",
    "Deposit",
    "Difference",
    "Dispute",
    "Event",
    "GatewayReference",
    "IdempotencyKey",
    "ImportBatch",
    "ImportProgress",
    "InboxMessage",
    "Initiator",
    "InitiatorKey",
    "Invoice",
    "InvoiceClaim",
    "InvoiceLine",
    "InvoiceSearch",
    "InvoiceVat",
    "Lane",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "NumberRange",
    "NumberReservation",
    "Operator",
    "OperatorSession",
    "OutboxRow",
    "OutgoingDocument",
    "Payment",
    "ProofResult",
    "ProofRun",
    "Reference",
    "Refund",
    "ReviewItem",
    "SavedView",
    "ScheduleRun",
    "Seal",
    "SealHorizon",
    "Setting",
    "Settlement",
    "Surplus",
    "Task",
    "TaskOutcome",
    "TaskPart",
    "Tenant",
    "VatRate",
    "WebhookEndpoint",
    "WhiteCode",
]
