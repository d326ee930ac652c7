"""Where the sides of a case come in: by a code, without an account, to one discovery and nothing else of the site.

Their cookie is one of its own, sent to no other site and never read by any other page. What is watched is named in
addresses by tickets that only this visit can read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import wraps

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor import disclosure
from candor.core.errors import CandorError
from candor.custody import Event, find
from candor.disclosure.discovery import opening, reading, receipts, sessions, viewing
from candor.disclosure.discovery.errors import CodeRefused, DownloadOver, NoLongerGiven, TooManyCodes, VisitEnded
from candor.disclosure.discovery.reading import Discovery
from candor.disclosure.discovery.rules import SIDE_WORDS
from candor.disclosure.discovery.sessions import Visit
from candor.disclosure.instructions import OF_DISCOVERY
from candor.disclosure.instructions import instructions as instructions_text
from candor.disclosure.packages import Package, PackageState
from candor.footage.tables import recording as recording_table
from candor.people.rules import system_actor
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.errors import status_of
from candor.web.i18n import words_of
from candor.web.pages.recording_hand_out import PackageZip, zip_tag
from candor.web.pages.recording_media import SealedSource, Source, answer, disposition
from candor.web.render import render
from candor.web.session import is_secure, read_cookies

#: Beside those of every page.
HEADERS = {
    "x-robots-tag": "noindex, nofollow, noarchive",
    "cache-control": "no-store",
}
#: So many seconds, and it is looked at again whether what is being sent may still be sent.
LOOKS_AGAIN = 5.0
ENTER, VIEW = "/discovery/enter", "/discovery/view"
_TOO_MANY = 429
#: Who reads the package for a side: the program, on the strength of the side's access.
_READER = "discovery"

Page = Callable[[Request, Visit], Response]


def cookie_name(request: Request) -> str:
    """The name of the side's cookie; under https bound to this very host."""
    return "__Host-candor-discovery" if is_secure(installation_of(request).settings) else "candor-discovery"


def cookie_line(request: Request, token: str, *, max_age: int | None = None) -> str:
    """A Set-Cookie line: never readable to a script, and not sent when another site leads here."""
    secure = "; Secure" if is_secure(installation_of(request).settings) else ""
    life = "" if max_age is None else f"; Max-Age={max_age}"
    return f"{cookie_name(request)}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{life}"


def _token(request: Request) -> str:
    return read_cookies(request.headers.get("cookie", "")).get(cookie_name(request), "")


def _present(request: Request) -> Visit:
    """The side that is in. Raises VisitEnded."""
    here = installation_of(request)
    with here.database.read() as tx:
        found = sessions.present(tx, _token(request), clock=here.clock)
    if sessions.is_seen_due(found, clock=here.clock):
        with here.database.write() as tx:
            sessions.seen(tx, found, clock=here.clock)
    return found


def _bytes_of_side(endpoint: Page) -> Callable[[Request], Response]:
    """Bytes for whoever is in. Nobody else is led anywhere: a browser that goes on with a download would take the door
    for the file, and write it over what it has."""

    @wraps(endpoint)
    def guarded(request: Request) -> Response:
        return endpoint(request, _present(request))

    return guarded


class _WhileGiven:
    """A source of bytes that ends when the side's access does, or when what is sent may not be given any more."""

    def __init__(self, request: Request, visit: Visit, source: Source) -> None:
        self._here, self._visit, self._source = installation_of(request), visit, source
        self.size = source.size

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        """The bytes of a stretch, in pieces."""
        looked = time.monotonic()
        for piece in self._source.read(offset, length):
            if time.monotonic() - looked >= LOOKS_AGAIN:
                self._must_stand()
                looked = time.monotonic()
            yield piece

    def _must_stand(self) -> None:
        with self._here.database.read() as tx:
            sessions.must_have_access(tx, self._visit, clock=self._here.clock)
            reading.must_still_be_given(tx, reading.by_id(tx, self._visit.side.discovery_id))

    def close(self) -> None:
        """Close what it reads from."""
        self._source.close()


def _of_side(endpoint: Page) -> Callable[[Request], Response]:
    """A page for whoever is in; everybody else is led to the door."""

    @wraps(endpoint)
    def guarded(request: Request) -> Response:
        try:
            visit = _present(request)
        except VisitEnded:
            return RedirectResponse(f"{ENTER}?ended=1", 303, HEADERS)
        return endpoint(request, visit)

    return guarded


# -- the door


def enter_form(request: Request) -> Response:
    """The place for the code."""
    ended = request.query_params.get("ended") == "1" and bool(_token(request))
    return _door(request, VisitEnded() if ended else None, 200)


