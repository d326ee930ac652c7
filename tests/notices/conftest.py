"""An agency with people who have addresses, and a mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.notices.post_office import PostOffice
from tests.people.place import Place, make_place

from candor.core import outbox
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.outbox import NoticeKind
from candor.core.settings import Settings
from candor.notices import Entry, Notifier, entries
from candor.people import contact, passwords
from candor.people.rules import Actor, Role


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts cost nothing."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


class QuietPlace(Place):
    """An agency whose new accounts are told to nobody: the notices here are those that a test writes."""

    def add(self, name: str, *roles: Role, **given: Any) -> Actor:
        added = super().add(name, *roles, **given)
        with self.database.write() as tx:
            made = outbox.outbox_notice.c.kind == NoticeKind.ACCOUNT_CREATED.value
            tx.execute(outbox.outbox_notice.delete().where(made, outbox.outbox_notice.c.pending.is_not(None)))
        return added


@pytest.fixture
def place(database: Database, fixed_clock: FixedClock) -> Place:
    """An agency with the administrator `chief`."""
    return QuietPlace(**vars(make_place(database, fixed_clock)))


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """A mail server that takes everything."""
    opened = PostOffice().open()
    yield opened
    opened.close()


@pytest.fixture
def settings(tmp_path: Path, post_office: PostOffice) -> Settings:
    """Settings that name the mail server."""
    return Settings.load(
        home=tmp_path / "home",
        smtp_url=f"smtp://127.0.0.1:{post_office.port}",
        mail_from="candor@troop.example",
        public_url="https://footage.troop.example/",
    )


@dataclass
class Desk:
    """What the tests do again and again."""

    database: Database
    clock: FixedClock
    place: Place
    notifier: Notifier
    post_office: PostOffice

    def tell(self, kind: NoticeKind = NoticeKind.KEY_MISSING, **given: Any) -> str | None:
        with self.database.write() as tx:
            return outbox.tell(tx, kind, clock=self.clock, **given)

    def resolve(self, once: str) -> bool:
        with self.database.write() as tx:
            return outbox.resolve(tx, once, clock=self.clock)

    def address(self, actor: Actor, address: str | None) -> None:
        with self.database.write() as tx:
            contact.set_email(tx, actor, actor.account_id, address, clock=self.clock)

    def inbox(self, actor: Actor, **given: Any) -> list[Entry]:
        with self.database.read() as tx:
            return entries(tx, actor.account_id, **given)


@pytest.fixture
def desk(
    database: Database, fixed_clock: FixedClock, place: Place, settings: Settings, post_office: PostOffice
) -> Desk:
    """The chief has an address; rounds of the notifier are run by hand."""
    made = Desk(database, fixed_clock, place, Notifier(database, settings, fixed_clock), post_office)
    made.address(place.administrator, "chief@troop.example")
    return made


@pytest.fixture
def rows(database: Database) -> Callable[[Any], list[Any]]:
    """Every row of a table."""

    def read(table: Any) -> list[Any]:
        with database.read() as tx:
            return list(tx.execute(table.select()).all())

    return read
