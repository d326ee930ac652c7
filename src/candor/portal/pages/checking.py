"""Checking: the verifier that works in the reader's browser, and the trust policy that it starts with."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candor.portal.place import portal_of
from candor.portal.render import render
from candor.verify.verify_page import page_words


def verify(request: Request) -> Response:
    """Drop a package or a file; everything is checked in the browser, and nothing is sent."""
    portal_of(request).about()
    return render(request, "verify.html", words=page_words())


def policy(request: Request) -> Response:
    """The trust policy of this agency: the log's key, its witnesses, how many of them must have signed."""
    text = portal_of(request).about().log_policy
    headers = {"content-disposition": 'attachment; filename="trust-policy.txt"', "cache-control": "no-cache"}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


routes = [
    Route("/verify", verify),
    Route("/verify/trust-policy.txt", policy),
]
