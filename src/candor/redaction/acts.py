"""The acts that an edit is made of, and reading them from JSON that anybody may have written. Pure.

    {"act": "put-track", "part": P, "track": {…}}                        adds it, or replaces the whole of it
    {"act": "drop-track", "part": P, "id": I}
    {"act": "put-keys", "part": P, "id": I, "keys": [[at, outside, …], …], "drop": [at, …]}
    {"act": "set-track", "part": P, "id": I, "values": {hidden | exemption | style | kind | label | group | reviewed}}
    {"act": "put-span", "part": P, "span": {…}}
    {"act": "drop-span", "part": P, "id": I}
    {"act": "set-part", "part": P, "values": {mode | overlay | overlay_boxes | mute_all}}
    {"act": "set", "values": {style}}

Whatever is read is in the form that is written: numbers to a tenth of a pixel, so that what is kept and what is at hand
are the same. `detected` is the ninth act, which only the product itself makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from candor.redaction.act_values import (
    LONGEST_LABEL,
    MOST_KEYS,
    Wrong,
    a_flag,
    a_label,
    a_list,
    a_name,
    a_share,
    a_text,
    a_whole,
    an_exemption,
    fitting,
    growing,
    one_of,
    only,
    optional,
    read_keys,
    some_boxes,
)
from candor.redaction.errors import EditWrong
from candor.redaction.model import DOUBTS, Key, Kind, Mode, Origin, Shape, SoundStyle, Span, Style, Track

__all__ = [
    "MOST_ACTS",
    "Act",
    "Detected",
    "DropSpan",
    "DropTrack",
    "PutKeys",
    "PutSpan",
    "PutTrack",
    "SetAll",
    "SetPart",
    "SetTrack",
    "read_acts",
    "write_acts",
]

#: So many acts one edit may have; what is larger is no person's work.
MOST_ACTS: Final = 5_000


@dataclass(frozen=True)
class PutTrack:
    """Add a track, or replace the whole of it."""

    part: str
    track: Track


@dataclass(frozen=True)
class DropTrack:
    """Take a track away."""

    part: str
    id: str


@dataclass(frozen=True)
class PutKeys:
    """Put keys into a track in place of those at the same times, and take the keys at the times of `drop` out."""

    part: str
    id: str
    keys: tuple[Key, ...]
    drop: tuple[int, ...] = ()


@dataclass(frozen=True)
class SetTrack:
    """Change what is said of a track besides where it is. `values`: fields of Track."""

    part: str
    id: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class PutSpan:
    """Add a stretch of sound, or replace the whole of it."""

    part: str
    span: Span


@dataclass(frozen=True)
class DropSpan:
    """Take a stretch of sound away."""

    part: str
    id: str


@dataclass(frozen=True)
class SetPart:
    """Change what is said of a part as a whole. `values`: fields of PartDocument but tracks and spans."""

    part: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class SetAll:
    """Change what is said of everything. `values`: {"style": Style}."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Detected:
    """What a detection found in a part takes the place of what one before it found and nobody touched (`drop`). The
    tracks lie sealed; in JSON they are not."""

    part: str
    tracks: tuple[Track, ...]
    drop: tuple[str, ...] = ()


Act = PutTrack | DropTrack | PutKeys | SetTrack | PutSpan | DropSpan | SetPart | SetAll | Detected


def read_acts(value: Any) -> tuple[Act, ...]:
    """The acts of one edit from JSON that somebody sent. Raises EditWrong, which names the act and why."""
    if not isinstance(value, list) or not value:
        raise EditWrong(reason="an edit is a list of at least one act")
    if len(value) > MOST_ACTS:
        raise EditWrong(reason=f"an edit has at most {MOST_ACTS} acts, this one has {len(value)}")
    found = []
    for number, one in enumerate(value, 1):
        try:
            found.append(_act(one))
        except Wrong as error:
            raise EditWrong(act=number, reason=error) from error
    return tuple(found)


