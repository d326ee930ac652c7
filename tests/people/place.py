"""An agency in a database, for tests of people and of the web."""

from __future__ import annotations

from dataclasses import dataclass

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.people import passwords
from candor.people.rules import Actor, Role
from candor.people.service import NewAccount, account, actor_of, create_account, create_agency, create_unit

PASSWORD = "four unrelated quiet words"


@dataclass
class Place:
    """An agency in a database."""

    database: Database
    clock: FixedClock
    administrator: Actor
    unit_id: str

    def add(self, name: str, *roles: Role, password: str | None = PASSWORD, unit_id: str | None = None) -> Actor:
        """One more account."""
        hashed = None if password is None else passwords.hash_password(password)
        new = NewAccount(name, name.title(), roles or (Role.OFFICER,), hashed, unit_id=unit_id)
        with self.database.write() as tx:
            account_id = create_account(tx, self.administrator, new, clock=self.clock)
            return actor_of(account(tx, account_id))


def make_place(database: Database, clock: FixedClock) -> Place:
    """The agency, its administrator `chief` and one unit."""
    new = NewAccount("Chief", "Dana Chief", [Role.ADMINISTRATOR], passwords.hash_password(PASSWORD))
    with database.write() as tx:
        account_id = create_agency(
            tx,
            name="State Troop Q",
            short_name="Troop Q",
            time_zone="America/New_York",
            administrator=new,
            clock=clock,
        )
        administrator = actor_of(account(tx, account_id))
        unit_id = create_unit(tx, administrator, "North", clock=clock)
    return Place(database, clock, administrator, unit_id)
