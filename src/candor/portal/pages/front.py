"""The first page, what the agency says of itself, and what becomes of what somebody leaves here."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from candor.portal.place import portal_of
from candor.portal.render import render


def front(request: Request) -> Response:
    """What can be done here, and the newest releases."""
    portal = portal_of(request)
    about = portal.about()
    newest, count = portal.published.releases()
    return render(request, "front.html", newest=newest[:3], count=count, law=about.law)


def about(request: Request) -> Response:
    """Who the agency is, what the law here says, how else to ask."""
    return render(request, "about.html", law=portal_of(request).about().law)


def privacy(request: Request) -> Response:
    """What is kept of whoever comes here."""
    portal_of(request).about()
    return render(request, "privacy.html")


def alive(request: Request) -> Response:
    """`/healthz`: 200 while this process answers and can read what is published."""
    made = portal_of(request).published.is_made()
    return JSONResponse({"status": "ok" if made else "waiting"}, 200 if made else 503)


routes = [
    Route("/", front),
    Route("/about", about),
    Route("/privacy", privacy),
    Route("/healthz", alive),
]
