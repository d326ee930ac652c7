"""The page of threats: what it says enforces a guarantee is there, its tests exist and run, and no number is loose.

Two guarantees have their test here, because they are about the program as a whole: what can open a connection, and
which routes ask again who is there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from starlette.routing import Route
from tests.docs.pages import DOCS, ROOT, sections

from candor.core.settings import Settings
from candor.people.rules import Permission
from candor.web.app import routes

PAGE = DOCS / "security.md"
TEXT = PAGE.read_text("utf-8")

_STATEMENT = re.compile(r"^\*\*([GL]\d+)\. ")
_NUMBER = re.compile(r"\b[GL]\d+\b")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_MODULE = re.compile(r"`(candor(?:\.\w+)+)`")

#: The controls that the facts of the policy name; each must have a line, also where the answer is no.
CONTROLS = [
    "AU-2", "AU-3", "AU-5", "AU-6", "AU-7", "AU-8", "AU-9", "AU-11",
    "AC-2", "AC-3", "AC-5", "AC-6", "AC-7", "AC-8", "AC-11", "AC-12", "SC-10", "AC-22",
    "IA-2", "IA-4", "IA-5", "IA-11", "SC-8", "SC-12", "SC-13", "SC-28",
    "SI-7", "SI-10", "SI-11", "SI-2", "RA-5", "CP-9", "MP-6", "IR-6", "CM-3",
]  # fmt: skip


def _statements() -> dict[str, str]:
    """The guarantees and limits by their numbers: each with its paragraph."""
    found: dict[str, str] = {}
    for paragraph in TEXT.split("\n\n"):
        number = _STATEMENT.match(paragraph)
        if number:
            assert number[1] not in found, f"{number[1]} stands twice"
            found[number[1]] = paragraph
    return found


STATEMENTS = _statements()
GUARANTEES = [number for number in STATEMENTS if number[0] == "G"]
LIMITS = [number for number in STATEMENTS if number[0] == "L"]
ADVERSARIES = {title.split()[0]: section for title, section in sections(PAGE).items() if re.match(r"A\d+ ", title)}
TABLE = list(sections(PAGE)["The FBI's CJIS Security Policy"].rows())


def numbers_in(text: str) -> set[str]:
    """Every guarantee and limit that a text names."""
    return set(_NUMBER.findall(text))


def named_by(number: str) -> list[tuple[str, str]]:
    """File and name of each test that a guarantee names."""
    return _TEST.findall(STATEMENTS[number])


# -- numbers


@pytest.mark.parametrize(("letter", "found"), [("G", GUARANTEES), ("L", LIMITS), ("A", list(ADVERSARIES))])
def test_numbers_count_from_one(letter: str, found: list[str]) -> None:
    assert found == [f"{letter}{at}" for at in range(1, len(found) + 1)]
    assert len(found) > 10


def test_every_statement_begins_with_a_bold_sentence() -> None:
    for number, text in STATEMENTS.items():
        assert re.match(rf"\*\*{number}\. [^*]+\*\*", text), number


def test_every_number_that_is_named_exists() -> None:
    assert numbers_in(TEXT) == set(STATEMENTS)


def test_every_number_is_used_by_an_adversary_or_a_control() -> None:
    used = {number for section in ADVERSARIES.values() for number in numbers_in("\n".join(section.lines))}
    used |= {number for row in TABLE for number in numbers_in(row[-1])}
    assert set(STATEMENTS) - used == set()


@pytest.mark.parametrize("name", ADVERSARIES)
def test_an_adversary_has_meets_and_is_left_with_something(name: str) -> None:
    text = " ".join(ADVERSARIES[name].lines)
    found = re.search(r"\*Has\* (.+?) \*Meets\* (.+?) \*Is left with\* ([^.]+)\.", text)
    assert found, name
    assert {number[0] for number in numbers_in(found[2])} == {"G"}
    assert {number[0] for number in numbers_in(found[3])} == {"L"}


# -- guarantees


@pytest.mark.parametrize("number", GUARANTEES)
def test_what_enforces_a_guarantee_is_there(number: str) -> None:
    enforced = re.search(r"\*Enforced by\* (.+?)\n\*Test\* ", STATEMENTS[number], re.DOTALL)
    assert enforced, f"{number} names nothing that enforces it"
    modules = _MODULE.findall(enforced[1])
    assert modules
    for module in modules:
        path = ROOT / "src" / Path(*module.split("."))
        assert path.with_suffix(".py").is_file() or (path / "__init__.py").is_file(), f"{number} names {module}"


@pytest.mark.parametrize("number", GUARANTEES)
def test_the_tests_of_a_guarantee_exist(number: str) -> None:
    named = named_by(number)
    assert named, f"{number} names no test"
    assert len(set(named)) == len(named), f"{number} names a test twice"
    for file, name in named:
        assert name in _tests_in(file), f"{number} names {file}::{name}"
        assert not _marks(_tests_in(file)[name]) & {"skip", "xfail"}, f"{number}: {name} never runs"


@pytest.mark.parametrize("number", GUARANTEES)
def test_one_test_of_a_guarantee_runs_everywhere(number: str) -> None:
    """Not only where there is a browser, Node, a bucket, root or a small file system to fill."""
    assert any(_always_runs(file, name) for file, name in named_by(number)), number


def test_limits_are_limits() -> None:
    for number in LIMITS:
        assert "*Enforced by*" not in STATEMENTS[number]
        assert "*Test*" not in STATEMENTS[number]


@dataclass(frozen=True)
class Function:
    """A function of a test file, and the decorators and marks that count for it."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    marks: tuple[str, ...]


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text("utf-8"))


