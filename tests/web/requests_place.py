"""What tests of the pages about requests share: a clerk, requests that came in, a law that is in effect."""

from __future__ import annotations

import httpx2 as httpx
from tests.web.visitor import Visitor

from candor.core.clock import Clock
from candor.disclosure.requests import intake
from candor.disclosure.requests.intake import Intake, Received
from candor.installation import Installation
from candor.law import changes
from candor.people.rules import Actor, Role


def ask(here: Installation, clerk: Visitor, words: str = "The stop on Route 9", **values: object) -> Received:
    """A request that came in."""
    with here.database.write() as tx:
        return intake.receive(tx, clerk.actor, Intake(words=words, **values), clock=here.clock)  # type: ignore[arg-type]


#: A law by which a request has to be answered, and one that says what a request names.
LAW, NAMING_LAW = "us-ct", "us-tx"


def law_of(here: Installation, pack: str, clock: Clock) -> None:
    """The law of a state takes effect, by two of the agency's counsel."""
    one, other = (Actor(f"counsel-{n}", frozenset({Role.COUNSEL}), None, f"Counsel {n}") for n in range(2))
    with here.database.write() as tx:
        change_id = changes.propose_pack(tx, one, pack, reason="We begin.", clock=clock)
        changes.note_dry_run(tx, change_id, {"purgeable": 0}, clock=clock)
        changes.decide(tx, other, change_id, approve=True, reason="So be it.", clock=clock)


def led_to(answer: httpx.Response) -> str:
    """Where a form led."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]
