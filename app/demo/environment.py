"""What the processes of `billing up` are told: settings that lead to this machine's servers and simulators."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOST = "127.0.0.1"
SIMULATORS = ["everypay", "tara", "registry", "auction", "eeid", "registrar"]
CALLERS = ["registry", "auction", "eeid", "business_registry"]
OWN_SECRETS = ["SECRET_KEY", "BILLING_SECRET"]
SIMULATED_SECRETS = ["EVERYPAY_KEY", "TARA_SECRET"]
# What the simulators call their one customer; a test compares it with theirs.
SHOP = {"API_USERNAME": "simulated", "ACCOUNT_NAME": "EUR3D1", "LINKPAY_TOKEN": "simulated-link"}
CLIENT = {"TARA_IDENTIFIER": "simulated"}
RUNNING = "running.json"
SIMULATORS_VARIABLE = "BILLING_SIMULATORS"


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything of this run is; `simulators` is empty when every provider comes from the environment."""

    web: str
    simulators: Mapping[str, int]
    secrets: Mapping[str, str]

    def simulator(self, name: str) -> str:
        """Return a simulator's address."""
        return address(self.simulators[name])

    def tokens(self) -> dict[str, str]:
        """Return a token for each calling service (eis.md 4)."""
        return {name: token(name, self.secrets["BILLING_SECRET"]) for name in CALLERS}


def address(port: int) -> str:
    """Return the URL of a server of ours."""
    return f"http://{HOST}:{port}"


def token(initiator: str, secret: str) -> str:
    """Return the JWT an initiator signs with the shared secret: HS256 and one claim (eis.md 4)."""
    parts = [
        _base64(json.dumps(part, separators=(",", ":")).encode())
        for part in ({"alg": "HS256"}, {"initiator": initiator})
    ]
    signed = ".".join(parts)
    return f"{signed}.{_base64(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def said(name: str) -> str:
    """Return what the environment says of a setting, under its name or as EIS spelt it; nothing is an empty text."""
    return os.environ.get(name) or os.environ.get(name.lower()) or ""


def settings(this: Installation, database_url: str, redis_url: str) -> dict[str, str]:
    """Return the environment of every process: the development mode, here and only here.

    Simulators take the place of whatever the environment says about providers; without them it is left as it is.
    """
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = {name: value for name, value in _own_addresses(this).items() if not said(name)}
    env = own | {name: value for name, value in env.items() if value}
    env |= {name: this.secrets[name] for name in OWN_SECRETS}
    env |= {"BILLING_DEVELOPMENT": "1", "DATABASE_URL": database_url, "REDIS_URL": redis_url, "PYTHONUNBUFFERED": "1"}
    return env | _simulated(this) if this.simulators else env


def differing(env: Mapping[str, str]) -> dict[str, str]:
    """Return what this environment says otherwise than the one we were started in, and where the servers are."""
    always = {"DATABASE_URL", "REDIS_URL"}
    return {name: value for name, value in env.items() if name in always or os.environ.get(name) != value}


def running_beside(data: Path) -> dict[str, str]:
    """Return the settings of the system that runs on this data folder; none when it does not run or is not ours."""
    try:
        found: dict[str, str] = json.loads((data / RUNNING).read_text())
    except (OSError, ValueError):
        return {}
    return found


def _own_addresses(this: Installation) -> dict[str, str]:
    return {"BASE_URL": this.web, "TARA_REDIRECT_URI": f"{this.web}/auth/tara/callback"}


def _simulated(this: Installation) -> dict[str, str]:
    everypay, tara = this.simulator("everypay"), this.simulator("tara")
    services = {name: this.simulator(name) for name in SIMULATORS if name not in {"everypay", "tara"}}
    return {
        **_own_addresses(this),
        "EVERYPAY_BASE": f"{everypay}/api/v4",
        "LINKPAY_PREFIX": f"{everypay}/lp",
        "TARA_ISSUER": tara,
        "TARA_HOST": tara,
        "TARA_DISCOVERY": "true",
        **SHOP,
        **CLIENT,
        **{name: this.secrets[name] for name in SIMULATED_SECRETS},
        **{f"BASE_{name.upper()}": url for name, url in services.items()},
        **{
            f"{name.upper()}_UPDATE_PAYMENT_URL": f"{services[name]}/eis_billing/payment_status"
            for name in ("registry", "auction", "eeid")
        },
    }


def simulators_told(this: Installation, data: Path) -> dict[str, str]:
    """Return what the simulators' process is told besides: in its environment, where other accounts cannot read it."""
    return {
        SIMULATORS_VARIABLE: json.dumps(
            {
                "ports": dict(this.simulators),
                "web": this.web,
                "data": str(data),
                "secrets": {name.lower(): this.secrets[name] for name in [*SIMULATED_SECRETS, "BILLING_SECRET"]},
                "tokens": this.tokens(),
            }
        )
    }
