"""The inbox: sealed, bounded, and nothing that is in it is lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import ProgrammingError

from candor.core.clock import FixedClock
from candor.core.portal_settings import PortalLimits
from candor.published import schema
from candor.published.entries import EntryFile, open_sealed, seal
from candor.published.errors import EntryTooLarge, InboxFull, NoticeWrong, NotReadyForRequests
from candor.published.inbox import KEPT, Inbox

OURS = pyrage.x25519.Identity.generate()
TO = str(OURS.to_public())


def test_what_is_sealed_is_opened_by_us_alone() -> None:
    files = (EntryFile("a.pdf", "application/pdf", b"%PDF-1"), EntryFile("b", "image/png", b""))
    sealed = seal({"words": "à bientôt"}, files, TO)
    assert b"bient" not in sealed
    other = str(pyrage.x25519.Identity.generate())
    opened = open_sealed(sealed, [other, str(OURS)])
    assert opened.document == {"words": "à bientôt"}
    assert opened.files == files
    with pytest.raises(NoticeWrong):
        open_sealed(sealed, [other])
    with pytest.raises(NotReadyForRequests):
        seal({}, (), "age1nothing")


@given(st.binary(max_size=300))
def test_nothing_that_is_sealed_to_us_can_do_harm(plain: bytes) -> None:
    for content in (plain, b"candor-inbox/1\n" + plain, b"candor-inbox/1\n" + len(plain).to_bytes(4, "big") + plain):
        with pytest.raises(NoticeWrong):
            open_sealed(pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(TO)]), [str(OURS)])
    with pytest.raises(NoticeWrong):
        open_sealed(plain, [str(OURS)])


@pytest.mark.parametrize(
    "text",
    [
        b'{"files":[{"name":"a","media_type":"b","size":-1,"sha256":"x"}]}',
        b'{"files":[{"name":"a","media_type":"b","size":"1","sha256":"x"}]}',
        b'{"files":[7]}',
        b'{"files":{}, "files": 3}',
        b"[]",
        b'{"words":1}',
        b"[" * 200_000,
    ],
)
def test_documents_of_another_form(text: bytes) -> None:
    plain = b"candor-inbox/1\n" + len(text).to_bytes(4, "big") + text
    with pytest.raises(NoticeWrong):
        open_sealed(pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(TO)]), [str(OURS)])


def test_first_in_first_out(inbox: Inbox, fixed_clock: FixedClock) -> None:
    assert inbox.oldest() is None
    ids = [inbox.append(kind, kind.encode(), clock=fixed_clock) for kind in ("request", "message", "request")]
    assert [(one.id, one.kind, one.sealed) for one in inbox.entries()] == [
        (ids[0], "request", b"request"),
        (ids[1], "message", b"message"),
        (ids[2], "request", b"request"),
    ]
    assert [one.id for one in inbox.entries(1, after=ids[0])] == [ids[1]]
    assert inbox.held() == (3, 21)
    assert inbox.oldest() == fixed_clock.now()
    inbox.taken(ids[:2], fixed_clock.now())
    inbox.taken([], fixed_clock.now())
    assert [one.id for one in inbox.entries()] == [ids[2]]


def test_a_flood_is_refused_and_what_is_in_stays(inbox: Inbox, fixed_clock: FixedClock) -> None:
    for number in range(10):
        inbox.append("request", str(number).encode(), clock=fixed_clock)
    with pytest.raises(InboxFull):
        inbox.append("request", b"one more", clock=fixed_clock)
    assert [one.sealed for one in inbox.entries()] == [str(number).encode() for number in range(10)]
    inbox.taken([inbox.entries()[0].id], fixed_clock.now())
    inbox.append("request", b"later", clock=fixed_clock)


def test_what_was_taken_stays_a_while_and_takes_no_room(inbox: Inbox, fixed_clock: FixedClock) -> None:
    ids = [inbox.append("request", bytes(600_000), clock=fixed_clock) for _ in range(3)]
    inbox.taken(ids, fixed_clock.now())
    assert (inbox.held(), inbox.oldest(), inbox.entries(), inbox.newest_kept()) == ((0, 0), None, [], ids[2])
    more = [inbox.append("request", bytes(600_000), clock=fixed_clock) for _ in range(3)]
    inbox.taken(more[:1], fixed_clock.now())
    assert inbox.forget(fixed_clock.now()) == 1  # two megabytes are kept, the oldest goes
    assert [one.id for one in inbox.kept()] == [*ids[1:], more[0]]
    assert [one.id for one in inbox.kept(after=ids[1])] == [ids[2], more[0]]
    fixed_clock.advance(KEPT.total_seconds() + 1)
    assert inbox.forget(fixed_clock.now()) == 3
    assert [one.id for one in inbox.waiting()] == more[1:]  # what waits never goes


def test_bytes_are_bounded_alone_and_together(inbox: Inbox, fixed_clock: FixedClock) -> None:
    with pytest.raises(EntryTooLarge):
        inbox.append("request", bytes(inbox.largest + 1), clock=fixed_clock)
    inbox.append("request", bytes(1_500_000), clock=fixed_clock)
    with pytest.raises(InboxFull):
        inbox.append("request", bytes(600_000), clock=fixed_clock)
    assert inbox.held() == (1, 1_500_000)


def test_many_at_once_stay_within_the_bound(inbox: Inbox, fixed_clock: FixedClock) -> None:
    refused: list[InboxFull] = []

    def send() -> None:
        for _ in range(4):
            try:
                inbox.append("request", b"x", clock=fixed_clock)
            except InboxFull as error:
                refused.append(error)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    count = inbox.held()[0]
    # On PostgreSQL each of those who come at the same moment may be let in; nobody else.
    assert 10 <= count <= (10 if inbox.database.is_sqlite else 15)
    assert count + len(refused) == 24


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_process_that_is_killed_leaves_whole_entries(inbox: Inbox, fixed_clock: FixedClock) -> None:
    """Whatever `append` returned for is there; what it was at is there whole or not at all."""
    limits = PortalLimits(waiting=100_000)
    script = f"""
        import sys
        from candor.core.clock import SystemClock
        from candor.published.inbox import Inbox
        from candor.core.portal_settings import PortalLimits
        inbox = Inbox({str(inbox.database.url)!r}, PortalLimits(waiting=100_000))
        while True:
            entry = inbox.append("request", bytes(50_000), clock=SystemClock())
            sys.stdout.write(entry + "\\n")
            sys.stdout.flush()
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline().strip() for _ in range(8)]
    os.kill(process.pid, signal.SIGKILL)
    said += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.stdout.close()
    process.wait(timeout=10)
    with Inbox(str(inbox.database.url), limits) as again:
        schema.make(again.database, "inbox")
        found = again.entries(1000)
    assert [one.id for one in found][: len(said)] == said
    assert len(found) - len(said) in (0, 1)
    assert {len(one.sealed) for one in found} == {50_000}


