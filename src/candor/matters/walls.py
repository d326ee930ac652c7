"""Walls: a compelled statement, and what came of it, is kept from whoever works on the criminal side.

Rules it keeps (Garrity v. New Jersey, 385 U.S. 493 (1967); Kastigar v. United States, 406 U.S. 441 (1972)):

1. A recording that is marked as compelled in a disciplinary investigation or a review of force is open to the people
   named for it alone, all of them of the administrative side.
2. Whoever is, or ever was, on the criminal side of that case or a related one is kept out of it, by name, whatever
   their roles; being taken from that side again opens nothing. Who investigates or prosecutes in a criminal case is on
   that side, whatever was entered.
3. Whoever was let in to such material, or opened it, is never put on the criminal side of a related case, and no
   related criminal case is theirs.
4. Nobody overrules that. What a court should have to weigh is not decided by a button.
5. Cases are related when somebody said so, or when they share a recording; and so on from each of them. That it was
   so once is enough: nobody comes round a wall by taking back what was said. For the same reason a case that belongs
   together with compelled material keeps its kind.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.footage.restricting import may_manage
from candor.footage.restriction_rules import RULES, RestrictionKind
from candor.footage.restriction_tables import restriction, restriction_person
from candor.footage.restrictions import BEFORE_LET_IN, name_person, one_after_another, place
from candor.footage.tables import viewing
from candor.footage.viewing import POSTER_PURPOSE
from candor.law.vocabulary import CaseKind
from candor.matters.errors import CaseUnknown
from candor.matters.rules import WALLS, Part, Side, visible_cases
from candor.matters.tables import matter, matter_person, matter_recording, matter_relation
from candor.matters.wall_errors import CompelledWrong, WallRefused
from candor.people.rules import Actor

__all__ = [
    "COMPELLING",
    "Marked",
    "apply_walls",
    "check_group",
    "check_kind",
    "check_recordings",
    "check_side",
    "mark_compelled",
    "related_cases",
    "side_of",
]

#: In cases of these kinds somebody is made to speak by their employer.
COMPELLING = (CaseKind.DISCIPLINARY, CaseKind.FORCE_REVIEW)
#: Whoever does this in a criminal case works on its side.
_PROSECUTING = (Part.INVESTIGATOR, Part.PROSECUTOR)
RULE = RULES[RestrictionKind.COMPELLED]
_OF_THAT_SIDE = "of the criminal side"


@dataclass(frozen=True)
class Marked:
    """A recording that was marked as compelled. `opened_by`: accounts of the criminal side of a related case that had
    opened it before; what that means for them is for counsel, and nothing here undoes it."""

    restriction_id: str
    opened_by: tuple[str, ...]


def related_cases(tx: Connection, case_ids: Collection[str]) -> set[str]:
    """These cases and all that are related to them."""
    known: set[str] = set()
    new = set(case_ids)
    while new:
        known |= new
        new = _beside(tx, sorted(new)) - known
    return known


def mark_compelled(
    tx: Connection,
    actor: Actor,
    case_id: str,
    recording_id: str,
    named: Sequence[str],
    *,
    reason: str,
    clock: Clock | None = None,
) -> Marked:
    """Mark a recording of a case as compelled, open to the named accounts alone.

    Raises Refused, RecordingUnknown, CaseUnknown, CompelledWrong, WallRefused.
    """
    one_after_another(tx)
    may_manage(tx, actor, recording_id)
    row = tx.execute(sa.select(matter).where(matter.c.id == case_id, visible_cases(actor))).first()
    if row is None:
        raise CaseUnknown(id=case_id)
    if row.kind not in COMPELLING:
        raise CompelledWrong(reason="the case is neither a disciplinary investigation nor a review of force")
    group = related_cases(tx, [case_id])
    inside = matter_recording.c.recording_id == recording_id, matter_recording.c.removed_at.is_(None)
    cases = set(tx.scalars(sa.select(matter_recording.c.matter_id).where(*inside)))
    if case_id not in cases:
        raise CompelledWrong(reason="it does not belong to that case")
    kinds = sa.select(matter.c.number).where(matter.c.id.in_(cases), matter.c.kind == CaseKind.CRIMINAL.value)
    if tx.execute(kinds).first() is not None:
        raise CompelledWrong(reason="it belongs to a criminal case as well; take it out of that first")
    if not named:
        raise CompelledWrong(reason="name at least one person of the administrative side who may see it")
    seen = _opened(tx, [recording_id]) & (_criminal(tx, group) | _owners(tx, group))
    made = place(
        tx, recording_id, RestrictionKind.COMPELLED, ref=case_id, reason=reason, actor=actor.account_id, clock=clock
    )
    for account_id in sorted(set(named)):
        name_person(tx, made, account_id, may=True, reason=reason, actor=actor.account_id, clock=clock)
    apply_walls(tx, case_id, actor.account_id, clock=clock)
    return Marked(made, tuple(sorted(seen)))


def side_of(kind: str, part: Part, side: Side) -> Side:
    """On which side somebody works in a case of a kind, by their part in it and by what is entered. Raises WallRefused
    for whoever would do the work of the one side under the name of the other."""
    if kind != CaseKind.CRIMINAL or part not in _PROSECUTING:
        return side
    if side is Side.ADMINISTRATIVE:
        raise WallRefused(rule=RULE, reason="who investigates or prosecutes in a criminal case is of the criminal side")
    return Side.CRIMINAL


def check_side(tx: Connection, case_id: str, account_id: str, side: Side) -> None:
    """Raise WallRefused where somebody may not be put on a side of a case: for what they saw, or where they work."""
    if side is Side.NONE:
        return
    one_after_another(tx)
    group = related_cases(tx, [case_id])
    if side is Side.ADMINISTRATIVE:
        if account_id in _criminal(tx, group) | _owners(tx, group):
            raise WallRefused(
                rule=RULE, reason="they work, or worked, on the criminal side of this case or a related one"
            )
        return
    if account_id in _seen(tx, group):
        raise WallRefused(rule=RULE, reason="they were let in to a compelled statement of this case or a related one")
    if account_id in _on_side(tx, group, Side.ADMINISTRATIVE):
        raise WallRefused(
            rule=RULE, reason="they work, or worked, on the administrative side of this or a related case"
        )


def check_group(tx: Connection, case_ids: Collection[str]) -> None:
    """Raise WallRefused where relating these cases would put somebody on the criminal side who has seen what is
    walled off from it, or on both sides."""
    one_after_another(tx)
    group = related_cases(tx, case_ids)
    criminal = _criminal(tx, group)
    if (criminal | _owners(tx, group)) & _seen(tx, group):
        reason = "somebody on the criminal side of one has seen a compelled statement of the other"
        raise WallRefused(rule=RULE, reason=reason)
    if criminal & _on_side(tx, group, Side.ADMINISTRATIVE):
        raise WallRefused(rule=RULE, reason="somebody would work on both sides of what belongs together")


def check_kind(tx: Connection, case_id: str, before: str, after: str) -> None:
    """Raise WallRefused where another kind would take a case to the other side of a wall."""
    walled = (*COMPELLING, CaseKind.CRIMINAL)
    same = before in COMPELLING and after in COMPELLING
    if before == after or same or (before not in walled and after not in walled):
        return
    one_after_another(tx)
    if _compelled_in(tx, related_cases(tx, [case_id])):
        raise WallRefused(rule=RULE, reason="what belongs together with a compelled statement keeps its kind")


def check_recordings(tx: Connection, case_id: str, recording_ids: Collection[str]) -> None:
    """Raise WallRefused where recordings may not be put into a case: a compelled one into a criminal case, or one that
    would relate cases across a wall."""
    one_after_another(tx)
    others = matter_recording.c.recording_id.in_(recording_ids)
    inside = sa.select(matter_recording.c.matter_id).where(others, matter_recording.c.removed_at.is_(None))
    criminal = matter.c.kind == CaseKind.CRIMINAL.value, sa.or_(matter.c.id == case_id, matter.c.id.in_(inside))
    compelled = restriction.c.recording_id.in_(recording_ids), restriction.c.kind == RestrictionKind.COMPELLED.value
    if tx.execute(sa.select(restriction.c.id).where(*compelled, sa.exists().where(*criminal))).first() is not None:
        raise WallRefused(rule=RULE, reason="a compelled statement does not go into a criminal case")
    check_group(tx, {case_id, *tx.scalars(sa.select(matter_recording.c.matter_id).where(others))})


def apply_walls(tx: Connection, case_id: str, actor: str, *, clock: Clock | None = None) -> None:
    """Keep the criminal side of a case, and of those related to it, out of what is compelled in any of them."""
    group = related_cases(tx, [case_id])
    holding = sa.select(restriction.c.id).where(
        restriction.c.kind == RestrictionKind.COMPELLED.value,
        restriction.c.ref.in_(group),
        restriction.c.lifted_at.is_(None),
    )
    walled = tx.scalars(holding.order_by(restriction.c.recording_id)).all()
    if not walled:
        return
    for account_id in sorted(_criminal(tx, group)):
        for one in walled:
            name_person(tx, one, account_id, may=False, reason=_OF_THAT_SIDE, actor=actor, clock=clock)


def _beside(tx: Connection, case_ids: Sequence[str]) -> set[str]:
    """The cases that are, or ever were, related to these directly."""
    ends = (matter_relation.c.matter_id, matter_relation.c.other_id)
    found: set[str] = set()
    for here, there in (ends, ends[::-1]):
        found |= set(tx.scalars(sa.select(there).where(here.in_(case_ids))))
    shared = sa.select(matter_recording.c.recording_id).where(matter_recording.c.matter_id.in_(case_ids))
    found |= set(tx.scalars(sa.select(matter_recording.c.matter_id).where(matter_recording.c.recording_id.in_(shared))))
    return found


def _on_side(tx: Connection, case_ids: Collection[str], side: Side) -> set[str]:
    """The accounts that are, or ever were, entered on a side of these cases."""
    person = matter_person.c
    query = sa.select(person.account_id).where(
        person.matter_id.in_(case_ids), person.side == side.value, person.account_id.is_not(None)
    )
    return {str(one) for one in tx.scalars(query)}


def _criminal(tx: Connection, case_ids: Collection[str]) -> set[str]:
    """The accounts that work, or ever worked, on the criminal side of these cases."""
    person = matter_person.c
    query = sa.select(person.account_id).where(
        person.matter_id.in_(case_ids), person.account_id.is_not(None), _works_criminally(person)
    )
    return {str(one) for one in tx.scalars(query)}


def _works_criminally(person: Any) -> sa.ColumnElement[bool]:
    """Whether an entry is of the criminal side: by what it says, or by its part in a criminal case."""
    case = matter.alias("criminal_case")
    criminal = sa.select(case.c.id).where(case.c.id == person.matter_id, case.c.kind == CaseKind.CRIMINAL.value)
    by_part = sa.and_(person.part.in_([part.value for part in _PROSECUTING]), criminal.exists())
    return sa.or_(person.side == Side.CRIMINAL.value, by_part)


def _owners(tx: Connection, case_ids: Collection[str]) -> set[str]:
    """Whose the criminal ones of these cases are."""
    criminal = matter.c.id.in_(case_ids), matter.c.kind == CaseKind.CRIMINAL.value
    return set(tx.scalars(sa.select(matter.c.owner_id).where(*criminal)))


def _compelled_in(tx: Connection, case_ids: Collection[str]) -> bool:
    """Whether anything is, or ever was, compelled in these cases."""
    compelled = restriction.c.kind == RestrictionKind.COMPELLED.value, restriction.c.ref.in_(case_ids)
    return tx.execute(sa.select(restriction.c.id).where(*compelled).limit(1)).first() is not None


def _seen(tx: Connection, case_ids: Collection[str]) -> set[str]:
    """The accounts that were ever let in to what is, or was, compelled in these cases, or opened it."""
    compelled = restriction.c.kind == RestrictionKind.COMPELLED.value, restriction.c.ref.in_(case_ids)
    rows = tx.execute(sa.select(restriction.c.id, restriction.c.recording_id).where(*compelled)).all()
    let_in = sa.select(restriction_person.c.account_id).where(
        restriction_person.c.restriction_id.in_([row.id for row in rows]), restriction_person.c.may.is_(sa.true())
    )
    return set(tx.scalars(let_in)) | _opened(tx, [row.recording_id for row in rows])


def _opened(tx: Connection, recording_ids: Collection[str]) -> set[str]:
    """The accounts that opened these recordings, more than to see a picture in a list."""
    query = sa.select(viewing.c.account_id).where(
        viewing.c.recording_id.in_(recording_ids), viewing.c.purpose != POSTER_PURPOSE
    )
    return set(tx.scalars(query.distinct()))


def _check_let_in(tx: Connection, row: sa.Row[tuple[str, str]], account_id: str) -> None:
    """Whom a compelled recording may be opened to."""
    if row.kind != RestrictionKind.COMPELLED:
        return
    one_after_another(tx)
    group = related_cases(tx, [row.ref])
    if account_id in _criminal(tx, group) | _owners(tx, group):
        raise WallRefused(rule=RULE, reason="they work, or worked, on the criminal side of the case or a related one")
    person = matter_person.c
    now = person.matter_id == row.ref, person.account_id == account_id, person.ended_at.is_(None)
    if tx.execute(sa.select(person.id).where(*now, person.side == Side.ADMINISTRATIVE.value)).first() is None:
        raise WallRefused(rule=RULE, reason="only people of the administrative side of its case are let in")


def _walled_case(actor: Actor) -> sa.ColumnElement[bool]:
    """Which cases are hidden from whoever is, or was, on the criminal side of one that is related to them: of one that
    stands beside them, and of any other by what they are kept out of by name."""
    if actor.account_id.startswith("system:"):
        return sa.false()
    person = matter_person.alias("criminal")
    mine = person.c.account_id == actor.account_id, _works_criminally(person.c)
    relation, here, there = matter_relation.c, matter_recording.alias("here"), matter_recording.alias("there")
    found = sa.union(
        sa.select(person.c.matter_id).where(*mine),
        sa.select(relation.other_id).join(person, person.c.matter_id == relation.matter_id).where(*mine),
        sa.select(relation.matter_id).join(person, person.c.matter_id == relation.other_id).where(*mine),
        sa.select(there.c.matter_id)
        .join(here, here.c.recording_id == there.c.recording_id)
        .join(person, person.c.matter_id == here.c.matter_id)
        .where(*mine),
        sa.select(restriction.c.ref)
        .join(restriction_person, restriction_person.c.restriction_id == restriction.c.id)
        .where(
            restriction.c.kind == RestrictionKind.COMPELLED.value,
            restriction_person.c.account_id == actor.account_id,
            restriction_person.c.may.is_(sa.false()),
            restriction_person.c.reason == _OF_THAT_SIDE,
        ),
    )
    return sa.and_(matter.c.kind.in_([kind.value for kind in COMPELLING]), matter.c.id.in_(sa.select(found.subquery())))


BEFORE_LET_IN.append(_check_let_in)
WALLS.append(_walled_case)
