"""Documents and acts for properties."""

from __future__ import annotations

from hypothesis import strategies as st

from candor.redaction.acts import Act, DropSpan, DropTrack, PutKeys, PutSpan, PutTrack, SetAll, SetPart, SetTrack
from candor.redaction.edits import apply
from candor.redaction.model import Document, Key, Kind, Mode, Origin, Shape, SoundStyle, Span, Style, Track

PARTS = ("p1", "p2")
IDS = ("a", "b", "c")
places = st.integers(-5_000, 50_000).map(lambda tenths: tenths / 10)
times = st.integers(-1_000, 100_000)


@st.composite
def numbers_of(draw: st.DrawFn, shape: Shape, corners: int = 3) -> tuple[float, ...]:
    """Places of a shape."""
    if shape is Shape.WHOLE:
        return ()
    if shape is Shape.POLYGON:
        return tuple(draw(st.lists(places, min_size=2 * corners, max_size=2 * corners)))
    x, y, width, height = draw(places), draw(places), draw(st.integers(1, 999)), draw(st.integers(1, 999))
    return (x, y, round(x + width / 10, 1), round(y + height / 10, 1))


@st.composite
def tracks(draw: st.DrawFn, part: str, identifier: str | None = None) -> Track:
    """A track of a part."""
    shape = draw(st.sampled_from(Shape))
    at = draw(st.lists(times, min_size=1, max_size=4, unique=True))
    keys = tuple(Key(one, draw(numbers_of(shape)), draw(st.booleans())) for one in sorted(at))
    return Track(
        identifier or draw(st.sampled_from(IDS)),
        part,
        draw(st.sampled_from(Kind)),
        draw(st.sampled_from(Origin)),
        shape,
        keys,
        draw(st.booleans()),
        draw(st.none() | st.sampled_from(["us-ct/1-210", "A child"])),
        draw(st.none() | st.sampled_from(Style)),
        draw(st.sampled_from(["", "the driver", "a <b>"])),
        draw(st.none() | st.just("g1")),
        draw(st.booleans()),
        draw(st.integers(0, 1000)) / 1000,
        tuple(draw(st.lists(st.sampled_from(["short", "weak"]), unique=True))),
        draw(st.none() | st.just("centerface@0123456789ab/int8")),
        draw(st.none() | st.integers(0, 1000).map(lambda one: one / 1000)),
    )


@st.composite
def spans(draw: st.DrawFn, part: str) -> Span:
    """A stretch of sound."""
    begin = draw(st.integers(0, 10_000))
    length = draw(st.integers(1, 5_000))
    style, hidden = draw(st.sampled_from(SoundStyle)), draw(st.booleans())
    return Span(draw(st.sampled_from(IDS)), part, begin, begin + length, style, None, "", Origin.PERSON, hidden)


@st.composite
def one_act(draw: st.DrawFn, document: Document) -> Act:
    """An act that can be done to the document."""
    part = draw(st.sampled_from(PARTS))
    there = document.part(part)
    kinds = ["put-track", "put-span", "set-part", "set"]
    kinds += ["drop-track", "put-keys", "set-track"] if there.tracks else []
    kinds += ["drop-span"] if there.spans else []
    kind = draw(st.sampled_from(kinds))
    if kind == "put-track":
        return PutTrack(part, draw(tracks(part)))
    if kind == "put-span":
        return PutSpan(part, draw(spans(part)))
    if kind == "drop-span":
        return DropSpan(part, draw(st.sampled_from(sorted(there.spans))))
    if kind == "set":
        return SetAll({"style": draw(st.sampled_from(Style))})
    if kind == "set-part":
        values = {"mode": draw(st.sampled_from(Mode)), "mute_all": draw(st.booleans())}
        boxes = (draw(numbers_of(Shape.BOX)),)
        return SetPart(part, {**values, "overlay_boxes": boxes} if draw(st.booleans()) else values)
    track = there.tracks[draw(st.sampled_from(sorted(there.tracks)))]
    if kind == "drop-track":
        return DropTrack(part, track.id)
    if kind == "set-track":
        values = {"hidden": draw(st.booleans()), "style": draw(st.none() | st.sampled_from(Style))}
        return SetTrack(part, track.id, {**values, "label": draw(st.sampled_from(["", "x"]))})
    return draw(keys_of(part, track))


@st.composite
def keys_of(draw: st.DrawFn, part: str, track: Track) -> Act:
    """Keys put into a track, and some taken out."""
    corners = len(track.keys[0].numbers) // 2
    at = sorted(draw(st.lists(times, min_size=1, max_size=3, unique=True)))
    new = tuple(Key(one, draw(numbers_of(track.shape, corners)), False) for one in at)
    drop = draw(st.lists(st.sampled_from([key.at for key in track.keys]), unique=True, max_size=2))
    return PutKeys(part, track.id, new, tuple(sorted(drop)))


@st.composite
def edits(draw: st.DrawFn, most: int = 6) -> tuple[list[Document], list[tuple[Act, ...]]]:
    """Edits one after the other, and the documents before, between and after them."""
    documents, done = [Document()], []
    for _ in range(draw(st.integers(1, most))):
        document, acts = documents[-1], []
        for _ in range(draw(st.integers(1, 3))):
            act = draw(one_act(document))
            document = apply(document, [act])
            acts.append(act)
        documents.append(document)
        done.append(tuple(acts))
    return documents, done