@pytest.fixture
def as_portal(inbox: Inbox) -> Iterator[Inbox]:
    """The inbox as the portal's role has it, with the grants of docs/how-to/run-the-portal.md."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "run-the-portal.md").read_text()
    grants = re.findall(r"^ +(GRANT .* ON inbox_\w+) TO candor_portal;$", page, re.M)
    assert len(grants) == 3
    role = f"portal_{os.urandom(4).hex()}"
    with inbox.database.write() as tx:
        tx.execute(sa.text(f"CREATE ROLE {role}"))
        for grant in grants:
            tx.execute(sa.text(f"{grant} TO {role}"))
        tx.execute(sa.text(f"GRANT {role} TO CURRENT_USER"))
    with Inbox(inbox.database.url.render_as_string(hide_password=False), inbox.limits) as made:

        @sa.event.listens_for(made.database.engine, "connect")
        def _become(connection: Any, _record: Any) -> None:
            connection.execute(f"SET ROLE {role}")
            connection.commit()

        yield made
    with inbox.database.write() as tx:
        tx.execute(sa.text(f"DROP OWNED BY {role}"))
        tx.execute(sa.text(f"DROP ROLE {role}"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_portals_role_appends_and_counts_and_can_do_no_more(
    inbox: Inbox, as_portal: Inbox, fixed_clock: FixedClock
) -> None:
    assert as_portal.is_made()
    entry = as_portal.append("request", b"sealed", clock=fixed_clock)
    assert as_portal.held() == (1, 6)
    for act in (
        lambda: as_portal.entries(),
        lambda: as_portal.oldest(),
        lambda: as_portal.taken([entry], fixed_clock.now()),
        lambda: as_portal.entry(entry),
        lambda: as_portal.forget(fixed_clock.now()),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            act()
    with pytest.raises(ProgrammingError, match="permission denied"), as_portal.database.write() as tx:
        tx.execute(schema.entry.update().values(sealed=b"other"))
    assert [one.sealed for one in inbox.entries()] == [b"sealed"]
