"""Changes of the law that is applied here: proposed by one person, tried out, decided by another.

What a change would do to what is kept is tried out by a room above (`note_dry_run`), over the book in effect then; when
another change comes in between, it has to be tried out again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.ids import new_id
from candor.custody import record as custody
from candor.custody.events import Event
from candor.law.books import CLASSES, book_now
from candor.law.errors import (
    ChangeBySamePerson,
    ChangeDecided,
    ChangeNotTried,
    ChangeUnknown,
    LawReasonMissing,
    NotAdoptable,
    NotAPolicy,
    NothingChanges,
    PackUnknown,
    PolicyOverNothing,
    RuleUnknown,
)
from candor.law.model import Pack, PackKind, Rule, Verification
from candor.law.reading import pack_text, read_pack, shipped
from candor.law.tables import law_change, law_text
from candor.law.vocabulary import LawClass
from candor.people.rules import Actor, Permission

__all__ = [
    "MEANT",
    "ChangeKind",
    "ChangeState",
    "LawChange",
    "all_changes",
    "change",
    "decide",
    "last_in_force",
    "note_dry_run",
    "open_changes",
    "propose_adoption",
    "propose_meaning",
    "propose_pack",
    "propose_policy",
    "propose_removal",
    "propose_withdrawal",
    "text_of",
    "withdraw",
]

LONGEST_REASON = 500
#: Who keeps what categories mean to the law, a room above: told of a meaning that comes into force, with who proposed
#: it, who decided it, and why.
MEANT: list[Callable[[Connection, str, LawClass, str, str, str, Clock], None]] = []


class ChangeKind(StrEnum):
    """What is changed."""

    PACK = "pack"
    POLICY = "policy"
    ADOPTION = "adoption"
    WITHDRAWAL = "withdrawal"
    MEANING = "meaning"


class ChangeState(StrEnum):
    """How far it is."""

    PROPOSED = "proposed"
    IN_FORCE = "in-force"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class LawChange:
    """One change. `rules`: (rule id, sha256) of an adoption or a withdrawal; of a meaning (category, law class)."""

    id: str
    kind: ChangeKind
    state: ChangeState
    pack_id: str | None
    text_sha256: str | None
    rules: tuple[tuple[str, str], ...]
    reason: str
    proposed_by: str
    proposed_at: datetime
    dry_run: dict[str, Any] | None
    dry_run_at: datetime | None
    dry_run_book: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None


def propose_pack(tx: Connection, actor: Actor, pack_id: str, *, reason: str, clock: Clock | None = None) -> str:
    """Propose that a pack which comes with the program, as it is now, takes effect here; the change's id.

    Raises Refused, PackUnknown, NothingChanges, LawReasonMissing.
    """
    actor.require(Permission.LAW_CHANGE)
    known = shipped()
    if pack_id not in known:
        raise PackUnknown(id=pack_id, known=", ".join(known))
    pack = known[pack_id]
    if any(one.sha256 == pack.sha256 for one in book_now(tx).packs):
        raise NothingChanges(what=f"the pack {pack.id} {pack.version} is in effect")
    _keep_text(tx, pack, pack_text(pack_id), clock)
    return _propose(tx, actor, ChangeKind.PACK, reason, clock, pack=pack)


def propose_removal(tx: Connection, actor: Actor, pack_id: str, *, reason: str, clock: Clock | None = None) -> str:
    """Propose that a pack is taken out of effect. Raises Refused, PackUnknown, LawReasonMissing."""
    actor.require(Permission.LAW_CHANGE)
    here = [pack.id for pack in book_now(tx).packs]
    if pack_id not in here:
        raise PackUnknown(id=pack_id, known=", ".join(here) or "none is in effect")
    return _propose(tx, actor, ChangeKind.PACK, reason, clock, pack_id=pack_id)


def propose_policy(
    tx: Connection, actor: Actor, content: bytes, *, reason: str, name: str = "policy", clock: Clock | None = None
) -> str:
    """Propose the agency's policy, as the text of a pack of kind policy. Raises Refused, PackWrong with every fault,
    PolicyOverNothing, NothingChanges, LawReasonMissing."""
    actor.require(Permission.LAW_CHANGE)
    book = book_now(tx)
    policy = read_pack(content, name, categories=_categories(tx))
    if policy.kind is not PackKind.POLICY:
        raise NotAPolicy(id=policy.id)
    if policy.over and policy.over not in {pack.id for pack in book.packs}:
        raise PolicyOverNothing(over=policy.over)
    if book.policy is not None and book.policy.sha256 == policy.sha256:
        raise NothingChanges(what="the policy in effect has the same text")
    _keep_text(tx, policy, content, clock)
    return _propose(tx, actor, ChangeKind.POLICY, reason, clock, pack=policy)


def propose_adoption(
    tx: Connection, actor: Actor, rule_ids: Sequence[str], *, reason: str, clock: Clock | None = None
) -> str:
    """Propose that the agency goes by rules that were not checked against the official text: its counsel has.

    All versions of a rule that the packs in effect hold are adopted, in just their present words. Raises Refused,
    RuleUnknown, NotAdoptable, NothingChanges, LawReasonMissing.
    """
    actor.require(Permission.LAW_ADOPT)
    book = book_now(tx)
    chosen: set[tuple[str, str]] = set()
    for rule in _rules(book.packs, rule_ids):
        if rule.verification is Verification.OFFICIAL_TEXT:
            raise NotAdoptable(id=rule.id, reason="it was checked against the official text")
        chosen.add((rule.id, rule.sha256))
    if chosen <= book.adopted:
        raise NothingChanges(what="these rules are adopted")
    return _propose(tx, actor, ChangeKind.ADOPTION, reason, clock, rules=sorted(chosen - book.adopted))


def propose_withdrawal(
    tx: Connection, actor: Actor, rule_ids: Sequence[str], *, reason: str, clock: Clock | None = None
) -> str:
    """Propose that rules are no longer adopted. Raises Refused, RuleUnknown, LawReasonMissing."""
    actor.require(Permission.LAW_ADOPT)
    adopted = book_now(tx).adopted
    chosen = [one for one in sorted(adopted) if one[0] in set(rule_ids)]
    missing = [rule for rule in rule_ids if rule not in {one[0] for one in chosen}]
    if missing or not chosen:
        raise RuleUnknown(id=missing[0] if missing else "")
    return _propose(tx, actor, ChangeKind.WITHDRAWAL, reason, clock, rules=chosen)


def propose_meaning(
    tx: Connection, actor: Actor, category: str, meaning: LawClass, *, reason: str, clock: Clock | None = None
) -> str:
    """Propose that a category means something else to the law: what is in it may become destroyable by that. Raises
    Refused, NothingChanges, LawReasonMissing."""
    actor.require(Permission.CATEGORIES_MANAGE)
    if book_now(tx).classes.get(category) is meaning:
        raise NothingChanges(what=f"“{category}” means {meaning.value}")
    return _propose(tx, actor, ChangeKind.MEANING, reason, clock, rules=[(category, meaning.value)])


def note_dry_run(tx: Connection, change_id: str, result: dict[str, Any], *, clock: Clock | None = None) -> None:
    """Put down what a change would do, as it was tried out over the book in effect now. Raises ChangeUnknown,
    ChangeDecided."""
    row = _held(tx, change_id)
    values = {"dry_run": result, "dry_run_at": (clock or SystemClock()).now(), "dry_run_book": book_now(tx).id}
    tx.execute(law_change.update().where(law_change.c.id == row.id).values(**values))


def decide(
    tx: Connection, actor: Actor, change_id: str, *, approve: bool, reason: str, clock: Clock | None = None
) -> None:
    """Put a change in force, or refuse it. Raises Refused, ChangeUnknown, ChangeDecided, ChangeBySamePerson,
    ChangeNotTried, LawReasonMissing."""
    actor.require_any(Permission.LAW_CHANGE, Permission.LAW_ADOPT)
    clock, said = clock or SystemClock(), _reason(reason)
    if tx.dialect.name == "postgresql":  # one decision at a time: each is over the law that the one before left
        tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURN})
    row = _held(tx, change_id)
    if row.proposed_by == actor.account_id:
        raise ChangeBySamePerson()
    before = book_now(tx)
    if approve and (row.dry_run is None or row.dry_run_book != before.id):
        raise ChangeNotTried()
    values: dict[str, Any] = {
        "state": (ChangeState.IN_FORCE if approve else ChangeState.REFUSED).value,
        "decided_by": actor.account_id,
        "decided_at": clock.now(),
        "decision_reason": said,
    }
    if approve:
        newest = tx.scalar(sa.select(sa.func.max(law_change.c.number))) or 0
        values["number"] = newest + 1
    tx.execute(law_change.update().where(law_change.c.id == change_id).values(**values))
    details = {**_told(row), "reason": said, "proposed_by": row.proposed_by}
    for category, meaning in row.rules if approve and row.kind == ChangeKind.MEANING.value else ():
        for keep in MEANT:
            keep(tx, category, LawClass(meaning), row.proposed_by, actor.account_id, row.reason, clock)
    if approve:
        details |= {"book_before": before.id, "book": book_now(tx).id}
    event = Event.LAW_IN_FORCE if approve else Event.LAW_CHANGE_REFUSED
    custody.append(tx, event, actor=actor.account_id, details=details, clock=clock)


def withdraw(tx: Connection, actor: Actor, change_id: str, *, reason: str, clock: Clock | None = None) -> None:
    """Take back a proposal of one's own. Raises Refused, ChangeUnknown, ChangeDecided, LawReasonMissing."""
    clock, said = clock or SystemClock(), _reason(reason)
    row = _held(tx, change_id)
    if row.proposed_by != actor.account_id:
        actor.require(Permission.LAW_CHANGE)
    state = {"state": ChangeState.WITHDRAWN.value, "decided_by": actor.account_id, "decided_at": clock.now()}
    tx.execute(law_change.update().where(law_change.c.id == change_id).values(**state, decision_reason=said))
    details = {**_told(row), "reason": said}
    custody.append(tx, Event.LAW_CHANGE_WITHDRAWN, actor=actor.account_id, details=details, clock=clock)


