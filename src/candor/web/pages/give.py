"""Where the public gives footage by a link: no account, no cookie but the form's, nothing of anybody else.

The secret of the link stands in the address of the page and in a header of the uploads (`X-Candor-Link`), never in a
log: requests are logged by the template of their route. It is not told to other sites (no referrer), and nobody is to
index it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from candor.core.errors import CandorError, DatabaseGone
from candor.docking.links import service as links
from candor.docking.links.errors import (
    LinkError,
    LinkFileLost,
    LinkFileTooLarge,
    LinkGuessed,
    LinkHeldUp,
    LinkUnknown,
)
from candor.docking.links.receipt import Receipt, receipt_document, receipt_pdf
from candor.docking.links.rules import GB, GRACE, STATEMENT, Link, LinkState
from candor.docking.uploads.errors import UploadFailed, UploadTooLarge
from candor.docking.uploads.reception import Uploads
from candor.docking.uploads.rules import Limits, Owner, Upload
from candor.footage.intake import Claim
from candor.store import StoreError
from candor.store.room import NoRoom
from candor.tus import Tus
from candor.tus.protocol import ITEM_METHODS, METHODS
from candor.web.access import installation_of, page, visit_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.render import render

PATH = "/give/tus"
HEADER = "x-candor-link"
#: Beside those of every page.
HEADERS = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow, noarchive"}
_LONGEST_NAME = 4096


# -- which link


def _link(request: Request, secret: str) -> Link:
    """The link of a secret. Raises LinkUnknown, or LinkGuessed after too many of those from one address."""
    here = installation_of(request)
    with here.database.read() as tx:
        found = links.find(tx, secret)
        guessed = found is None and links.must_wait(tx, visit_of(request).address, clock=here.clock)
    if found is not None:
        return found
    if guessed:
        raise LinkGuessed()
    with here.database.write() as tx:
        error = links.missed(tx, visit_of(request).address, clock=here.clock)
    raise error


def _of_page(request: Request) -> Link:
    return _link(request, request.path_params["secret"])


# -- the page


def show(request: Request) -> Response:
    """What is asked, and the place to give it; what became of it; or why nothing can be given any more."""
    here = installation_of(request)
    try:
        link = _of_page(request)
    except LinkError as error:
        return _nothing(request, error)
    with here.database.write() as tx:
        links.opened(tx, link, clock=here.clock)
    with here.database.read() as tx:
        files, unfinished = links.files_of(tx, link), links.unfinished_of(tx, link)
    now = here.clock.now()
    state = link.state(now)
    takes = state is LinkState.OPEN or (bool(unfinished) and link.goes_on(now))
    return render(
        request,
        "give.html",
        status=200 if takes or files else 410,
        headers=HEADERS,
        link=link,
        secret=request.path_params["secret"],
        state=state,
        takes=takes,
        files=files,
        unfinished=unfinished,
        until=link.ends_at + GRACE,
        left_files=link.most_files - link.use.files,
        left_bytes=link.most_bytes - link.use.bytes,
        gigabytes=link.most_bytes // GB,
        longest=STATEMENT,
    )


def _nothing(request: Request, error: LinkError) -> Response:
    """A link that leads nowhere: the same whatever was wrong with it."""
    return render(request, "give_nothing.html", status=status_of(error), headers=HEADERS, words=words_of(error))


def files(request: Request) -> Response:
    """What came by the link so far, for the page's script."""
    try:
        link = _of_page(request)
    except LinkError as error:
        return JSONResponse({"error": words_of(error)}, status_of(error), HEADERS)
    with installation_of(request).database.read() as tx:
        found = links.files_of(tx, link)
    told = [{"upload": one.upload_id, "name": one.name, "size": one.size, "sha256": one.sha256.hex()} for one in found]
    return JSONResponse({"files": told}, headers=HEADERS)


# -- the receipt


class NothingGiven(LinkUnknown):
    """There is no receipt yet: nothing was given by this link so far. Give a file first."""


