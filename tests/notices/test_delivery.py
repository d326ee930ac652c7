"""Mails over a real server: at once, in digests, after troubles of every sort, and never by two processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.notices.conftest import Desk
from tests.people.place import Place

from candor import notices
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.outbox import NoticeKind, Severity, outbox_notice
from candor.core.settings import Settings
from candor.notices import Choice, MailState, Notifier, Pace
from candor.notices.delivery import GIVEN_UP_AFTER, LEASE, LONGEST_WAIT, wait_after
from candor.notices.forgetting import KEPT, forget
from candor.notices.tables import notice_entry, notice_mail, notice_mail_item
from candor.people.rules import Actor, Role
from candor.people.service import change_account


def _choose(desk: Desk, actor: Actor, choice: Choice) -> None:
    with desk.database.write() as tx:
        notices.set_choice(tx, actor.account_id, choice)


def _state(desk: Desk) -> notices.State:
    with desk.database.read() as tx:
        return notices.state(tx, now=desk.clock.now())


def test_urgent_goes_out_at_once_and_its_end_follows(desk: Desk, fixed_clock: FixedClock) -> None:
    desk.tell(NoticeKind.KEY_MISSING, once="key", details={"words": "epoch 3"})
    desk.notifier.run_once()
    fixed_clock.advance(300)
    desk.resolve("key")
    desk.notifier.run_once()
    first, second = desk.post_office.letters
    assert first.sender == "candor@troop.example"
    assert first.recipients == ["chief@troop.example"]
    assert "A key that the archive needs is missing." in first.text
    assert "epoch 3" not in first.text
    assert "https://footage.troop.example/inbox" in first.text
    assert first.mail["Importance"] == "high"
    assert "This is over: A key is missing." in second.text
    assert second.mail["In-Reply-To"] == first.mail["Message-ID"]
    assert second.mail["Message-ID"] != first.mail["Message-ID"]
    fixed_clock.advance(300)
    desk.tell(NoticeKind.KEY_MISSING, once="key")
    desk.notifier.run_once()
    assert desk.post_office.letters[2].mail["In-Reply-To"] == second.mail["Message-ID"]


def test_a_notice_that_may_wait_comes_with_others(desk: Desk, fixed_clock: FixedClock) -> None:
    for _ in range(3):
        desk.tell(NoticeKind.JOB_FAILED)  # a warning: hourly by default
    desk.tell(NoticeKind.INTAKE_FAILED, once="intake")
    desk.notifier.run_once()
    assert desk.post_office.letters == []
    desk.resolve("intake")
    desk.notifier.run_once()
    fixed_clock.advance(3600)
    desk.notifier.run_once()
    (letter,) = desk.post_office.letters
    assert letter.mail["Subject"] == "Candor: 4 notices"
    assert "3 x Work in the background failed." in letter.text
    assert "1 x A file could not be taken in. (over)" in letter.text


def test_quiet_hours_hold_what_is_not_urgent(desk: Desk, place: Place, fixed_clock: FixedClock) -> None:
    at_once = dict.fromkeys(Severity, Pace.AT_ONCE)
    _choose(desk, place.administrator, Choice(paces=at_once, quiet_from=6 * 60, quiet_until=8 * 60))  # now: 07:00
    desk.tell(NoticeKind.BACKUP_FAILED)
    desk.tell(NoticeKind.ACCOUNT_CREATED)
    desk.tell(NoticeKind.KEY_MISSING)
    desk.notifier.run_once()
    assert [letter.mail["Subject"] for letter in desk.post_office.letters] == ["Candor: urgent notice"]
    fixed_clock.advance(3599)
    assert desk.notifier.run_once() == 0
    fixed_clock.advance(1)
    desk.notifier.run_once()
    assert [letter.mail["Subject"] for letter in desk.post_office.letters][1:] == ["Candor: 2 notices"]


def test_urgent_waits_too_where_the_agency_says_so(desk: Desk, place: Place, fixed_clock: FixedClock) -> None:
    with desk.database.write() as tx:
        notices.set_urgent_breaks_quiet(tx, place.administrator, False)
    _choose(desk, place.administrator, Choice(quiet_from=6 * 60, quiet_until=8 * 60))
    desk.tell(NoticeKind.KEY_MISSING)
    desk.notifier.run_once()
    assert desk.post_office.letters == []
    fixed_clock.advance(3600)
    desk.notifier.run_once()
    assert len(desk.post_office.letters) == 1


def test_who_wants_no_mail_or_has_no_address_has_the_inbox(desk: Desk, place: Place) -> None:
    _choose(desk, place.administrator, Choice(mail=False))
    other = place.add("other", Role.ADMINISTRATOR)
    desk.tell(NoticeKind.KEY_MISSING)
    desk.notifier.run_once()
    assert desk.post_office.letters == []
    assert len(desk.inbox(place.administrator)) == len(desk.inbox(other)) == 1


@pytest.mark.parametrize("change", ["no address", "no mail", "inactive"])
def test_a_mail_that_waits_is_dropped_when_nobody_is_there_for_it(
    desk: Desk, place: Place, fixed_clock: FixedClock, change: str, rows: Callable[[Any], list[Any]]
) -> None:
    other = place.add("other", Role.ADMINISTRATOR)
    desk.address(place.administrator, None)
    desk.address(other, "other@troop.example")
    desk.tell(NoticeKind.JOB_FAILED)
    desk.notifier.run_once()
    if change == "no address":
        desk.address(other, None)
    elif change == "no mail":
        _choose(desk, other, Choice(mail=False))
    else:
        with desk.database.write() as tx:
            change_account(tx, place.administrator, other.account_id, {"active": False})
    fixed_clock.advance(3600)
    desk.notifier.run_once()
    assert desk.post_office.letters == []
    assert [row.state for row in rows(notice_mail)] == [MailState.DROPPED]


def test_a_flood_of_notices_is_no_flood_of_mails(desk: Desk) -> None:
    for _ in range(40):
        desk.tell(NoticeKind.ACCOUNT_LOCKED)
    desk.notifier.run_once()
    (letter,) = desk.post_office.letters
    assert "40 x An account was locked." in letter.text


# -- troubles


def test_server_down_then_up(desk: Desk, fixed_clock: FixedClock) -> None:
    desk.post_office.close()
    desk.tell(NoticeKind.KEY_MISSING)
    desk.tell(NoticeKind.CLOCK_SET_BACK)
    waits = []
    for _ in range(9):
        desk.notifier.run_once()
        waits.append(_state(desk).waiting)
        fixed_clock.advance(3600)
    found = _state(desk)
    assert set(waits) == {2}
    assert found.problem is not None
    assert "nothing answers there" in found.problem
    assert found.oldest_waiting_at is not None
    desk.post_office.open()
    desk.notifier.run_once()
    assert len(desk.post_office.letters) == 2
    found = _state(desk)
    assert (found.waiting, found.problem, found.last_sent_at) == (0, None, fixed_clock.now())


def test_4xx_is_tried_again_under_the_same_name(
    desk: Desk, fixed_clock: FixedClock, rows: Callable[[Any], list[Any]]
) -> None:
    desk.post_office.answers["RCPT"] = "451 greylisted, come back"
    desk.tell(NoticeKind.KEY_MISSING)
    for _ in range(3):
        desk.notifier.run_once()
    (row,) = rows(notice_mail)
    assert (row.tries, row.state) == (1, MailState.WAITING)
    assert row.next_at == fixed_clock.now() + timedelta(minutes=1)
    assert row.problem == "Naming the recipient: 451 greylisted, come back."
    fixed_clock.advance(60)
    desk.notifier.run_once()
    assert rows(notice_mail)[0].next_at == fixed_clock.now() + timedelta(minutes=2)
    desk.post_office.answers.clear()
    fixed_clock.advance(120)
    desk.notifier.run_once()
    assert [letter.mail["Message-ID"] for letter in desk.post_office.letters] == [row.message_id]


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_5xx_is_given_up_and_the_administrators_are_told(
    desk: Desk, place: Place, fixed_clock: FixedClock, step: str, rows: Callable[[Any], list[Any]]
) -> None:
    desk.post_office.answers[step] = "550 no such mailbox"
    desk.tell(NoticeKind.KEY_MISSING)
    for _ in range(4):
        desk.notifier.run_once()
        fixed_clock.advance(7200)
    assert [row.state for row in rows(notice_mail)] == [MailState.GIVEN_UP]
    told = {entry.kind: entry for entry in desk.inbox(place.administrator)}
    assert set(told) == {NoticeKind.KEY_MISSING, NoticeKind.MAIL_UNDELIVERED}
    assert "550 no such mailbox" in (told[NoticeKind.MAIL_UNDELIVERED].words or "")
    assert _state(desk).given_up == 1
    desk.post_office.answers.clear()
    desk.tell(NoticeKind.KEY_MISSING)
    desk.notifier.run_once()
    desk.notifier.run_once()
    (entry,) = [one for one in desk.inbox(place.administrator) if one.kind is NoticeKind.MAIL_UNDELIVERED]
    assert entry.resolved_at is not None
    assert len(desk.post_office.letters) == 1  # of that itself there is no mail


def test_after_days_it_is_given_up(desk: Desk, place: Place, fixed_clock: FixedClock) -> None:
    desk.post_office.close()
    desk.tell(NoticeKind.KEY_MISSING)
    for _ in range(int(GIVEN_UP_AFTER / timedelta(hours=12)) + 2):
        desk.notifier.run_once()
        fixed_clock.advance(12 * 3600)
    desk.notifier.run_once()
    assert _state(desk).given_up == 1
    assert NoticeKind.MAIL_UNDELIVERED in {entry.kind for entry in desk.inbox(place.administrator)}


def test_one_address_that_is_refused_keeps_no_other_waiting(desk: Desk, place: Place) -> None:
    for number in range(3):
        desk.address(place.add(f"admin{number}", Role.ADMINISTRATOR), f"admin{number}@troop.example")
    desk.post_office.answers["RCPT"] = "450 later"
    desk.tell(NoticeKind.KEY_MISSING)
    desk.notifier.run_once()
    with desk.database.read() as tx:
        assert [row.tries for row in tx.execute(notice_mail.select())] == [1, 1, 1, 1]


@given(st.integers(0, 10_000))
def test_waits_grow_and_are_bounded(tries: int) -> None:
    assert timedelta(minutes=1) <= wait_after(tries) <= wait_after(tries + 1) <= LONGEST_WAIT


# -- several processes, and the end of one


def test_several_processes_send_once(
    desk: Desk, settings: Settings, fixed_clock: FixedClock, second_database: Callable[[], Database]
) -> None:
    for number in range(4):
        desk.tell(NoticeKind.KEY_MISSING, once=f"key:{number}")
    workers = [Notifier(second_database(), settings, fixed_clock) for _ in range(3)]
    errors: list[BaseException] = []

    def work(one: Notifier) -> None:
        try:
            for _ in range(3):
                one.run_once()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    ids = [letter.mail["Message-ID"] for letter in desk.post_office.letters]
    assert len(ids) == len(set(ids)) == 4


_CHILD = """
import sys
from datetime import datetime
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.settings import Settings
from candor.notices import Notifier

