"""`billing`: every command in a few lines; what it does is written elsewhere and loaded when it is called."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands import Commands, port_to_serve
from app.demo.environment import go_beside
from app.parent_death import die_with

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Settings

DATA = Path(__file__).resolve().parent.parent / ".data"
DEFAULT_PORT = 8080
A_PORT = click.IntRange(0, 65_535)
AT_LEAST_ONE = click.IntRange(min=1)
BACKPRESSURE = 256  # requests a web process takes on before it lets others wait outside
DRAIN_S = 25  # what a request that has begun may still take after the stop (reliability.md 3.14)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Run and look after EIS Billing.

    A command typed beside a running `billing up` is about that system; the variable BILLING_DATA names its folder when
    it is not .data in the checkout.
    """


@main.command()
@click.option(
    "--port",
    type=A_PORT,
    default=DEFAULT_PORT,
    show_default=True,
    help="Port of the portal and the API; 0 takes a free one.",
)
@click.option("--data", type=click.Path(path_type=Path, readable=False), default=DATA, help="Where everything is kept.")
@click.option("--fresh", is_flag=True, help="Start over: what is in the data folder is deleted.")
@click.option("--no-simulators", is_flag=True, help="Take every provider from the environment.")
@click.option("--no-demo-data", is_flag=True, help="Start empty.")
def up(port: int, data: Path, *, fresh: bool, no_simulators: bool, no_demo_data: bool) -> None:
    """Start everything on this machine: servers, web, workers, simulators, demo data."""
    from app.demo.up import Wishes, run  # noqa: PLC0415 - each command loads what it needs, nothing more

    sys.exit(run(Wishes(port, data, fresh=fresh, simulators=not no_simulators, demo_data=not no_demo_data)))


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=A_PORT, help="Default: the setting PORT.")
@click.option("--workers", type=AT_LEAST_ONE, default=1, show_default=True, help="Processes; one per core is good.")
@click.option(
    "--threads", type=AT_LEAST_ONE, default=8, show_default=True, help="Requests a process answers at the same time."
)
def web(host: str, port: int | None, workers: int, threads: int) -> None:
    """Serve the portal and the API."""
    from granian import Granian  # noqa: PLC0415
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    from app.config import misspelt  # noqa: PLC0415

    # Refused here, once and in words; a worker would be started again and again.
    settings = _settings()
    for sentence in misspelt():
        click.echo(f"warning: {sentence}", err=True)
    port = port_to_serve(host, settings.port if port is None else port)
    server = Granian(
        "",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backpressure=BACKPRESSURE,
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_S,
        log_level=LogLevels.error,
    )
    server.on_startup(lambda: print(f"listening on {host}:{port}", flush=True))
    server.serve(target_loader=_web_application, wrap_loader=False)


@main.command()
@click.argument("queue", type=click.Choice(["money", "notify", "background"]))
def worker(queue: str) -> None:
    """Do the work of one QUEUE."""
    from app.jobs.readiness import with_tables  # noqa: PLC0415
    from app.queue import run_worker  # noqa: PLC0415

    run_worker(with_tables(_application("worker")), queue)


@main.command()
def relay() -> None:
    """Find work that is due and ring for the workers."""
    from app.jobs.relay import run  # noqa: PLC0415

    run(_application("worker"))


@main.command(hidden=True)
def simulators() -> None:
    """Serve every simulator; `billing up` says in the environment which and where."""
    from app.demo.environment import SIMULATORS_VARIABLE  # noqa: PLC0415
    from app.demo.simulators import serve  # noqa: PLC0415

    serve(json.loads(os.environ[SIMULATORS_VARIABLE]))


@main.command()
@click.option("--revision", default="head", show_default=True)
@click.option("--down", is_flag=True, help="Go back to the revision instead of forward.")
def migrate(revision: str, *, down: bool) -> None:
    """Bring the database's tables to what this version needs."""
    from app.demo import migration  # noqa: PLC0415

    if down and revision == "head":
        raise click.UsageError("--down needs the --revision to go back to, such as 0037")
    with _application().app_context():
        (migration.downgrade if down else migration.upgrade)(revision)


