"""The part of the documents' walk that is about requests for records."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from click.testing import CliRunner

from candor.cli.main import candor
from candor.core.settings import Settings
from candor.disclosure.requests import changing, documents, reading
from candor.footage import catalogue
from candor.installation import Installation
from candor.law import changes
from candor.law.books import book_now
from candor.people.rules import system_actor

WHY = ("--reason", "a test")


class Walked(Protocol):
    """What the walk keeps the documents in."""

    home: Path

    def run(self, name: str, *arguments: str, code: int = 0) -> Any:
        """Run a command with --json and keep its document."""


def requests(site: Walked, recording: str) -> None:
    """A request with something of everything in it, answered, taken up again and taken back; and a table."""
    _law()
    _do("user", "add", "reyes", "--role", "records_officer")
    given = ("--name", "Ada Miller", "--mail", "ada@example.org", "--place", "Pike Street", "--from", "2026-11-01")
    number = site.run("candor request new", "The stop on Pike Street.", *given, "--incident", "2026-1")["number"]
    _found(recording)
    site.run("candor request propose", number)
    site.run("candor request meant", number, recording, "--not", "--why", "a test")
    site.run("candor request meant", number, recording, "--why", "a test")
    site.run("candor request assign", number, "reyes")
    site.run("candor request message", number, "Monday.", "--from-requester")
    site.run("candor request message", number, "Which day?", "--asks")
    site.run("candor request note", number, "They called.")
    site.run("candor request estimate", number, "--pages", "10")
    _with_papers(number)
    site.run("candor request list")
    site.run("candor request show", number)
    other = site.run("candor request new", "Another stop.")["number"]
    site.run("candor request extend", other, *WHY)
    site.run("candor request answer", other, "--outcome", "nothing-found")
    _do("request", "reopen", other, *WHY)
    _do("request", "withdraw", other, *WHY)
    site.run("candor request new-code", other, "--shown", "a test")
    path = site.home / "requests.csv"
    path.write_text("words,mail\nThe stop.,\nAnother.,nobody\n")
    site.run("candor request import", str(path), "--good-only")
    site.run("candor request statistics")


def _law() -> None:
    """Connecticut, and its rule by which a time may be extended, as counsel adopted it."""
    one, two = system_actor("one"), system_actor("two")
    with Installation.open(Settings.load()) as here:
        with here.database.read() as tx:
            there = any(pack.id == "us-ct" for pack in book_now(tx).packs)
        for propose in (changes.propose_adoption,) if there else (changes.propose_pack, changes.propose_adoption):
            with here.database.write() as tx:
                what: Any = "us-ct" if propose is changes.propose_pack else ["ct-1-206-denial"]
                made = propose(tx, one, what, reason="a test", clock=here.clock)
                changes.note_dry_run(tx, made, {"purgeable": 0}, clock=here.clock)
                changes.decide(tx, two, made, approve=True, reason="a test", clock=here.clock)


def _found(recording: str) -> None:
    """The recording has what is asked for by its incident's number."""
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        catalogue.change(tx, recording, {"incident_number": "2026-1"}, system_actor("test"), clock=here.clock)


def _with_papers(number: str) -> None:
    """Acts that have no command: a document, and setting right what is known."""
    who = system_actor("test")
    with Installation.open(Settings.load()) as here:
        taken = documents.take(here.vault, "consent.txt", b"I agree.")
        with here.database.write() as tx:
            found = reading.records_request(tx, who, number)
            documents.add(tx, here.vault, who, taken, "consent", request_id=found.id, clock=here.clock)
            changing.change(tx, who, found.id, {"requester_class": "press"}, clock=here.clock)


def _do(*words: str) -> None:
    ended = CliRunner().invoke(candor, list(words), catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
