"""Checking everything: on record when it begins and ends, what does not match by name, taken up after a stop."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.footage.conftest import Archive

from candor.core.outbox import outbox_notice
from candor.custody.events import Event
from candor.custody.record import recent
from candor.footage import fixity
from candor.footage.fixity import Check, Finding
from candor.footage.receipt import Received
from candor.footage.tables import part
from candor.people.errors import Refused
from candor.store import FixityProgress, Outcome


def _begin(archive: Archive) -> str:
    with archive.database.write() as tx:
        return fixity.begin(tx, archive.vault, archive.technician, clock=archive.clock)


def _carry_on(archive: Archive, check_id: str, **options: object) -> Check:
    return fixity.carry_on(archive.database, archive.vault, check_id, clock=archive.clock, **options)  # type: ignore[arg-type]


def _object(archive: Archive, received: Received) -> str:
    with archive.database.read() as tx:
        return tx.scalar(sa.select(part.c.object_id).where(part.c.id == received.part_id)) or ""


def _file(archive: Archive, object_id: str) -> Path:
    return next(path for path in (archive.folder / "footage").rglob(object_id))


def _events(archive: Archive) -> list[tuple[str, dict[str, object]]]:
    with archive.database.read() as tx:
        found = list(recent(tx, kinds=[Event.FIXITY_STARTED, Event.FIXITY_ENDED]))[::-1]
    return [(event.kind.value, event.details) for event in found]


@pytest.fixture
def three(archive: Archive) -> list[Received]:
    """Three sealed files."""
    return [archive.take(f"file {number}".encode() * 1000, f"{number}.txt") for number in range(3)]


def test_all_is_well(archive: Archive, three: list[Received]) -> None:
    check_id = _begin(archive)
    told: list[FixityProgress] = []
    done = _carry_on(archive, check_id, progress=told.append)
    assert (done.checked, done.findings, done.actor) == (3, [], archive.technician.account_id)
    assert done.bytes == sum(received.size for received in three)
    assert done.ended_at is not None
    assert (told[-1].objects_done, told[-1].objects_total) == (3, 3)
    started, ended = _events(archive)
    assert started == ("fixity:started", {"check": check_id})
    assert ended[0] == "fixity:ended"
    assert (ended[1]["checked"], ended[1]["wrong"], ended[1]["findings"]) == (3, 0, [])
    with archive.database.read() as tx:
        assert fixity.unfinished(tx) is None
        assert [one.id for one in fixity.checks(tx)] == [check_id]


def test_what_does_not_match_is_named(archive: Archive, three: list[Received]) -> None:
    altered, missing = _object(archive, three[0]), _object(archive, three[2])
    file = _file(archive, altered)
    file.chmod(0o600)
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    archive.vault.store.delete(missing)
    found: list[Finding] = []
    done = _carry_on(archive, _begin(archive), found=found.append)
    assert [(one.object_id, one.outcome) for one in done.findings] == [
        (altered, Outcome.ALTERED),
        (missing, Outcome.MISSING),
    ]
    assert found == done.findings
    assert (found[0].recording_id, found[0].name) == (three[0].recording_id, "0.txt")
    assert found[0].what
    ended = _events(archive)[-1][1]
    assert ended["wrong"] == 2
    assert [finding["name"] for finding in ended["findings"]] == ["0.txt", "2.txt"]  # type: ignore[attr-defined]
    with archive.database.read() as tx:
        query = sa.select(outbox_notice.c.times).where(outbox_notice.c.kind == "fixity:mismatch")
        assert list(tx.scalars(query)) == [2], "one notice for the whole check, at the first finding"


def test_stopped_and_taken_up(archive: Archive, three: list[Received]) -> None:
    archive.vault.store.delete(_object(archive, three[0]))
    check_id, found = _begin(archive), []
    stopped = _carry_on(archive, check_id, cancelled=lambda: bool(found), found=found.append)
    assert stopped.ended_at is None
    assert (stopped.checked, len(stopped.findings)) == (1, 1)
    assert [kind for kind, _ in _events(archive)] == ["fixity:started"]
    with archive.database.read() as tx:
        assert fixity.unfinished(tx) == check_id
    done = _carry_on(archive, check_id)
    assert (done.checked, len(done.findings)) == (3, 1)
    assert done.ended_at is not None
    assert len(_events(archive)) == 2
    assert _carry_on(archive, check_id) == done, "an ended check stays as it is"
    assert len(_events(archive)) == 2


def test_killed_between_the_last_object_and_the_closing_event(archive: Archive, three: list[Received]) -> None:
    from candor.store import run_fixity

    check_id = _begin(archive)
    assert len(list(run_fixity(archive.database, archive.vault, check_id))) == 3
    with archive.database.read() as tx:
        assert fixity.unfinished(tx) == check_id
    assert _carry_on(archive, check_id).ended_at is not None
    assert [kind for kind, _ in _events(archive)] == ["fixity:started", "fixity:ended"]


def test_who_may(archive: Archive) -> None:
    for actor in (archive.officer, archive.supervisor, archive.administrator):
        with archive.database.write() as tx, pytest.raises(Refused):
            fixity.begin(tx, archive.vault, actor)
    assert _events(archive) == []