@main.command(hidden=True)
@click.option("--persona/--no-persona", help="Let the simulated person sign in.")
@click.option("--invoices/--no-invoices", help="Load the demo data.")
def prepare(*, persona: bool, invoices: bool) -> None:
    """Migrate and load what `billing up` starts with, in one process; waits for the database."""
    from app.demo.demo_data import load  # noqa: PLC0415
    from app.demo.migration import upgrade, wait_for_database  # noqa: PLC0415

    with _application().app_context():
        wait_for_database()
        upgrade()
        load(persona=persona, invoices=invoices)


@main.command()
@click.option("--invoices", default=1000, show_default=True, type=click.IntRange(min=1), help="How many to add.")
@click.option("--seed", default=1, show_default=True, help="The same number makes the same invoices.")
@click.option("--yes", is_flag=True, help="Do not ask before writing into a system that was not started by `up`.")
def seed(invoices: int, seed: int, *, yes: bool) -> None:
    """Add plausible invoices of two years with all that belongs to them, for trying out and measuring."""
    from app.demo.seed import fill  # noqa: PLC0415

    app = _application()
    if not (yes or app.extensions["settings"].development):
        click.confirm("Invented invoices can never be deleted again. Add them to this system?", abort=True)
    with app.app_context():
        print(fill(invoices, seed=seed, say=lambda line: print(line, flush=True)))


@main.command("issue-key")
@click.argument("initiator")
@click.option("--name", default="", help="What the key is for.")
@click.option("--days", type=int, help="After how many days it ends.")
@click.option("--scope", "scopes", multiple=True, help="What it may do, such as billing.view; repeat it. Default: all.")
def issue_key(initiator: str, name: str, days: int | None, scopes: tuple[str, ...]) -> None:
    """Make a key for INITIATOR; it is shown once. Two can be live at a time, so that one can replace the other."""
    from app.services.initiator_keys import issue_key as issue  # noqa: PLC0415

    with _application().app_context():
        key = issue(initiator, name=name, days=days, scopes=scopes or None)
    print(f"key id: {key.kid}\nsecret: {key.secret}\ntoken:  {key.token}")


@main.command("revoke-key")
@click.argument("initiator")
@click.argument("kid", metavar="[KEY_ID]", required=False)
def revoke_key(initiator: str, kid: str | None) -> None:
    """End a key of INITIATOR at once; without its id, show the keys that are live."""
    from app.services import initiator_keys  # noqa: PLC0415

    with _application().app_context():
        keys = initiator_keys.live_keys(initiator)
        if kid is not None:
            initiator_keys.revoke_key(next((key.kid for key in keys if key.kid == kid), f"{kid} of {initiator}"))
            return
        for key in keys:
            used = key.last_used_at.isoformat(timespec="minutes") if key.last_used_at else "never used"
            print(f"{key.kid}\t{key.name}\t{used}\t{' '.join(key.scopes) or 'everything'}")


@main.command("import-legacy")
@click.option(
    "--source", envvar="LEGACY_DATABASE_URL", required=True, help="URL of the old database; LEGACY_DATABASE_URL."
)
@click.option("--dry-run", is_flag=True, help="Do everything, report, and undo it.")
def import_legacy(source: str, *, dry_run: bool) -> None:
    """Take in the tables of the system before, with a report of what was mapped, what was not, and why."""
    from app.services.legacy import import_legacy as move  # noqa: PLC0415

    with _application().app_context():
        print(move(source, rehearse=dry_run))


@main.group("white-code")
def white_code() -> None:
    """Say who may sign in to the portal."""


@white_code.command("add")
@click.argument("subject")
@click.option("--name", default="")
def add_white_code(subject: str, name: str) -> None:
    """Let SUBJECT, such as EE60001019906, sign in."""
    from app.services import white_list  # noqa: PLC0415

    with _application().app_context():
        white_list.add(subject, name=name)


