"""What counts as a public address, in whatever spelling (security T43)."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.address import is_local_name, is_public, literal

PRIVATE = [
    "0.0.0.0", "0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "127.0.0.1", "127.1", "127.0.1",
    "127.255.255.254", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7F.1", "0177.0.0.1", "017700000001",
    "169.254.169.254", "2852039166", "0xa9fea9fe", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1",
    "192.168.0.1", "0xc0a80001", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "::", "::1", "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1",
    "[::ffff:10.0.0.1]", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1",
    "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::", "2001::ce49:7601:e866:efff", "fe80::1", "fe80::1%eth0",
    "fe80::1%1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "100::1", "127.0.0.1.",
    "[fd00::1]", "2002:c0a8:1::1", "::ffff:0:127.0.0.1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "8.8.8.8", "193.40.0.1", "134744072", "2a00:1450:4001::1", "2606:4700::1111", "::ffff:8.8.8.8",
          "64:ff9b::8.8.8.8", "2002:808:808::1"]  # fmt: skip


@pytest.mark.parametrize("spelling", PRIVATE)
def test_every_spelling_of_a_private_address_is_seen_through(spelling: str):
    """T43: sixty spellings."""
    assert len(PRIVATE) >= 60
    address = literal(spelling)
    assert address is not None
    assert not is_public(address)


@pytest.mark.parametrize("spelling", PUBLIC)
def test_public_addresses_are_public(spelling: str):
    address = literal(spelling)
    assert address is not None
    assert is_public(address)


@pytest.mark.parametrize("name", ["example.ee", "a.b", "127.0.0.1.nip.io", "1.2.3.4.5", "0x", "", "café.ee", "a" * 300])
def test_names_are_not_addresses(name: str):
    assert literal(name) is None


@pytest.mark.parametrize(
    "name", ["localhost", "registry", "a.localhost", "A.LOCAL", "db.internal.", "x.lan", "x.home.arpa", ""]
)
def test_names_of_one_network_are_local(name: str):
    assert is_local_name(name)


@pytest.mark.parametrize("name", ["example.ee", "localhost.example.ee", "st-billing.infra.tld.ee", "internal.example."])
def test_other_names_are_not_local(name: str):
    assert not is_local_name(name)


@given(st.ip_addresses(v=4))
def test_carrying_an_address_in_another_changes_nothing(address: ipaddress.IPv4Address):
    """T43"""
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    translated = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address))
    assert is_public(mapped) == is_public(translated) == is_public(address)


@given(st.text())
def test_no_text_breaks_the_reader(text: str):
    assert literal(text) is None or text
