"""How many limited processes there are at a time."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from candor.core.limited_errors import LimitedBusy, LimitedCancelled
from candor.core.limited_room import Room, usual_memory, usual_places

MEMORY = 1 << 30
SHORT, LASTING = 60.0, 3600.0


class Guest:
    """Somebody who wants a place, in a thread of their own, and leaves when told."""

    def __init__(self, room: Room, wall_seconds: float, memory: int = MEMORY, **more: Any) -> None:
        self.inside, self._leave = threading.Event(), threading.Event()
        self.error: Exception | None = None
        self._wants = (room, memory, wall_seconds, more.get("cancelled"))
        self._thread = threading.Thread(target=self._visit)
        self._thread.start()

    def _visit(self) -> None:
        room, memory, wall_seconds, cancelled = self._wants
        try:
            with room.place(memory, wall_seconds, cancelled):
                self.inside.set()
                self._leave.wait(20)
        except Exception as error:
            self.error = error

    def got_in(self, seconds: float = 5) -> bool:
        return self.inside.wait(seconds)

    def leave(self) -> None:
        self._leave.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_no_more_than_there_are_places() -> None:
    room = Room(3, 100 * MEMORY)
    guests = [Guest(room, SHORT) for _ in range(3)]
    assert all(guest.got_in() for guest in guests)
    late = Guest(room, SHORT)
    assert not late.got_in(0.3)
    guests[1].leave()
    assert late.got_in()
    for guest in (guests[0], guests[2], late):
        guest.leave()


def test_work_that_lasts_leaves_a_place_for_work_that_is_short() -> None:
    room = Room(3, 100 * MEMORY)
    lasting = [Guest(room, LASTING) for _ in range(3)]
    time.sleep(0.3)
    assert sum(guest.inside.is_set() for guest in lasting) == 2
    short = Guest(room, SHORT)
    assert short.got_in()
    for guest in (short, *sorted(lasting, key=lambda one: not one.inside.is_set())):
        guest.leave()


def test_no_more_memory_than_there_is_but_always_one_of_each_kind() -> None:
    room = Room(10, MEMORY)
    lasting, short = Guest(room, LASTING, 2 * MEMORY), Guest(room, SHORT)
    assert lasting.got_in()
    assert short.got_in()
    second = Guest(room, SHORT, 1)
    assert not second.got_in(0.3)
    lasting.leave()
    assert not second.got_in(0.3), "the other one takes it all"
    short.leave()
    assert second.got_in()
    second.leave()


def test_who_asked_first_comes_first() -> None:
    room = Room(2, 100 * MEMORY)
    inside = [Guest(room, SHORT), Guest(room, SHORT)]
    assert all(guest.got_in() for guest in inside)
    waiting = []
    for _ in range(4):
        waiting.append(Guest(room, SHORT))
        time.sleep(0.05)
    for number, guest in enumerate(waiting):
        (inside + waiting)[number].leave()
        assert guest.got_in()
        assert not any(later.inside.is_set() for later in waiting[number + 1 :])
    for guest in waiting:
        guest.leave()


def test_patience_ends_for_short_work_only() -> None:
    room = Room(2, 100 * MEMORY, patience=0.3)
    inside = [Guest(room, SHORT), Guest(room, SHORT)]
    assert all(guest.got_in() for guest in inside)
    with pytest.raises(LimitedBusy, match=r"0\.3 seconds"), room.place(MEMORY, SHORT, None):
        pass
    lasting = Guest(room, LASTING)
    assert not lasting.got_in(0.6)
    inside[0].leave()
    assert lasting.got_in()
    lasting.leave()
    inside[1].leave()


def test_whoever_waits_can_be_called_off() -> None:
    room = Room(2, 100 * MEMORY)
    inside = [Guest(room, SHORT), Guest(room, SHORT)]
    assert all(guest.got_in() for guest in inside)
    enough = threading.Event()
    waiting = Guest(room, SHORT, cancelled=enough.is_set)
    enough.set()
    waiting.leave()
    assert isinstance(waiting.error, LimitedCancelled)
    for guest in inside:
        guest.leave()
    after = Guest(room, SHORT)
    assert after.got_in(), "the one that was called off holds nobody up"
    after.leave()


def test_an_error_inside_gives_the_place_back() -> None:
    room = Room(2, MEMORY)
    for _ in range(5):
        with pytest.raises(LookupError), room.place(MEMORY, SHORT, None):
            raise LookupError
    with room.place(MEMORY, SHORT, None):
        pass


def test_what_is_usual_fits_the_machine() -> None:
    assert usual_places() >= 3
    assert 64 << 20 < usual_memory() < 1 << 50
