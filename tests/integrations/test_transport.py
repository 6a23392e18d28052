"""Where connections go, and with whom they are encrypted (security T43, T87)."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain.errors import Outcome, ProviderFailure
from app.integrations.http import Caller, Profile
from app.integrations.transport import CheckedTransport
from tests.integrations.sockets import Server, http, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PATIENT = Profile(connect_s=5, read_s=5, total_s=10)
HOST = "pay.example.ee"
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def resolving(*answers: Sequence[str]) -> Callable[[str, int], Sequence[str]]:
    """Return a resolver that gives another answer each time; the last one for ever."""
    left = list(answers)
    return lambda _host, _port: left.pop(0) if len(left) > 1 else left[0]


def calling(url: str, transport: CheckedTransport, *, allow_private: bool = False) -> Any:
    caller = Caller("sim", parallel=1, allow_private=allow_private, before_request=lambda: None, transport=transport)
    try:
        return caller.call("GET", url, profile=PATIENT).body
    finally:
        caller.close()


class Authority:
    """Makes certificates, good and bad."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.certificate = (
            self._builder(self.name, self.key.public_key(), NOW - DAY, NOW + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def trusted(self) -> ssl.SSLContext:
        pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    def server(
        self,
        names: Sequence[x509.GeneralName] = (x509.DNSName(HOST),),
        *,
        starts: dt.datetime = NOW - DAY,
        ends: dt.datetime = NOW + DAY,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
        alone: bool = False,
    ) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        builder = self._builder(subject, key.public_key(), starts, ends)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        issuer = subject if alone else self.name
        certificate = builder.issuer_name(issuer).sign(key if alone else self.key, hashes.SHA256())
        return self._context(certificate, key)

    def _builder(self, subject: x509.Name, key: Any, starts: dt.datetime, ends: dt.datetime) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).public_key(key)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(starts).not_valid_after(ends)
        return builder.issuer_name(self.name) if subject == self.name else builder

    def _context(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
        path = self.folder / f"{certificate.serial_number}.pem"
        plain = serialization.NoEncryption()
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_a_good_certificate_is_accepted(authority: Authority):
    with Server(say(http(b'{"ok":1}')), tls=authority.server()) as server:
        assert talk(server, authority.trusted()) == {"ok": 1}


BAD: dict[str, dict[str, Any]] = {
    "self-signed": {"alone": True},
    "expired": {"starts": NOW - 2 * DAY, "ends": NOW - DAY},
    "not yet valid": {"starts": NOW + DAY, "ends": NOW + 2 * DAY},
    "another host": {"names": (x509.DNSName("other.example.ee"),)},
    "a longer host": {"names": (x509.DNSName(f"{HOST}.evil.example"),)},
    "no name but the common one": {"names": ()},
    "an address instead of the name": {"names": (x509.IPAddress(ipaddress.ip_address("127.0.0.1")),)},
    "for clients": {"usage": ExtendedKeyUsageOID.CLIENT_AUTH},
}


@pytest.mark.parametrize("variant", BAD)
def test_a_bad_certificate_is_refused_and_nothing_was_sent(authority: Authority, variant: str):
    """T87: eight variants."""
    with (
        Server(say(http(b"{}")), tls=authority.server(**BAD[variant])) as server,
        pytest.raises(ProviderFailure) as caught,
    ):
        talk(server, authority.trusted())
    assert caught.value.outcome is Outcome.NOT_SENT


def test_an_authority_nobody_knows_is_refused(authority: Authority):
    """T87: what no setting can change."""
    with (
        Server(say(http(b"{}")), tls=authority.server()) as server,
        pytest.raises(ProviderFailure, match="certificate"),
    ):
        talk(server, None)


def test_old_protocols_are_refused(authority: Authority):
    """T87: also where Python leaves the oldest protocol to the system's settings."""
    context = authority.trusted()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    CheckedTransport(parallel=1, allow_private=True, context=context)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("weaken", ["host", "certificate"])
def test_a_context_that_does_not_verify_is_refused(weaken: str):
    """T87"""
    context = ssl.create_default_context()
    context.check_hostname = False
    if weaken == "certificate":
        context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="verified"):
        CheckedTransport(parallel=1, allow_private=True, context=context)


def talk(server: Server, context: ssl.SSLContext | None) -> Any:
    transport = CheckedTransport(parallel=1, allow_private=True, context=context, resolver=resolving(["127.0.0.1"]))
    return calling(f"https://{HOST}:{server.port}/", transport, allow_private=True)


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], ["::1"], ["fe80::1%1"],
     ["10.0.0.1", "2606:4700::1111"], ["not an address"]],
)  # fmt: skip
def test_a_name_that_leads_inside_is_refused(addresses: list[str]):
    """T43: one private address among public ones is enough."""
    with Server(say(http(b"{}"))) as server:
        transport = CheckedTransport(parallel=1, allow_private=False, resolver=resolving(addresses))
        with pytest.raises(ProviderFailure, match="outside the public internet") as caught:
            calling(f"https://{HOST}:{server.port}/", transport)
        assert server.connections == 0
    assert caught.value.outcome is Outcome.NOT_SENT


def test_the_address_checked_is_the_address_used():
    """T43: a resolver that answers something else the second time is never asked a second time."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

    with Server(say(http(b"{}"))) as server:
        transport = CheckedTransport(parallel=1, allow_private=False, resolver=rebinding)
        with pytest.raises(ProviderFailure):
            calling(f"https://{HOST}:{server.port}/", transport)
        assert (asked, server.connections) == ([HOST], 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"])
def test_addresses_written_out_are_checked_as_well(host: str):
    """T43"""
    transport = CheckedTransport(parallel=1, allow_private=False)
    with pytest.raises(ProviderFailure) as caught:
        calling(f"https://{host}:9/", transport)
    assert caught.value.outcome is Outcome.NOT_SENT


def test_the_next_address_is_tried_when_the_first_is_dead():
    with Server(say(http(b'{"ok":1}'))) as server:
        transport = CheckedTransport(parallel=1, allow_private=True, resolver=resolving(["::1", "127.0.0.1"]))
        assert calling(f"http://{HOST}:{server.port}/", transport, allow_private=True) == {"ok": 1}


def test_the_environment_chooses_no_proxy(monkeypatch: pytest.MonkeyPatch):
    with Server(say(http(b"{}"))) as trap, Server(say(http(b'{"ok":1}'))) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, trap.url)
        caller = Caller("sim", parallel=1, allow_private=True, before_request=lambda: None)
        assert caller.call("GET", server.url, profile=PATIENT).body == {"ok": 1}
        caller.close()
        assert trap.connections == 0
