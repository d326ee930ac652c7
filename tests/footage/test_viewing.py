"""Watching: permission, then a durable event, then bytes; one event per opening, whatever the player asks for."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.footage.clips import mp4
from tests.footage.conftest import Archive

from candor.core.ids import new_id
from candor.custody.record import history
from candor.footage import viewing as watching
from candor.footage.errors import PartUnknown, PurposeMissing, RecordingUnknown, RenditionNotReady, ViewingEnded
from candor.footage.receipt import Received
from candor.footage.renditions import renditions_of
from candor.footage.rules import RenditionKind, RenditionState
from candor.footage.tables import rendition, viewing
from candor.footage.viewing import (
    DOWNLOAD_PURPOSE,
    POSTER_PURPOSE,
    Opened,
    Viewing,
    begin_viewing,
    open_part,
    open_rendition,
    watched_within,
)
from candor.people.rules import Actor
from candor.store import ObjectMissing


@pytest.fixture
def received(archive: Archive) -> Received:
    """A recording of the officer."""
    return archive.worn(mp4())


def _open(
    archive: Archive, received: Received, actor: Actor | None = None, purpose: str = "report", within: str | None = None
) -> Opened:
    return open_part(
        archive.database,
        archive.vault,
        actor or archive.officer,
        received.part_id,
        purpose,
        viewing_id=within,
        clock=archive.clock,
    )


def _views(archive: Archive, received: Received) -> list[tuple[str, str]]:
    with archive.database.read() as tx:
        events = [event for event in history(tx, received.recording_id) if event.kind.value == "recording:viewed"]
    return [(event.actor, event.details["purpose"]) for event in events]


def _begin(archive: Archive, received: Received, actor: Actor | None = None, purpose: str = "report") -> Viewing:
    with archive.database.write() as tx:
        return begin_viewing(tx, actor or archive.officer, received.recording_id, purpose, clock=archive.clock)


def test_the_whole_and_a_range(archive: Archive, received: Received) -> None:
    film = mp4()
    with _open(archive, received).stream as stream:
        assert stream.read() == film
        stream.seek(1000)
        assert stream.read(50) == film[1000:1050]
    opened = _open(archive, received)
    opened.stream.close()
    assert (opened.size, opened.sha256) == (len(film), hashlib.sha256(film).digest())
    assert (opened.media_type, opened.name) == ("video/mp4", "clip.mp4")


def test_many_ranges_are_one_event(archive: Archive, received: Received) -> None:
    begun = _begin(archive, received)
    for _ in range(5):
        _open(archive, received, within=begun.id).stream.close()
    for _ in range(5):
        _open(archive, received).stream.close()
    assert _views(archive, received) == [(archive.officer.account_id, "report")]
    assert _begin(archive, received).id != begun.id, "the page opened anew is a viewing of its own"
    assert len(_views(archive, received)) == 2


def test_without_a_viewing_one_is_begun(archive: Archive, received: Received) -> None:
    first = _open(archive, received, purpose=" court \n prep ")
    second = _open(archive, received, purpose="court prep")
    other = _open(archive, received, purpose="training")
    for opened in (first, second, other):
        opened.stream.close()
    assert first.viewing.id == second.viewing.id != other.viewing.id
    assert [purpose for _, purpose in _views(archive, received)] == ["court prep", "training"]


def test_each_account_has_its_own(archive: Archive, received: Received) -> None:
    for actor in (archive.officer, archive.supervisor, archive.technician):
        _open(archive, received, actor).stream.close()
    accounts = [archive.officer.account_id, archive.supervisor.account_id, archive.technician.account_id]
    assert [actor for actor, _ in _views(archive, received)] == accounts


def test_a_viewing_ends(archive: Archive, received: Received) -> None:
    begun = _begin(archive, received)
    archive.clock.advance(watching.LASTS.total_seconds() + 1)
    with pytest.raises(ViewingEnded):
        _open(archive, received, within=begun.id)
    assert _open(archive, received).viewing.ends_at == archive.clock.now() + timedelta(hours=12)
    assert len(_views(archive, received)) == 2


def test_a_viewing_is_for_one_account_and_one_recording(archive: Archive, received: Received) -> None:
    other = archive.worn(mp4(seed=2))
    begun = _begin(archive, received)
    with pytest.raises(ViewingEnded):
        _open(archive, received, archive.supervisor, within=begun.id)
    with pytest.raises(ViewingEnded):
        _open(archive, other, within=begun.id)
    with pytest.raises(ViewingEnded):
        _open(archive, received, within=new_id())
    assert len(_views(archive, received)) == 1
    assert _views(archive, other) == []


def test_who_may_not_gets_neither_bytes_nor_event(archive: Archive, received: Received) -> None:
    for actor in (archive.other_officer, archive.administrator):
        with pytest.raises(PartUnknown):
            _open(archive, received, actor)
        with pytest.raises(RecordingUnknown):
            _begin(archive, received, actor)
    assert _views(archive, received) == []


def test_a_right_that_was_lost_ends_a_viewing(archive: Archive, received: Received) -> None:
    begun = _begin(archive, received, archive.supervisor)
    moved = Actor(archive.supervisor.account_id, archive.supervisor.roles, archive.south, "")
    with pytest.raises(PartUnknown):
        _open(archive, received, moved, within=begun.id)


@pytest.mark.parametrize("purpose", ["", "  \n ", "x" * 501])
def test_a_purpose_is_needed(archive: Archive, received: Received, purpose: str) -> None:
    with pytest.raises(PurposeMissing):
        _open(archive, received, purpose=purpose)
    assert _views(archive, received) == []


def test_the_event_is_durable_before_the_first_byte(archive: Archive, received: Received) -> None:
    """The bytes are gone: the attempt is on record all the same, because it was written first."""
    with archive.database.read() as tx:
        stored = {one.object_id for one in archive.vault.store.list()}
    for object_id in stored:
        archive.vault.store.delete(object_id)
    with pytest.raises(ObjectMissing):
        _open(archive, received)
    assert len(_views(archive, received)) == 1
    with archive.database.read() as tx:
        assert tx.scalar(sa.select(viewing.c.event_id)) is not None


def test_rendition_that_is_not_ready(archive: Archive, received: Received) -> None:
    with archive.database.read() as tx:
        waiting = renditions_of(tx, received.part_id)[0]
    with pytest.raises(RenditionNotReady, match="waits"):
        open_rendition(archive.database, archive.vault, archive.officer, waiting.id, "list", clock=archive.clock)
    with archive.database.write() as tx:
        tx.execute(rendition.update().values(state=RenditionState.FAILED.value, problem="no picture in it"))
    with pytest.raises(RenditionNotReady, match="no picture in it"):
        open_rendition(archive.database, archive.vault, archive.officer, waiting.id, "list", clock=archive.clock)
    with pytest.raises(PartUnknown):
        open_rendition(archive.database, archive.vault, archive.other_officer, waiting.id, "list", clock=archive.clock)
    assert _views(archive, received) == []


def test_rendition(archive: Archive, received: Received) -> None:
    with archive.database.write() as tx:
        poster = renditions_of(tx, received.part_id)[0]
        with archive.vault.writer("poster") as writer:
            writer.write(b"a picture")
            sealed = writer.finish()
        archive.vault.record(tx, sealed)
        values = {"state": RenditionState.READY.value, "object_id": sealed.object_id, "media_type": "image/jpeg"}
        tx.execute(rendition.update().where(rendition.c.id == poster.id).values(values))
    for _ in range(3):
        opened = open_rendition(
            archive.database, archive.vault, archive.supervisor, poster.id, "list", clock=archive.clock
        )
        with opened.stream as stream:
            assert stream.read() == b"a picture"
        assert (opened.name, opened.media_type) == ("poster", "image/jpeg")
    assert _views(archive, received) == [(archive.supervisor.account_id, "list")]


def _rendition(archive: Archive, received: Received, kind: RenditionKind) -> str:
    """A ready rendition of that kind, whatever its bytes."""
    with archive.database.write() as tx:
        with archive.vault.writer(kind.value) as writer:
            writer.write(kind.value.encode())
            sealed = writer.finish()
        archive.vault.record(tx, sealed)
        found = next(one for one in renditions_of(tx, received.part_id) if one.kind is kind)
        values = {"state": RenditionState.READY.value, "object_id": sealed.object_id, "media_type": "image/jpeg"}
        tx.execute(rendition.update().where(rendition.c.id == found.id).values(values))
    return found.id


@pytest.mark.parametrize(
    ("purpose", "opens"),
    [
        (POSTER_PURPOSE, {"poster"}),
        (f"{DOWNLOAD_PURPOSE} 1", {"original"}),
        ("report", {"original", "poster", "filmstrip", "proxy"}),
    ],
)
@pytest.mark.parametrize("named", [True, False], ids=["by its identifier", "by its purpose"])
def test_what_a_viewing_opens(archive: Archive, received: Received, purpose: str, opens: set[str], named: bool) -> None:
    kinds = (RenditionKind.POSTER, RenditionKind.FILMSTRIP, RenditionKind.PROXY)
    ready = {kind.value: _rendition(archive, received, kind) for kind in kinds}
    begun = _begin(archive, received, purpose=purpose)
    within, asked = (begun.id, "") if named else (None, purpose)
    opened = set()
    for kind, rendition_id in (*ready.items(), ("original", "")):
        try:
            if rendition_id:
                found = open_rendition(
                    archive.database,
                    archive.vault,
                    archive.officer,
                    rendition_id,
                    asked,
                    viewing_id=within,
                    clock=archive.clock,
                )
            else:
                found = _open(archive, received, purpose=asked, within=within)
        except (ViewingEnded, PartUnknown):
            continue
        found.stream.close()
        opened.add(kind)
    assert opened == opens
    assert _views(archive, received) == [(archive.officer.account_id, purpose)], "nothing else was begun"


def test_a_viewing_to_go_on_watching_within(archive: Archive, received: Received) -> None:
    other = archive.worn(mp4(seed=2))
    begun, picture, download = (
        _begin(archive, received, purpose=purpose) for purpose in ("report", POSTER_PURPOSE, f"{DOWNLOAD_PURPOSE} 1")
    )

    def within(viewing_id: str, actor: Actor = archive.officer, recording_id: str = received.recording_id) -> bool:
        with archive.database.read() as tx:
            found = watched_within(tx, actor, recording_id, viewing_id, clock=archive.clock)
        return found is not None and found.id == viewing_id

    assert within(begun.id)
    assert not within(picture.id)
    assert not within(download.id)
    assert not within(begun.id, archive.supervisor), "it is the officer's"
    assert not within(begun.id, recording_id=other.recording_id)
    archive.clock.advance(watching.LASTS.total_seconds())
    assert not within(begun.id)
