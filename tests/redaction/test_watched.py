"""What was watched, second by second; what a mask may be for."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.redaction.conftest import Desk
from tests.retention.law_in_force import put_in_force

from candor.law.reading import read_pack
from candor.redaction.errors import EditWrong
from candor.redaction.exemptions import OWN_WORDS, exemptions
from candor.redaction.watched import Watched, gaps, merge, note_watched, watched_of

runs = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda one: (min(one), max(one))), max_size=8)


@given(runs, st.integers(0, 60))
def test_merged_runs_are_the_same_seconds_and_gaps_the_others(some: list[tuple[int, int]], seconds: int) -> None:
    def each(found: Any) -> set[int]:
        return {second for first, last in found for second in range(first, last + 1)}

    merged = merge(some)
    assert each(merged) == each(some)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(merged))
    within = merge((first, min(last, seconds - 1)) for first, last in some if first < seconds)
    assert each(gaps(within, seconds)) == set(range(seconds)) - each(some)


def note(desk: Desk, value: Any, second: bool = False) -> Watched:
    with desk.archive.database.write() as tx:
        who = desk.second if second else desk.first
        return note_watched(tx, who, desk.id, desk.part, value, clock=desk.archive.clock)


def test_seconds_are_added_up_by_person_and_counted_once(desk: Desk) -> None:
    assert note(desk, [[0, 1]]).thousandths == 200
    assert note(desk, [[1, 3], [8, 900]]).runs == ((0, 3), (8, 9))
    found = note(desk, [[3, 5]], second=True)
    assert (found.runs, found.gaps, found.thousandths) == (((0, 5), (8, 9)), ((6, 7),), 800)
    assert found.by_account == {desk.first.account_id: 6, desk.second.account_id: 3}
    with desk.archive.database.read() as tx:
        assert watched_of(tx, desk.id) == {desk.part: found}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_sent_may_be_anything(desk: Desk) -> None:
    for value in ({}, [[1]], [[1, 2, 3]], [[True, 2]], [[0.5, 2]], ["12"], [[0, 1]] * 1_001, None):
        with pytest.raises(EditWrong):
            note(desk, value)
    assert note(desk, [[-5, -1], [7, 2], [99, 100]]).runs == ()
    with pytest.raises(EditWrong), desk.archive.database.write() as tx:
        note_watched(tx, desk.first, desk.id, "elsewhere", [[0, 1]], clock=desk.archive.clock)


LAW = """
id: xx-secret
kind: law
name: Testland
jurisdiction: US-CT
version: "1"
compiled-on: 2020-01-01
time-zone: America/New_York
rules:
  - id: s-minor
    kind: confidential
    text: Recordings of minors are confidential.
    citation: Test Code § 7
    in-force-from: 2015-01-01
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    test: absolute
    when:
      labels-any: [minor]
  - id: s-force
    kind: confidential
    text: What the agency keeps secret.
    citation: Test Code § 8
    in-force-from: 2015-01-01
    verification: official text
    verified-on: 2020-01-01
    source: the test itself
    test: balance
uncovered:
  - subject: everything else
    why: it is a test
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_exemptions_are_those_of_the_law_and_the_agencys_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = desk.archive.clock
    with desk.archive.database.read() as tx:
        assert [one.words for one in exemptions(tx, desk.recording, clock=clock)] == list(OWN_WORDS)
    monkeypatch.setattr("tests.retention.law_in_force.LAW", LAW)
    monkeypatch.setattr("tests.retention.law_in_force.read_pack", lambda content, _name: _read(content))
    with desk.archive.database.write() as tx:
        put_in_force(tx, clock.now() - timedelta(days=365))
    with desk.archive.database.read() as tx:
        found = exemptions(tx, desk.recording, own=["Our own"], clock=clock)
    assert [(one.key, one.citation, one.applies) for one in found] == [
        ("xx-secret/s-force", "Test Code § 8", True),
        ("xx-secret/s-minor", "Test Code § 7", False),
        ("Our own", "", False),
    ]


def _read(content: bytes) -> Any:
    return read_pack(content, "xx-secret")
