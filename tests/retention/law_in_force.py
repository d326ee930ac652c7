"""A small law of its own, put in force in a test's database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from candor.core.ids import new_id
from candor.law.reading import read_pack
from candor.law.tables import law_change, law_text

LAW = """
id: xx-test
kind: law
name: Testland
jurisdiction: US-CT
version: "1"
compiled-on: 2020-01-01
time-zone: America/New_York
rules:
  - id: t-90-days
    kind: retention
    text: Every recording is kept at least 90 days.
    citation: Test Code § 1
    in-force-from: 2015-01-01
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    minimum: {minimum}
    start: recorded
  - id: t-force
    kind: retention
    text: Recordings of force are kept at least 4 years.
    citation: Test Code § 2
    in-force-from: 2015-01-01
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    minimum: 4 years
    start: recorded
    when:
      classes: [force]
uncovered:
  - subject: everything else
    why: it is a test
"""


def put_in_force(tx: Connection, at: datetime, *, minimum: str = "90 days", number: int = 1) -> str:
    """The law as text, in force since a moment; the change's id."""
    content = LAW.format(minimum=minimum).encode()
    pack = read_pack(content, "xx-test")
    text = {"pack_id": pack.id, "kind": pack.kind.value, "version": pack.version, "content": content}
    tx.execute(law_text.insert().values(sha256=pack.sha256, entered_at=at, **text))
    change_id = new_id()
    row = {"id": change_id, "kind": "pack", "state": "in-force", "pack_id": pack.id, "text_sha256": pack.sha256}
    people = {"proposed_by": "system:test", "proposed_at": at, "decided_by": "system:other", "decided_at": at}
    tx.execute(law_change.insert().values(**row, **people, rules=[], reason="test", number=number))
    return change_id
