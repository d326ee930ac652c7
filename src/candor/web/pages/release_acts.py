"""What is done with a release: approved, sent back, prepared anew, discarded, recalled; each act in one transaction."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.engine import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.core.errors import CandorError
from candor.disclosure.releases import approving, discarding, preparing, recalling
from candor.disclosure.releases.acting import state_of
from candor.disclosure.releases.errors import ReleaseChanged, ReleaseUnknown
from candor.disclosure.releases.reading import release
from candor.disclosure.releases.rules import Audience, may_be_recalled
from candor.installation import Installation
from candor.people.rules import Actor, Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import Form, form_of
from candor.web.errors import status_of
from candor.web.i18n import gettext as _
from candor.web.i18n import words_of
from candor.web.pages.accounts import Problem
from candor.web.pages.release import page_of
from candor.web.pages.request_acts import version_of
from candor.web.pages.requests_words import shared
from candor.web.render import render

__all__ = ["routes"]

Act = Callable[[Connection, Installation, Actor, str, Form], object]


def _act(request: Request, form_name: str, said: str, act: Act) -> Response:
    """Do it and show the release again."""
    here, visit, form = installation_of(request), visit_of(request), form_of(request)
    release_id = request.path_params["release_id"]
    try:
        with here.database.write() as tx:
            act(tx, here, visit.actor, release_id, form)
    except ReleaseUnknown:
        raise
    except ReleaseChanged:
        words = _(
            "Somebody else changed this release while you were at it. What stands below is how it is now, and what you "
            "typed is there too. Look at it, and decide again."
        )
        return page_of(request, Problem(words, None, form_name), 409, dict(form))
    except CandorError as error:
        status = 409 if status_of(error) == 403 else status_of(error)
        return page_of(request, Problem(words_of(error), None, form_name), status, dict(form))
    return RedirectResponse(f"/releases/{release_id}?said={said}", 303)


def approve(request: Request) -> Response:
    """Approve it, or have one that could not be made tried again. Form: version."""

    def act(tx: Connection, here: Installation, actor: Actor, release_id: str, form: Form) -> None:
        upon = version_of(form) or 0
        approving.approve(tx, here.vault, here.jobs, actor, release_id, upon=upon, clock=here.clock)

    return _act(request, "approve", "release-approved", act)


def send_back(request: Request) -> Response:
    """Send it back to who prepared it. Form: reason, version."""

    def act(tx: Connection, here: Installation, actor: Actor, release_id: str, form: Form) -> None:
        upon, reason = version_of(form) or 0, form.get("reason", "")
        approving.send_back(tx, actor, release_id, reason, upon=upon, clock=here.clock)

    return _act(request, "send-back", "release-sent-back", act)


def revise(request: Request) -> Response:
    """Write title and summary anew and prepare it once more. Form: title, summary, version."""

    def act(tx: Connection, here: Installation, actor: Actor, release_id: str, form: Form) -> None:
        words = {"title": form.get("title", ""), "summary": form.get("summary", "")}
        preparing.revise(tx, here.vault, actor, release_id, **words, upon=version_of(form) or 0, clock=here.clock)

    return _act(request, "revise", "release-revised", act)


def discard(request: Request) -> Response:
    """Discard it before anybody approves it. Form: reason, version."""

    def act(tx: Connection, here: Installation, actor: Actor, release_id: str, form: Form) -> None:
        upon, reason = version_of(form) or 0, form.get("reason", "")
        discarding.discard(tx, actor, release_id, reason, upon=upon, clock=here.clock)

    return _act(request, "discard", "release-discarded", act)


def show_recall(request: Request) -> Response:
    """What a recall does, and the form that asks for its reason."""
    return _recall(request, None, 200)


def _recall(request: Request, problem: str | None, status: int) -> Response:
    here, visit = installation_of(request), visit_of(request)
    with here.database.read() as tx:
        one = release(tx, visit.actor, request.path_params["release_id"])
        possible = may_be_recalled(state_of(tx, one), approved=one.approved_at is not None)
    return render(
        request,
        "release_recall.html",
        status=status,
        one=one,
        possible=possible,
        public=one.audience is Audience.PUBLIC,
        problem=problem,
        reason=form_of(request).get("reason", ""),
        longest_why=recalling.LONGEST_REASON,
        **shared(),
    )


def recall(request: Request) -> Response:
    """Recall it. Form: reason."""
    here, visit = installation_of(request), visit_of(request)
    release_id = request.path_params["release_id"]
    try:
        with here.database.write() as tx:
            reason = form_of(request).get("reason", "")
            recalling.recall(tx, here.jobs, visit.actor, release_id, reason, clock=here.clock)
    except ReleaseUnknown:
        raise
    except CandorError as error:
        return _recall(request, words_of(error), 409 if status_of(error) == 403 else status_of(error))
    return RedirectResponse(f"/releases/{release_id}?said=release-recalled", 303)


_ONE = "/releases/{release_id}"
_APPROVE = Permission.RELEASES_APPROVE
routes = [
    page(_ONE, revise, needs=Permission.RELEASES_PREPARE, methods=["POST"]),
    page(f"{_ONE}/approve", approve, needs=_APPROVE, methods=["POST"]),
    page(f"{_ONE}/send-back", send_back, needs=_APPROVE, methods=["POST"]),
    page(f"{_ONE}/discard", discard, needs=Permission.RELEASES_PREPARE, methods=["POST"]),
    page(f"{_ONE}/recall", show_recall, needs=_APPROVE, fresh=True),
    page(f"{_ONE}/recall", recall, needs=_APPROVE, methods=["POST"], fresh=True),
]
