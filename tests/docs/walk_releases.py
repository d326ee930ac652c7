"""The part of the walk in which a copy is released by two people, once in vain, and recalled; on a site of its own,
under a small law that lets footage go."""

from __future__ import annotations

from typing import Any

import pytest
from tests.disclosure.decisions.law import put_in_force
from tests.disclosure.decisions.office import LOOKED_AT, hold_back
from tests.disclosure.redacted_copies import leave_copy

from candor.core.settings import Settings
from candor.custody import recent
from candor.disclosure.decisions.deciding import decide, decisions_of
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.requests.intake import Intake, receive
from candor.disclosure.requests.meant import mean
from candor.installation import Installation
from candor.law.vocabulary import HoldKind
from candor.people import passwords, service
from candor.people.rules import Role, system_actor
from candor.redaction.tables import redacted_copy, redaction
from candor.retention import holds

_BY = system_actor("test")


def releases(site: Any) -> None:
    """Prepared and discarded; prepared, sent back, prepared again, approved while a hold came up, approved once more,
    published, recalled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDOR_HOME", str(site.home / "releases"))
        _people()
        site.run("candor user add", "lopez", "--role", "records_officer")
        file = site.home / "released.mp4"
        file.write_bytes(b"a film that is no film")
        recording = site.run("candor ingest", str(file))["recordings"][0]["id"]
        number, copy = _decided(recording)
        unwanted = site.run("candor release prepare", number, copy, "--title", "The stop")["number"]
        site.run("candor release discard", unwanted, "--reason", "The wrong street")
        made = site.run("candor release prepare", number, copy, "--title", "The stop")["number"]
        why = ("--reason", "Say which street", "--as", "lopez")
        site.run("candor release send-back", made, *why)
        (site.home / "summary.txt").write_text("A stop on Main Street.\n")
        words = ("--title", "The stop on Main Street", "--summary", str(site.home / "summary.txt"))
        site.run("candor release revise", made, *words)
        _held_after_approval(site, made, recording)
        site.run("candor release approve", made, "--as", "lopez", "--wait")
        site.run("candor release show", made)
        site.run("candor release list")
        site.run("candor release recall", made, "--reason", "A face can be seen", "--as", "lopez", "--wait")
        with Installation.open(Settings.load()) as here, here.database.read() as tx:
            for event in recent(tx, limit=1000):
                site.details.setdefault(event.kind.value, set()).update(event.details)


def _people() -> None:
    administrator = service.NewAccount("chief", "Chief", [Role.ADMINISTRATOR], passwords.hash_password("correct horse"))
    with Installation.open(Settings.load(), create=True) as installation, installation.database.write() as tx:
        service.create_agency(tx, name="Agency", short_name="A", time_zone="UTC", administrator=administrator)


def _decided(recording: str) -> tuple[str, str]:
    """A request that means the recording, decided; the request's number, and a copy of the recording."""
    with Installation.open(Settings.load()) as here:
        given = here.database, here.vault, here.log, recording, b"a copy with a face hidden"
        redaction_id, copy_id = leave_copy(*given, by=_BY.account_id)
        with here.database.write() as tx:
            put_in_force(tx, here.clock.now())
            tx.execute(redaction.update().where(redaction.c.id == redaction_id).values(edit=0, logged_edit=0))
            tx.execute(redacted_copy.update().where(redacted_copy.c.id == copy_id).values(edit=0))
            asked = receive(tx, _BY, Intake("The stop on Main Street"), clock=here.clock)
            mean(tx, _BY, asked.id, [recording], why="the place", clock=here.clock)
            subject = Subject.of_request(asked.id)
            upon = decisions_of(tx, _BY, subject).upon
            decide(
                tx,
                _BY,
                subject,
                recording,
                [hold_back(Decision.REDACT, "A child")],
                [LOOKED_AT],
                upon=upon,
                clock=here.clock,
            )
        _stop_other_jobs(here)
        return asked.number, copy_id


def _held_after_approval(site: Any, made: str, recording: str) -> None:
    site.run("candor release approve", made, "--as", "lopez")
    with Installation.open(Settings.load()) as here:
        with here.database.write() as tx:
            given = {"recording_id": recording, "reason": "a claim"}
            hold_id = holds.place(tx, _BY, HoldKind.COMPLAINT, **given, clock=here.clock)
        here.start()
        here.jobs.wait_idle(60)
        with here.database.write() as tx:
            holds.release(tx, _BY, hold_id, reason="it is over", clock=here.clock)


def _stop_other_jobs(here: Installation) -> None:
    with here.database.write() as tx:
        for one in here.jobs.list(tx):
            here.jobs.cancel(tx, one.id)
