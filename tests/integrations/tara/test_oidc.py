"""What an ID token must say (protocols.md 7; security T53 to T56)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Forbidden
from app.domain.ports import Identity
from app.integrations.tara import oidc

NOW = 1_800_000_000
ISSUER, CLIENT, NONCE = "https://tara.ria.ee", "billing", "n-0S6_WzA2Mj"
CLAIMS: dict[str, Any] = {
    "jti": "x", "iss": ISSUER, "aud": CLIENT, "iat": NOW, "nbf": NOW, "exp": NOW + 40, "sub": "EE60001019906",
    "profile_attributes": {"given_name": "Mary Änn", "family_name": "O'Connež-Šuslik", "date_of_birth": "2000-01-01"},
    "amr": ["idcard"], "acr": "high", "state": "s", "nonce": NONCE, "at_hash": "x+/=",
}  # fmt: skip


def checked(claims: dict[str, Any], **changes: Any) -> Identity:
    said: dict[str, Any] = {
        "issuer": ISSUER, "audience": CLIENT, "nonce": NONCE, "acr_minimum": "substantial",
        "amr_allowed": (), "now": NOW,
    }  # fmt: skip
    return oidc.check_claims(claims, **said | changes)


def without(*names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in CLAIMS.items() if name not in names} | changes


def test_a_token_of_tara_names_the_person():
    assert checked(CLAIMS) == Identity("EE60001019906", "Mary Änn", "O'Connež-Šuslik", "high", ("idcard",))


def test_a_token_of_govsso_has_the_names_flat():
    claims = without("profile_attributes", given_name="Mari", family_name="Maasikas")
    assert checked(claims).given_name == "Mari"


def test_the_audience_may_be_a_list():
    assert checked(without(aud=["other", CLIENT], azp=CLIENT)).subject == "EE60001019906"


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        (without("iss"), oidc.WrongIssuer),
        (without(iss="https://tara-test.ria.ee"), oidc.WrongIssuer),
        (without(iss=ISSUER + "/"), oidc.WrongIssuer),
        (without(iss=[ISSUER]), oidc.WrongIssuer),
        (without("aud"), oidc.WrongAudience),
        (without(aud="another"), oidc.WrongAudience),
        (without(aud=["another"]), oidc.WrongAudience),
        (without(aud={CLIENT: 1}), oidc.WrongAudience),
        (without(aud=[CLIENT, "another"], azp="another"), oidc.WrongAudience),
        (without("nonce"), oidc.WrongNonce),
        (without(nonce=""), oidc.WrongNonce),
        (without(nonce="another"), oidc.WrongNonce),
        (without("exp"), oidc.TokenExpired),
        (without("iat"), oidc.TokenExpired),
        (without(exp=NOW - 61), oidc.TokenExpired),
        (without(iat=NOW + 61), oidc.TokenExpired),
        (without(exp=True), oidc.TokenExpired),
        (without(exp=str(NOW + 40)), oidc.TokenExpired),
        (without("acr"), oidc.WeakLogin),
        (without(acr="low"), oidc.WeakLogin),
        (without(acr="HIGH"), oidc.WeakLogin),
        (without(acr="https://eidas.europa.eu/LoA/high"), oidc.WeakLogin),
        (without(acr=["high"]), oidc.WeakLogin),
        (without("sub"), oidc.WrongSubject),
        (without(sub="60001019906"), oidc.WrongSubject),
        (without(sub="ee60001019906"), oidc.WrongSubject),
        (without(sub="EE6000101990"), oidc.WrongSubject),
        (without(sub="EE600010199066"), oidc.WrongSubject),
        (without(sub="EE６0001019906"), oidc.WrongSubject),
        (without(sub="EE60001019906\n"), oidc.WrongSubject),
        (without(sub=" EE60001019906"), oidc.WrongSubject),
        (without(sub="LT" + "1" * 255), oidc.WrongSubject),
        (without(sub=["EE60001019906"]), oidc.WrongSubject),
    ],
)
def test_each_fault_has_its_name(claims: dict[str, Any], error: type[Exception]):
    """T53, T54, T56"""
    with pytest.raises(error) as caught:
        checked(claims)
    assert type(caught.value) is error
    assert isinstance(caught.value, oidc.LoginRefused)
    assert isinstance(caught.value, Forbidden)
    assert str(caught.value)


def test_nothing_set_lets_nobody_in():
    """T53: an empty expectation is never met by an empty claim."""
    for expectation, claims in (("nonce", without(nonce="")), ("issuer", without(iss=""))):
        with pytest.raises(oidc.WrongToken):
            checked(claims, **{expectation: ""})


@pytest.mark.parametrize("minimum", ["low", "substantial", "high"])
@pytest.mark.parametrize("given_", ["low", "substantial", "high"])
def test_the_level_must_reach_the_minimum(given_: str, minimum: str):
    """T56"""
    order = ["low", "substantial", "high"]
    if order.index(given_) >= order.index(minimum):
        assert checked(without(acr=given_), acr_minimum=minimum).acr == given_
    else:
        with pytest.raises(oidc.WeakLogin):
            checked(without(acr=given_), acr_minimum=minimum)


@pytest.mark.parametrize("amr", [None, [], "", "mID", ["mID"], ["idcard", "mID"], {"idcard": 1}])
def test_only_allowed_means_get_in(amr: Any):
    """T56"""
    with pytest.raises(oidc.MeansNotAllowed):
        checked(without(amr=amr), amr_allowed=("idcard", "smartid"))


def test_the_same_digits_of_another_country_are_another_person():
    """T55"""
    assert checked(without(sub="LT60001019906")).subject == "LT60001019906"
    assert checked(without(sub="LT60001019906")).subject != checked(CLAIMS).subject


@pytest.mark.parametrize(
    "subject", ["EE60001019906", "LT50001018865", "CZ/EE/ab12-34", "SE" + "a" * 254, "DE" + "Qm+/=" * 3]
)
def test_subjects_of_all_countries_are_read(subject: str):
    assert checked(without(sub=subject)).subject == subject


@pytest.mark.parametrize("name", [None, 7, ["Mari"], "", "\x1b[31m", "Ma\u202eri\0", "x" * 500])
def test_a_name_is_shown_only_as_printable_text(name: Any):
    found = checked(without(profile_attributes={"given_name": name, "family_name": name})).given_name
    assert found.isprintable()
    assert len(found) <= 200


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
json_values = plain | st.lists(plain, max_size=3) | st.dictionaries(st.text(max_size=5), plain, max_size=3)
names = sorted(set(CLAIMS) - {"jti", "state", "at_hash", "nbf"} | {"azp"})


@given(st.dictionaries(st.sampled_from(names), json_values, max_size=4))
def test_no_claims_do_anything_but_name_a_person_or_be_refused(changes: dict[str, Any]):
    try:
        identity = checked(CLAIMS | changes)
    except oidc.LoginRefused:
        return
    assert identity.acr in {"substantial", "high"}
