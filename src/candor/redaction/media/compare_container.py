"""What a copy's file holds besides its pictures and sound: nothing. Runs in a limited process.

The copy is walked box by box (ISO/IEC 14496-12), its tracks and texts are held against a list of what may be there, and
every byte of media data has to belong to a packet of one of its tracks: a frame that an edit list hides, or that
belongs to no track, is still in the file. Packets that were passed through are compared with the original's, unit by
unit, but for SEI (supplemental information: cameras put times, places and serial numbers there), which must be gone.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from candor.footage.media.opening import choose_pictures, open_media, read_packets
from candor.redaction.media.units import length_size, unit_type, units_of

__all__ = ["inspect", "packets_alike"]

MOST_FINDINGS: Final = 50
_OUTER: Final = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")
_FOLDERS: Final = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts")
#: Boxes that a copy's index needs; any other one is named.
_INNER: Final = frozenset(
    b"mvhd tkhd mdhd hdlr vmhd smhd nmhd dref stsd stts ctts stsc stsz stz2 stco co64 stss sdtp elst sgpd sbgp".split()
)
_METADATA: Final = {
    "major_brand": r"[ -~]{0,8}",
    "minor_version": r"[0-9]{0,10}",
    "compatible_brands": r"[ -~]{0,64}",
    "language": r"[a-z]{0,3}",
    "handler_name": r"(VideoHandler|SoundHandler|Core Media (Video|Audio))?",
    "vendor_id": r"(\[0\]){0,4}|FFMP|",
    "encoder": r"(Lavf|Lavc|Candor)[ -~]{0,40}",
}
_TIMES: Final = "creation_time"
_X264: Final = bytes.fromhex("dc45e9bde6d948b7962cd820d923eeef")  # x264 names itself in its first picture
_SEI: Final = {"h264": (6,), "hevc": (39, 40)}
_DELIMITERS: Final = {"h264": (9, 12), "hevc": (35, 38)}  # access unit delimiter, filler
_SETS: Final = {"h264": (7, 8), "hevc": (32, 33, 34)}  # parameter sets, which the copy has in its header
_TEXT_SEI: Final = (4, 5)  # user data: registered (ITU-T T.35), unregistered


class Findings(list[dict[str, Any]]):
    """Findings, of which only so many are kept."""

    more = 0

    def add(self, what: str, words: str, **places: Any) -> None:
        """One more."""
        if len(self) >= MOST_FINDINGS:
            self.more += 1
        else:
            self.append({"what": what, "words": words, **places})


def inspect(copy: Any, *, times_kept: bool = False) -> dict[str, Any]:
    """Tracks, texts and bytes of the copy. times_kept: whether it may say when it was recorded."""
    findings = Findings()
    with open_media(copy) as container:
        kinds = [stream.type for stream in container.streams]
        for kind in sorted(set(kinds)):
            if kind not in ("video", "audio") or kinds.count(kind) > 1:
                findings.add("track", f"it has {kinds.count(kind)} track(s) of {kind}")
        _check_texts(findings, "the file", container.metadata, times_kept)
        for stream in container.streams:
            _check_texts(findings, f"its track of {stream.type}", stream.metadata, times_kept)
        formats = container.format.name
        sizes = 0
        counts = {"read": 0, "damaged": 0}
        for packet in read_packets(container, list(container.streams), counts):
            sizes += packet.size
    media = _walk(copy, findings, times_kept) if "mp4" in formats or "mov" in formats else None
    if media is None:
        findings.add("container", f"it is not an MP4 file ({formats})")
    elif media != sizes:
        findings.add("hidden-bytes", f"{media - sizes:,} bytes of its media data belong to no track")
    return {
        "tracks": kinds,
        "packets": counts["read"],
        "media_bytes": media,
        "findings": list(findings),
        "more": findings.more,
    }


def _check_texts(findings: Findings, whose: str, texts: dict[str, str], times_kept: bool) -> None:
    for name, value in sorted(texts.items()):
        if name == _TIMES and times_kept:
            continue
        pattern = _METADATA.get(name)
        if pattern is None or re.fullmatch(pattern, value) is None:
            findings.add("metadata", f"{whose} carries {name[:40]!r}: {value[:60]!r}")


def _walk(stream: Any, findings: Findings, times_kept: bool) -> int:
    """Bytes of media data; boxes that should not be there are findings."""
    media = 0
    for kind, begin, end in _boxes(stream, 0, stream.seek(0, 2)):
        if kind == b"mdat":
            media += end - begin
        elif kind == b"moov":
            _walk_index(stream, begin, end, findings, times_kept, 0)
        elif kind in (b"free", b"skip", b"wide"):
            _must_be_empty(stream, kind, begin, end, findings)
        elif kind not in _OUTER:
            findings.add("box", f"it has a box {_name(kind)} of {end - begin:,} bytes")
    return media


def _walk_index(stream: Any, begin: int, end: int, findings: Findings, times_kept: bool, depth: int) -> None:
    for kind, inside, until in _boxes(stream, begin, end):
        if kind in _FOLDERS and depth < 8:
            _walk_index(stream, inside, until, findings, times_kept, depth + 1)
        elif kind in (b"free", b"skip"):
            _must_be_empty(stream, kind, inside, until, findings)
        elif kind in (b"mvhd", b"tkhd", b"mdhd"):
            if not times_kept and _says_when(stream, kind, inside, until):
                findings.add("metadata", f"its box {_name(kind)} says when it was made")
        elif kind == b"udta":
            _must_say_nothing(stream, inside, until, findings)
        elif kind not in _INNER:
            findings.add("box", f"its index has a box {_name(kind)} of {until - inside:,} bytes")


def _boxes(stream: Any, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, where the content begins and where it ends."""
    at = begin
    while at + 8 <= end:
        stream.seek(at)
        head = stream.read(16)
        length, kind = struct.unpack(">I4s", head[:8])
        content = 8
        if length == 1 and len(head) == 16:
            (length,), content = struct.unpack(">Q", head[8:16]), 16
        elif length == 0:
            length = end - at
        if length < content or at + length > end:
            yield b"????", at, end
            return
        yield kind, at + content, at + length
        at += length
    if at < end:
        yield b"????", at, end


