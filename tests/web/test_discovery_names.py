"""Names that no database holds, given where the sides of a case come in, and to the pages that make discovery."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from tests.web.test_discovery import Docket, docket, enter, send, technician
from tests.web.visitor import Visitor

from candor.people.rules import Role

__all__ = ["docket", "technician"]


def test_a_name_that_no_database_holds_is_not_there(
    app: Starlette, docket: Docket, signed_in: Callable[..., Visitor]
) -> None:
    guest = enter(app, docket.give(docket.make())[0])
    link = send(guest, "/discovery/download").headers["location"]
    assert guest.get(f"{link}%00").status_code == 404
    assert docket.technician.get("/cases/%00/discovery").status_code == 404
    assert send(guest, "/discovery/watch", {"recording": "\0"}).status_code == 404
    counsel = signed_in("li", Role.COUNSEL)
    at = f"/cases/{docket.case}"
    fields = {"recording": "\0", "statement": "Report 26-77", "words": "It does not agree."}
    assert counsel.post(f"{at}/findings", fields, page=at).status_code == 422
