"""Marked copies: each side watches its own, made ahead of every recording, and they go with the side's access."""

from __future__ import annotations

import io
import multiprocessing
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import av
import numpy as np
import pytest
import sqlalchemy as sa
from tests import forked
from tests.disclosure.conftest import Site
from tests.disclosure.discovery.case_in_court import Court
from tests.footage import clips

from candor import disclosure
from candor.core.clock import FixedClock, SystemClock
from candor.core.ids import new_id
from candor.custody import CustodyEvent, Event, history
from candor.disclosure.discovery import access, marking, marks, marks_ending, reading, registered, viewing
from candor.disclosure.discovery.errors import DiscoveryUnknown, NoLongerGiven, NoMarkChosen, NotThere
from candor.disclosure.discovery.marks import Marks
from candor.disclosure.discovery.rules import MarkState, PartySide
from candor.disclosure.discovery.sessions import Visit, ticket
from candor.disclosure.discovery.tables import discovery_mark
from candor.footage import purging
from candor.footage.media import make_renditions
from candor.footage.renditions import superseded
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import place
from candor.footage.rules import RenditionKind
from candor.footage.tables import part, rendition
from candor.jobs import Jobs
from candor.jobs.tables import job
from candor.people.errors import Refused
from candor.store import KeyDestroyed
from candor.store.tables import vault_object

assert registered  # a purge reaches what it entered
assert forked  # what it imports beforehand makes a process begin at once
_context = multiprocessing.get_context("forkserver")
sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
P, D = PartySide.PROSECUTION, PartySide.DEFENCE


@pytest.fixture(scope="module")
def film() -> bytes:
    """A viewing copy: 160 x 120, half a second."""
    with make_renditions(io.BytesIO(clips.mp4(0.5)), ["proxy"])["proxy"].file as file:
        return file.read()


class Marked:
    """A case with a mark, and what makes its copies."""

    def __init__(self, site: Site, film: bytes) -> None:
        self.site, self.film = site, film
        self.court = Court.open(site, restricted=False)
        self.jobs = Jobs(site.database, slots=1, poll=0.05)
        disclosure.register(self.jobs, site.database, site.vault, site.log)
        marking.register(self.jobs, site.database, site.vault)
        self.first, self.second = self.court.given
        self.launched = False
        self.made = ""

    def make(self) -> None:
        self.made = self.court.make(watermark=True).id

    def shows(self, recording: str, data: bytes | None = None) -> str:
        """Give a recording a viewing copy; its identifier."""
        made = new_id()
        sealed = self.site.vault.seal("proxy", io.BytesIO(self.film if data is None else data))
        with self.site.database.write() as tx:
            part_id = tx.scalar(sa.select(part.c.id).where(part.c.recording_id == recording))
            mine = rendition.c.part_id == part_id, rendition.c.kind == "proxy"
            tx.execute(rendition.update().where(*mine).values(kind=superseded(RenditionKind.PROXY, made)))
            self.site.vault.record(tx, sealed)
            row = {"id": made, "part_id": part_id, "kind": "proxy", "state": "ready", "object_id": sealed.object_id}
            tx.execute(rendition.insert(), {**row, "media_type": "video/mp4", "created_at": SystemClock().now()})
        return made

    def work(self) -> None:
        if not self.launched:
            self.jobs.launch()
            self.launched = True
        self.jobs.wait_idle(20)

    def look(self, hours: float = 0.0) -> int:
        """What is done every ten minutes, so many hours from now."""
        clock = FixedClock(SystemClock().now() + timedelta(hours=hours))
        return marks_ending.go_round(self.site.database, self.jobs, self.site.vault, clock)

    def stands(self) -> Marks:
        with self.site.database.read() as tx:
            found = marks.marks(tx, self.jobs, reading.by_id(tx, self.made))
        assert found is not None
        return found

    def counted(self) -> tuple[int, int]:
        return self.stands().made, self.stands().of

    def rows(self, recording: str) -> dict[str, Any]:
        mine = sa.select(part.c.id).where(part.c.recording_id == recording)
        with self.site.database.read() as tx:
            rows = tx.execute(sa.select(discovery_mark).where(discovery_mark.c.part_id.in_(mine))).all()
        return {row.side: row for row in rows}

    def events(self, recording: str, kind: Event) -> list[CustodyEvent]:
        with self.site.database.read() as tx:
            return [one for one in history(tx, recording) if one.kind is kind]

    def living(self) -> set[str]:
        """Marked copies that can be opened."""
        mine = vault_object.c.kind == marking.KIND, vault_object.c.key_destroyed_at.is_(None)
        with self.site.database.read() as tx:
            return set(tx.scalars(sa.select(vault_object.c.object_id).where(*mine)))

    def visit(self, side: PartySide) -> Visit:
        with self.site.database.write() as tx:
            given = access.give_access(tx, self.jobs, self.site.technician, self.made, side, holder="X", days=30)
        return self.court.enter(given)

    def end(self, side: PartySide) -> None:
        with self.site.database.write() as tx:
            access.end_access(tx, self.site.technician, self.made, side, reason="the case is over")

    def sees(self, visit: Visit, recording: str) -> bytes | str:
        """What the side is shown: the bytes of the stream, or why there are none."""
        with self.site.database.write() as tx:
            text = viewing.begin_viewing(tx, visit, recording)
        with self.site.database.read() as tx:
            (one,) = viewing.shown(tx, visit, text).parts
        return str(one.problem) if one.ticket is None else self.streams(visit, one.ticket)

    def streams(self, visit: Visit, text: str) -> bytes:
        opened = viewing.open_stretch(self.site.database, self.site.vault, visit, text)
        with opened.stream:
            return opened.stream.read()


