"""Discarding a release that nobody approved: by who may prepare, with a reason; it stays to be seen, nothing of it went
out, and another can be prepared."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import sqlalchemy as sa
from tests.disclosure.decisions.office import release
from tests.disclosure.releases.place import Releasing, leave_copy
from tests.disclosure.releases.test_refusing import lift_hold, only_sqlite, place_hold, revise, send_back

from candor.core.outbox import outbox_notice
from candor.custody import Event
from candor.disclosure.releases.approving import approve
from candor.disclosure.releases.discarding import discard
from candor.disclosure.releases.errors import ReleaseChanged, ReleaseWordsWrong, ReleaseWrongState
from candor.disclosure.releases.listing import DONE, UNDONE, ListQuery, list_of
from candor.disclosure.releases.rules import TO_DISCARD, TO_RECALL, ReleaseState, may_be_recalled
from candor.disclosure.releases.tables import release_copy
from candor.people.errors import Refused


@pytest.mark.parametrize("state", list(ReleaseState))
@pytest.mark.parametrize("approved", [False, True])
def test_what_is_discarded_and_what_is_recalled(state: ReleaseState, approved: bool) -> None:
    """Nothing can be both, and whatever was approved once has a way to an end."""
    discarded = state in TO_DISCARD and not approved
    assert not (discarded and may_be_recalled(state, approved=approved))
    if approved and state not in (ReleaseState.RECALLED, ReleaseState.DISCARDED):
        assert may_be_recalled(state, approved=approved)
    assert may_be_recalled(state, approved=False) == (state in TO_RECALL)
    assert (state in DONE) != (state in UNDONE)


def test_it_stays_to_be_seen_and_another_is_prepared(releasing: Releasing) -> None:
    office = releasing.office
    office.decide(release())
    copy_id = leave_copy(office, b"a copy")
    release_id = releasing.prepare(copy_id)
    with pytest.raises(Refused):
        releasing.discard(release_id, actor=office.counsel)
    with pytest.raises(ReleaseWordsWrong):
        releasing.discard(release_id, " ")
    releasing.discard(release_id, "the wrong street")
    found = releasing.release(release_id)
    assert (found.state, found.discard_reason) == (ReleaseState.DISCARDED, "the wrong street")
    assert (found.discarded_by, found.discarded_at) == (office.records.account_id, office.archive.clock.now())
    assert releasing.events(release_id) == [Event.RELEASE_PREPARED, Event.RELEASE_DISCARDED]
    with office.archive.database.read() as tx:
        assert [one.id for one in list_of(tx, office.second, ListQuery(states=DONE)).rows] == [release_id]
        assert list_of(tx, office.second, ListQuery(mine=True)).total == 0
        assert tx.scalars(sa.select(release_copy.c.signed_object_id)).all() == [None], "it had no files of its own"
        notices = tx.execute(sa.select(outbox_notice).where(outbox_notice.c.kind.startswith("release:"))).all()
    assert [(row.kind, row.open_key) for row in notices] == [("release:waits", None)]
    for act in (releasing.approve, releasing.discard, releasing.recall):
        with pytest.raises(ReleaseWrongState, match="was discarded"):
            act(release_id)
    again = releasing.prepare(copy_id)
    releasing.approve(again)
    with pytest.raises(ReleaseWrongState, match="being made"):
        releasing.discard(again)


@pytest.mark.parametrize("first", ["approve", "discard"])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_approved_and_discarded_at_once_it_is_one_of_the_two(releasing: Releasing, first: str) -> None:
    """The second act waits for the first, and then sees what became of the release."""
    office, archive = releasing.office, releasing.office.archive
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    second: Callable[[], object] = partial(releasing.approve, release_id, upon=1)
    if first == "approve":
        second = partial(releasing.discard, release_id)
    with ThreadPoolExecutor(1) as pool:
        with archive.database.write() as tx:
            if first == "approve":
                approve(tx, archive.vault, releasing.jobs, office.second, release_id, upon=1, clock=archive.clock)
            else:
                discard(tx, office.records, release_id, "no", clock=archive.clock)
            late = pool.submit(second)
            with pytest.raises(TimeoutError):
                late.result(0.3)
        with pytest.raises((ReleaseChanged, ReleaseWrongState)):
            late.result(30)
    ended = {"approve": ReleaseState.APPROVED, "discard": ReleaseState.DISCARDED}[first]
    assert releasing.release(release_id).state is ended
    assert len(releasing.events(release_id)) == 2


@only_sqlite
def test_who_prepared_it_is_told_when_another_discards_it(releasing: Releasing) -> None:
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    send_back(releasing, release_id)
    with office.archive.database.write() as tx, pytest.raises(ReleaseChanged):
        discard(tx, office.second, release_id, "no", upon=1, clock=office.archive.clock)
    releasing.discard(release_id, actor=office.second)
    with office.archive.database.read() as tx:
        told = tx.execute(sa.select(outbox_notice).where(outbox_notice.c.kind == "release:discarded")).one()
    assert (told.recipients, told.about) == ([office.records.account_id], f"/releases/{release_id}")


@only_sqlite
def test_what_was_approved_once_is_recalled_instead(releasing: Releasing) -> None:
    """It failed before it went out and was prepared anew: something of it may be out, so it ends by a recall."""
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy"))
    releasing.approve(release_id)
    hold_id = place_hold(office)
    releasing.work()
    lift_hold(office, hold_id)
    revise(releasing, release_id, upon=releasing.release(release_id).version)
    assert releasing.release(release_id).state is ReleaseState.PREPARED
    with pytest.raises(ReleaseWrongState, match="was approved before"):
        releasing.discard(release_id)
    releasing.recall(release_id)
    assert releasing.release(release_id).state is ReleaseState.RECALLED
    with office.archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).where(outbox_notice.c.open_key.startswith("release-"))) == 0
