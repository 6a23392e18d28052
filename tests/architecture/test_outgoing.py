"""Nothing leaves this process but through the one factory, and nothing switches the checking of certificates off."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The other side of a provider calls billing as a stranger would; the embedded servers are looked at on loopback.
STRANGERS = re.compile(r"app/(demo/|integrations/(.*/)?simulator)")
SENDING = re.compile(
    r"httpx\.(Client|AsyncClient|get|post|put|request|stream)\b|\brequests\.(get|post|put|request|Session)\b"
    r"|urllib\.request|http\.client|socket\.create_connection|httpcore\.(ConnectionPool|SyncBackend)"
)
UNCHECKED = re.compile(
    r"verify\s*=\s*False|check_hostname\s*=\s*False|CERT_NONE|CERT_OPTIONAL|_create_unverified|InsecureRequestWarning"
    r"|disable_warnings|sslmode=(disable|allow)|ssl_cert_reqs=.none"
)


def sources() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in (ROOT / "app").rglob("*.py")}


def test_requests_are_made_in_one_place():
    """T43, T87"""
    senders = {name for name, text in sources().items() if SENDING.search(text) and not STRANGERS.match(name)}
    assert senders == {"app/integrations/http.py", "app/integrations/transport.py"}


def test_nothing_switches_the_checking_of_certificates_off():
    """T87"""
    assert {name for name, text in sources().items() if UNCHECKED.search(text)} == set()


def test_only_the_tests_replace_the_network():
    """T87: no setting reaches the transport or its TLS context."""
    assert not re.search(r"context|transport", (ROOT / "app/config/groups.py").read_text(encoding="utf-8"))
