"""candor law explain: of a recording here, and of one that is made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Candor
from tests.people.place import Place, make_place
from tests.web.recording_place import take_in
from tests.web.test_law_pages import put_in_force

from candor.core.clock import FixedClock
from candor.core.settings import Settings
from candor.footage import catalogue
from candor.installation import Installation
from candor.law.vocabulary import HoldKind
from candor.people.rules import Role
from candor.retention import holds

MADE_UP = ("law", "explain", "--pack", "us-ct", "--class", "traffic-stop")
KEEP = "ct-postc-2015-every-recording"


@pytest.fixture
def recording(tables: None, candor: Candor, fixed_clock: FixedClock) -> str:
    """A traffic stop that is held, of an officer, under Connecticut's law."""
    with Installation.open(Settings.load(), create=True) as here:
        place: Place = make_place(here.database, fixed_clock)
        put_in_force(here, place, adopt=(KEEP,), clock=fixed_clock)
        officer = place.add("okafor", Role.OFFICER, unit_id=place.unit_id)
        tech = place.add("tanaka", Role.EVIDENCE_TECHNICIAN)
        place.add("guest", Role.RESEARCHER)
        taken = take_in(here, b"no film", wearer_id=officer.account_id, unit_id=place.unit_id)
        with here.database.write() as tx:
            catalogue.change(tx, taken.recording_id, {"category": "Traffic stop"}, tech, clock=fixed_clock)
            holds.place(
                tx,
                tech,
                HoldKind.LITIGATION,
                recording_id=taken.recording_id,
                reason="Doe v. Town",
                clock=fixed_clock,
            )
        return taken.recording_id


def test_of_a_recording_here(candor: Candor, recording: str) -> None:
    found = candor("law", "explain", recording)
    assert found.code == 0, found.err
    assert "Doe v. Town" in found.out
    assert f"{KEEP} · " in found.out
    read = candor("law", "explain", recording, "--at", "2036-01-01T00:00Z", "--as", "tanaka", "--json").json
    assert [one["code"] for one in read["retention"]["blocks"]] == ["hold"]
    assert read["facts"]["category"] == "Traffic stop"
    assert [line["subject"] for line in read["lines"]][:2] == ["kept", "destroyed"]
    tried = candor("law", "explain", recording, "--label", "minor", "--json").json
    assert tried["release"]["confidential"][0]["labels"] == ["minor"]
    # Whoever may not see holds is not told of them, in words or in JSON.
    for words in ([], ["--json"]):
        own = candor("law", "explain", recording, "--as", "okafor", *words)
        assert own.code == 0, own.err
        assert "Kept until" in own.out
        assert "Doe" not in own.out
        assert "Held" not in own.out
        assert "hold" not in own.out.replace("Cases, holds and requests", "")
    assert candor("law", "explain", "no-such-recording").code == 4
    assert candor("law", "explain", recording, "--as", "guest").code in (4, 5)


def test_of_one_that_is_made_up(candor: Candor, home: Path) -> None:
    then = candor(*MADE_UP, "--recorded", "2018-08-14T12:00Z", "--at", "2026-11-22T12:00Z", "--json").json
    assert then["clocks"] == [one for one in then["clocks"] if "29-6d" not in one["rule"]["id"]]
    others = {one["rule"]["id"] for one in then["clocks_of_other_days"]}
    assert "ct-29-6d-f1-disclosure" in others
    assert [one["code"] for one in then["retention"]["blocks"]] == ["not-adopted"]
    adopted = candor(*MADE_UP, "--recorded", "2018-08-14T12:00Z", "--adopt", KEEP, "--json").json
    assert adopted["retention"]["purgeable"] is True
    held = ("--hold", "request", "--open-case", "7", "--extended-until", "2040-01-01T00:00Z")
    blocks = candor(*MADE_UP, "--recorded", "2018-08-14T12:00Z", "--adopt", KEEP, *held, "--json").json
    assert [one["code"] for one in blocks["retention"]["blocks"]] == ["hold", "open-case", "extended", "not-over"]
    due = candor(
        *MADE_UP, "--recorded", "2026-11-01T12:00Z", "--event", "review-completed=2026-11-20T12:00Z", "--at",
        "2026-11-21T12:00Z",
    )  # fmt: skip
    assert "Is due 22 November 2026, 07:00 EST." in due.out
    assert not home.exists()


def test_what_it_cannot_use_is_said(candor: Candor, home: Path) -> None:
    then = ("--pack", "us-ct", "--recorded", "2018-08-14T12:00Z")
    for words, code, said in (
        ((), 2, "--recorded"),
        (("--recorded", "2018-08-14T12:00Z"), 9, "--pack us-ct"),
        (("--pack", "us-zz", "--recorded", "2018-08-14T12:00Z"), 4, "us-ct"),
        (("--pack", "us-ct", "--recorded", "14 August"), 3, "2018-08-14T12:00Z"),
        (("--pack", "us-ct", "--recorded", "2018-08-14T12:00"), 3, "zone"),
        ((*then, "--event", "party=2018-08-14T12:00Z"), 2, "review-completed"),
        ((*then, "--adopt", "no-rule"), 4, "no-rule"),
    ):
        found = candor("law", "explain", *words)
        assert (found.code, said in found.err) == (code, True), (words, found)
