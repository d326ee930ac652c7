"""Every route as every role, asked for a recording that a wall closes to all of them: no answer tells of it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from tests.disclosure.redacted_copies import leave_copy
from tests.people.place import Place
from tests.web.recording_place import Film, make_film
from tests.web.test_access import SIGNS_OUT, every_route
from tests.web.visitor import Visitor

from candor import disclosure
from candor.core.ids import new_id
from candor.custody.record import history
from candor.footage.bookmarks import Bookmark, keep_bookmark
from candor.footage.captions import read_captions
from candor.footage.catalogue import change
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import place as place_restriction
from candor.footage.restrictions import take_away
from candor.footage.rules import RenditionKind
from candor.footage.tables import discrepancy, recording, rendition, sidecar
from candor.footage.transcribing import import_text
from candor.installation import Installation
from candor.law.vocabulary import CaseKind
from candor.matters.contents import add_recordings
from candor.matters.service import open_case
from candor.people.rules import Actor, Role
from candor.redaction.tables import redacted_copy, redaction, redaction_edit

pytestmark = [pytest.mark.parametrize("database_url", ["sqlite"], indirect=True), pytest.mark.long]

#: Words that stand nowhere else: of the title, a note, the file's name, a mark, a file beside it, the picture, the
#: title of its redaction, an edit of it.
TOLD = (
    *("Quillfeather", "Ombersley", "vexillum", "Thrimsa", "brimborion", "zucchettohat"),
    *("Tatterdemalion", "Gallimaufry"),
)
#: Routes that answer with what was planted when nothing closes it: fewer would mean that nothing is asked.
LEAST_TOLD = 14
#: The page where whoever may restrict deals with a recording without seeing it; it names the rule and nothing else.
MANAGED = re.compile(r"/recordings/\{recording_id\}/restrictions")


#: The record of events says of a recording that something happened, by its identifier, and not what.
AUDITED = ("/audit", "/audit/export", "/api/v1/events")


@dataclass(frozen=True)
class Planted:
    """A recording of which everything that can be asked for is there."""

    film: Film
    ids: dict[str, str]


def _sealed(here: Installation, kind: str, content: bytes) -> str:
    sealed = here.vault.seal(kind, io.BytesIO(content))
    with here.database.write() as tx:
        here.vault.record(tx, sealed)
    return sealed.object_id


@pytest.fixture
def planted(installation: Installation, place: Place, signed_in: Callable[..., Visitor]) -> Planted:
    """It, with everything about it."""
    here = installation
    film = make_film(here, name="vexillum.mp4", unit_id=place.unit_id)
    technician = place.add("planter", Role.EVIDENCE_TECHNICIAN, password=None)
    one, part_id = film.received.recording_id, film.received.part_id
    beside = {
        "id": new_id(),
        "recording_id": one,
        "kind": "unknown",
        "name": "brimborion.txt",
        "source": "/card/brimborion.txt",
        "face": "cli",
        "actor": "system:test",
        "object_id": _sealed(here, "sidecar", b"brimborion"),
        "sha256": bytes(32),
        "size": 10,
        "facts": {},
        "received_at": here.clock.now(),
    }
    doubt = {
        "id": new_id(),
        "recording_id": one,
        "field": "wearer",
        "why": "differs",
        "claims": [{"says": "Thrimsa", "value": None}],
        "state": "open",
        "open_key": f"{one} wearer",
        "opened_at": here.clock.now(),
    }
    poster = _sealed(here, "poster", b"zucchettohat")
    with here.database.write() as tx:
        change(tx, one, {"title": "Quillfeather", "notes": "Ombersley"}, technician, clock=here.clock)
        mark = Bookmark("m", here.clock.now(), None, None, "Thrimsa", ())
        keep_bookmark(tx, one, mark, actor="system:test", clock=here.clock)
        tx.execute(sidecar.insert(), beside)
        tx.execute(discrepancy.insert(), doubt)
        ready = {"state": "ready", "object_id": poster, "media_type": "image/jpeg"}
        mine = rendition.c.part_id == part_id, rendition.c.kind == RenditionKind.POSTER.value
        tx.execute(rendition.update().where(*mine).values(**ready))
        poster_id = tx.scalar(sa.select(rendition.c.id).where(*mine))
        package = _package(tx, here, technician, one)
        case = open_case(tx, technician, "2026-77", CaseKind.DISCIPLINARY, "A case", clock=here.clock)
        add_recordings(tx, technician, case, [one], reason="of it", clock=here.clock)
        event = history(tx, one)[-1]
    ids = {
        "recording_id": one,
        "part_id": part_id,
        "rendition_id": str(poster_id),
        "poster_id": str(poster_id),
        "sidecar_id": str(beside["id"]),
        "discrepancy_id": str(doubt["id"]),
        "package_id": package,
        "event_id": event.id,
        "case_id": case,
        **_redacted(here, technician, one),
    }
    return Planted(film, ids)


def _redacted(here: Installation, technician: Actor, one: str) -> dict[str, str]:
    """A redaction of it that somebody worked on, with a copy, and what is said in it written out."""
    redaction_id, copy_id = leave_copy(here.database, here.vault, here.log, one, b"zucchettohat", by="system:test")
    edit = {"redaction_id": redaction_id, "number": 1, "author": technician.account_id, "words": "Gallimaufry"}
    with here.database.write() as tx:
        named = redaction.update().where(redaction.c.id == redaction_id)
        tx.execute(named.values(title="Tatterdemalion", wanted={"kinds": ["face"], "profile": "default"}))
        tx.execute(redaction_edit.insert().values(**edit, made_at=here.clock.now(), acts=[]))
        part_id = tx.scalar(sa.select(redacted_copy.c.part_id).where(redacted_copy.c.id == copy_id))
    said = read_captions(b"WEBVTT\n\n00:00.000 --> 00:01.000\nGallimaufry\n")
    given = (here.database, here.vault, technician, str(part_id), said)
    transcript_id = import_text(*given, name="brimborion.vtt", sha256=bytes(32), clock=here.clock)
    return {"redaction_id": redaction_id, "copy_id": copy_id, "transcript_id": transcript_id}


def _package(tx: sa.Connection, here: Installation, technician: Actor, one: str) -> str:
    tx.execute(recording.update().where(recording.c.id == one).values(state="sealed"))
    return disclosure.request(tx, technician, [one], recipient="A court", purpose="Quillfeather", clock=here.clock)


def _asked(path: str, planted: Planted) -> str:
    return re.sub(r"\{([^}]*)\}", lambda found: planted.ids.get(found.group(1), "none"), path)


def _walk(app: Starlette, visitor: Visitor, planted: Planted) -> dict[str, list[str]]:
    """What each route gives away, asked with the recording's own identifiers and with its words."""
    token, given = visitor.token(), {}
    identifiers = [value for name, value in planted.ids.items() if name not in ("event_id", "case_id")]
    for method, path, _ in every_route(app):
        if path in SIGNS_OUT or MANAGED.match(path):
            continue
        asked = _asked(path, planted)
        words = {"text": "quillfeather"} if path in ("/recordings", "/api/v1/recordings") else {}
        form = {"csrf": token, "purpose": "court", "ids": planted.ids["recording_id"], "reason": "asked"}
        answer = visitor.client.request(
            method,
            asked,
            params=words,
            data=form if method == "POST" else None,
            headers={"x-csrf-token": token, "accept": "text/html"},
        )
        told = [word for word in TOLD if word.encode() in answer.content]
        told += [word for word in TOLD if word in str(answer.headers)]
        if "{" not in path and path not in AUDITED:
            sent = answer.text.replace(planted.ids["recording_id"], "") if method == "POST" else answer.text
            told += [one for one in identifiers if one in sent]
        if answer.headers.get("content-type", "").startswith(("video/", "image/")):
            told.append("bytes")
        if told:
            given[f"{method} {path}"] = told
    return given


