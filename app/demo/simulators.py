"""Every simulator in one process, each on a port of its own."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

from app.integrations.everypay.simulator import create_simulator as create_everypay
from app.integrations.everypay.simulator_shop import EveryPayConfig
from app.integrations.initiators.simulator import KINDS
from app.integrations.initiators.simulator import create_simulator as create_initiator
from app.integrations.initiators.simulator_service import InitiatorConfig
from app.integrations.mail.simulator import create_simulator as create_mailbox
from app.integrations.mail.simulator import smtp_server
from app.integrations.tara.simulator import TaraConfig
from app.integrations.tara.simulator import create_simulator as create_tara

if TYPE_CHECKING:
    from flask import Flask

HOST = "127.0.0.1"
STOP_WITHIN_S = 0.05
NAMES = ("everypay", "tara", *KINDS, "mail")


class Quiet(WSGIRequestHandler):
    """Says nothing per request: the simulators keep their own records. Leaves its socket to the fault dial."""

    def log_request(self, *_: Any) -> None:
        """Stay silent."""


def address(port: int) -> str:
    """Return the URL of a simulator on this port."""
    return f"http://{HOST}:{port}"


def serve(said: dict[str, Any]) -> None:
    """Serve every simulator until SIGTERM or SIGINT.

    `said` holds `ports` (name -> port), `web` (billing's URL), `data` (a folder), `secrets` (everypay_key,
    tara_secret, billing_secret) and `tokens` (service -> token).
    """
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    made = applications(said)
    post = smtp_server(made["mail"].extensions["mailbox"], said["ports"]["smtp"])
    post.start()
    servers = [
        make_server(HOST, said["ports"][name], app, threaded=True, request_handler=Quiet) for name, app in made.items()
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": STOP_WITHIN_S}, daemon=True).start()
    done.wait()
    post.stop(no_assert=True)
    for server in servers:
        server.shutdown()


def applications(said: dict[str, Any]) -> dict[str, Flask]:
    """Return every simulator as an application, by name."""
    ports, web = said["ports"], said["web"]
    folder = Path(said["data"])
    folder.mkdir(parents=True, exist_ok=True)
    everypay = EveryPayConfig(
        base_url=address(ports["everypay"]),
        callback_url=f"{web}/api/v1/callback_handler/callback",
        key=said["secrets"]["everypay_key"],
        path=folder / "everypay.sqlite",
    )
    tara = TaraConfig(
        issuer=address(ports["tara"]),
        client_secret=said["secrets"]["tara_secret"],
        redirect_uri=f"{web}/auth/tara/callback",
    )
    services = {
        kind: create_initiator(
            InitiatorConfig(
                kind=kind,
                base_url=address(ports[kind]),
                billing_url=web,
                secret=said["secrets"]["billing_secret"],
                token=said["tokens"]["registry" if kind == "registrar" else kind],
                path=folder / f"{kind}.sqlite",
            )
        )
        for kind in KINDS
    }
    mail = create_mailbox(folder / "mail.sqlite")
    return {"everypay": create_everypay(everypay), "tara": create_tara(tara), **services, "mail": mail}
