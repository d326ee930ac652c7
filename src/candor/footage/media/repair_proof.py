"""The proof of a recovered picture: it decodes without a fault, and so do those that it needs.

Faults are looked for strictly: a decoder that hides a damaged place would show what the camera never saw. After a fault
nothing counts until the next picture that needs none before it. Runs in a limited process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import av
import av.error

from candor.footage.media.opening import MAX_PIXELS


@dataclass
class Proof:
    """What the decoder said of some pictures. Numbers are those the pictures were given."""

    shown: list[int] = field(default_factory=list)
    """Which came out, in the order of showing."""
    fault: int | None = None
    """The first that is at fault."""


class Prover:
    """Decodes pictures in the order of the file, one after the other."""

    def __init__(self, context: Any) -> None:
        """context: a decoder that has not been used yet."""
        context.thread_count = 1  # a fault is told of the picture that has it, not of one some threads later
        strictly = {"err_detect": "crccheck+bitstream+buffer+explode", "max_pixels": str(MAX_PIXELS)}
        context.options = {**context.options, **strictly}
        self.context = context
        self.width = self.height = 0
        self.layout = ""

    def check(self, packets: list[tuple[int, Any]], *, drain: bool) -> Proof:
        """Decode packets, each with its number; with `drain` those that the decoder still holds come out too, and
        the next must begin anew. After a fault the decoder is as new."""
        proof = Proof()
        try:
            for number, packet in packets:
                try:
                    frames = self.context.decode(packet)
                except EOFError:
                    frames = []
                except MemoryError:
                    raise
                except (av.error.FFmpegError, ValueError):
                    proof.fault = number
                    break
                self._look(frames, proof)
            if drain or proof.fault is not None:
                self._look(self._rest(), proof)
        finally:
            if drain or proof.fault is not None:
                self.context.flush_buffers()
        return proof

    def _rest(self) -> list[Any]:
        try:
            return list(self.context.decode(None))
        except MemoryError:
            raise
        except (EOFError, av.error.FFmpegError, ValueError):
            return []

    def _look(self, frames: list[Any], proof: Proof) -> None:
        for frame in frames:
            if frame.pts is None:
                continue
            if frame.is_corrupt:
                proof.fault = frame.pts if proof.fault is None else min(proof.fault, frame.pts)
            self.width, self.height, self.layout = frame.width, frame.height, frame.format.name
            proof.shown.append(frame.pts)


def decoder(name: str, parameters: bytes) -> Any:
    """A decoder for pictures with these parameters (avcC or hvcC)."""
    context: Any = av.CodecContext.create(name, "r")
    context.extradata = parameters
    return context


def packet(data: bytes, number: int) -> Any:
    """A packet that can be known again when its picture comes out."""
    made: Any = av.Packet(data)
    made.pts = made.dts = number
    return made
