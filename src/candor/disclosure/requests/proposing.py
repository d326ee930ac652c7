"""Which recordings a request may mean: proposed by what it names, each with its reasons. A person says which are meant.

Every question goes to an index and is bounded, so that a proposal costs the same however many recordings there are:
incident and case by number, officer by name or badge, words of the place, words of the person in titles, notes and
tags, and the time. Where recordings are known at a place of that name with its coordinates, others that were near it
are proposed too, by where their cameras say that they were. What somebody may not see is not proposed to them.

What is proposed is ordered by a score, which counts reasons and nothing else; the reasons are what a reader goes by.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.reading import records_request
from candor.disclosure.requests.rules import Meant
from candor.disclosure.requests.tables import request_recording
from candor.footage.errors import QueryWrong
from candor.footage.query import Query, Sort
from candor.footage.rules import RecordingState, visible_to
from candor.footage.search import Row, find_ids, row_of
from candor.footage.tables import location_track, recording
from candor.people.rules import Actor, Permission

__all__ = ["MOST", "NEAR_M", "Proposal", "Proposals", "propose", "propose_for"]

#: Proposals of one search.
MOST = 100
#: Recordings that one of its questions finds.
_EACH = 500
#: Whoever remembers a time is off by this, and so may a camera's clock be.
SLACK = timedelta(hours=1)
#: A recording that began so long before may reach into the time.
_LONGEST = timedelta(hours=4)
#: How long a moment without an end is taken to last.
_MOMENT = timedelta(hours=2)
#: Metres within which a camera counts as having been at a place.
NEAR_M = 200.0
#: Recordings of a place by which its coordinates are learned, and those whose track is looked at.
_LEARNED, _TRACKS = 50, 200
#: Every so many points of a track are looked at, so that a long one is looked at in this many.
_POINTS = 400

_SCORES = {"incident": 60, "case": 50, "officer": 25, "place": 20, "time": 20, "near": 20, "person": 15, "about": 8}


@dataclass(frozen=True)
class Proposal:
    """A recording that may be meant. `reasons`: in words, the weightiest first; `said`: what somebody said of it in
    this request, None: nothing yet."""

    recording: Row
    score: int
    reasons: tuple[str, ...]
    said: Meant | None


@dataclass(frozen=True)
class Proposals:
    """The best first. `looked_for`: in words, by what; empty where the request names nothing to look for. `bounded`:
    a question found more than is looked at, so that naming more would help; `vague`: what was too vague to look for."""

    rows: tuple[Proposal, ...]
    looked_for: tuple[str, ...]
    bounded: bool
    vague: tuple[str, ...]


@dataclass
class _Found:
    """What speaks for each recording: by its id, words and points."""

    reasons: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    looked_for: list[str] = field(default_factory=list)
    vague: list[str] = field(default_factory=list)
    bounded: bool = False

    def add(self, ids: Iterable[str], kind: str, words: str) -> None:
        for one in ids:
            self.reasons.setdefault(one, []).append((_SCORES[kind], words))


def propose(tx: Connection, actor: Actor, request_id: str, *, limit: int = 50) -> Proposals:
    """The recordings that a request may mean, of those that the actor may see. Raises Refused, RequestUnknown."""
    found = records_request(tx, actor, request_id)
    said_of = request_recording.c.request_id == found.id
    said = {row.recording_id: Meant(row.meant) for row in tx.execute(sa.select(request_recording).where(said_of))}
    return propose_for(tx, actor, found.named, said=said, limit=limit)


def propose_for(
    tx: Connection, actor: Actor, named: Named, *, said: dict[str, Meant] | None = None, limit: int = 50
) -> Proposals:
    """The same for what is named alone. Raises Refused."""
    actor.require(Permission.REQUESTS_VIEW)
    found, window = _Found(), _window(named)
    _by_numbers(tx, actor, named, found)
    _by_names(tx, actor, named, window, found)
    if window is not None:
        _by_time(tx, actor, window, found, alone=not found.reasons)
    rows = _scored(tx, actor, found, min(limit, MOST), said or {})
    return Proposals(rows, tuple(found.looked_for), found.bounded, tuple(found.vague))


def _by_numbers(tx: Connection, actor: Actor, named: Named, found: _Found) -> None:
    """By numbers that the agency gave: these count whatever time is named."""
    if named.incident:
        words = f"its incident number is {named.incident}"
        _ask(tx, actor, Query(incident=named.incident), "incident", words, f"incident {named.incident}", found)
    if named.case_number:
        words = f"it belongs to the case {named.case_number}"
        _ask(tx, actor, Query(case=named.case_number), "case", words, f"case {named.case_number}", found)


def _by_names(
    tx: Connection, actor: Actor, named: Named, window: tuple[datetime, datetime] | None, found: _Found
) -> None:
    """By officer, place and person, within the time where one is named."""
    then = Query() if window is None else Query(time_from=window[0] - _LONGEST, time_to=window[1])
    if named.officer:
        words = f"the officer who wore the camera fits “{named.officer}”"
        _ask(tx, actor, replace(then, person=named.officer), "officer", words, f"officer {named.officer}", found)
    if named.place:
        words = f"its place fits “{named.place}”"
        at_place = _ask(tx, actor, replace(then, place=named.place), "place", words, f"place {named.place}", found)
        _near_place(tx, actor, named, window, set(at_place), found)
    if named.person:
        words = f"its title, notes or tags name “{named.person}”"
        _ask(tx, actor, replace(then, text=named.person), "person", words, f"person {named.person}", found)


def _by_time(tx: Connection, actor: Actor, window: tuple[datetime, datetime], found: _Found, *, alone: bool) -> None:
    """What was recorded then. Where nothing else was found, all of it is proposed; otherwise it speaks for what was."""
    words = f"time {window[0] + SLACK:%Y-%m-%d %H:%M} to {window[1] - SLACK:%Y-%m-%d %H:%M} UTC"
    found.looked_for.append(words)
    candidates = list(found.reasons)
    if alone:
        query = Query(time_from=window[0] - _LONGEST, time_to=window[1], sort=Sort.STARTED, descending=False)
        candidates = find_ids(tx, actor, query, _EACH + 1)
        found.bounded = found.bounded or len(candidates) > _EACH
        candidates = candidates[:_EACH]
    for one, began, length in _times(tx, candidates):
        ended = began + timedelta(milliseconds=length or 0)
        if began < window[1] - SLACK and ended >= window[0] + SLACK:
            found.add([one], "time", "it was recorded within the time that is named")
        elif began < window[1] and ended >= window[0]:
            found.add([one], "about", f"it was recorded {_off(window, began, ended)}")


def _near_place(
    tx: Connection,
    actor: Actor,
    named: Named,
    window: tuple[datetime, datetime] | None,
    at_place: set[str],
    found: _Found,
) -> None:
    """Others whose camera says that it was where recordings of a place of that name are."""
    if window is None:  # without a time every track there is would have to be looked at
        return
    places = _coordinates(tx, actor, named)
    if not places:
        return
    query = Query(time_from=window[0] - _LONGEST, time_to=window[1], sort=Sort.STARTED, descending=False)
    others = [one for one in find_ids(tx, actor, query, _EACH + 1) if one not in at_place]
    found.bounded = found.bounded or len(others) > _TRACKS
    for one, distance in _distances(tx, others[:_TRACKS], places).items():
        if distance <= NEAR_M:
            words = f"its camera was {distance:.0f} m from where other recordings of “{named.place}” are"
            found.add([one], "near", words)


def _coordinates(tx: Connection, actor: Actor, named: Named) -> list[tuple[float, float]]:
    """Where recordings of a place of that name are, as far as their entries say."""
    try:
        ids = find_ids(tx, actor, Query(place=named.place), _LEARNED)
    except QueryWrong:
        return []
    known = recording.c.latitude.is_not(None), recording.c.longitude.is_not(None)
    query = sa.select(recording.c.latitude, recording.c.longitude).where(recording.c.id.in_(ids), *known)
    return list({(round(row.latitude, 4), round(row.longitude, 4)) for row in tx.execute(query)})


def _distances(tx: Connection, ids: Sequence[str], places: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Metres from the nearest of the places, by entries and tracks."""
    found: dict[str, float] = {}
    entries = sa.select(recording.c.id, recording.c.latitude, recording.c.longitude)
    for row in tx.execute(entries.where(recording.c.id.in_(ids), recording.c.latitude.is_not(None))):
        if row.longitude is not None:
            _nearer(found, row.id, (row.latitude, row.longitude), places)
    tracks = sa.select(location_track.c.recording_id, location_track.c.points)
    for recording_id, points in tx.execute(tracks.where(location_track.c.recording_id.in_(ids))):
        for point in points[:: max(1, len(points) // _POINTS)]:
            _nearer(found, recording_id, (float(point[1]), float(point[2])), places)
    return found


def _nearer(
    found: dict[str, float], one: str, here: tuple[float, float], places: Sequence[tuple[float, float]]
) -> None:
    nearest = min(metres(here, there) for there in places)
    found[one] = min(found.get(one, math.inf), nearest)


def metres(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Between two places on earth (degrees), as the crow flies; a sphere of 6371 km, good to half a percent."""
    (a, b), (c, d) = ((math.radians(one[0]), math.radians(one[1])) for one in (here, there))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6_371_000 * math.asin(math.sqrt(min(1.0, half)))


def _ask(
    tx: Connection, actor: Actor, query: Query, kind: str, words: str, looked_for: str, found: _Found
) -> list[str]:
    found.looked_for.append(looked_for)
    try:
        ids = find_ids(tx, actor, query, _EACH + 1)
    except QueryWrong:
        found.vague.append(looked_for)
        return []
    found.bounded = found.bounded or len(ids) > _EACH
    found.add(ids[:_EACH], kind, words)
    return ids[:_EACH]


def _window(named: Named) -> tuple[datetime, datetime] | None:
    """Within what time it may have been, with what memory and clocks are off."""
    if named.began is None and named.ended is None:
        return None
    began = named.began or (named.ended or datetime.min) - _MOMENT
    ended = named.ended or began + _MOMENT
    return began - SLACK, max(ended, began + timedelta(minutes=1)) + SLACK


def _times(tx: Connection, ids: Sequence[str]) -> list[tuple[str, datetime, int | None]]:
    found: list[tuple[str, datetime, int | None]] = []
    for begin in range(0, len(ids), _EACH):
        chunk = recording.c.id.in_(ids[begin : begin + _EACH])
        query = sa.select(recording.c.id, recording.c.started_at, recording.c.duration_ms).where(chunk)
        found += [(row.id, row.started_at, row.duration_ms) for row in tx.execute(query)]
    return found


def _off(window: tuple[datetime, datetime], began: datetime, ended: datetime) -> str:
    first, last = window[0] + SLACK, window[1] - SLACK
    if ended < first:
        return f"{_minutes(first - ended)} before the time that is named"
    return f"{_minutes(began - last)} after the time that is named"


def _minutes(span: timedelta) -> str:
    minutes = max(1, math.ceil(span.total_seconds() / 60))
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _scored(tx: Connection, actor: Actor, found: _Found, limit: int, said: dict[str, Meant]) -> tuple[Proposal, ...]:
    scores = {one: sum(points for points, _ in reasons) for one, reasons in found.reasons.items()}
    best = sorted(scores, key=lambda one: (-scores[one], one))[: limit * 2]
    proposals = []
    for one, row in _rows(tx, actor, best).items():
        if row.state in (RecordingState.REGROUPED, RecordingState.DESTROYED):
            continue
        reasons = tuple(words for _, words in sorted(found.reasons[one], key=lambda pair: -pair[0]))
        proposals.append(Proposal(row, scores[one], reasons, said.get(one)))
    proposals.sort(key=lambda one: (-one.score, one.recording.place_in_order))
    return tuple(proposals[:limit])


def _rows(tx: Connection, actor: Actor, ids: Sequence[str]) -> dict[str, Row]:
    """As a list shows them, once more by the rule of who may see them."""
    seen = tx.scalars(sa.select(recording.c.id).where(recording.c.id.in_(ids), visible_to(actor).expression)).all()
    rows = ((one, row_of(tx, actor, one)) for one in seen)
    return {one: row for one, row in rows if row is not None}
