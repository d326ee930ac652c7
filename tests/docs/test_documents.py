"""The documents and events that the pages show, against those that the commands really write.

One small installation, worked on by the command line itself: every `--json` document must have the fields that its
page shows, and every event that came of it the details that its page names.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.docs.pages import REFERENCE, codes, rows, sections

from candor.cli.main import candor
from candor.core import outbox
from candor.core.clock import FixedClock
from candor.core.settings import Settings
from candor.custody import Event, recent
from candor.footage import catalogue
from candor.footage.viewing import begin_viewing
from candor.installation import Installation
from candor.people import passwords, recovery_codes, second_factor, service, sessions, sign_in, totp
from candor.people.errors import Refused
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
    _programs_and_reviews(site)
    site.run("candor access")
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
    site.run("candor doctor", "--check", "backup")
    site.run("candor export", "--package", handed_out["id"], "--out", str(site.home / "again"))
    _door(site)
    _keys(site)
    _notices(site)
    _as_on_the_site(recording)
    _recovery(site)
    _logs(site)
    _harm(site.home / "home" / "footage")
    site.run("candor fixity", code=6)
    with Installation.open(Settings.load()) as installation, installation.database.read() as tx:
        for event in recent(tx, limit=1000):
            site.details.setdefault(event.kind.value, set()).update(event.details)


def _programs_and_reviews(site: Site) -> None:
    site.run("candor user review", "--mark", "all well")
    given = ("--create", "--role", "officer", "--name", "dock.py", "--scope", "log:view")
    token = site.run("candor token add", "dock", *given)["token"]
    site.run("candor token list")
    site.run("candor audit", "--limit", "2")
    for words in (["token", "revoke", token], ["audit", "--csv"]):
        result = CliRunner().invoke(candor, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    refused = CliRunner().invoke(candor, ["audit", "--as", "kim"])
    assert isinstance(refused.exception, Refused)


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
                if checked.right:
                    sign_in.succeed(tx, candidate, checked, notice="0123456789ab")
                else:
                    sign_in.fail(tx, candidate)


def _door(site: Site) -> None:
    """Second factors, sessions and the rules of signing in."""
    site.run("candor user policy", "--lock-names")
    lives = sessions.Lifetime(timedelta(hours=1), timedelta(hours=1))
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        chief = service.account_named(tx, "chief")
        assert chief is not None
        candidate = sign_in.look_up(tx, "chief", "127.0.0.1")
        sign_in.ask_second(tx, candidate, sign_in.check(candidate, PASSWORD))
        totp.start(tx, here.vault, chief.id)
        secret = totp.awaiting(tx, here.vault, chief.id)
        assert secret is not None
        totp.confirm(tx, here.vault, chief.id, totp.code_at(secret, totp.step_at(here.clock.now())))
        recovery_codes.use(tx, chief.id, second_factor.added(tx, chief.id, "app")[0])
        second_factor.remove_app(tx, chief.id)
        token = sessions.begin(tx, chief.id, lifetime=lives)
        for by in ("hand", None):  # unlocked, then confirmed
            found = sessions.find(tx, token, lifetime=lives)
            assert found is not None
            found = sessions.lock(tx, found, by=by) if by else found
            token = sessions.proved(tx, found, method="password", address="127.0.0.1", agent="test")
        sessions.refuse(tx, token, reason="agent", address="127.0.0.1", agent="another")
        for _ in range(sign_in.LOCK_FAILURES):
            sign_in.fail(tx, candidate)
        sign_in.release_lock(tx, system_actor("test"), chief.id)


def _keys(site: Site) -> None:
    """The key on paper, in escrow, lost and restored, changed."""
    sheet, key = site.home / "sheet.txt", Settings.load().keys_folder / "kek-000001.json"
    result = CliRunner().invoke(candor, ["key", "sheet", "--out", str(sheet)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    site.run("candor key escrow", "--holders", "2", "--needed", "2", "--out", str(site.home / "shares"))
    site.run("candor key check", "--sheet", str(sheet))
    key.unlink()
    site.run("candor key restore", "--sheet", str(sheet))
    site.run("candor key rotate")


def _recovery(site: Site) -> None:
    """A backup, a recording destroyed, and the backup brought back on another machine."""
    (site.home / "order.txt").write_text("to be destroyed\n")
    CliRunner().invoke(candor, ["ingest", str(site.home / "order.txt")], catch_exceptions=False)
    site.run("candor backup", str(site.home / "kept"))
    with Installation.open(Settings.load()) as installation, installation.database.read() as tx:
        doomed = next(recent(tx, kinds=[Event.RECORDING_SEALED])).recording_id
    site.run("candor purge", str(doomed), "--authority", "Order 1", "--reason", "a test", "--yes")
    keys = site.home / "other-keys"
    keys.mkdir(mode=0o700)
    for path in Settings.load().keys_folder.glob("kek-*.json"):
        shutil.copy(path, keys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDOR_HOME", str(site.home / "other"))
        patch.setenv("CANDOR_KEYS", str(keys))
        site.run("candor restore", str(site.home / "kept"), "--verify")
        with Installation.open(Settings.load()) as installation, installation.database.read() as tx:
            (event,) = recent(tx, kinds=[Event.RESTORE_MADE])
            site.details[event.kind.value] = set(event.details)


def _logs(site: Site) -> None:
    """A clock set back; the log recovered beside an older database, and handed over."""
    database = Settings.load().home / "candor.sqlite3"
    with Installation.open(Settings.load()) as installation:
        for clock in (FixedClock(datetime(2126, 1, 1, tzinfo=UTC)), installation.clock):
            with installation.database.write() as tx:
                catalogue.set_categories(tx, system_actor("test"), [f"Set in {clock.now().year}"], clock=clock)
            installation.log.settle()
    with closing(sqlite3.connect(database)) as there, closing(sqlite3.connect(site.home / "older")) as kept:
        there.backup(kept)
    result = CliRunner().invoke(candor, ["category", "set", "One", "Two", "Three"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    with closing(sqlite3.connect(site.home / "older")) as kept, closing(sqlite3.connect(database)) as there:
        kept.backup(there)
    site.run("candor log recover")
    for way in (["--take-in"], ["--handover", "--reason", "a test"]):
        result = CliRunner().invoke(candor, ["log", "recover", *way], catch_exceptions=False)
        assert result.exit_code == 0, result.output


def _notices(site: Site) -> None:
    """Something told, and who is told changed."""
    with Installation.open(Settings.load()) as installation:
        with installation.database.write() as tx:
            outbox.tell(tx, outbox.NoticeKind.BACKUP_OVERDUE)
        installation.notifier.run_once()
    words = ["notices", "set", "job:failed", "--role", "supervisor", "--urgent-waits"]
    result = CliRunner().invoke(candor, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    site.run("candor notices list")
    site.run("candor notices routes")


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
EITHER = {kind: {"account", "unknown_name"} for kind in ("account:sign-in-failed", "account:locked")}


def test_events_have_the_details_that_are_named(site: Site) -> None:
    documented = _documented_details()
    assert len(site.details) >= 15
    for kind, names in site.details.items():
        either = EITHER.get(kind, set())
        assert names - either == documented[kind] - either, kind
        assert not either or len(names & either) == 1


def test_which_events_are_tried_here(site: Site) -> None:
    elsewhere = {
        Event.ACCOUNT_PASSKEY_REFUSED,
        Event.ACCOUNT_PASSWORD_LISTED,
        Event.ACCOUNTS_INACTIVE_DISABLED,
        Event.TOKEN_USED,
        Event.TOKEN_REFUSED,
        Event.RENDITION_MADE,
        Event.RENDITION_FAILED,
        Event.ACCOUNT_SIGNED_OUT,
        Event.LOG_REFUSED_TO_SIGN,
    }
    assert set(site.details) == {event.value for event in set(Event) - elsewhere}
