"""The limited process's side of `mark.py`: one pass over a viewing copy, one marked copy for each mark.

Pictures are decoded once, painted over once for each mark, and encoded as the viewing copy's were; sound is passed
through as it is, packet by packet. The time of every picture is that of the viewing copy, to the tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.stream import Discard
from av.video.frame import PictureType, VideoFrame

from candor.core.limited_task import Output, Refused, Task
from candor.footage.media.mark_drawing import BETWEEN, Mark, Pixels, writable
from candor.footage.media.opening import (
    choose_pictures,
    choose_sound,
    decode,
    open_media,
    prepare_decoder,
    read_packets,
)
from candor.footage.media.proxy import GROUP, X264, colours, most_bits

__all__ = ["mark"]

_PIXELS: Final = "yuv420p"


def mark(task: Task) -> dict[str, Any]:
    """The task. params: {"marks": {output: [parts of the text]}}. Result: {"width", "height", "pictures", "sound",
    "dropped", "damaged"}; width and height are None where there are no pictures."""
    with open_media(task.source) as container:
        return _Marking(task, container).run()


class _Marking:
    """One viewing copy on its way into its marked copies."""

    def __init__(self, task: Task, container: Any) -> None:
        self.task, self.container = task, container
        self.counts = {"read": 0, "damaged": 0}
        self.video, self.audio = choose_pictures(container), choose_sound(container)
        if self.video is None and self.audio is None:
            raise Refused("undecodable", "there is neither a picture nor a sound in it")
        chosen = [one for one in (self.video, self.audio) if one is not None]
        for stream in container.streams:
            stream.discard = Discard.default if stream in chosen else Discard.all
        self.size = (0, 0)
        if self.video is not None:
            prepare_decoder(self.video)
            self.size = (self.video.width, self.video.height)
        self.streams = chosen
        marks = task.params["marks"]
        self.copies = [_Copy(task.outputs[name], parts, self.video, self.audio) for name, parts in marks.items()]
        self.pictures = self.dropped = 0
        self.last: int | None = None

    def run(self) -> dict[str, Any]:
        size = self.task.source.size
        for packet in read_packets(self.container, self.streams, self.counts):
            if packet.stream is self.video:
                self._see(decode(self.video, packet, self.counts))
            elif packet.size and packet.pts is not None:
                self._hear(packet)
            if packet.pos is not None and size:
                self.task.progress(0.98 * min(1.0, packet.pos / size))
        if self.video is not None:
            self._see(decode(self.video, None, self.counts))
            if not self.pictures:
                raise Refused("no-picture", "no picture in it can be decoded")
        for copy in self.copies:
            copy.finish()
        self.task.progress(1.0)
        return {
            "width": self.size[0] or None,
            "height": self.size[1] or None,
            "pictures": self.pictures,
            "sound": self.audio is not None,
            "dropped": self.dropped,
            "damaged": self.counts["damaged"],
        }

    def _see(self, frames: list[Any]) -> None:
        for frame in frames:
            if frame.pts is None or (self.last is not None and frame.pts <= self.last):
                self.dropped += 1
                continue
            if (frame.width, frame.height) != self.size:
                raise Refused("other-size", "its pictures are not all of one size")
            self.last = frame.pts
            self.pictures += 1
            shown = frame if frame.format.name == _PIXELS else frame.reformat(format=_PIXELS)
            for copy in self.copies:
                copy.picture(shown, frame.pts, key=bool(frame.key_frame))

    def _hear(self, packet: Any) -> None:
        pts, dts, base = packet.pts, packet.dts, packet.time_base
        for copy in self.copies:  # what writes a packet changes its times
            packet.pts, packet.dts, packet.time_base = pts, pts if dts is None else dts, base
            copy.sound(packet)


class _Copy:
    """One marked copy."""

    def __init__(self, output: Output, parts: Sequence[str], video: Any, audio: Any) -> None:
        self._container = av.open(
            output,
            "w",
            format="mp4",
            options={"movflags": "+faststart", "fflags": "+bitexact"},
            buffer_size=256 << 10,
            io_open=lambda *_: output.again(),  # the muxer reads its own output again to put the index in front
        )
        # In words as well: sound alone has no picture to be drawn on.
        self._container.metadata["comment"] = BETWEEN.join(writable(one) for one in parts)
        self._mark, self._base = None, Fraction(0)
        self._video: Any = None
        if video is not None:
            self._base = Fraction(video.time_base)
            self._mark = Mark(parts, video.width, video.height)
            self._video = self._pictures_like(video)
        self._audio: Any = None
        if audio is not None:
            self._audio = self._container.add_stream_from_template(audio)
            self._audio.metadata.clear()

    def _pictures_like(self, video: Any) -> Any:
        rate = video.average_rate
        made = self._container.add_stream("libx264", rate=rate if rate and 1 <= rate <= 240 else Fraction(30))
        made.width, made.height, made.pix_fmt = video.width, video.height, _PIXELS
        most = most_bits(video.width, video.height)
        made.options = {**X264, "maxrate": str(most), "bufsize": str(2 * most)}
        context = made.codec_context
        context.time_base = self._base
        context.gop_size = GROUP
        context.thread_count = 2
        context.color_range = 1  # limited
        context.colorspace, context.color_primaries, context.color_trc = colours(video.codec_context)
        made.time_base = self._base
        return made

    def picture(self, frame: Any, time: int, *, key: bool) -> None:
        """One picture, painted over; the frame itself is left as it is. `time`: in ticks of the viewing copy."""
        assert self._mark is not None, "there are pictures"
        made = VideoFrame(frame.width, frame.height, _PIXELS)
        for target, source in zip(_planes(made), _planes(frame), strict=True):
            target[:] = source
        self._mark.paint(_planes(made)[0], float(time * self._base))
        made.pts, made.time_base = time, self._base
        made.pict_type = PictureType.I if key else PictureType.NONE
        self._write(self._video.encode(made))

    def sound(self, packet: Any) -> None:
        """A packet of sound as it is."""
        packet.stream = self._audio
        self._write([packet])

    def finish(self) -> None:
        """Write the index, move it to the front."""
        if self._video is not None:
            self._write(self._video.encode(None))
        self._container.close()

    def _write(self, packets: list[Any]) -> None:
        for packet in packets:
            self._container.mux(packet)


def _planes(frame: Any) -> list[Pixels]:
    return [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    ]
