"""Only a token signed by one of our keys, and by nothing else, is believed (eis.md 4, A.1; security T30 to T32)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.initiators.token import LONGEST, BadToken, KeySecret, VerifiedToken, sign, verify

VECTORS = {
    "registry": "eyJhbGciOiJIUzI1NiJ9.eyJpbml0aWF0b3IiOiJyZWdpc3RyeSJ9.oq2EX0KvKrMrH6aUFIzDjmO6ZhYf_DFE9fpx2DhYonI",
    "auction": "eyJhbGciOiJIUzI1NiJ9.eyJpbml0aWF0b3IiOiJhdWN0aW9uIn0.BxbygFbyg2WOjV-lzmjvrYiFWBHPnw252InbPLkztaQ",
    "eeid": "eyJhbGciOiJIUzI1NiJ9.eyJpbml0aWF0b3IiOiJlZWlkIn0.H6Y_dAhd9b667xWnu5Lcs6d9OnWSietky6qzmB7qZh0",
    "regis": "eyJhbGciOiJIUzI1NiJ9.eyJpbml0aWF0b3IiOiJyZWdpcyJ9.--ZswSprxo76vuJv7BaFio5VGGojaOnrD6V66cTtevY",
    "business_registry": (
        "eyJhbGciOiJIUzI1NiJ9.eyJpbml0aWF0b3IiOiJidXNpbmVzc19yZWdpc3RyeSJ9.QrXeypoGZoiBoeAutivO4vJxcLrBJLP4xtROTgK8KnA"
    ),
    "billing": "eyJhbGciOiJIUzI1NiJ9.eyJpbml0aWF0b3IiOiJiaWxsaW5nIn0.eGuk8HuteATcqhpxPQBpvSb7pBL2QQry_DYYEeQTLmc",
}
SECRET = "secret"
SHARED = KeySecret("shared", SECRET)
OWN = KeySecret("k1", "9f1c0a7be25d4836a1c4e07fb93d6582")
KEYS = (OWN, SHARED)
NOW = 1_800_000_000


def b64(raw: bytes | str) -> str:
    raw = raw.encode() if isinstance(raw, str) else raw
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(header: Any, claims: Any, secret: str = SECRET, digest: Any = hashlib.sha256) -> str:
    """Return a token written by hand: the header and claims as given, text for what is no JSON."""
    parts = [b64(each if isinstance(each, str) else json.dumps(each)) for each in (header, claims)]
    return ".".join([*parts, b64(hmac.new(secret.encode(), ".".join(parts).encode(), digest).digest())])


def refused(token: str) -> bool:
    try:
        verify(token, KEYS, now=NOW)
    except BadToken:
        return True
    return False


@pytest.mark.parametrize("initiator", VECTORS)
def test_the_recorded_tokens_are_made_and_read(initiator: str):
    assert sign({"initiator": initiator}, SECRET) == VECTORS[initiator]
    assert verify(VECTORS[initiator], KEYS) == VerifiedToken("shared", {"initiator": initiator})


def test_identity_is_the_key_and_not_the_claim():
    """T30: the holder of k1 may claim what it likes; we learn that k1 signed."""
    assert verify(sign({"initiator": "auction"}, OWN.secret), KEYS).key_id == "k1"


def test_a_key_id_picks_the_key():
    assert verify(sign({}, OWN.secret, kid="k1"), KEYS).key_id == "k1"


def test_no_type_is_insisted_on():
    for header in ({"alg": "HS256"}, {"typ": "JWT", "alg": "HS256"}, {"alg": "HS256", "typ": "other", "cty": "x"}):
        assert verify(forged(header, {}), KEYS).key_id == "shared"


def test_headers_that_point_at_keys_are_not_looked_at():
    """T31: signed by us, so it is accepted; nothing was fetched or parsed."""
    header = {"alg": "HS256", "jku": "https://evil.example/keys", "x5u": "file:///etc/passwd", "jwk": {"kty": "oct"}}
    assert verify(forged(header, {"a": 1}), KEYS).claims == {"a": 1}


def test_time_is_checked_where_it_is_given_with_a_minute_of_skew():
    """T32"""
    for claims in ({"exp": NOW - 59}, {"nbf": NOW + 59}, {"exp": NOW + 300, "nbf": NOW, "aud": "billing"},
                   {"aud": ["x", "billing"]}, {"exp": NOW + 0.5}, {"exp": None}, {"jti": "1", "iat": NOW}):  # fmt: skip
        assert not refused(forged({"alg": "HS256"}, claims))


BAD_CLAIMS: list[Any] = [
    {"exp": NOW - 61}, {"exp": 0}, {"exp": -1}, {"exp": "never"}, {"exp": str(NOW + 999)}, {"exp": True}, {"exp": []},
    {"exp": {}}, {"nbf": NOW + 61}, {"nbf": 10**30}, {"nbf": "x"}, {"nbf": False}, {"aud": "auction"}, {"aud": []},
    {"aud": ["auction"]}, {"aud": {"billing": 1}}, {"aud": 7}, {"aud": ""}, {"aud": "billing "}, {"aud": ["BILLING"]},
    [], ["initiator"], "registry", 7, None, True, '"registry"', "{", "", "null", '{"exp": NaN}', '{"exp": 1e999999999}',
    '{"exp": ' + "9" * 3000 + "}", "[" * 2000,
]  # fmt: skip
BAD_ALGORITHMS: list[Any] = [
    "none", "None", "NONE", "nOnE", "", "HS384", "HS512", "hs256", "HS256 ", " HS256", "HS-256", "RS256", "RS384",
    "RS512",
    "ES256", "ES384", "PS256", "EdDSA", "HS256\0", "HMAC", "SHA256", "dir", "A128KW", None, 0, 256, True, [],
    ["HS256"],
    {"alg": "HS256"},
]  # fmt: skip
BAD_KIDS: list[Any] = [
    "nobody", "", " ", "K1", "../../../../dev/null", "/dev/null", "file:///dev/null", "k1'--", "' OR 1=1 --",
    "k1; select 1",
    "' UNION SELECT 'secret", "|cat /etc/passwd", "$(id)", "%00", "\0", "shared\0", "shared ", "shared\n",
    "𝗌hared", 0, 1, True,
    False, [], ["shared"], {}, {"shared": 1}, 1.5, "a" * 500, "http://evil.example/key",
]  # fmt: skip
BAD_HEADERS: list[Any] = [
    {}, [], "x", 7, None, "{", '{"alg"', "null", '{"alg":"HS256"', {"ALG": "HS256"}, {"typ": "JWT"}, [{"alg": "HS256"}],
    {"alg": "HS256", "crit": ["exp"]}, {"alg": "HS256", "crit": []}, {"alg": "HS256", "b64": False},
    {"alg": "HS256", "crit": ["b64"], "b64": False}, {"alg": "HS256", "b64": True}, "[" * 2000,
]  # fmt: skip


def garbled() -> list[str]:
    """Return tokens whose text is wrong."""
    good = VECTORS["registry"]
    head, claims, signature = good.split(".")
    resigned = hmac.new(b"secret", f"{head}.{claims}".encode(), hashlib.sha256).digest()
    return [
        "", ".", "..", "...", head, f"{head}.", f"{head}.{claims}", f"{head}.{claims}.", f".{claims}.{signature}",
        f"{head}..{signature}", f"{good}.", f".{good}", f"{good}.{signature}", f"{good} ", f" {good}", f"{good}\n",
        f"{good}\0",
        good[:-1], good[1:], good + "A", good + "=", good.replace("_", "/"), good.replace(".", ".\n"), good.upper(),
        good[::-1],
        f"{head}.{claims}.{signature}=", f"{head}=.{claims}.{signature}", f"{head}.{claims}==.{signature}",
        f"{head}.{claims}.{base64.b64encode(resigned).decode()}", f"{head}.{claims}.{resigned.hex()}",
        f"{head}.{claims}.{b64(resigned[:16])}", f"{head}.{claims}.{b64(resigned + bytes(1))}",
        f"{head}.{claims}.{b64(bytes(32))}",
        f"{claims}.{head}.{signature}", f"{head},{claims},{signature}", f"Bearer {good}",
        f"{head}.{claims}.{signature[:-1]}J",
        "ü" * 40, "." * 3000, good + "A" * LONGEST, f"{head}.{'A' * 5000}.{signature}",
        json.dumps({"payload": claims}),
        f"{head}.{claims}.{b64(b'')}", f"{head}.{claims}.{b64('null')}",
    ]  # fmt: skip


def confused() -> list[str]:
    """Return tokens signed with something that is not one of our secrets."""
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{b64(json.dumps({'alg': 'RS256'}))}.{b64(json.dumps({'initiator': 'registry'}))}"
    rs256 = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    header, claims = {"alg": "HS256"}, {"initiator": "registry"}
    return [
        f"{signed}.{b64(rs256)}",
        forged(header, claims, public.decode()),
        forged({"alg": "RS256"}, claims, public.decode()),
        forged({"alg": "HS256", "jwk": {"kty": "oct", "k": b64("mine")}}, claims, "mine"),
        forged({"alg": "HS256", "jku": "https://evil.example"}, claims, "mine"),
        forged({"alg": "HS256", "kid": "/dev/null"}, claims, ""),
        forged({"alg": "HS512"}, claims, digest=hashlib.sha512),
        forged({"alg": "HS384"}, claims, digest=hashlib.sha384),
        forged(header, claims, digest=hashlib.sha1),
        *(forged(header, claims, each) for each in ("", " ", "Secret", "secret ", "null", "shared", "k1", "changeit",
        "none")),
        *(forged({"alg": "HS256", "kid": "k1"}, claims, each) for each in (SECRET, "k1", "")),
        forged({"alg": "HS256", "kid": "shared"}, claims, OWN.secret),
        *(f"{b64(json.dumps({'alg': alg}))}.{b64(json.dumps(claims))}.{tail}"
          for alg in ("none", "None", "HS256") for tail in ("", "AA", b64("none"))),
    ]  # fmt: skip


CRAFTED = [
    *(forged({"alg": "HS256"}, claims) for claims in BAD_CLAIMS),
    *(forged({"alg": algorithm, "typ": "JWT"}, {"initiator": "registry"}) for algorithm in BAD_ALGORITHMS),
    *(forged({"alg": "HS256", "kid": kid}, {"initiator": "registry"}) for kid in BAD_KIDS),
    *(forged({"kid": kid, "alg": "none"}, {"initiator": "registry"}) for kid in BAD_KIDS),
    *(forged(header, {"initiator": "registry"}) for header in BAD_HEADERS),
    *garbled(),
    *confused(),
]


def test_there_are_two_hundred_crafted_tokens():
    """T31"""
    assert len(set(CRAFTED)) >= 200


@pytest.mark.parametrize("index", range(len(CRAFTED)))
def test_a_crafted_token_is_refused(index: int):
    """T31"""
    assert refused(CRAFTED[index]), CRAFTED[index][:200]


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize("initiator", sorted(VECTORS))
def test_no_single_character_can_be_changed(initiator: str):
    """T31: every place of the token, header, claims and signature alike."""
    token = VECTORS[initiator]
    for place, old in enumerate(token):
        new = ALPHABET[(ALPHABET.find(old) + 1) % 64]
        assert refused(token[:place] + new + token[place + 1 :])


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()), st.sampled_from(KEYS))
def test_what_we_sign_we_read(claims: dict[str, Any], key: KeySecret):
    claims = {name: value for name, value in claims.items() if name not in {"exp", "nbf", "aud"}}
    if len(json.dumps(claims)) < LONGEST // 2:
        assert verify(sign(claims, key.secret, kid=key.kid), KEYS) == VerifiedToken(key.kid, claims)


@given(st.text(max_size=100) | st.text(ALPHABET + ".", max_size=100))
def test_no_text_does_anything_but_be_refused(token: str):
    """T31"""
    assert refused(token)


def test_a_key_shows_no_secret():
    """T82"""
    assert SECRET not in repr(SHARED)
    assert OWN.secret not in f"{OWN} {KEYS}"


def test_no_keys_believe_nobody():
    with pytest.raises(BadToken):
        verify(VECTORS["registry"], ())
