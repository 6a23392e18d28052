"""The other side of outgoing mail: a real SMTP server that keeps every letter, and a page on which they are read.

Faults strike when a letter has come: `http` refuses it with `status` (a code of SMTP), `slow` takes its time,
`timeout_after` keeps it and lets the sender wait, `reset_after` keeps it and hangs up.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from flask import Flask, Response, jsonify

from app.integrations import simulator_faults, simulator_pages, simulator_requests
from app.integrations.fault_dial import FaultDial
from app.integrations.simulator_pages import page
from app.integrations.simulator_store import Store

if TYPE_CHECKING:
    import ssl
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session

LETTER = "letter"
FAULTS = ("http", "slow", "timeout_after", "reset_after")
TAKEN = "250 2.0.0 kept"
HOST = "127.0.0.1"
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells of every line
PAGE = """
{% if not letters %}<section><p>No letter has come.</p></section>{% endif %}
{% for letter in letters %}<section><h2>{{ letter.subject }}</h2>
<dl><dt>To</dt><dd>{{ letter.to | join(", ") }}</dd><dt>From</dt><dd>{{ letter.sender }}</dd>
<dt>At</dt><dd>{{ letter.date }}</dd></dl>{% for part in letter.text.split("\\r\\n\\r\\n") %}
<p>{% for line in part.splitlines() %}{{ line }}<br>{% endfor %}</p>{% endfor %}</section>{% endfor %}
"""


@dataclass
class Mailbox:
    """The letters that came, and what goes wrong with the next."""

    path: Path | None = None
    dial: FaultDial = field(default_factory=FaultDial)

    def __post_init__(self) -> None:
        """Open the store."""
        self.store = Store(self.path)
        self.dial.offer(LETTER, FAULTS)

    def letters(self) -> list[dict[str, Any]]:
        """Return every letter, oldest first."""
        return self.store.all(LETTER)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a letter, or do what the dial says."""
        fault = self.dial.take(LETTER, FAULTS)
        if fault and fault.kind == "http":
            return f"{fault.status} injected, not for {envelope.rcpt_tos[0]}"
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        self._keep(envelope)
        if fault and fault.kind == "timeout_after":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "reset_after":
            _hang_up(server)
        return TAKEN

    def _keep(self, envelope: Envelope) -> None:
        message: EmailMessage = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        text = message.get_body(("plain",))
        kept = {
            "to": list(envelope.rcpt_tos),
            "sender": envelope.mail_from,
            "subject": str(message["Subject"]),
            "date": str(message["Date"]),
            "id": str(message["Message-ID"]),
            "text": text.get_content() if text else "",
            "raw": (envelope.original_content or b"").decode("utf-8", "replace"),
        }
        self.store.append(LETTER, kept)


def _hang_up(server: SMTP) -> None:
    if server.transport is not None:
        server.transport.close()


def create_simulator(path: Path | None = None) -> Flask:
    """Return the page of letters as a WSGI application; `app.extensions["mailbox"]` is its state."""
    app = Flask(__name__)
    mailbox = Mailbox(path)
    app.extensions["mailbox"] = mailbox
    simulator_pages.install(app)
    simulator_requests.install(app, mailbox.store)
    simulator_faults.install(app, mailbox.dial)

    @app.get("/")
    def home() -> Response:
        return page("Mail", "Letters", PAGE, letters=reversed(mailbox.letters()))

    @app.get("/_sim/letters")
    def letters() -> Response:
        return jsonify(mailbox.letters())

    return app


def smtp_server(mailbox: Mailbox, port: int, *, tls: ssl.SSLContext | None = None, account: Any = None) -> Controller:
    """Return the SMTP server of a mailbox, to be started and stopped; with `tls` it offers encryption.

    `account` is asked about who signs in, as aiosmtpd asks.
    """
    signing: dict[str, Any] = {"authenticator": account, "auth_required": True} if account else {}
    return Controller(
        mailbox, hostname=HOST, port=port, ready_timeout=10, enable_SMTPUTF8=False, tls_context=tls, **signing
    )
