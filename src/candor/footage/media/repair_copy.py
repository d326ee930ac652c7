"""A film that still opens, although it ends early or is damaged: what is whole is copied into a new one of its kind.

FFmpeg reads on past what is damaged; what it gives is proved before it is copied, and keeps its times. Nothing is
encoded. Runs in a limited process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import av
import av.error

from candor.core.limited_task import Refused, Task
from candor.footage.media.opening import (
    choose_pictures,
    choose_sound,
    claimed_seconds,
    open_media,
    prepare_decoder,
    read_packets,
)
from candor.footage.media.repair_profile import length_size
from candor.footage.media.repair_proof import Prover, packet
from candor.footage.media.repair_units import Codec, Codec265, fills, first_slice, teach

_PORTION_BYTES: Final = 48 << 20
_PORTION_PACKETS: Final = 1500
_FORMATS: Final = {"mov": "mp4", "matroska": "matroska", "webm": "matroska", "mpegts": "mpegts", "avi": "avi"}


@dataclass
class _Held:
    """A packet until it is proved."""

    packet: Any
    number: int | None
    """Of a picture."""


@dataclass
class _Counts:
    pictures: int = 0
    dropped: int = 0
    sound: int = 0
    sound_dropped: int = 0
    used: int = 0
    first: float | None = None
    last: float = 0.0
    sound_seconds: float = 0.0


class Copy:
    """One film that opens. `run` once."""

    def __init__(self, task: Task, output: Any) -> None:
        self.task, self.output = task, output
        self.counts = _Counts()
        self.prover: Prover | None = None
        self.read = {"read": 0, "damaged": 0}
        self._held: list[_Held] = []
        self._proved: list[_Held] = []
        self._held_bytes = 0
        self._broken = True
        self._number = 0
        self._last_dts: dict[int, int] = {}
        self._not_before: int | None = None
        self._rules: Codec | None = None
        self._lengths = 0

    def run(self) -> dict[str, Any]:
        """Write the film; what it came to (see `repair.repair`)."""
        with open_media(self.task.source) as container:
            self.container = container
            self.claimed = claimed_seconds(container)
            self.video, self.audio = choose_pictures(container), choose_sound(container)
            streams = [one for one in (self.video, self.audio) if one is not None]
            if not streams:
                raise Refused("nothing-found", "neither pictures nor sound were found in it")
            for stream in streams:
                prepare_decoder(stream)
            if self.video is not None:
                self.prover = Prover(self.video.codec_context)
                self._learn(self.video.codec_context)
            kind = self._write(container, streams)
            found = self._report(container, kind)
        if not self.counts.pictures and not self.counts.sound:
            raise Refused("nothing-proved", "nothing in it decodes")
        if self.video is not None and not self.counts.pictures:
            raise Refused("nothing-proved", "no picture in it decodes without a fault")
        return found

    def _learn(self, context: Any) -> None:
        """The rules by which pictures of this kind follow on one another."""
        name, parameters = context.codec.canonical_name, bytes(context.extradata or b"")
        if name not in ("h264", "hevc"):
            return
        self._rules = Codec() if name == "h264" else Codec265()
        self._lengths = length_size(name, parameters) if parameters[:1] == b"\x01" else 0
        if self._lengths:
            teach(self._rules, parameters)
        elif parameters:
            first_slice(self._rules, parameters, 0)

    def _write(self, container: Any, streams: list[Any]) -> str:
        kind = _FORMATS.get(container.format.name.split(",")[0], "matroska")
        with self._opened(kind, streams) as (out, tracks):
            self.out, self.tracks = out, tracks
            for one in read_packets(container, streams, self.read):
                if one.size:
                    self._take(one)
                if self.claimed and one.pts is not None:
                    self.task.progress(0.95 * min(1.0, max(0.0, float(one.pts * one.time_base) / self.claimed)))
            self._prove(drain=True)
            self._put(len(self._proved))
        return kind

    def _opened(self, kind: str, streams: list[Any]) -> Any:
        return _Output(self.output, kind, streams)

    def _take(self, one: Any) -> None:
        pictures = one.stream is self.video
        if one.is_corrupt or (one.dts is None and one.pts is None):
            self._lost(pictures)
            return
        if not pictures:
            self._hold(_Held(one, None))
            return
        whole, closed, follows = self._look(one)
        if not whole:
            self._lost(pictures)
            return
        if one.is_keyframe:
            self._prove(drain=self._broken or closed)
            # Begun at a key picture before which others are shown: those need what is not there.
            self._not_before = one.pts if self._broken and not closed else None
            self._broken = False
        elif not follows and not self._broken:
            self._prove(drain=True, damage=True)
            self._broken = True
        self._number += 1
        early = self._not_before is not None and one.pts is not None and one.pts < self._not_before
        if self._broken or early:
            self.counts.dropped += 1
        else:
            self._hold(_Held(one, self._number))

    def _look(self, one: Any) -> tuple[bool, bool, bool]:
        """Whether a picture's units fill its packet, whether nothing from it on needs anything before it, and whether
        none is missing before it."""
        if self._rules is None:
            return True, False, True
        data = bytes(one)
        found = first_slice(self._rules, data, self._lengths)
        if found is None or not fills(self._rules, data, self._lengths):
            return False, False, False
        self._rules.note(*found)
        return True, found[0].closed, found[0].follows or one.is_keyframe

    def _lost(self, pictures: bool) -> None:
        if pictures:
            self._prove(drain=True, damage=True)
            self._broken = True
            self.counts.dropped += 1
        else:
            self.counts.sound_dropped += 1

    def _hold(self, one: _Held) -> None:
        self._held.append(one)
        self._held_bytes += one.packet.size
        if self._held_bytes >= _PORTION_BYTES or len(self._held) >= _PORTION_PACKETS:
            self._prove(drain=False)

    def _prove(self, *, drain: bool, damage: bool = False) -> None:
        """Decode what is held and copy what is without fault, but for the last picture: damage that follows may begin
        in it without a fault that shows. `damage`: it follows."""
        held, self._held, self._held_bytes = self._held, [], 0
        fault = None
        if self.prover is not None:
            numbered = [(one.number, packet(bytes(one.packet), one.number)) for one in held if one.number is not None]
            if numbered or drain:
                fault = self.prover.check(numbered, drain=drain).fault
        for one in held:
            if one.number is not None and fault is not None and one.number >= fault:
                self.counts.dropped += 1
            else:
                self._proved.append(one)
        last = max((place for place, one in enumerate(self._proved) if one.number is not None), default=None)
        if last is not None and (damage or fault is not None):
            self._proved.pop(last)
            self.counts.dropped += 1
            last = None
        self._put(len(self._proved) if last is None else last)
        self._broken = self._broken or fault is not None

    def _put(self, count: int) -> None:
        """Copy so many of what is proved."""
        for one in self._proved[:count]:
            if one.number is None:
                self._copy_sound(one.packet)
            else:
                self._copy_picture(one.packet)
        del self._proved[:count]

    def _copy_picture(self, one: Any) -> None:
        at = float((one.pts if one.pts is not None else one.dts) * one.time_base)
        if self._mux(one):
            counts = self.counts
            counts.pictures += 1
            counts.first = at if counts.first is None else min(counts.first, at)
            counts.last = max(counts.last, at + float((one.duration or 0) * one.time_base))

    def _copy_sound(self, one: Any) -> None:
        assert self.audio is not None
        try:
            self.audio.codec_context.decode(packet(bytes(one), 0))
        except MemoryError:
            raise
        except EOFError:
            pass
        except (av.error.FFmpegError, ValueError):
            self.counts.sound_dropped += 1
            return
        seconds = float((one.duration or 0) * one.time_base)
        if self._mux(one):
            self.counts.sound += 1
            self.counts.sound_seconds += seconds

    def _mux(self, one: Any) -> bool:
        """Copy one packet. Times that go back are a fault of the damaged place: it is left out."""
        index, size = one.stream.index, one.size
        if one.pts is None:
            one.pts = one.dts
        dts = one.dts
        if dts is not None and dts <= self._last_dts.get(index, dts - 1):
            self.counts.dropped += 1
            return False
        base = one.time_base
        one.stream = self.tracks[index]
        one.time_base = base
        try:
            self.out.mux(one)
        except (av.error.FFmpegError, ValueError):
            self.counts.dropped += 1
            return False
        if dts is not None:
            self._last_dts[index] = dts
        self.counts.used += size
        return True

    def _report(self, container: Any, kind: str) -> dict[str, Any]:
        counts, video = self.counts, self.video
        length = max(0.0, counts.last - (counts.first or 0.0)) if counts.pictures else 0.0
        rate = (video.average_rate or video.guessed_rate) if video is not None else None
        shown = int(1000 * counts.pictures / float(rate)) if rate and counts.pictures else int(length * 1000)
        return {
            "method": "read-on",
            "container": kind,
            "size": self.output.extent(),
            "codec": video.codec_context.codec.canonical_name if video is not None else None,
            "width": video.width if video is not None else 0,
            "height": video.height if video is not None else 0,
            "pictures": counts.pictures,
            "pictures_dropped": counts.dropped,
            "picture_ms": min(shown, int(length * 1000)) if length else shown,
            "length_ms": int(length * 1000) or int(counts.sound_seconds * 1000),
            "claimed_ms": int(self.claimed * 1000) if self.claimed and self._claims(container) else None,
            "estimated_ms": None,
            "rate": str(rate) if rate else None,
            "rate_from": "stream",
            "parameters_from": "stream",
            "sound": "recovered" if counts.sound else ("none" if self.audio is None else "not-decoded"),
            "sound_codec": self.audio.codec_context.codec.canonical_name if self.audio is not None else None,
            "sound_ms": int(counts.sound_seconds * 1000),
            "sound_dropped": counts.sound_dropped,
            "skipped": [],
            "skipped_count": self.read["damaged"],
            "skipped_bytes": None,
            "media_bytes": self.task.source.size,
            "used_bytes": counts.used,
        }

    def _claims(self, container: Any) -> bool:
        return str(container.format.name).startswith(("mov", "matroska", "avi"))


class _Output:
    """The new film while it is written."""

    def __init__(self, output: Any, kind: str, streams: list[Any]) -> None:
        self._output, self._kind, self._streams = output, kind, streams
        self._container: Any = None

    def __enter__(self) -> tuple[Any, dict[int, Any]]:
        self._container = av.open(
            self._output, "w", format=self._kind, buffer_size=256 << 10, io_open=lambda *_: self._output.again()
        )
        tracks = {one.index: self._container.add_stream_from_template(one) for one in self._streams}
        return self._container, tracks

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            self._container.close()
        except (av.error.FFmpegError, ValueError) as fault:
            if error is None:
                raise Refused("not-written", f"what is whole in it cannot be put together again ({fault})") from fault
