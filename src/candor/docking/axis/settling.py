"""What follows from a container's objects, done as soon as it can be: clips opened with their keys, marks and tracks
kept with the recording, sidecars put beside it, and the recording sealed when its camera system says it is complete.

Every step may be repeated, and is, at the next call on the container, when something was away, and by itself after a
while (`waiting`): what was acknowledged is durable before any of it begins. An object that can never be read holds
up nothing else. A clip that no key opens is taken in as it came, encrypted, when its container is complete: it is
shown, says why it cannot be watched, and is opened should its key come later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO, ParamSpec, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection as Transaction
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from candor.core.clock import from_iso
from candor.core.errors import CandorError, DatabaseGone
from candor.core.limited import LimitedError, LimitedUnavailable, Limits, run_limited
from candor.docking.axis.connecting import Bearer, private_key
from candor.docking.axis.containers import FACE, gathering_key, is_complete, said_of
from candor.docking.axis.encryption import ContentKey, Decrypting, KeyUnusable, content_key, public_key_id_of
from candor.docking.axis.entries import category_named
from candor.docking.axis.gate import AxisGate
from candor.docking.axis.objects import WAITING, clip_claim, in_memory, read_small, recording_of
from candor.docking.axis.rules import ContainerKind, ObjectKind, is_encrypted, is_json, moment, stem_of, tags_of
from candor.docking.axis.tables import axis_container, axis_object
from candor.fleet import clocks
from candor.footage import gathering
from candor.footage.bookmarks import Bookmark, keep_bookmark
from candor.footage.sidecars import SidecarClaim, attach_sidecar, keep_sidecar, set_facts, sidecar_of
from candor.footage.tracks import Point, Track, keep_track
from candor.store import KeyDestroyed, StoreFull, StoreUnreachable
from candor.store.room import NoRoom, must_have_room

__all__ = ["settle"]

_LARGEST_KEY, _LARGEST_MARK, _LARGEST_TRACK = 64 << 10, 64 << 10, 32 << 20
_TRACK_LIMITS = Limits(memory=512 << 20, cpu_seconds=10, wall_seconds=30, result_bytes=32 << 20)
#: How often a track is read that took too long by the clock, or whose process was killed: with every call on its
#: container, and each minute by itself (`waiting`). Its bytes are kept whatever comes of it.
_MOST_TRIES = 20
#: Both times of a track's entry are said in whole seconds.
_TRACK_UNCERTAINTY_MS = 1000
#: What passes: the same step is worth trying again. Any other error is of the one object alone.
_PASSING = (StoreUnreachable, StoreFull, NoRoom, DatabaseGone, OperationalError, PoolTimeout)
_logger = logging.getLogger("candor.docking")

P = ParamSpec("P")


@dataclass(frozen=True)
class _Place:
    """One container while what follows from it is done."""

    gate: AxisGate
    bearer: Bearer
    container: sa.Row[Any]
    key: str

    def recording(self, tx: Transaction) -> str | None:
        """The recording by now."""
        found = gathering.gathered(tx, self.key)
        return None if found is None else recording_of(found.recording_id, found.elsewhere)


def settle(gate: AxisGate, bearer: Bearer, container_id: str, *, waited: bool = False) -> None:
    """Do what can be done by now for a container. Raises what a store and a database raise that are away.

    `waited`: nothing came for long; what would still wait for a key, or for a clip to stand beside, is taken in as it
    came.
    """
    with gate.alone_with(container_id):
        with gate.database.read() as tx:
            container = tx.execute(sa.select(axis_container).where(axis_container.c.id == container_id)).one()
            query = sa.select(axis_object).where(axis_object.c.container_id == container_id)
            rows = tx.execute(query.order_by(axis_object.c.name, axis_object.c.number)).all()
        place = _Place(gate, bearer, container, gathering_key(bearer, container.name))
        for clip in (row for row in rows if row.kind == ObjectKind.CLIP.value and row.problem and row.sidecar_id):
            _by_itself(place, clip, _open_clip, place, clip, rows)
        if waited:
            _take_in_unopened(place)
        for row in rows:
            if row.settled_at is None and row.sidecar_id is not None:
                _by_itself(place, row, _settle_sidecar, place, row, rows)
        if is_complete(container) or container.kind == ContainerKind.REJECTED.value:
            _end(place)


def _by_itself(place: _Place, row: sa.Row[Any], act: Callable[P, None], *args: P.args, **named: P.kwargs) -> None:
    """Do what follows from one object. That it cannot be done, today or ever, keeps no other from it, and no recording
    from being complete: the object says why, and it is tried again later."""
    try:
        act(*args, **named)
    except _PASSING:
        raise
    except Exception as error:
        known = isinstance(error, CandorError)
        _logger.warning("an object of a camera system cannot be worked on: %s", error, exc_info=not known)
        words = str(error) if known else "it cannot be worked on; the program's log says why"
        values: dict[str, Any] = {"problem": words}
        if isinstance(error, KeyDestroyed):  # with its recording, for good
            values["settled_at"] = place.gate.clock.now()
        with place.gate.database.write() as tx:
            tx.execute(axis_object.update().where(axis_object.c.id == row.id).values(**values))


def _end(place: _Place) -> None:
    """Seal what the camera system says is complete. Rejected content never says so: it is sealed with its first clip,
    as incomplete, and what comes after is added."""
    gate, bearer, row = place.gate, place.bearer, place.container
    rejected = row.kind == ContainerKind.REJECTED.value
    if not rejected:
        _take_in_unopened(place)
    with gate.database.write() as tx:
        if not rejected:
            gathering.complete(
                tx, place.key, said_of(tx, bearer, row, gate.clock), actor=bearer.actor, clock=gate.clock
            )
            done = axis_container.update().where(axis_container.c.id == row.id, axis_container.c.completed_at.is_(None))
            tx.execute(done.values(completed_at=gate.clock.now()))
            return
        found = gathering.gathered(tx, place.key)
        if found is not None and not found.complete and found.recording_id is not None:
            reason = f"rejected content: {row.metadata.get('rejectedcontentreason', 'no reason given')}"
            gathering.close_incomplete(tx, place.key, actor=bearer.actor, reason=reason, clock=gate.clock)


# -- encrypted clips


def _open_clip(place: _Place, clip: sa.Row[Any], rows: Any) -> None:
    """Take the clip in decrypted, if its key is here and opens it."""
    keys = _keys_of(rows, clip.name)
    if not keys:
        return
    gate = place.gate
    problem = WAITING
    for key in keys:
        try:
            with gate.database.read() as tx:
                found = _content_key(tx, place, key)
                whole = said_of_reading(tx, place)
                source = gate.vault.open(tx, sidecar_of(tx, clip.sidecar_id).object_id)
            with source:
                must_have_room(gate.vault, source.size)
                opened = Decrypting(source, found, lambda head: not is_encrypted(head))
                claim = clip_claim(place.bearer, place.container.name, clip.name, clip.metadata, whole, place.key)
                also = {**claim.also, "decrypted_from": {"sidecar": clip.sidecar_id, "sha256": clip.sha256.hex()}}
                received = gate.intake.take_in(opened, replace(claim, also=also))
            problem = "its end is missing; what there is of it was opened" if opened.cut_short else ""
            _note_opened(place, clip, received.part_id, received.recording_id, problem)
            return
        except KeyUnusable as error:
            problem = str(error)
    with gate.database.write() as tx:
        tx.execute(axis_object.update().where(axis_object.c.id == clip.id).values(problem=problem))


def _content_key(tx: Transaction, place: _Place, key: sa.Row[Any]) -> ContentKey:
    """What a key object opens with, by the agency's key that it was made for. Raises KeyUnusable."""
    gate = place.gate
    content = read_small(gate, tx, sidecar_of(tx, key.sidecar_id).object_id, _LARGEST_KEY) or b""
    private = private_key(tx, gate.vault, place.bearer.connection.id, public_key_id_of(content))
    if private is None:
        raise KeyUnusable("its key was made for a public key that is not the agency's")
    return content_key(content, private)


