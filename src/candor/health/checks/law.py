"""The law that is applied here: whether there is any, whether it is the one that comes with the program, what waits."""

from __future__ import annotations

from datetime import timedelta

from candor.health.findings import Finding, minutes, together, warn
from candor.health.place import Place
from candor.law import changes
from candor.law.books import book_now
from candor.law.reading import shipped

#: A proposed change that nobody decides for so long is forgotten.
DECIDED_WITHIN = timedelta(days=14)


def law(place: Place) -> Finding | None:
    """A pack is in effect, its text is the one that comes with this version, and no proposal is forgotten."""
    if not place.begun:
        return None
    now = place.clock.now()
    with place.read() as tx:
        book, waiting = book_now(tx), changes.open_changes(tx)
    wrong: list[Finding | None] = []
    if not book.packs:
        words = "No law pack is in effect, so nothing is destroyed and nothing released by the program."
        wrong.append(warn("law", words, "Choose one at /law, or with `candor law propose`; a second person decides."))
    known = shipped()
    for pack in book.packs:
        newer = known.get(pack.id)
        if newer is not None and newer.sha256 != pack.sha256:
            words = f"{pack.id} {pack.version} is in effect, and this version comes with {newer.version}."
            mend = f"Look at what differs with `candor law diff {pack.id}`, and propose the new text."
            wrong.append(warn("law", words, mend))
    late = [one for one in waiting if now - one.proposed_at > DECIDED_WITHIN]
    if late:
        oldest = minutes((now - late[0].proposed_at).total_seconds())
        words = f"Proposed changes of the law wait for a decision: {len(late)}, the longest for {oldest}."
        wrong.append(warn("law", words, "Decide them at /retention."))
    said = ", ".join(f"{pack.id} {pack.version}" for pack in book.packs)
    return together("law", f"In effect: {said}.", wrong)
