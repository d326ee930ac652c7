"""A summary of a release in plain language, drafted from the decisions and from what the copies hide.

It is a draft: whoever prepares the release puts it right. It holds what a recording is about as its category says it,
when it was made and how long it is; titles, notes and names of people are never taken into it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.disclosure.decisions.copies import CopyFacts, copy_facts
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.standing import Decisions, rows_of
from candor.disclosure.decisions.subjects import Subject, about
from candor.disclosure.going import CopyToGo, going
from candor.disclosure.releases.hidden import Hidden, clock_text, hidden_in, stretch_text, what_words
from candor.footage.tables import recording
from candor.people.rules import Actor, Permission
from candor.people.tables import agency
from candor.store import Vault

__all__ = ["draft"]

#: Kinds of things that are named one by one with their times; of more, how many there are.
_MOST_TIMES = 12


def draft(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    subject: Subject,
    copies: Sequence[CopyToGo],
    *,
    clock: Clock | None = None,
) -> str:
    """The summary. Raises Refused, SubjectUnknown, and what `candor.disclosure.going.going` does."""
    actor.require(Permission.RELEASES_PREPARE)
    clock = clock or SystemClock()
    asked = about(tx, subject)
    facts = [copy_facts(tx, vault, going(tx, actor, one).copy_id) for one in copies]
    every = rows_of(tx, subject)
    # What was decided on a recording that is not meant any more is nobody's business.
    decided = Decisions({one: every.of(one) for one in asked.recordings if every.of(one)})
    hidden = hidden_in(tx, facts, decided, about=asked.recordings, reasons=False, clock=clock)
    rows = _recordings(tx, {*(one.recording_id for one in facts), *decided.by_recording})
    zone = ZoneInfo(tx.scalar(sa.select(agency.c.time_zone)) or "UTC")
    what = "the request" if subject.kind == "request" else "the critical incident"
    paragraphs = [f"This release belongs to {what} {asked.number}. {_count(facts)}"]
    for number, one in enumerate(facts, 1):
        paragraphs.append(_of_copy(number, one, rows, [each for each in hidden if each.number == number], zone))
    paragraphs += _not_in_it(hidden)
    paragraphs.append(_waiting(asked.recordings, facts, decided))
    paragraphs.append(
        "Each file is a redacted copy. The package says of each one what is hidden and why, and can be checked by "
        "anybody: how, stands in INSTRUCTIONS.txt."
    )
    return "\n\n".join(one for one in paragraphs if one)


def _count(facts: Sequence[CopyFacts]) -> str:
    recordings = len({one.recording_id for one in facts})
    files = "one video" if len(facts) == 1 else f"{len(facts)} videos"
    return f"It holds {files} from {'one recording' if recordings == 1 else f'{recordings} recordings'}."


def _recordings(tx: Connection, ids: set[str]) -> dict[str, Any]:
    columns = (recording.c.id, recording.c.category, recording.c.started_at)
    return {row.id: row for row in tx.execute(sa.select(*columns).where(recording.c.id.in_(ids)))}


def _of_copy(number: int, copy: CopyFacts, rows: Mapping[str, Any], hidden: Sequence[Hidden], zone: ZoneInfo) -> str:
    row = rows[copy.recording_id]
    what = f" ({row.category})" if row.category else ""
    when = f"{row.started_at.astimezone(zone):%Y-%m-%d at %H:%M}"
    length = None if copy.begin is None or copy.end is None else copy.end - copy.begin
    long = f" It is {clock_text(length)} long (minutes and seconds)." if length is not None else ""
    said = [f"Video {number}{what} was recorded on {when}.{long}"]
    said += _grouped(hidden) or ["Nothing is hidden in it."]
    return "\n".join(said)


def _grouped(hidden: Sequence[Hidden]) -> list[str]:
    """What is hidden, by kind and exemption: how much of it, when, and why."""
    groups: dict[tuple[str, str, str, str], list[Hidden]] = {}
    for one in hidden:
        groups.setdefault((one.kind, one.how, one.exemption, one.citation), []).append(one)
    lines = []
    for (kind, how, exemption, citation), found in groups.items():
        count = sum(one.count for one in found)
        because = _because(exemption, citation)
        times = [
            stretch_text(one.begin_ms, one.end_ms)
            for one in found
            if one.begin_ms is not None and one.end_ms is not None
        ]
        when = f", from {'; '.join(times)}" if times and len(times) == len(found) <= _MOST_TIMES else ""
        words = what_words(kind, count)
        lines.append(f"- {words[:1].upper()}{words[1:]}: {how}{when}{f'. Why: {because}' if because else ''}.")
    return lines


def _because(exemption: str, citation: str) -> str:
    """An exemption's words and its citation in one sentence."""
    return ", ".join(one for one in (exemption.removesuffix("."), citation) if one)


def _not_in_it(hidden: Sequence[Hidden]) -> list[str]:
    """Recordings that are withheld, with how many there are of the same reason."""
    why = Counter((one.exemption, one.citation) for one in hidden if one.number is None and one.kind == "recording")
    lines = []
    for (exemption, citation), count in why.items():
        because = _because(exemption, citation)
        what = "One recording is" if count == 1 else f"{count} recordings are"
        lines.append(f"{what} withheld as a whole{f'. Why: {because}' if because else ''}.")
    return lines


def _waiting(asked: Sequence[str], facts: Sequence[CopyFacts], decided: Decisions) -> str:
    """Recordings that are neither in it nor withheld."""
    shown = {one.recording_id for one in facts}
    left = 0
    for one in asked:
        whole = decided.whole(one)
        if one not in shown and (whole is None or whole.decision is not Decision.WITHHOLD):
            left += 1
    if not left:
        return ""
    return f"{'One further recording is' if left == 1 else f'{left} further recordings are'} not part of this release."
