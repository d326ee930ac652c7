"""The recordings that the search proposes for a request, on its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from candor.disclosure.requests.proposing import Proposals, propose
from candor.disclosure.requests.reading import RecordsRequest
from candor.footage.search import Row
from candor.people.rules import Actor
from candor.web import formats
from candor.web.i18n import gettext as _
from candor.web.render import query

__all__ = ["Proposed", "proposals_told"]

#: Proposals that are asked for, and of these shown at first.
_MOST, _SHOWN = 60, 12


@dataclass(frozen=True)
class Proposed:
    """A recording that may be meant, and why."""

    row: Row
    reasons: tuple[str, ...]


def proposals_told(tx: Connection, actor: Actor, one: RecordsRequest, zone: str) -> dict[str, Any]:
    """What is proposed and of which nobody has said anything yet; the best first."""
    found = propose(tx, actor, one.id, limit=_MOST)
    fresh = [Proposed(each.recording, each.reasons) for each in found.rows if each.said is None]
    named = one.named
    asked = {"incident": named.incident, "place": named.place, "person": named.officer, "text": named.person}
    if named.began is not None:
        asked["from"] = formats.local(named.began, zone).date().isoformat()
    return {
        "proposals": fresh[:_SHOWN],
        "proposals_rest": fresh[_SHOWN:],
        "proposals_bounded": found.bounded,
        "looked_for": found.looked_for,
        "too_vague": found.vague,
        "nothing_proposed": _nothing(found),
        "search_link": query("/recordings", asked),
    }


def _nothing(found: Proposals) -> str:
    if not found.looked_for:
        return _("The request names no time, place, person, officer or number to look for. Ask them for one.")
    if found.rows:
        return _("Of everything that was proposed somebody has said whether it is meant.")
    return _("Nothing fits what is named. Look in the list of recordings, or ask them for more.")
