"""A small law that has footage released on request, withholds some, and lets officers review first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from candor.core.ids import new_id
from candor.law.reading import read_pack
from candor.law.tables import law_change, law_text

PACK = "xx-release"
CLOCK, REVIEW, MINOR, HOME = (f"{PACK}/{name}" for name in ("t-request", "t-review", "t-minor", "t-home"))
#: What a recording without a category always has to be looked at for.
LOOKED = "law/uncategorised"

_LAW = """
id: xx-release
kind: law
name: Testland
jurisdiction: US-CT
version: "1"
compiled-on: 2020-01-01
time-zone: America/New_York
rules:
  - id: t-request
    kind: clock
    text: A recording is released within 96 hours after it is asked for.
    citation: Test Code § 10
    in-force-from: 2015-01-01
    measured: decided
    verification: {verification}
    verified-on: 2020-01-01
    source: the test itself
    starts:
      request-received: 96 hours
  - id: t-after-review
    kind: clock
    text: A recording is released within 48 hours after the officer reviewed it.
    citation: Test Code § 11
    in-force-from: 2015-01-01
    measured: decided
    verification: {verification}
    verified-on: 2020-01-01
    source: the test itself
    starts:
      review-completed: 48 hours
  - id: t-review
    kind: review
    text: An officer may review a recording before a statement.
    citation: Test Code § 12
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    allowed: yes
  - id: t-minor
    kind: confidential
    text: What shows a minor is confidential.
    citation: Test Code § 13
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    when:
      labels-any: [minor]
    test: absolute
    exceptions:
      - the minor and a parent or guardian consent
      - a person is charged with a crime
  - id: t-home
    kind: confidential
    text: The inside of a home is shown only where privacy allows it.
    citation: Test Code § 14
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    when:
      labels-any: [home]
    test: balance
  - id: t-appeal
    kind: appeal
    text: A refusal can be appealed within 30 days.
    citation: Test Code § 15
    in-force-from: 2015-01-01
    measured: decided
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    to: the Commission of Testland
    within: 30 days
    after: the denial
{more}uncovered:
  - subject: everything else
    why: it is a test
"""


def put_in_force(tx: Connection, at: datetime, *, verification: str = "official text", more: str = "") -> str:
    """The law as text, in force since a moment; the change's id. `more`: further rules, as they stand in a pack."""
    content = _LAW.format(verification=verification, more=more).encode()
    pack = read_pack(content, PACK)
    text = {"pack_id": pack.id, "kind": pack.kind.value, "version": pack.version, "content": content}
    tx.execute(law_text.insert().values(sha256=pack.sha256, entered_at=at, **text))
    change_id = new_id()
    row = {"id": change_id, "kind": "pack", "state": "in-force", "pack_id": pack.id, "text_sha256": pack.sha256}
    people = {"proposed_by": "system:test", "proposed_at": at, "decided_by": "system:other", "decided_at": at}
    tx.execute(law_change.insert().values(**row, **people, rules=[], reason="test", number=1))
    return change_id