def said_of_reading(tx: Transaction, place: _Place) -> gathering.Said:
    """What is known of the whole by now, as footage has it."""
    found = gathering.gathered(tx, place.key)
    return gathering.Said() if found is None else found.said


def _note_opened(place: _Place, clip: sa.Row[Any], part_id: str, recording_id: str, problem: str) -> None:
    now = place.gate.clock.now()
    with place.gate.database.write() as tx:
        values = {"part_id": part_id, "problem": None, "settled_at": now}
        tx.execute(axis_object.update().where(axis_object.c.id == clip.id).values(**values))
        facts = {"opened": {"part": part_id, **({"problem": problem} if problem else {})}}
        set_facts(tx, clip.sidecar_id, facts)
        attach_sidecar(tx, clip.sidecar_id, recording_id, actor=place.bearer.actor, clock=place.gate.clock)


def _take_in_unopened(place: _Place) -> None:
    """Clips that nothing opens become parts as they came. So does rejected content of which nobody knows what it is,
    where no clip came that it could stand beside: it would be seen by nobody."""
    gate = place.gate
    waiting = (
        axis_object.c.container_id == place.container.id,
        axis_object.c.part_id.is_(None),
        axis_object.c.sidecar_id.is_not(None),
    )
    with gate.database.read() as tx:
        kinds = [ObjectKind.CLIP.value]
        if place.container.kind == ContainerKind.REJECTED.value and place.recording(tx) is None:
            kinds.append(ObjectKind.OTHER.value)
        query = sa.select(axis_object).where(*waiting, axis_object.c.kind.in_(kinds))
        rows = tx.execute(query.order_by(axis_object.c.name, axis_object.c.number)).all()
        whole = said_of_reading(tx, place)
    for row in rows:
        _by_itself(place, row, _take_in_as_it_came, place, row, whole)