def test_the_walk_finds_what_is_open(app: Starlette, planted: Planted, signed_in: Callable[..., Visitor]) -> None:
    """Were nothing closed it would be told in many places: the walk below asks the right questions."""
    told = _walk(app, signed_in("open", Role.EVIDENCE_TECHNICIAN), planted)
    assert len(told) >= LEAST_TOLD, sorted(told)
    assert {"GET /recordings", "GET /recordings/{recording_id}", "GET /api/v1/recordings"} <= told.keys()
    assert set(TOLD) <= {word for words in told.values() for word in words}


@pytest.mark.parametrize("role", list(Role))
def test_no_route_tells_any_role_of_it(
    app: Starlette,
    installation: Installation,
    place: Place,
    planted: Planted,
    signed_in: Callable[..., Visitor],
    role: Role,
) -> None:
    one = planted.ids["recording_id"]
    with installation.database.write() as tx:
        made = place_restriction(tx, one, RestrictionKind.COMPELLED, reason="said to the employer", actor="system:test")
        before = tx.execute(sa.select(recording).where(recording.c.id == one)).one()
    visitor = signed_in("somebody", role, unit_id=place.unit_id)
    assert _walk(app, visitor, planted) == {}
    with installation.database.write() as tx:
        assert tx.execute(sa.select(recording).where(recording.c.id == one)).one() == before, "nobody changed it"
        take_away(tx, made, reason="the end", actor="system:test", clock=installation.clock)
