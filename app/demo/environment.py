"""What the processes of `billing up` are told: settings that lead to this machine's servers and simulators."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.errors import BillingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HOST = "127.0.0.1"
SERVICES = ["registry", "auction", "eeid", "registrar"]
SIMULATORS = ["everypay", "tara", *SERVICES, "mail", "smtp"]
RAW = "smtp"  # the one that speaks no HTTP
CALLERS = ["registry", "auction", "eeid", "business_registry"]
OWN_SECRETS = ["SECRET_KEY", "BILLING_SECRET"]
SIMULATED_SECRETS = ["EVERYPAY_KEY", "TARA_SECRET"]
# What the simulators call their one customer; a test compares it with theirs.
SHOP = {"API_USERNAME": "simulated", "ACCOUNT_NAME": "EUR3D1", "LINKPAY_TOKEN": "simulated-link"}
CLIENT = {"TARA_IDENTIFIER": "simulated"}
RUNNING = "running.json"
SIMULATORS_VARIABLE = "BILLING_SIMULATORS"
GROUPS = Path(__file__).resolve().parents[1] / "config" / "groups.py"


class Unreadable(BillingError):
    """A file named for a secret cannot be read."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything of this run is; `simulators` is empty when every provider comes from the environment."""

    web: str
    simulators: Mapping[str, int]
    secrets: Mapping[str, str]

    def simulator(self, name: str) -> str:
        """Return a simulator's address."""
        return address(self.simulators[name], "smtp" if name == RAW else "http")

    def tokens(self) -> dict[str, str]:
        """Return a token for each calling service (eis.md 4)."""
        return {name: token(name, self.secrets["BILLING_SECRET"]) for name in CALLERS}


def address(port: int, scheme: str = "http") -> str:
    """Return the URL of a server of ours."""
    return f"{scheme}://{HOST}:{port}"


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
    """Return what the environment says of a setting: under its name, as EIS spelt it, or in the file it names.

    Nothing is an empty text. Raises Unreadable.
    """
    return _plain(name) or _in_file(f"{name}_FILE")


def given_secrets() -> dict[str, str]:
    """Return those secrets of our own that the environment says. Raises Unreadable."""
    return {name: value for name in OWN_SECRETS if (value := said(name))}


def _plain(name: str) -> str:
    return os.environ.get(name) or os.environ.get(name.lower()) or ""


def _in_file(name: str) -> str:
    path = _plain(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else ""
    except (OSError, UnicodeDecodeError) as fault:
        raise Unreadable(f"{name}: no text file can be read there") from fault


def says_settings() -> bool:
    """Return whether the environment says anything of any setting, read from their file: loading it takes longer."""
    names = set(re.findall(r'setting\("([A-Z_]+)"', GROUPS.read_text()))
    return any(name.upper().removesuffix("_FILE") in names for name, value in os.environ.items() if value)


def settings(this: Installation, database_url: str, redis_url: str) -> dict[str, str]:
    """Return the environment of every process: the development mode, here and only here.

    Simulators take the place of whatever the environment says about providers; without them it is left as it is.
    """
    env = {name: value for name, value in os.environ.items() if value and name != "PYTHONDONTWRITEBYTECODE"}
    env = {name: value for name, value in _own_addresses(this).items() if not said(name)} | env
    env |= {"BILLING_DEVELOPMENT": "1", "PYTHONUNBUFFERED": "1"}
    ours = {name: this.secrets[name] for name in OWN_SECRETS} | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    # What stands there beside its file was given twice, and whoever reads the settings says so.
    env = _without_files(env, [name for name in ours if not _plain(name)]) | ours
    simulated = _simulated(this) if this.simulators else {}
    return _without_files(env, simulated) | simulated


def _without_files(env: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    files = {f"{name}_FILE" for name in names}
    return {name: value for name, value in env.items() if name.upper() not in files}


def differing(env: Mapping[str, str]) -> dict[str, str]:
    """Return what this environment says otherwise than the one we were started in, and where the servers are."""
    always = {"DATABASE_URL", "REDIS_URL"}
    return {name: value for name, value in env.items() if name in always or os.environ.get(name) != value}


def go_beside(data: Path) -> None:
    """Take over the settings of the system that runs on this folder, unless the environment names another database."""
    beside = running_beside(data)
    if said("DATABASE_URL") in {"", beside.get("DATABASE_URL")}:
        left = _without_files(os.environ, beside)
        for name in set(os.environ) - set(left):
            del os.environ[name]
        os.environ.update(beside)


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
    services = {name: this.simulator(name) for name in SERVICES}
    return {
        **_own_addresses(this),
        "EVERYPAY_BASE": f"{everypay}/api/v4",
        "LINKPAY_PREFIX": f"{everypay}/lp",
        "TARA_ISSUER": tara,
        "TARA_HOST": tara,
        "TARA_DISCOVERY": "true",
        "SMTP_ADDRESS": HOST,
        "SMTP_PORT": str(this.simulators["smtp"]),
        "SMTP_USER_NAME": "",
        "ACTION_MAILER_DEFAULT_FROM": "billing@billing.test",
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
