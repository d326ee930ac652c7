"""Saving: nobody overwrites anybody, whoever holds it is known, and the custody log hears of what was done."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.redaction.conftest import Desk

from candor.core.ids import new_id
from candor.custody.events import Event
from candor.custody.record import history as custody_history
from candor.footage import restrictions
from candor.footage.restriction_rules import RestrictionKind
from candor.people.errors import Refused
from candor.redaction import documents, redactions
from candor.redaction.documents import digest, undo_of
from candor.redaction.errors import (
    EditsBehind,
    EditWrong,
    HeldByAnother,
    RedactionClosed,
    RedactionUnknown,
)
from candor.redaction.saving import LEASE, LOG_EVERY, hold, release, save_edits
from candor.redaction.tables import redaction, redaction_edit

PROGRAM = Path(__file__).with_name("saving_program.py")


def events(desk: Desk, kind: Event) -> list[dict[str, Any]]:
    with desk.archive.database.read() as tx:
        return [one.details for one in custody_history(tx, desk.recording) if one.kind is kind]


def test_edits_are_kept_with_numbers_and_names(desk: Desk) -> None:
    assert desk.save(0, desk.edit(desk.box()), desk.edit(desk.box("t2", x=50), words="Another")) == 2
    assert desk.save(2, desk.edit({"act": "drop-track", "part": desk.part, "id": "t1"}, words="Gone")) == 3
    assert set(desk.document().part(desk.part).tracks) == {"t2"}
    assert set(desk.document(1).part(desk.part).tracks) == {"t1"}
    assert desk.document(0).parts == {}
    with desk.archive.database.read() as tx:
        back = undo_of(tx, desk.archive.vault, desk.id, 3)
    assert desk.save(3, desk.edit(*back, words="Undid it", undoes=3)) == 4
    assert set(desk.document().part(desk.part).tracks) == {"t1", "t2"}
    with desk.archive.database.read() as tx:
        told = redactions.history(tx, desk.id)
        page = redactions.history(tx, desk.id, before=3, limit=1)
    assert [(one.number, one.words, one.undoes, one.undone_by) for one in told] == [
        (4, "Undid it", 3, None),
        (3, "Gone", None, 4),
        (2, "Another", None, None),
        (1, "Drew a box", None, None),
    ]
    assert {one.author for one in told} == {desk.first.account_id}
    assert [one.number for one in page] == [2]
    with pytest.raises(EditWrong, match="no edit of this number"):
        desk.document(5)


def test_of_two_pages_one_is_told_that_it_is_behind(desk: Desk) -> None:
    assert desk.save(0, desk.edit(desk.box())) == 1
    desk.archive.clock.advance(LEASE.total_seconds() + 1)
    with pytest.raises(EditsBehind) as caught:
        desk.save(0, desk.edit(desk.box("t9")), page="page-2", actor=desk.second)
    assert caught.value.fields["newest"] == 1
    assert caught.value.fields["by"] == desk.first.display_name
    with pytest.raises(EditsBehind):
        desk.save(7, desk.edit(desk.box("t9")))
    assert set(desk.document().part(desk.part).tracks) == {"t1"}


def test_the_same_edits_sent_again_are_taken_once(desk: Desk) -> None:
    """The answer to the first sending was lost on the way."""
    sent = [desk.edit(desk.box()), desk.edit(desk.box("t2"))]
    assert desk.save(0, *sent) == 2
    assert desk.save(0, *sent) == 2
    with pytest.raises(EditsBehind):
        desk.save(0, sent[0])
    with desk.archive.database.read() as tx:
        assert len(redactions.history(tx, desk.id)) == 2


def bring_in(desk: Desk, number: int) -> None:
    """As a detection does that ends meanwhile."""
    with desk.archive.database.write() as tx:
        sealed = desk.archive.vault.seal("redaction-tracks", io.BytesIO(b"[]"))
        desk.archive.vault.record(tx, sealed)
        tx.execute(
            redaction_edit.insert().values(
                redaction_id=desk.id,
                number=number,
                author=redactions.SYSTEM,
                made_at=desk.archive.clock.now(),
                words="Looked through",
                acts=[{"act": "detected", "part": desk.part, "drop": []}],
                tracks_object_id=sealed.object_id,
            )
        )
        tx.execute(redaction.update().where(redaction.c.id == desk.id).values(edit=number))


def test_what_a_detection_brings_in_is_no_conflict(desk: Desk) -> None:
    assert desk.save(0, desk.edit(desk.box())) == 1
    bring_in(desk, 2)
    sent = desk.edit(desk.box("t2"))
    assert desk.save(1, sent) == 3
    assert desk.save(1, sent) == 3  # sent again
    bring_in(desk, 4)
    with pytest.raises(EditsBehind):  # what it speaks of is not there any more
        desk.save(3, desk.edit({"act": "drop-track", "part": desk.part, "id": "found-1"}))


def test_hostile_edits_are_refused_whole(desk: Desk) -> None:
    good = desk.edit(desk.box())
    wrong: list[Any] = [
        [],
        "x",
        [good] * 501,
        [{**good, "also": 1}],
        [{"acts": good["acts"]}],
        [{**good, "words": ""}],
        [{**good, "words": "a\nb"}],
        [{**good, "undoes": 1}],
        [{**good, "undoes": True}],
        [good, {**good, "acts": [{"act": "drop-track", "part": "elsewhere", "id": "t1"}]}],
        [good, {**good, "acts": [{"act": "put-track", "part": "elsewhere", "track": {}}]}],
    ]
    for edits in wrong:
        with pytest.raises(EditWrong), desk.archive.database.write() as tx:
            documents_before = desk.document()
            save_edits(tx, desk.archive.vault, desk.first, desk.id, base=0, page="p", edits=edits)
        assert desk.document() == documents_before
    with desk.archive.database.read() as tx:
        assert redactions.history(tx, desk.id) == []


def test_one_page_holds_it(desk: Desk) -> None:
    archive, act = desk.archive, (desk.archive.vault, desk.first, desk.id)
    with archive.database.write() as tx:
        until = hold(tx, *act, page="page-1", clock=archive.clock)
    assert until == archive.clock.now() + LEASE
    other = (archive.vault, desk.second, desk.id)
    with pytest.raises(HeldByAnother) as caught, archive.database.write() as tx:
        hold(tx, *other, page="page-2", clock=archive.clock)
    assert caught.value.fields["holder"] == desk.first.display_name
    with pytest.raises(HeldByAnother), archive.database.write() as tx:
        hold(tx, *act, page="another tab", clock=archive.clock)
    with pytest.raises(HeldByAnother):
        desk.save(0, desk.edit(desk.box()), page="page-2", actor=desk.second)
    assert desk.save(0, desk.edit(desk.box())) == 1
    archive.clock.advance(30)
    with archive.database.write() as tx:
        hold(tx, *act, page="page-1", clock=archive.clock)
    archive.clock.advance(45)  # longer than a lease since the first, shorter since the second
    with pytest.raises(HeldByAnother), archive.database.write() as tx:
        hold(tx, *other, page="page-2", clock=archive.clock)
    archive.clock.advance(16)
    with archive.database.write() as tx:
        hold(tx, *other, page="page-2", clock=archive.clock)
    assert events(desk, Event.REDACTION_TAKEN_OVER) == []  # nobody was at work on it any more


def test_taking_over_is_on_record_with_what_was_edited(desk: Desk) -> None:
    archive = desk.archive
    assert desk.save(0, desk.edit(desk.box())) == 1
    with archive.database.write() as tx:
        hold(tx, archive.vault, desk.second, desk.id, page="page-2", take_over=True, clock=archive.clock)
    edited = {"redaction": desk.id, "from": 1, "to": 1, "authors": [desk.first.account_id]}
    assert events(desk, Event.REDACTION_EDITED) == [{**edited, "document_sha256": digest(desk.document())}]
    assert events(desk, Event.REDACTION_TAKEN_OVER) == [
        {"redaction": desk.id, "from": desk.first.account_id, "edit": 1}
    ]
    with pytest.raises(HeldByAnother):
        desk.save(1, desk.edit(desk.box("t2")))
    assert desk.save(1, desk.edit(desk.box("t2")), page="page-2", actor=desk.second) == 2


def test_letting_go_puts_the_edits_on_record_once(desk: Desk) -> None:
    archive = desk.archive
    desk.save(0, desk.edit(desk.box()), desk.edit(desk.box("t2")))
    for page in ("not this one", "page-1", "page-1"):
        with archive.database.write() as tx:
            release(tx, archive.vault, desk.first, desk.id, page=page, clock=archive.clock)
    assert [(one["from"], one["to"]) for one in events(desk, Event.REDACTION_EDITED)] == [(1, 2)]
    with archive.database.read() as tx:
        assert redactions.get(tx, desk.first, desk.id).holder_id is None


def test_many_edits_go_on_record_while_the_work_goes_on(desk: Desk) -> None:
    half = LOG_EVERY // 2
    base = desk.save(0, *[desk.edit(desk.box(x=float(one))) for one in range(half)])
    assert events(desk, Event.REDACTION_EDITED) == []
    desk.save(base, *[desk.edit(desk.box(x=float(one))) for one in range(half)])
    assert [(one["from"], one["to"]) for one in events(desk, Event.REDACTION_EDITED)] == [(1, LOG_EVERY)]


def test_a_closed_one_is_changed_no_more(desk: Desk) -> None:
    with desk.archive.database.write() as tx:
        redactions.close(tx, desk.first, desk.id, clock=desk.archive.clock)
    with pytest.raises(RedactionClosed):
        desk.save(0, desk.edit(desk.box()))
    assert events(desk, Event.REDACTION_CLOSED) == [{"redaction": desk.id, "edit": 0}]
    with desk.archive.database.read() as tx:
        assert redactions.list_of(tx, desk.first) == []
        assert [one.id for one in redactions.list_of(tx, desk.first, closed=True)] == [desk.id]


def test_who_may_not_redact_or_not_see_it(desk: Desk) -> None:
    archive = desk.archive
    with archive.database.read() as tx:
        for actor in (archive.officer, archive.supervisor, archive.administrator):
            with pytest.raises(Refused):
                redactions.get(tx, actor, desk.id)
            with pytest.raises(Refused):
                redactions.list_of(tx, actor)
        with pytest.raises(RedactionUnknown):
            redactions.get(tx, desk.first, new_id())
    with pytest.raises(Refused):
        desk.save(0, desk.edit(desk.box()), actor=archive.officer)
    with archive.database.write() as tx:
        said = {"reason": "An investigation", "actor": "system:test", "clock": archive.clock}
        wall = restrictions.place(tx, desk.recording, RestrictionKind.OFFICER, **said)
        restrictions.name_person(tx, wall, desk.first.account_id, may=False, **said)
    with archive.database.read() as tx:
        assert redactions.list_of(tx, desk.first) == []
        with pytest.raises(RedactionUnknown):
            redactions.get(tx, desk.first, desk.id)
        assert redactions.get(tx, desk.second, desk.id).id == desk.id


def test_the_document_in_memory_is_the_one_in_the_database(desk: Desk) -> None:
    desk.save(0, desk.edit(desk.box()))
    first = desk.document()
    assert desk.document() is first  # kept
    assert desk.document(0).parts == {}
    assert desk.document() is first
    with desk.archive.database.write() as tx:  # as after a purge: the row says something else
        mine = redaction_edit.c.redaction_id == desk.id
        tx.execute(redaction_edit.update().where(mine).values(acts=[], words="It was destroyed with its recording."))
    assert desk.document().parts == {}
    documents._memory.drop(desk.id)


def test_of_two_processes_at_once_exactly_one_wins(desk: Desk, tmp_path: Path) -> None:
    url = desk.archive.database.url.render_as_string(hide_password=False)
    started = []
    for number, actor in enumerate((desk.first, desk.second)):
        given = {"url": url, "store": str(tmp_path / "footage"), "keys": str(tmp_path / "keys"), "base": 0}
        given |= {"account": actor.account_id, "page": f"page-{number}", "redaction": desk.id}
        given["edits"] = [desk.edit(desk.box(f"t{number}"))]
        command = [sys.executable, str(PROGRAM), json.dumps(given)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    try:
        for one in started:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in started:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        said = [json.loads(one.communicate(timeout=30)[0]) for one in started]
    finally:
        for one in started:
            one.kill()
            one.wait(10)
    assert sorted(said, key=str) in (
        [{"edit": 1}, {"refused": "EditsBehind"}],
        [{"edit": 1}, {"refused": "HeldByAnother"}],
    )
    with desk.archive.database.read() as tx:
        assert len(redactions.history(tx, desk.id)) == 1
        assert tx.scalar(sa.select(redaction.c.edit)) == 1


def test_a_lease_is_longer_than_its_renewal() -> None:
    assert timedelta(seconds=20) * 2 < LEASE
