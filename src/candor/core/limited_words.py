"""Reading what a limited process says: JSON that is bounded and plain, words that are fit for a log line."""

from __future__ import annotations

import json
import signal
from typing import Any

from candor.core.limited_errors import LimitedGarbage


def result_of(payload: bytes) -> dict[str, Any]:
    """The JSON object in a RESULT frame; LimitedGarbage for anything else."""
    result = _json(payload)
    if not isinstance(result, dict):
        raise LimitedGarbage(how="its result is no JSON object")
    return result


def note_of(payload: bytes) -> dict[str, Any]:
    """The JSON object in a small frame; an empty one when it is something else."""
    note = _json(payload)
    return note if isinstance(note, dict) else {}


def _json(payload: bytes) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON number")

    try:
        return json.loads(payload.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise LimitedGarbage(how="its answer is not JSON") from error


def plain(text: Any) -> str:
    """Words that came from the child, fit for a log line: printable and short."""
    return "".join(character if character.isprintable() else "?" for character in str(text))[:1000]


def signal_name(number: int) -> str:
    """SIGSEGV for 11."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