@pytest.fixture
def case(site: Site, film: bytes) -> Iterator[Marked]:
    made = Marked(site, film)
    yield made
    made.jobs.shutdown()


def grey(data: bytes) -> Any:
    with av.open(io.BytesIO(data)) as container:
        return next(container.decode(video=0)).to_ndarray(format="gray").astype(int)


def test_each_side_watches_its_own_copy_and_no_other(case: Marked) -> None:
    proxy = case.shows(case.first)
    case.make()
    ours, theirs = case.visit(D), case.visit(P)
    assert case.sees(ours, case.first) == "the copy with your side’s mark is being made"
    assert case.counted() == (0, 4)
    case.work()
    assert case.counted() == (2, 4)
    seen, other = case.sees(ours, case.first), case.sees(theirs, case.first)
    assert isinstance(seen, bytes)
    assert isinstance(other, bytes)
    assert case.film not in (seen, other)
    assert np.abs(grey(seen) - grey(case.film)).max() > 60
    assert np.abs(grey(seen) - grey(other)).max() > 60
    # Neither the other side's copy nor the unmarked one, whatever a ticket of one's own visit says.
    rows = case.rows(case.first)
    for copy in (rows["prosecution"].id, proxy, new_id(), "", rows["defence"].object_id):
        with pytest.raises(NotThere):
            case.streams(ours, ticket(ours, {"recording": case.first, "copy": copy}))
    with pytest.raises(NotThere):  # nor as a copy of another recording
        case.streams(ours, ticket(ours, {"recording": case.second, "copy": rows["defence"].id}))
    # On record in the recording's own history, naming what it was made of; nothing of it says who watched what.
    with case.site.database.read() as tx:
        parent = tx.scalar(
            sa.select(vault_object.c.sha256)
            .join(rendition, rendition.c.object_id == vault_object.c.object_id)
            .where(rendition.c.id == proxy)
        )
    told = case.events(case.first, Event.DISCOVERY_MARKED)
    assert [one.details["side"] for one in told] == ["defence", "prosecution"]
    for one in told:
        assert (one.details["parent"], one.details["parent_sha256"]) == (proxy, (parent or b"").hex())
        assert one.details["maker"] == "marked@1"
    # The other recording's viewing copy comes later, and is asked for again.
    assert case.stands().without == 2
    assert case.sees(ours, case.second) == "there is no viewing copy"
    case.shows(case.second)
    assert case.look() == 0
    case.work()
    assert case.counted() == (4, 4)
    assert case.stands().done is None
    assert isinstance(case.sees(ours, case.second), bytes)