def write_acts(acts: Sequence[Act]) -> list[dict[str, Any]]:
    """The JSON that `read_acts` reads. Of a detection what was dropped alone: its tracks lie sealed."""
    return [_WRITE[type(one)](one) for one in acts]


def _act(value: Any) -> Act:
    if not isinstance(value, dict):
        raise Wrong("it is no object")
    named = value.get("act")
    read = _READ.get(named) if isinstance(named, str) else None
    if read is None:
        raise Wrong("there is no act of this name")
    return read(value)


_Reading = Mapping[str, Callable[[Any, str], Any]]
#: What may be changed of a track, a part and everything, and how each is read.
TRACK_VALUES: Final[_Reading] = {
    "hidden": a_flag,
    "exemption": optional(an_exemption),
    "style": optional(lambda value, what: one_of(Style, value, what)),
    "kind": lambda value, what: one_of(Kind, value, what),
    "label": a_label,
    "group": optional(a_name),
    "reviewed": a_flag,
}
PART_VALUES: Final[_Reading] = {
    "mode": lambda value, what: one_of(Mode, value, what),
    "overlay": a_flag,
    "overlay_boxes": some_boxes,
    "mute_all": a_flag,
}
ALL_VALUES: Final[_Reading] = {"style": lambda value, what: one_of(Style, value, what)}


def _values(value: Any, reading: _Reading) -> dict[str, Any]:
    given = only(value, "what is changed", set(), set(reading))
    if not given:
        raise Wrong("nothing is changed")
    return {name: reading[name](one, name) for name, one in given.items()}


_TRACK_NEEDS = {"id", "part", "kind", "origin", "shape", "keys"}
_TRACK_ALSO = {"hidden", "exemption", "style", "label", "group", "reviewed", "doubt", "doubts", "model", "score"}


def read_track(value: Any, part: str) -> Track:
    """A track of that part. Raises Wrong."""
    given = only(value, "the track", _TRACK_NEEDS, _TRACK_ALSO)
    if given["part"] != part:
        raise Wrong("the track is of another part")
    doubts = a_list(given.get("doubts", []), "doubts", len(DOUBTS))
    if any(not isinstance(one, str) or one not in DOUBTS for one in doubts):
        raise Wrong("a doubt is none that is known")
    score, model = given.get("score"), given.get("model")
    found = Track(
        id=a_name(given["id"], "the track's name"),
        part=part,
        kind=one_of(Kind, given["kind"], "kind"),
        origin=one_of(Origin, given["origin"], "origin"),
        shape=one_of(Shape, given["shape"], "shape"),
        keys=read_keys(given["keys"]),
        hidden=a_flag(given.get("hidden", True), "hidden"),
        doubt=a_share(given.get("doubt", 0), "doubt"),
        doubts=tuple(doubts),
        model=None if model is None else a_text(model, "model", LONGEST_LABEL),
        score=None if score is None else a_share(score, "score"),
        **{
            name: TRACK_VALUES[name](given[name], name)
            for name in ("exemption", "style", "label", "group", "reviewed")
            if name in given
        },
    )
    fitting(found.shape, found.keys)
    return found


def read_span(value: Any, part: str) -> Span:
    """A stretch of sound of that part. Raises Wrong."""
    also = {"style", "exemption", "label", "origin", "hidden", "reviewed"}
    given = only(value, "the stretch of sound", {"id", "part", "begin", "until"}, also)
    if given["part"] != part:
        raise Wrong("the stretch of sound is of another part")
    begin, until = a_whole(given["begin"], "begin", 0), a_whole(given["until"], "until", 0)
    if begin >= until:
        raise Wrong("the stretch of sound ends before it begins")
    return Span(
        id=a_name(given["id"], "the name of the stretch"),
        part=part,
        begin=begin,
        until=until,
        style=one_of(SoundStyle, given.get("style", SoundStyle.MUTE), "style"),
        exemption=optional(an_exemption)(given.get("exemption"), "exemption"),
        label=a_label(given.get("label", ""), "label"),
        origin=one_of(Origin, given.get("origin", Origin.PERSON), "origin"),
        hidden=a_flag(given.get("hidden", True), "hidden"),
        reviewed=a_flag(given.get("reviewed", False), "reviewed"),
    )


