"""A finding raises a question that another person answers, and that stands in the next discovery."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from tests.disclosure.conftest import Site
from tests.disclosure.discovery.case_in_court import Court

from candor.core.outbox import NoticeKind, outbox_notice
from candor.custody import Event, recent
from candor.disclosure.discovery import findings
from candor.disclosure.discovery.errors import (
    DiscoveryUnknown,
    DiscoveryWordsMissing,
    FindingAnswered,
    FindingUnknown,
    FindingWrong,
    OwnFinding,
)
from candor.disclosure.discovery.findings import Answer
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import place
from candor.people.errors import Refused
from candor.people.rules import Actor, Role, system_actor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def counsel(name: str = "11111111-1111-4111-8111-111111111111") -> Actor:
    return Actor(name, frozenset({Role.COUNSEL}), None, "Counsel")


def noted(court: Court, actor: Actor | None = None, **more: object) -> str:
    given = {"statement": "Report 26-77, Officer Okafor", "words": "He says he announced himself. He does not."}
    with court.site.database.write() as tx:
        who = actor or court.site.records
        return findings.note(tx, who, court.case_id, court.given[0], **{**given, **more})  # type: ignore[arg-type]


def test_a_question_is_asked_answered_and_disclosed(site: Site) -> None:
    court = Court.open(site, recordings=1, restricted=False)
    identifier = noted(court, from_ms=1000, to_ms=4000)
    with site.database.read() as tx:
        (one,) = findings.findings_of(tx, site.records, court.case_id)
        asked = tx.execute(sa.select(outbox_notice).where(outbox_notice.c.kind == NoticeKind.FINDING_ASKED)).one()
        event = next(recent(tx, kinds=[Event.FINDING_NOTED]))
        assert findings.open_findings(tx, site.records) == [one]
    assert one.open
    assert asked.resolved_at is None
    assert "announced" not in event.payload
    assert "Okafor" not in event.payload
    with site.database.write() as tx:
        with pytest.raises(Refused):
            findings.answer(tx, site.records, identifier, Answer.DISCLOSED, reason="Brady")
        with pytest.raises(DiscoveryUnknown):
            findings.answer(tx, counsel(), identifier, Answer.DISCLOSED, reason="Brady", discovery_number="D-1999-0001")
        findings.answer(tx, counsel(), identifier, Answer.DISCLOSED, reason="Brady v. Maryland")
        with pytest.raises(FindingAnswered):
            findings.answer(tx, counsel(), identifier, Answer.NOT_DISCLOSED, reason="on second thought")
        assert tx.scalar(sa.select(outbox_notice.c.resolved_at).where(outbox_notice.c.id == asked.id)) is not None
    made = court.made()
    said = json.loads((court.write(made) / "data/discovery.json").read_text())
    assert [(each["finding"], each["words"]) for each in said["findings"]] == [
        (identifier, "He says he announced himself. He does not.")
    ]
    with site.database.read() as tx:
        (one,) = findings.findings_of(tx, site.records, court.case_id)
    assert (one.answer, one.discovery) == (Answer.DISCLOSED, made.number)
    assert json.loads((court.write(court.made(), "again") / "data/discovery.json").read_text())["findings"] == []


def test_not_disclosed_stands_in_no_discovery(site: Site) -> None:
    court = Court.open(site, recordings=1, restricted=False)
    identifier = noted(court)
    with site.database.write() as tx:
        findings.answer(tx, counsel(), identifier, Answer.NOT_DISCLOSED, reason="The clock of the report was wrong.")
    assert json.loads((court.write(court.made()) / "data/discovery.json").read_text())["findings"] == []


def test_what_may_not_be_seen_is_not_told_by_its_finding(site: Site) -> None:
    court = Court.open(site, recordings=1, restricted=False)
    identifier = noted(court, from_ms=1000, to_ms=4000)
    with site.database.write() as tx:
        findings.answer(tx, counsel(), identifier, Answer.NOT_DISCLOSED, reason="He was compelled to say it.")
        place(tx, court.given[0], RestrictionKind.COMPELLED, reason="a wall", actor="system:test")
        (one,) = findings.findings_of(tx, site.records, court.case_id)
    assert (one.statement, one.words, one.answer_reason, one.from_ms, one.to_ms) == ("", "", "", None, None)
    assert one.answer is Answer.NOT_DISCLOSED


def test_who_noted_it_does_not_answer_it(site: Site) -> None:
    court = Court.open(site, recordings=1, restricted=False)
    identifier = noted(court, counsel())
    with site.database.write() as tx:
        with pytest.raises(OwnFinding):
            findings.answer(tx, counsel(), identifier, Answer.DISCLOSED, reason="Brady")
        with pytest.raises(FindingUnknown):
            findings.answer(tx, system_actor("test"), "nothing", Answer.DISCLOSED, reason="Brady")


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"words": " "}, DiscoveryWordsMissing),
        ({"statement": "x" * 501}, DiscoveryWordsMissing),
        ({"words": "left‮right"}, DiscoveryWordsMissing),
        ({"from_ms": 5}, FindingWrong),
        ({"from_ms": 5, "to_ms": 5}, FindingWrong),
        ({"from_ms": -1, "to_ms": 5}, FindingWrong),
    ],
)
def test_what_cannot_be_noted(site: Site, more: dict[str, object], error: type[Exception]) -> None:
    court = Court.open(site, recordings=1, restricted=False)
    with pytest.raises(error):
        noted(court, **more)


def test_only_a_recording_of_the_case_that_may_be_seen(site: Site) -> None:
    court = Court.open(site, recordings=1)
    for other in (site.take(b"elsewhere"), court.walled):
        with site.database.write() as tx, pytest.raises(FindingWrong):
            findings.note(tx, site.records, court.case_id, other, statement="a", words="b")
    with pytest.raises(Refused):
        noted(court, site.officer)