def _must_be_empty(stream: Any, kind: bytes, begin: int, end: int, findings: Findings) -> None:
    stream.seek(begin)
    left = end - begin
    while left > 0:
        piece = stream.read(min(left, 1 << 20))
        if not piece:
            return
        if piece.strip(b"\0"):
            findings.add("box", f"its box {_name(kind)}, which should be empty, holds something")
            return
        left -= len(piece)


def _must_say_nothing(stream: Any, begin: int, end: int, findings: Findings) -> None:
    """User data: some writers put a list of texts there even where it is empty. Nothing else may be in it."""
    for kind, inside, until in _boxes(stream, begin, end):
        within = list(_boxes(stream, inside + 4, until)) if kind == b"meta" else []
        empty = all(one == b"hdlr" or (one == b"ilst" and first == last) for one, first, last in within)
        if kind != b"meta" or not empty or until - inside > 64:
            findings.add("box", f"its index has user data {_name(kind)} of {until - inside:,} bytes")


def _says_when(stream: Any, kind: bytes, begin: int, end: int) -> bool:
    """Whether creation or modification time of a header box are set (sections 8.2.2, 8.3.2, 8.4.2)."""
    stream.seek(begin)
    head = stream.read(min(20, end - begin))
    if len(head) < 12:
        return False
    times = head[4:20] if head[0] == 1 else head[4:12]
    return bool(times.strip(b"\0"))


def _name(kind: bytes) -> str:
    return repr(kind.decode("latin-1"))


# ---- packets -----------------------------------------------------------------------------------------------------


def packets_alike(
    original: Any, copy: Any, copied: list[tuple[int, int]], clock: Fraction, shift: int
) -> dict[str, Any]:
    """Packets of the stretches that were passed through: the same units at the same times, and no SEI in the copy.

    copied: first and last time of each stretch, in ticks of `clock` (seconds a tick), both included. shift: what the
    copy's times are to be moved on by.
    """
    findings = Findings()
    waiting: dict[int, bytes] = {}
    seen = 0
    for at, units in _packets(original, copied, clock, 0, None):
        waiting[at] = units
    originals = len(waiting)
    for at, units in _packets(copy, copied, clock, shift, findings):
        seen += 1
        if waiting.pop(at, None) != units:
            findings.add("packet", "a packet that was passed through is not the original's", at=at)
    for at in sorted(waiting)[:MOST_FINDINGS]:
        findings.add("packet", "a packet of a stretch that was passed through is missing", at=at)
    return {"originals": originals, "compared": seen, "findings": list(findings), "more": findings.more}


def _packets(
    source: Any, copied: list[tuple[int, int]], clock: Fraction, shift: int, findings: Findings | None
) -> Iterator[tuple[int, bytes]]:
    """Time and SHA-256 of the units that matter of each packet in the stretches; of a copy, SEI is looked for in all
    packets."""
    counts = {"read": 0, "damaged": 0}
    with open_media(source) as container:
        stream = choose_pictures(container)
        if stream is None:
            return
        codec = stream.codec_context.name
        size = length_size(codec, stream.codec_context.extradata)
        scale = Fraction(stream.time_base) / clock
        for packet in read_packets(container, [stream], counts):
            if not packet.size or packet.pts is None:
                continue
            at = round(packet.pts * scale) + shift
            inside = any(first <= at <= last for first, last in copied)
            if not inside and findings is None:
                continue
            digest = hashlib.sha256()
            for unit in units_of(bytes(packet), size):
                kind = unit_type(codec, unit)
                if kind in _SEI.get(codec, ()):
                    if findings is not None:
                        _check_sei(findings, codec, unit, at, inside)
                elif kind not in _DELIMITERS.get(codec, ()) and kind not in _SETS.get(codec, ()):
                    digest.update(len(unit).to_bytes(4, "big") + unit)
            if inside:
                yield at, digest.digest()[:16]


def _check_sei(findings: Findings, codec: str, unit: bytes, at: int, inside: bool) -> None:
    if inside:
        findings.add("sei", "supplemental information (SEI) was left in what was passed through", at=at)
        return
    head = 1 if codec == "h264" else 2
    place, kind = head, 0
    while place < len(unit) and unit[place] == 255:
        kind, place = kind + 255, place + 1
    kind += unit[place] if place < len(unit) else 0
    if kind in _TEXT_SEI and _X264 not in unit[place : place + 24]:
        findings.add("sei", "supplemental information (SEI) carries data of somebody else's", at=at)
