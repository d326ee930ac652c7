"""`candor key`: on paper, in escrow, restored on an empty machine, changed while the site runs, and what is said."""

from __future__ import annotations

import io
import json
import re
import shutil
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pyrage
import pytest
from tests.cli.conftest import Candor

from candor.core.settings import Settings
from candor.custody import Event, recent
from candor.installation import Installation
from candor.people import passwords, service
from candor.people.rules import Role
from candor.people.service import NewAccount
from candor.store.key_records import read_records
from candor.store.keys import KeyRing, add_epoch


@pytest.fixture
def agency(home: Path, tables: None) -> Path:
    """An installation with an agency; its home."""
    with Installation.open(Settings.load(), create=True) as installation, installation.database.write() as tx:
        administrator = NewAccount(
            "chief", "Dana Chief", [Role.ADMINISTRATOR], passwords.hash_password("correct horse")
        )
        service.create_agency(
            tx,
            name="State Troop Q",
            short_name="Troop Q",
            time_zone="America/New_York",
            administrator=administrator,
            clock=installation.clock,
        )
    return home


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The folder of the keys."""
    return tmp_path / "keys"


def events(kind: Event) -> list[dict[str, object]]:
    with Installation.open(Settings.load()) as installation, installation.database.read() as tx:
        return [event.details for event in recent(tx, kinds=[kind])]


def seal(content: bytes) -> str:
    with Installation.open(Settings.load()) as installation:
        sealed = installation.vault.seal("original", io.BytesIO(content))
        with installation.database.write() as tx:
            installation.vault.record(tx, sealed)
    return sealed.object_id


def opened(object_id: str) -> bytes:
    with (
        Installation.open(Settings.load()) as installation,
        installation.database.read() as tx,
        installation.vault.open(tx, object_id) as stream,
    ):
        return stream.read()


def words_in(text: str) -> str:
    return text[text.index("Words of epoch") : text.index("End of the words")]


# -- the sheet


def test_the_sheet_brings_the_key_back_on_an_empty_machine(
    candor: Candor, agency: Path, keys: Path, tmp_path: Path
) -> None:
    object_id = seal(b"footage")
    sheet = tmp_path / "sheet.txt"
    assert candor("key", "sheet", "--out", sheet).code == 0
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert "State Troop Q" in sheet.read_text()
    assert candor("key", "sheet", "--out", sheet).code == 3, "nothing is written over"
    log_key = (keys / "log.key").read_bytes()
    shutil.rmtree(keys)
    agency.rename(tmp_path / "away")
    done = candor("key", "restore", "--sheet", sheet, "--json")
    assert done.code == 0, done.err
    assert [(one["epoch"], one["new"]) for one in done.json["keys"]] == [(1, True)]
    assert [path.stat().st_mode & 0o777 for path in sorted(keys.glob("*.json"))] == [0o600, 0o600]
    assert keys.stat().st_mode & 0o777 == 0o700
    assert not agency.exists(), "restoring the key makes no installation"
    (tmp_path / "away").rename(agency)
    (keys / "log.key").write_bytes(log_key)
    (keys / "log.key").chmod(0o600)
    assert opened(object_id) == b"footage"
    assert [(one["epochs"], one["way"]) for one in events(Event.KEY_RESTORED)] == [([1], "sheet")]
    again = candor("key", "restore", "--sheet", sheet)
    assert again.code == 0
    assert "was there already" in again.out
    assert len(events(Event.KEY_RESTORED)) == 1, "told once"


def test_showing_and_confirming_are_events_and_are_remembered(
    candor: Candor, agency: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = candor("key", "check", "--json")
    assert before.code == 0
    assert before.json["sheet_confirmed_at"] is None
    assert "Nobody has confirmed the recovery sheet of epoch 1" in before.json["warnings"][0]
    shown = candor("key", "sheet")
    assert [one["face"] for one in events(Event.KEY_SHEET_SHOWN)] == ["command-line"]
    monkeypatch.setattr("sys.stdin", io.StringIO(words_in(shown.out)))
    tried = candor("key", "check", "--sheet", "-")
    assert tried.code == 0, tried.err
    assert "This is the sheet of the present key" in tried.out
    (confirmed,) = events(Event.KEY_SHEET_CONFIRMED)
    assert (confirmed["epochs"], confirmed["whole"]) == ([1], True)
    assert read_records(keys).sheet_confirmed_at(1) is not None
    after = candor("key", "check", "--json").json
    assert after["sheet_confirmed_at"]
    assert after["warnings"] == []
    secret = KeyRing.load(keys).secret(1)
    with Installation.open(Settings.load()) as installation, installation.database.read() as tx:
        payloads = "".join(event.payload for event in recent(tx))
    words = set(re.findall(r"[a-z]{4,}", words_in(shown.out))) - {"words", "epoch"}
    assert secret.hex() not in payloads
    # One or two may be words of the events by chance (“system”); the key is 28 of them.
    assert len([word for word in words if re.search(rf"\b{word}\b", payloads)]) < 4


def test_a_wrong_word_is_said_and_nothing_is_written(candor: Candor, agency: Path, keys: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "typed.txt"
    lines = words_in(candor("key", "sheet").out).splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith(" 3"))
    right = lines[at].split()[2]
    lines[at] = lines[at].replace(right, "zero" if right != "zero" else "acid")
    sheet.write_text("\n".join(lines))
    shutil.rmtree(keys)
    agency.rename(tmp_path / "away")
    outcome = candor("key", "restore", "--sheet", sheet)
    assert outcome.code == 3
    assert "Line 3 of the recovery sheet does not fit its check word; look at words 9 to 12." in outcome.err
    assert f"Word 10 is probably “{right}”." in outcome.err
    assert not keys.exists()


def test_the_sheet_of_another_agency(
    candor: Candor, agency: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = tmp_path / "theirs.txt"
    with monkeypatch.context() as patch:
        patch.setenv("CANDOR_HOME", str(tmp_path / "theirs"))
        patch.setenv("CANDOR_KEYS", str(tmp_path / "their-keys"))
        with Installation.open(Settings.load(), create=True):
            pass
        assert candor("key", "sheet", "--out", sheet).code == 0
    before = {path: path.read_bytes() for path in keys.iterdir()}
    tried = candor("key", "check", "--sheet", sheet)
    assert tried.code == 6
    assert "it is not the sheet of the key" in tried.err
    refused = candor("key", "restore", "--sheet", sheet)
    assert refused.code == 6
    assert "the key of another installation" in refused.err
    assert {path: path.read_bytes() for path in keys.iterdir()} == before
    shutil.rmtree(keys)
    assert candor("key", "restore", "--sheet", sheet).code == 6, "the database knows its own key"
    assert not keys.exists()
    agency.rename(tmp_path / "away")
    assert candor("key", "restore", "--sheet", sheet).code == 0, "an empty machine takes any"
    (tmp_path / "away").rename(agency)
    served = candor("list")
    assert served.code == 9
    assert "not the one that this installation sealed with" in served.err


def test_one_way_at_a_time(candor: Candor, home: Path, tmp_path: Path) -> None:
    paper = tmp_path / "paper"
    paper.touch()
    for words in (
        (),
        ("--sheet", paper, "--share", paper),
        ("--escrow", paper),
        ("--age-identity", paper),
        ("--sheet", tmp_path / "none"),
    ):
        assert candor("key", "restore", *words).code == 2, words


# -- escrow


def test_shares_make_the_key_again(candor: Candor, agency: Path, keys: Path, tmp_path: Path) -> None:
    secret, out = KeyRing.load(keys).secret(1), tmp_path / "shares"
    done = candor("key", "escrow", "--holders", 3, "--needed", 2, "--out", out, "--json")
    assert done.code == 0, done.err
    files = [Path(name) for name in done.json["files"]]
    assert [path.name for path in files] == [f"candor-share-{at}-of-3-epoch-1.txt" for at in (1, 2, 3)]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    (event,) = events(Event.KEY_ESCROWED)
    assert (event["holders"], event["needed"], event["way"], event["epochs"]) == (3, 2, "shares", [1])
    state = candor("key", "check", "--json").json
    assert [(one["way"], one["needed"]) for one in state["escrows"]] == [("shares", 2)]
    assert candor("key", "escrow", "--holders", 3, "--needed", 2, "--out", out).code == 3, "nothing is written over"
    shutil.rmtree(keys)
    agency.rename(tmp_path / "away")
    few = candor("key", "restore", "--share", files[0])
    assert few.code == 3
    assert "2 shares are needed, and 1 were given (of holders 1)" in few.err
    twice = candor("key", "restore", "--share", files[0], "--share", files[0])
    assert twice.code == 3
    copy = tmp_path / "copy.txt"
    shutil.copyfile(files[0], copy)
    assert "are the same one (holder 1)" in candor("key", "restore", "--share", files[0], "--share", copy).err
    assert not keys.exists()
    assert candor("key", "restore", "--share", files[0], "--share", files[2]).code == 0
    assert KeyRing.load(keys).secret(1) == secret


def test_a_passphrase_of_shares(
    candor: Candor, agency: Path, keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*words: object, line: str) -> object:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{line}\n"))
        return candor("key", *words, "--passphrase")

    out = tmp_path / "shares"
    assert run("escrow", "--holders", 2, "--needed", 2, "--out", out, line="open sesame").code == 0  # type: ignore[attr-defined]
    shares = [word for path in sorted(out.iterdir()) for word in ("--share", path)]
    shutil.rmtree(keys)
    agency.rename(tmp_path / "away")
    wrong = run("restore", *shares, line="open the door")
    assert "they make no key with this passphrase" in wrong.err  # type: ignore[attr-defined]
    assert run("restore", *shares, line="open sesame").code == 0  # type: ignore[attr-defined]


def test_an_age_file_for_recipients(candor: Candor, agency: Path, keys: Path, tmp_path: Path) -> None:
    secret, out = KeyRing.load(keys).secret(1), tmp_path / "escrow"
    court, state, stranger = (pyrage.x25519.Identity.generate() for _ in range(3))
    to = [word for one in (court, state) for word in ("--to", str(one.to_public()))]
    done = candor("key", "escrow", *to, "--out", out, "--json")
    assert done.code == 0, done.err
    (file,) = map(Path, done.json["files"])
    (event,) = events(Event.KEY_ESCROWED)
    assert len(event["recipients"]) == 2  # type: ignore[arg-type]
    assert str(court.to_public()) not in json.dumps(event)
    shutil.rmtree(keys)
    identity = tmp_path / "identity.txt"
    identity.write_text(f"{stranger}\n")
    wrong = candor("key", "restore", "--age-identity", identity, "--escrow", file)
    assert wrong.code == 3
    assert "does not open the escrow" in wrong.err
    identity.write_text(f"{state}\n")
    assert candor("key", "restore", "--age-identity", identity, "--escrow", file).code == 0
    assert KeyRing.load(keys).secret(1) == secret


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--holders", 3), 2),
        (("--holders", 3, "--needed", 4), 2),
        (("--holders", 1, "--needed", 1), 2),
        (("--to", "nobody"), 2),
        (("--holders", 3, "--needed", 2, "--to", "age1xyz"), 2),
        ((), 2),
    ],
)
def test_an_escrow_that_cannot_be(
    candor: Candor, agency: Path, tmp_path: Path, words: tuple[object, ...], code: int
) -> None:
    outcome = candor("key", "escrow", *words, "--out", tmp_path / "out")
    assert outcome.code == code, outcome.err
    assert not (tmp_path / "out").exists()
    assert events(Event.KEY_ESCROWED) == []


# -- rotation


def test_a_rotation(candor: Candor, agency: Path, keys: Path, tmp_path: Path) -> None:
    objects = {seal(content): content for content in (b"one", b"two", b"three")}
    old_sheet = tmp_path / "old.txt"
    candor("key", "sheet", "--out", old_sheet)
    candor("key", "check", "--sheet", old_sheet)
    done = candor("key", "rotate")
    assert done.code == 0, done.err
    assert "3 keys were wrapped under the new key of epoch 2; epoch 1 is retired." in done.err
    assert "The old recovery sheet, shares and escrow files do not restore what is sealed from now on." in done.err
    assert "Words of epoch 2" in done.out
    assert [path.name for path in sorted(keys.glob("kek-*"))] == ["kek-000002.json"]
    for object_id, content in objects.items():
        assert opened(object_id) == content
    (started,), (ended,) = events(Event.KEY_ROTATION_STARTED), events(Event.KEY_ROTATION_ENDED)
    assert started == {"old": [1], "new": 2, "keys": 3}
    assert ended == {"old": [1], "new": 2, "keys": 3, "resumed": False, "kept": False}
    state = candor("key", "check", "--json").json
    assert state["sheet_confirmed_at"] is None, "the new sheet is another one"
    assert [(one["epoch"], one["at_hand"], one["wraps"]) for one in state["epochs"]] == [(1, False, 0), (2, True, 3)]
    tried = candor("key", "check", "--sheet", old_sheet)
    assert tried.code == 6
    assert "it holds the key of epoch 1, and the folder that of epoch 2" in tried.err


def test_a_rotation_that_only_ends_an_earlier_one_says_so(
    candor: Candor, agency: Path, keys: Path, tmp_path: Path
) -> None:
    """An old key is put back to read an old backup; who then changes the key must not believe that it was changed."""
    seal(b"one")
    old_sheet = tmp_path / "old.txt"
    candor("key", "sheet", "--out", old_sheet)
    assert "NO NEW KEY" not in candor("key", "rotate").err
    assert candor("key", "restore", "--sheet", old_sheet).code == 0
    assert KeyRing.load(keys).epochs == (1, 2)
    done = candor("key", "rotate")
    assert done.code == 0
    assert "NO NEW KEY WAS MADE" in done.err
    assert KeyRing.load(keys).epochs == (2,)
    assert "under the new key of epoch 3" in candor("key", "rotate").err


def test_a_rotation_as_json_and_with_the_old_key_kept(candor: Candor, agency: Path, keys: Path, tmp_path: Path) -> None:
    seal(b"one")
    sheet = tmp_path / "new.txt"
    done = candor("key", "rotate", "--keep-old", "--json", "--out", sheet)
    assert done.code == 0, done.err
    assert (done.json["old"], done.json["new"], done.json["destroyed"]) == ([1], 2, [])
    assert KeyRing.load(keys).epochs == (1, 2)
    assert "Words of epoch 2" in sheet.read_text()
    assert "Words of epoch 1" not in sheet.read_text(), "it wraps nothing any more"
    assert candor("key", "rotate", "--out", sheet).code == 3
    assert KeyRing.load(keys).epochs == (1, 2), "nothing was begun"


def test_who_may(candor: Candor, agency: Path, tmp_path: Path) -> None:
    candor("user", "add", "officer", "--display-name", "O", "--role", "officer")
    for words in (
        ("sheet",),
        ("rotate",),
        ("escrow", "--holders", 3, "--needed", 2, "--out", tmp_path / "out"),
    ):
        refused = candor("key", *words, "--as", "officer")
        assert refused.code == 5, words
        assert "keys:manage" in refused.err or "recovery sheet" in refused.err
        assert "Words of" not in refused.out
    assert candor("key", "sheet", "--as", "chief").code == 0
    assert events(Event.KEY_ROTATION_STARTED) == []


# -- a key that is missing


def test_a_missing_key_is_noticed_at_start(candor: Candor, agency: Path, keys: Path, tmp_path: Path) -> None:
    seal(b"one")
    keys.rename(tmp_path / "away")
    for words in (("serve", "--port", 0), ("work", "--until-idle"), ("list",)):
        outcome = candor(*words)
        assert outcome.code == 9, words
        assert "There is no key-encryption key in" in outcome.err
    assert not keys.exists() or not list(keys.glob("kek-*")), "none is made in its place"
    checked = candor("key", "check", "--json")
    assert checked.code == 9
    assert "There is no key-encryption key" in checked.json["problems"][0]


def test_a_lost_key_is_not_replaced_before_the_first_recording_either(candor: Candor, agency: Path, keys: Path) -> None:
    for path in keys.glob("kek-*"):
        path.unlink()
    outcome = candor("serve", "--port", 0)
    assert outcome.code == 9
    assert "There is no key-encryption key in" in outcome.err
    assert not list(keys.glob("kek-*"))


def test_a_missing_older_key_is_noticed_at_start(candor: Candor, agency: Path, keys: Path) -> None:
    seal(b"one")
    add_epoch(keys)
    (keys / "kek-000001.json").unlink()
    outcome = candor("work", "--until-idle")
    assert outcome.code == 6
    assert "the key-encryption key of epoch 1" in outcome.err
    checked = candor("key", "check")
    assert checked.code == 6
    assert "PROBLEM: Epoch 1: its key is missing, and it wraps 1 keys." in checked.err


def test_check_says_what_is_wrong_with_files(candor: Candor, agency: Path, keys: Path) -> None:
    (keys / "kek-000001.json").chmod(0o644)
    outcome = candor("key", "check")
    assert outcome.code == 9
    assert "mode 0644" in outcome.err
    (keys / "kek-000001.json").chmod(0o600)
    keys.chmod(0o777)
    outcome = candor("key", "check")
    assert outcome.code == 6
    assert "chmod 700" in outcome.err
    keys.chmod(0o700)
    (keys / "key-records.json").write_text("not json")
    outcome = candor("key", "check")
    assert outcome.code == 0
    assert "key-records.json is damaged" in outcome.err


def test_without_an_installation(candor: Candor, home: Path) -> None:
    outcome = candor("key", "check", "--json")
    assert outcome.code == 9
    assert outcome.json["database"] is False
    assert not home.exists()
    assert candor("key", "sheet").code == 9


def test_a_missing_log_key_is_said_loudly_and_intake_goes_on(
    candor: Candor, agency: Path, keys: Path, tmp_path: Path
) -> None:
    (keys / "log.key").rename(tmp_path / "log.key")
    worked = candor("work", "--until-idle", "--timeout", 1)
    assert "PROBLEM" in worked.err
    assert str(keys / "log.key") in worked.err
    assert "Footage goes on being taken in" in worked.err
    object_id = seal(b"taken in all the same")
    assert opened(object_id) == b"taken in all the same"
    checked = candor("key", "check", "--json")
    assert checked.code == 6
    assert str(keys / "log.key") in checked.json["log_key_problem"]
    with sqlite3.connect(agency / "candor.sqlite3") as connection:
        waiting = connection.execute("SELECT count(*) FROM custody_event WHERE position IS NULL").fetchone()[0]
    connection.close()
    assert waiting > 0, "events are recorded, and wait"
    (tmp_path / "log.key").rename(keys / "log.key")
    assert candor("log", "checkpoint").code == 0
    assert candor("key", "check").code == 0


def test_the_site_says_at_its_start_that_the_sheet_waits(
    candor: Candor, agency: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real start, on a free port, that ends as soon as it listens."""

    def end(server: Any, sockets: list[socket.socket]) -> None:
        server.on_ready()
        for one in sockets:
            one.close()

    monkeypatch.setattr("candor.cli.serve._Server.run", end)
    first = candor("serve", "--port", 0)
    assert first.code == 0, first.err
    assert re.search(r"The recovery sheet of the key waits at http://127\.0\.0\.1:\d+/recovery-sheet", first.err)
    sheet = tmp_path / "sheet.txt"
    candor("key", "sheet", "--out", sheet)
    candor("key", "check", "--sheet", sheet)
    assert "recovery sheet" not in candor("serve", "--port", 0).err