def change(tx: Connection, change_id: str) -> LawChange:
    """One change. Raises ChangeUnknown."""
    row = tx.execute(sa.select(law_change).where(law_change.c.id == change_id)).first()
    if row is None:
        raise ChangeUnknown(id=change_id)
    return _change(row)


def open_changes(tx: Connection) -> list[LawChange]:
    """Those that wait for a decision, oldest first."""
    query = sa.select(law_change).where(law_change.c.state == ChangeState.PROPOSED.value)
    return [_change(row) for row in tx.execute(query.order_by(law_change.c.proposed_at, law_change.c.id))]


def all_changes(tx: Connection, *, limit: int = 200) -> list[LawChange]:
    """The newest changes, newest first."""
    query = sa.select(law_change).order_by(law_change.c.proposed_at.desc(), law_change.c.id.desc()).limit(limit)
    return [_change(row) for row in tx.execute(query)]


def last_in_force(tx: Connection) -> datetime | None:
    """When the law that is applied here was changed last; None before the first change."""
    query = sa.select(sa.func.max(law_change.c.decided_at)).where(law_change.c.state == ChangeState.IN_FORCE.value)
    found: datetime | None = tx.scalar(query)
    return found


def text_of(tx: Connection, sha256: str) -> bytes:
    """The text of a pack or a policy, as it was proposed. Raises PackUnknown."""
    found = tx.scalar(sa.select(law_text.c.content).where(law_text.c.sha256 == sha256))
    if found is None:
        raise PackUnknown(id=sha256, known="those of the list of changes")
    return bytes(found)


