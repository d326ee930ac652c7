"""Discovery of a case is made whole: everything is given, or named as withheld; each side can prove it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.disclosure.conftest import Site, passed
from tests.disclosure.discovery.case_in_court import Court

from candor.custody import Event, epochs, history
from candor.disclosure.discovery import reading
from candor.disclosure.discovery.errors import CaseIsOther, NeverGiven, NothingToGive, NotInCase
from candor.disclosure.discovery.making import Keep
from candor.disclosure.discovery.standing import standings, upon
from candor.footage.restrictions import restrictions_of, take_away
from candor.footage.viewing import begin_viewing
from candor.matters import service as matters
from candor.people.errors import Refused


def said(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((path / "data/discovery.json").read_text())
    return found


def test_a_case_is_given_whole_and_proved_so(site: Site) -> None:
    court = Court.open(site)
    court.inside()
    with site.database.write() as tx:  # what an inquiry closed is opened again; its events stay
        for one in restrictions_of(tx, court.given[0]):
            take_away(tx, one.id, reason="over", actor=site.technician.account_id)
    made = court.made()
    assert made.number.endswith("-0001")
    path = court.write(made)
    report = site.verify(path, with_log=True)
    assert passed(report), report.result_line
    assert report.discovery is not None
    assert (report.discovery["recordings"], report.discovery["given"]) == (4, 2)
    # The rows of the label and of the wall say by which rule they are kept back.
    absent = {one["recording"]: one for one in report.discovery["withheld"]}
    assert set(absent) == {court.labelled, court.walled}
    assert absent[court.labelled]["citation"] == "Conn. Gen. Stat. § 29-6d(g)"
    assert "Garrity" in absent[court.walled]["citation"]
    with site.database.read() as tx:
        assert absent[court.walled]["events"] == len(history(tx, court.walled))
        events = history(tx, court.given[0])
        keys = epochs(tx, court.given[0])
    assert [one["withheld"] for one in report.recordings] == [4, 0]
    shown = json.loads((path / f"custody/{court.given[0]}/history.json").read_text())
    reasons = {one["n"]: one["reason"] for one in shown["withheld"]}
    assert {events[n].kind: reason for n, reason in reasons.items()} == {
        Event.RECORDING_RESTRICTED: "internal-inquiry",
        Event.RECORDING_KEPT_OUT: "internal-inquiry",
        Event.HOLD_PLACED: "counsel",
        Event.RECORDING_RESTRICTION_LIFTED: "internal-inquiry",
    }
    text = (path / f"custody/{court.given[0]}/history.json").read_text()
    assert "a suit is expected" not in text
    assert "an inquiry" not in text
    # The key in the package says nothing of what comes later.
    assert [one["tag_key"] for one in shown["epochs"]] == [keys[0].tag_key.hex()]
    assert len(keys) == 2
    assert "8. THIS PACKAGE IS DISCOVERY" in (path / "INSTRUCTIONS.txt").read_text("utf-8")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_wall_closes_is_in_no_package_and_no_decision_opens_it(site: Site) -> None:
    court = Court.open(site)
    with pytest.raises(NeverGiven):
        court.make(although={court.walled: "the judge said so"})
    path = court.write(court.made(although={court.labelled: "the court ordered it, 26-CR-1"}))
    files = b"".join(one.read_bytes() for one in path.rglob("*") if one.is_file())
    assert b"confidential" in files
    assert b"compelled" not in files.replace(b"A compelled statement", b"").replace(b"compelled statement of", b"")
    assert not list(path.glob(f"custody/{court.walled}*"))
    assert site.verify(path).verdict == "verified"
    with site.database.read() as tx:
        assert Event.RECORDING_DISCLOSED not in {event.kind for event in history(tx, court.walled)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_somebody_withholds_one_with_a_reason_and_a_rule(site: Site) -> None:
    court = Court.open(site, restricted=False)
    keep = {court.given[1]: Keep("An informer is seen", "Roviaro v. United States, 353 U.S. 53 (1957)")}
    made = court.made(withheld=keep)
    found = said(court.write(made))
    assert found["withheld"] == [
        {
            "recording": court.given[1],
            "events": 3,
            "reason": "An informer is seen",
            "citation": "Roviaro v. United States, 353 U.S. 53 (1957)",
            "decided_by": "Evidence technician",
        }
    ]
    with pytest.raises(NotInCase):
        court.make(withheld={site.take(b"elsewhere"): Keep("no", "no")})
    with pytest.raises(NothingToGive):
        court.make(withheld={one: Keep("no", "no") for one in court.given})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_may_not_see_a_recording_does_not_give_it(site: Site) -> None:
    court = Court.open(site, restricted=False)
    with site.database.write() as tx:
        from candor.footage.restriction_rules import RestrictionKind
        from candor.footage.restrictions import name_person, place

        by = {"reason": "theirs", "actor": "system:test"}
        shut = place(tx, court.given[0], RestrictionKind.OFFICER, **by)
        name_person(tx, shut, site.technician.account_id, may=False, **by)
    with site.database.read() as tx:
        stand = standings(tx, site.technician, court.case_id)
    assert [one.would_be_given for one in stand] == [False, True]
    assert stand[0].title == ""
    with pytest.raises(Refused):
        court.make(site.officer)
    with pytest.raises(Refused):  # who may hand out may not lift what restricts
        court.make(site.records, although={court.given[0]: "because"})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_seen_when_it_was_decided_still_holds(site: Site) -> None:
    court = Court.open(site, restricted=False)
    with site.database.read() as tx:
        seen = upon(standings(tx, site.technician, court.case_id))
    other = site.take(b"another", "late.mp4")
    with site.database.write() as tx:
        matters.add_recordings(tx, site.technician, court.case_id, [other], reason="it came late")
    with pytest.raises(CaseIsOther):
        court.make(seen=seen)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_second_discovery_begins_where_the_first_ended(site: Site) -> None:
    court = Court.open(site, restricted=False)
    first = court.made()
    with site.database.write() as tx:
        begin_viewing(tx, site.records, court.given[0], "between")
    second = court.made()
    for made in (first, second):
        report = site.verify(court.write(made, made.number), with_log=True)
        assert passed(report), report.result_line
    assert (first.number[-4:], second.number[-4:]) == ("0001", "0002")
    with site.database.read() as tx:
        found = reading.discoveries_of(tx, site.technician, court.case_id)
    assert [one.number for one in found] == [second.number, first.number]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_reviews_before_a_statement_are_opened_unless_decided_otherwise(site: Site) -> None:
    court = Court.open(site, recordings=1, restricted=False)
    with site.database.write() as tx:
        begin_viewing(tx, site.technician, court.given[0], "Review before a statement")
    opened = site.verify(court.write(court.made(), "opened"))
    assert [one["withheld"] for one in opened.recordings] == [0]
    closed = site.verify(court.write(court.made(reviews=True), "closed"))
    assert [one["withheld"] for one in closed.recordings] == [1]
    assert "review-before-statement: 1" in " ".join(closed.steps[9].notes)
