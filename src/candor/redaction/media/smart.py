"""Smart rendering: what no mask touches is passed through bit for bit, what one touches is encoded anew.

Runs in a limited process. The rules that keep it lossless and safe:

1. It is cut at IDR pictures alone (H.264, 7.4.1.2.4): nothing after one looks back beyond it.
2. Pictures encoded anew have parameter sets of their own, under a number that the original does not use; both stand in
   the file's description of the track, none in between.
3. They have no pictures that look ahead, and take over the decoding times of those that they replace.
4. Of what is passed through, slices alone go into the copy: no messages (SEI), no filling, nothing unknown.
5. No stretch is hidden by an edit list: where the original has one that hides pictures, their group is encoded anew and
   they are not in it.
6. What is damaged, or brings parameter sets of its own in between, is encoded anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from candor.core.limited_task import Refused
from candor.footage.media.opening import decode
from candor.redaction.media.encoder import Encoded, Encoder, Look, encoder_context, parameter_sets
from candor.redaction.media.groups import Group
from candor.redaction.media.h264 import Configuration, configuration, free_id, new_sets, record, sequence_set
from candor.redaction.media.painting import Painting
from candor.redaction.media.passing import Passing
from candor.redaction.media.times import Tracks

__all__ = ["Parts", "why_not"]

_PIXELS: Final = ("yuv420p", "yuvj420p")


def why_not(video: Any, tracks: Tracks) -> str:
    """Why nothing of this recording can be passed through; "" where it can."""
    if "mov" not in tracks.format:
        return f"it is not an MP4 or QuickTime file ({tracks.format})"
    if video.codec_context.name != "h264":
        return f"it is not H.264 ({video.codec_context.name})"
    if tracks.first.format.name not in _PIXELS:
        return f"its pixels are {tracks.first.format.name}, not 4:2:0 with eight bits"
    try:
        found = configuration(video.codec_context.extradata)
        sets = [sequence_set(one) for one in found.sequences]
        free_id(found)
    except ValueError as error:
        return f"its parameter sets cannot be used ({error})"
    if any(one.chroma != 1 or one.depth != 8 for one in sets):
        return "it is not 4:2:0 with eight bits"
    if any(not one.progressive for one in sets):
        return "it is or may be interlaced"
    return ""


class Parts:
    """The original group by group."""

    def __init__(self, video: Any, look: Look, painting: Painting, passing: Passing, counts: dict[str, int]) -> None:
        self._video = video
        self._painting, self._passing = painting, passing
        self._counts = counts
        self._found = configuration(video.codec_context.extradata)
        widest = max(sequence_set(one).profile for one in self._found.sequences)
        self.look = replace(look, sets_id=free_id(self._found), profile=widest)
        self._group = Group()
        self._latest: int | None = None  # time of the latest picture in the copy
        self._encoder: Encoder | None = None
        self._due: dict[int, tuple[int, int]] = {}  # decoding time and duration of pictures in the encoder
        self._copying = True
        self._streaming = False

    def begin(self, context: Any, tracks: Tracks) -> None:
        """Give the copy's track both kinds of parameter sets."""
        encoder_context(self.look, context)
        sequences, pictures = parameter_sets(context)
        context.extradata = record((*self._found.sequences, *sequences), (*self._found.pictures, *pictures))

    def packet(self, packet: Any) -> None:
        """A packet of the original, in the order of decoding."""
        if not packet.size:
            return
        if packet.pts is None or packet.dts is None:
            raise Refused("not-smart", "some of its pictures have no times")
        if self._group.begin(packet, self._found.length_size):
            self._end_group()
            self._group = Group()
        self._group.take(packet, self._found)
        if not self._group.copyable and _brings_sets(packet, self._found):
            self._copying = False  # from here on, what was said at the beginning may not hold
        if self._streaming or self._group.too_long:
            self._streaming = True
            self._encode_held()

    def finish(self) -> None:
        """The last group, and what is still in the encoder."""
        self._end_group()
        self._stop_encoding()

    def _end_group(self) -> None:
        group = self._group
        if not group.times:
            return
        if self._streaming or not self._may_be_copied(group):
            self._encode_held()
            self._take(decode(self._video, None, self._counts), group)
            self._video.codec_context.flush_buffers()
        else:
            self._stop_encoding()
            for one in group.passed:
                self._passing.write(one.data, one.time, one.decoded, one.duration, key=one.key)
            self._latest = group.times[-1]
            self._passing.account(group.times[0], group.times[-1], copied=True)
        self._streaming = False

    def _may_be_copied(self, group: Group) -> bool:
        if not (self._copying and group.closed and group.copyable):
            return False
        if len(set(group.times)) < len(group.times) or (self._latest is not None and group.times[0] <= self._latest):
            return False
        return not any(self._painting.touches(time) for time in group.times)

    def _encode_held(self) -> None:
        group = self._group
        held, group.held = group.held, []
        group.passed.clear()
        for packet in held:
            damaged = self._counts["damaged"]
            self._take(decode(self._video, packet, self._counts), group)
            if self._counts["damaged"] > damaged or packet.is_corrupt:
                self._painting.fault(group.times[-1])

    def _take(self, frames: list[Any], group: Group) -> None:
        for frame in frames:
            time = frame.pts
            decoded = None if time is None else group.decoded_at(time)
            if time is None or decoded is None:
                raise Refused("not-smart", "its decoder gives pictures at other times than its packets have")
            if self._latest is not None and time <= self._latest:
                self._passing.repeated += 1
                continue
            if self._encoder is None:
                self._encoder = Encoder(self.look)
            self._latest = time
            self._due[time] = decoded, group.durations.get(time, 0)
            self._passing.account(time, time, copied=False)
            self._write(self._encoder.encode(self._painting.paint(frame, time), time, key=time == group.times[0]))

    def _stop_encoding(self) -> None:
        """Let the encoder give everything; the next run of pictures gets a new one."""
        if self._encoder is not None:
            self._write(self._encoder.finish())
            self._encoder = None

    def _write(self, pictures: Iterable[Encoded]) -> None:
        for one in pictures:
            decoded, duration = self._due.pop(one.time)
            self._passing.write(one.data, one.time, decoded, duration, key=one.key)


def _brings_sets(packet: Any, found: Configuration) -> bool:
    return bool(packet.has_sidedata("new_extradata")) or new_sets(bytes(packet), found)
