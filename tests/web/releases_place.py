"""What tests of the pages about decisions, releases and critical incidents share: a records office with a site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from tests.disclosure.decisions.law import put_in_force
from tests.disclosure.decisions.office import Office, make_office
from tests.disclosure.releases.place import Releasing
from tests.footage.conftest import Archive
from tests.people.place import PASSWORD, Place
from tests.web.visitor import Visitor

from candor.fleet.rules import DeviceKind
from candor.fleet.service import register_device
from candor.footage.intake import Intake
from candor.installation import Installation
from candor.people.rules import Actor, Role
from candor.people.service import create_unit


class _Everybody(Place):
    """A place in which everybody can sign in."""

    def add(self, name: str, *roles: Role, password: str | None = None, unit_id: str | None = None) -> Actor:
        return super().add(name, *roles, password=password or PASSWORD, unit_id=unit_id)


@dataclass
class Desk:
    """An office whose people sit at browsers: `records` decides and prepares, `second` approves, `counsel` may too."""

    office: Office
    releasing: Releasing
    records: Visitor
    second: Visitor
    counsel: Visitor

    @property
    def decide(self) -> str:
        """Where the recording is decided."""
        return f"/requests/{self.office.request}/decide"

    @property
    def page(self) -> str:
        """The page on which it is decided."""
        return f"{self.decide}?recording={self.office.recording}"


def make_desk(here: Installation, place: Place, app: Starlette, folder: Path, **law: str) -> Desk:
    """A desk under the small law of the tests of decisions. `law`: what is different in it."""
    everybody = _Everybody(place.database, place.clock, place.administrator, place.unit_id)
    with here.database.write() as tx:
        put_in_force(tx, here.clock.now(), **law)
        south = create_unit(tx, place.administrator, "South", clock=here.clock)
    technician = everybody.add("tanaka", Role.EVIDENCE_TECHNICIAN)
    with here.database.write() as tx:
        camera = register_device(tx, technician, "X60A12345", DeviceKind.BODY, make="Axon", clock=here.clock)
    archive = Archive(
        here.database,
        place.clock,
        here.vault,
        here.jobs,
        Intake(here.database, here.vault, here.jobs, here.clock),
        folder,
        everybody,
        everybody.add("okafor", Role.OFFICER, unit_id=place.unit_id),
        everybody.add("lindqvist", Role.OFFICER, unit_id=south),
        everybody.add("suarez", Role.SUPERVISOR, unit_id=place.unit_id),
        technician,
        place.administrator,
        place.unit_id,
        south,
        camera,
    )
    office = make_office(archive, here.log)
    with here.database.write() as tx:
        for one in here.jobs.list(tx):
            here.jobs.cancel(tx, one.id)  # the footage was looked at already; nobody does that here
    visitors = {name: signed_in(app, name) for name in ("reyes", "lopez", "abara")}
    return Desk(office, Releasing(office, here.settings, here.jobs), *visitors.values())


def signed_in(app: Starlette, name: str) -> Visitor:
    """Somebody at a browser of their own."""
    visitor = Visitor(app)
    assert visitor.sign_in(name).status_code == 303
    return visitor


def form_of(page: str, desk: Desk) -> dict[str, object]:
    """What the form on the page of a recording names of itself."""
    upon = page.split('name="upon" value="')[1].split('"')[0]
    return {"recording": desk.office.recording, "upon": upon}
