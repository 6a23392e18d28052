"""Hands letters to the mail server (RFC 5321): bounded, with its certificate checked and no password in clear (T87)."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from app.domain.errors import Outcome, ProviderFailure
from app.domain.ports import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.config import MailSettings
    from app.domain.mail import Letter

CONNECT_S, READ_S, TOTAL_S = 5.0, 30.0, 45.0  # reliability.md 3.10
PROVIDER = "mail"
TAKEN = 250
PERMANENT = 500
LEAST = 200  # what is less is no reply of SMTP
_SOMEBODY = re.compile(r"[^\s<>]+@[^\s<>]+")
_LONGEST = 200


class SmtpMailer:
    """Sends one letter a connection: there are few, and a server that was restarted is no fault of the next one."""

    def __init__(self, settings: MailSettings, *, before_request: Callable[[], None]) -> None:
        """`before_request` runs before anything leaves."""
        self._settings = settings
        self._before_request = before_request

    def send(self, letter: Letter) -> Answer:
        """Hand the letter over. Raises ProviderFailure: NOT_SENT, REFUSED, or UNKNOWN once its text has left.

        A refusal for now (4yz, RFC 5321 4.2.1) has the status 503 and one for good (5yz) 422: the words of HTTP are
        those the schedule of tries knows.
        """
        if not self._settings.address:
            raise _not_sent("SMTP_ADDRESS names no server")
        self._before_request()
        began = time.monotonic()
        with _Conversation(self._settings, began + TOTAL_S) as server:
            server.greet()
            said = server.hand_over(letter)
        return Answer(TAKEN, said, round((time.monotonic() - began) * 1000))


class _Conversation:
    """One connection, each step of which has the time that is left."""

    def __init__(self, settings: MailSettings, until: float) -> None:
        self._settings = settings
        self._until = until
        self._has_left = False
        # Never left to the library, which would ask a name server who we are and wait for it.
        self._own_name = settings.domain or _host(settings.sender)
        self._smtp = smtplib.SMTP(local_hostname=self._own_name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, fault: BaseException | None, _trace: object) -> None:
        self._smtp.close()
        if isinstance(fault, ssl.SSLError):
            raise _not_sent(f"encryption failed: {fault.reason or type(fault).__name__}") from fault
        if isinstance(fault, smtplib.SMTPException | OSError):
            raise self._ended(fault) from fault

    def greet(self) -> None:
        """Connect, encrypt where the server can, and sign in where there is a name to sign in with."""
        settings = self._settings
        self._smtp = smtplib.SMTP(settings.address, settings.port, self._own_name, CONNECT_S)
        self._expect(self._smtp.ehlo, TAKEN)
        is_encrypted = settings.starttls and self._smtp.has_extn("starttls")
        if is_encrypted:
            self._expect(lambda: self._smtp.starttls(context=ssl.create_default_context()), 220)
            self._expect(self._smtp.ehlo, TAKEN)
        if settings.user_name:
            self._sign_in(is_encrypted=is_encrypted)

    def hand_over(self, letter: Letter) -> str:
        """Send the letter and return what the server said of it."""
        settings = self._settings
        self._expect(lambda: self._smtp.mail(settings.sender), TAKEN)
        self._expect(lambda: self._smtp.rcpt(letter.to), TAKEN, 251)
        said = self._expect(lambda: self._data(letter), TAKEN)
        self._has_left = False
        return said

    def _data(self, letter: Letter) -> tuple[int, bytes]:
        self._has_left = True
        return self._smtp.data(written(letter, self._settings))

    def _sign_in(self, *, is_encrypted: bool) -> None:
        if not is_encrypted:
            raise _not_sent("the server offers no encryption, and the password is not sent in clear")
        settings = self._settings
        self._smtp.user, self._smtp.password = settings.user_name, settings.password.get_secret_value()
        self._expect(self._answered_challenge, 235, 503)

    def _answered_challenge(self) -> tuple[int, bytes]:
        if self._settings.authentication == "plain":
            return self._smtp.auth("PLAIN", self._smtp.auth_plain)
        if self._settings.authentication == "login":
            return self._smtp.auth("LOGIN", self._smtp.auth_login)
        return self._smtp.auth("CRAM-MD5", self._smtp.auth_cram_md5)

    def _expect(self, step: Callable[[], tuple[int, bytes]], *wanted: int) -> str:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(min(READ_S, left))
        code, said = step()
        if code < LEAST:
            raise smtplib.SMTPServerDisconnected("no answer of SMTP")
        if code not in wanted:
            raise _refused(code, said)
        return said.decode("utf-8", "replace")[:_LONGEST]

    def _ended(self, fault: smtplib.SMTPException | OSError) -> ProviderFailure:
        if isinstance(fault, smtplib.SMTPResponseException) and fault.smtp_code >= LEAST:
            error = fault.smtp_error
            return _refused(fault.smtp_code, error if isinstance(error, bytes) else str(error).encode())
        if self._has_left:
            return ProviderFailure(PROVIDER, f"no answer: {type(fault).__name__}", outcome=Outcome.UNKNOWN)
        return _not_sent(f"cannot be reached: {type(fault).__name__}")


def written(letter: Letter, settings: MailSettings) -> bytes:
    """Return the letter as it leaves; answers of machines to it are not wanted (RFC 3834, 5)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{letter.key}@{_host(settings.sender)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message.as_bytes()


def _host(address: str) -> str:
    return address.rpartition("@")[2].strip(" <>") or "localhost"


def _not_sent(detail: str) -> ProviderFailure:
    return ProviderFailure(PROVIDER, detail, outcome=Outcome.NOT_SENT)


def _refused(code: int, said: bytes) -> ProviderFailure:
    """Return the refusal, with nobody's address in it: servers repeat the one they refuse."""
    text = _SOMEBODY.sub("…", said.decode("utf-8", "replace"))[:_LONGEST]
    for_good = code >= PERMANENT
    status = HTTPStatus.UNPROCESSABLE_ENTITY if for_good else HTTPStatus.SERVICE_UNAVAILABLE
    return ProviderFailure(
        PROVIDER, f"answered {code} {text}", outcome=Outcome.REFUSED, permanent=for_good, status=status, code=code
    )
