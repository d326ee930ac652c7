"""What redaction keeps of a recording, entered in the register: what was found in it, what people changed, the copies.

A purge takes everything that shows the recording or says where what is in it: tracks, edits, copies, proofs, lists.
That somebody redacted it, when, and what the copies' hashes are stays, as their custody history does; an order of
erasure takes the hashes and the words.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.footage import register
from candor.footage.kept import ERASED, GONE_WITH_IT
from candor.footage.register import Digest
from candor.footage.tables import part
from candor.redaction.rules import CopyState, PartState
from candor.redaction.tables import (
    redacted_copy,
    redaction,
    redaction_edit,
    redaction_part,
    redaction_segment,
    redaction_watched,
)
from candor.store.tables import vault_object

__all__: list[str] = []

_OF_A_COPY = ("copy", "proof", "list", "poster", "filmstrip", "waveform")


def _parts(recording_id: str) -> sa.Select[tuple[str]]:
    return sa.select(part.c.id).where(part.c.recording_id == recording_id)


def _mine(recording_id: str) -> sa.Select[tuple[str]]:
    return sa.select(redaction.c.id).where(redaction.c.recording_id == recording_id)


def _found(tx: Connection, recording_id: str) -> dict[str, str]:
    """Tracks of every run, and what stretches left."""
    queries = [
        sa.select(redaction_edit.c.tracks_object_id).where(redaction_edit.c.redaction_id.in_(_mine(recording_id))),
        sa.select(redaction_part.c.tracks_object_id).where(redaction_part.c.part_id.in_(_parts(recording_id))),
        sa.select(redaction_segment.c.segment_object_id).where(redaction_segment.c.part_id.in_(_parts(recording_id))),
    ]
    return _kinds(tx, {one for query in queries for one in tx.scalars(query) if one is not None})


def _copies(tx: Connection, recording_id: str) -> dict[str, str]:
    columns = [redacted_copy.c[f"{name}_object_id"] for name in _OF_A_COPY]
    rows = tx.execute(sa.select(*columns).where(redacted_copy.c.part_id.in_(_parts(recording_id)))).all()
    return _kinds(tx, {one for row in rows for one in row if one is not None})


def _kinds(tx: Connection, object_ids: set[str]) -> dict[str, str]:
    columns = (vault_object.c.object_id, vault_object.c.kind)
    rows = tx.execute(sa.select(*columns).where(vault_object.c.object_id.in_(sorted(object_ids))))
    return {row.object_id: row.kind for row in rows}


def _forget(tx: Connection, recording_id: str) -> None:
    """What was in it and where. An edit without an act changes nothing; its author, number and time stay."""
    mine = redaction_edit.c.redaction_id.in_(_mine(recording_id))
    tx.execute(redaction_edit.update().where(mine).values(acts=[], words=GONE_WITH_IT, tracks_object_id=None))
    gone = {"picture": None, "frames": None, "facts": None, "found": None, "problem": None, "tracks_object_id": None}
    its = redaction_part.c.part_id.in_(_parts(recording_id))
    tx.execute(redaction_part.update().where(its).values(**gone))
    # What was under way ends with it: its jobs find another run, and nobody is told that they still work.
    ended = {"state": PartState.FAILED.value, "run": None, "problem": GONE_WITH_IT}
    under_way = redaction_part.c.state.in_([PartState.WAITING.value, PartState.RUNNING.value])
    tx.execute(redaction_part.update().where(its, under_way).values(**ended))
    tx.execute(redaction_segment.delete().where(redaction_segment.c.part_id.in_(_parts(recording_id))))
    theirs = redaction_watched.c.part_id.in_(_parts(recording_id))
    tx.execute(redaction_watched.update().where(theirs).values(runs=[]))


def _forget_copies(tx: Connection, recording_id: str) -> None:
    mine = redacted_copy.c.part_id.in_(_parts(recording_id))
    tx.execute(redacted_copy.update().where(mine).values(details=None, problem=GONE_WITH_IT, wanted={}))
    unmade = redacted_copy.c.state != CopyState.READY.value
    tx.execute(redacted_copy.update().where(mine, unmade).values(state=CopyState.FAILED.value))


def _erase(tx: Connection, recording_id: str, _digest: Digest) -> None:
    tx.execute(redaction.update().where(redaction.c.recording_id == recording_id).values(title=ERASED))
    mine = redaction_edit.c.redaction_id.in_(_mine(recording_id))
    tx.execute(redaction_edit.update().where(mine).values(words=ERASED))


def _erase_copies(tx: Connection, recording_id: str, digest: Digest) -> None:
    rows = tx.execute(
        sa.select(redacted_copy.c.id, redacted_copy.c.sha256, redacted_copy.c.size).where(
            redacted_copy.c.part_id.in_(_parts(recording_id)),
            redacted_copy.c.sha256.is_not(None),
            sa.func.coalesce(redacted_copy.c.problem, "")
            != ERASED,  # once: a digest of a digest would know nothing again
        )
    ).all()
    for row in rows:
        values = {"sha256": digest(row.sha256), "problem": ERASED}
        tx.execute(redacted_copy.update().where(redacted_copy.c.id == row.id).values(**values))


def _redactions(tx: Connection, recording_id: str) -> list[str]:
    query = sa.select(sa.func.count()).where(redaction.c.recording_id == recording_id, redaction.c.closed_at.is_(None))
    count = tx.scalar(query.select_from(redaction)) or 0
    return [f"{count} redaction{'s' if count > 1 else ''} that somebody may be at work on"] if count else []


register.register(
    register.Kept(
        name="redactions",
        words="what was found in it that has to be hidden, and what people changed",
        goes="where what is in it, everything that was found and every change, and which seconds somebody watched",
        stays="who redacted it and when, and how many changes there were",
        tables=frozenset({"redaction", "redaction_part", "redaction_segment", "redaction_edit", "redaction_watched"}),
        kinds=frozenset({"redaction-tracks", "redaction-segment"}),
        objects=_found,
        forget=_forget,
        erase=_erase,
        refers=_redactions,
    )
)
register.register(
    register.Kept(
        name="redacted copies",
        words="copies of it with something hidden, their proofs and edit lists",
        goes="the copies with proofs, lists and pictures; what was handed out is with its receivers",
        stays="that copies were made, when, of which edit, and their hashes, by which one that was handed out is known",
        tables=frozenset({"redacted_copy"}),
        kinds=frozenset(
            {
                *("redacted", "redaction-proof", "redaction-list"),
                *("redacted-poster", "redacted-filmstrip", "redacted-waveform"),
            }
        ),
        objects=_copies,
        forget=_forget_copies,
        erase=_erase_copies,
    )
)
register.register(
    register.Kept(
        name="detection models",
        words="models that find what has to be hidden; nothing of any recording",
        goes="nothing",
        stays="the models: they are of no footage",
        kinds=frozenset({"redaction-model"}),
    )
)
