"""The part of the documents' walk that is about changes of the law, holds, and what is destroyed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Protocol

from click.testing import CliRunner

from candor.cli.main import candor
from candor.core.settings import Settings
from candor.installation import Installation
from candor.law import changes
from candor.people.rules import system_actor
from candor.retention import holds

WHY = ("--reason", "a test")


class Walked(Protocol):
    """What the walk keeps the documents in."""

    home: Path

    def run(self, name: str, *arguments: str, code: int = 0) -> Any:
        """Run a command with --json and keep its document."""


def law_and_retention(site: Walked) -> None:
    """A pack put in force and another refused; a hold; dispositions refused, withdrawn and carried out."""
    _do("user", "add", "keeper", "--role", "records_officer")
    _law(site)
    one, two = (_taken(site, words) for words in ("the first to go\n", "the second to stay\n"))
    _holds(site, two)
    site.run("candor retention plan")
    site.run("candor retention explain", one)
    order = ("--kind", "erasure", "--authority", "Order 1", *WHY)
    for number, act in (("CV-1", "refuse"), ("CV-2", "withdraw")):
        site.run("candor retention propose", number, one, *order)
        site.run(f"candor retention {act}", number, *WHY, "--as", "keeper")
    site.run("candor retention propose", "CV-3", one, two, *order)
    site.run("candor retention keep", "CV-3", two, *WHY)
    site.run("candor retention approve", "CV-3", *WHY, "--at-once", "--as", "keeper")
    site.run("candor retention run", "CV-3")
    site.run("candor retention show", "CV-3")
    site.run("candor retention dispositions")


def _law(site: Walked) -> None:
    change = site.run("candor law propose", "--pack", "us-nj", *WHY)["id"]
    site.run("candor law try", change)
    site.run("candor law approve", change, *WHY, "--as", "chief")
    adopted = site.run("candor law adopt", "ct-postc-2015-every-recording", *WHY)["id"]
    site.run("candor law refuse", adopted, *WHY, "--as", "chief")
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        other = changes.propose_pack(tx, system_actor("test"), "us-tx", reason="a test", clock=here.clock)
        changes.withdraw(tx, system_actor("test"), other, reason="a test", clock=here.clock)
    site.run("candor law changes")


def _holds(site: Walked, recording: str) -> None:
    given = ("--kind", "litigation", "--owner", "kim", "--review-on", "2026-01-01", *WHY)
    hold = site.run("candor retention hold", recording, *given)["hold"]
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        later = date(2030, 1, 1)
        holds.change_review(tx, system_actor("test"), hold, review_on=later, owner_id=None, clock=here.clock)
    site.run("candor retention holds")
    site.run("candor retention release", hold, *WHY)


def _taken(site: Walked, words: str) -> str:
    path = site.home / f"{words[:9].replace(' ', '-')}.txt"
    path.write_text(words)
    found: str = site.run("candor ingest", str(path))["recordings"][0]["id"]
    return found


def _do(*words: str) -> None:
    ended = CliRunner().invoke(candor, list(words), catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
