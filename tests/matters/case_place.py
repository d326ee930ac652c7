"""An agency with people who keep cases, and recordings without footage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.footage.entries import add_entry
from tests.people.place import Place, make_place

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.law.vocabulary import CaseKind
from candor.matters import service
from candor.matters.reading import Case
from candor.people.rules import Actor, Role


@dataclass
class CasePlace:
    """`keeper` keeps cases and sees everything; `supervisor` sees cases; `officer` wears a camera."""

    database: Database
    clock: FixedClock
    place: Place
    keeper: Actor
    supervisor: Actor
    officer: Actor

    def open(
        self, number: str = "", kind: CaseKind = CaseKind.CRIMINAL, title: str = "Pike Street", **more: Any
    ) -> str:
        """A case of the keeper's."""
        with self.database.write() as tx:
            return service.open_case(tx, self.keeper, number, kind, title, clock=self.clock, **more)

    def record(self, *, hours: int = 0, **values: Any) -> str:
        """A recording; `hours` before now."""
        with self.database.write() as tx:
            return add_entry(tx, self.clock.now() - timedelta(hours=hours + 3), **values)

    def read(self, case_id: str, actor: Actor | None = None) -> Case:
        """The case as somebody sees it, the keeper unless said otherwise."""
        with self.database.read() as tx:
            return service.case(tx, actor or self.keeper, case_id)


def make_case_place(database: Database, clock: FixedClock) -> CasePlace:
    """The place of these tests."""
    place = make_place(database, clock)
    keeper = place.add("tanaka", Role.EVIDENCE_TECHNICIAN, password=None)
    supervisor = place.add("suarez", Role.SUPERVISOR, password=None, unit_id=place.unit_id)
    officer = place.add("okafor", Role.OFFICER, password=None, unit_id=place.unit_id)
    return CasePlace(database, clock, place, keeper, supervisor, officer)