@sqlite_alone
def test_one_that_cannot_be_made_is_said_and_made_when_somebody_asks_again(case: Marked) -> None:
    case.shows(case.first, b"this is no film")
    case.shows(case.second)
    case.make()
    visit = case.visit(D)
    case.work()
    assert case.counted() == (2, 4)
    (failed,) = case.stands().failed
    assert (failed.recording_id, failed.part) == (case.first, 1)
    assert "not a recording" in failed.problem
    assert case.sees(visit, case.first) == "the copy with your side’s mark could not be made"
    assert isinstance(case.sees(visit, case.second), bytes)
    (told,) = case.events(case.first, Event.DISCOVERY_MARK_FAILED)
    assert told.details["sides"] == ["defence", "prosecution"]
    assert told.details["problem"] == failed.problem
    assert case.look() == 0  # nobody asked, and nothing is there that was not
    with case.site.database.read() as tx:
        assert marks.job_of(tx, case.jobs, case.made) is None
    case.shows(case.first)
    with case.site.database.write() as tx:
        marks.ask_again(tx, case.jobs, case.site.technician, case.made)
        marks.ask_again(tx, case.jobs, case.site.technician, case.made)  # one job is enough
        assert tx.scalar(sa.select(sa.func.count()).where(job.c.name == marks.JOB, job.c.state == "waiting")) == 1
    case.work()
    assert case.counted() == (4, 4)
    assert case.stands().failed == ()


@sqlite_alone
def test_they_go_with_the_side_s_access_and_come_back_with_it(case: Marked) -> None:
    case.shows(case.first)
    case.shows(case.second)
    case.make()
    case.work()
    assert case.look() == 0  # nobody has access yet: that is no end
    case.visit(D)
    theirs = case.visit(P)
    before = case.living()
    assert len(before) == 4
    case.end(D)
    assert case.look() == 2
    assert case.counted() == (2, 2)
    gone = before - case.living()
    assert len(gone) == 2
    stored = {one.object_id for one in case.site.vault.store.list()}
    assert not gone & stored
    with case.site.database.read() as tx, pytest.raises(KeyDestroyed):
        case.site.vault.open(tx, next(iter(gone)))
    (told,) = case.events(case.first, Event.DISCOVERY_MARK_ENDED)
    assert (told.details["side"], told.details["why"]) == ("defence", "access ended")
    assert isinstance(case.sees(theirs, case.first), bytes)
    assert case.look() == 0
    # Access anew: made anew, without anybody having to ask.
    again = case.visit(D)
    assert case.sees(again, case.first) == "the copy with your side’s mark is being made"
    case.work()
    assert isinstance(case.sees(again, case.first), bytes)
    # Its time is over by itself.
    assert case.look(hours=31 * 24) == 4
    assert case.counted() == (0, 0)
    assert case.living() == set()
    case.work()
    assert case.living() == set()


@sqlite_alone
def test_another_viewing_copy_in_its_place_is_marked_anew(case: Marked) -> None:
    case.shows(case.first)
    case.make()
    case.work()
    before = case.living()
    other = case.shows(case.first)
    assert case.look() == 2
    assert not before & case.living()
    case.work()
    assert {row.rendition_id for row in case.rows(case.first).values()} == {other}
    assert len(case.living()) == 2


def purge(case: Marked, recording: str) -> None:
    words = {"authority": "Schedule M-1", "reason": "its time is over"}
    with case.site.database.write() as tx:
        purging.purge(tx, case.site.vault, case.jobs, case.site.technician, recording, **words)


