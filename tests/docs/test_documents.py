"""The documents and events that the pages show, against those that the commands really write.

One small installation, worked on by the command line itself: every `--json` document must have the fields that its
page shows, and every event that came of it the details that its page names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.docs.pages import REFERENCE, codes, rows, sections

from candor.cli.main import candor
from candor.core.settings import Settings
from candor.custody import Event, recent
from candor.footage import catalogue
from candor.footage.viewing import begin_viewing
from candor.installation import Installation
from candor.people import passwords, service, sign_in
from candor.people.rules import Role, system_actor

PASSWORD = "correct horse battery"
PAGE = sections(REFERENCE / "commands.md")


class Site:
    """An installation with one odd recording, and the documents its commands gave, by the command's name."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.documents: dict[str, Any] = {}
        self.details: dict[str, set[str]] = {}

    def run(self, name: str, *arguments: str, code: int = 0) -> Any:
        """Run a command with --json and keep its document."""
        result = CliRunner().invoke(candor, [*name.split()[1:], *arguments, "--json"], catch_exceptions=False)
        assert result.exit_code == code, result.output
        self.documents[name] = json.loads(result.stdout)
        return self.documents[name]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CANDOR_")]:
            patch.delenv(name)
        patch.setenv("CANDOR_HOME", str(home / "home"))
        patch.setenv("CANDOR_CONFIG", str(home / "none.toml"))
        patch.setenv(passwords.CHEAP_FOR_TESTS, "1")
        made = Site(home)
        _work(made)
        yield made


def _work(site: Site) -> None:
    (site.home / "card").mkdir()
    (site.home / "card" / "note.txt").write_text("no recording\n")
    (site.home / "card" / "link").symlink_to("note.txt")
    _people()
    site.run("candor user add", "kim", "--unit", "Troop C", "--badge", "412")
    site.run("candor user list")
    site.run("candor device add", "X1", "--make", "Meridian")
    site.run("candor device list")
    site.run("candor category list")
    _change_kim()
    given = ("--wearer", "kim", "--device", "X1")
    taken = site.run("candor ingest", str(site.home / "card"), *given)
    recording = taken["recordings"][0]["id"]
    site.run("candor ingest", str(site.home / "card"), str(_unreadable()), *given, code=10)
    site.run("candor list")
    handed_out = site.run("candor export", recording, "--out", str(site.home / "out"), "--purpose", "a test")
    package, log = handed_out["package"], site.run("candor log")
    site.run("candor verify", package, "--log-key", log["vkey"])
    site.run("candor show", recording)
    site.run("candor log proof", recording, "--out", str(site.home / "proofs"))
    site.run("candor log check")
    site.run("candor export", "--package", handed_out["id"], "--out", str(site.home / "again"))
    _as_on_the_site(recording)
    _harm(site.home / "home" / "footage")
    site.run("candor fixity", code=6)
    with Installation.open(Settings.load()) as installation, installation.database.read() as tx:
        for event in recent(tx, limit=1000):
            site.details.setdefault(event.kind.value, set()).update(event.details)


def _unreadable() -> Path:
    """A regular file whose first byte cannot be read, by root either."""
    return Path("/proc/self/mem")


def _people() -> None:
    administrator = service.NewAccount("chief", "Chief", [Role.ADMINISTRATOR], passwords.hash_password(PASSWORD))
    with Installation.open(Settings.load(), create=True) as installation, installation.database.write() as tx:
        service.create_agency(tx, name="Agency", short_name="A", time_zone="UTC", administrator=administrator)
        catalogue.set_categories(tx, system_actor("test"), ["One", "Two"])


def _change_kim() -> None:
    result = CliRunner().invoke(candor, ["user", "change", "kim", "--display-name", "Kim"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    with Installation.open(Settings.load()) as installation:
        database = installation.database
        for password in ("wrong", PASSWORD):
            with database.read() as tx:
                candidate = sign_in.look_up(tx, "chief", "127.0.0.1")
            checked = sign_in.check(candidate, password)
            with database.write() as tx:
                sign_in.succeed(tx, candidate, checked) if checked.right else sign_in.fail(tx, candidate)


def _as_on_the_site(recording: str) -> None:
    """Acts that have no command: open, change."""
    actor = system_actor("test")
    with Installation.open(Settings.load()) as installation, installation.database.write() as tx:
        begin_viewing(tx, actor, recording, "a test")
        catalogue.change(tx, recording, {"title": "A note"}, actor)


def _harm(footage: Path) -> None:
    """Make one stored object differ from its seal."""
    path = max((footage / "objects").rglob("*-*-*"), key=lambda one: one.stat().st_size)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")


def _fields(value: Any, path: str = "") -> set[str]:
    """The fields of a document, each by its way from the top; a list stands for all its members."""
    if isinstance(value, list):
        return set().union(*(_fields(one, f"{path}[]") for one in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = {f"{path}.{name}" for name in value}
    for name, below in value.items():
        found |= _fields(below, f"{path}.{name}")
    return found


#: What files claim and events hold has pages and shapes of its own.
OPEN = (".parts[].claims.", ".history[].details.")


@pytest.mark.parametrize("name", [title for title, section in PAGE.items() if list(section.blocks("json"))])
def test_the_document_has_the_fields_that_are_shown(site: Site, name: str) -> None:
    (text,) = PAGE[name].blocks("json")
    shown, real = _fields(json.loads(text)), _fields(site.documents[name])
    if name == "candor show":  # the page says: every field of a row of the list, and these
        (of_list,) = PAGE["candor list"].blocks("json")
        shown |= {f".{field}" for field in json.loads(of_list)["recordings"][0]}
    shown, real = ({field for field in which if not field.startswith(OPEN)} for which in (shown, real))
    # A list that is empty here shows nothing of its members, so those of the page may be more.
    empty = tuple(f"{field}[]" for field in real if not any(other.startswith(f"{field}[]") for other in real))
    assert real <= shown
    assert {field for field in shown - real if not field.startswith(empty)} == set()


def _documented_details() -> dict[str, set[str]]:
    return {codes(row[0])[0]: set(codes(row[2])) for row in rows(REFERENCE / "events.md") if len(row) == 3}


#: One of these stands in the event, never both.
EITHER = {"account:sign-in-failed": {"account", "unknown_name"}}


def test_events_have_the_details_that_are_named(site: Site) -> None:
    documented = _documented_details()
    assert len(site.details) >= 15
    for kind, names in site.details.items():
        either = EITHER.get(kind, set())
        assert names - either == documented[kind] - either, kind
        assert not either or len(names & either) == 1


def test_which_events_are_tried_here(site: Site) -> None:
    elsewhere = {
        Event.RECORDING_KEY_DESTROYED,
        Event.RENDITION_MADE,
        Event.RENDITION_FAILED,
        Event.ACCOUNT_SIGNED_OUT,
        Event.LOG_REFUSED_TO_SIGN,
    }
    assert set(site.details) == {event.value for event in set(Event) - elsewhere}