@white_code.command("list")
def list_white_codes() -> None:
    """Show who may sign in."""
    from app.services import white_list  # noqa: PLC0415

    with _application().app_context():
        for code in white_list.listed():
            print(f"{code.subject}\t{code.role}\t{code.name}")


@white_code.command("revoke")
@click.argument("subject")
def revoke_white_code(subject: str) -> None:
    """Take SUBJECT off the list and end its sessions."""
    from app.services import white_list  # noqa: PLC0415

    with _application().app_context():
        print(f"{white_list.revoke(subject)} sessions ended")


@main.command()
def doctor() -> None:
    """Check that everything this system needs is there; exit 1 with reasons when it is not."""
    from app.demo.doctor import examine  # noqa: PLC0415

    sys.exit(0 if examine(_application) else 1)


@main.command()
def verify() -> None:
    """Check every invariant and the hash chain; exit 1 when one does not hold. The portal shows what was found."""
    from app.services import proof_runs  # noqa: PLC0415
    from app.services.proofs import verify as prove  # noqa: PLC0415

    with _application().app_context():
        report = prove()
        proof_runs.keep(report, by="cli")
    print(report)
    sys.exit(0 if report.holds else 1)


@main.command()
@click.argument("day", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--dry-run", is_flag=True, help="Only say what differs and what would become of it.")
def compare(day: datetime, *, dry_run: bool) -> None:
    """Compare a day's payments with the gateway's; without --dry-run what differs is mended or asked about.

    The day, in UTC, must be over.
    """
    from app.integrations import current  # noqa: PLC0415
    from app.services import comparisons  # noqa: PLC0415

    today = datetime.now(UTC).date()
    if day.date() >= today:
        raise click.BadParameter(
            f"{day.date()} is not over in UTC: the last day that can be compared is {today - timedelta(days=1)}",
            param_hint="DAY",
        )
    with _application().app_context():
        gateway = current().everypay
        if dry_run:
            for found in comparisons.rehearse(gateway, day.date()):
                print(found.sentence(gateway.name))
            return
        owed = comparisons.owe(gateway.name, day.date(), today)
        print("The comparison is under way." if owed else "This day is compared today already.")


@main.command("renew-links")
def renew_links() -> None:
    """Sign the payment links of invoices that may still be paid anew, once EVERYPAY_KEY was changed.

    Links that are right already stay as they are; cut off, it is called again.
    """
    from app.integrations import current  # noqa: PLC0415
    from app.services import link_renewal  # noqa: PLC0415

    done = link_renewal.Renewed(0, 0)
    with _application().app_context():
        for done in link_renewal.renew(current().links):
            print(f"\r{done.seen} looked at", end="", flush=True)
    print(f"\rPayment links looked at: {done.seen}, signed anew: {done.changed}.")


@main.command("export-chain")
@click.argument("chain")
def export_chain(chain: str) -> None:
    """Print a hash chain, ledger or event, for docs/verify_chain.py to check."""
    from app.services import chain_export  # noqa: PLC0415

    with _application().app_context():
        for line in chain_export.lines(chain):
            print(line)


def _application(process: str = "tool") -> Flask:
    """Return the application without doors, as workers and commands need it."""
    from app.core import create_core  # noqa: PLC0415

    return create_core(_settings(), process=process)


def _web_application() -> Flask:
    """Return the application inside a web process, which ends with the one that started it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # while loading, a stop would be lost on what the parent left us
    die_with(os.getppid(), signal.SIGTERM)
    from app import create_app  # noqa: PLC0415

    application = create_app(_settings(), process="web")
    # What was loaded stays for good: no request waits for the collector to look at all of it again.
    gc.freeze()
    return application


def _settings() -> Settings:
    """Return the settings; a command typed beside a running `billing up` is about that system."""
    from app.config import load_settings  # noqa: PLC0415

    go_beside(Path(os.environ.get("BILLING_DATA") or DATA))
    return load_settings()


if __name__ == "__main__":
    main()
