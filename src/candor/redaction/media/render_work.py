"""The limited process's side of `render.py`: one pass over the original, decoded as a whole or where it is touched."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from av.stream import Discard

from candor.core.limited_task import Refused, Task
from candor.footage.media.opening import decode, first_frame, open_media, prepare_decoder, read_packets
from candor.redaction.masks import Masks
from candor.redaction.media.burn import encoded_size, pixel_format
from candor.redaction.media.container import CopyFile, matrix_of
from candor.redaction.media.encoder import Look
from candor.redaction.media.painting import Painting
from candor.redaction.media.passing import Passing
from candor.redaction.media.rendering_all import Whole, tell_of_damage
from candor.redaction.media.smart import Parts, why_not
from candor.redaction.media.sound_hide import HiddenSound, begins_hidden
from candor.redaction.media.times import Tracks, find_tracks
from candor.redaction.model import Span

__all__ = ["render"]

_RATES: Final = (1, 240)
_MOST_NOTES: Final = 20


def render(task: Task) -> dict[str, Any]:
    """The task. Result: `Rendered.details`, but for "maker"."""
    tracks = find_tracks(task.source)
    with open_media(task.source) as container:
        return _Rendering(task, tracks, container).run()


class _Rendering:
    """One original on its way into one copy."""

    def __init__(self, task: Task, tracks: Tracks, container: Any) -> None:
        params = task.params
        self.task, self.tracks, self.container = task, tracks, container
        self.masks = Masks.from_json(params["masks"])
        self.quality = params["quality"]
        self.clock, self.zero = Fraction(params["clock"]), int(params["zero"])
        self.counts = {"read": 0, "damaged": 0}
        self.notes: list[str] = []
        self.video = container.streams[tracks.video]
        prepare_decoder(self.video)
        if tracks.clock != self.clock:
            raise Refused("other-plan", "it is not the recording that was planned for: its clock is another one")
        # Times before the beginning would have to be hidden by an edit list; the copy begins with its first picture.
        self.shift = min(self.zero, int(params["first"]))
        self.copy = CopyFile(
            task.outputs["copy"], self.clock, dict(container.metadata), keep_times=bool(self.quality["keep_times"])
        )
        self.sound: HiddenSound | None = None

    def run(self) -> dict[str, Any]:
        first = self.tracks.first
        why = self.task.params.get("why_full") or self._why_full()
        size, interlaced = self._size(first)
        painting = Painting(self.masks, first, size, tick=float(self.clock), zero=self.zero, interlaced=interlaced)
        passing = Passing(self.copy, self.clock, self.shift)
        make = Whole if why else Parts
        if why:
            tell_of_damage(self.task.source, self.video)
        way = make(self.video, self._look(first, size, interlaced), painting, passing, self.counts)
        way.begin(self.copy.add_pictures(matrix_of(first)), self.tracks)
        self.sound = self._sound()
        self._read(way)
        way.finish()
        if self.sound is not None:
            self.sound.finish()
        self.copy.finish()
        if not passing.pictures:
            raise Refused("no-picture", "no picture in it can be decoded")
        self.task.progress(1.0)
        return self._details(why, way, painting, passing)

    def _read(self, way: Any) -> None:
        streams = [self.video] + ([self.audio] if self.sound is not None else [])
        chosen = {stream.index for stream in streams}
        for stream in self.container.streams:
            stream.discard = Discard.default if stream.index in chosen else Discard.all
        size = self.task.source.size
        for packet in read_packets(self.container, streams, self.counts):
            if packet.stream is self.video:
                way.packet(packet)
            elif self.sound is not None:
                frames = [] if self.sound.passed else decode(self.audio, packet, self.counts)
                self.sound.packet(packet, frames)
            if packet.pos is not None and size:
                self.task.progress(0.98 * min(1.0, packet.pos / size))

    def _sound(self) -> HiddenSound | None:
        if self.tracks.audio is None or self.task.params["mute_all"]:
            return None
        self.audio = self.container.streams[self.tracks.audio]
        first = first_frame(self.task.source, self.audio.index)
        prepare_decoder(self.audio)
        return HiddenSound(
            self.copy,
            self.audio,
            first,
            [Span.from_json(one) for one in self.task.params["spans"]],
            passes="mov" in self.tracks.format and not begins_hidden(self.task.source, self.audio),
            origin=self.zero * self.clock,
            shift=self.shift * self.clock,
            bit_rate=int(self.quality["sound_rate"]),
        )

    def _why_full(self) -> str:
        if not self.quality["smart"]:
            return "it was asked for"
        return why_not(self.video, self.tracks)

    def _size(self, first: Any) -> tuple[tuple[int, int], bool]:
        """The size of what is encoded, and whether it is encoded as fields."""
        size = encoded_size(first)
        if size != (first.width, first.height):
            self.notes.append(
                f"The original's picture is {first.width} x {first.height}; the copy's is {size[0]} x {size[1]}, with "
                "its last column or row shown twice, because H.264 of this kind has even sizes alone."
            )
        fields = bool(first.interlaced_frame)
        if fields and size[1] % 4:
            self.notes.append("The original is interlaced; the copy's pictures are whole ones, fields woven together.")
            fields = False
        return size, fields

    def _look(self, first: Any, size: tuple[int, int], interlaced: bool) -> Look:
        pixels = pixel_format(first)
        if first.format.name not in ("yuv420p", "yuvj420p"):
            self.notes.append(f"The original's pixels ({first.format.name}) became {pixels} with eight bits.")
        rate = self.tracks.rate if _RATES[0] <= self.tracks.rate <= _RATES[1] else Fraction(30)
        colours = (
            2 if pixels == "yuvj420p" else max(1, int(first.color_range)),
            int(first.colorspace),
            int(first.color_primaries),
            int(first.color_trc),
        )
        return Look(
            *size,
            pixels=pixels,
            clock=self.clock,
            rate=rate,
            crf=int(self.quality["crf"]),
            preset=str(self.quality["preset"]),
            sets_id=0,
            profile=None,
            interlaced=interlaced,
            colours=colours,
            aspect=self.tracks.aspect,
        )

    def _details(self, why: str, way: Any, painting: Painting, passing: Passing) -> dict[str, Any]:
        if passing.first != int(self.task.params["first"]):
            self.notes.append(
                "The first pictures of the original cannot be decoded; the copy begins with the first one that can."
            )
        if painting.covered:
            self.notes.append(f"{painting.covered} damaged pictures near masks are hidden as a whole.")
        if not passing.copied:
            why = why or "in each stretch between two closed key pictures something is hidden or damaged"
        return {
            "method": "full" if why else "smart",
            "why_full": why,
            "copied": passing.copied,
            "encoded": passing.encoded,
            "pictures": passing.pictures,
            "masked": painting.masked,
            "clock": str(self.clock),
            "shift": self.shift,
            "first": passing.first,
            "dropped": {
                "undecodable": max(0, int(self.task.params["pictures"]) - passing.pictures - passing.repeated),
                "repeated": passing.repeated,
            },
            "covered": painting.covered,
            "damaged": self.counts["damaged"],
            "encoder": way.look.to_json() if passing.encoded else None,
            "sound": self._sound_details(),
            "left_out": self._left_out(),
            "kept": self.copy.kept,
            "notes": self.notes[:_MOST_NOTES],
        }

    def _sound_details(self) -> dict[str, Any]:
        if self.sound is not None:
            return self.sound.details()
        return {"method": "none" if self.tracks.audio is None else "left-out"}

    def _left_out(self) -> list[str]:
        kept = {self.tracks.video} | ({self.tracks.audio} if self.sound is not None else set())
        return [f"{one.type} track {one.index}" for one in self.container.streams if one.index not in kept]
