"""Who the servers run as, and which folders that account can reach (decisions.md 8)."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """A system account a server is started as."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Return the account for the servers: `nobody` when we are root, None (ourselves) otherwise.

    PostgreSQL refuses to run as root, and no account is added to anybody's machine.
    """
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can_enter(account: Account, folder: Path) -> bool:
    """Return whether the account may pass through the folder and every folder above it."""
    return all(_may_pass(account, each.stat()) for each in (folder, *folder.parents))


def _may_pass(account: Account, facts: os.stat_result) -> bool:
    if facts.st_uid == account.uid:
        return bool(facts.st_mode & stat.S_IXUSR)
    if facts.st_gid == account.gid:
        return bool(facts.st_mode & stat.S_IXGRP)
    return bool(facts.st_mode & stat.S_IXOTH)


def give(folder: Path, account: Account | None) -> None:
    """Make a folder of ours (one we created, never another) the account's own and closed to others."""
    folder.chmod(0o700)
    if account:
        os.chown(folder, account.uid, account.gid)
