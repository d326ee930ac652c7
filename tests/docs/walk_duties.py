"""The part of the documents' walk that is about labels, what categories mean, and duties."""

from __future__ import annotations

from typing import Any, Protocol

from click.testing import CliRunner
from tests.fleet.law import put_in_force

from candor.cli.main import candor
from candor.core.settings import Settings
from candor.fleet.duties import rows
from candor.fleet.duties.rules import DutyKind, Result
from candor.footage import catalogue
from candor.installation import Installation
from candor.law.books import book_now
from candor.law.changes import ChangeKind, decide, open_changes
from candor.people import service
from candor.people.rules import system_actor


class Walked(Protocol):
    """What the walk keeps the documents in."""

    def run(self, name: str, *arguments: str, code: int = 0) -> Any:
        """Run a command with --json and keep its document."""


def duties_and_labels(site: Walked, recording: str) -> None:
    """A label put and taken, a category with a reason, a camera that is not in order, a training."""
    with Installation.open(Settings.load()) as here, here.database.read() as tx:
        known = bool(book_now(tx).packs)
    if not known:
        with Installation.open(Settings.load()) as here:
            put_in_force(here.database, here.clock)
    site.run("candor label names")
    _do("label", "put", "minor", recording, "--reason", "He says so")
    _do("label", "take", "minor", recording, "--reason", "She is nineteen")
    site.run("candor label show", recording)
    _do("category", "mean", "Two", "arrest", "--reason", "All of them are")
    with Installation.open(Settings.load()) as here, here.database.write() as tx:  # by a second person
        waiting = next(one.id for one in open_changes(tx) if one.kind is ChangeKind.MEANING)
        decide(tx, system_actor("second"), waiting, approve=True, reason="So they are", clock=here.clock)
    _do("dock", "assign", "X2", "kim")
    duty = _missed_by_kim(recording)
    _do("duty", "test", "X2", "--not-in-order", "--what", "No sound")
    site.run("candor duty list", "--all")
    broken = site.run("candor duty broken")
    _do("duty", "act", broken[0]["id"], "repaired", "--note", "New microphone")
    _do("duty", "explain", duty, "Called out at once")
    _do("duty", "train", "kim", "Basic course")
    _do("duty", "untrain", site.run("candor duty trainings")[0]["id"], "--reason", "Somebody else")
    site.run("candor duty check")
    _do("category", "set", "One", "Two", "Three")
    site.run("candor category meanings")


def _missed_by_kim(recording: str) -> str:
    """A category with a reason, as on the site; and a shift without a test."""
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        changes = {"category": "Two", "category_reason": "He was held"}
        catalogue.change(tx, recording, changes, system_actor("test"), clock=here.clock)
        kim, now = service.account_named(tx, "kim"), here.clock.now()
        assert kim is not None
        term = rows.terms_now(tx, now)[DutyKind.INSPECT_AND_TEST]
        missed = Result.MISSED
        duty = rows.open_duty(tx, term, once="test", due_at=now, clock=here.clock, account_id=kim.id, result=missed)
        assert duty is not None
        return duty


def _do(*words: str) -> None:
    result = CliRunner().invoke(candor, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
