"""The group of all commands: what can be foreseen to go wrong is told in a sentence, never as a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.domain.errors import BillingError

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError


class Commands(click.Group):
    """Commands whose foreseen faults are told in a sentence."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; exit 1 with the sentence of a billing error, or of a database that is not ready for it."""
        try:
            return super().invoke(ctx)
        except BillingError as fault:
            raise click.ClickException(str(fault)) from fault
        except _database_error() as fault:
            sentence = _what_to_do(fault)
            if not sentence:
                raise
            raise click.ClickException(sentence) from fault


def _database_error() -> type[DBAPIError]:
    """Return what the database's faults are; only looked up where one may have been raised."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    return DBAPIError


def _what_to_do(fault: DBAPIError) -> str:
    """Return what to do where the database is away, not ours to use, or without our tables; nothing for the rest."""
    from psycopg import errors  # noqa: PLC0415

    if isinstance(fault.orig, errors.UndefinedTable | errors.UndefinedColumn):
        return "The tables are not those of this version: run `billing migrate`"
    why = str(fault.orig).strip().partition("\n")[0]
    if fault.statement is None:  # no connection came about, so nothing was asked
        return f"The database is not reached: {why}; check DATABASE_URL and that the server runs"
    if fault.connection_invalidated:
        return f"The database went away: {why}; run it again when it is back, nothing half is kept"
    cures = {
        errors.InsufficientPrivilege: "its role must own the database and what is in it",
        errors.ReadOnlySqlTransaction: "DATABASE_URL leads to a standby or a role that only reads",
        errors.DiskFull: "make room on its disk and run it again, nothing half is kept",
        errors.LockNotAvailable: "something else holds what is needed; run it again, nothing half is kept",
        errors.QueryCanceled: "run it again when it is less busy, nothing half is kept",
    }
    cure = next((cure for kind, cure in cures.items() if isinstance(fault.orig, kind)), "")
    return f"The database refused: {why}; {cure}" if cure else ""


def port_to_serve(host: str, port: int) -> int:
    """Return the port, for 0 a free one; another `billing web` may share its port.

    Raises ClickException for an address that is none and a port that is not to be had.
    """
    import socket  # noqa: PLC0415

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            probe.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            socket.inet_pton(probe.family, host)
            probe.bind((host, port))
            found: int = probe.getsockname()[1]
        except OSError as fault:
            why = fault.strerror or "is no address of this machine: write one such as 127.0.0.1, 0.0.0.0 or ::"
            raise click.ClickException(f"{host}:{port}: {why}; --host and --port name another") from fault
    return found