@sqlite_alone
def test_a_purge_takes_them_and_none_is_made_afterwards(case: Marked) -> None:
    case.shows(case.first)
    case.make()
    case.work()
    assert len(case.living()) == 2
    purge(case, case.first)
    assert case.living() == set()
    assert {row.state for row in case.rows(case.first).values()} == {MarkState.ENDED.value}
    case.shows(case.second)
    assert case.look() == 0
    case.work()
    assert case.living() == set()
    with case.site.database.write() as tx, pytest.raises(NoLongerGiven):
        marks.ask_again(tx, case.jobs, case.site.technician, case.made)


@sqlite_alone
def test_nothing_outlives_what_is_destroyed_while_it_is_made(case: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    case.shows(case.first)
    case.make()
    whole = marking.mark_copies

    def and_then_purged(*given: Any, **more: Any) -> Any:
        made = whole(*given, **more)
        purge(case, case.first)
        return made

    monkeypatch.setattr(marking, "mark_copies", and_then_purged)
    case.work()
    assert case.living() == set()
    assert case.events(case.first, Event.DISCOVERY_MARKED) == []
    assert unrecorded(case) == set()


def unrecorded(case: Marked) -> set[str]:
    """Objects in the store that the database does not know."""
    with case.site.database.read() as tx:
        known = set(tx.scalars(sa.select(vault_object.c.object_id)))
    return {one.object_id for one in case.site.vault.store.list()} - known


@sqlite_alone
def test_what_a_wall_closed_is_not_marked(case: Marked) -> None:
    case.shows(case.first)
    case.make()
    by = {"reason": "a wall", "actor": case.site.technician.account_id}
    with case.site.database.write() as tx:
        place(tx, case.second, RestrictionKind.COMPELLED, ref="another", **by)
    case.work()
    assert case.look() == 0
    case.work()
    assert case.counted() == (0, 4)
    assert case.living() == set()


@sqlite_alone
def test_killed_between_two_parts_it_goes_on_and_makes_the_rest(case: Marked) -> None:
    case.shows(case.first)
    case.shows(case.second)
    case.make()

    def run(dies_after: int) -> int:
        url = case.site.database.url.render_as_string(hide_password=False)
        process: Any = _context.Process(target=_work, args=(url, str(case.site.folder), dies_after))
        process.start()
        try:
            process.join(90)
        finally:
            process.kill()
            process.join(10)
        return int(process.exitcode)

    assert run(3) == -9  # two are recorded, the third is sealed and known to nobody
    assert case.counted() == (2, 4)
    kept = case.living()
    assert run(0) == 0
    assert case.counted() == (4, 4)
    assert kept < case.living()
    assert len(case.living()) == 4
    for recording in (case.first, case.second):
        assert len(case.events(recording, Event.DISCOVERY_MARKED)) == 2


def _work(*given: Any) -> None:
    from tests.disclosure.discovery.marking_program import work

    work(*given)


@sqlite_alone
def test_only_who_may_and_only_where_a_mark_was_chosen(case: Marked) -> None:
    case.make()
    with case.site.database.write() as tx, pytest.raises(Refused):
        marks.ask_again(tx, case.jobs, case.site.officer, case.made)
    with case.site.database.write() as tx, pytest.raises(DiscoveryUnknown):
        marks.ask_again(tx, case.jobs, case.site.technician, new_id())
    unmarked = case.court.make().id
    with case.site.database.write() as tx, pytest.raises(NoMarkChosen):
        marks.ask_again(tx, case.jobs, case.site.technician, unmarked)
    with case.site.database.read() as tx:
        assert marks.marks(tx, case.jobs, reading.by_id(tx, unmarked)) is None
        assert tx.scalar(sa.select(sa.func.count()).where(discovery_mark.c.discovery_id == unmarked)) == 0