# -- inside

#: Any number: names the turn of deciding among PostgreSQL's locks.
_TURN = 0x6C617763


def _propose(
    tx: Connection,
    actor: Actor,
    kind: ChangeKind,
    reason: str,
    clock: Clock | None,
    *,
    pack: Pack | None = None,
    pack_id: str | None = None,
    rules: Sequence[tuple[str, str]] = (),
) -> str:
    clock = clock or SystemClock()
    row: dict[str, Any] = {
        "id": new_id(),
        "kind": kind.value,
        "state": ChangeState.PROPOSED.value,
        "pack_id": pack_id if pack is None else pack.id,
        "text_sha256": None if pack is None else pack.sha256,
        "rules": [list(one) for one in rules],
        "reason": _reason(reason),
        "proposed_by": actor.account_id,
        "proposed_at": clock.now(),
    }
    tx.execute(law_change.insert().values(**row))
    stored = tx.execute(sa.select(law_change).where(law_change.c.id == row["id"])).one()
    details = {**_told(stored), "reason": row["reason"]}
    custody.append(tx, Event.LAW_CHANGE_PROPOSED, actor=actor.account_id, details=details, clock=clock)
    return str(row["id"])


def _told(row: sa.Row[Any]) -> dict[str, Any]:
    """A change as its events tell it."""
    told: dict[str, Any] = {"change": row.id, "kind": row.kind, "pack": row.pack_id, "sha256": row.text_sha256}
    return told | {"rules": [list(one) for one in row.rules]}