settings = Settings.load(
    home=sys.argv[2], smtp_url=sys.argv[3], mail_from="candor@troop.example",
    public_url="https://footage.troop.example/",
)
Notifier(Database(sys.argv[1]), settings, FixedClock(datetime.fromisoformat(sys.argv[4]))).run_once()
print("came to an end")
"""


def test_killed_between_sending_and_noting(
    desk: Desk, settings: Settings, fixed_clock: FixedClock, tmp_path: Path, rows: Callable[[Any], list[Any]]
) -> None:
    desk.tell(NoticeKind.KEY_MISSING)
    child: list[subprocess.Popen[str]] = []
    arrived = threading.Event()

    def kill() -> None:
        child[0].send_signal(signal.SIGKILL)
        child[0].wait(20)
        arrived.set()

    desk.post_office.before_answer = kill
    url = desk.database.url.render_as_string(hide_password=False)
    words = [url, str(tmp_path / "home"), str(settings.smtp_url), fixed_clock.now().isoformat()]
    child.append(
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_CHILD), *words], stdout=subprocess.PIPE, text=True, env=os.environ
        )
    )
    assert arrived.wait(60)
    assert child[0].stdout is not None
    assert child[0].stdout.read() == ""
    child[0].stdout.close()
    assert child[0].returncode == -signal.SIGKILL
    desk.post_office.before_answer = None
    # The server has it, and nobody knows: as long as the lease lasts nobody else sends it, then somebody does.
    desk.notifier.run_once()
    assert len(desk.post_office.letters) == 1
    assert rows(notice_mail)[0].state == MailState.WAITING
    fixed_clock.advance(LEASE.total_seconds())
    desk.notifier.run_once()
    first, second = desk.post_office.letters
    assert first.mail["Message-ID"] == second.mail["Message-ID"]
    assert first.raw == second.raw
    assert rows(notice_mail)[0].state == MailState.SENT


def test_the_thread_tells_by_itself(desk: Desk, settings: Settings, fixed_clock: FixedClock) -> None:
    notifier = Notifier(desk.database, settings, fixed_clock, every=0.05)
    notifier.start()
    notifier.start()
    try:
        desk.tell(NoticeKind.LOG_NOT_SIGNING)
        deadline = time.monotonic() + 20
        while not desk.post_office.letters and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(desk.post_office.letters) == 1
    finally:
        notifier.stop()
    notifier.stop()


def test_without_a_mail_server_there_is_the_inbox(
    desk: Desk, place: Place, fixed_clock: FixedClock, tmp_path: Path, rows: Callable[[Any], list[Any]]
) -> None:
    notifier = Notifier(desk.database, Settings.load(home=tmp_path / "other"), fixed_clock)
    desk.tell(NoticeKind.KEY_MISSING)
    notifier.run_once()
    assert len(desk.inbox(place.administrator)) == 1
    assert rows(notice_mail_item) == []


# -- forgetting


def test_what_is_read_sent_and_over_is_forgotten(
    desk: Desk, place: Place, fixed_clock: FixedClock, rows: Callable[[Any], list[Any]]
) -> None:
    desk.tell(NoticeKind.KEY_MISSING)
    desk.tell(NoticeKind.CLOCK_SET_BACK)
    desk.tell(NoticeKind.HEALTH_BAD, once="open")
    desk.notifier.run_once()
    read = next(entry for entry in desk.inbox(place.administrator) if entry.kind is NoticeKind.KEY_MISSING)
    stays = next(entry for entry in desk.inbox(place.administrator) if entry.kind is NoticeKind.HEALTH_BAD)
    with desk.database.write() as tx:
        for one in (read, stays):
            notices.mark_read(tx, place.administrator.account_id, one.id, clock=fixed_clock)
    fixed_clock.advance(KEPT.total_seconds())
    assert forget(desk.database, fixed_clock) == 0
    fixed_clock.advance(1)
    while forget(desk.database, fixed_clock):
        pass
    # Unread stays; the open one's own row stays though its entry was read; everything else is gone.
    assert {row.kind for row in rows(outbox_notice)} == {NoticeKind.CLOCK_SET_BACK, NoticeKind.HEALTH_BAD}
    assert [entry.kind for entry in desk.inbox(place.administrator)] == [NoticeKind.CLOCK_SET_BACK]
    assert rows(notice_mail) == rows(notice_mail_item) == []
    assert len(rows(notice_entry)) == 1


def test_times_are_utc(desk: Desk, rows: Callable[[Any], list[Any]]) -> None:
    desk.tell(NoticeKind.KEY_MISSING)
    desk.notifier.run_once()
    assert desk.post_office.letters[0].mail["Date"].datetime == datetime(2026, 11, 22, 12, tzinfo=UTC)
