"""A case with recordings of every standing, and discovery made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.disclosure.conftest import Site

from candor import disclosure
from candor.custody import Event, append
from candor.disclosure.discovery import access, making, reading, sessions
from candor.disclosure.discovery.access import Given
from candor.disclosure.discovery.making import Made
from candor.disclosure.discovery.rules import PartySide
from candor.disclosure.discovery.sessions import Visit
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import name_person, place
from candor.footage.viewing import begin_viewing
from candor.law.vocabulary import CaseKind
from candor.matters import service as matters
from candor.people.rules import Actor


@dataclass
class Court:
    """A criminal case: `given` would be given, `labelled` is confidential, `walled` is a compelled statement."""

    site: Site
    case_id: str = ""
    number: str = ""
    given: list[str] = field(default_factory=list)
    labelled: str = ""
    walled: str = ""

    @classmethod
    def open(cls, site: Site, *, recordings: int = 2, restricted: bool = True) -> Court:
        made = cls(site)
        with site.database.write() as tx:
            made.case_id = matters.open_case(tx, site.technician, "", CaseKind.CRIMINAL, "State v. Doe")
            made.number = matters.case(tx, site.technician, made.case_id).number
        made.given = [site.take(bytes([65 + at]) * 5000, f"stop-{at}.mp4") for at in range(recordings)]
        ids = list(made.given)
        if restricted:
            made.labelled = site.take(b"confidential", "label.mp4")
            made.walled = site.take(b"compelled", "statement.mp4")
            ids += [made.labelled, made.walled]
        with site.database.write() as tx:
            matters.add_recordings(tx, site.technician, made.case_id, ids, reason="it shows the stop")
            if restricted:
                by = {"reason": "the pack", "actor": site.technician.account_id}
                place(tx, made.labelled, RestrictionKind.LABEL, ref="nudity", rule="Conn. Gen. Stat. § 29-6d(g)", **by)
                place(tx, made.walled, RestrictionKind.COMPELLED, ref="another-case", **by)
        return made

    def inside(self) -> None:
        """What the history of the first recording has besides: some of it is kept back."""
        site, first = self.site, self.given[0]
        with site.database.write() as tx:
            begin_viewing(tx, site.technician, first, "to describe it")
            kept_out = place(tx, first, RestrictionKind.OFFICER, reason="an inquiry", actor=site.technician.account_id)
            name_person(
                tx, kept_out, site.officer.account_id, may=False, reason="theirs", actor=site.technician.account_id
            )
            details = {"hold": "x", "kind": "litigation", "reason": "a suit is expected"}
            append(tx, Event.HOLD_PLACED, actor=site.technician.account_id, recording=first, details=details)

    def make(self, actor: Actor | None = None, **more: Any) -> Made:
        site = self.site
        with site.database.write() as tx:
            return making.make(tx, site.jobs, actor or site.technician, self.case_id, **more)

    def made(self, **more: Any) -> Made:
        """Made, and its package too."""
        found = self.make(**more)
        assert self.site.build(found.package_id)
        return found

    def write(self, found: Made, where: str = "out") -> Path:
        with self.site.database.read() as tx:
            package = reading.package_of(tx, reading.by_id(tx, found.id))
        return disclosure.write_folder(self.site.database, self.site.vault, package, self.site.folder / where)

    def access(self, found: Made, side: PartySide = PartySide.DEFENCE, **more: Any) -> Given:
        site, words = self.site, {"holder": "Public Defender", "days": 30, **more}
        with site.database.write() as tx:
            return access.give_access(tx, site.jobs, site.technician, found.id, side, **words)

    def enter(self, given: Given, address: str = "192.0.2.7") -> Visit:
        with self.site.database.write() as tx:
            return sessions.begin(tx, given.code, address=address)
