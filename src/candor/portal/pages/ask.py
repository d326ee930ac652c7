"""The request form, and the page with the tracking code."""

from __future__ import annotations

import json
import secrets

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candor.core.clock import iso
from candor.pages.i18n import words_of
from candor.portal.asking import ANSWERS, LONGEST, WANTS, Asked, read_request
from candor.portal.errors import FileRefused
from candor.portal.forms import Form, read_form
from candor.portal.guard import must_come_from_here
from candor.portal.place import Portal, portal_of
from candor.portal.render import render
from candor.published.entries import EntryFile, seal
from candor.published.notices import AboutNotice
from candor.published.tracking import digest_of


def show(request: Request) -> Response:
    """The empty form."""
    about = portal_of(request).about()
    values = dict.fromkeys((*LONGEST, "day_from", "day_to", "time_from", "time_to"), "")
    values |= {"class": "", "wants": "copy", "answer": "code", "once": secrets.token_hex(16)}
    return _form(request, about, Asked(values))


async def send(request: Request) -> Response:
    """Take the request in, or show the form again with what has to be put right."""
    portal = portal_of(request)
    must_come_from_here(request)
    about = await run_in_threadpool(portal.about)
    try:
        form = await read_form(request, portal.settings.limits, with_files=True)
    except FileRefused as error:
        return await run_in_threadpool(_refused, request, error)
    return await run_in_threadpool(_take, request, portal, about, form)


def _take(request: Request, portal: Portal, about: AboutNotice, form: Form) -> Response:
    now = portal.clock.now()
    asked = read_request(form, tuple(one.value for one in about.classes), about.zone, now)
    if asked.faults:
        if "once" in asked.faults:
            asked.values["once"] = secrets.token_hex(16)
        return _form(request, about, asked, lost=len(form.files), status=422)
    files = tuple(EntryFile(one.name[-120:], one.media_type, bytes(one.content)) for one in form.files)
    content = json.dumps(asked.document, sort_keys=True).encode() + b"".join(one.content for one in files)
    code = portal.code_for(asked.once, content)
    document = {**asked.document, "tracking": digest_of(code).hex(), "received_at": iso(now)}
    portal.append("request", seal(document, files, about.recipient), request)
    return render(request, "asked.html", code=code, received_at=now, law=about.law, files=len(files))


def _form(request: Request, about: AboutNotice, asked: Asked, *, lost: int = 0, status: int = 200) -> Response:
    return render(
        request,
        "ask.html",
        status=status,
        values=asked.values,
        faults=asked.faults,
        lost=lost,
        law=about.law,
        classes=about.classes,
        answers=ANSWERS,
        wants=WANTS,
        longest=LONGEST,
        limits=portal_of(request).settings.limits,
    )


def _refused(request: Request, error: FileRefused) -> Response:
    """A file was not taken: what was written is still in the browser, one step back."""
    return render(request, "error.html", status=422, words=words_of(error), back="/ask")


routes = [Route("/ask", show), Route("/ask", send, methods=["POST"])]