def _keep_text(tx: Connection, pack: Pack, content: bytes, clock: Clock | None) -> None:
    known = tx.execute(sa.select(law_text.c.sha256).where(law_text.c.sha256 == pack.sha256)).first()
    if known is None:
        row = {"pack_id": pack.id, "kind": pack.kind.value, "version": pack.version, "content": content}
        now = (clock or SystemClock()).now()
        tx.execute(law_text.insert().values(sha256=pack.sha256, entered_at=now, **row))


def _held(tx: Connection, change_id: str) -> sa.Row[Any]:
    """The change, held until the transaction ends, if it still waits."""
    row = tx.execute(sa.select(law_change).where(law_change.c.id == change_id).with_for_update()).first()
    if row is None:
        raise ChangeUnknown(id=change_id)
    if row.state != ChangeState.PROPOSED.value:
        raise ChangeDecided(state=row.state.replace("-", " "))
    return row


def _rules(packs: Sequence[Pack], rule_ids: Sequence[str]) -> list[Rule]:
    found: list[Rule] = []
    for rule_id in rule_ids:
        here = [rule for pack in packs for rule in pack.rules if rule.id == rule_id]
        if not here:
            raise RuleUnknown(id=rule_id)
        found += here
    if not found:
        raise RuleUnknown(id="")
    return found


def _categories(tx: Connection) -> frozenset[str] | None:
    known: set[str] = set()
    for classes in CLASSES:
        known |= set(classes(tx))
    return frozenset(known) if CLASSES else None


def _reason(text: str) -> str:
    said = " ".join(text.split())
    if not 1 <= len(said) <= LONGEST_REASON or not said.isprintable():
        raise LawReasonMissing(longest=LONGEST_REASON)
    return said


def _change(row: sa.Row[Any]) -> LawChange:
    return LawChange(
        row.id,
        ChangeKind(row.kind),
        ChangeState(row.state),
        row.pack_id,
        row.text_sha256,
        tuple((rule, sha256) for rule, sha256 in row.rules),
        row.reason,
        row.proposed_by,
        row.proposed_at,
        row.dry_run,
        row.dry_run_at,
        row.dry_run_book,
        row.decided_by,
        row.decided_at,
        row.decision_reason,
    )
