"""Rights that were asked for and not held: each is on record, and many do not bury it."""

from __future__ import annotations

from typing import Any

from tests.people.place import Place

from candor.custody import Event, recent
from candor.custody.searching import Group, Outcome, group_of, outcome_of
from candor.people import refusals
from candor.people.rules import Actor

RULE = "people.no-role accounts:manage"


def ask(place: Place, actor: Actor, times: int = 1, rule: str = RULE) -> int:
    """Ask so often; how many of them were events."""
    made = 0
    for _ in range(times):
        with place.database.write() as tx:
            event = refusals.note(
                tx,
                actor,
                rule,
                method="GET",
                route="/accounts",
                address="192.0.2.7",
                source="a" * 300,
                clock=place.clock,
            )
        made += event is not None
    return made


def told(place: Place) -> list[dict[str, Any]]:
    with place.database.read() as tx:
        return [event.details for event in recent(tx, kinds=[Event.ACCESS_REFUSED])][::-1]


def test_it_says_who_what_where_and_why(place: Place) -> None:
    jo = place.add("jo")
    assert ask(place, jo) == 1
    assert told(place) == [
        {
            "account": jo.account_id,
            "token": None,
            "rule": RULE,
            "method": "GET",
            "route": "/accounts",
            "address": "192.0.2.7",
            "agent": "a" * 200,
            "times_today": 1,
        }
    ]
    assert (group_of(Event.ACCESS_REFUSED), outcome_of(Event.ACCESS_REFUSED)) == (Group.ACCOUNTS, Outcome.FAILURE)


def test_many_are_counted_and_few_are_events(place: Place) -> None:
    jo, sam = place.add("jo"), place.add("sam")
    assert ask(place, jo, 100) == 10 + 3
    assert [one["times_today"] for one in told(place)] == [*range(1, 11), 16, 32, 64]
    assert ask(place, jo, rule="people.no-role policy:manage") == 1, "another rule"
    assert ask(place, sam) == 1, "another account"
    place.clock.advance(24 * 3600)
    assert ask(place, jo) == 1, "another day"
