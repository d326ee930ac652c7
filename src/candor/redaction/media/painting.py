"""What happens to every decoded picture on its way into the copy. Runs in a limited process."""

from __future__ import annotations

from typing import Any, Final

from av.video.frame import PictureType

from candor.redaction.masks import Masks
from candor.redaction.media.burn import Burner, as_encoded, repeat_edge
from candor.redaction.media.times import same_shape, shape_of

__all__ = ["Painting"]

NEAR_SECONDS: Final = 2.0


class Painting:
    """Burns masks into pictures, in the order in which they are shown.

    A picture that came damaged shows what a decoder made up for it, often a piece of an earlier picture, in which
    something stood in another place. No mask can be trusted there: near any mask, a damaged picture and those that
    follow it up to the next key picture are hidden as a whole. Far from masks they are shown as they are. A key picture
    that was decoded before the fault does not end that, though it is shown after it was met; nor does the first that is
    no whole picture of its own, where a recording is refreshed bit by bit: the second does.
    """

    def __init__(
        self, masks: Masks, first: Any, size: tuple[int, int], tick: float, zero: int, interlaced: bool
    ) -> None:
        """first: a decoded frame, whose shape all must have. size: of what is encoded. tick: seconds."""
        self._masks = masks
        self._shape = shape_of(first)
        self._size = size
        self._tick, self._zero = tick, zero
        self._near = round(NEAR_SECONDS / tick)
        self._burner = Burner(masks.picture, interlaced=interlaced)
        self._suspect = False
        self._fault_until: int | None = None  # the latest picture that the decoder had when it met a fault
        self._refreshed = 0
        self.masked = 0
        self.covered = 0

    def touches(self, time: int) -> bool:
        """Whether the picture at a time has a mask."""
        return self._masks.any_at(time)

    def fault(self, latest: int | None) -> None:
        """Decoding met a fault: what follows is not to be trusted until the next key picture. latest: time of the
        latest picture that the decoder was given so far, None where that is not known."""
        self._suspect, self._refreshed = True, 0
        if latest is not None:
            self._fault_until = latest if self._fault_until is None else max(self._fault_until, latest)

    def paint(self, frame: Any, time: int) -> Any:
        """The picture as it is encoded. Refused("size-changes") where it is another size than the first."""
        same_shape(self._shape, frame, (time - self._zero) * self._tick)
        self._suspect = bool(frame.is_corrupt) or (self._suspect and not self._begins_anew(frame, time))
        masks = self._masks.at(time)
        cover = self._suspect and bool(masks or self._masks.near(time, self._near))
        width, height = frame.width, frame.height
        made = as_encoded(frame, self._size, touched=cover or bool(masks))
        if cover:
            self._burner.cover(made)
            self.covered += 1
        elif masks:
            self._burner.burn(made, masks)
            repeat_edge(made, width, height)
        self.masked += bool(cover or masks)
        return made

    def _begins_anew(self, frame: Any, time: int) -> bool:
        """Whether nothing of a fault that was met earlier can be in this picture and those decoded after it."""
        if not frame.key_frame or (self._fault_until is not None and time <= self._fault_until):
            return False
        self._refreshed += 1
        return frame.pict_type == PictureType.I or self._refreshed > 1
