"""What the pages show of restrictions and reviews before a statement, done once by the command line and the rooms."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner

from candor.cli.main import candor
from candor.core.settings import Settings
from candor.footage.viewing import REVIEW_PURPOSE, begin_viewing
from candor.installation import Installation
from candor.matters import statements
from candor.matters.statement_decisions import decide
from candor.people import service
from candor.people.rules import system_actor


def restricted(site: Any, recording: str) -> None:
    """A recording restricted in every way there is, and reviews before a statement, one of each end."""
    why = ("--reason", "a test")
    site.run("candor case open", "26-9", "--kind", "disciplinary", "--title", "Inside", "--owner", "kim")
    site.run("candor case add", "26-9", recording, *why)
    side = ("--part", "investigator", "--side", "administrative")
    site.run("candor case person", "26-9", "--account", "kim", *side)
    made = site.run("candor restrict compelled", recording, "--case", "26-9", "--to", "kim", *why)["restriction"]
    site.run("candor restrict show", recording)
    for words in (
        ["person", made, "kim", "--act", "end"],
        ["lift", made],
        ["case", "26-9"],
        ["case", "26-9", "--open"],
    ):
        result = CliRunner().invoke(candor, ["restrict", *words, *why], catch_exceptions=False)
        assert result.exit_code == 0, result.output
    site.run("candor restrict to", recording, "--officer", "kim", *why)
    site.run("candor restrict rules", "--ask", "others")
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        found = service.account_named(tx, "kim")
        assert found is not None
        kim, clerk = service.actor_of(found), system_actor("test")
        asked = {"occasion": statements.Occasion.DISCIPLINARY, "about": "a test", "clock": here.clock}
        reviews = [statements.ask(tx, kim, **asked) for _ in range(3)]
        statements.withdraw(tx, kim, reviews[0], reason="a test", clock=here.clock)
        decide(tx, clerk, reviews[1], grant=False, reason="a test", clock=here.clock)
        decide(tx, clerk, reviews[2], grant=True, reason="a test", recording_ids=[recording], clock=here.clock)
        statements.begin(tx, kim, reviews[2], present="nobody else", clock=here.clock)
        begin_viewing(tx, kim, recording, REVIEW_PURPOSE, clock=here.clock)
        statements.complete(tx, kim, reviews[2], clock=here.clock)
