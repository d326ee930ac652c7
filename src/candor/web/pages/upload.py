"""Taking in files in the browser, and from programs with a token: resumable uploads (tus 1.0) at `/upload/tus`.

What arrives is sealed as it arrives. A connection that breaks, a page that is reloaded, a server that is started again:
the file goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from candor.core.errors import CandorError
from candor.docking.uploads.claim import claim_of_account, nameable
from candor.docking.uploads.reception import Uploads
from candor.docking.uploads.rules import Limits, Owner, Upload
from candor.fleet.service import devices
from candor.footage import catalogue
from candor.footage.intake import Claim
from candor.footage.rules import FLAG_WORDS, Flag, visible_to
from candor.footage.tables import recording as recording_table
from candor.people import sessions
from candor.people.rules import Permission
from candor.tus import Tus
from candor.tus.protocol import ITEM_METHODS, METHODS
from candor.web.access import installation_of, page, visit_of
from candor.web.i18n import gettext as _
from candor.web.i18n import words_of
from candor.web.render import render

PATH = "/upload/tus"


def show(request: Request) -> Response:
    """The page to drop files on."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        wearers = nameable(tx, visit.actor)
        cameras = devices(tx)
        categories = catalogue.categories(tx)
    return render(
        request,
        "upload.html",
        wearers=wearers,
        devices=cameras,
        categories=categories,
        limit=here.settings.max_upload_gib,
        days=here.settings.upload_days,
    )


class SiteDoor:
    """The protocol's door for whoever is signed in, or comes with a token, and may take in."""

    def uploads(self, request: Request) -> Uploads:
        return installation_of(request).uploads

    def owner(self, request: Request) -> Owner:
        return Owner("account", visit_of(request).actor.account_id)

    def claim(self, request: Request, said: Mapping[str, str]) -> Claim:
        with installation_of(request).database.read() as tx:
            return claim_of_account(tx, visit_of(request).actor, said, face="web")

    def limits(self, request: Request, owner: Owner) -> Limits | None:
        return None

    def told(self, request: Request, upload: Upload) -> dict[str, Any]:
        """Of a file that was here before, and that the sender may not see: its hash, and nothing else."""
        result = upload.result
        if result is None:
            return {}
        told: dict[str, Any] = {"sha256": result.sha256.hex(), "size": upload.received, "new": result.new}
        if not result.new and not self._sees(request, result.recording_id):
            return told
        return told | {
            "recording": result.recording_id,
            "part": result.part_id,
            "flags": [{"flag": flag, "words": _(FLAG_WORDS[Flag(flag)])} for flag in result.flags],
            "link": f"/recordings/{result.recording_id}",
        }

    def _sees(self, request: Request, recording_id: str) -> bool:
        query = sa.select(recording_table.c.id).where(recording_table.c.id == recording_id)
        with installation_of(request).database.read() as tx:
            return tx.execute(query.where(visible_to(visit_of(request).actor).expression)).first() is not None

    def at_work(self, request: Request) -> None:
        """A long upload is work: the session does not fall idle under it."""
        here, session = installation_of(request), visit_of(request).session
        if session is not None:
            with here.database.write() as tx:
                sessions.seen(tx, session.token_hash, clock=here.clock)

    def words(self, error: CandorError) -> str:
        return words_of(error)


_tus = Tus(SiteDoor(), PATH)

routes = [
    page("/upload", show, needs=Permission.RECORDINGS_TAKE_IN, name="upload"),
    page(PATH, _tus.collection, needs=Permission.RECORDINGS_TAKE_IN, methods=METHODS),
    page(f"{PATH}/{{upload_id}}", _tus.item, needs=Permission.RECORDINGS_TAKE_IN, methods=ITEM_METHODS),
]
