"""How people sign in here: one policy for the agency, changed by whoever may, each change an event with old and new.

Without a row the defaults hold. The bounds come from the CJIS Security Policy: a screen is locked after at most 30
idle minutes (AC-11; vehicles and dispatch are exempt, so up to 60 can be set), who is there is shown again at least
every 12 hours (IA-11), a notice stands before the sign-in until it is acknowledged (AC-8), and a name is locked
after 5 failures within 15 minutes (AC-7).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.custody import record as custody
from candor.custody.events import Event
from candor.people.errors import PolicyWrong
from candor.people.rules import Actor, Permission, Role
from candor.people.tables import sign_in_policy as policy_table

#: From and to, in the field's own unit.
BOUNDS = {"idle_lock_minutes": (1, 60), "absolute_hours": (1, 24), "fresh_minutes": (1, 60)}
LONGEST_NOTICE = 4000

#: What AC-8 asks for, to be fitted to the agency.
NOTICE = (
    "You are entering a restricted system of a law enforcement agency.\n\n"
    "Use is monitored, recorded and audited. Unauthorised use is prohibited and may lead to criminal and civil "
    "penalties. By going on you consent to monitoring and recording."
)


@dataclass(frozen=True)
class Policy:
    """The policy in force.

    `second_factor_roles`: who must have a second factor. `notice`: plain text, paragraphs apart by an empty line.
    `idle_lock_minutes`: the screen is concealed after so many minutes without activity. `absolute_hours`: a session
    ends after so many hours in any case. `fresh_minutes`: how long a proof of who is there is enough for dangerous
    acts. `lock_until_released`: after 5 failures in 15 minutes a name waits for an administrator.
    """

    second_factor_roles: frozenset[Role] = frozenset()
    notice_shown: bool = False
    notice: str = NOTICE
    idle_lock_minutes: int = 30
    absolute_hours: int = 12
    fresh_minutes: int = 10
    lock_until_released: bool = False

    @property
    def lock_after(self) -> timedelta:
        """Idle time after which the screen is concealed."""
        return timedelta(minutes=self.idle_lock_minutes)

    @property
    def fresh_for(self) -> timedelta:
        """How long a proof of who is there is enough for dangerous acts."""
        return timedelta(minutes=self.fresh_minutes)

    @property
    def notice_mark(self) -> str:
        """12 hex digits that tell this notice from any other wording."""
        return hashlib.sha256(self.notice.encode()).hexdigest()[:12]

    def requires_second_factor(self, roles: frozenset[Role]) -> bool:
        """Whether somebody with these roles must have one."""
        return not self.second_factor_roles.isdisjoint(roles)

    def plain(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        return asdict(self) | {"second_factor_roles": sorted(role.value for role in self.second_factor_roles)}


_COLUMNS = [policy_table.c[field] for field in Policy.__dataclass_fields__]
_READ = sa.select(*_COLUMNS)


def read(tx: Connection) -> Policy:
    """The policy in force."""
    row = tx.execute(_READ).first()
    if row is None:
        return Policy()
    return _policy(dict(row._mapping))


def _policy(values: dict[str, Any]) -> Policy:
    roles = frozenset(Role(name) for name in values["second_factor_roles"] if name in set(Role))
    return Policy(**values | {"second_factor_roles": roles})


def change(tx: Connection, actor: Actor, changes: Mapping[str, Any], *, clock: Clock | None = None) -> Policy:
    """Change some fields; returns the policy after it. Raises PolicyWrong. Nothing is written when all was so."""
    actor.require(Permission.POLICY_MANAGE)
    if tx.dialect.name == "postgresql":
        tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TURN})
    before = read(tx)
    after = _policy(before.plain() | {field: _checked(field, value) for field, value in changes.items()})
    old, new = before.plain(), after.plain()
    changed = {field: {"old": old[field], "new": new[field]} for field in new if new[field] != old[field]}
    if not changed:
        return before
    if tx.execute(policy_table.update().values(**new)).rowcount == 0:
        tx.execute(policy_table.insert().values(only=1, **new))
    custody.append(tx, Event.POLICY_CHANGED, actor=actor.account_id, details={"changed": changed}, clock=clock)
    return after


#: Changes queue, so that the old values in the event are those that were replaced (SQLite's writers queue anyway).
_TURN = 0x63616E_646F72


def _checked(field: str, value: Any) -> Any:
    if field in BOUNDS:
        least, most = BOUNDS[field]
        try:
            number = int(value)
        except (TypeError, ValueError):
            number = -1
        if not least <= number <= most:
            raise PolicyWrong(field=field, reason=f"a whole number from {least} to {most} is needed")
        return number
    if field in ("notice_shown", "lock_until_released"):
        return bool(value)
    if field == "notice":
        text = "\n".join(line.rstrip() for line in str(value).replace("\r\n", "\n").strip().split("\n"))
        if not text or len(text) > LONGEST_NOTICE:
            raise PolicyWrong(field=field, reason=f"1 to {LONGEST_NOTICE} characters are needed")
        return text
    if field == "second_factor_roles":
        unknown = [str(role) for role in value if role not in set(Role)]
        if unknown:
            raise PolicyWrong(field=field, reason=f"there is no role called “{unknown[0]}”")
        return sorted({Role(role).value for role in value})
    raise PolicyWrong(field=field, reason="the policy has no such field")
