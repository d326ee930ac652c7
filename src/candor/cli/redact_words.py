"""What the commands of redaction share: finding one, its values for JSON, waiting for its jobs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from sqlalchemy.engine import Connection

from candor.cli.common import say
from candor.core.clock import iso
from candor.installation import Installation
from candor.people.auditing import names_of
from candor.redaction.detecting import progress_of
from candor.redaction.model import Kind
from candor.redaction.redactions import Copy, Redaction, RedactionPart, copies_of, parts_of
from candor.redaction.rendering import copy_progress
from candor.redaction.rules import KIND_WORDS
from candor.redaction.watched import watched_of

__all__ = ["found_words", "left_words", "wait_for", "whole_values"]

_LOOK_EVERY: Final = 0.5


def left_words(seconds: int | None) -> str:
    """How long something still takes, for people."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(1, seconds)} s left"
    return f"about {round(seconds / 60)} min left"


def found_words(part: RedactionPart) -> str:
    """What was found in a part: "12 × face, 1 × licence plate"."""
    counts = (part.found or {}).get("counts", {})
    return ", ".join(f"{count} × {KIND_WORDS[Kind(kind)]}" for kind, count in counts.items())


def whole_values(tx: Connection, installation: Installation, found: Redaction) -> dict[str, Any]:
    """Everything of a redaction as JSON."""
    now = installation.clock.now()
    holder = found.held_by(now)
    names = names_of(tx, [one for one in (holder, found.created_by) if one is not None])
    done = progress_of(tx, found.id, clock=installation.clock)
    watched = watched_of(tx, found.id)
    return {
        "id": found.id,
        "recording": found.recording_id,
        "title": found.title,
        "wanted": dict(found.wanted),
        "edit": found.edit,
        "holder": None if holder is None else names.get(holder, holder),
        "created_by": names.get(found.created_by, found.created_by),
        "created_at": iso(found.created_at),
        "closed_at": None if found.closed_at is None else iso(found.closed_at),
        "fraction": round(done.fraction, 4),
        "seconds_left": done.seconds_left,
        "under_way": done.under_way,
        "parts": [
            {
                "id": one.part_id,
                "number": one.number,
                "name": one.name,
                "state": one.state.value,
                "fraction": round(done.parts[one.part_id][1], 4),
                "found": None if one.found is None else dict(one.found),
                "problem": one.problem,
                "watched_thousandths": watched[one.part_id].thousandths,
                "not_watched": [list(gap) for gap in watched[one.part_id].gaps],
            }
            for one in parts_of(tx, found.id)
        ],
        "copies": [copy_values(tx, one) for one in copies_of(tx, found.id)],
    }


def copy_values(tx: Connection, one: Copy) -> dict[str, Any]:
    """A copy as JSON."""
    return {
        "id": one.id,
        "part": one.part_number,
        "edit": one.edit,
        "state": one.state.value,
        "fraction": round(copy_progress(tx, one), 4),
        "sha256": None if one.sha256 is None else one.sha256.hex(),
        "size": one.size,
        "verdict": None if one.verdict is None else one.verdict.value,
        "problem": one.problem,
        "asked_at": iso(one.asked_at),
        "ready_at": None if one.ready_at is None else iso(one.ready_at),
    }


def wait_for(
    installation: Installation, title: str, look: Callable[[Connection], tuple[float, int | None, bool]]
) -> None:
    """Do jobs here, beside whoever else does, until what `look` tells (fraction, seconds left, whether it goes on) is
    over; its progress on standard error."""
    installation.start()
    shown = sys.stderr.isatty()
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[left]}"),
        console=Console(file=sys.stderr),
        transient=True,
        disable=not shown,
    )
    told = 0.0
    with bar:
        task = bar.add_task(title, total=1.0, left="")
        while True:
            with installation.database.read() as tx:
                fraction, left, going = look(tx)
            bar.update(task, completed=fraction, left=left_words(left))
            if not shown and time.monotonic() - told >= 10 and going:
                told = time.monotonic()
                say(f"{title}: {fraction:.0%} {left_words(left)}".rstrip())
            if not going:
                return
            time.sleep(_LOOK_EVERY)


def wait_for_detection(installation: Installation, redaction_id: str) -> None:
    """Until nothing of a detection is under way."""

    def look(tx: Connection) -> tuple[float, int | None, bool]:
        done = progress_of(tx, redaction_id, clock=installation.clock)
        return done.fraction, done.seconds_left, done.under_way

    wait_for(installation, "Looking", look)
