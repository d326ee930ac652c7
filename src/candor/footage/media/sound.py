"""Decoded sound as one even stream: 48 kHz, one or two channels, from time 0 and without gaps. Limited process."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av.error
from av.filter import Graph

RATE: Final = 48_000
FRAME: Final = 1024  # samples, what the AAC encoder takes at a time
_MAX_GAP: Final = 3600.0  # seconds; a longer jump forward is taken for a wrong time, not for silence


class Sound:
    """Takes frames as they are decoded, gives frames of FRAME samples (planar floats; the last may be shorter).

    Where the recording has no sound (it begins late, a stretch is missing) there is silence, so that a place in the
    result is the same place in time. Two channels when the recording has two or more, otherwise one.
    """

    def __init__(self, origin: float) -> None:
        """origin: the presentation time, in seconds, that becomes time 0."""
        self.channels = 0
        self.dropped = 0
        self._origin = origin
        self._graph: Graph | None = None
        self._shape: tuple[Any, ...] = ()
        self._expected = 0.0  # time at which the next frame would follow on
        self._samples = 0  # given so far

    def shape(self, frame: Any) -> Iterator[Any]:
        """The frames that are ready after this one."""
        base = frame.time_base or Fraction(1, frame.sample_rate)
        if frame.pts is None:
            frame.pts = round((self._expected + self._origin) / base)
        frame.pts -= round(self._origin / base)
        frame.time_base = base
        time = float(frame.pts * base)
        if time - self._expected > _MAX_GAP:
            self.dropped += 1
            return
        self._expected = time + frame.samples / frame.sample_rate
        shape = (frame.sample_rate, frame.format.name, frame.layout.name, frame.layout.nb_channels, base)
        if self._graph is None or shape != self._shape:
            yield from self.finish()
            self._shape = shape
            self._graph = self._build(frame)
        self._graph.push(frame)
        yield from self._pull(self._graph)

    def finish(self) -> Iterator[Any]:
        """The frames that are still on their way."""
        if self._graph is not None:
            graph, self._graph = self._graph, None
            graph.push(None)
            yield from self._pull(graph)

    def _pull(self, graph: Graph) -> Iterator[Any]:
        while True:
            try:
                frame: Any = graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            frame.pts, frame.time_base = self._samples, Fraction(1, RATE)
            self._samples += frame.samples
            yield frame

    def _build(self, frame: Any) -> Graph:
        self.channels = self.channels or min(2, frame.layout.nb_channels)
        return even(frame, RATE, "stereo" if self.channels == 2 else "mono", self._samples, FRAME)


def even(frame: Any, rate: int, layout: str, begin: int, size: int) -> Graph:
    """A graph that makes one even stream of frames like this one: `rate` samples a second, so many in each frame, from
    sample `begin` on, with silence where sound is missing.

    The viewing copy and redaction use the same, so that a stretch chosen on the one is the same stretch of the other.
    """
    graph = Graph()
    last = graph.add_abuffer(
        sample_rate=frame.sample_rate,
        format=frame.format.name,
        layout=frame.layout.name,
        time_base=frame.time_base,
    )
    chain = [
        # async=1 fills gaps with silence and trims what overlaps; first_pts does so at the beginning.
        ("aresample", f"{rate}:async=1:first_pts={begin}"),
        ("aformat", f"sample_fmts=fltp:sample_rates={rate}:channel_layouts={layout}"),
        ("asetnsamples", f"n={size}:p=0"),
    ]
    for name, arguments in chain:
        step = graph.add(name, arguments)
        last.link_to(step)
        last = step
    last.link_to(graph.add("abuffersink"))
    graph.configure()
    return graph