def _door(request: Request, problem: CandorError | None, status: int) -> Response:
    words = None if problem is None else words_of(problem)
    return render(request, "discovery_enter.html", status=status, headers=HEADERS, problem=words)


def enter(request: Request) -> Response:
    """Come in with a code that is sent by form, never in an address."""
    here, code, address = installation_of(request), form_of(request).get("code", ""), visit_of(request).address
    try:
        with here.database.write() as tx:
            begun = sessions.begin(tx, code, address=address, clock=here.clock)
    except CodeRefused as error:
        problem: CandorError = error
        try:
            with here.database.write() as tx:
                sessions.refuse(tx, address=address, clock=here.clock)
        except TooManyCodes as too_many:
            problem = too_many
        return _door(request, problem, _TOO_MANY if isinstance(problem, TooManyCodes) else 403)
    except TooManyCodes as error:
        return _door(request, error, _TOO_MANY)
    visit_of(request).cookies.append(cookie_line(request, begun.token))
    return RedirectResponse(VIEW, 303, HEADERS)


def leave(request: Request) -> Response:
    """End the visit."""
    with installation_of(request).database.write() as tx:
        sessions.end(tx, _token(request))
    visit_of(request).cookies.append(cookie_line(request, "", max_age=0))
    return RedirectResponse(ENTER, 303, HEADERS)


# -- what is there


@_of_side
def view(request: Request, visit: Visit) -> Response:
    """The recordings that were given, those withheld and why, the package, the receipt, the side's own record."""
    return _view(request, visit, None, 200)


def _view(request: Request, visit: Visit, problem: CandorError | None, status: int, *, name: str = "") -> Response:
    here = installation_of(request)
    with here.database.read() as tx:
        found = reading.by_id(tx, visit.side.discovery_id)
        package = reading.package_of(tx, found)
        shut = None
        try:
            reading.must_still_be_given(tx, found)
        except NoLongerGiven as error:
            shut = words_of(error)
        closed = reading.closed_since(tx, found)
        told = [one for one in found.given if one not in closed]
        rows = {row.id: row for row in tx.execute(recording_table.select().where(recording_table.c.id.in_(told))).all()}
        mine = [one for one in receipts.receipts_of(tx, found.id) if one.side is visit.side.side]
        status_of_log = here.log.status()
    return render(
        request,
        "discovery_view.html",
        status=status,
        headers=HEADERS,
        found=found,
        package=package,
        shut=shut,
        given=[(one, rows.get(one["recording"])) for one in found.said.get("given", ())],
        findings=[one for one in found.said.get("findings", ()) if one["recording"] not in closed],
        visit_of_side=visit,
        side=visit.side,
        side_words=SIDE_WORDS,
        receipts=mine,
        log=status_of_log,
        problem=None if problem is None else words_of(problem),
        name=name,
    )


@_of_side
def watch(request: Request, visit: Visit) -> Response:
    """Put on record, sealed to this side, that a recording is opened; then lead to it."""
    here = installation_of(request)
    try:
        with here.database.write() as tx:
            text = viewing.begin_viewing(tx, visit, form_of(request).get("recording", ""), clock=here.clock)
    except CandorError as error:
        return _view(request, visit, error, status_of(error))
    return RedirectResponse(f"/discovery/watch/{text}", 303, HEADERS)


@_of_side
def player(request: Request, visit: Visit) -> Response:
    """The recording in the browser's own player."""
    here = installation_of(request)
    try:
        with here.database.read() as tx:
            shown = viewing.shown(tx, visit, request.path_params["ticket"])
            found = reading.by_id(tx, visit.side.discovery_id)
            reading.must_still_be_given(tx, found)
    except CandorError as error:
        return _view(request, visit, error, status_of(error))
    return render(
        request,
        "discovery_watch.html",
        headers=HEADERS,
        found=found,
        shown=shown,
        side=visit.side,
        side_words=SIDE_WORDS,
    )


@_bytes_of_side
def stream(request: Request, visit: Visit) -> Response:
    """The bytes of a viewing copy, or a stretch of them."""
    here = installation_of(request)
    opened = viewing.open_stretch(here.database, here.vault, visit, request.path_params["ticket"])
    media_type = opened.media_type if opened.media_type in ("video/mp4", "audio/mp4") else "application/octet-stream"
    source = _WhileGiven(request, visit, SealedSource(opened.stream))
    return answer(request, source, tag=opened.sha256.hex(), media_type=media_type)


# -- the package


