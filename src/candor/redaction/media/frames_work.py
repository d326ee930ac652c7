"""The limited process's side of `frames.py`: decode, make small, send.

Pictures are made small from their planes as they are decoded: halved while they are twice too large, then scaled. For
looking only, of an interlaced picture one field is taken.

How they are sent: `sent_pictures`.
"""

from __future__ import annotations

import time as clock
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from candor.core.limited_task import Task
from candor.footage.media.opening import turn_of_frame
from candor.redaction.media.cuts import Cuts
from candor.redaction.media.sent_pictures import CUT, GREY, MARK, PLANE, RECORD
from candor.redaction.media.times import Tracks, find_tracks, same_shape, timed_frames

_PAST_END: Final = 16  # pictures beyond the end, one after another, before reading stops
_DIRECT: Final = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "yuv440p", "yuvj440p"}

Pixels = npt.NDArray[np.uint8]

cv2.setNumThreads(1)  # threads of its own would not be confined with the decoder's, and pictures here are small


def frames(task: Task) -> dict[str, Any]:
    """The task. params: see `frames.Wish` and `frames.watch`. Output "planes". Result: {"pictures", "damaged",
    "decoding" (seconds of processor time)}."""
    wanted = task.params
    tracks = find_tracks(task.source)
    counts, begun = {"read": 0, "damaged": 0}, clock.process_time()
    sender = _Sender(task, wanted)
    shape = None
    for time, frame in _chosen(task, tracks, counts):
        shape = shape or (*wanted["coded"], frame.rotation)
        same_shape(shape, frame, float((time - tracks.zero) * tracks.clock))
        sender.send(time, frame)
    return {"pictures": sender.sent, "damaged": counts["damaged"], "decoding": round(clock.process_time() - begun, 3)}


def _chosen(task: Task, tracks: Tracks, counts: dict[str, int]) -> Iterator[tuple[int, Any]]:
    """The pictures that are wanted."""
    begin, stop, times = (task.params[name] for name in ("begin", "until", "times"))
    if times is not None and task.params["seekable"]:
        for wanted in times:
            found = timed_frames(task.source, tracks, begin=wanted, counts=counts)
            yield from islice(found, 1)
            found.close()
        return
    past, only = 0, None if times is None else set(times)
    for time, frame in timed_frames(task.source, tracks, begin=begin, counts=counts):
        if stop is not None and time >= stop:
            past += 1
            if past >= _PAST_END:
                return
        elif only is None or time in only:
            past = 0
            yield time, frame


class _Sender:
    """Sends what is wanted of each picture."""

    def __init__(self, task: Task, wanted: dict[str, Any]) -> None:
        self._output = task.outputs["planes"]
        self._wishes = wanted["wishes"]
        self._grey = tuple(wanted["grey"])
        self._number = wanted["number"]
        self._all = wanted["times"] is not None
        self._cuts = Cuts()
        self._last = [0] * len(self._wishes)  # when each was last fulfilled
        self.sent = 0

    def send(self, time: int, frame: Any) -> None:
        """Everything of one picture."""
        small = Small(frame)
        grey = small.grey(*self._grey)
        cut = self._cuts.cut(grey)
        planes = [(GREY, grey)]
        for slot, (width, height) in self._wanted(time, self._all or cut or self.sent == 0):
            planes.append((slot, small.colour(width, height)))
        parts = [RECORD.pack(MARK, time, self._number, CUT if cut else 0, len(planes))]
        for slot, pixels in planes:
            channels = 1 if pixels.ndim == 2 else 3
            parts += [PLANE.pack(slot, channels, pixels.shape[1], pixels.shape[0]), pixels.tobytes()]
        self._output.write(b"".join(parts))
        self._number += 1
        self.sent += 1

    def _wanted(self, time: int, everything: bool) -> Iterator[tuple[int, tuple[int, int]]]:
        """(slot, size) of the pictures to send now; where something new begins, every size."""
        for slot, wish in enumerate(self._wishes):
            sizes, every = wish["sizes"], wish["every"]
            if everything:
                self._last[slot] = time
                yield from ((slot, (width, height)) for width, height in sizes)
            elif self._number % every == 0 or abs(time - self._last[slot]) >= wish["span"]:
                self._last[slot] = time
                width, height = sizes[self._number // every % len(sizes)]
                yield slot, (width, height)


class Small:
    """One decoded frame, to be had upright at several small sizes."""

    def __init__(self, frame: Any) -> None:
        self._turn = turn_of_frame(frame)
        if frame.format.name not in _DIRECT and not frame.format.name.startswith("gray"):
            frame = frame.reformat(format="yuv420p")
        elif frame.format.name.startswith("gray") and frame.format.name != "gray":
            frame = frame.reformat(format="gray")
        rows = slice(None, None, 2) if frame.interlaced_frame else slice(None)
        self._planes = [_array(plane)[rows] for plane in frame.planes]
        self._halves: list[list[Pixels]] = [[plane] for plane in self._planes]

    def grey(self, width: int, height: int) -> Pixels:
        """Brightness alone, upright, `width` x `height`."""
        return self._upright(self._scaled(0, *self._coded(width, height)))

    def colour(self, width: int, height: int) -> Pixels:
        """Red, green, blue, upright; width and height even."""
        width, height = self._coded(width, height)
        packed = np.full((height * 3 // 2, width), 128, np.uint8)
        packed[:height] = self._scaled(0, width, height)
        if len(self._planes) >= 3:
            quarter = (width // 2) * (height // 2)
            rest = packed[height:].reshape(-1)
            for place in (1, 2):
                chroma = self._scaled(place, width // 2, height // 2)
                rest[(place - 1) * quarter : place * quarter] = chroma.reshape(-1)
        return self._upright(np.asarray(cv2.cvtColor(packed, cv2.COLOR_YUV2RGB_I420), np.uint8))

    def _coded(self, width: int, height: int) -> tuple[int, int]:
        return (height, width) if self._turn.swaps else (width, height)

    def _scaled(self, place: int, width: int, height: int) -> Pixels:
        halves = self._halves[place]
        level = 0
        while halves[level].shape[1] >= 2 * width and halves[level].shape[0] >= 2 * height:
            if level + 1 == len(halves):
                plane = halves[level]
                size = (plane.shape[1] // 2, plane.shape[0] // 2)
                halves.append(np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8))
            level += 1
        plane = halves[level]
        if plane.shape == (height, width):
            return plane
        return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    def _upright(self, pixels: Pixels) -> Pixels:
        if self._turn.mirrored:
            pixels = pixels[:, ::-1]
        if self._turn.degrees:
            pixels = np.rot90(pixels, -self._turn.degrees // 90)
        return pixels


def _array(plane: Any) -> Pixels:
    """A plane's pixels, without the bytes that pad its rows. Not copied."""
    rows: Pixels = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
    return rows
