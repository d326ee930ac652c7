"""What the agency says of who may see footage: which labels restrict, who is kept out, what a view is for.

Without a row the defaults hold. Each change is an event with old and new. A change of labels restricts, or opens, what
carries them in the same transaction (`label_restrictions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.footage.restriction_errors import AccessPolicyWrong
from candor.footage.restriction_tables import access_policy as policy_table
from candor.law.vocabulary import Label
from candor.people.rules import Actor, Permission

__all__ = ["CHANGED", "LABELS_CHANGED", "AccessPolicy", "AskPurpose", "change_policy", "read_policy"]

LONGEST_PURPOSE = 60
MOST_PURPOSES = 20
#: What follows in the same transaction when other labels restrict than before: (tx, actor's id, new, gone, clock).
LABELS_CHANGED: list[Callable[[Connection, str, frozenset[Label], frozenset[Label], Clock | None], None]] = []
#: What rooms above do in the same transaction after any change of the rules: (tx, who acts, clock).
CHANGED: list[Callable[[Connection, Actor, Clock | None], None]] = []
#: Changes queue, so that the old values in the event are those that were replaced (SQLite's writers queue anyway).
_TURN = 0x63616E_616363


class AskPurpose(StrEnum):
    """Of whom a view asks what it is for."""

    EVERYBODY = "everybody"
    OTHERS = "others"  # not of whoever wore the camera
    NOBODY = "nobody"


#: Confidential or dangerous to a person in most laws; an agency adds to it or takes from it.
_LABELS = (
    Label.DOMESTIC_ABUSE,
    Label.INFORMANT,
    Label.INTIMATE,
    Label.MINOR,
    Label.SEXUAL_ABUSE,
    Label.UNDERCOVER,
)
#: In the source language, as they go on record.
_PURPOSES = (
    "Duty review",
    "Report writing",
    "Supervision",
    "Investigation",
    "Records request",
    "Court",
    "Training",
)


@dataclass(frozen=True)
class AccessPolicy:
    """The policy in force. `purposes`: what is offered; `other_purposes`: whether words of one's own are taken too."""

    restricting_labels: frozenset[Label] = frozenset(_LABELS)
    subjects_kept_out: bool = True
    purpose: AskPurpose = AskPurpose.EVERYBODY
    purposes: tuple[str, ...] = _PURPOSES
    other_purposes: bool = True

    def asks(self, *, own: bool) -> bool:
        """Whether a view of footage, worn by whoever opens it or not, asks what it is for."""
        return self.purpose is AskPurpose.EVERYBODY or (self.purpose is AskPurpose.OTHERS and not own)

    def plain(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        labels = sorted(label.value for label in self.restricting_labels)
        return asdict(self) | {
            "restricting_labels": labels,
            "purpose": self.purpose.value,
            "purposes": [*self.purposes],
        }


_COLUMNS = [policy_table.c[field] for field in AccessPolicy.__dataclass_fields__]


def read_policy(tx: Connection) -> AccessPolicy:
    """The policy in force."""
    row = tx.execute(sa.select(*_COLUMNS)).first()
    return AccessPolicy() if row is None else _policy(dict(row._mapping))


def change_policy(
    tx: Connection, actor: Actor, changes: Mapping[str, Any], *, clock: Clock | None = None
) -> AccessPolicy:
    """Change some fields; the policy after it. Nothing is written when all was so. Raises Refused,
    AccessPolicyWrong."""
    actor.require(Permission.RESTRICTIONS_MANAGE)
    if tx.dialect.name == "postgresql":
        tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURN})
    before = read_policy(tx)
    after = _policy(before.plain() | {field: _checked(field, value) for field, value in changes.items()})
    if not after.purposes and not after.other_purposes:
        raise AccessPolicyWrong(field="purposes", reason="offer at least one, or take words of one's own")
    old, new = before.plain(), after.plain()
    changed = {field: {"old": old[field], "new": new[field]} for field in new if new[field] != old[field]}
    if not changed:
        return before
    if tx.execute(policy_table.update().values(**new)).rowcount == 0:
        tx.execute(policy_table.insert().values(only=1, **new))
    custody.append(tx, Event.ACCESS_POLICY_CHANGED, actor=actor.account_id, details={"changed": changed}, clock=clock)
    more = after.restricting_labels - before.restricting_labels
    fewer = before.restricting_labels - after.restricting_labels
    for follow in LABELS_CHANGED if more or fewer else ():
        follow(tx, actor.account_id, more, fewer, clock)
    for act in CHANGED:
        act(tx, actor, clock)
    return after


def _policy(values: Mapping[str, Any]) -> AccessPolicy:
    known = {label.value for label in Label}
    return AccessPolicy(
        frozenset(Label(name) for name in values["restricting_labels"] if name in known),
        bool(values["subjects_kept_out"]),
        AskPurpose(values["purpose"]),
        tuple(values["purposes"]),
        bool(values["other_purposes"]),
    )


def _checked(field: str, value: Any) -> Any:
    if field in ("subjects_kept_out", "other_purposes"):
        return bool(value)
    if field == "purpose":
        if value not in set(AskPurpose):
            raise AccessPolicyWrong(field=field, reason=f"it must be one of {', '.join(AskPurpose)}")
        return AskPurpose(value).value
    if field == "restricting_labels":
        unknown = sorted(str(label) for label in value if label not in set(Label))
        if unknown:
            raise AccessPolicyWrong(field=field, reason=f"there is no label “{unknown[0]}”")
        return sorted({Label(label).value for label in value})
    if field == "purposes":
        return _purposes(value)
    raise AccessPolicyWrong(field=field, reason="there is no such rule")


def _purposes(given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(filter(None, (" ".join(str(one).split()) for one in given))))
    wrong = [one for one in found if len(one) > LONGEST_PURPOSE or not one.isprintable() or ":" in one]
    if wrong or len(found) > MOST_PURPOSES:
        reason = f"at most {MOST_PURPOSES} purposes of 1 to {LONGEST_PURPOSE} visible characters, without a colon"
        raise AccessPolicyWrong(field="purposes", reason=reason)
    return found
