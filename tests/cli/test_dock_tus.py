"""candor dock tus against a real server, cut off and gone on with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.tus.cutting import cutting
from tests.tus.site import TusSite, noise, prepare, sealed, serving

from candor.cli.dock_tus import command
from candor.docking.uploads import service as uploads
from candor.docking.uploads.turn import Turn
from candor.people import passwords
from candor.tus import client

BYTES = noise(3_000_000, 21)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TusSite]:
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    monkeypatch.setattr(client, "_PAUSES", (0.0, 0.1, 0.1))
    with serving(prepare(tmp_path)) as found:
        (tmp_path / "token").write_text(found.tokens["dock"] + "\n")
        (tmp_path / "film.mp4").write_bytes(BYTES)
        yield found


def run(folder: Path, *words: str) -> Result:
    given = ["--memory", str(folder / "state/uploads.json"), "--credential", str(folder / "token"), *words]
    return CliRunner().invoke(command, given)


def test_files_are_sent_and_sealed(site: TusSite, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    done = run(
        tmp_path,
        str(tmp_path / "film.mp4"),
        str(tmp_path / "empty.mp4"),
        "--to",
        site.url,
        "--incident",
        "26-1",
        "--json",
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [one["sha256"] for one in told["sent"]] == [hashlib.sha256(body).hexdigest() for body in (BYTES, b"")]
    assert site.here is not None
    assert BYTES in sealed(site.here).values()
    assert json.loads(run(tmp_path, "--list", "--json").stdout) == []


def test_a_line_that_breaks_goes_on(site: TusSite, tmp_path: Path) -> None:
    whole = 1 << 30  # each request is a connection of its own
    with cutting(site.url, [whole, whole, 900_000, whole, 500_000, 100]) as line:
        done = run(tmp_path, str(tmp_path / "film.mp4"), "--to", line.url)
    assert done.exit_code == 0, done.output
    assert hashlib.sha256(BYTES).hexdigest() in done.stdout
    # Where the server is still at what came before the break, it is asked once more, and that connection is not cut.
    assert line.made in (2, 3)


def test_stopped_and_begun_again(site: TusSite, tmp_path: Path) -> None:
    with cutting(site.url, [1000, 1_000_000, *[1] * 40]) as line:
        broken = run(tmp_path, str(tmp_path / "film.mp4"), "--to", line.url)
        assert broken.exit_code == 10, broken.output
        assert "run the same command again" in broken.output
        (one,) = json.loads(run(tmp_path, "--list", "--json").stdout)
        assert one["path"] == str(tmp_path / "film.mp4")
        line._cuts.clear()
        begun = site.ask("HEAD", site.url + "/upload/tus/" + one["url"].rpartition("/")[2])
        assert begun.status_code == 200
        done = run(tmp_path, str(tmp_path / "film.mp4"), "--to", line.url, "--json")
    assert done.exit_code == 0, done.output
    (sent,) = json.loads(done.stdout)["sent"]
    assert one["url"].endswith(sent["upload"]), "the same upload"
    assert sent["sha256"] == hashlib.sha256(BYTES).hexdigest()


def test_forgotten(site: TusSite, tmp_path: Path) -> None:
    where = site.begin(10)
    memory = client.Memory(tmp_path / "state/uploads.json")
    memory.keep(client.Remembered(where, "/x", 10, 0, "2026-11-22T10:00:00Z"))
    assert run(tmp_path, "--forget", where).exit_code == 0
    assert memory.all() == []
    assert site.ask("HEAD", where).status_code == 410


def test_what_is_refused_is_said(site: TusSite, tmp_path: Path) -> None:
    done = run(tmp_path, str(tmp_path / "film.mp4"), "--to", site.url, "--category", "Gossip")
    assert done.exit_code == 10
    assert "not on the list of categories" in done.output
    assert run(tmp_path, str(tmp_path / "none.mp4"), "--to", site.url).exit_code == 10
    assert run(tmp_path, str(tmp_path / "film.mp4")).exit_code == 2


def test_what_cannot_be_sealed_there_is_told_and_gone_on_with(
    site: TusSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other side has every byte and no room to seal them: the command does not wait for ever, nor forgets."""
    assert site.here is not None
    desk = site.here.uploads

    def no_room(turn: Turn) -> None:
        turn.settle()
        with desk.database.write() as tx:
            uploads.set_assembling(tx, turn.upload.id, desk.drafts.holder, desk.clock.now())
            uploads.note_problem(tx, turn.upload.id, "There is no room.", desk.clock.now())

    monkeypatch.setattr(client, "_ASKED_EVERY", 0.01)
    monkeypatch.setattr(client, "_HELD_UP", 5)
    with monkeypatch.context() as patch:
        patch.setattr(desk, "finish", no_room)
        done = run(tmp_path, str(tmp_path / "film.mp4"), "--to", site.url)
    assert done.exit_code == 10
    assert "could not be sealed there yet: There is no room." in done.stderr
    (one,) = json.loads(run(tmp_path, "--list", "--json").stdout)
    desk.put_together(one["url"].rpartition("/")[2]).result(60)
    assert run(tmp_path, str(tmp_path / "film.mp4"), "--to", site.url).exit_code == 0
    assert sealed(site.here) == {hashlib.sha256(BYTES).digest(): BYTES}


def test_a_file_that_was_changed_while_it_was_sent(
    site: TusSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sealed is sealed, but it is not what lies here now: nobody is to take one for the other and wipe a card."""
    film, await_seal = tmp_path / "film.mp4", client.Sender._await_seal

    def changed(sender: client.Sender, url: str, path: Path) -> dict[str, object]:
        film.write_bytes(BYTES[:-1] + b"?")
        return await_seal(sender, url, path)

    monkeypatch.setattr(client.Sender, "_await_seal", changed)
    done = run(tmp_path, str(film), "--to", site.url)
    assert done.exit_code == 10
    assert "another SHA-256" in done.stderr
    assert "sealed  " not in done.stdout