def _take_in_as_it_came(place: _Place, row: sa.Row[Any], whole: gathering.Said) -> None:
    gate = place.gate
    with gate.database.read() as tx:
        source = gate.vault.open(tx, sidecar_of(tx, row.sidecar_id).object_id)
    claim = clip_claim(place.bearer, place.container.name, row.name, row.metadata, whole, place.key)
    if row.kind == ObjectKind.CLIP.value:
        claim = replace(claim, also={**claim.also, "encrypted": row.problem or WAITING})
    with source:
        must_have_room(gate.vault, source.size)
        received = gate.intake.take_in(source, claim)
    with gate.database.write() as tx:
        tx.execute(axis_object.update().where(axis_object.c.id == row.id).values(part_id=received.part_id))
        attach_sidecar(tx, row.sidecar_id, received.recording_id, actor=place.bearer.actor, clock=gate.clock)


def _keys_of(rows: Any, name: str) -> list[sa.Row[Any]]:
    """The keys of an object, newest first."""
    stem = stem_of(name)
    keys = [row for row in rows if row.kind == ObjectKind.KEY.value and row.sidecar_id]
    return sorted((row for row in keys if stem_of(row.name) in (stem, name)), key=lambda row: -row.number)


# -- what stands beside a recording


def _settle_sidecar(place: _Place, row: sa.Row[Any], rows: Any) -> None:
    gate = place.gate
    with gate.database.read() as tx:
        recording_id = place.recording(tx)
    if recording_id is None or row.kind == ObjectKind.CLIP.value:
        return  # it comes with the first part
    mark = track = None
    if row.kind == ObjectKind.BOOKMARK.value:
        mark = _mark(place, row)
    if row.kind == ObjectKind.TRACK.value:
        track = _read_track(place, row, rows)
    waits = track is not None and "waits" in track
    with gate.database.write() as tx:
        attach_sidecar(tx, row.sidecar_id, recording_id, actor=place.bearer.actor, clock=gate.clock)
        if mark is not None:
            keep_bookmark(tx, recording_id, mark, actor=place.bearer.actor, clock=gate.clock)
            _categorise(tx, place, mark)
        if track is not None:
            _keep_track(tx, place, row, recording_id, track)
        problem = None if track is None else track.get("problem")
        done = {"problem": problem} if waits else {"settled_at": gate.clock.now(), "problem": problem}
        tx.execute(axis_object.update().where(axis_object.c.id == row.id).values(**done))


def _mark(place: _Place, row: sa.Row[Any]) -> Bookmark:
    """A mark as it was made on the camera or in the camera system. Its content is the text; none is a plain mark."""
    said: Mapping[str, str] = row.metadata
    with place.gate.database.read() as tx:
        content = read_small(place.gate, tx, sidecar_of(tx, row.sidecar_id).object_id, _LARGEST_MARK)
        category = category_named(tx, said.get("categoryid", ""), said.get("categoryname", ""))
    text = "(too long to be shown)" if content is None else content.decode("utf-8", "replace")
    text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")  # no text of a database may hold it
    at = moment(said, "starttime") or _mark_time(row.name) or moment(place.container.metadata, "starttime")
    name = category or said.get("categoryname") or None
    return Bookmark(row.name, at, moment(said, "endtime"), name, text, tags_of(said.get("tags", "")))


