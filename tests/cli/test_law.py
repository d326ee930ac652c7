"""candor law show, check, diff: with and without an installation."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Candor
from tests.people.place import make_place

from candor.core.clock import FixedClock
from candor.core.settings import Settings
from candor.installation import Installation
from candor.law import changes
from candor.law.reading import pack_text, shipped
from candor.people.rules import Role


@pytest.fixture
def in_effect(tables: None, candor: Candor, fixed_clock: FixedClock) -> None:
    """Connecticut is in effect here, with one rule that counsel adopted."""
    with Installation.open(Settings.load(), create=True) as here:
        place = make_place(here.database, fixed_clock)
        counsel, second = place.add("counsel", Role.COUNSEL), place.add("second", Role.COUNSEL)
        with here.database.write() as tx:
            change = changes.propose_pack(tx, counsel, "us-ct", reason="We begin.", clock=fixed_clock)
            changes.note_dry_run(tx, change, {"purgeable": 0}, clock=fixed_clock)
            changes.decide(tx, second, change, approve=True, reason="So be it.", clock=fixed_clock)


def test_show_needs_no_installation(candor: Candor, home: Path) -> None:
    answer = candor("law", "show")
    assert answer.code == 0
    assert all(pack in answer.out for pack in shipped())
    assert "in effect" not in answer.out
    assert "No law is in effect here" in answer.err
    assert not home.exists()


def test_show_says_what_is_in_effect(candor: Candor, in_effect: None) -> None:
    lines = candor("law", "show").out.splitlines()
    assert [line.split()[0] for line in lines if line.rstrip().endswith("in effect")] == ["us-ct"]


def test_show_a_pack_as_of_a_day(candor: Candor) -> None:
    before = candor("law", "show", "us-ct", "--as-of", "2019-09-30", "--kind", "clock", "--json").json
    since = candor("law", "show", "us-ct", "--as-of", "2019-10-01", "--kind", "clock", "--json").json
    assert [rule["id"] for rule in before[0]["rules"]] == ["ct-1-206-denial"]
    assert {rule["id"] for rule in since[0]["rules"]} >= {"ct-29-6d-f1-disclosure", "ct-29-6d-f2-request"}
    words = candor("law", "show", "us-ct", "--kind", "duty").out
    assert "inspects and tests the camera before each shift" in " ".join(words.split())
    assert "Not covered:" in words


def test_show_one_rule_over_time(candor: Candor) -> None:
    answer = candor("law", "show", "--rule", "ct-7-282e-record-of-force")
    assert answer.out.count("ct-7-282e-record-of-force —") == 3
    for words in ("Public Act 19-90", "in force since 1 January 2020", "Read in the official text."):
        assert words in answer.out
    assert len(candor("law", "show", "us-ct", "--rule", "ct-7-282e-record-of-force", "--json").json) == 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["us-xx"], 4, "Those that come with the program are: us-ca"),
        (["us-ct", "--rule", "none"], 4, "There is no rule with the identifier none"),
        (["--as-of", "yesterday"], 2, "yesterday"),
        (["--kind", "poem"], 2, "poem"),
    ],
)
def test_show_what_is_not_there(candor: Candor, words: list[str], code: int, said: str) -> None:
    answer = candor("law", "show", *words)
    assert (answer.code, said in answer.err) == (code, True)


def test_check_says_every_fault_and_what_is_in_effect_stays(candor: Candor, tmp_path: Path, in_effect: None) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_bytes(pack_text("us-ct"))
    bad.write_bytes(pack_text("us-ct").replace(b"48 hours", b"48").replace(b"minimum: 90 days", b"minimun: 90 days"))
    assert candor("law", "check", good).code == 0
    answer = candor("law", "check", good, bad, "--json")
    assert answer.code == 3
    first, second = answer.json
    assert (first["pack"], first["faults"]) == ("us-ct", [])
    assert second["pack"] is None
    assert len(second["faults"]) >= 3
    for fault in second["faults"]:
        assert f"{bad}:{fault['line']}: {fault['what']}; {fault['mend']}" in answer.err
    assert candor("law", "diff", "in-effect", "shipped").out.count("They say the same") == 1


def test_check_asks_for_categories_that_are_offered(candor: Candor, tmp_path: Path, in_effect: None) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    answer = candor("law", "check", policy)
    assert answer.code == 3
    assert "“Trafic stop”, which nobody knows" in answer.err
    assert "did you mean “Traffic stop”?" in answer.err
    policy.write_text(POLICY.replace("Trafic", "Traffic"))
    assert candor("law", "check", policy).code == 0


POLICY = """\
id: our-policy
kind: policy
name: Our policy
jurisdiction: US-CT
version: "1"
compiled-on: 2026-11-22
time-zone: America/New_York
over: us-ct
rules:
  - id: traffic-stops
    kind: retention
    text: Traffic stops are kept for a year.
    citation: A&O 13.15.11
    in-force-from: 2026-01-01
    measured: decided
    when: {categories: [Trafic stop]}
    minimum: 1 year
"""


def test_a_policy_is_shown_as_the_agencys_own_words(candor: Candor, tmp_path: Path, in_effect: None) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY.replace("Trafic", "Traffic"))
    change = candor("law", "propose", "--policy", file, "--reason", "order", "--as", "counsel").out.strip()
    assert candor("law", "approve", change, "--reason", "read", "--as", "second").code == 0
    assert "own words" in candor("law", "show", "our-policy").out
    told = candor("law", "show", "--rule", "traffic-stops").out
    assert "The agency’s own words." in told
    assert "official text" not in told


@pytest.mark.parametrize("missing", ["none.yaml", "."])
def test_check_a_file_that_cannot_be_read(candor: Candor, missing: str) -> None:
    assert candor("law", "check", missing).code == 2


def test_diff_of_files_packs_and_what_is_in_effect(candor: Candor, tmp_path: Path, in_effect: None) -> None:
    changed = tmp_path / "changed.yaml"
    changed.write_bytes(pack_text("us-ct").replace(b"minimum: 90 days", b"minimum: 120 days"))
    for before in ("us-ct", "shipped", "in-effect", "in-effect:us-ct", "shipped:us-ct"):
        answer = candor("law", "diff", before, changed)
        assert answer.code == 0
        assert "~ ct-postc-2015-every-recording" in answer.out
        assert "minimum: [-90-]{+120+} days" in answer.out
    (json,) = candor("law", "diff", changed, "us-ct", "--json").json
    assert json["changed"][0]["changes"] == [{"what": "minimum", "before": "120 days", "after": "90 days"}]
    assert candor("law", "diff", "us-ct", "us-ct").out.strip().endswith("They say the same.")


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [("us-ct", "none.yaml", 4), ("in-effect", "shipped", 4), ("in-effect:us-ct", "us-ct", 4), ("us-xx", "us-ct", 4)],
)
def test_diff_of_what_is_not_there(candor: Candor, before: str, after: str, code: int) -> None:
    assert candor("law", "diff", before, after).code == code


def test_check_goes_on_without_the_database_and_says_what_it_left_out(
    candor: Candor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANDOR_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/none?connect_timeout=1")
    file = tmp_path / "us-ct.yaml"
    file.write_bytes(pack_text("us-ct"))
    answer = candor("law", "check", file)
    assert (answer.code, "nothing to mend" in answer.err, "were not looked at" in answer.err) == (0, True, True)
