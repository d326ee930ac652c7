"""The shape of a stretch of sound: the parent's side of `sound_shape_work.py`.

The waveform of a whole recording has 2048 values at most, nearly two seconds each in an hour. To choose what is muted
an editor asks for the stretch that it shows, of the viewing copy, whose every packet of sound can be sought.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, Final

from candor.core.limited import Limits, run_limited

__all__ = ["LONGEST", "MOST", "sound_shape"]

#: Milliseconds and buckets that may be asked for at a time.
LONGEST: Final = 120_000
MOST: Final = 4_000
_LIMITS: Final = Limits(memory=512 << 20, cpu_seconds=20, wall_seconds=60)


def sound_shape(
    stream: BinaryIO,
    begin: int,
    until: int,
    count: int,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """The lowest and highest value of the sound from `begin` to `until` (milliseconds of the viewing copy in `stream`,
    seekable), in `count` buckets: {"begin", "until", "count", "peaks": [low, high, …] within -127 to 127}. What is
    asked for beyond the bounds is cut.

    Raises LimitedRefused where there is no sound, and what `run_limited` raises.
    """
    begin = max(0, begin)
    until = max(begin + 1, min(until, begin + LONGEST))
    count = max(1, min(count, MOST, (until - begin) * 16))
    params = {"begin": begin, "until": until, "count": count}
    answer = run_limited("candor.redaction.media.work:shape", stream, params, _LIMITS, cancelled=cancelled)
    return {**params, "peaks": answer["peaks"]}
