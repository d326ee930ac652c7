"""The part of the walk in which a case is given to both sides, and a finding against a statement is answered."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
from click.testing import CliRunner
from tests.docs.walk_redaction import want_nothing_else
from tests.footage.clips import mp4

from candor.cli.main import candor
from candor.core.ids import new_id
from candor.core.settings import Settings
from candor.disclosure.discovery import access, marks, marks_ending, reading, receipts, sessions, viewing
from candor.footage.media import make_renditions
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import place
from candor.footage.tables import part, rendition
from candor.installation import Installation
from candor.people.rules import system_actor

_CASE, _ADDRESS = "26-D", "192.0.2.7"


def discovery(site: Any) -> None:
    """A case with a restricted recording and a finding, given, entered, watched, downloaded, confirmed and ended."""
    ids = [_taken(site, at) for at in range(3)]
    site.run("candor user add", "li", "--role", "counsel")
    site.run("candor case open", _CASE, "--kind", "criminal", "--title", "State v. Doe", "--owner", "li")
    site.run("candor case add", _CASE, *ids, "--reason", "the stop")
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        place(tx, ids[1], RestrictionKind.LABEL, ref="minor", reason="a label", actor="system:test", clock=here.clock)
    about = ("--statement", "Report 26-77", "--words", "He did not announce himself.", "--from", "1", "--to", "4.5")
    site.run("candor user add", "avery", "--role", "records_officer")
    noted = site.run("candor finding note", _CASE, ids[0], *about, "--as", "avery")["finding"]
    said("finding", "answer", noted, "disclosed", "--reason", "Brady v. Maryland", "--as", "li")
    site.run("candor finding list", _CASE)
    kept = ("--withhold", ids[2], "An informer is seen", "Roviaro v. United States, 353 U.S. 53 (1957)")
    made = site.run("candor discovery make", _CASE, *kept, "--although", ids[1], "the court ordered it", "--watermark")
    number = made["number"]
    given = site.run("candor discovery access", number, "--side", "defence", "--holder", "Public Defender")
    _marked(number, ids)
    _as_the_side(given["code"], ids[0])
    said("discovery", "end-access", number, "--side", "defence", "--reason", "the case is over")
    with Installation.open(Settings.load()) as here:
        marks_ending.go_round(here.database, here.jobs, here.vault, here.clock)
    key = site.home / "key.txt"
    key.write_text(given["key"])
    said("discovery", "record", number, "--side", "defence", "--out", str(site.home / "record.json"))
    site.run("candor discovery list")
    site.run("candor discovery show", number)
    site.run("candor discovery open", "--key", str(key), "--record", str(site.home / "record.json"))


def said(*words: str) -> None:
    """A command that gives no document."""
    result = CliRunner().invoke(candor, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output


def _taken(site: Any, at: int) -> str:
    file = site.home / f"for-discovery-{at}.mp4"
    file.write_bytes(b"a stop\n" * 100 + bytes([at]))
    return str(site.run("candor ingest", str(file))["recordings"][0]["id"])


def _marked(number: str, ids: list[str]) -> None:
    """A viewing copy that can be marked, and one that cannot; what failed is asked for again."""
    want_nothing_else()
    with make_renditions(io.BytesIO(mp4(0.5)), ["proxy"])["proxy"].file as film:
        contents = {ids[0]: film.read(), ids[1]: b"no film"}
    with Installation.open(Settings.load()) as here:
        with here.database.write() as tx:
            for recording, content in contents.items():
                sealed = here.vault.seal("proxy", io.BytesIO(content))
                here.vault.record(tx, sealed)
                part_id = tx.scalar(sa.select(part.c.id).where(part.c.recording_id == recording))
                row = {"id": new_id(), "part_id": part_id, "kind": "proxy", "state": "ready", "media_type": "video/mp4"}
                tx.execute(rendition.insert(), {**row, "object_id": sealed.object_id, "created_at": here.clock.now()})
            marks.ask_again(tx, here.jobs, system_actor("test"), number)
        here.jobs.launch()
        here.jobs.wait_idle(60)
    said("discovery", "mark", number)


def _as_the_side(code: str, recording: str) -> None:
    """What a side does in the browser."""
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        sessions.refuse(tx, address=_ADDRESS, clock=here.clock)
        visit = sessions.begin(tx, code, address=_ADDRESS, clock=here.clock)
        viewing.begin_viewing(tx, visit, recording, clock=here.clock)
        found = reading.by_id(tx, visit.side.discovery_id)
        viewing.record_download(tx, visit, found, reading.package_of(tx, found), clock=here.clock)
        receipts.confirm(tx, visit, name="A. Advocate", clock=here.clock)
        assert access.sides_of(tx, found.id)
        assert reading.discoveries_of(tx, system_actor("test"), found.matter_id)
