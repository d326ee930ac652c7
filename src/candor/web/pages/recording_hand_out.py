"""Handing out: the form, the package while it is being made and once it is ready, and its download."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor import disclosure
from candor.core.canonical import canonical_json
from candor.core.errors import CandorError
from candor.custody import Event, find, recent
from candor.disclosure.deliver import ZipStream
from candor.disclosure.packages import Package
from candor.disclosure.tables import package as package_table
from candor.footage.errors import RecordingUnknown
from candor.footage.search import Row, row_of
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.i18n import words_of
from candor.web.pages.recording_history import actor_name
from candor.web.pages.recording_media import answer
from candor.web.render import render

EXPORT = Permission.RECORDINGS_EXPORT
#: Recordings of one package through the browser; more go by the command line.
MOST = 200
LONGEST = 500
#: How long a download that broke off can go on as the same download.
RESUMES_WITHIN = timedelta(hours=24)


class RecipientMissing(CandorError):
    """Say who gets the package and what for, each in 1 to {longest} characters. Both go on record with it."""

    exit_code = 3


class TooManyToHandOut(CandorError):
    """A package made here holds at most {most} recordings, and {count} were chosen. Choose fewer, or use
    `candor export` on the server."""

    exit_code = 2


class DownloadEnded(CandorError):
    """This download is not yours, or it began more than a day ago. Open the package's page and download it again."""

    exit_code = 5


def ids_of(values: list[str]) -> list[str]:
    """Identifiers given one by one or with commas between, each once, in their order."""
    given = (one.strip() for value in values for one in value.split(","))
    return list(dict.fromkeys(one for one in given if one))


def form(request: Request) -> Response:
    """Whom it is for, and what for."""
    return _form(request, ids_of(request.query_params.getlist("ids")), {}, None, 200)


def _form(
    request: Request, ids: list[str], given: dict[str, str], problem: CandorError | None, status: int
) -> Response:
    here, visit = installation_of(request), visit_of(request)
    if len(ids) > MOST:
        raise TooManyToHandOut(most=MOST, count=len(ids))
    with here.database.read() as tx:
        rows = _rows(tx, visit.actor, ids)
    return render(
        request,
        "recording_hand_out.html",
        status=status,
        rows=rows,
        size=sum(row.size for row in rows),
        given={"recipient": "", "purpose": ""} | given,
        problem=None if problem is None else words_of(problem),
        longest=LONGEST,
    )


def _rows(tx: Connection, actor: Actor, ids: list[str]) -> list[Row]:
    rows = []
    for one in ids:
        row = row_of(tx, actor, one)
        if row is None:
            raise RecordingUnknown(id=one)
        rows.append(row)
    return rows


def hand_out(request: Request) -> Response:
    """The act: on record, then the job that makes the package."""
    here, visit, given = installation_of(request), visit_of(request), form_of(request)
    ids = ids_of(given.getlist("ids"))
    words = {name: " ".join(given.get(name, "").split()) for name in ("recipient", "purpose")}
    if not all(1 <= len(text) <= LONGEST for text in words.values()):
        return _form(request, ids, words, RecipientMissing(longest=LONGEST), 422)
    if len(ids) > MOST:
        raise TooManyToHandOut(most=MOST, count=len(ids))
    with here.database.write() as tx:
        package_id = disclosure.request(tx, visit.actor, ids, **words, clock=here.clock)
        job_id = here.jobs.enqueue(tx, disclosure.JOB, {"package": package_id})
        # The page tells how far the making is.
        tx.execute(package_table.update().where(package_table.c.id == package_id).values(job_id=job_id))
    return RedirectResponse(f"/packages/{package_id}", 303)


def show(request: Request) -> Response:
    """A package: being made, ready, or why not."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        found = disclosure.package(tx, visit.actor, request.path_params["package_id"])
        rows = [row for row in (row_of(tx, visit.actor, one) for one in found.recordings) if row is not None]
        job = here.jobs.get(tx, found.job_id) if found.job_id else None
        by = actor_name(tx, found.actor)
    return render(
        request,
        "recording_package.html",
        package=found,
        rows=rows,
        fraction=job.fraction if job is not None else None,
        by=by,
        originals=sum(one["size"] for one in found.plan["originals"]),
        log=here.log.status(),
    )


def begin_download(request: Request) -> Response:
    """Put the download on record, then lead to the bytes; the event itself is the ticket."""
    here, visit = installation_of(request), visit_of(request)
    package_id = request.path_params["package_id"]
    with here.database.write() as tx:
        found = disclosure.package(tx, visit.actor, package_id)
        disclosure.open_zip(tx, here.vault, visit.actor, found, clock=here.clock).close()
        kinds = [Event.RECORDING_PACKAGE_DOWNLOADED]
        event = next(recent(tx, kinds=kinds, actor=visit.actor.account_id, limit=1))
    return RedirectResponse(f"/packages/{package_id}/{found.name}.zip?download={event.id}", 303)


class PackageZip:
    """A package's zip as a source of bytes."""

    def __init__(self, stream: ZipStream) -> None:
        self._stream = stream
        self.size = stream.size

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        return self._stream.read(offset, length)

    def close(self) -> None:
        self._stream.close()


def download(request: Request) -> Response:
    """The zip, or a stretch of it, within a download that is on record."""
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        found = disclosure.package(tx, visit.actor, request.path_params["package_id"])
        _must_be_on_record(tx, request, visit.actor, found)
        stream = disclosure.open_zip(tx, here.vault, visit.actor, found, record=False, clock=here.clock)
    return answer(
        request, PackageZip(stream), tag=zip_tag(found), media_type="application/zip", file_name=f"{found.name}.zip"
    )


def _must_be_on_record(tx: Connection, request: Request, actor: Actor, found: Package) -> None:
    event = find(tx, request.query_params.get("download", ""))
    if (
        event is None
        or event.kind is not Event.RECORDING_PACKAGE_DOWNLOADED
        or event.actor != actor.account_id
        or event.details.get("package") != found.id
        or installation_of(request).clock.now() - event.at > RESUMES_WITHIN
    ):
        raise DownloadEnded()


def zip_tag(found: Package) -> str:
    """Changes with the bytes of the zip: they follow from the files and the top folder's name."""
    files: list[dict[str, Any]] = [
        {"name": file.name, "sha256": file.sha256, "size": file.size} for file in found.files
    ]
    return hashlib.sha256(canonical_json({"files": files, "top": found.name})).hexdigest()


routes = [
    page("/hand-out", form, needs=EXPORT),
    page("/hand-out", hand_out, needs=EXPORT, methods=["POST"]),
    page("/packages/{package_id}", show, needs=EXPORT),
    page("/packages/{package_id}/download", begin_download, needs=EXPORT, methods=["POST"]),
    page("/packages/{package_id}/{name}.zip", download, needs=EXPORT),
]
