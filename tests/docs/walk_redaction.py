"""The part of the walk in which a recording is redacted, from finding to a proved copy."""

from __future__ import annotations

from typing import Any

import pytest
from tests.redaction.detectors import Bright, film

from candor.core.limited import LimitedRefused
from candor.core.settings import Settings
from candor.installation import Installation
from candor.people import service
from candor.people.rules import Actor, Role, system_actor
from candor.redaction import detection_jobs, rendering_jobs
from candor.redaction.redactions import close, parts_of
from candor.redaction.saving import hold, save_edits

#: Pages of two people.
_FIRST, _SECOND = "page-1", "page-2"


def redaction(site: Any) -> None:
    """Looked through, edited by one person and taken over by another, rendered twice, once in vain, and closed."""
    file = site.home / "bright.mp4"
    file.write_bytes(film(1.0))
    recording = site.run("candor ingest", str(file))["recordings"][0]["id"]
    want_nothing_else()
    with pytest.MonkeyPatch.context() as patch:
        for module in (detection_jobs, rendering_jobs):
            patch.setattr(module, "detectors_for", lambda *_given, **_more: [Bright()])
        made = site.run("candor redact detect", recording, "--title", "For the court", "--wait")["id"]
        _edited(made)
        copy = site.run("candor redact render", made, "--wait")["copies"][0]["id"]
        patch.setattr(rendering_jobs, "render", _refused)
        site.run("candor redact render", made, "--part", "1", "--wait", code=6)
    site.run("candor redact render", made)
    want_nothing_else()
    _handed_out(site, recording, copy, str(file))
    site.run("candor redact list")
    site.run("candor redact show", made)
    site.run("candor redact history", made)
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        close(tx, system_actor("test"), made)


def _handed_out(site: Any, recording: str, copy: str, original: str) -> None:
    """The copy goes out in a package, and somebody who has the original checks it."""
    words = ("--recipient", "The Daily Example", "--purpose", "a request", "--although", "each was looked at")
    given = site.run("candor export", recording, "--redacted", copy, "--out", str(site.home / "redacted"), *words)
    site.run("candor redact verify", original, f"{given['package']}/data/redacted/redacted-01.mp4")


def _refused(*_given: Any, **_more: Any) -> Any:
    raise LimitedRefused(code="test", reason="it is a test")


def want_nothing_else() -> None:
    """Jobs of other rooms that wait are no part of this walk."""
    with Installation.open(Settings.load()) as here, here.database.write() as tx:
        for one in here.jobs.list(tx, limit=1000):
            here.jobs.cancel(tx, one.id)


def _edited(redaction_id: str) -> None:
    with Installation.open(Settings.load()) as here:
        with here.database.write() as tx:
            account = service.account_named(tx, "kim")
        assert account is not None
        kim = Actor(account.id, frozenset({Role.EVIDENCE_TECHNICIAN}), None, "Kim")
        with here.database.write() as tx:
            part = parts_of(tx, redaction_id)[0].part_id
            acts = [{"act": "set-part", "part": part, "values": {"mute_all": True}}]
            edits = [{"words": "Muted everything", "acts": acts}]
            save_edits(tx, here.vault, kim, redaction_id, base=1, page=_FIRST, edits=edits)
        with here.database.write() as tx:
            hold(tx, here.vault, system_actor("test"), redaction_id, page=_SECOND, take_over=True)
