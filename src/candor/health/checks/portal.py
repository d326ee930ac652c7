"""The pages for everybody: what came in by them is taken in, and what is published is what is true here."""

from __future__ import annotations

from datetime import timedelta

from candor.core.errors import CandorError
from candor.core.portal_settings import PortalSettings
from candor.disclosure.publishing.lag import portal_state
from candor.disclosure.publishing.rounds import is_wanted
from candor.health.findings import Finding, bad, minutes, ok, together, warn
from candor.health.place import Place
from candor.published.inbox import Inbox

#: What is published may lie behind so long; what came in may wait so long. Beyond the second somebody's request is late
#: before anybody here has seen it.
BEHIND, WAITING = timedelta(minutes=2), timedelta(minutes=30)


def portal(place: Place) -> Finding | None:
    """Whether the rounds are gone, nothing waits in the inbox, and nothing was put aside."""
    if not place.begun or not is_wanted(place.settings):
        return None
    now = place.clock.now()
    mend = "Start `candor serve`; `candor portal status` says more."
    try:
        with Inbox.to_append(PortalSettings.of(place.settings)) as inbox:
            if not inbox.is_made():
                return warn("portal", "The portal's inbox has not been made yet.", mend)
            with place.read() as tx:
                state = portal_state(tx, inbox)
    except CandorError as error:
        return bad("portal", f"The portal's inbox cannot be read: {error}", "Check CANDOR_INBOX_URL and its server.")
    wrong: list[Finding | None] = []
    behind = state.behind(now)
    if behind is None or behind > BEHIND.total_seconds():
        since = "was never published" if behind is None else f"lies {minutes(behind)} behind"
        wrong.append(warn("portal", f"What the portal shows {since}.", mend))
    if state.oldest is not None and now - state.oldest > WAITING:
        waits = minutes((now - state.oldest).total_seconds())
        words = f"{state.waiting} entries wait in the portal's inbox, the oldest for {waits}; the law's clock runs."
        wrong.append(bad("portal", words, mend))
    if state.aside:
        what = "1 entry" if state.aside == 1 else f"{state.aside} entries"
        words = f"{what} of the portal's inbox could not be taken in."
        wrong.append(warn("portal", words, "Look at them with `candor portal status`, then add --seen."))
    if not wrong:
        return ok("portal", f"What the portal shows is {minutes(behind or 0)} old, and nothing waits.")
    return together("portal", "", wrong)
