"""Reading cases: the list, one case, the cases of a recording. What may not be seen is not there."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.ids import is_id
from candor.footage.rules import closed_to
from candor.footage.tables import recording
from candor.law.vocabulary import CaseKind
from candor.matters.errors import CaseFieldWrong, CaseUnknown
from candor.matters.rules import CaseState, number_key, search_key, visible_cases, walled_cases
from candor.matters.tables import matter, matter_recording
from candor.people import auditing
from candor.people.rules import Actor
from candor.people.tables import account, unit

__all__ = ["MOST_COUNTED", "Case", "CasePage", "CaseQuery", "case", "cases", "cases_of", "find_case", "nothing_walled"]

MOST_ROWS = 500
#: Cases are counted up to here; beyond, a list says “more than”.
MOST_COUNTED = 1_000
_LONGEST_TEXT = 200
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9a-f-]{36})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """A case as it is shown. Moments are in UTC; `version` counts its changes."""

    id: str
    number: str
    kind: CaseKind
    title: str
    state: CaseState
    owner_id: str
    owner_name: str
    unit_id: str | None
    unit_name: str | None
    note: str
    opened_by: str
    opened_at: datetime
    closed_by: str | None
    closed_at: datetime | None
    close_reason: str | None
    version: int

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.state is CaseState.OPEN


@dataclass(frozen=True)
class CaseQuery:
    """What somebody looks for among cases; all fields together narrow, an empty one does not.

    `text`: words that each stand somewhere in number or title. `owner`, `unit`: identifiers. `after`: the cursor that
    the page before gave out. Newest first. Raises CaseFieldWrong.
    """

    text: str = ""
    state: CaseState | None = None
    kind: CaseKind | None = None
    owner: str = ""
    unit: str = ""
    after: str = ""
    limit: int = 50

    def __post_init__(self) -> None:
        if len(self.text) > _LONGEST_TEXT:
            raise CaseFieldWrong(field="text that is looked for", reason=f"it has more than {_LONGEST_TEXT} characters")
        if not 1 <= self.limit <= MOST_ROWS:
            raise CaseFieldWrong(field="length of a page", reason=f"it must be 1 to {MOST_ROWS}")
        if self.after and _CURSOR.fullmatch(self.after) is None:
            raise CaseFieldWrong(field="place in the list", reason="it is none that a page gave out")

    def to_text(self) -> str:
        """As the query string of a link."""
        given = {"text": self.text, "state": self.state, "kind": self.kind, "owner": self.owner, "unit": self.unit}
        given["after"] = self.after
        return urlencode([(name, str(value)) for name, value in given.items() if value])

    def following(self, after: str) -> CaseQuery:
        """The same from another place on."""
        return replace(self, after=after)


@dataclass(frozen=True)
class CasePage:
    """A page of cases. `total` counts all that fit, up to MOST_COUNTED; `more`: there are more than that."""

    rows: list[Case]
    after: str | None
    total: int
    more: bool


def case(tx: Connection, actor: Actor, case_id: str) -> Case:
    """One case by its id or number. Raises CaseUnknown, also for one that the actor may not see."""
    found = find_case(tx, actor, case_id)
    if found is None:
        raise CaseUnknown(id=case_id)
    return found


def find_case(tx: Connection, actor: Actor, case_id: str) -> Case | None:
    """One case by its id or number, None where there is none that the actor may see."""
    which = matter.c.id == case_id if is_id(case_id) else matter.c.number_key == number_key(case_id)
    row = tx.execute(_cases().where(which, visible_cases(actor))).first()
    return None if row is None else _case(row)


def cases(tx: Connection, actor: Actor, query: CaseQuery | None = None) -> CasePage:
    """The cases that fit and that the actor may see, newest first."""
    query = query or CaseQuery()
    fitting = [visible_cases(actor), *_conditions(query)]
    counted = sa.select(matter.c.id).where(*fitting).limit(MOST_COUNTED + 1).subquery()
    total = tx.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
    if total == 0:
        return CasePage([], None, 0, False)
    listed = _cases().where(*fitting).order_by(matter.c.opened_at.desc(), matter.c.id.desc())
    if query.after:
        listed = listed.where(_beyond(query.after))
    rows = [_case(row) for row in tx.execute(listed.limit(query.limit + 1))]
    after = _cursor(rows[query.limit - 1]) if len(rows) > query.limit else None
    return CasePage(rows[: query.limit], after, min(total, MOST_COUNTED), total > MOST_COUNTED)


def cases_of(tx: Connection, recording_id: str, *, seen_by: Actor | None = None) -> list[Case]:
    """The cases that a recording is in, open ones first, then newest first: those that somebody may see, or all of them
    where a rule asks and nobody reads."""
    inside = sa.exists().where(
        matter_recording.c.matter_id == matter.c.id,
        matter_recording.c.recording_id == recording_id,
        matter_recording.c.removed_at.is_(None),
    )
    query = _cases().where(inside.correlate(matter))
    if seen_by is not None:
        query = query.where(visible_cases(seen_by))
    query = query.order_by(matter.c.closed_at.is_not(None), matter.c.opened_at.desc(), matter.c.id.desc())
    return [_case(row) for row in tx.execute(query)]


def nothing_walled(tx: Connection, actor: Actor, recording_id: str) -> bool:
    """Whether neither a recording nor any case that it is in is closed to somebody by a wall, a circle or a name: what
    was written of why it stays may name those."""
    inside = matter_recording.c.recording_id == recording_id, matter_recording.c.removed_at.is_(None)
    cases = sa.select(matter.c.id).where(matter.c.id.in_(sa.select(matter_recording.c.matter_id).where(*inside)))
    walled = sa.select(recording.c.id).where(recording.c.id == recording_id, closed_to(actor))
    return not any(tx.execute(query.limit(1)).first() for query in (walled, cases.where(walled_cases(actor))))


def _withheld(tx: Connection, actor: Actor, case_ids: Collection[str]) -> set[str]:
    """Of which of these cases the record of events does not tell the actor what it says."""
    return set(tx.scalars(sa.select(matter.c.id).where(matter.c.id.in_(case_ids), walled_cases(actor))))


auditing.WITHHELD_CASES.append(_withheld)


def _conditions(query: CaseQuery) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    given: list[tuple[sa.Column[Any], str | None]] = [
        (matter.c.state, query.state),
        (matter.c.kind, query.kind),
        (matter.c.owner_id, query.owner),
        (matter.c.unit_id, query.unit),
    ]
    found += [column == value for column, value in given if value]
    words = search_key("", query.text).split()
    return found + [matter.c.search_key.contains(word, autoescape=True) for word in words]


def _cursor(last: Case) -> str:
    return f"{(last.opened_at - _EPOCH) // timedelta(microseconds=1)}-{last.id}"


def _beyond(cursor: str) -> sa.ColumnElement[bool]:
    found = _CURSOR.fullmatch(cursor)
    assert found is not None, "a query holds no other"
    moment = _EPOCH + timedelta(microseconds=int(found[1]))
    return sa.or_(matter.c.opened_at < moment, sa.and_(matter.c.opened_at == moment, matter.c.id < found[2]))


_COLUMNS = [matter.c[name] for name in Case.__dataclass_fields__ if name in matter.c]


def _cases() -> sa.Select[Any]:
    joined = matter.join(account, account.c.id == matter.c.owner_id).outerjoin(unit, unit.c.id == matter.c.unit_id)
    names = (account.c.display_name.label("owner_name"), unit.c.name.label("unit_name"))
    return sa.select(*_COLUMNS, *names).select_from(joined)


def _case(row: sa.Row[Any]) -> Case:
    values = dict(row._mapping)
    return Case(**{**values, "kind": CaseKind(values["kind"]), "state": CaseState(values["state"])})
