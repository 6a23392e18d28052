"""`billing up`: the whole system on one machine, in the foreground, until Ctrl-C."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.demo import environment, members, startup_message
from app.demo.account import server_account
from app.demo.binaries import postgres_bin, valkey_program
from app.demo.datafolder import DataFolder, becomes_free, free_port, is_free, opened, why_not
from app.demo.postgres import Postgres
from app.demo.processes import ProcessGroup, StopAsked
from app.demo.valkey import Valkey

if TYPE_CHECKING:
    from pathlib import Path

    from app.demo.environment import Installation

DATABASE = OWNER = "billing"
VERSIONS = members.CHECKOUT / "migrations" / "versions"
HEAD = "select version_num from alembic_version"
NAME_WIDTH = 10


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asked for."""

    port: int
    data: Path
    fresh: bool = False
    simulators: bool = True
    demo_data: bool = True


def run(wishes: Wishes) -> int:
    """Start everything, keep it running until SIGINT or SIGTERM, stop it in order; returns the exit code.

    Raises a BillingError that says what to do when it cannot start.
    """
    began = time.monotonic()
    _refuse_faults(simulators=wishes.simulators)
    with opened(wishes.data, server_account()) as data:
        if data.servers != data.path:
            say("billing", f"nobody, who runs the servers, cannot reach {data.path}: their data is in {data.servers}")
        if wishes.fresh:
            data.clear()
        this = plan(wishes, data)
        data.forget("endpoints.json")
        try:
            with ProcessGroup(data.path / "logs", say) as group:
                with suppress(StopAsked):
                    _start(wishes, data, this, group, began)
                    group.run()
                say("billing", "stopping")
        finally:
            data.forget("endpoints.json")
            data.forget(environment.RUNNING)
            data.forget_sockets()
        say("billing", "stopped")
    return 0


def _refuse_faults(*, simulators: bool) -> None:
    """Look at the settings before anything is started or deleted, where the environment says any.

    Raises SettingsFault with all faults at once.
    """
    if not environment.says_settings():
        return
    from app.config import load_settings  # noqa: PLC0415 - the first page does not wait for it where nothing is said

    made_later = dict.fromkeys([*environment.OWN_SECRETS, *environment.SIMULATED_SECRETS], "made later")
    imagined = environment.Installation(
        web=environment.address(1),
        simulators=dict.fromkeys(environment.SIMULATORS, 1) if simulators else {},
        secrets=made_later | environment.given_secrets(),
    )
    database, redis = environment.said("DATABASE_URL"), environment.said("REDIS_URL")
    load_settings(environment.settings(imagined, database or "postgresql://later@/later", redis or "unix:///later"))


def plan(wishes: Wishes, data: DataFolder) -> Installation:
    """Decide addresses and secrets for this run; what was decided before stays."""
    ports = data.ports(environment.SIMULATORS) if wishes.simulators else {}
    kept = data.secrets([*environment.OWN_SECRETS, *environment.SIMULATED_SECRETS])
    return environment.Installation(
        web=environment.address(_web_port(wishes.port, data, set(ports.values()))),
        simulators=ports,
        secrets=kept | environment.given_secrets(),
    )


def _web_port(wanted: int, data: DataFolder, taken: set[int]) -> int:
    if wanted and (becomes_free(wanted) if data.was_killed() else is_free(wanted)):
        return wanted
    port = free_port(taken)
    if wanted:
        say("billing", f"port {wanted} {why_not(wanted) or 'was taken'}; using {port}")
    return port


def _start(wishes: Wishes, data: DataFolder, this: Installation, group: ProcessGroup, began: float) -> None:
    """Start everything in order: what the first page needs before the rest."""
    postgres, valkey = _servers(data)
    env = environment.settings(
        this,
        postgres.url(DATABASE, OWNER) if postgres else environment.said("DATABASE_URL"),
        valkey.url() if valkey else environment.said("REDIS_URL"),
    )
    data.write(environment.RUNNING, environment.differing(env))
    # Both load for longer than the servers take to start, and ask nothing of them before that.
    group.start(members.web(this, env))
    told = environment.simulators_told(this, data.path / "simulators") if this.simulators else {}
    preparation = Preparation(wishes, data, env | told, group)
    if preparation.is_new(postgres):
        preparation.begin()
    group.start(*[members.store(valkey)] if valkey else [], *[members.database(postgres)] if postgres else [])
    group.wait_ready(each for each in ("valkey", "postgres") if each in group.running)
    if postgres:
        postgres.ensure(DATABASE, OWNER)
    preparation.finish(postgres)
    group.wait_ready(["web"])
    say("billing", f"first page after {time.monotonic() - began:.1f} s")
    tell(startup_message.address(this))
    rest = [*members.simulators(this, env, data.path / "simulators"), *members.workers(env)]
    group.start(*rest)
    group.wait_ready([each.name for each in rest])
    data.write("endpoints.json", startup_message.endpoints(this))
    tell(startup_message.words(this))
    say("billing", f"everything is up after {time.monotonic() - began:.1f} s; Ctrl-C stops it")


def _servers(data: DataFolder) -> tuple[Postgres | None, Valkey | None]:
    """Return the servers that are ours to run: those no URL in the environment stands for."""
    sockets, account = data.sockets(), data.account
    postgres = valkey = None
    if not environment.said("DATABASE_URL"):
        postgres = Postgres(postgres_bin(account), data.servers / "postgres", sockets, account)
    if not environment.said("REDIS_URL"):
        valkey = Valkey(valkey_program(account), data.servers / "valkey", sockets, account)
    return postgres, valkey


class Preparation:
    """Migrations and demo data, left out when a look at the last run and into the database says both are there."""

    def __init__(self, wishes: Wishes, data: DataFolder, env: dict[str, str], group: ProcessGroup) -> None:
        self.data, self.env, self.group = data, env, group
        self.wanted = {"head": head(), "persona": wishes.simulators, "invoices": wishes.demo_data}
        self.begun = False

    def is_new(self, postgres: Postgres | None) -> bool:
        """Return whether there is no doubt that work is to be done."""
        return postgres is None or self.data.read("prepared.json") != self.wanted

    def begin(self) -> None:
        """Start the work; it waits for the database by itself."""
        flags = [f"--{'' if self.wanted[name] else 'no-'}{name}" for name in ("persona", "invoices")]
        self.group.begin("prepare", members.billing("prepare", *flags, env=self.env))
        self.begun = True

    def finish(self, postgres: Postgres | None) -> None:
        """Return when everything is there. Raises NotStarted when it could not be done."""
        if not self.begun and postgres and postgres.ask(DATABASE, HEAD, OWNER) != self.wanted["head"]:
            self.begin()
        if self.begun:
            self.group.finish("prepare")
            self.data.write("prepared.json", self.wanted)


def head() -> str:
    """Return the newest revision, read from the migrations' files: loading the tool for it takes half a second."""
    texts = [path.read_text() for path in VERSIONS.glob("*.py")]
    revisions = {found for text in texts for found in re.findall(r'^revision = "(\w+)"', text, re.MULTILINE)}
    followed = {found for text in texts for found in re.findall(r'^down_revision = "(\w+)"', text, re.MULTILINE)}
    return str(*(revisions - followed))


def say(name: str, line: str) -> None:
    """Print one line with the name of the process it is about."""
    tell(f"{name:<{NAME_WIDTH}} | {line}")


def tell(words: str) -> None:
    """Print to the console; one that was closed, or stands on a full disk, is no reason to stop."""
    try:
        print(words, flush=True)
    except OSError:  # EPIPE, EIO of a terminal that is gone, ENOSPC
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - for the rest of the process
