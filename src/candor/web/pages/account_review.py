"""Reviewing the accounts: who is never there, what ends soon, who may watch what, and that somebody looked."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.people import auditing, reviews
from candor.people.rules import Permission
from candor.web.access import installation_of, page, visit_of
from candor.web.csrf import form_of
from candor.web.pages.recording_history import who
from candor.web.render import render


def show(request: Request) -> Response:
    """Everything that a review of the accounts looks at."""
    here = installation_of(request)
    with here.database.read() as tx:
        found = reviews.review(tx, clock=here.clock)
        by = found.last.actor if found.last else ""
        names = auditing.names_of(tx, {by})
    return render(
        request,
        "account_review.html",
        review=found,
        reviewed_by=who(by, names) if by else None,
        now_at=here.clock.now(),
        inactive_days=reviews.INACTIVE_DAYS,
        expiring_days=reviews.EXPIRING_DAYS,
    )


def mark(request: Request) -> Response:
    """Put on record that the accounts were reviewed."""
    here = installation_of(request)
    with here.database.write() as tx:
        reviews.mark_reviewed(tx, visit_of(request).actor, form_of(request).get("note", ""), clock=here.clock)
    return RedirectResponse("/accounts/review?said=accounts-reviewed", 303)


def disable(request: Request) -> Response:
    """Make the accounts inactive that nobody used for 90 days."""
    here = installation_of(request)
    with here.database.write() as tx:
        done = reviews.disable_inactive(tx, visit_of(request).actor, clock=here.clock)
    return RedirectResponse(f"/accounts/review?said={'accounts-disabled' if done else 'nobody-disabled'}", 303)


_MANAGE = Permission.ACCOUNTS_MANAGE
routes = [
    page("/accounts/review", show, needs=_MANAGE),
    page("/accounts/review", mark, needs=_MANAGE, methods=["POST"]),
    page("/accounts/review/disable-inactive", disable, needs=_MANAGE, methods=["POST"], fresh=True),
]