@cache
def _tests_in(file: str) -> dict[str, Function]:
    """What pytest collects of a file, by name; of two classes' tests of one name the last."""
    assert (ROOT / file).is_file(), file
    assert Path(file).name.startswith("test_"), f"{file} is not collected"
    return {
        one.node.name: one
        for one in _functions(_tree(file))
        if one.node.name.startswith("test_") and "fixture" not in one.marks
    }


def _functions(tree: ast.Module) -> Iterator[Function]:
    of_file = tuple(
        mark
        for node in tree.body
        if isinstance(node, ast.Assign) and "pytestmark" in {to.id for to in node.targets if isinstance(to, ast.Name)}
        for mark in _names(node.value)
    )
    for node in tree.body:
        inner = node.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test") else [node]
        of_class = tuple(_decorators(node)) if isinstance(node, ast.ClassDef) else ()
        for one in inner:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(one, (*of_file, *of_class, *_decorators(one)))


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        yield from _names(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _names(node: ast.AST) -> Iterator[str]:
    """`skipif` of `pytest.mark.skipif(…)`, each alone or in a list."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute):
            yield one.attr


def _marks(function: Function) -> set[str]:
    return set(function.marks)


#: Marks and fixtures by which a test may not run on a machine.
_CONDITIONS = {"skip", "skipif", "xfail", "browser", "services", "soak"}
#: Its own skip is for a database that somebody left out by hand; the suite runs both.
_ALLOWED = {"database_url"}


def _always_runs(file: str, name: str) -> bool:
    function = _tests_in(file)[name]
    return not _marks(function) & _CONDITIONS and not _may_skip(function.node, _fixtures(file))


def _fixtures(file: str) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The fixtures that a file sees, those of its own last."""
    found = {}
    folders = [folder for folder in reversed((ROOT / file).parents) if folder.is_relative_to(ROOT / "tests")]
    for path in [*(folder / "conftest.py" for folder in folders), ROOT / file]:
        if path.exists():
            for one in _functions(_tree(path.relative_to(ROOT).as_posix())):
                if "fixture" in one.marks:
                    found[one.node.name] = one.node
    return found


def _may_skip(
    node: ast.FunctionDef | ast.AsyncFunctionDef, fixtures: dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
) -> bool:
    """Whether it, or a fixture that it asks for, calls `pytest.skip` or the like."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and one.attr in ("skip", "importorskip", "xfail"):
            return True
    wanted = {argument.arg for argument in node.args.args} - {node.name} - _ALLOWED
    return any(_may_skip(fixtures[name], fixtures) for name in wanted & set(fixtures))


# -- the policy's controls


def test_every_control_has_a_line() -> None:
    named = [control for row in TABLE for control in row[0].split(", ")]
    assert sorted(named) == sorted(CONTROLS)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_a_control_says_where_it_stands_or_that_it_does_not(row: list[str]) -> None:
    assert len(row) == 4
    assert numbers_in(row[3]) or "not in this version" in row[2]
    assert not numbers_in(" ".join(row[:3])), "numbers stand in the last column"


# -- what the program can reach

#: What opens connections to other machines, and what may use it for what the operator named. Every other module that
#: begins to is found here.
CONNECTIONS = {
    "http.client", "smtplib", "urllib.request", "obstore", "ftplib", "imaplib", "poplib", "telnetlib", "xmlrpc.client",
    "requests", "httpx", "httpx2", "aiohttp", "urllib3", "boto3", "websockets", "opentelemetry.exporter",
}  # fmt: skip
MAY_CONNECT = {
    "store/bucket.py": "the operator's bucket (CANDOR_STORE_URL)",
    "store/named_files.py": "the operator's bucket of backups (CANDOR_BACKUP)",
    "custody/witness_client.py": "the witnesses (CANDOR_WITNESSES)",
    "custody/surviving.py": "addresses that `candor log recover --from` names",
    "notices/smtp.py": "the mail server (CANDOR_SMTP_URL)",
    "core/tracing.py": "the collector (CANDOR_OTLP_ENDPOINT)",
    "health/checks/clock.py": "the witnesses' clocks (CANDOR_WITNESSES)",
    "health/checks/work.py": "greets the mail server (CANDOR_SMTP_URL)",
    "verify/completeness.py": "the address that `candor verify --log` names",
    "demo/site.py": "its own site and witness on this machine",
    "demo/doors.py": "its own door for cameras on this machine",
    "tus/client.py": "the address that `candor dock tus --to` names",
}
#: Sockets that lead to no other machine.
MAY_HAVE_SOCKETS = {
    "core/limited_conversation.py": "lines to limited processes",
    "core/limited_forking.py": "lines to limited processes",
    "core/limited_template.py": "lines to limited processes",
    "custody/witness_client.py": "the witnesses, bounded in time",
    "notices/smtp.py": "the mail server's errors",
    "cli/serve.py": "listens",
    "dock/serving.py": "listens",
    "portal/__main__.py": "listens",
    "demo/site.py": "listens",
}


def _imports(path: Path) -> set[str]:
    """Modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def _within(names: set[str], modules: set[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for name in names for module in modules)


def test_what_can_open_a_connection_is_known() -> None:
    source = ROOT / "src" / "candor"
    imports = {path.relative_to(source).as_posix(): _imports(path) for path in source.rglob("*.py")}
    assert {name for name, found in imports.items() if _within(found, CONNECTIONS)} == set(MAY_CONNECT)
    assert {name for name, found in imports.items() if _within(found, {"socket"})} == set(MAY_HAVE_SOCKETS)
    assert not [name for name, found in imports.items() if _within(found, {"webbrowser", "asyncio.streams"})]


# -- dangerous acts

#: Rights by which somebody takes over the place, or destroys what is in it.
DANGEROUS = {
    Permission.ACCOUNTS_MANAGE,
    Permission.KEYS_MANAGE,
    Permission.POLICY_MANAGE,
    Permission.RECORDINGS_PURGE,
}
#: What changes something by such a right and asks nothing again, with the reason.
HARMLESS = {
    "POST /accounts/review": "a mark with counts, that somebody looked",
    "POST /service-accounts/tokens/{token_id}/revoke": "takes something away, and must be quick",
    "POST /retention/dispositions": "a proposal: nothing happens before another person, asked again, approves it",
    "POST /retention/dispositions/{disposition_id}/keep": "keeps footage, and must be quick",
}


def test_dangerous_routes_ask_again(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home")
    asked: set[str] = set()
    unasked: set[str] = set()
    for route in routes(settings):
        if not isinstance(route, Route):
            continue
        access = route.endpoint.access  # type: ignore[attr-defined]
        for method in (route.methods or set()) - {"GET", "HEAD"}:
            own = route.path.startswith("/account/security")
            if own or DANGEROUS & set(access.any_of):
                (asked if access.fresh else unasked).add(f"{method} {route.path}")
    assert unasked == set(HARMLESS)
    assert len(asked) > 10
