"""What is found in a film without an index, while it is told apart, and what is not. Runs in a limited process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from candor.footage.media.repair_profile import outermost
from candor.footage.media.repair_sound import Frames
from candor.footage.media.repair_units import Codec, Picture

_NAMED: Final = 100  # skipped ranges that are named one by one
_LEAST_PARAMETERS: Final = {"h264": {7, 8}, "hevc": {32, 33, 34}}


@dataclass
class Loss:
    """What was found and what was not."""

    pictures: int = 0
    dropped: int = 0
    sound_frames: int = 0
    used: int = 0
    skipped: list[list[int]] = field(default_factory=list)
    skipped_count: int = 0
    skipped_bytes: int = 0
    lost: int = 0
    """Bytes that were pictures, or may have been."""

    def skip(self, begin: int, end: int) -> None:
        """Bytes begin..end tell nothing."""
        self.skipped_count += 1
        self.skipped_bytes += end - begin
        if len(self.skipped) < _NAMED:
            self.skipped.append([begin, end])


@dataclass
class Held:
    """A picture, or frames of sound, until they are proved."""

    slot: int
    picture: Picture | None = None
    data: bytes = b""
    frames: Frames = field(default_factory=list)
    after_gap: bool = False


def media_range(stream: Any) -> tuple[int, int]:
    """Where the media data begins, and where the stream ends."""
    size = stream.size
    for position, _, kind, header in outermost(stream, size):
        if kind == b"mdat":
            return position + header, size
    stream.seek(0)
    head = stream.read(1 << 20)
    place = head.find(b"mdat")
    return (place + 4, size) if place >= 4 else (0, size)


def has_parameters(rules: Codec, picture: Picture) -> bool:
    """Whether all the parameter sets that are needed stand with a picture."""
    types = {one[0] & 31 if rules.name == "h264" else one[0] >> 1 & 63 for one in picture.parameters}
    return types >= _LEAST_PARAMETERS[rules.name]
