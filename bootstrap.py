"""From a bare Python to a running system: environment, locked packages, system libraries, then the command.

Standard library only. Used by ./run and ./check.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
PIP_WHEEL = ROOT / "vendor" / "pip-26.3-py3-none-any.whl"
RUN_LOCK, CHECK_LOCK = "requirements.lock", "requirements-test.lock"

PANGO_LIBRARIES = ["pango-1.0", "pangoft2-1.0", "harfbuzz-subset"]
PANGO_PACKAGES = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]
# The build without windows takes half the processor time of the whole browser.
HEADLESS = "chromium-headless-shell"
BROWSERS = [HEADLESS, "chromium", "chromium-browser", "google-chrome", "chrome"]

PYTEST = ["-m", "pytest", "-q"]
SLOW = "slow and not browser"
STEPS_OF_THEIR_OWN = ["chaos", "browser", "slow", "restarts", "sabotage", "endurance", "contract"]
# Where the tests of a step lie: collecting all of them takes longer than many a step's own tests.
PLACES = {
    "browser": ["tests/e2e", "tests/integrations", "tests/api/test_docs_page.py"],
    "chaos": ["tests/chaos/test_c0.py", "tests/demo/test_up.py"],
    "slow": ["tests"],
    "looks": ["tests/e2e", "tests/integrations", "tests/api/test_docs_page.py"],
    "restarts": ["tests/chaos/test_without_redis.py", "tests/contract/test_own_providers.py", "tests/demo"],
    "sabotage": ["tests/sabotage"],
    "endurance": ["tests/chaos"],
    "contract": ["tests/contract"],
}
# Name -> the command after the environment's Python; the order is the order of CI.
STEPS: dict[str, list[str]] = {
    "lock": [*PYTEST, "tests/architecture/test_lock.py"],
    "format": ["-m", "ruff", "format", "--check", "."],
    "lint": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy", "-n", "2"],
    "contracts": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    # Three side by side on two cores: one of them waits for the database more often than not.
    "tests": [*PYTEST, "-n", "3", "-m", f"not {' and not '.join(STEPS_OF_THEIR_OWN)}"],
    "browser": [*PYTEST, "-n", "2", "--dist", "loadgroup", "-m", "browser and not slow", *PLACES["browser"]],
    "chaos": [*PYTEST, "-n", "2", "--dist", "loadgroup", "-m", "chaos", *PLACES["chaos"]],
}
# Longer than anybody waits at each commit: run by name. CI runs these three as well, the others come before a release.
LONG_STEPS: dict[str, list[str]] = {
    "slow": [*PYTEST, "-n", "3", "-m", SLOW, *PLACES["slow"]],
    "looks": [*PYTEST, "-n", "2", "--dist", "loadgroup", "-m", "browser and slow", *PLACES["looks"]],
    "restarts": [*PYTEST, "-n", "2", "--dist", "loadgroup", "-m", "restarts", *PLACES["restarts"]],
    "sabotage": [*PYTEST, "-n", "2", "-m", "sabotage", *PLACES["sabotage"]],
    "endurance": [*PYTEST, "-m", "endurance", "-rP", *PLACES["endurance"]],
    "contract": [*PYTEST, "-m", "contract", "-rP", *PLACES["contract"]],
    "exhaustive": [*PYTEST, "-n", "2", "-m", SLOW, *PLACES["slow"]],
    "pages": [*PYTEST, "-n", "2", "--dist", "loadgroup", "-m", "browser", "tests/e2e"],
}
# What a step's tests find in their environment.
TOLD = {"exhaustive": {"TEST_EXHAUSTIVE": "1"}, "pages": {"TEST_EXHAUSTIVE": "1"}}


def main(command: str, arguments: list[str]) -> int:
    """Do what ./run or ./check was asked for; returns the exit code."""
    # Where it is set each process would compile every module anew: 7 s for one that runs tests.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if command == "renew-lock":
        return renew_lock()
    if command == "run":
        ensure_environment(RUN_LOCK)
        ensure_pango_later()
        os.execv(PYTHON, [str(PYTHON), str(VENV / "bin" / "billing"), "up", *arguments])
    if "--list" in arguments:
        print("\n".join(STEPS | LONG_STEPS))
        return 0
    return check(arguments)


def check(names: list[str]) -> int:
    """Run the named steps, or all; every step runs, whatever the ones before said."""
    steps = STEPS | LONG_STEPS
    unknown = [name for name in names if name not in steps]
    if unknown:
        print(f"no such step: {', '.join(unknown)}; the steps are {', '.join(steps)}", file=sys.stderr)
        return 2
    wanted = names or list(STEPS)
    ensure_environment(CHECK_LOCK)
    if {"tests", "slow", "looks", "exhaustive", "pages", "browser", "chaos", "restarts"} & set(wanted):
        ensure_pango()
    if {"browser", "looks", "pages"} & set(wanted):
        ensure_browser()
    began = time.monotonic()
    results = [(name, *_step(name)) for name in wanted]
    print()
    for name, good, seconds in results:
        print(f"{'ok  ' if good else 'FAIL'} {name:<10} {seconds:6.1f} s")
    print(f"{'all':>8} {'':<6} {time.monotonic() - began:6.1f} s")
    passed = sum(good for _, good, _ in results)
    print(f"steps: {passed} passed, {len(results) - passed} failed")
    return 0 if passed == len(results) else 1


def _step(name: str) -> tuple[bool, float]:
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    env = os.environ | TOLD.get(name, {})
    done = subprocess.run([str(PYTHON), *(STEPS | LONG_STEPS)[name]], cwd=ROOT, check=False, env=env)
    return done.returncode == 0, time.monotonic() - began


def ensure_environment(lock: str) -> None:
    """Make the environment and install the lock, unless exactly that was done before."""
    if _is_installed(lock):
        return
    import fcntl  # noqa: PLC0415 - only who installs pays for loading what installing needs

    turn = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(turn, fcntl.LOCK_EX)  # ./run and ./check may be started side by side
    if not _is_installed(lock):
        _install(lock)
    os.close(turn)


def _is_installed(lock: str) -> bool:
    try:
        return {_place(), _digest(lock)} <= set(STAMP.read_text().splitlines())
    except OSError:
        return False


def _digest(lock: str) -> str:
    import hashlib  # noqa: PLC0415

    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def _place() -> str:
    """Return what the environment was made of: a moved checkout or another Python needs another environment."""
    return f"{ROOT} {PYTHON.resolve(strict=True)}"


def _install(lock: str) -> None:
    stale = STAMP.exists() and (not PYTHON.exists() or _place() not in STAMP.read_text().splitlines())
    if stale or not PYTHON.exists():
        print("Making the environment ...", flush=True)
        _must([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], "The environment was not made")
    print("Installing the locked packages ...", flush=True)
    if not _install_with_uv(lock):
        # pip runs from its own wheel, so that neither ensurepip nor python3-venv is needed.
        pip = [str(PYTHON), f"{PIP_WHEEL}/pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        complete = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", lock]
        _must([*pip, *complete], "The locked packages could not be installed")
    _install_ourselves()
    # The lock for checks holds everything of the lock for running, so having it is having both.
    locks = {lock, RUN_LOCK}
    STAMP.write_text("\n".join([_place(), *map(_digest, sorted(locks))]) + "\n")


def _install_with_uv(lock: str) -> bool:
    import shutil  # noqa: PLC0415

    uv = shutil.which("uv")
    if not uv:
        return False
    sync = [uv, "pip", "sync", "--quiet", "--no-build", "--require-hashes", "--python", str(PYTHON), lock]
    good = subprocess.run(sync, cwd=ROOT, check=False).returncode == 0
    if not good:
        print("uv could not install them; trying pip ...", flush=True)
    return good


def _install_ourselves() -> None:
    """Put the project into its environment: a path and a console script, nothing to build."""
    where = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(where, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())
    (site / "eis_billing.pth").write_text(f"{ROOT}\n")
    script = VENV / "bin" / "billing"
    # A "#!" line takes neither a long path nor one with a space; sh does, and Python reads these lines as a string.
    start = f"#!/bin/sh\n'''exec' \"{PYTHON}\" \"$0\" \"$@\"\n' '''\n"
    script.write_text(f"{start}import sys\n\nfrom app.cli import main\n\nsys.exit(main())\n")
    script.chmod(0o755)


def _must(command: list[str], otherwise: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit(f"{otherwise}; the lines above say why.")


def ensure_pango() -> None:
    """Install what PDF documents are drawn with, where that is possible; without it everything else works."""
    from ctypes.util import find_library  # noqa: PLC0415

    if not all(map(find_library, PANGO_LIBRARIES)):
        _install_packages(PANGO_PACKAGES, mac="pango", otherwise="documents as PDF are off")


def ensure_browser() -> None:
    """Install Chromium, and the library its driver needs, for the browser tests, where that is possible."""
    import shutil  # noqa: PLC0415
    from ctypes.util import find_library  # noqa: PLC0415

    if sys.platform == "linux" and not shutil.which(HEADLESS):
        _install_packages([HEADLESS], mac="", otherwise="a whole Chromium does as well, in twice the time")
    missing = [] if any(map(shutil.which, BROWSERS)) else ["chromium"]
    if sys.platform == "linux" and not find_library("atomic"):
        missing.append("libatomic1")
    if missing:
        _install_packages(missing, mac="chromium", otherwise="the browser tests are skipped")


def ensure_pango_later() -> None:
    """Install Pango in a process of its own that nobody waits for: the first page must not."""
    if os.fork():
        os.wait()
        return
    if os.fork() == 0:
        os.setsid()  # Ctrl-C stops the system, not a package half installed
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        ensure_pango()
    os._exit(0)


def _install_packages(packages: list[str], *, mac: str, otherwise: str) -> None:
    """Install Debian packages as root or with a password-free sudo; else say in one line what is missing."""
    if sys.platform == "darwin":
        print(f"Missing: brew install {mac}; {otherwise}.", flush=True)
        return
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if _run([*sudo, "apt-get", "--version"]) is not None:
        print(f"Missing: {' '.join(packages)}; {otherwise}.", flush=True)
        return
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    if _run(install) is None:
        return
    # A fresh machine has no lists of packages, an old one stale ones.
    fault = _run([*apt, "update"]) or _run(install)
    if fault:
        print(f"{fault}\nCould not install {' '.join(packages)}; {otherwise}.", flush=True)


def _run(command: list[str]) -> str | None:
    """Run a command without a word; returns what it said when it failed."""
    try:
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as fault:
        return str(fault)
    return None if done.returncode == 0 else done.stdout.strip() or f"{command[0]} failed"


def renew_lock() -> int:
    """Resolve the packages anew with uv and write both locks."""
    resolve = ["uv", "pip", "compile", "--quiet", "--universal", "--upgrade", "--python-version", "3.11"]
    shape = ["--generate-hashes", "--no-emit-index-url", "--no-annotate", "--no-header"]
    for lock, extras in ((RUN_LOCK, ["embedded"]), (CHECK_LOCK, ["embedded", "test", "parquet"])):
        groups = [word for extra in extras for word in ("--extra", extra)]
        subprocess.run([*resolve, *shape, "pyproject.toml", *groups, "-o", lock], cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(130)
