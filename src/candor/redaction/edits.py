"""Edits: what a document becomes by them, and how each is taken back. Pure.

Undo is another edit, made of the acts that take the first one back, so that nothing is ever lost and what was undone
can be had again, today or in a year.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from candor.redaction.act_values import Wrong, fitting
from candor.redaction.acts import (
    Act,
    Detected,
    DropSpan,
    DropTrack,
    PutKeys,
    PutSpan,
    PutTrack,
    SetAll,
    SetPart,
    SetTrack,
    read_acts,
    write_acts,
)
from candor.redaction.errors import EditWrong
from candor.redaction.model import Document, PartDocument, Span, Track

__all__ = ["MOST_SPANS", "MOST_TRACKS", "apply", "fold", "inverse", "read_acts", "touched_tracks", "write_acts"]

#: So much a part may hold.
MOST_TRACKS: Final = 50_000
MOST_SPANS: Final = 20_000


class _Part:
    """A part while it is worked on: its mappings are copied once, not at every act."""

    def __init__(self, given: PartDocument) -> None:
        self.given = given
        self.tracks: dict[str, Track] = dict(given.tracks)
        self.spans: dict[str, Span] = dict(given.spans)
        self.values: dict[str, Any] = {}

    def value(self, name: str) -> Any:
        return self.values.get(name, getattr(self.given, name))

    def track(self, identifier: str) -> Track:
        if identifier not in self.tracks:
            raise Wrong(f"there is no track {identifier} in this part")
        return self.tracks[identifier]

    def done(self) -> PartDocument:
        return replace(self.given, tracks=self.tracks, spans=self.spans, **self.values)


class _Work:
    """A document while acts are done to it. `inverse` of an act is asked for before it is done."""

    def __init__(self, document: Document, parts: Collection[str] | None) -> None:
        self._document, self._allowed = document, parts
        self._parts: dict[str, _Part] = {}
        self._values: dict[str, Any] = {}

    def done(self) -> Document:
        if not self._parts and not self._values:
            return self._document
        parts = {**self._document.parts, **{name: one.done() for name, one in self._parts.items()}}
        # Of a part of which nothing is said any more nothing stands there, as before anything was said.
        said = {name: one for name, one in parts.items() if one.tracks or one.spans or one != PartDocument()}
        return replace(self._document, parts=said, **self._values)

    def part(self, name: str) -> _Part:
        if self._allowed is not None and name not in self._allowed:
            raise Wrong(f"{name} is no part of this redaction")
        if name not in self._parts:
            self._parts[name] = _Part(self._document.part(name))
        return self._parts[name]

    def do(self, act: Act) -> None:
        if isinstance(act, SetAll):
            self._values |= act.values
            return
        part = self.part(act.part)
        if isinstance(act, PutTrack):
            _room(part.tracks, act.track.id, MOST_TRACKS, "tracks")
            part.tracks[act.track.id] = act.track
        elif isinstance(act, DropTrack):
            del part.tracks[part.track(act.id).id]
        elif isinstance(act, PutKeys):
            part.tracks[act.id] = _with_keys(part.track(act.id), act)
        elif isinstance(act, SetTrack):
            part.tracks[act.id] = replace(part.track(act.id), **act.values)
        elif isinstance(act, PutSpan):
            _room(part.spans, act.span.id, MOST_SPANS, "stretches of sound")
            part.spans[act.span.id] = act.span
        elif isinstance(act, DropSpan):
            if part.spans.pop(act.id, None) is None:
                raise Wrong(f"there is no stretch of sound {act.id} in this part")
        elif isinstance(act, SetPart):
            part.values |= act.values
        else:
            _detected(part, act)

    def inverse(self, act: Act) -> Act:
        if isinstance(act, SetAll):
            return SetAll({name: self._values.get(name, getattr(self._document, name)) for name in act.values})
        part = self.part(act.part)
        if isinstance(act, PutTrack):
            there = part.tracks.get(act.track.id)
            return DropTrack(act.part, act.track.id) if there is None else PutTrack(act.part, there)
        if isinstance(act, DropTrack):
            return PutTrack(act.part, part.track(act.id))
        if isinstance(act, PutKeys):
            return _keys_before(part.track(act.id), act)
        if isinstance(act, SetTrack):
            track = part.track(act.id)
            return SetTrack(act.part, act.id, {name: getattr(track, name) for name in act.values})
        if isinstance(act, PutSpan):
            heard = part.spans.get(act.span.id)
            return DropSpan(act.part, act.span.id) if heard is None else PutSpan(act.part, heard)
        if isinstance(act, DropSpan):
            if act.id not in part.spans:
                raise Wrong(f"there is no stretch of sound {act.id} in this part")
            return PutSpan(act.part, part.spans[act.id])
        if isinstance(act, SetPart):
            return SetPart(act.part, {name: part.value(name) for name in act.values})
        raise Wrong("what a detection found is not taken back; drop its tracks one by one")


def apply(document: Document, acts: Sequence[Act], *, parts: Collection[str] | None = None) -> Document:
    """The document after these acts; the one given is not changed. `parts`: the only ones that may be spoken of.

    Raises EditWrong, which names the act that cannot be done, and why.
    """
    return fold(document, [acts], parts=parts)


def fold(document: Document, edits: Iterable[Sequence[Act]], *, parts: Collection[str] | None = None) -> Document:
    """The document after many edits, one after the other, in one go. Raises EditWrong."""
    work = _Work(document, parts)
    for edit, acts in enumerate(edits, 1):
        for number, act in enumerate(acts, 1):
            try:
                work.do(act)
            except Wrong as error:
                raise EditWrong(edit=edit, act=number, reason=error) from error
    return work.done()


def inverse(document: Document, acts: Sequence[Act]) -> tuple[Act, ...]:
    """The acts that take these back, once they were done to this document. Raises EditWrong."""
    work, found = _Work(document, None), []
    for number, act in enumerate(acts, 1):
        try:
            found.append(work.inverse(act))
            work.do(act)
        except Wrong as error:
            raise EditWrong(act=number, reason=error) from error
    return tuple(reversed(found))


def touched_tracks(acts: Iterable[Act]) -> set[tuple[str, str]]:
    """(part, track) of everything that somebody put, changed or dropped in these acts."""
    found = set()
    for act in acts:
        if isinstance(act, PutTrack):
            found.add((act.part, act.track.id))
        elif isinstance(act, DropTrack | PutKeys | SetTrack):
            found.add((act.part, act.id))
    return found


def _room(there: dict[str, Any], identifier: str, most: int, what: str) -> None:
    if identifier not in there and len(there) >= most:
        raise Wrong(f"a part holds at most {most} {what}")


def _with_keys(track: Track, act: PutKeys) -> Track:
    keys = {key.at: key for key in track.keys}
    for at in act.drop:
        if keys.pop(at, None) is None:
            raise Wrong(f"the track {track.id} has no key at {at}")
    keys |= {key.at: key for key in act.keys}
    ordered = tuple(keys[at] for at in sorted(keys))
    fitting(track.shape, ordered)
    return replace(track, keys=ordered)


def _keys_before(track: Track, act: PutKeys) -> PutKeys:
    there = {key.at: key for key in track.keys}
    new = tuple(key.at for key in act.keys if key.at not in there)
    changed = {key.at for key in act.keys} | set(act.drop)
    return PutKeys(act.part, act.id, tuple(there[at] for at in sorted(changed & there.keys())), new)


def _detected(part: _Part, act: Detected) -> None:
    """What is found is never left out and never written over: a name that is taken is made longer."""
    for identifier in act.drop:
        part.tracks.pop(identifier, None)
    for track in act.tracks:
        name = track.id
        while name in part.tracks:
            name += ".x"
        part.tracks[name] = track if name == track.id else replace(track, id=name)
