"""The tus protocol for programs at a dock: the dock's credential opens it, by HTTP Basic (RFC 7617), or as a Bearer
token (RFC 6750) that is user name and key with a dot between them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from candor.core.errors import CandorError
from candor.docking import credentials
from candor.docking.errors import CredentialWrong
from candor.docking.uploads.claim import claim_of_dock
from candor.docking.uploads.reception import Uploads
from candor.docking.uploads.rules import Limits, Owner, Upload
from candor.fleet import places

if TYPE_CHECKING:
    from candor.installation import Installation

__all__ = ["DockDoor"]

FACE = "tus"


class DockDoor:
    """Who comes to `/tus` of the door, and what they learn: a dock sees what it sent, and nothing else."""

    def __init__(self, installation: Installation) -> None:
        self._here = installation

    def uploads(self, request: Request) -> Uploads:
        """The desk."""
        return self._here.uploads

    def owner(self, request: Request) -> Owner:
        """The dock whose credential comes with the request. Raises CredentialWrong."""
        here, (user, key) = self._here, _given(request)
        address = request.client.host if request.client else "unknown"
        with here.database.read() as tx:
            found = credentials.check_credential(tx, user, key)
            reason, known = ("", None) if found else credentials.why_not(tx, user, key)
            due = found is not None and credentials.is_use_due(tx, found, address, clock=here.clock)
        if found is None:
            with here.database.write() as tx:
                credentials.turned_away(tx, known, reason, address, clock=here.clock)
            raise CredentialWrong()
        if due:
            with here.database.write() as tx:
                credentials.used(tx, found, address, clock=here.clock)
                places.seen(tx, found.dock_id, clock=here.clock)
        return Owner("dock", found.dock_id)

    def claim(self, request: Request, said: Mapping[str, str]) -> Any:
        """What a dock says of a file; nothing is turned away for it."""
        owner = self.owner(request)
        with self._here.database.write() as tx:
            return claim_of_dock(tx, owner.id, said, face=FACE, clock=self._here.clock)

    def limits(self, request: Request, owner: Owner) -> Limits | None:
        """A dock has what its cameras have: no bound but the room."""
        return Limits(open_files=None, open_bytes=None)

    def told(self, request: Request, upload: Upload) -> dict[str, Any]:
        """Hash and size: what a program needs before it lets its own copy go."""
        result = upload.result
        return {} if result is None else {"sha256": result.sha256.hex(), "size": upload.received, "new": result.new}

    def at_work(self, request: Request) -> None:
        """A long upload keeps its dock seen."""
        owner = self.owner(request)
        with self._here.database.write() as tx:
            places.seen(tx, owner.id, clock=self._here.clock)

    def words(self, error: CandorError) -> str:
        """As it is: whoever runs the dock has to mend it."""
        return str(error)


def _given(request: Request) -> tuple[str, str]:
    """User name and key of a request; empty where there are none."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() == "basic":
            user, _, key = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
            return user, key
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    if scheme.lower() == "bearer":
        user, _, key = rest.strip().partition(".")
        return user, key
    return "", ""
