"""300 mutants of files from outside; `./run fuzz` tries more. A mutant that does what none may do is in the message."""

from __future__ import annotations

import pytest
from tests.fuzz.corpus import corpus
from tests.fuzz.mutation import mutate
from tests.fuzz.trial import MEMORY, SECONDS, Fault, Tally, mutant, tried

RUN = "test"
MUTANTS = 300
PORTIONS = 10


@pytest.mark.long
@pytest.mark.parametrize("portion", range(PORTIONS))
def test_mutants(portion: int) -> None:
    tally = Tally()
    for number in range(portion, MUTANTS, PORTIONS):
        seed, data = mutant(number, RUN)
        try:
            tried(seed, data, tally)
        except Fault as fault:
            pytest.fail(f"mutant {number} of run {RUN!r} ({seed.name}): {fault}")
    assert tally.mutants == MUTANTS // PORTIONS
    assert tally.tasks >= tally.mutants
    assert tally.slowest <= SECONDS
    assert tally.peak < MEMORY


def test_whole_files_are_read() -> None:
    """Without a change nothing breaks off: so what is refused or damaged above is so because of the change."""
    tally = Tally()
    for seed in corpus():
        tried(seed, seed.data, tally)
    assert not [outcome for outcome in tally.outcomes if "Limited" in outcome]
    assert tally.outcomes["probe: read"] == sum(seed.kind == "film" for seed in corpus())


def test_a_number_gives_the_same_mutant() -> None:
    one, two = mutant(7, "again"), mutant(7, "again")
    assert one == two
    assert mutate(b"abc" * 50, (b"xyz",), "1") != mutate(b"abc" * 50, (b"xyz",), "2")
