"""Letters over a real socket to a real SMTP server, with everything a server may do to one."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.config import MailSettings
from app.domain.errors import Outcome, ProviderFailure
from app.domain.mail import Letter
from app.domain.retry import RetryClass, classify
from app.integrations.fault_dial import Fault
from app.integrations.mail import sender
from app.integrations.mail.sender import SmtpMailer
from app.integrations.mail.simulator import LETTER, Mailbox, smtp_server
from tests.integrations.sockets import Server, closed_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = {"SMTP_USER_NAME": "billing", "SMTP_PASSWORD": "a password"}
ONE = Letter("key-1", "ops@registry.test", "Sõnumid jäid saatmata", "Tere.\n.\nA line with a dot alone.\n")


def said(port: int, **more: Any) -> MailSettings:
    given = {"SMTP_ADDRESS": "127.0.0.1", "SMTP_PORT": port, "ACTION_MAILER_DEFAULT_FROM": "billing@billing.test"}
    return MailSettings.model_validate(given | more)


def mailer(port: int, **more: Any) -> SmtpMailer:
    return SmtpMailer(said(port, **more), before_request=lambda: None)


@contextmanager
def listening(mailbox: Mailbox, **more: Any) -> Iterator[int]:
    port = closed_port()
    server = smtp_server(mailbox, port, **more)
    server.start()
    try:
        yield port
    finally:
        server.stop()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    with listening(mailbox) as found:
        yield found


def failure(port: int, **more: Any) -> ProviderFailure:
    with pytest.raises(ProviderFailure) as raised:
        mailer(port, **more).send(ONE)
    return raised.value


def test_a_letter_arrives_as_it_was_written(mailbox: Mailbox, port: int) -> None:
    answer = mailer(port).send(ONE)
    assert (answer.status, answer.body) == (250, "2.0.0 kept")
    (letter,) = mailbox.letters()
    assert (letter["to"], letter["sender"]) == ([ONE.to], "billing@billing.test")
    assert (letter["subject"], letter["text"].splitlines()) == (ONE.subject, ONE.text.splitlines())
    assert letter["id"] == "<key-1@billing.test>"
    assert "Auto-Submitted: auto-generated" in letter["raw"]


@pytest.mark.parametrize(
    ("status", "kind", "permanent"), [(451, RetryClass.RETRY, "no"), (550, RetryClass.LIMITED, "yes")]
)
def test_a_refusal_is_for_now_or_for_good_and_names_nobody(
    mailbox: Mailbox, port: int, status: int, kind: RetryClass, permanent: str
) -> None:
    mailbox.dial.turn([Fault(LETTER, "http", status=status)])
    refused = failure(port)
    assert (refused.outcome, refused.permanent, refused.code) == (Outcome.REFUSED, permanent == "yes", status)
    assert classify(refused.status, refused.outcome) is kind
    assert "injected" in refused.detail
    assert "registry.test" not in refused.detail
    assert mailbox.letters() == []


def test_an_answer_that_is_lost_leaves_nobody_knowing(mailbox: Mailbox, port: int) -> None:
    mailbox.dial.turn([Fault(LETTER, "reset_after")])
    assert failure(port).outcome is Outcome.UNKNOWN
    assert len(mailbox.letters()) == 1


def test_a_server_that_waits_too_long_is_not_waited_for(
    mailbox: Mailbox, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "READ_S", 0.3)
    mailbox.dial.turn([Fault(LETTER, "timeout_after", seconds=1)])
    assert failure(port).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "greeting", [b"554 go away\r\n", b"nonsense\r\n", b"", b"220 hello\r\n500 what\r\n", b"220 hello\r\n"]
)
def test_who_does_not_greet_has_nothing(greeting: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "READ_S", 0.3)
    monkeypatch.setattr(sender, "CONNECT_S", 0.3)

    def greet(connection: Any) -> None:
        connection.sendall(greeting)
        connection.recv(1000)

    with Server(greet) as server:
        found = failure(server.port)
    assert not found.may_have_been_executed


def test_nobody_there_and_no_server_named() -> None:
    assert failure(closed_port()).outcome is Outcome.NOT_SENT
    assert "SMTP_ADDRESS" in failure(1, SMTP_ADDRESS="").detail


class TestAPassword:
    @pytest.fixture
    def tls(self, tmp_path: Path) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.authority = tmp_path / "authority.pem"
        self.authority.write_bytes(pem)
        both = tmp_path / "server.pem"
        both.write_bytes(secret + pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        return context

    @staticmethod
    def account(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given == LoginPassword(b"billing", b"a password"), handled=False)

    @pytest.mark.parametrize("way", ["plain", "login"])
    def test_is_said_over_a_connection_that_is_encrypted_and_checked(
        self, tls: ssl.SSLContext, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, way: str
    ) -> None:
        trusted = ssl.create_default_context(cafile=str(self.authority))
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusted)
        with listening(mailbox, tls=tls, account=self.account) as port:
            own = OWN | {"SMTP_AUTHENTICATION": way}
            assert mailer(port, **own).send(ONE).status == 250
            refused = failure(port, **own | {"SMTP_PASSWORD": "another"})
        assert (refused.outcome, refused.code) == (Outcome.REFUSED, 535)
        assert len(mailbox.letters()) == 1

    def test_is_kept_where_nobody_vouches_for_the_server(self, tls: ssl.SSLContext, mailbox: Mailbox) -> None:
        with listening(mailbox, tls=tls, account=self.account) as port:
            found = failure(port, **OWN)
        assert found.outcome is Outcome.NOT_SENT
        assert "encryption failed: CERTIFICATE_VERIFY_FAILED" in found.detail
        assert mailbox.letters() == []

    @pytest.mark.parametrize("starttls", ["true", "false"])
    def test_is_never_said_in_clear(self, mailbox: Mailbox, port: int, starttls: str) -> None:
        found = failure(port, **OWN, SMTP_ENABLE_STARTTLS_AUTO=starttls)
        assert (found.outcome, mailbox.letters()) == (Outcome.NOT_SENT, [])
        assert "not sent in clear" in found.detail
