"""The simulated login service's state: who can sign in, its key, its codes, its faults."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any

from joserfc.jwk import RSAKey

from app.integrations.fault_dial import FaultDial
from app.integrations.simulator_store import Store


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody who can sign in."""

    subject: str
    given_name: str
    family_name: str
    born: str
    acr: str = "high"
    amr: str = "idcard"

    @property
    def label(self) -> str:
        """Return what the button says."""
        return f"{self.subject} {self.given_name} {self.family_name}"


PERSONAS = (
    Persona("EE60001019906", "Mary Änn", "O'Connež-Šuslik", "2000-01-01"),
    Persona("LT60001019906", "Marija", "Kazlauskaitė", "2000-01-01", amr="eIDAS"),
    Persona("EE38001085718", "Jaak-Kristjan", "Jõeorg", "1980-01-08", amr="smartid"),
    Persona("EE47101010033", "Mari-Liis", "Männik", "1971-01-01", acr="low", amr="mID"),
)


@dataclass(frozen=True, slots=True)
class TaraConfig:
    """The provider's address and its one client."""

    issuer: str
    client_id: str = "simulated"
    client_secret: str = "simulated-secret"  # noqa: S105 - a simulator's own
    redirect_uri: str = ""


class Provider:
    """Codes, keys, faults and what was asked; nothing outlives the process, as with the real one."""

    def __init__(self, config: TaraConfig) -> None:
        self.config = config
        self.store = Store(None)
        self.codes: dict[str, dict[str, Any]] = {}
        self.dial = FaultDial()
        self.token_fault = ""
        self.key = first_key()

    def rotate(self) -> None:
        """Sign with a new key from here on; the old one is not shown any more."""
        self.key = new_key()


def new_key() -> RSAKey:
    """Return a key to sign with, with a name of its own."""
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})


@cache
def first_key() -> RSAKey:
    """Return the key every provider of this process begins with: to make one takes longer than most tests."""
    return new_key()
