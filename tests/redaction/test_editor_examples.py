"""Examples that hold the editor's scripts and the server to one meaning: times, places of tracks, edits and undoing.

`tests/js/redaction.test.mjs` reads the same file. To write it anew after the meaning has changed on purpose:
`python -m tests.redaction.test_editor_examples`.
"""

from __future__ import annotations

import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

from candor.redaction.edits import apply, inverse, read_acts, write_acts
from candor.redaction.model import Document, FrameTimes, Key, Kind, Origin, Shape, Track

EXAMPLES = Path(__file__).parents[1] / "js" / "redaction_examples.json"


def examples() -> dict[str, Any]:
    """Everything, from one seed."""
    chance = random.Random(20261122)
    return {
        "times": [_times(chance, *one) for one in _CLOCKS],
        "tracks": [_track(chance, number) for number in range(24)],
        "edits": [_edit(chance) for _ in range(24)],
    }


_CLOCKS = (
    (Fraction(1, 90000), 0, 3003, 40),
    (Fraction(1001, 30000), 0, 1, 40),
    (Fraction(1, 1000), 40, None, 60),
    (Fraction(1, 12800), -512, 512, 30),
)


def _times(chance: random.Random, clock: Fraction, zero: int, step: int | None, count: int) -> dict[str, Any]:
    at, found = 0, []
    for _ in range(count):
        found.append(at)
        at += step or chance.choice((33, 34, 33, 100, 1))
    times = FrameTimes.of(found, clock, zero)
    asked = [chance.randint(-50, at + 50) for _ in range(60)]
    seconds = [chance.randint(0, 4000) / 1000 for _ in range(30)]
    # Halves of a tick are rounded one way or the other by either side's arithmetic; nobody asks for them.
    clear = [
        one for one in seconds if abs((Fraction(one).limit_denominator(10**7) / clock) % 1 - Fraction(1, 2)) > 0.01
    ]
    return {
        "times": times.to_json(),
        "seconds": [[one, times.seconds(one)] for one in times.all()],
        "numbers": [[one, times.number_at(one)] for one in asked],
        "ticks": [[one, times.ticks(one)] for one in clear],
    }


def _keys(chance: random.Random, shape: Shape, count: int) -> tuple[Key, ...]:
    numbers = {Shape.WHOLE: 0, Shape.POLYGON: 8}.get(shape, 4)
    times = sorted(chance.sample(range(0, 3000, 7), count))
    keys = []
    for at in times:
        left, top = chance.randint(-500, 12000) / 10, chance.randint(-500, 7000) / 10
        places = [chance.randint(0, 9000) / 10 for _ in range(numbers)]
        if numbers == 4:
            places = [left, top, left + chance.randint(10, 900) / 10, top + chance.randint(10, 900) / 10]
        keys.append(Key(at, tuple(places), chance.random() < 0.15))
    return tuple(keys)


def _made(chance: random.Random, name: str, part: str = "p1") -> Track:
    shape = chance.choice(list(Shape))
    keys = _keys(chance, shape, chance.choice((1, 2, 3, 8)))
    kind = Kind.FRAME if shape is Shape.WHOLE else Kind.FACE
    return Track(name, part, kind, Origin.MODEL, shape, keys, doubts=("weak",), doubt=0.5, model="m@1/int8", score=0.75)


def _track(chance: random.Random, number: int) -> dict[str, Any]:
    track = Track.from_json(_made(chance, f"t{number}").to_json())  # to a tenth of a pixel, as it is kept
    times = [*(key.at for key in track.keys), *(chance.randint(-20, 3020) for _ in range(40))]
    places = []
    for time in times:
        numbers = track.at(time)
        places.append([time, None if numbers is None else list(numbers)])
    return {"track": track.to_json(), "places": places}


def _edit(chance: random.Random) -> dict[str, Any]:
    tracks = [_made(chance, f"t{number}", chance.choice(("p1", "p2"))) for number in range(5)]
    before = Document()
    for one in tracks:
        before = before.with_part(one.part, _with(before, one))
    acts: list[dict[str, Any]] = []
    document = before
    for _ in range(chance.randint(1, 8)):
        one = _act(chance, document)
        acts.append(one)
        document = apply(document, read_acts([one]))
    read = read_acts(acts)
    after, back = apply(before, read), inverse(before, read)
    return {
        "before": before.to_json(),
        "acts": write_acts(read),
        "after": after.to_json(),
        "back": write_acts(back),
    }


def _with(document: Document, track: Track) -> Any:
    return apply(document, read_acts([{"act": "put-track", "part": track.part, "track": track.to_json()}])).part(
        track.part
    )


def _act(chance: random.Random, document: Document) -> dict[str, Any]:
    tracks = [one for part in document.parts.values() for one in part.tracks.values()]
    spans = [one for part in document.parts.values() for one in part.spans.values()]
    wish = chance.choice(
        ("put-track", "drop-track", "put-keys", "set-track", "put-span", "drop-span", "set-part", "set")
    )
    if not tracks or (wish == "drop-span" and not spans):
        wish = "set"
    if wish == "put-track":
        return {"act": wish, "part": "p1", "track": _made(chance, f"n{chance.randint(0, 3)}").to_json()}
    if wish == "set":
        return {"act": wish, "values": {"style": chance.choice(("solid", "mosaic", "blur"))}}
    if wish == "set-part":
        return {"act": wish, "part": "p1", "values": {"mode": chance.choice(("hide", "show-only")), "mute_all": True}}
    if wish == "put-span":
        begin = chance.randint(0, 5000)
        span = {"id": f"s{chance.randint(0, 2)}", "part": "p2", "begin": begin, "until": begin + 400, "label": "a name"}
        return write_acts(read_acts([{"act": wish, "part": "p2", "span": span}]))[0]
    if wish == "drop-span":
        one = chance.choice(spans)
        return {"act": wish, "part": one.part, "id": one.id}
    track = chance.choice(tracks)
    named = {"act": wish, "part": track.part, "id": track.id}
    if wish == "drop-track":
        return named
    if wish == "set-track":
        return named | {
            "values": {"hidden": chance.random() < 0.5, "exemption": chance.choice((None, "x/1")), "label": "näme"}
        }
    times = sorted(chance.sample(range(0, 3000, 7), 2))
    numbers = list(track.keys[0].numbers)
    drop = [track.keys[0].at] if track.keys[0].at not in times else []
    return named | {"keys": [[at, 0, *numbers] for at in times], "drop": drop}


def _text() -> str:
    return json.dumps(examples(), separators=(",", ":"), ensure_ascii=False) + "\n"


def test_the_examples_are_what_the_server_means() -> None:
    # Bit for bit: what JavaScript reads from this file is what Python computes here.
    assert EXAMPLES.read_text("utf-8") == _text()


def test_what_is_taken_back_is_as_it_was() -> None:
    for one in json.loads(EXAMPLES.read_text("utf-8"))["edits"]:
        before, after = Document.from_json(one["before"]), Document.from_json(one["after"])
        back = apply(after, read_acts(one["back"]))
        assert {name: part for name, part in back.parts.items() if part.tracks or part.spans} == {
            name: part for name, part in before.parts.items() if part.tracks or part.spans
        }
        assert back.style == before.style


if __name__ == "__main__":
    EXAMPLES.write_text(_text(), "utf-8")
