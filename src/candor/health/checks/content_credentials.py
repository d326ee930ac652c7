"""The key that signs content credentials: whether one that was brought in is near its end."""

from __future__ import annotations

from datetime import timedelta

from candor.disclosure.credentials import keys
from candor.disclosure.credentials.rules import KeyOrigin
from candor.health.findings import Finding, bad, ok, warn
from candor.health.place import Place

#: A certificate that was brought in is asked for so long before its end.
ENDS_SOON = timedelta(days=60)
_NAME = "credentials"


def credentials(place: Place) -> Finding | None:
    """The certificate can sign; nothing to look at before the first one. One that was made here follows by itself."""
    if not place.begun:
        return None
    with place.read() as tx:
        found = keys.in_use(tx)
    if found is None:
        return None
    left, until = found.not_after - place.clock.now(), f"{found.not_after:%Y-%m-%d}"
    mend = "Bring in the next one with `candor credentials import`, or `candor credentials make --anew`."
    if found.origin is KeyOrigin.IMPORTED and left <= timedelta(0):
        words = f"The certificate for content credentials that was brought in ended on {until}; releases wait for it."
        return bad(_NAME, words, mend)
    if found.origin is KeyOrigin.IMPORTED and left <= ENDS_SOON:
        return warn(_NAME, f"The certificate for content credentials that was brought in ends on {until}.", mend)
    root = f"SHA-256 of its root {found.root_fingerprint[:16]}…"
    return ok(_NAME, f"Released copies are signed with a key that holds until {until}, {root}.")