def receipt(request: Request) -> Response:
    """The receipt as a page to read and print; before anything was given, to where it is given."""
    secret = request.path_params["secret"]
    try:
        link = _of_page(request)
        made = _receipt(request, link)
    except NothingGiven:
        return RedirectResponse(f"/give/{secret}", 303, HEADERS)
    except LinkError as error:
        return _nothing(request, error)
    return render(request, "give_receipt.html", headers=HEADERS, link=link, receipt=made, secret=secret)


def receipt_pdf_file(request: Request) -> Response:
    """The receipt as PDF."""
    return _file(request, "pdf", lambda made: Response(receipt_pdf(made), media_type="application/pdf"))


def receipt_json_file(request: Request) -> Response:
    """The receipt as JSON, with what opens the log's entries."""
    return _file(request, "json", lambda made: JSONResponse(receipt_document(made)))


def _file(request: Request, kind: str, write: Callable[[Receipt], Response]) -> Response:
    try:
        made = _receipt(request, _of_page(request))
    except LinkError as error:
        return _nothing(request, error)
    answer = write(made)
    name = f'attachment; filename="receipt-{made.number}.{kind}"'
    answer.headers.update({**HEADERS, "content-disposition": name})
    return answer


def _receipt(request: Request, link: Link) -> Receipt:
    here, agency = installation_of(request), visit_of(request).agency
    with here.database.read() as tx:
        found = links.files_of(tx, link)
    verifier = here.log.verifier
    if not found or agency is None or verifier is None:  # nothing was given: there is no receipt of nothing
        raise NothingGiven()
    public = here.settings.public_url
    return Receipt(
        agency.name,
        link.number,
        link.incident_number,
        here.clock.now(),
        verifier.name,
        verifier.format(),
        public.rstrip("/") if public else None,
        found,
    )


# -- the files


class PublicDoor:
    """The protocol's door for whoever has a link."""

    def uploads(self, request: Request) -> Uploads:
        return installation_of(request).uploads

    def owner(self, request: Request) -> Owner:
        """Raises LinkUnknown, LinkGuessed, LinkEnded."""
        here, link = installation_of(request), _link(request, request.headers.get(HEADER, ""))
        links.must_go_on(link, here.clock.now())
        return links.owner_of(link)

    def claim(self, request: Request, said: Mapping[str, str]) -> Claim:
        link = _link(request, request.headers.get(HEADER, ""))
        name = (said.get("filename") or said.get("name") or "")[:_LONGEST_NAME]
        return links.claim_of(
            link,
            name,
            _moment(said.get("modified", "")),
            {field: said.get(f"giver-{field}", "") for field in STATEMENT},
        )

    def limits(self, request: Request, owner: Owner) -> Limits | None:
        return links.limits_of(_link(request, request.headers.get(HEADER, "")))

    def told(self, request: Request, upload: Upload) -> dict[str, Any]:
        """The hash of what is sealed. Not whether the bytes were known before: that would be of somebody else; nor what
        keeps it from being sealed: that has the agency's disks and addresses in it."""
        if upload.result is None:
            return {"problem": None}
        return {"sha256": upload.result.sha256.hex(), "size": upload.received}

    def at_work(self, request: Request) -> None:
        """There is no session that could fall idle, but the link may end meanwhile. Raises LinkEnded."""
        self.owner(request)

    def words(self, error: CandorError) -> str:
        """For a stranger: nothing of the agency's disks, database and addresses, and what a stranger can do."""
        if isinstance(error, UploadTooLarge):
            error = LinkFileTooLarge(limit=error.fields["limit"])
        elif isinstance(error, UploadFailed):
            error = LinkFileLost()
        elif isinstance(error, (StoreError, NoRoom, DatabaseGone)):
            error = LinkHeldUp()
        return words_of(error)


def _moment(milliseconds: str) -> datetime | None:
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    return None


_tus = Tus(PublicDoor(), PATH)

routes = [
    page(PATH, _tus.collection, public=True, methods=METHODS),
    page(f"{PATH}/{{upload_id}}", _tus.item, public=True, methods=ITEM_METHODS),
    page("/give/{secret}", show, public=True, name="give"),
    page("/give/{secret}/files", files, public=True),
    page("/give/{secret}/receipt", receipt, public=True),
    page("/give/{secret}/receipt.json", receipt_json_file, public=True),
    page("/give/{secret}/receipt.pdf", receipt_pdf_file, public=True),
]