def _part(value: Mapping[str, Any]) -> str:
    return a_name(value.get("part"), "the part")


def _read_put_track(value: dict[str, Any]) -> Act:
    given = only(value, "the act", {"act", "part", "track"})
    return PutTrack(_part(given), read_track(given["track"], _part(given)))


def _read_drop_track(value: dict[str, Any]) -> Act:
    given = only(value, "the act", {"act", "part", "id"})
    return DropTrack(_part(given), a_name(given["id"], "the track's name"))


def _read_put_keys(value: dict[str, Any]) -> Act:
    given = only(value, "the act", {"act", "part", "id"}, {"keys", "drop"})
    keys = read_keys(given.get("keys", []))
    drop = tuple(a_whole(one, "a time") for one in a_list(given.get("drop", []), "drop", MOST_KEYS))
    growing(drop, "the times to drop")
    if not keys and not drop:
        raise Wrong("nothing is changed")
    return PutKeys(_part(given), a_name(given["id"], "the track's name"), keys, drop)


def _read_set_track(value: dict[str, Any]) -> Act:
    given = only(value, "the act", {"act", "part", "id", "values"})
    return SetTrack(_part(given), a_name(given["id"], "the track's name"), _values(given["values"], TRACK_VALUES))


def _read_put_span(value: dict[str, Any]) -> Act:
    given = only(value, "the act", {"act", "part", "span"})
    return PutSpan(_part(given), read_span(given["span"], _part(given)))


def _read_drop_span(value: dict[str, Any]) -> Act:
    given = only(value, "the act", {"act", "part", "id"})
    return DropSpan(_part(given), a_name(given["id"], "the name of the stretch"))


def _read_set_part(value: dict[str, Any]) -> Act:
    given = only(value, "the act", {"act", "part", "values"})
    return SetPart(_part(given), _values(given["values"], PART_VALUES))


def _read_set_all(value: dict[str, Any]) -> Act:
    return SetAll(_values(only(value, "the act", {"act", "values"})["values"], ALL_VALUES))


_READ: Final[Mapping[str, Callable[[dict[str, Any]], Act]]] = {
    "put-track": _read_put_track,
    "drop-track": _read_drop_track,
    "put-keys": _read_put_keys,
    "set-track": _read_set_track,
    "put-span": _read_put_span,
    "drop-span": _read_drop_span,
    "set-part": _read_set_part,
    "set": _read_set_all,
}

_WRITE: Final[dict[type, Callable[[Any], dict[str, Any]]]] = {
    PutTrack: lambda one: {"act": "put-track", "part": one.part, "track": one.track.to_json()},
    DropTrack: lambda one: {"act": "drop-track", "part": one.part, "id": one.id},
    PutKeys: lambda one: {
        "act": "put-keys",
        "part": one.part,
        "id": one.id,
        "keys": [key.to_json() for key in one.keys],
        "drop": list(one.drop),
    },
    SetTrack: lambda one: {"act": "set-track", "part": one.part, "id": one.id, "values": dict(one.values)},
    PutSpan: lambda one: {"act": "put-span", "part": one.part, "span": one.span.to_json()},
    DropSpan: lambda one: {"act": "drop-span", "part": one.part, "id": one.id},
    SetPart: lambda one: {"act": "set-part", "part": one.part, "values": _plain(one.values)},
    SetAll: lambda one: {"act": "set", "values": dict(one.values)},
    Detected: lambda one: {"act": "detected", "part": one.part, "drop": list(one.drop)},
}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [list(box) for box in one] if name == "overlay_boxes" else one for name, one in values.items()}
