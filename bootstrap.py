"""From a bare Python to a running system: environment, locked packages, system libraries, then the command.

Standard library only. Used by ./run and ./check.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
PIP_WHEEL = ROOT / "vendor" / "pip-26.3-py3-none-any.whl"
RUN_LOCK, CHECK_LOCK = "requirements.lock", "requirements-test.lock"
PANGO = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]

PYTEST = ["-m", "pytest", "-q", "-n", "2"]
# Name -> commands after the environment's Python; the order is the order of CI.
STEPS: dict[str, list[list[str]]] = {
    "lock": [["bootstrap.py", "verify-lock"]],
    "format": [["-m", "ruff", "format", "--check", "."]],
    "lint": [["-m", "ruff", "check", "."]],
    "types": [["-m", "mypy"]],
    "contracts": [["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]],
    "tests": [[*PYTEST, "-m", "not chaos and not slow and not browser"]],
    "slow": [[*PYTEST, "-m", "slow"]],
    "browser": [["-m", "pytest", "-q", "-m", "browser"]],
    "chaos": [["-m", "pytest", "-q", "-m", "chaos"]],
}


def main(command: str, arguments: list[str]) -> int:
    """Do what ./run or ./check was asked for; returns the exit code."""
    if command == "verify-lock":
        return verify_lock()
    if command == "renew-lock":
        return renew_lock()
    if arguments and arguments[0] == "--list":
        print("\n".join(STEPS))
        return 0
    lock = RUN_LOCK if command == "run" else CHECK_LOCK
    ensure_environment(lock)
    if command == "run":
        ensure_pango_later()
        os.execv(PYTHON, [str(PYTHON), str(VENV / "bin" / "billing"), "up", *arguments])
    return check(arguments)


def check(names: list[str]) -> int:
    """Run the named steps, or all; every step runs, whatever the ones before said."""
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        print(f"no such step: {', '.join(unknown)}; the steps are {', '.join(STEPS)}", file=sys.stderr)
        return 2
    wanted = names or list(STEPS)
    if {"tests", "slow"} & set(wanted):
        ensure_pango()
    if "browser" in wanted:
        ensure_browser()
    results = [(name, *_step(name)) for name in wanted]
    for name, good, seconds in results:
        print(f"{'ok  ' if good else 'FAIL'} {name:<10} {seconds:6.1f} s")
    return 0 if all(good for _, good, _ in results) else 1


def _step(name: str) -> tuple[bool, float]:
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    good = all(subprocess.run([str(PYTHON), *each], cwd=ROOT, check=False).returncode == 0 for each in STEPS[name])
    return good, time.monotonic() - began


def ensure_environment(lock: str) -> None:
    """Make the environment and install the lock, unless exactly that was done before."""
    wanted = hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()
    done = STAMP.read_text().split() if STAMP.exists() else []
    if PYTHON.exists() and wanted in done:
        return
    if not PYTHON.exists():
        print("Making the environment ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(VENV)], check=True)
    print("Installing the locked packages ...", flush=True)
    _install(lock)
    _install_ourselves()
    # The lock for checks holds everything of the lock for running, so having it is having both.
    covered = [wanted, hashlib.sha256((ROOT / RUN_LOCK).read_bytes()).hexdigest()] if lock == CHECK_LOCK else [wanted]
    STAMP.write_text("\n".join(covered) + "\n")


def _install(lock: str) -> None:
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(PYTHON), lock]
    else:
        # pip runs from its own wheel, so that neither ensurepip nor python3-venv is needed.
        command = [str(PYTHON), f"{PIP_WHEEL}/pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        command += ["--only-binary", ":all:", "--require-hashes", "-r", lock]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        sys.exit("The locked packages could not be installed; the lines above say why.")


def _install_ourselves() -> None:
    """Put the project into its environment: a path and a console script, nothing to build."""
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV), "platbase": str(VENV)}))
    (site / "eis_billing.pth").write_text(f"{ROOT}\n")
    script = VENV / "bin" / "billing"
    script.write_text(f"#!{PYTHON}\nimport sys\n\nfrom app.cli import main\n\nsys.exit(main())\n")
    script.chmod(0o755)


def ensure_pango() -> None:
    """Install what PDF documents are drawn with, where that is possible; without it everything else works."""
    if ctypes.util.find_library("pango-1.0") is None:
        _apt(PANGO, "documents as PDF are off")


def ensure_pango_later() -> None:
    """Install Pango beside the starting system: nobody waits for it to see the first page."""
    if ctypes.util.find_library("pango-1.0") is None and os.fork() == 0:
        os.setsid()
        with open(os.devnull, "r+b", buffering=0) as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 0)
        ensure_pango()
        os._exit(0)


def ensure_browser() -> None:
    """Install Chromium for the browser tests, where that is possible."""
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        _apt(["chromium"], "the browser tests are skipped")


def _apt(packages: list[str], otherwise: str) -> None:
    """Install Debian packages as root or with a password-free sudo; else say in one line what is missing."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    allowed = shutil.which("apt-get") and (not sudo or _quiet(["sudo", "-n", "true"]))
    if not allowed:
        print(f"Missing: {' '.join(packages)}; {otherwise}.", flush=True)
        return
    install = [*sudo, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if not _quiet(install) and not (_quiet([*sudo, "apt-get", "update", "-qq"]) and _quiet(install)):
        print(f"Could not install {' '.join(packages)}; {otherwise}.", flush=True)


def _quiet(command: list[str]) -> bool:
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        )
    except OSError:
        return False
    return done.returncode == 0


def verify_lock() -> int:
    """Check without a network that both locks pin every package the project names, with hashes and no address."""
    import re  # noqa: PLC0415
    import tomllib  # noqa: PLC0415

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    faults = []
    for lock, groups in ((RUN_LOCK, ["embedded"]), (CHECK_LOCK, ["embedded", "test"])):
        text = (ROOT / lock).read_text()
        pinned = set(re.findall(r"(?m)^([a-z0-9.-]+)==", text))
        named = project["dependencies"] + [each for group in groups for each in extras[group]]
        wanted = {re.split(r"[\[<>=!~ ]", each)[0].lower().replace("_", "-") for each in named}
        faults += [f"{lock} does not pin {name}: renew it" for name in sorted(wanted - pinned)]
        if "://" in text:
            faults.append(f"{lock} names an address")
        packages, hashed = r"(?m)^[a-z0-9.-]+==", r"(?m)^[a-z0-9.-]+==[^\n]*\\\n    --hash"
        if len(re.findall(packages, text)) != len(re.findall(hashed, text)):
            faults.append(f"{lock} holds a package without hashes")
    print("\n".join(faults) or "the locks pin every package, with hashes and without addresses")
    return 1 if faults else 0


def renew_lock() -> int:
    """Resolve the packages anew with uv and write both locks."""
    compile_ = ["uv", "pip", "compile", "-q", "--universal", "--generate-hashes", "--no-emit-index-url"]
    compile_ += [
        "--no-annotate",
        "--no-header",
        "--upgrade",
        "--python-version",
        "3.11",
        "pyproject.toml",
        "--extra",
        "embedded",
    ]
    for lock, more in ((RUN_LOCK, []), (CHECK_LOCK, ["--extra", "test"])):
        subprocess.run([*compile_, *more, "-o", lock], cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