@_of_side
def begin_download(request: Request, visit: Visit) -> Response:
    """Put on record, for everybody, that this side takes the package; the event itself is the ticket."""
    here = installation_of(request)
    try:
        with here.database.write() as tx:
            found = reading.by_id(tx, visit.side.discovery_id)
            package = _ready(tx, found)
            event = viewing.record_download(tx, visit, found, package, clock=here.clock)
    except CandorError as error:
        return _view(request, visit, error, status_of(error))
    return RedirectResponse(f"/discovery/package/{package.name}.zip?download={event}", 303, HEADERS)


@_bytes_of_side
def download(request: Request, visit: Visit) -> Response:
    """The zip, or a stretch of it, within a download of this side that is on record."""
    here = installation_of(request)
    with here.database.read() as tx:
        found = reading.by_id(tx, visit.side.discovery_id)
        package = _ready(tx, found)
        event = find(tx, request.query_params.get("download", ""))
        mine = {"discovery": found.id, "side": visit.side.side.value}
        if event is None or event.kind is not Event.DISCOVERY_DOWNLOADED or not mine.items() <= event.details.items():
            raise DownloadOver()
        zipped = disclosure.open_zip(tx, here.vault, system_actor(_READER), package, record=False, clock=here.clock)
    name = f"{package.name}.zip"
    source = _WhileGiven(request, visit, PackageZip(zipped))
    return answer(request, source, tag=zip_tag(package), media_type="application/zip", file_name=name)


def _ready(tx: Connection, found: Discovery) -> Package:
    """Its package, which may still be given. Raises NoLongerGiven, PackageNotReady."""
    reading.must_still_be_given(tx, found)
    package = reading.package_of(tx, found)
    if package.state is not PackageState.READY:
        raise disclosure.PackageNotReady(id=found.number, state=package.problem or package.state.value)
    return package


@_of_side
def instructions(request: Request, visit: Visit) -> Response:
    """How to verify: the instructions that stand in the package, from outside it."""
    here = installation_of(request)
    with here.database.read() as tx:
        found = reading.by_id(tx, visit.side.discovery_id)
        package = reading.package_of(tx, found)
    key, agency = here.log.policy().logs[0].key, visit_of(request).agency
    text = instructions_text(
        agency=agency.name if agency else "–",
        package=package.id,
        created_at=package.created_at,
        recipient=package.recipient,
        origin=key.name,
        vkey=key.format(),
    )
    data = (text + OF_DISCOVERY).replace("\n", "\r\n").encode()
    return _file(data, f"how-to-verify-{found.number}.txt", "text/plain; charset=utf-8")


@_of_side
def trust_policy(request: Request, visit: Visit) -> Response:
    """The keys of the log and its witnesses, as the agency publishes them: not from the package."""
    return _file(installation_of(request).log.policy().format(), "trust-policy.txt", "text/plain; charset=utf-8")


# -- the side's own


@_of_side
def confirm(request: Request, visit: Visit) -> Response:
    """The side says that it has the discovery."""
    here, name = installation_of(request), form_of(request).get("name", "")
    try:
        with here.database.write() as tx:
            receipts.confirm(tx, visit, name=name, clock=here.clock)
    except CandorError as error:
        return _view(request, visit, error, status_of(error), name=name)
    return RedirectResponse(VIEW, 303, HEADERS)


@_of_side
def record(request: Request, visit: Visit) -> Response:
    """What this side viewed, sealed to it, to be opened with its key."""
    here = installation_of(request)
    with here.database.read() as tx:
        found = reading.by_id(tx, visit.side.discovery_id)
    data = opening.record_of(here.database, here.log, found, visit.side.side)
    return _file(data, f"{found.number}-{visit.side.side.value}-record.json", "application/json")


def _file(data: bytes, name: str, media_type: str) -> Response:
    headers = {**HEADERS, "content-disposition": disposition(name), "x-content-type-options": "nosniff"}
    return Response(data, media_type=media_type, headers=headers)


routes = [
    page(ENTER, enter_form, public=True),
    page(ENTER, enter, public=True, methods=["POST"]),
    page("/discovery/leave", leave, public=True, methods=["POST"]),
    page(VIEW, view, public=True),
    page("/discovery/watch", watch, public=True, methods=["POST"]),
    page("/discovery/watch/{ticket}", player, public=True),
    page("/discovery/stream/{ticket}", stream, public=True),
    page("/discovery/download", begin_download, public=True, methods=["POST"]),
    page("/discovery/package/{name}.zip", download, public=True),
    page("/discovery/how-to-verify.txt", instructions, public=True),
    page("/discovery/trust-policy.txt", trust_policy, public=True),
    page("/discovery/receipt", confirm, public=True, methods=["POST"]),
    page("/discovery/record.json", record, public=True),
]
