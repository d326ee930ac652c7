"""The reference pages against the program: what there is stands in them, and what stands in them is there."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import tomllib
from enum import Enum
from pathlib import Path

import click
import pytest
from pydantic_core import PydanticUndefined
from starlette.routing import Mount, Route
from tests.docs.pages import REFERENCE, ROOT, Section, all_pages, codes, prose_and_code, rows, sections

import candor
from candor.cli.main import WORDS
from candor.cli.main import candor as command_line
from candor.core.errors import CandorError
from candor.core.settings import Settings
from candor.custody import Event
from candor.footage.rules import FLAG_WORDS
from candor.people.rules import GRANTS, PERMISSION_WORDS, Permission, Role
from candor.verify.__main__ import parser
from candor.verify.errors import VerifyError
from candor.verify.report import FAILURES, FIRST_STEP, LIMITS, STRICT_WARNING, TITLES, UNREADABLE, Outcome, Report
from candor.web.access import Access
from candor.web.app import routes

# -- commands


def _commands() -> dict[str, click.Command]:
    """Every command by its full name."""
    found: dict[str, click.Command] = {}

    def walk(name: str, command: click.Command) -> None:
        found[name] = command
        if isinstance(command, click.Group):
            context = click.Context(command)
            for word in command.list_commands(context):
                below = command.get_command(context, word)
                assert below is not None
                walk(f"{name} {word}", below)

    walk("candor", command_line)
    return found


COMMANDS = _commands()
COMMAND_PAGE = {title: section for title, section in sections(REFERENCE / "commands.md").items() if title in COMMANDS}


def _options(name: str) -> dict[str, object]:
    """Every spelling of every option of a command, with its default (None: none, or a flag)."""
    if name == "candor verify":  # the verifier has its own parser, because it runs where click is not
        actions = [action for action in parser("x")._actions if action.option_strings and action.dest != "help"]
        return {spelling: None for action in actions for spelling in action.option_strings}
    found: dict[str, object] = {}
    for one in COMMANDS[name].params:
        if isinstance(one, click.Option):
            default = one.get_default(click.Context(COMMANDS[name]))
            unset = isinstance(default, Enum) or default in ("", (), None)  # click's own word for none is an Enum
            shown = None if one.is_flag or unset else default
            found |= dict.fromkeys([*one.opts, *one.secondary_opts], shown)
    return found


def _documented(section: Section) -> dict[str, str]:
    """Each spelling in the section's tables of options, with its meaning."""
    return {code.split()[0]: row[1] for row in section.rows() for code in codes(row[0])}


def test_every_command_has_its_section() -> None:
    titles = {title for title in sections(REFERENCE / "commands.md") if title.startswith("candor")}
    assert titles == set(COMMANDS)


def test_the_help_lists_every_command() -> None:
    listed = {f"candor {word}" for group in WORDS.values() for word in group}
    assert listed == {name for name in COMMANDS if name.count(" ") == 1}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command(name: str) -> None:
    real, documented = _options(name), _documented(COMMAND_PAGE[name])
    assert set(documented) == set(real)
    for option, default in real.items():
        stated = re.search(r"Default: (?:`([^`]*)`|the working folder)", documented[option])
        if default is None:
            assert stated is None or stated[1] is None, f"{option} has no default"
        elif default != Path():
            assert stated is not None, f"the default of {option} is missing"
            assert stated[1] == str(default)


@pytest.mark.parametrize("name", COMMANDS)
def test_arguments_stand_in_the_usage(name: str) -> None:
    usage = [line.strip() for line in COMMAND_PAGE[name].lines if line.startswith(f"    {name}")]
    assert usage, "no line shows how it is called"
    wanted = [one for one in COMMANDS[name].params if isinstance(one, click.Argument)]
    if name == "candor verify":
        assert "PACKAGE-OR-PROOF" in usage[0]
        return
    for one in wanted:
        assert (one.metavar or ("PATH…" if one.nargs == -1 else (one.name or "").upper())) in usage[0]


@pytest.mark.parametrize("name", [name for name in COMMANDS if "--json" in _options(name)])
def test_the_json_document_is_shown(name: str) -> None:
    assert list(COMMAND_PAGE[name].blocks("json"))


def test_every_flag_is_named() -> None:
    text = (REFERENCE / "commands.md").read_text()
    listed = text[text.index("Flags: ") :].split("\n\n")[0]
    assert codes(listed) == sorted(FLAG_WORDS)


# -- settings

#: Read before there are settings, or by `./run`, which has none.
OTHER_VARIABLES = {"CANDOR_CONFIG", "CANDOR_DEBUG", "CANDOR_PYTHON", "CANDOR_VENV"}
#: A test makes it up, to see that nothing gets through to a limited process.
INVENTED = {"CANDOR_TEST_SECRET"}
SETTINGS_PAGE = {codes(row[0])[0]: row for row in rows(REFERENCE / "settings.md")}


