"""When sessions live and when they end."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from tests.people.place import Place

from candor.custody import Event, recent
from candor.people import sessions
from candor.people.sessions import Lifetime
from candor.people.tables import session as session_table

LIFETIME = Lifetime(idle=timedelta(minutes=60), total=timedelta(hours=12))


def begin(place: Place, **more: str) -> str:
    with place.database.write() as tx:
        return sessions.begin(tx, place.administrator.account_id, lifetime=LIFETIME, clock=place.clock, **more)


def find(place: Place, token: str) -> sessions.Session | None:
    with place.database.read() as tx:
        return sessions.find(tx, token, lifetime=LIFETIME, clock=place.clock)


def touch(place: Place, token: str) -> None:
    with place.database.write() as tx:
        sessions.seen(tx, sessions.hash_token(token), clock=place.clock)


def test_the_token_finds_the_actor(place: Place) -> None:
    found = find(place, begin(place))
    assert found is not None
    assert found.actor == place.administrator
    assert find(place, "something else") is None
    assert find(place, "") is None


def test_the_database_does_not_hold_the_token(place: Place) -> None:
    token = begin(place, address="192.0.2.1", agent="x" * 500)
    with place.database.read() as tx:
        row = tx.execute(sa.select(session_table)).one()
    assert token not in repr(row)
    assert token.encode() not in row.token_hash
    assert len(row.agent) == 200


def test_idle_end(place: Place) -> None:
    token = begin(place)
    place.clock.advance(59 * 60)
    assert find(place, token)
    touch(place, token)
    place.clock.advance(59 * 60)
    assert find(place, token)
    place.clock.advance(60)
    assert find(place, token) is None


def test_absolute_end_however_busy(place: Place) -> None:
    token = begin(place)
    for _ in range(23):
        place.clock.advance(30 * 60)
        touch(place, token)
        assert find(place, token)
    place.clock.advance(30 * 60)
    assert find(place, token) is None


def test_seen_is_due_once_a_minute(place: Place) -> None:
    found = find(place, begin(place))
    assert found is not None
    assert not sessions.is_seen_due(found, clock=place.clock)
    place.clock.advance(60)
    assert sessions.is_seen_due(found, clock=place.clock)


def test_signing_in_again_replaces_the_token_of_the_browser(place: Place) -> None:
    old = begin(place)
    new = begin(place, replaces=old)
    assert old != new
    assert find(place, old) is None
    assert find(place, new)


def test_dead_sessions_are_cleared_away(place: Place) -> None:
    begin(place)
    place.clock.advance(61 * 60)
    begin(place)
    with place.database.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(session_table)).scalar_one() == 1


def test_sign_out_is_an_event_and_final(place: Place) -> None:
    token = begin(place)
    with place.database.write() as tx:
        assert sessions.end(tx, token, clock=place.clock)
        assert not sessions.end(tx, token, clock=place.clock)
        event = next(recent(tx, limit=1))
        assert event.kind is Event.ACCOUNT_SIGNED_OUT
        assert event.details == {"account": place.administrator.account_id, "sessions": 1}
    assert find(place, token) is None


def test_sign_out_everywhere_but_here(place: Place) -> None:
    tokens = [begin(place) for _ in range(3)]
    with place.database.write() as tx:
        here = sessions.hash_token(tokens[1])
        ended = sessions.end_all(
            tx, place.administrator.account_id, actor=place.administrator.account_id, but=here, clock=place.clock
        )
        assert ended == 2
        left = sessions.open_sessions(tx, place.administrator.account_id, lifetime=LIFETIME, clock=place.clock)
        assert [one.token_hash for one in left] == [here]


def test_an_inactive_account_has_no_session(place: Place) -> None:
    someone = place.add("someone")
    with place.database.write() as tx:
        token = sessions.begin(tx, someone.account_id, lifetime=LIFETIME, clock=place.clock)
        tx.execute(sa.text("UPDATE account SET active = :no WHERE id = :id"), {"no": False, "id": someone.account_id})
        assert sessions.find(tx, token, lifetime=LIFETIME, clock=place.clock) is None
