"""Letters to those who can mend what we cannot: owed like everything else, written when it happens, sent once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import select

from app.domain import mail
from app.domain.mail import Letter
from app.models.base import DEFAULT_TENANT
from app.models.initiator import Initiator
from app.models.invoice import Invoice
from app.models.outbox import OutboxRow
from app.services import outbox
from app.uow import session

if TYPE_CHECKING:
    from app.config import Settings
    from app.domain.ports import Answer
    from app.integrations import Integrations
    from app.services.outbox import Claimed

SEND = "mail.letter.send"
LANE = "mail"


def owe_about(row: Claimed) -> None:
    """Owe the service's contact a letter about a message that was given up; one a day (reliability.md 3.9).

    Where no contact or no mail server is named nobody is written to: the question to a person is there all the same.
    Runs in the transaction that ends the row.
    """
    settings: Settings = current_app.extensions["settings"]
    found = _whose(row)
    if found is None or not settings.mail.address:
        return
    owner, number = found
    if owner.contact_email is None:
        return
    ended = session().get_one(OutboxRow, row.id)
    subject, text = mail.given_up(
        service=owner.code, about=number, tries=row.attempts, answer=ended.answer_status, portal=_portal(settings)
    )
    owe(f"given-up.{owner.code}.{datetime.now(UTC):%Y-%m-%d}", owner.contact_email, subject, text)


def owe(key: str, to: str, subject: str, text: str) -> None:
    """Owe a letter, in the caller's transaction; a second one of the same key is none."""
    outbox.post(SEND, key, lane=LANE, payload={"to": to, "subject": subject, "text": text}, tenant_id=DEFAULT_TENANT)


def _portal(settings: Settings) -> str:
    """Return where the links of letters lead: to us as browsers know us, or where a host is named for them."""
    own = settings.mail
    if not own.link_host:
        return settings.base_url.rstrip("/")
    port = f":{own.link_port}" if own.link_port else ""
    return f"{own.link_protocol}://{own.link_host}{port}"


def _whose(row: Claimed) -> tuple[Initiator, int | None] | None:
    """Return the service whose invoice the message is about, whoever it was addressed to, and the number."""
    if row.invoice_id is None:
        return None
    whose = select(Initiator, Invoice.number).join(Invoice, Invoice.initiator_id == Initiator.id)
    found = session().execute(whose.where(Invoice.id == row.invoice_id)).one()
    return found[0], found[1]


def send(row: Claimed, integrations: Integrations) -> Answer:
    """Hand a letter over as it was written. Raises ProviderFailure."""
    said = row.payload
    key = f"{SEND}.{row.id}"
    return integrations.mailer.send(Letter(key=key, to=said["to"], subject=said["subject"], text=said["text"]))