def test_every_setting() -> None:
    assert set(SETTINGS_PAGE) == {f"CANDOR_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES


@pytest.mark.parametrize("name", Settings.model_fields)
def test_default_of_a_setting(name: str) -> None:
    default = Settings.model_fields[name].default
    assert default is not PydanticUndefined
    stated = SETTINGS_PAGE[f"CANDOR_{name.upper()}"][1]
    assert stated == ("(none)" if default in (None, ()) else f"`{default}`")


def test_the_file_of_settings_as_shown_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, code = prose_and_code(REFERENCE / "settings.md")
    (tmp_path / "candor.toml").write_text("\n".join(code))
    for name in [name for name in os.environ if name.startswith("CANDOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CANDOR_CONFIG", str(tmp_path / "candor.toml"))
    settings = Settings.load()
    assert (settings.home, settings.witness_quorum) == (Path("/srv/candor"), 1)
    assert settings.witnesses == ("VKEY https://witness.example.org",)
    assert settings.keys_folder == Path("/srv/candor-keys")


_VARIABLE = re.compile(r"\bCANDOR_[A-Z0-9_]*[A-Z0-9]\b")


def _variables(*folders: str) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        place = ROOT / folder
        for path in [place] if place.is_file() else place.rglob("*"):
            if path.suffix in {".py", ".mjs", ".sh", ""} and path.is_file():
                found |= set(_VARIABLE.findall(path.read_text("utf-8", "replace")))
    return found


def test_every_variable_stands_in_a_page_and_every_one_in_a_page_is_read() -> None:
    of_tests = {code for row in rows(ROOT / "CONTRIBUTING.md") for code in codes(row[0]) if code.startswith("CANDOR_")}
    documented = set(SETTINGS_PAGE) | of_tests
    read = _variables("src", "tests", "benchmarks", ".ci", "run") - INVENTED
    assert read <= documented
    assert documented <= read | {f"CANDOR_{name.upper()}" for name in Settings.model_fields}
    mentioned = {
        name for page in all_pages() for name in re.findall(r"\bCANDOR_[A-Z0-9_]*[A-Z0-9]\b", page.read_text())
    }
    assert mentioned <= documented


# -- events


def test_every_event() -> None:
    listed = [codes(row[0])[0] for row in rows(REFERENCE / "events.md") if ":" in codes(row[0])[0] and len(row) == 3]
    assert sorted(listed) == sorted(Event)


# -- routes


def _real_routes() -> dict[tuple[str, str], Access]:
    found: dict[tuple[str, str], Access] = {}
    for route in routes(Settings.load()):
        if isinstance(route, Mount):
            found["GET", f"{route.path}/…"] = Access(public=True)
        else:
            assert isinstance(route, Route)
            assert route.methods is not None
            for method in route.methods - {"HEAD"}:
                found[method, route.path] = route.endpoint.access  # type: ignore[attr-defined]
    return found


def _documented_routes() -> dict[tuple[str, str], Access]:
    found: dict[tuple[str, str], Access] = {}
    for title, section in sections(REFERENCE / "routes.md").items():
        if title == "Everybody":
            access = Access(public=True)
        elif title == "Whoever is signed in":
            access = Access(public=False)
        elif title.startswith("Any of "):
            access = Access(public=False, any_of=tuple(Permission(name) for name in codes(title)))
        else:
            continue
        for methods, path, _ in section.rows():
            for method in methods.split(", "):
                assert (method, codes(path)[0]) not in found
                found[method, codes(path)[0]] = access
    return found


def test_every_route_and_who_may_use_it() -> None:
    real, documented = _real_routes(), _documented_routes()
    assert set(documented) == set(real)
    wrong = {
        route
        for route, access in real.items()
        if (access.public, set(access.any_of)) != (documented[route].public, set(documented[route].any_of))
    }
    assert not wrong


def test_what_each_role_grants() -> None:
    table = {codes(name)[0]: (words, roles.split(", ")) for name, words, roles in _roles()}
    assert list(table) == sorted(Permission)
    for permission in Permission:
        granting = [role.value for role in Role if permission in GRANTS[role]]
        assert table[permission] == (PERMISSION_WORDS[permission], granting)


def _roles() -> list[list[str]]:
    return list(sections(REFERENCE / "routes.md")["Roles and what each grants"].rows())


# -- verification and exit codes


def test_every_step_of_verification() -> None:
    table = [tuple(row) for row in sections(REFERENCE / "verification.md")["The steps"].rows()]
    assert table == [(str(n), str(FIRST_STEP + n), TITLES[n], FAILURES[n]) for n in TITLES]


def test_the_words_of_steps_and_results() -> None:
    page = sections(REFERENCE / "verification.md")
    assert [row[0].lower() for row in page["How a step ends"].rows()] == [outcome.value for outcome in Outcome]
    stated = {codes(row[0])[0]: row[1] for row in page["The result"].rows()}
    reports = [Report("x", keys="outside"), Report("x"), Report("x"), Report("x", unreadable=True)]
    with reports[2].step(3) as step:
        step.fail("x")
    assert list(stated) == [report.verdict for report in reports]
    for report in reports:
        assert report.result_line.startswith(re.split(r", perhaps| N: …", stated[report.verdict])[0])


def test_the_limits_are_the_verifiers_own() -> None:
    lines = sections(REFERENCE / "verification.md")["What no log can show"].lines
    assert tuple(line[2:] for line in lines if line.startswith("- ")) == LIMITS


def _family(root: type[Exception]) -> set[type[Exception]]:
    return {root}.union(*(_family(below) for below in root.__subclasses__()))


def test_every_exit_code_stands_in_its_page() -> None:
    for module in pkgutil.walk_packages(candor.__path__, "candor."):
        if not re.search(r"__main__|migrations\.(env|versions)|limited_child", module.name):
            importlib.import_module(module.name)
    listed = {row[0] for row in rows(REFERENCE / "exit-codes.md")}
    used = {0, 1, 2, 10, 130, UNREADABLE, STRICT_WARNING}
    used |= {one.exit_code for root in (CandorError, VerifyError) for one in _family(root)}  # type: ignore[attr-defined]
    steps = {FIRST_STEP + number for number in TITLES}
    assert {str(code) for code in used - steps} | {"20 + n"} == listed


# -- rooms


def test_the_rooms_are_those_of_the_import_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    _, code = prose_and_code(ROOT / "CONTRIBUTING.md")
    shown = [re.split(r"\s{2,}", line)[0] for line in code]
    assert [layer.replace("candor.", "") for layer in layers] == shown[shown.index("cli") :]
