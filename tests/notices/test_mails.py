"""What a mail may say: nothing of what happened to whom, and nothing that ends a header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP, default
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.notices.conftest import Desk

from candor.core import outbox
from candor.core.mail_server import is_address
from candor.core.outbox import KINDS, NoticeKind
from candor.core.settings import Settings
from candor.notices import delivery, mails
from candor.notices.composing import compose
from candor.notices.delivery import Post
from candor.notices.mails import Envelope, Told
from candor.notices.passing_on import pass_on
from candor.people import contact
from candor.people.errors import AddressWrong, Refused
from candor.people.rules import Role

kinds = st.sampled_from([kind for kind in NoticeKind if KINDS[kind].by_mail])
#: What must not get out: names, plates, ids, whole headers.
secrets = st.text(min_size=1, max_size=30) | st.sampled_from(
    ["Jo Nakamura", "plate 7ABC123", "x\r\nBcc: spy@example.org", "01a20301-77f6-79ec-9a89-0d8b550c12a1", "\n.\n"]
)
details = st.dictionaries(st.text(max_size=12), secrets | st.integers(0, 10**9) | st.booleans(), max_size=4)
told = st.builds(Told, kinds, st.integers(1, 500), st.booleans(), st.booleans())


class _Undone(Exception):
    pass


def _mailed(desk: Desk, post: Post, kind: NoticeKind, **given: Any) -> list[bytes]:
    """The bytes of every mail that a notice leads to; everything is undone afterwards."""
    found: list[bytes] = []

    class Shared:
        """The database, within one transaction that is given up."""

        def __init__(self, tx: Any) -> None:
            self._tx = tx

        @contextmanager
        def write(self) -> Iterator[Any]:
            yield self._tx

        read = write

    with suppress(_Undone), desk.database.write() as tx:
        outbox.tell(tx, kind, clock=desk.clock, **given)
        shared: Any = Shared(tx)
        pass_on(shared, desk.clock, mail=True)
        desk.clock.advance(90_000)
        compose(shared, desk.clock, post)
        desk.clock.advance(-90_000)
        for mail_id in tx.execute(delivery.notice_mail.select()).scalars().all():
            ready = delivery._ready(tx, mail_id, post)
            assert ready is not None
            found.append(ready[1].as_bytes(policy=SMTP))
        raise _Undone
    return found


def _neutral(raw: bytes) -> bytes:
    """Without what is random or a time."""
    raw = re.sub(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"ID", raw)
    return re.sub(rb"(?m)^Date: .*$", b"Date", raw)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(kind=kinds, details=details, about=st.text(max_size=20).map(lambda text: "/recordings/" + text))
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mail_is_the_same_whatever_happened(
    desk: Desk, settings: Settings, kind: NoticeKind, details: dict[str, Any], about: str
) -> None:
    post = Post.of(settings)
    assert post is not None
    plain = _mailed(desk, post, kind)
    full = _mailed(desk, post, kind, details=details, about=about, once="health:" + about)
    assert len(plain) == 1
    assert [_neutral(raw) for raw in full] == [_neutral(raw) for raw in plain]


@given(st.lists(told, min_size=1, max_size=20), st.booleans())
def test_mails_are_plain_and_whole(several: list[Told], threaded: bool) -> None:
    envelope = Envelope(
        "candor@troop.example",
        "chief@troop.example",
        "<1@troop.example>",
        "<0@troop.example>" if threaded else None,
        datetime(2026, 11, 22, tzinfo=UTC),
        "https://footage.troop.example",
    )
    for made in (mails.single(envelope, several[0]), mails.digest(envelope, several), mails.alert(envelope)):
        raw = made.as_bytes(policy=SMTP)
        assert raw.isascii()
        assert max(map(len, raw.split(b"\r\n"))) <= 200
        assert b"\n" not in raw.replace(b"\r\n", b"")
        read = message_from_bytes(raw, policy=default)
        assert read.get_content_type() == "text/plain"
        assert (read["Auto-Submitted"], read["Message-ID"]) == ("auto-generated", "<1@troop.example>")
        assert read["In-Reply-To"] == envelope.in_reply_to
        assert "https://footage.troop.example/inbox" in read.get_content()
        assert [str(read[name]) for name in ("From", "To")] == ["Candor <candor@troop.example>", "chief@troop.example"]


def test_a_digest_counts_by_kind_the_pressing_first() -> None:
    envelope = Envelope("a@b.example", "c@b.example", "<1@b.example>", None, datetime.now(UTC), None)
    several = [
        Told(NoticeKind.ACCOUNT_CREATED, 1, False),
        Told(NoticeKind.JOB_FAILED, 1, False),
        Told(NoticeKind.JOB_FAILED, 9, False),
        Told(NoticeKind.JOB_FAILED, 1, True),
        Told(NoticeKind.KEY_MISSING, 1, False),
    ]
    mail = mails.digest(envelope, several)
    assert mail["Subject"] == "Candor: 5 notices"
    assert mail.get_content().splitlines()[:6] == [
        "5 notices:",
        "",
        "  1 x A key is missing.",
        "  2 x Work in the background failed.",
        "  1 x Work in the background failed. (over)",
        "  1 x An account was made.",
    ]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("chief@troop.example", True),
        ("o'hara+cam@state.police.example.gov", True),
        ("root@localhost", True),
        ("a@b\r\nBcc: c@d", False),
        ("a@b\n", False),
        ("a b@c.example", False),
        ("a@b@c.example", False),
        ("<a@b.example>", False),
        ("a@b.example,c@d.example", False),
        ("chief", False),
        ("@b.example", False),
        ("a@", False),
        (".a@b.example", False),
        ("a..b@c.example", False),
        ("é@b.example", False),
        ("a@-b.example", False),
        ("x" * 65 + "@b.example", False),
        ("a@" + "b" * 260, False),
        ("", False),
    ],
)
def test_addresses(text: str, good: bool) -> None:
    assert is_address(text) is good


@given(st.text(max_size=60))
def test_whatever_is_an_address_ends_no_line(text: str) -> None:
    for candidate in (text, text + "@b.example", "a@" + text):
        if is_address(candidate):
            assert candidate.isascii()
            assert not set(candidate) & set(' \r\n\t<>,;:"\\()')


def test_addresses_are_set_by_oneself_or_by_whoever_keeps_accounts(desk: Desk) -> None:
    officer = desk.place.add("officer", Role.OFFICER)
    other = desk.place.add("other", Role.OFFICER)
    with desk.database.write() as tx:
        assert contact.set_email(tx, officer, officer.account_id, " jo@troop.example ") is not None
        assert contact.email_of(tx, officer.account_id) == "jo@troop.example"
        assert contact.set_email(tx, officer, officer.account_id, "jo@troop.example") is None
        with pytest.raises(Refused):
            contact.set_email(tx, other, officer.account_id, "spy@example.org")
        with pytest.raises(AddressWrong):
            contact.set_email(tx, officer, officer.account_id, "jo@troop.example\r\nBcc: spy@example.org")
        assert contact.set_email(tx, desk.place.administrator, officer.account_id, "") is not None
        assert contact.email_of(tx, officer.account_id) is None
