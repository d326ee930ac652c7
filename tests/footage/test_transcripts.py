"""Transcripts: imported, corrected by versions, read within a viewing, removed, and gone with the footage."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.footage.clips import mp4
from tests.footage.conftest import Archive

from candor.custody.record import history
from candor.footage import purging, transcribing, transcripts, vtt
from candor.footage.errors import PartUnknown, RecordingDestroyed, ViewingEnded
from candor.footage.query import Query
from candor.footage.receipt import Received
from candor.footage.search import find
from candor.footage.transcript_errors import (
    LanguageWrong,
    NothingHeard,
    TranscriptChanged,
    TranscriptNotReady,
    TranscriptReasonMissing,
    TranscriptsTooMany,
    TranscriptUnknown,
    TranscriptWrong,
)
from candor.footage.transcript_tables import transcript, transcript_version
from candor.footage.transcript_text import (
    Cue,
    TextWrong,
    TranscriptText,
    Word,
    WordOrigin,
    corrected,
    gathered,
    spread,
)
from candor.footage.viewing import begin_viewing
from candor.people.rules import Actor
from candor.store.tables import vault_object

FILE = b"WEBVTT\n\nNOTE Language: en\n\n00:00.000 --> 00:02.000\nMy <00:01.000>name is xyzzysmith\n\n"
FILE += b"00:02.500 --> 00:03.000\nThank you\n"


def _import(archive: Archive, taken: Received, actor: Actor | None = None, text: TranscriptText | None = None) -> str:
    return transcribing.import_text(
        archive.database,
        archive.vault,
        actor or archive.technician,
        taken.part_id,
        vtt.read(FILE) if text is None else text,
        name="words.vtt",
        sha256=bytes(32),
        clock=archive.clock,
    )


def _view(archive: Archive, taken: Received, actor: Actor) -> str:
    with archive.database.write() as tx:
        return begin_viewing(tx, actor, taken.recording_id, "Supervision", clock=archive.clock).id


def _read(archive: Archive, actor: Actor, transcript_id: str, viewing: str, version: int | None = None) -> str:
    text = transcripts.read_transcript(
        archive.database, archive.vault, actor, transcript_id, viewing_id=viewing, version=version, clock=archive.clock
    )
    return " | ".join(cue.text for cue in text.cues)


def _correct(archive: Archive, actor: Actor, transcript_id: str, viewing: str, **what: Any) -> int:
    return transcribing.correct_cue(
        archive.database, archive.vault, actor, transcript_id, viewing_id=viewing, clock=archive.clock, **what
    )


def _events(archive: Archive, recording_id: str) -> list[tuple[str, dict[str, Any]]]:
    with archive.database.read() as tx:
        found = [(event.kind.value, event.details) for event in history(tx, recording_id)]
    return [one for one in found if one[0].startswith("transcript:")]


def test_importing_reading_correcting(archive: Archive) -> None:
    taken = archive.worn(b"a film with words")
    made = _import(archive, taken)
    viewing = _view(archive, taken, archive.technician)
    assert _read(archive, archive.technician, made, viewing) == "My name is xyzzysmith | Thank you"
    # A correction is a version; the one before stays, and what stays of it keeps who wrote it.
    act = {"version": 1, "cue": 0, "line": " My  name is\nJohn Smith "}
    assert _correct(archive, archive.technician, made, viewing, **act) == 2
    assert _read(archive, archive.technician, made, viewing) == "My name is John Smith | Thank you"
    assert _read(archive, archive.technician, made, viewing, 1) == "My name is xyzzysmith | Thank you"
    same = {"version": 2, "cue": 1, "line": "Thank you"}
    assert _correct(archive, archive.technician, made, viewing, **same) == 2
    with pytest.raises(TranscriptChanged, match="at version 2, you saw 1"):
        _correct(archive, archive.technician, made, viewing, **{**act, "line": "Something else"})
    with archive.database.read() as tx:
        (found,) = transcripts.transcripts_of(tx, taken.recording_id)
        text = transcripts.text_of(tx, archive.vault, found)
        versions = transcripts.versions_of(tx, made)
    assert (found.version, found.language, found.origin, found.engine) == (2, "en", WordOrigin.FILE, "words.vtt")
    assert [(one.number, one.words, one.corrected) for one in versions] == [(1, 6, 0), (2, 7, 2)]
    origins = [(word.text, word.origin.value) for word in text.cues[0].words]
    assert origins[-2:] == [("John", "person"), ("Smith", "person")]
    assert origins[0] == ("My", "file")
    told = _events(archive, taken.recording_id)
    assert [name for name, _ in told] == ["transcript:made", "transcript:changed"]
    assert told[0][1]["words"] == 6
    assert told[1][1] | {"version": 2, "before": 1, "corrected": 2} == told[1][1]
    assert "xyzzysmith" not in str(told)
    # Nothing sealed is left over of what was refused or changed nothing.
    with archive.database.read() as tx:
        kept = set(tx.scalars(sa.select(vault_object.c.object_id)))
    assert archive.objects() == kept


def test_who_may(archive: Archive) -> None:
    taken = archive.worn(b"a film with words")
    made = _import(archive, taken, archive.officer)
    viewing = _view(archive, taken, archive.officer)
    assert _read(archive, archive.officer, made, viewing)
    # Without a viewing of one's own, of this recording, there is nothing to read.
    for wrong in ("", "nonsense", _view(archive, taken, archive.supervisor)):
        with pytest.raises(ViewingEnded):
            _read(archive, archive.officer, made, wrong)
    elsewhere = archive.worn(b"another film", "other.mp4")
    with pytest.raises(ViewingEnded):
        _read(archive, archive.officer, made, _view(archive, elsewhere, archive.officer))
    # Whom the recording is not shown: nothing is told, not even that there is one.
    stranger = archive.other_officer
    with pytest.raises(TranscriptUnknown):
        _read(archive, stranger, made, viewing)
    with pytest.raises(PartUnknown):
        _import(archive, taken, stranger)
    with archive.database.write() as tx, pytest.raises(PartUnknown):
        transcribing.ask_for_transcript(tx, archive.jobs, stranger, taken.part_id, by="speech", clock=archive.clock)
    with archive.database.write() as tx, pytest.raises(TranscriptUnknown):
        transcribing.remove_transcript(tx, archive.vault, archive.jobs, stranger, made, reason="no")
    with pytest.raises(TranscriptUnknown):
        _correct(archive, stranger, made, viewing, version=1, cue=0, line="x")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_search_does_not_know_its_words(archive: Archive) -> None:
    taken = archive.worn(b"a film with words")
    _import(archive, taken)
    with archive.database.read() as tx:
        found = find(tx, archive.technician, Query(text="xyzzysmith"))
    assert not found.rows


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_refused(archive: Archive) -> None:
    taken = archive.worn(mp4())
    with pytest.raises(TranscriptWrong, match="no line"):
        _import(archive, taken, text=TranscriptText())
    with pytest.raises(LanguageWrong):
        _import(archive, taken, text=TranscriptText(vtt.read(FILE).cues, "english please"))
    silent = archive.worn(mp4(sound=False), "silent.mp4")
    with archive.database.write() as tx:
        with pytest.raises(NothingHeard):
            transcribing.ask_for_transcript(tx, archive.jobs, archive.technician, silent.part_id, by="speech")
        waiting = transcribing.ask_for_transcript(tx, archive.jobs, archive.technician, taken.part_id, by="speech")
    viewing = _view(archive, taken, archive.technician)
    with pytest.raises(TranscriptNotReady, match="it is being made"):
        _read(archive, archive.technician, waiting, viewing)
    made = _import(archive, taken)
    for cue, line in ((9, "x"), (-1, "x"), (0, "x" * 2001)):
        with pytest.raises(TranscriptWrong):
            _correct(archive, archive.technician, made, viewing, version=1, cue=cue, line=line)
    assert _correct(archive, archive.technician, made, viewing, version=1, cue=0, line="") == 2
    with pytest.raises(TranscriptWrong, match="remove it instead"):
        _correct(archive, archive.technician, made, viewing, version=2, cue=0, line=" ")
    for _ in range(18):
        _import(archive, taken)
    with pytest.raises(TranscriptsTooMany):
        _import(archive, taken)


def test_removing(archive: Archive) -> None:
    taken = archive.worn(b"a film with words")
    made = _import(archive, taken)
    viewing = _view(archive, taken, archive.technician)
    _correct(archive, archive.technician, made, viewing, version=1, cue=1, line="Thanks")
    remove = (archive.vault, archive.jobs, archive.technician, made)
    for reason in ("", " ", "x" * 501, "hidden\u202e"):
        with archive.database.write() as tx, pytest.raises(TranscriptReasonMissing):
            transcribing.remove_transcript(tx, *remove, reason=reason)
    with archive.database.write() as tx:
        transcribing.remove_transcript(tx, *remove, reason="a better one is there", clock=archive.clock)
    with pytest.raises(TranscriptUnknown):
        _read(archive, archive.technician, made, viewing)
    with archive.database.read() as tx:
        texts = sa.select(vault_object.c.object_id).where(vault_object.c.kind == "transcript")
        assert len(tx.scalars(texts).all()) == 2
        assert not tx.scalars(texts.where(vault_object.c.key_destroyed_at.is_(None))).all()
    assert _events(archive, taken.recording_id)[-1][1]["reason"] == "a better one is there"


def test_it_goes_with_the_footage(archive: Archive) -> None:
    taken = archive.worn(b"a film with words")
    made = _import(archive, taken)
    viewing = _view(archive, taken, archive.technician)
    with archive.database.write() as tx:
        purging.purge(
            tx,
            archive.vault,
            archive.jobs,
            archive.technician,
            taken.recording_id,
            authority="Order 1",
            reason="ordered",
            clock=archive.clock,
        )
    with pytest.raises(TranscriptUnknown):
        _read(archive, archive.technician, made, viewing)
    with pytest.raises(RecordingDestroyed):
        _import(archive, taken)
    with archive.database.read() as tx:
        assert not tx.execute(sa.select(transcript_version)).all()
        assert not tx.execute(sa.select(transcript)).all()


def test_two_at_once_make_one_version(archive: Archive) -> None:
    """Two people put the same version right in the same moment: one of them is told to look again."""
    taken = archive.worn(b"a film with words")
    made = _import(archive, taken)
    viewing = _view(archive, taken, archive.technician)
    ends: list[object] = []

    def correct(line: str) -> None:
        try:
            ends.append(_correct(archive, archive.technician, made, viewing, version=1, cue=1, line=line))
        except TranscriptChanged as error:
            ends.append(type(error))

    both = [Thread(target=correct, args=(line,)) for line in ("Thanks", "Bless you")]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    assert sorted(map(str, ends)) == sorted(["2", str(TranscriptChanged)])
    with archive.database.read() as tx:
        assert [one.number for one in transcripts.versions_of(tx, made)] == [1, 2]


# the text itself


def _cue(*texts: str, timed: bool = True) -> Cue:
    words = tuple(Word(100 * n, 100 * n + 90, text, 0.9, timed=timed) for n, text in enumerate(texts))
    return Cue(0, 100 * len(texts), words)


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        (("a", "b", "c"), "a x c", [("a", 0, 90, 0.9), ("x", 100, 190, None), ("c", 200, 290, 0.9)]),
        (("a", "b", "c"), "a c", [("a", 0, 90, 0.9), ("c", 200, 290, 0.9)]),
        (("a", "c"), "a b c", [("a", 0, 90, 0.9), ("b", 90, 100, None), ("c", 100, 190, 0.9)]),
        (("a",), "x y", [("x", 0, 45, None), ("y", 45, 90, None)]),
        (("a", "b"), "ab", [("ab", 0, 190, None)]),
    ],
)
def test_a_correction_keeps_what_stays(before: tuple[str, ...], line: str, after: list[Any]) -> None:
    text = corrected(TranscriptText((_cue(*before),)), 0, line)
    assert [(word.text, word.begin, word.until, word.confidence) for word in text.cues[0].words] == after
    for word in text.cues[0].words:
        assert (word.origin is WordOrigin.PERSON) == (word.confidence is None)


def test_a_word_for_a_word_is_as_well_timed() -> None:
    assert corrected(TranscriptText((_cue("a", "b"),)), 0, "a x").cues[0].words[1].timed
    assert not corrected(TranscriptText((_cue("a", "b", timed=False),)), 0, "a x").cues[0].words[1].timed
    assert not corrected(TranscriptText((_cue("a", "b"),)), 0, "a x y").cues[0].words[1].timed


def test_cues_are_gathered_to_be_read() -> None:
    words = [Word(0, 300, "Stop."), Word(350, 600, "Show"), Word(600, 900, "me"), Word(2500, 2600, "now")]
    words += [Word(2600 + 100 * n, 2700 + 100 * n, "blah") for n in range(40)]
    cues = gathered(words)
    assert [cue.text for cue in cues][:2] == ["Stop.", "Show me"]
    assert [word for cue in cues for word in cue.words] == words
    assert all(len(cue.text) <= 84 and cue.until - cue.begin <= 7000 for cue in cues)


@given(st.lists(st.text(min_size=1, max_size=9), max_size=12), st.integers(0, 10**7), st.integers(0, 10**5))
def test_words_are_spread_without_gaps(texts: list[str], begin: int, length: int) -> None:
    words = spread(texts, begin, begin + length, WordOrigin.FILE)
    assert [word.text for word in words] == texts
    edges = [begin, *(word.until for word in words)]
    assert [word.begin for word in words] == edges[: len(words)]
    assert not words or edges[-1] == begin + length


@given(st.binary(max_size=200) | st.builds(lambda text: text.encode(), st.text(max_size=200)))
def test_what_is_no_transcript_is_refused(data: bytes) -> None:
    with pytest.raises(TextWrong):
        TranscriptText.from_bytes(data)


def test_sealed_form_there_and_back() -> None:
    text = TranscriptText((_cue("a", "é"), Cue(5, 9, (Word(5, 9, "<b>", None, WordOrigin.PERSON, False),), "Anna")))
    assert TranscriptText.from_bytes(text.to_bytes()) == text
    heard = TranscriptText((), "en", ((0, 10), (20, 30)))
    assert TranscriptText.from_bytes(heard.to_bytes()) == heard
    for wrong in (b'{"form":"candor-transcript@1"}', b'{"form":"x","language":"","cues":[],"speech":null}'):
        with pytest.raises(TextWrong):
            TranscriptText.from_bytes(wrong)
