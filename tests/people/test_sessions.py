"""When sessions live and when they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.people.place import Place

from candor.custody import Event, recent
from candor.people import sessions
from candor.people.errors import SessionGone
from candor.people.rules import Role
from candor.people.service import change_account
from candor.people.sessions import Lifetime
from candor.people.tables import session as session_table
from candor.people.tables import session_former

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


# -- locked, replaced, refused

LOCKING = Lifetime(idle=timedelta(minutes=60), total=timedelta(hours=12), lock=timedelta(minutes=30))
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEWER_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
EDGE = CHROME + " Edg/130.0.0.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
IPHONE_FILM = "AppleCoreMedia/1.0.0.22A335 (iPhone; U; CPU OS 18_0 like Mac OS X; en_us)"


def look(place: Place, token: str, agent: str | None = None) -> sessions.Found:
    with place.database.read() as tx:
        return sessions.look_up(tx, token, lifetime=LOCKING, agent=agent, clock=place.clock)


def proved(place: Place, found: sessions.Session) -> str:
    with place.database.write() as tx:
        return sessions.proved(tx, found, method="password", address="192.0.2.7", agent="x", clock=place.clock)


def newest(place: Place) -> tuple[Event, dict[str, object]]:
    with place.database.read() as tx:
        event = next(recent(tx, limit=1))
    return event.kind, event.details


def test_locked_after_the_idle_time_and_by_hand(place: Place) -> None:
    token = begin(place)
    place.clock.advance(30 * 60 - 1)
    found = look(place, token).session
    assert found is not None
    assert not found.locked
    place.clock.advance(1)
    found = look(place, token).session
    assert found is not None
    assert (found.locked, found.lock_noted) == (True, False)
    with place.database.write() as tx:
        sessions.lock(tx, found, by="idle", clock=place.clock)
        sessions.lock(tx, found, by="idle", clock=place.clock)  # said twice, written once
        assert [event.kind for event in recent(tx, limit=2)].count(Event.ACCOUNT_SCREEN_LOCKED) == 1
    touch(place, token)  # activity does not unlock
    found = look(place, token).session
    assert found is not None
    assert found.locked


def test_unlocking_gives_a_new_token_and_the_same_form_token(place: Place) -> None:
    token = begin(place)
    place.clock.advance(40 * 60)
    locked = look(place, token).session
    assert locked is not None
    new = proved(place, locked)
    assert newest(place)[0] is Event.ACCOUNT_UNLOCKED
    found = look(place, new).session
    assert found is not None
    assert (found.locked, found.csrf, found.proved_at) == (False, locked.csrf, place.clock.now())
    assert found.ends_at == locked.ends_at  # the absolute end stays where it was


def test_fresh_for_a_while_after_each_proof(place: Place) -> None:
    found = look(place, begin(place)).session
    assert found is not None
    within = timedelta(minutes=10)
    assert found.is_fresh(within, place.clock.now())
    place.clock.advance(10 * 60)
    assert not found.is_fresh(within, place.clock.now())
    again = look(place, proved(place, found)).session
    assert again is not None
    assert again.is_fresh(within, place.clock.now())
    assert newest(place)[0] is Event.ACCOUNT_RE_AUTHENTICATED


def test_a_replaced_token_is_good_for_a_moment_and_then_ends_the_session(place: Place) -> None:
    old = begin(place)
    first = look(place, old).session
    assert first is not None
    new = proved(place, first)
    newer = proved(place, look(place, new).session or first)
    assert look(place, old).session == look(place, newer).session  # on its way when it was replaced
    touch(place, old)
    place.clock.advance(15)
    assert look(place, old) == sessions.Found(None, "token")
    with place.database.write() as tx:
        sessions.refuse(tx, old, reason="token", address="203.0.113.9", agent="curl", clock=place.clock)
    assert newest(place) == (
        Event.ACCOUNT_SESSION_REFUSED,
        {
            "account": place.administrator.account_id,
            "reason": "token",
            "address": "203.0.113.9",
            "agent": "curl",
        },
    )
    assert look(place, newer) == look(place, old) == sessions.Found(None)


def test_a_form_that_was_sent_twice_ends_nothing(place: Place) -> None:
    found = look(place, begin(place)).session
    assert found is not None
    proved(place, found)
    place.clock.advance(1)
    last = proved(place, found)  # the second request was on its way with the first token
    assert look(place, last).session is not None
    place.clock.advance(15)
    with pytest.raises(SessionGone):
        proved(place, found)


def test_the_marks_of_former_tokens_go_with_the_session(place: Place) -> None:
    token = begin(place)
    found = look(place, token).session
    assert found is not None
    new = proved(place, found)
    with place.database.write() as tx:
        assert sessions.end(tx, new, clock=place.clock)
        assert tx.execute(sa.select(sa.func.count()).select_from(session_former)).scalar_one() == 0


def test_a_session_that_ended_meanwhile_cannot_be_proved(place: Place) -> None:
    token = begin(place)
    found = look(place, token).session
    assert found is not None
    with place.database.write() as tx:
        sessions.end(tx, token, clock=place.clock)
    with pytest.raises(SessionGone):
        proved(place, found)


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (FIREFOX, NEWER_FIREFOX, True),
        (FIREFOX, CHROME, False),
        (CHROME, EDGE, False),
        (CHROME, "curl/8.0", False),
        (IPHONE, IPHONE_FILM, True),
        (CHROME, IPHONE_FILM, False),
        (CHROME, "", False),
        ("curl/7.9", "curl/8.0", True),
        (None, CHROME, True),
    ],
)
def test_what_can_be_one_browser(place: Place, before: str | None, now: str, same: bool) -> None:
    assert sessions.same_browser(before, now) is same
    token = begin(place, **({"agent": before} if before else {}))
    assert look(place, token, now).refused == (None if same else "agent")


def test_awaiting_the_second_factor_lasts_ten_minutes_and_is_not_listed(place: Place) -> None:
    token = begin(place, stage=sessions.SECOND)
    with place.database.read() as tx:
        whose = place.administrator.account_id
        assert sessions.open_sessions(tx, whose, lifetime=LOCKING, clock=place.clock) == []
    place.clock.advance(599)
    assert look(place, token).session is not None
    place.clock.advance(1)
    assert look(place, token).session is None


def test_whoever_gains_a_role_shows_again_who_is_there(place: Place) -> None:
    someone = place.add("someone")
    with place.database.write() as tx:
        token = sessions.begin(tx, someone.account_id, lifetime=LOCKING, clock=place.clock)
        roles = {"roles": [Role.OFFICER, Role.SUPERVISOR]}
        change_account(tx, place.administrator, someone.account_id, roles, clock=place.clock)
    found = look(place, token).session
    assert found is not None
    assert found.locked


def test_seen_is_written_more_often_where_the_screen_locks_soon(place: Place) -> None:
    found = look(place, begin(place)).session
    assert found is not None
    place.clock.advance(6)
    assert sessions.is_seen_due(found, lock=timedelta(minutes=1), clock=place.clock)
    assert not sessions.is_seen_due(found, lock=timedelta(minutes=30), clock=place.clock)


def test_signing_out_with_a_token_that_was_replaced_a_moment_ago(place: Place) -> None:
    """The answer with the new token was still on its way when the button was pressed."""
    old = begin(place)
    found = look(place, old).session
    assert found is not None
    new = proved(place, found)
    with place.database.write() as tx:
        assert sessions.end(tx, old, clock=place.clock)
    assert find(place, new) is None


def test_a_token_that_was_replaced_long_ago_signs_nobody_out(place: Place) -> None:
    old = begin(place)
    found = look(place, old).session
    assert found is not None
    new = proved(place, found)
    place.clock.advance(sessions.GRACE.total_seconds())
    with place.database.write() as tx:
        assert not sessions.end(tx, old, clock=place.clock)
    assert find(place, new) is not None
