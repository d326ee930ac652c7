"""A records office with a critical incident, under a law with viewings, consents and clocks that can be put off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from tests.disclosure.decisions.conftest import archive, cheap_passwords, make_archive, make_office_of
from tests.disclosure.decisions.office import Office

from candor.disclosure.critical.incidents import add_recordings, open_incident
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.requests import documents
from candor.disclosure.requests.rules import DocumentKind

__all__ = ["archive", "cheap_passwords", "make_archive", "make_office_of"]

#: As in Colorado (21 days, 45 at most), California (45 days, steps of 30 up to a year) and Minnesota.
LAW = """
  - id: t-prosecutor
    kind: clock
    text: A recording of deadly force is released within 21 days after it was made, 45 at most.
    citation: Test Code § 20
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    when: {classes: [deadly-force]}
    starts:
      recorded: 21 days
    extension-most: 45 days
    extension-reason: a prosecutor gives the reason in writing
  - id: t-steps
    kind: clock
    text: It may be withheld for 60 days, and again for 30, up to a year.
    citation: Test Code § 21
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    when: {classes: [deadly-force]}
    starts:
      recorded: 60 days
    extension: 30 days
    extension-most: 1 year
    extension-reason: release would interfere with the investigation
  - id: t-rigid
    kind: clock
    text: In any case it is released within 90 days.
    citation: Test Code § 22
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    when: {classes: [deadly-force]}
    starts:
      recorded: 90 days
  - id: t-kin
    kind: viewing
    text: The next of kin are offered a viewing before it is released.
    citation: Test Code § 23
    in-force-from: 2015-01-01
    measured: decided
    verification: unverified
    verified-on: 2020-01-01
    when: {classes: [deadly-force]}
    of: [next-of-kin]
    before-release: yes
  - id: t-consent
    kind: consent
    text: What shows a minor is released with the consent of a parent.
    citation: Test Code § 24
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    when: {labels-any: [minor]}
    of: [parent]
    lifts: [t-minor]
"""
PACK = "xx-release"


@dataclass
class Incident:
    """A shooting three hours before the recording came in, with that recording."""

    office: Office
    id: str

    @property
    def subject(self) -> Subject:
        """As what decisions are made in."""
        return Subject.of_critical(self.id)

    def document(self, kind: DocumentKind = DocumentKind.OTHER) -> str:
        """A document of the incident."""
        archive = self.office.archive
        taken = documents.take(archive.vault, "letter.txt", b"The investigation goes on.")
        with archive.database.write() as tx:
            given = (tx, archive.vault, self.office.records, taken, kind)
            return documents.add(*given, critical_id=self.id, clock=archive.clock)


@pytest.fixture
def incident(make_office_of: Callable[..., Office]) -> Incident:
    """On each kind of database."""
    office = make_office_of(more=LAW.lstrip("\n"))
    clock = office.archive.clock
    with office.archive.database.write() as tx:
        occurred = clock.now() - timedelta(hours=3)
        given = {"kind": "shooting", "occurred_at": occurred, "place": "Main Street", "summary": "Two shots were fired"}
        critical_id = open_incident(tx, office.records, **given, clock=clock)
        add_recordings(tx, office.records, critical_id, [office.recording], clock=clock)
    return Incident(office, critical_id)
