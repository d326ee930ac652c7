"""Whether a copy may go out under the decisions that stand: compared with its signed edit list, picture and sound."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa
from tests.disclosure.decisions.law import HOME, LOOKED, MINOR
from tests.disclosure.decisions.office import Office, hold_back, release

from candor.disclosure.decisions.checking import must_be_releasable
from candor.disclosure.decisions.copies import CopyFacts, copy_facts
from candor.disclosure.decisions.deciding import Weighed, withdraw
from candor.disclosure.decisions.errors import DecisionWrong, ReleaseForbidden
from candor.disclosure.decisions.into_redaction import put_into_redaction
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.requests.meant import not_mean
from candor.law.vocabulary import HoldKind, Label
from candor.redaction.model import Kind, Shape
from candor.redaction.redactions import get
from candor.redaction.tables import redacted_copy
from candor.retention import holds

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def check(office: Office, *copies: CopyFacts) -> None:
    with office.archive.database.read() as tx:
        must_be_releasable(tx, office.counsel, office.subject, copies, clock=office.archive.clock)


def refused(office: Office, why: str, copies: Sequence[CopyFacts] = ()) -> None:
    with pytest.raises(ReleaseForbidden, match=why):
        check(office, *(copies or [office.copy()]))


def put_in(office: Office) -> int:
    with office.archive.database.write() as tx:
        vault, clock = office.archive.vault, office.archive.clock
        given = (office.records, office.subject, office.recording, office.redaction)
        return put_into_redaction(tx, vault, *given, clock=clock)


def test_what_nobody_decided_or_was_withheld_does_not_go_out(office: Office) -> None:
    copy = office.copy()
    refused(office, "nobody has decided on it", [copy])
    (whole,) = office.decide(hold_back(Decision.WITHHOLD, MINOR), weighed=())
    refused(office, r"decided to withhold it.*Test Code § 13", [copy])
    with office.archive.database.write() as tx:
        withdraw(tx, office.records, office.subject, whole, reason="another look")
    office.decide(release())
    check(office, copy)
    with office.archive.database.write() as tx:
        not_mean(tx, office.records, office.request, [office.recording], why="another stop", clock=office.archive.clock)
    refused(office, "is not about it", [copy])


def test_what_stands_in_the_way_later_forbids_later(office: Office) -> None:
    copy = office.copy()
    office.decide(release())
    with office.archive.database.write() as tx:
        held = {"recording_id": office.recording, "reason": "a claim"}
        hold_id = holds.place(tx, office.counsel, HoldKind.COMPLAINT, **held, clock=office.archive.clock)
    refused(office, f"hold/{hold_id}", [copy])
    with office.archive.database.write() as tx:
        holds.release(tx, office.counsel, hold_id, reason="it is over", clock=office.archive.clock)
    check(office, copy)


def test_withheld_stretches_are_put_into_the_redaction_and_the_copy_goes_out(office: Office) -> None:
    office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_017))
    refused(office, r"from 0:00:02.000 to 0:00:03.017 is withheld, and the copy shows a picture of it at 0:00:02.000")
    assert put_in(office) == 1
    copy = office.copy()
    check(office, copy)
    (mask,) = copy.listed.masks
    (sound,) = copy.listed.sound
    assert (mask.kind, mask.exemption, mask.style) == ("frame", MINOR, "solid")
    assert (mask.first, mask.last) == (2_000, 3_000)
    assert (sound.style, sound.begin, sound.until, sound.exemption) == ("mute", 2_000, 3_017, MINOR)
    assert put_in(office) == 1, "a second time changes nothing"
    with office.archive.database.read() as tx:
        assert get(tx, office.records, office.redaction).holder_id is None


def test_what_does_not_stand_any_more_is_taken_out_of_the_redaction(office: Office) -> None:
    _, stretch = office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_000))
    put_in(office)
    with office.archive.database.write() as tx:
        withdraw(tx, office.records, office.subject, stretch, reason="another look")
    refused(office, "was decided to be released as it is, and the copy hides something in the picture")
    assert put_in(office) == 2
    check(office, office.copy())


def test_only_a_stretch_of_a_withheld_recording_goes_out(office: Office) -> None:
    office.decide(hold_back(Decision.WITHHOLD, MINOR), release(4_000, 6_000))
    refused(office, "is withheld")
    put_in(office)
    copy = office.copy()
    check(office, copy)
    assert [(one.first, one.last) for one in copy.listed.masks] == [(0, 3_967), (6_000, 9_967)]


@pytest.mark.parametrize(
    ("acts", "why"),
    [
        ([("track", 59, 89), ("span", 2_000, 3_000)], None),
        ([("track", 60, 89), ("span", 2_000, 3_000)], None),
        ([("track", 57, 92), ("span", 1_910, 3_090)], None),
        ([("track", 50, 89), ("span", 2_000, 3_000)], r"hides something in the picture at 0:00:01.667"),
        ([("track", 60, 100), ("span", 2_000, 3_000)], r"hides something in the picture at 0:00:03.100"),
        ([("track", 60, 89), ("span", 1_800, 3_000)], r"takes sound out at 0:00:01.800"),
        ([("track", 61, 89), ("span", 2_000, 3_000)], r"shows a picture of it at 0:00:02.000"),
        ([("track", 60, 88), ("span", 2_000, 3_000)], r"shows a picture of it at 0:00:02.967"),
        ([("track", 60, 89), ("span", 2_001, 3_000)], r"its sound can be heard at 0:00:02.000"),
        ([("track", 60, 89), ("span", 2_000, 2_999)], r"its sound can be heard at 0:00:02.999"),
        ([("track", 60, 89)], r"its sound can be heard at 0:00:02.000"),
        ([("span", 2_000, 3_000)], r"shows a picture of it at 0:00:02.000"),
        ([("blurred", 60, 89), ("span", 2_000, 3_000)], r"shows a picture of it at 0:00:02.000"),
        ([("track", 60, 89), ("distorted", 2_000, 3_000)], r"its sound can be heard at 0:00:02.000"),
        ([("gap", 60, 89), ("span", 2_000, 3_000)], r"shows a picture of it at 0:00:02.333"),
        ([("shown", 60, 89), ("span", 2_000, 3_000)], r"shows a picture of it at 0:00:02.000"),
        ([("track", 60, 75), ("more", 76, 89), ("span", 2_000, 2_500), ("later", 2_500, 3_000)], None),
        ([("track", 60, 75), ("more", 77, 89), ("span", 2_000, 3_000)], r"shows a picture of it at 0:00:02.533"),
    ],
)
def test_to_the_picture_and_to_the_millisecond(
    office: Office, acts: list[tuple[str, int, int]], why: str | None
) -> None:
    """From picture 60 on: that before it is over when the stretch begins."""
    drawn = {
        "track": lambda first, last: office.whole_track(first, last),
        "more": lambda first, last: office.whole_track(first, last, name="w2"),
        "blurred": lambda first, last: office.whole_track(first, last, style="blur"),
        "shown": lambda first, last: office.whole_track(first, last, hidden=False),
        "gap": lambda first, last: office.whole_track(
            first, last, keys=[[3_000 * first, 0], [3_000 * 70, 1], [3_000 * 75, 0], [3_000 * last, 0]]
        ),
        "span": lambda begin, until: office.span(begin, until),
        "later": lambda begin, until: office.span(begin, until, name="s2"),
        "distorted": lambda begin, until: office.span(begin, until, style="distort"),
    }
    office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_000))
    office.draw(*(drawn[name](a, b) for name, a, b in acts))
    if why is None:
        check(office, office.copy())
    else:
        refused(office, why)


def test_a_copy_without_sound_has_no_sound_to_take_out(office: Office) -> None:
    office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_000))
    office.draw(office.whole_track(60, 89))
    check(office, office.copy(silent=True))


def test_what_was_decided_to_be_redacted_hides_something(office: Office) -> None:
    office.decide(hold_back(Decision.REDACT, HOME), hold_back(Decision.REDACT, MINOR, 8_000, 9_000))
    refused(office, "from 0:00:08.000 to 0:00:09.000 was decided to be redacted, and the copy hides nothing there")
    office.draw(office.span(8_500, 8_600))
    check(office, office.copy())


def test_a_recording_to_be_redacted_hides_something_somewhere(office: Office) -> None:
    office.decide(hold_back(Decision.REDACT, HOME))
    refused(office, "released in part, and the copy hides nothing")
    office.draw(office.span(8_500, 8_600))
    check(office, office.copy())


def test_what_was_to_be_hidden_is_hidden_under_its_rule(office: Office) -> None:
    office.label(Label.MINOR)
    answers = [
        Weighed(rule, Weighing.HIDDEN if rule == MINOR else Weighing.WEIGHED, "the face is masked")
        for rule in office.obstacles()
    ]
    office.decide(hold_back(Decision.REDACT, MINOR), weighed=answers)
    face = {"kind": "face", "shape": "box", "keys": [[0, 0, 1, 1, 50, 50], [9_000, 0, 1, 1, 50, 50]]}
    office.draw(office.whole_track(0, 3, name="f1", **face, exemption="A child"))
    refused(office, f"what {MINOR} protects was to be hidden")
    office.draw({"act": "set-track", "part": office.part, "id": "f1", "values": {"exemption": MINOR}})
    check(office, office.copy())


def test_a_list_that_is_not_the_copy_s_own_is_refused(office: Office) -> None:
    office.decide(release())
    first, second = office.copy(), office.copy()
    table = redacted_copy.c
    with office.archive.database.write() as tx:
        other = tx.scalar(sa.select(table.list_object_id).where(table.id == second.copy_id))
        tx.execute(redacted_copy.update().where(table.id == first.copy_id).values(list_object_id=other))
        with pytest.raises(ReleaseForbidden, match="another copy"):
            copy_facts(tx, office.archive.vault, first.copy_id)
        with office.archive.vault.open(tx, str(other)) as stream:
            note = stream.read()
        forged = office.archive.vault.seal(
            "redaction-list", io.BytesIO(note.replace(b'"muted":false', b'"muted":true '))
        )
        office.archive.vault.record(tx, forged)
        tx.execute(redacted_copy.update().where(table.id == second.copy_id).values(list_object_id=forged.object_id))
        with pytest.raises(ReleaseForbidden, match="not one that the log’s key signed"):
            copy_facts(tx, office.archive.vault, second.copy_id)
        tx.execute(redacted_copy.update().where(table.id == second.copy_id).values(state="making"))
        with pytest.raises(ReleaseForbidden, match="is not ready"):
            copy_facts(tx, office.archive.vault, second.copy_id)


def test_where_only_the_list_is_left_what_it_sums_up_hides_nothing(office: Office) -> None:
    office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_000))
    office.draw(office.whole_track(60, 89), office.span(2_000, 3_000))
    copy = office.copy()
    check(office, copy)
    refused(office, "shows a picture", [replace(copy, whole=[])])
    refused(office, "shows a picture", [replace(copy, frames=None)])


def test_a_redaction_of_something_else_takes_nothing(office: Office) -> None:
    with office.archive.database.write() as tx, pytest.raises(DecisionWrong, match="nobody has decided"):
        given = (office.records, office.subject, office.recording, office.redaction)
        put_into_redaction(tx, office.archive.vault, *given)
    other = office.archive.worn(b"another film", "other.mp4").recording_id
    with office.archive.database.write() as tx, pytest.raises(DecisionWrong, match="another recording"):
        put_into_redaction(tx, office.archive.vault, office.records, office.subject, other, office.redaction)


def test_a_second_part_is_compared_where_it_stands(office: Office) -> None:
    """The same copy, as that of a part that follows one of four seconds: in it the stretch lies as much earlier."""
    office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 6_000, 7_000))
    office.draw(office.whole_track(60, 89), office.span(2_000, 3_000))
    copy = office.copy()
    check(office, replace(copy, begin=4_000, end=14_000))
    refused(office, "hides something in the picture at 0:00:02.000", [copy])
    refused(office, "nobody knows where part 1 begins", [replace(copy, begin=None, end=None)])


def test_kinds(office: Office) -> None:
    """What is put into a redaction is of the kinds that the edit list knows as the whole picture."""
    office.decide(
        hold_back(Decision.WITHHOLD, MINOR), release(0, 1_000), weighed=[Weighed(LOOKED, Weighing.WEIGHED, "x")]
    )
    put_in(office)
    from candor.redaction.documents import document_at

    with office.archive.database.read() as tx:
        _, document = document_at(tx, office.archive.vault, office.redaction)
    (track,) = document.part(office.part).tracks.values()
    assert (track.kind, track.shape, track.last) == (Kind.FRAME, Shape.WHOLE, 3_000 * 299)
