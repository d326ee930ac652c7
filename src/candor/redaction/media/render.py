"""Making the redacted copy of a part: what is to be hidden is burnt in, everything else stays what it was.

The parent's side of `render_work.py`. The copy is an MP4 file with H.264 and AAC, index in front, without any metadata
but, where asked for, when it was recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from candor.core.limited import LimitedRefused, Limits, run_limited
from candor.footage.media.scratch import Scratch
from candor.redaction.masks import Masks
from candor.redaction.media.plan import Plan
from candor.redaction.model import PartDocument, Style

__all__ = ["MAKER", "Quality", "Rendered", "render"]

MAKER: Final = "redacted@1"
MEDIA_TYPE: Final = "video/mp4"


@dataclass(frozen=True)
class Quality:
    """How what is encoded anew is encoded.

    crf: x264's rate factor, the lower the closer to the original: at 20 a picture of 1080 lines keeps 45 to 47 dB of
    its brightness. preset: x264's; with the quickest, CABAC and deblocking are put back. sound_rate: bits a second and
    channel of sound that is encoded anew. smart: pass through what is not touched, where that can be. keep_times: leave
    in the file when it was recorded, as the original says it."""

    crf: int = 20
    preset: str = "ultrafast"
    sound_rate: int = 96_000
    smart: bool = True
    keep_times: bool = False

    def to_json(self) -> dict[str, Any]:
        """Its values."""
        return vars(self).copy()


@dataclass(frozen=True)
class Rendered:
    """A redacted copy, not yet stored. Close `file` when done: its content exists nowhere else."""

    maker: str
    file: BinaryIO
    """Seekable, at its beginning."""
    size: int
    media_type: str
    details: dict[str, Any]
    """JSON data; times in ticks of the original's clock (`plan.frames.clock`), both ends included.

    "maker"; "method": "smart" (what is not touched was passed through) or "full"; "why_full": why nothing was passed
    through, "" otherwise; "copied": [[first, last], …] passed through bit for bit; "encoded": [[first, last], …]
    encoded anew; "pictures": how many are in the copy; "masked": how many of them have a mask; "clock": seconds a tick;
    "shift": a picture shown at time t in the original is shown at (t - shift) x clock seconds in the copy; "first":
    time of the first picture; "dropped": {"undecodable": pictures that no decoder gives, "repeated": whose time another
    one has too, or that the decoder gives after one with a later time}; "covered": pictures hidden as a whole because
    they came damaged near a mask; "damaged": faults met; "encoder": {"name", "crf", "preset", "group", "interlaced",
    "pixels", "width", "height"}, None where nothing was encoded; "sound": {"method": "none" (the original has none) or
    "left-out"}, or see `candor.redaction.media.sound_hide.HiddenSound.details`; "left_out": tracks of the original that
    are not in the copy, in words; "kept": metadata that was kept; "notes": sentences for people."""


def render(
    stream: BinaryIO,
    plan: Plan,
    part: PartDocument,
    style: Style = Style.SOLID,
    quality: Quality | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    scratch: Path | None = None,
    limits: Limits | None = None,
) -> Rendered:
    """Make the redacted copy of the recording in `stream` (seekable), which `plan` was made of.

    scratch: the folder in which the copy lies, encrypted and without a name, until its file is closed.

    Raises LimitedRefused where it cannot be made, with a plain reason; another LimitedError when it was stopped;
    LimitedCancelled; and whatever `stream`, the scratch file or the callbacks raise.
    """
    quality = quality or Quality()
    masks = Masks(plan.picture, part, style, times=plan.frames)
    params = {
        "masks": masks.to_json(),
        "clock": str(plan.frames.clock),
        "zero": plan.frames.zero,
        "first": plan.frames.at(0),
        "pictures": len(plan.frames) + plan.counts.get("repeated", 0),
        "spans": [one.to_json() for one in part.spans.values() if one.hidden],
        "mute_all": part.mute_all,
        "quality": quality.to_json(),
    }
    limits = limits or limits_for(stream.seek(0, os.SEEK_END), plan)
    file, answer = _made(stream, params, limits, progress, cancelled, scratch)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return Rendered(MAKER, file, size, MEDIA_TYPE, {"maker": MAKER, **answer})


def limits_for(size: int, plan: Plan) -> Limits:
    """What making a copy of an original of `size` bytes may use: time and output grow with size and pictures."""
    picture, count = plan.picture, len(plan.frames)
    seconds = 600 + size / 20_000 + count * picture.width * picture.height / 2_000_000
    return Limits(
        memory=2 << 30,
        cpu_seconds=seconds,
        wall_seconds=2 * seconds,
        stall_seconds=300,
        output_bytes=(64 << 20) + 2 * size + count * picture.width * picture.height // 2,
        result_bytes=64 << 20,
    )


def _made(
    stream: BinaryIO,
    params: dict[str, Any],
    limits: Limits,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
    scratch: Path | None,
) -> tuple[BinaryIO, dict[str, Any]]:
    """The copy and what was said of it. Where passing through turns out to be impossible in the middle of it, it is
    made once more without."""
    file = cast(BinaryIO, Scratch(scratch))
    try:
        answer = run_limited(
            "candor.redaction.media.work:render",
            stream,
            params,
            limits,
            progress=progress,
            cancelled=cancelled,
            outputs={"copy": file},
        )
    except LimitedRefused as refusal:
        file.close()
        if refusal.fields.get("code") != "not-smart" or "why_full" in params:
            raise
        again = {**params, "why_full": str(refusal.fields.get("reason", ""))}
        return _made(stream, again, limits, progress, cancelled, scratch)
    except BaseException:
        file.close()
        raise
    return file, answer
