"""The custody log as staff see it: who it is, how far it is, whether it is well, and how anybody checks it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from candor.people.rules import Permission
from candor.web.access import installation_of, page
from candor.web.render import render


def show(request: Request) -> Response:
    """State of the log, its fingerprint large enough to be read across a room, and its witnesses."""
    here = installation_of(request)
    state = here.log.status()
    base = (here.settings.public_url or str(request.base_url)).rstrip("/")
    number = 1 + (0 if state is None else len(state.handovers))
    log_path = "/log/" if number == 1 else f"/log/{number}/"
    return render(
        request,
        "custody.html",
        state=state,
        log_path=log_path,
        log_url=f"{base}{log_path}",
        log_root=f"{base}/log/",
        now_at=here.clock.now(),
    )


def policy(request: Request) -> Response:
    """The trust policy to hand out beside the packages: the log's key, the witnesses, the quorum."""
    text = installation_of(request).log.policy().format()
    headers = {"content-disposition": 'attachment; filename="trust-policy.txt"'}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


routes = [
    page("/custody", show, needs=Permission.LOG_VIEW, name="custody"),
    page("/custody/policy", policy, needs=Permission.LOG_VIEW),
]
