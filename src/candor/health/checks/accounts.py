"""What is to be looked at about those who may sign in, and about the programs that act for them (CJIS AC-2, IA-5)."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from candor.health.findings import Finding, ok, together, warn
from candor.health.place import Place
from candor.people import reviews
from candor.people.tables import agency

_YEAR = timedelta(days=reviews.REVIEW_DAYS)


def accounts(place: Place) -> Finding | None:
    """Whether the accounts were reviewed within a year, and none is open that nobody used for long."""
    found = _review(place)
    if found is None:
        return None
    wrong: list[Finding | None] = []
    if found.inactive:
        count = len(found.inactive)
        words = f"{count} {'account was' if count == 1 else 'accounts were'} not used for {reviews.INACTIVE_DAYS} days."
        wrong.append(warn("accounts", words, "`candor user review --disable-inactive`, or /accounts/review."))
    if found.due_at is not None and found.due_at <= place.clock.now():
        words = f"The accounts were last reviewed on {found.due_at - _YEAR:%Y-%m-%d}."
        wrong.append(warn("accounts", words, "Look through /accounts/review and mark it: once a year at least."))
    return together("accounts", f"{found.active} accounts are active; none needs a look.", wrong)


def tokens(place: Place) -> Finding | None:
    """Whether a token of a service account ends soon."""
    found = _review(place)
    if found is None:
        return None
    if not found.expiring:
        return ok("tokens", "No token of a service account ends soon.")
    first = min(token.expires_at for token in found.expiring)
    count = len(found.expiring)
    words = f"{count} {'token ends' if count == 1 else 'tokens end'} soon, the first on {first:%Y-%m-%d}."
    return warn("tokens", words, "Make a new one with `candor token add` or on /service-accounts, then revoke the old.")


def _review(place: Place) -> reviews.Review | None:
    if not place.begun:
        return None
    with place.read() as tx:
        if tx.execute(sa.select(agency.c.id)).first() is None:
            return None
        return reviews.review(tx, clock=place.clock)
