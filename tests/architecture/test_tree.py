"""What no file of this project may say; each rule is tried on a line it must catch before it is believed."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.architecture.tree import ROOT, files

MAX_LINES = 350
LONG_FOR_A_REASON = {
    "migrations/versions/0001_foundation.py": "one migration makes the whole foundation; it is written once",
}
CODE = ("app/", "wsgi.py", "bootstrap.py")


class Rule(NamedTuple):
    """A pattern that may stand nowhere but in the allowed files; `caught` is a line it has to find."""

    pattern: str
    caught: str
    suffixes: tuple[str, ...] = (".py",)
    under: tuple[str, ...] = CODE
    allowed: tuple[str, ...] = ()


# Every pattern is written so that it does not find itself, and every example is put together from pieces.
RULES = {
    "a package index by name": Rule(
        r"(?i)\b(?:py[p]i\.org|python[h]osted\.org|debian[.]org|ubuntu[.]com|npm[j]s\.(?:org|com))\b",
        "see https://" + "py" + "pi.org/simple",
        suffixes=(),
        under=("",),
    ),
    "an index to install from": Rule(
        r"(?m)^\s*(?:--(?:extra-)?index-url|--find-links|index-url\s*=|registry=http)",
        "--extra-" + "index-url file:///srv",
        suffixes=(),
        under=("",),
    ),
    "a path of somebody's machine": Rule(
        r"(?<![\w.~])/(?:home/\w+|Users/\w+|root|work)/", "cd /ro" + "ot/billing", suffixes=(), under=("",)
    ),
    "work left for later": Rule(
        r"\b(?:TO[D]O|FIX[M]E|X[X]X|NotImplemented[E]rror)\b", "# TO" + "DO: later", suffixes=(), under=("",)
    ),
    "a float near money": Rule(
        r"\bfloat\(", "float(amount)", under=("app/domain/", "app/services/", "app/models/", "app/queries/")
    ),
    "everything caught": Rule(
        r"except\s+(?:\([^)]*\b)?Exception\b|except\s*:",
        "    except Exception as fault:",
        allowed=("app/queue/worker.py", "app/queue/crash.py"),
    ),
    "text trusted as markup": Rule(
        r"\|\s*safe\b|\bMarkup\(|autoescape\s+false",
        "{{ name | safe }}",
        suffixes=(".py", ".html", ".jinja", ".xml", ".txt"),
        under=("app/",),
        # A simulator's page is rendered with escaping, then put into its frame.
        allowed=("app/integrations/simulator_pages.py",),
    ),
    "a commit outside the unit of work": Rule(r"\.commit\(\)", "session.commit()", allowed=("app/uow.py",)),
    "a settlement made elsewhere": Rule(
        r"(?<!class )\b(?:Settlement\(|insert\(Settlement\b|INSERT INTO settlement\b|(?:write|keep)\((?:SETTL|.settl))",
        "write(SETTLEMENT, row)",
        allowed=("app/services/settlement.py",),
    ),
    "data that runs as code": Rule(
        r"\b(?:import pickle|from pickle|pickle\.|yaml\.load\(|marshal\.|eval\(|exec\()|shell=True|os\.system\(",
        "subprocess.run(line, shell" + "=True)",
        under=(*CODE, "bench/"),
    ),
    "a time without its zone": Rule(
        r"datetime\.(?:now\(\)|utcnow\(|utcfromtimestamp\(|today\()", "datetime" + ".now()", under=("",)
    ),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_catches_what_it_is_for(rule: Rule) -> None:
    assert re.search(rule.pattern, rule.caught)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_file_holds(rule: Rule) -> None:
    found = [
        f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {hit[0].strip()}"
        for name, text in files(*rule.suffixes, under=rule.under).items()
        if name not in rule.allowed
        for hit in re.finditer(rule.pattern, text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if rule.allowed], ids=lambda rule: rule.caught)
def test_an_exception_that_is_needed_no_more_is_struck_out(rule: Rule) -> None:
    texts = files(*rule.suffixes, under=rule.under)
    assert all(re.search(rule.pattern, texts[name]) for name in rule.allowed)


def test_no_module_is_a_drawer() -> None:
    drawers = re.compile(r"(?:^|/)(?:utils?|helpers?|common|misc)(?:\.py|/)")
    assert drawers.search("app/web/" + "utils.py")
    assert not [name for name in files(".py") if drawers.search(name)]


def test_no_module_is_longer_than_one_can_read() -> None:
    long = {name for name, text in files(".py").items() if text.count("\n") > MAX_LINES}
    assert long == set(LONG_FOR_A_REASON)


def test_no_lock_of_another_tool_is_committed() -> None:
    locks = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml"}
    assert not [name for name in files() if name.rsplit("/", 1)[-1] in locks]
    assert not [path for path in ROOT.iterdir() if path.name in locks]


def test_every_module_says_what_it_is() -> None:
    silent = [
        name
        for name, text in files(".py", under=("app/", "bench/")).items()
        if text.strip() and not text.startswith(('"""', "#!"))
    ]
    assert not silent


def test_importing_the_models_makes_every_table_known() -> None:
    whole = (ROOT / "app" / "models" / "__init__.py").read_text(encoding="utf-8")
    tables = {
        name.split("/")[-1][:-3]
        for name, text in files(".py", under=("app/models/",)).items()
        if "__tablename__" in text
    }
    assert {each for each in tables if f"from app.models.{each} import " not in whole} == set()
