"""Captions that come from outside: read in a limited process, like everything that does."""

from __future__ import annotations

import io
from typing import Final

from candor.core.limited import LimitedRefused, Limits, run_limited
from candor.footage.transcript_errors import CaptionsWrong
from candor.footage.transcript_text import TranscriptText
from candor.footage.vtt import MAX_BYTES

__all__ = ["MAX_BYTES", "read_captions"]

_LIMITS: Final = Limits(memory=1 << 30, cpu_seconds=60, wall_seconds=180, result_bytes=64 << 20)


def read_captions(data: bytes) -> TranscriptText:
    """The text of a WebVTT file. Raises CaptionsWrong, which says where and why, and what `run_limited` raises."""
    if len(data) > MAX_BYTES:
        raise CaptionsWrong(reason=f"it has more than {MAX_BYTES >> 20} MiB")
    try:
        answer = run_limited("candor.footage.media.work:captions", io.BytesIO(data), {}, _LIMITS)
    except LimitedRefused as error:
        raise CaptionsWrong(reason=error.fields.get("reason", error)) from error
    return TranscriptText.from_json(answer["text"])
