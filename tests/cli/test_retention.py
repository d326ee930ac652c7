"""Retention and changes of the law as people type them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Candor

from candor.people import passwords


@pytest.fixture
def recording(candor: Candor, card: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A traffic stop that came in today, and people to decide."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    taken = candor("ingest", card / "DCIM/0001.mp4", "--category", "Traffic stop", "--json")
    assert taken.code == 0, taken.err
    for role in ("counsel", "administrator", "evidence_technician"):
        assert candor("user", "add", role, "--role", role).code == 0
    found: str = taken.json["recordings"][0]["id"]
    return found


def test_law_is_put_in_force_and_explains_how_long_something_is_kept(candor: Candor, recording: str) -> None:
    before = candor("retention", "explain", recording, "--json").json
    assert (before["purgeable"], before["kept_until"]) == (False, None)
    assert [one["code"] for one in before["blocks"]] == ["no-law"]
    assert candor("law", "propose", "--pack", "us-ct", "--policy", __file__, "--reason", "both").code == 2
    proposed = candor("law", "propose", "--pack", "us-ct", "--reason", "ours", "--as", "counsel")
    assert proposed.code == 0, proposed.err
    assert "Could be destroyed by it: 0 recordings" in proposed.err
    change = proposed.out.strip()
    assert "id: us-ct" in candor("law", "changes", "--text", change, "--as", "administrator").out
    assert candor("law", "approve", change, "--reason", "my own", "--as", "counsel").code == 5
    assert candor("law", "approve", change, "--reason", "no", "--as", "evidence_technician").code == 5
    approved = candor("law", "approve", change, "--reason", "read", "--as", "administrator")
    assert approved.code == 0, approved.err
    assert "14 days" in approved.err
    assert [one["state"] for one in candor("law", "changes", "--json").json["changes"]] == ["in-force"]
    explained = candor("retention", "explain", recording)
    assert explained.code == 0
    assert "at least 90 days" in explained.out
    after = candor("retention", "explain", recording, "--at", "2040-01-01", "--json").json
    assert after["kept_until"] is not None
    assert "not-adopted" in {one["code"] for one in after["blocks"]}
    adopted = candor(
        "law", "adopt", "ct-postc-2015-every-recording", "--reason", "read it", "--as", "counsel", "--json"
    )
    assert adopted.code == 0, adopted.err
    assert adopted.json["kind"] == "adoption"
    assert candor("law", "refuse", adopted.json["id"], "--reason", "not yet", "--as", "administrator").code == 0
    assert candor("law", "approve", adopted.json["id"], "--reason", "late", "--as", "administrator").code == 3


def test_what_a_wall_closes_to_an_account_is_not_explained_to_it(candor: Candor, recording: str) -> None:
    """The case that keeps it, and the hold on that, are left out; the account sees the recording all the same."""
    for number, kind in (("IA-9", "disciplinary"), ("CR-9", "criminal")):
        assert candor("case", "open", number, "--kind", kind, "--title", "x", "--as", "counsel").code == 0
        assert candor("case", "add", number, recording, "--reason", "of it", "--as", "counsel").code == 0
    held = candor("retention", "hold", "--case", "IA-9", "--kind", "investigation", "--reason", "fists")
    assert held.code == 0
    explain = ("retention", "explain", recording, "--as", "evidence_technician")
    assert "IA-9" in candor(*explain).out
    person = ("--account", "evidence_technician", "--part", "investigator", "--as", "counsel")
    assert candor("case", "person", "CR-9", *person).code == 0
    assert "IA-9" not in candor(*explain).out
    told = candor(*explain, "--json")
    assert "IA-9" not in told.out
    assert (told.json["all_of_it"], told.json["purgeable"], told.json["blocks"]) == (False, None, None)
    assert candor("retention", "holds", "--as", "evidence_technician", "--json").json == {"holds": []}
    release = ("retention", "release", held.out.strip(), "--reason", "so", "--as", "evidence_technician")
    assert candor(*release).code == 4


def test_holds_and_the_plan(candor: Candor, recording: str, tmp_path: Path) -> None:
    placed = candor(
        *("retention", "hold", recording, "--kind", "litigation", "--reason", "Doe v. City"),
        *("--owner", "counsel", "--review-on", "2020-01-01"),
    )
    assert placed.code == 0, placed.err
    hold = placed.out.strip()
    assert candor("retention", "hold", "--kind", "request", "--reason", "of what?").code == 3
    assert candor("retention", "hold", recording, "--kind", "request", "--reason", "r", "--owner", "nobody").code == 4
    assert candor("retention", "hold", "--case", "26-1", "--kind", "request", "--reason", "r").code == 4
    assert [one["id"] for one in candor("retention", "holds", "--due", "--json").json["holds"]] == [hold]
    assert "Doe v. City" in candor("retention", "holds").out
    planned = candor("retention", "plan", "--list", tmp_path / "list.txt", "--json")
    assert [(one["block"], one["recordings"]) for one in planned.json["by_block"]] == [("hold", 1)]
    assert (tmp_path / "list.txt").read_text() == ""
    assert "held" in candor("retention", "plan", "--at", "2030-06-01T00:00Z").out
    assert candor("retention", "plan", "--at", "tomorrow").code == 2
    order = ("--kind", "erasure", "--authority", "Order 1", "--reason", "expunged")
    refused = candor("retention", "propose", "CV-1", recording, *order)
    assert refused.code == 5
    assert "Doe v. City" in refused.err
    assert candor("retention", "release", hold, "--reason", "settled", "--as", "counsel").code == 0
    assert candor("retention", "release", hold, "--reason", "again").code == 3
    assert candor("retention", "holds", "--released", "--json").json["holds"][0]["release_reason"] == "settled"


def test_a_disposition_from_proposal_to_its_end(candor: Candor, recording: str) -> None:
    order = ("--kind", "erasure", "--authority", "Order 1", "--reason", "expunged", "--as", "evidence_technician")
    assert candor("retention", "propose", "CV-1", *order).code == 2
    young = candor("retention", "propose", "RC-1", recording, "--authority", "Schedule", "--reason", "old")
    assert young.code == 5
    assert candor("retention", "propose", "CV-1", recording, *order).code == 0
    assert candor("retention", "show", "CV-1", "--json").json["items"][0]["recording"] == recording
    assert "CV-1" in candor("retention", "dispositions").out
    assert candor("retention", "run", "CV-1").code == 3
    assert candor("retention", "approve", "CV-1", "--reason", "ok", "--as", "evidence_technician").code == 5
    assert candor("retention", "approve", "CV-1", "--reason", "ok", "--as", "counsel").code == 0
    waits = candor("retention", "run", "CV-1", "--as", "evidence_technician")
    assert waits.code == 5
    assert "waits until" in waits.err
    assert candor("retention", "keep", "CV-1", recording, "--reason", "asked for", "--as", "counsel").code == 0
    assert candor("retention", "withdraw", "CV-1", "--reason", "nothing left", "--as", "counsel").code == 0
    again = candor("retention", "propose", "CV-2", recording, *order)
    assert again.code == 0, again.err
    assert candor("retention", "refuse", "CV-2", "--reason", "not now", "--as", "counsel").code == 0
    assert candor("retention", "propose", "CV-3", recording, *order).code == 0
    assert candor("retention", "approve", "CV-3", "--reason", "ok", "--at-once", "--as", "counsel").code == 0
    done = candor("retention", "run", "CV-3", "--as", "evidence_technician", "--json")
    assert (done.code, done.json["destroyed"], done.json["kept"]) == (0, 1, 0), done.err
    assert candor("retention", "run", "CV-3").code == 0
    assert "destroyed" in candor("retention", "show", "CV-3").out
