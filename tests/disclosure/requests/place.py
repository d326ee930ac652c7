"""An agency that answers requests: people, recordings without footage, and the law of a state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.footage.entries import add_entry
from tests.people.place import Place, make_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.disclosure import office  # noqa: F401 - what releases say to the queue,
from candor.disclosure.decisions import answers  # noqa: F401 - and decisions to the statistics
from candor.disclosure.requests import reading
from candor.disclosure.requests.intake import Intake, Received, receive
from candor.disclosure.requests.reading import RecordsRequest
from candor.law import changes
from candor.people.rules import Actor, Role


@dataclass
class RequestPlace:
    """`records` answers requests, `second` is another who does; `counsel` sees them; `officer` wears a camera."""

    database: Database
    clock: FixedClock
    place: Place
    records: Actor
    second: Actor
    counsel: Actor
    other_counsel: Actor
    officer: Actor

    def ask(self, words: str = "The stop on Pike Street.", **more: Any) -> Received:
        """A request."""
        with self.database.write() as tx:
            return receive(tx, self.records, Intake(words, **more), clock=self.clock)

    def law(self, pack: str = "us-ct", *adopt: str) -> None:
        """The law of a state takes effect, and counsel adopts some of its rules."""
        for propose in (
            lambda tx: changes.propose_pack(tx, self.counsel, pack, reason="We begin.", clock=self.clock),
            lambda tx: changes.propose_adoption(tx, self.counsel, adopt, reason="I have read it.", clock=self.clock),
        )[: 2 if adopt else 1]:
            with self.database.write() as tx:
                change_id = propose(tx)
                changes.note_dry_run(tx, change_id, {"purgeable": 0}, clock=self.clock)
                changes.decide(tx, self.other_counsel, change_id, approve=True, reason="Yes.", clock=self.clock)

    def record(self, *, hours: float = 0, **values: Any) -> str:
        """A recording; `hours` before now."""
        with self.database.write() as tx:
            return add_entry(tx, self.clock.now() - timedelta(hours=hours + 3), **values)

    def read(self, request_id: str) -> RecordsRequest:
        """The request."""
        with self.database.read() as tx:
            return reading.records_request(tx, self.records, request_id)


def make_request_place(database: Database, clock: FixedClock) -> RequestPlace:
    """The place of these tests."""
    place = make_place(database, clock)
    records = place.add("reyes", Role.RECORDS_OFFICER, password=None)
    second = place.add("singh", Role.RECORDS_OFFICER, password=None)
    counsel = place.add("lund", Role.COUNSEL, password=None)
    other = place.add("moreau", Role.COUNSEL, password=None)
    officer = place.add("okafor", Role.OFFICER, password=None, unit_id=place.unit_id)
    return RequestPlace(database, clock, place, records, second, counsel, other, officer)