def _mark_time(name: str) -> datetime | None:
    """`bookmark_<Timestamp>_<ID>`."""
    return moment({"at": name.split("_")[1]}, "at") if name.count("_") >= 1 else None


def _categorise(tx: Transaction, place: _Place, mark: Bookmark) -> None:
    """The category that was chosen on the camera is the recording's, where it was ever offered here."""
    offered = category_named(tx, "", mark.category or "")
    if offered is not None:
        said = gathering.Said(category=offered)
        gathering.describe(tx, place.key, said, actor=place.bearer.actor, clock=place.gate.clock)


def _read_track(place: _Place, row: sa.Row[Any], rows: Any) -> dict[str, Any]:
    """What a limited process reads in a track; {"problem": …} for what is none, with "waits" where it is to be read
    again: a key may yet come, or the machine had no time for it. "tries": how often it had none."""
    gate = place.gate
    with gate.database.read() as tx:
        beside = sidecar_of(tx, row.sidecar_id)
        content = read_small(gate, tx, beside.object_id, _LARGEST_TRACK)
    if content is None:
        return {"problem": "it is larger than 32 MiB"}
    if place.bearer.connection.encrypted and not is_json(content):
        keys, problem, opened = _keys_of(rows, row.name), WAITING, None
        for key in keys:
            try:
                with gate.database.read() as tx:
                    found = _content_key(tx, place, key)
                opened = _all_of(Decrypting(in_memory(content), found, is_json))
                break
            except KeyUnusable as error:
                problem = str(error)
        if opened is None:
            return {"problem": problem, "waits": True}
        _keep_opened(place, row, opened)
        content = opened
    try:
        stream = cast(BinaryIO, in_memory(content))
        return run_limited("candor.docking.axis_track:parse_track", stream, {}, _TRACK_LIMITS)
    except LimitedUnavailable as error:  # it was not begun: that says nothing about it, however often
        return {"problem": str(error), "waits": True}
    except LimitedError as error:
        if not error.passes:
            return {"problem": str(error)}
        tries = int(beside.facts.get("track", {}).get("tries", 0)) + 1
        return {"problem": str(error), "tries": tries, **({"waits": True} if tries < _MOST_TRIES else {})}


def _keep_track(tx: Transaction, place: _Place, row: sa.Row[Any], recording_id: str, found: Mapping[str, Any]) -> None:
    """Keep a track, and what it says of the camera's clock."""
    points = [
        Point(seconds, latitude, longitude, None if at is None else from_iso(at))
        for seconds, latitude, longitude, at in found.get("points", ())
    ]
    facts = {name: found[name] for name in ("problem", "tries") if name in found}
    told = {"points": len(points), "left_out": found.get("left_out", 0), **facts}
    set_facts(tx, row.sidecar_id, {"track": told, "track_problem": found.get("problem", "")})  # the latter is shown
    if not points:
        return
    track = Track("axis gpstrail", tuple(points), sidecar_id=row.sidecar_id)
    keep_track(tx, recording_id, track, actor=place.bearer.actor, clock=place.gate.clock)
    said = said_of(tx, place.bearer, place.container, place.gate.clock)
    timed = next((point for point in points if point.at is not None), None)
    if said.started_at is None or said.device_id is None or timed is None or timed.at is None:
        return
    clocks.note_reading(
        tx,
        said.device_id,
        said.started_at + timedelta(seconds=timed.seconds),
        timed.at,
        source="gnss",
        uncertainty_ms=_TRACK_UNCERTAINTY_MS,
        recording_id=recording_id,
        actor=place.bearer.actor,
        clock=place.gate.clock,
    )


def _keep_opened(place: _Place, row: sa.Row[Any], content: bytes) -> None:
    """An encrypted track is kept opened as well, beside its original."""
    with place.gate.database.read() as tx:
        recording_id, original = place.recording(tx), sidecar_of(tx, row.sidecar_id)
    claim = SidecarClaim(
        name=row.name,
        source=original.source,
        face=FACE,
        actor=place.bearer.actor,
        kind="axis-track",
        recording_id=recording_id,
        device_id=original.device_id,
        dock_id=original.dock_id,
    )
    facts = {"decrypted_from": {"sidecar": row.sidecar_id, "sha256": row.sha256.hex()}}
    keep_sidecar(place.gate.intake, in_memory(content), claim, facts=facts)


def _all_of(source: Decrypting) -> bytes:
    return b"".join(iter(lambda: source.read(1 << 20), b""))
