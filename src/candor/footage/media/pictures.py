"""Decoded pictures made upright, square-pixelled, progressive and small enough to show. Runs in a limited process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import av
import av.error
from av.filter import Graph

from candor.footage.media.geometry import Turn, fit, upright_size
from candor.footage.media.opening import turn_of_frame

KEPT: Final = (1280, 720)
"""Pictures up to this size, either way up, keep it."""
REDUCED: Final = (960, 540)
"""Larger ones are fitted into this: for 1080p an exact half, which two cores make at five times real time."""


class Pictures:
    """Takes frames as they are decoded, gives frames in yuv420p (limited range) of one size for the whole recording.

    The size comes from the first frame. When the recording changes its size, shape or direction in the middle, later
    pictures are fitted into the same size, with black beside them.
    """

    def __init__(self, aspect: Any = None) -> None:
        """aspect: width of a pixel divided by its height, as the track says."""
        self.size: tuple[int, int] | None = None
        self._aspect = float(aspect) if aspect and 0.1 <= aspect <= 10 else 1.0
        self._interlaced = False
        self._rotation: int | None = None
        self._turn = Turn()
        self._graph: Graph | None = None
        self._shape: tuple[Any, ...] = ()

    def shape(self, frame: Any) -> Iterator[Any]:
        """The shaped pictures that this frame gives: none, one, or (when the shape changes) several."""
        self._interlaced = self._interlaced or frame.interlaced_frame  # once seen, every frame is looked at for it
        if frame.rotation != self._rotation:  # cheap; asking for the side data ties every frame into a cycle
            self._rotation, self._turn = frame.rotation, turn_of_frame(frame)
        shape = (frame.width, frame.height, frame.format.name, self._turn, frame.time_base, self._interlaced)
        if self._graph is None or shape != self._shape:
            yield from self.finish()
            self._shape = shape
            self._graph = self._build(frame)
        self._graph.push(frame)
        yield from self._pull(self._graph)

    def finish(self) -> Iterator[Any]:
        """The pictures that are still on their way."""
        if self._graph is not None:
            graph, self._graph = self._graph, None
            graph.push(None)
            yield from self._pull(graph)

    def _pull(self, graph: Graph) -> Iterator[Any]:
        while True:
            try:
                yield graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return

    def _build(self, frame: Any) -> Graph:
        turn = self._turn
        shown = upright_size(frame.width, frame.height, self._aspect, turn)
        if self.size is None:
            small = max(shown) <= KEPT[0] and min(shown) <= KEPT[1]
            self.size = fit(*shown, *(KEPT if small else REDUCED))
        scale = min(1.0, self.size[0] / shown[0], self.size[1] / shown[1])
        upright = tuple(
            min(most, max(2, round(side * scale / 2) * 2)) for side, most in zip(shown, self.size, strict=True)
        )
        width, height = reversed(upright) if turn.swaps else upright
        chain = [("bwdif", "mode=send_frame:deint=interlaced")] if self._interlaced else []
        chain += [
            ("scale", f"w={width}:h={height}:flags=bilinear:out_range=tv"),
            ("format", "pix_fmts=yuv420p"),
            *turn.filters(),
        ]
        if upright != self.size:
            chain.append(("pad", f"w={self.size[0]}:h={self.size[1]}:x=(ow-iw)/2:y=(oh-ih)/2"))
        chain.append(("setsar", "1"))
        graph = Graph()
        last = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format.name, time_base=frame.time_base
        )
        for name, arguments in chain:
            step = graph.add(name, arguments) if arguments else graph.add(name)
            last.link_to(step)
            last = step
        last.link_to(graph.add("buffersink"))
        graph.configure()
        return graph
