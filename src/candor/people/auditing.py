"""Reading the record of events: who may, whom a name means, names beside ids, and the event of having read it.

That somebody searched or took a copy is an event too, with the conditions (CJIS AU-2: reading the audit log). So is
going on to the next page: whoever makes up where to go on from would else read everything and leave no trace.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, iso
from candor.core.ids import is_id
from candor.core.spreadsheets import safe_cell
from candor.custody import PLAIN_WORDS, CustodyEvent, Event
from candor.custody import record as custody
from candor.custody.errors import SearchWrong
from candor.custody.searching import Group, Outcome, Page, Search, every, find, kinds_of, outcome_of
from candor.people import service
from candor.people.rules import Actor, Permission
from candor.people.tables import account as account_table

#: Events in one file at most; more come with a narrower time.
MOST_EXPORTED = 100_000
#: Accounts that a part of a name may mean.
_MOST_MEANT = 20
_NAMES_AT_ONCE = 400

#: Conditions as they stand in a link and in the event of the search.
CONDITIONS = ("who", "account", "kind", "outcome", "address", "from", "to", "text", "order")

#: Columns of an export: what AU-3 asks for, then the event as it was committed to, letter by letter.
COLUMNS = (
    "index",
    "at",
    "kind",
    "words",
    "outcome",
    "actor",
    "actor_name",
    "account",
    "account_name",
    "recording",
    "address",
    "source",
    "event",
    "payload",
)


#: Of which recordings rooms above say to an actor that something happened, and not what: (tx, actor, recordings).
WITHHELD: list[Callable[[Connection, Actor, Collection[str]], set[str]]] = []
#: The same of cases, by what events say that they are about.
WITHHELD_CASES: list[Callable[[Connection, Actor, Collection[str]], set[str]]] = []


@dataclass(frozen=True)
class Entry:
    """An event with what a reader needs besides: names and the AU-3 fields that stand in its details."""

    event: CustodyEvent
    actor_name: str | None
    account: str | None
    account_name: str | None
    address: str | None
    source: str | None
    """The browser or the face that it came through, as far as recorded."""

    @property
    def outcome(self) -> str:
        """`success` or `failure`."""
        return outcome_of(self.event.kind).value

    def row(self) -> dict[str, Any]:
        """The entry as a line of an export."""
        event = self.event
        return {
            "index": event.position,
            "at": iso(event.at),
            "kind": event.kind.value,
            "words": PLAIN_WORDS[event.kind],
            "outcome": self.outcome,
            "actor": event.actor,
            "actor_name": self.actor_name,
            "account": self.account,
            "account_name": self.account_name,
            "recording": event.recording_id,
            "address": self.address,
            "source": self.source,
            "event": event.id,
            "payload": event.payload,
        }


def meant(tx: Connection, who: str) -> tuple[str, ...] | None:
    """The actors that a text means: an id, `system:…`, a sign-in name, or a part of a name or badge. None: nobody in
    particular; empty: nobody is called so."""
    who = who.strip()
    if not who:
        return None
    if is_id(who) or who.startswith("system:"):
        return (who,)
    exact = service.account_named(tx, who)
    if exact is not None:
        return (exact.id,)
    return tuple(one.id for one in service.accounts(tx, text=who, limit=_MOST_MEANT))


def search_for(tx: Connection, given: Mapping[str, str], zone: tzinfo) -> Search:
    """The search that conditions mean, as a form, a link and the command line give them. Days are taken in `zone`;
    raises SearchWrong."""
    order = given.get("order", "newest")
    if order not in ("newest", "oldest"):
        raise SearchWrong(reason="the order is newest or oldest")
    outcome = given.get("outcome", "")
    if outcome and outcome not in set(Outcome):
        raise SearchWrong(reason=f"an outcome is {' or '.join(Outcome)}")
    return Search(
        kinds=_kinds(given.get("kind", "")),
        actors=meant(tx, given.get("who", "")),
        accounts=meant(tx, given.get("account", "")),
        address=given.get("address", ""),
        outcome=Outcome(outcome) if outcome else None,
        since=_moment(given.get("from", ""), zone, is_end=False),
        until=_moment(given.get("to", ""), zone, is_end=True),
        text=given.get("text", ""),
        descending=order == "newest",
    )


def _kinds(text: str) -> frozenset[Event] | None:
    if not text:
        return None
    if text in set(Group):
        return kinds_of(Group(text))
    if text in set(Event):
        return frozenset({Event(text)})
    raise SearchWrong(reason=f"there is no kind of event called “{text[:60]}”")


def _moment(text: str, zone: tzinfo, *, is_end: bool) -> datetime | None:
    if not text:
        return None
    try:
        if len(text) == len("2026-11-22"):
            day = date.fromisoformat(text) + timedelta(days=is_end)
            return datetime.combine(day, time(), zone).astimezone(UTC)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise SearchWrong(reason=f"“{text[:60]}” is no date; write 2026-11-22 or 2026-11-22T10:11:12Z") from error


def read(tx: Connection, actor: Actor, search: Search) -> tuple[list[Entry], Page]:
    """One page of a search, with names."""
    actor.require(Permission.AUDIT_VIEW)
    page = find(tx, search)
    return entries(tx, _told(tx, actor, page.events, search.text)), page


def record_search(
    tx: Connection,
    actor: Actor,
    given: Mapping[str, str],
    *,
    after: str = "",
    found: int,
    address: str | None,
    clock: Clock | None,
) -> str:
    """Record that the events were searched with these conditions, from `after` on where it was not the first page, and
    how many the page showed."""
    actor.require(Permission.AUDIT_VIEW)
    conditions = {**given, "after": after} if after else given
    details = {"filter": _kept(conditions), "found": found, "address": address}
    return custody.append(tx, Event.AUDIT_SEARCHED, actor=actor.account_id, details=details, clock=clock)


def record_export(
    tx: Connection, actor: Actor, given: Mapping[str, str], form: str, *, address: str | None, clock: Clock | None
) -> str:
    """Record that events with these conditions go out as a file. Before its first byte."""
    actor.require(Permission.AUDIT_VIEW)
    details = {"filter": _kept(given), "format": form, "most": MOST_EXPORTED, "address": address}
    return custody.append(tx, Event.AUDIT_EXPORTED, actor=actor.account_id, details=details, clock=clock)


def exported(tx: Connection, actor: Actor, search: Search) -> Iterator[Entry]:
    """All events of a search in its order, at most MOST_EXPORTED."""
    actor.require(Permission.AUDIT_VIEW)
    chunk: list[CustodyEvent] = []
    for event in every(tx, search, MOST_EXPORTED):
        chunk.append(event)
        if len(chunk) == _NAMES_AT_ONCE:
            yield from entries(tx, _told(tx, actor, chunk, search.text))
            chunk = []
    yield from entries(tx, _told(tx, actor, chunk, search.text))


def as_csv(found: Iterable[Entry]) -> Iterator[str]:
    """Lines of a CSV file (RFC 4180) with a header. Names could pass for formulas in a spreadsheet: such a one gets an
    apostrophe. The payload, which is what the log commits to, is never altered."""
    yield _line(COLUMNS)
    for entry in found:
        row = entry.row()
        for name in ("actor", "actor_name", "account_name", "address", "source"):
            row[name] = safe_cell(row[name])
        yield _line(["" if row[name] is None else row[name] for name in COLUMNS])


def as_json(found: Iterable[Entry]) -> Iterator[str]:
    """Pieces of one JSON document: `{"events": […]}`."""
    before = '{"events": [\n'
    for entry in found:
        yield before + json.dumps(entry.row(), ensure_ascii=False)
        before = ",\n"
    yield ("\n" if before == ",\n" else before) + "]}\n"


def _told(tx: Connection, actor: Actor, events: list[CustodyEvent], text: str) -> list[CustodyEvent]:
    """The events as the actor may read them: that each happened, when and by whom, and what it says unless a wall
    closes its recording or its case to them. What is withheld is said to be; the log commits to all of it all the same.
    Where a text was looked for, it is left out: else asking again and again would tell what it says."""
    about = {event.recording_id for event in events if event.recording_id is not None}
    cases = {case for event in events if (case := _case_of(event)) is not None}
    closed: set[str] = set()
    for withheld, asked in ((WITHHELD, about), (WITHHELD_CASES, cases)):
        for which in withheld if asked else ():
            closed |= which(tx, actor, asked)
    found = [(event, event.recording_id in closed or _case_of(event) in closed) for event in events]
    return [_emptied(event) if hidden else event for event, hidden in found if not (hidden and text.strip())]


def _case_of(event: CustodyEvent) -> str | None:
    case = event.details.get("case")
    return case if isinstance(case, str) else None


def _emptied(event: CustodyEvent) -> CustodyEvent:
    payload = json.loads(event.payload) | {"details": {"withheld": True}}
    return replace(event, payload=json.dumps(payload, sort_keys=True))


def entries(tx: Connection, events: list[CustodyEvent]) -> list[Entry]:
    """The events with names and addresses."""
    about = [(event, event.details) for event in events]
    ids = {event.actor for event in events} | {str(details.get("account")) for _, details in about}
    names = names_of(tx, ids)
    found = []
    for event, details in about:
        account = details.get("account") if isinstance(details.get("account"), str) else None
        source = details.get("agent") or details.get("face")
        found.append(
            Entry(
                event,
                names.get(event.actor),
                account,
                names.get(account or ""),
                str(details["address"]) if details.get("address") else None,
                str(source) if source else None,
            )
        )
    return found


def names_of(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    """The display names of those ids that are accounts."""
    wanted = [one for one in ids if is_id(one)]
    found: dict[str, str] = {}
    for begin in range(0, len(wanted), _NAMES_AT_ONCE):
        query = sa.select(account_table.c.id, account_table.c.display_name).where(
            account_table.c.id.in_(wanted[begin : begin + _NAMES_AT_ONCE])
        )
        found |= {row.id: row.display_name for row in tx.execute(query)}
    return found


def _kept(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:200] for name, value in sorted(given.items()) if value}


def _line(values: Iterable[Any]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow(values)
    return file.getvalue()
