"""The sides of a case: how they come in, what they see, and what nobody else can know of it."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pyrage import decrypt, encrypt, x25519
from tests.disclosure.conftest import Site
from tests.disclosure.discovery.case_in_court import Court

from candor.core.clock import FixedClock, SystemClock
from candor.core.database import metadata
from candor.core.ids import new_id
from candor.custody import Event, find, history, recent
from candor.disclosure.discovery import access, ledger, opening, reading, receipts, sessions, viewing
from candor.disclosure.discovery.access import normalized
from candor.disclosure.discovery.errors import (
    AccessHeld,
    CodeRefused,
    KeyUnreadable,
    NoLongerGiven,
    NotThere,
    RecordUnreadable,
    TooManyCodes,
    TooOften,
    ViewingOver,
    VisitEnded,
)
from candor.disclosure.discovery.rules import PartySide
from candor.disclosure.discovery.sessions import Visit
from candor.disclosure.discovery.tables import discovery_miss, discovery_side, discovery_view
from candor.footage.restriction_rules import RestrictionKind
from candor.footage.restrictions import place
from candor.footage.tables import part, rendition

sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
P, D = PartySide.PROSECUTION, PartySide.DEFENCE


def watch(court: Court, visit: Visit, recording: str) -> str:
    with court.site.database.write() as tx:
        return viewing.begin_viewing(tx, visit, recording)


def test_a_code_opens_one_discovery_for_its_time(site: Site) -> None:
    court = Court.open(site, recordings=1, restricted=False)
    made = court.make()
    given_access = court.access(made)
    assert given_access.identity is not None
    assert given_access.identity.startswith("AGE-SECRET-KEY-1")
    visit = court.enter(given_access)
    with site.database.read() as tx:
        assert sessions.present(tx, visit.token).side.side is D
    with pytest.raises(AccessHeld):
        court.access(made)
    late = FixedClock(SystemClock().now() + timedelta(days=31))
    with site.database.read() as tx, pytest.raises(VisitEnded):
        sessions.present(tx, visit.token, clock=late)
    with site.database.write() as tx, pytest.raises(CodeRefused):
        sessions.begin(tx, given_access.code, address="192.0.2.7", clock=late)
    with site.database.write() as tx:
        access.end_access(tx, site.technician, made.id, D, reason="the case is over")
    with site.database.read() as tx, pytest.raises(VisitEnded):
        sessions.present(tx, visit.token)
    with site.database.write() as tx, pytest.raises(CodeRefused):
        sessions.begin(tx, given_access.code, address="192.0.2.7")
    again = court.access(made)  # the side has its key, which goes on
    assert again.identity is None
    assert again.side.recipient == given_access.side.recipient
    with site.database.read() as tx:
        kept = " ".join(str(row) for row in tx.execute(sa.select(discovery_side)).all())
        told = " ".join(event.payload for event in recent(tx, kinds=[Event.DISCOVERY_ACCESS_GIVEN]))
    for secret in (given_access.code, normalized(given_access.code) or "-", given_access.identity):
        assert secret not in kept + told


@sqlite_alone
def test_a_visit_falls_idle(site: Site) -> None:
    court = Court.open(site, recordings=1, restricted=False)
    visit = court.enter(court.access(court.make()))
    now = SystemClock().now()
    busy, later = FixedClock(now + timedelta(minutes=90)), FixedClock(now + timedelta(hours=3))
    with site.database.write() as tx:
        sessions.seen(tx, visit, clock=busy)
    with site.database.read() as tx:
        assert sessions.present(tx, visit.token, clock=later)
    with site.database.read() as tx, pytest.raises(VisitEnded):
        sessions.present(tx, visit.token, clock=FixedClock(now + timedelta(hours=4)))


@sqlite_alone
def test_a_flood_of_codes_waits_and_fills_nothing(site: Site) -> None:
    court = Court.open(site, recordings=1, restricted=False)
    right = court.access(court.make())
    for _ in range(access.MOST_MISSES):
        with site.database.write() as tx, pytest.raises(CodeRefused):
            sessions.begin(tx, access.new_code(), address="2001:db8::1")
        with site.database.write() as tx:
            sessions.refuse(tx, address="2001:db8::1")
    for address in ("2001:db8::1", "2001:db8::ffff"):  # the same network
        with site.database.write() as tx, pytest.raises(TooManyCodes):
            sessions.begin(tx, right.code, address=address)
    with site.database.write() as tx, pytest.raises(TooManyCodes):
        sessions.refuse(tx, address="2001:db8::2")
    assert court.enter(right, "192.0.2.9")  # nobody else is kept out
    now = SystemClock().now()
    with site.database.write() as tx:
        rows = [{"address": f"198.51.100.{at % 250}", "at": now} for at in range(access.MOST_WRITTEN)]
        tx.execute(discovery_miss.insert(), rows)
        before = len(list(recent(tx, kinds=[Event.DISCOVERY_ENTRY_REFUSED], limit=2000)))
    with site.database.write() as tx:
        sessions.refuse(tx, address="203.0.113.5")
        assert len(list(recent(tx, kinds=[Event.DISCOVERY_ENTRY_REFUSED], limit=2000))) == before
    assert court.enter(right, "203.0.113.5")
    after = FixedClock(now + access.WITHIN + timedelta(seconds=1))
    with site.database.write() as tx:
        assert sessions.begin(tx, right.code, address="2001:db8::1", clock=after)


@given(st.text(max_size=300))
def test_no_text_is_taken_for_a_code_but_a_code(text: str) -> None:
    found = normalized(text)
    assert found is None or (len(found) == 26 and normalized(found.lower()) == found)


def test_a_code_is_read_however_it_is_typed() -> None:
    code = access.new_code()
    digits = code.replace("-", "")
    assert len(digits) * 5 == 130
    assert normalized(code.lower().replace("-", " ")) == digits
    assert normalized(digits.replace("0", "O").replace("1", "l")) == digits
    assert normalized(code[:-1]) is None
    assert len({access.new_code() for _ in range(200)}) == 200


@sqlite_alone
def test_forged_tokens_and_tickets_open_nothing(site: Site) -> None:
    court = Court.open(site, restricted=False)
    made = court.make()
    ours, theirs = court.enter(court.access(made, D)), court.enter(court.access(made, P))
    text = watch(court, ours, court.given[0])
    with site.database.read() as tx:
        assert viewing.shown(tx, ours, text).recording_id == court.given[0]
        for forged in (text[:-4] + "AAAA", "", "x" * 9000, base64.urlsafe_b64encode(b"{}" * 20).decode()):
            with pytest.raises(ViewingOver):
                viewing.shown(tx, ours, forged)
        with pytest.raises(ViewingOver):  # a ticket is of one visit
            viewing.shown(tx, theirs, text)
        for token in ("", "x", ours.token[:-1], ours.token + "a"):
            with pytest.raises(VisitEnded):
                sessions.present(tx, token)
    for other in (site.take(b"elsewhere"), new_id(), ""):
        with pytest.raises(NotThere):
            watch(court, ours, other)


@sqlite_alone
def test_what_a_side_watches_cannot_be_linked_and_a_court_can_open_it(site: Site) -> None:
    court = Court.open(site)
    made = court.made()
    defence, prosecution = court.access(made, D), court.access(made, P)
    ours, theirs = court.enter(defence), court.enter(prosecution)
    with site.database.read() as tx:
        before = {one: len(history(tx, one)) for one in court.given}
    for one in (court.given[0], court.given[1], court.given[0]):
        watch(court, ours, one)
    watch(court, theirs, court.given[1])
    with site.database.read() as tx:
        assert {one: len(history(tx, one)) for one in court.given} == before
        events = list(recent(tx, kinds=[Event.DISCOVERY_VIEWED]))
        rows = tx.execute(sa.select(discovery_view)).all()
        keys = [x25519.Identity.from_str(one.identity or "") for one in (defence, prosecution)]
        assert {len(decrypt(row.sealed, keys)) for row in rows} == {viewing.PADDED}  # their length says nothing
        assert all(set(event.details) == {"discovery", "side", "commitment"} for event in events)
        assert all(event.recording_id is None for event in events)
        # No row that came to be by watching names what was watched.
        for table in metadata.sorted_tables:
            if table.name.startswith("discovery_"):
                text = " ".join(str(row) for row in tx.execute(sa.select(table)).all())
                assert not any(one in text for one in court.given), table.name
        found = reading.by_id(tx, made.id)
    site.log.settle()
    record = opening.record_of(site.database, site.log, found, D)
    assert not any(one.encode() in record for one in court.given)
    assert defence.identity is not None
    told, views = opening.open_record(record, defence.identity, site.log.policy())
    assert told["side"] == "defence"
    assert [(one.words or {})["recording"] for one in views] == [court.given[0], court.given[1], court.given[0]]
    assert all(one.proved and not one.problems for one in views)
    assert opening.by_recording(views) == {court.given[0]: 2, court.given[1]: 1}
    assert prosecution.identity is not None
    _, shut = opening.open_record(record, prosecution.identity, site.log.policy())
    assert all(one.words is None and one.problems == ("this key does not open it",) for one in shut)
    # What the other side holds, and what the whole package holds, says nothing of it.
    other = opening.record_of(site.database, site.log, found, P)
    assert not {one["commitment"] for one in json.loads(record)["views"]} & {
        one["commitment"] for one in json.loads(other)["views"]
    }


@sqlite_alone
def test_a_record_that_was_changed_says_so(site: Site) -> None:
    court = Court.open(site, restricted=False)
    made = court.make()
    defence = court.access(made, D)
    visit = court.enter(defence)
    for one in court.given:
        watch(court, visit, one)
    site.log.settle()
    with site.database.read() as tx:
        found = reading.by_id(tx, made.id)
    good = json.loads(opening.record_of(site.database, site.log, found, D))
    key = opening.key_in(f"# for the defence\n{defence.identity}\n")

    def problems(change: dict[str, object]) -> str:
        spoiled = good | {"views": [good["views"][0] | change]}
        return " ".join(opening.open_record(json.dumps(spoiled).encode(), key, site.log.policy())[1][0].problems)

    other = good["views"][1]
    assert problems({}) == ""
    assert "not what was committed" in problems({"sealed": other["sealed"]})
    assert "something else" in problems({"commitment": other["commitment"]})
    assert "does not hold" in problems({"salt": other["salt"]})
    assert "the log does not hold its event" in problems({"proof": other["proof"]})
    assert "another viewing" in problems({"view": other["view"]})
    assert "no record of a viewing" in problems({"sealed": "!"}) or "does not open" in problems({"sealed": "!"})
    twice = json.dumps(good | {"views": [good["views"][0]] * 2}).encode()
    assert [one.problems for one in opening.open_record(twice, key, site.log.policy())[1]] == [
        (),
        ("it stands in the record twice",),
    ]
    # The recipient is public, so anybody can seal anything to it, with the commitment that fits.
    recipient = x25519.Recipient.from_str(visit.side.recipient)
    for words in ("not json", "[]", "null", "7", "[" * 100_000, "\ud800"):
        plain = json.dumps({"salt": "00", "words": words}).encode()
        fits = viewing.commitment(b"\0", words) if words.isascii() else "0" * 64
        sealed = base64.b64encode(encrypt(plain, [recipient])).decode()
        assert "no record of a viewing" in problems({"sealed": sealed, "commitment": fits}), words[:9]
    deep = base64.b64encode(encrypt(b"[" * 100_000, [recipient])).decode()
    assert "no record of a viewing" in problems({"sealed": deep})
    policy = json.dumps(good | {"policy": "\ud800"}).encode()
    for bad in (b"", b"[]", b"{}", b'{"v":1}', policy, json.dumps(good | {"views": [1]}).encode(), b"[" * 100_000):
        with pytest.raises(RecordUnreadable):
            opening.open_record(bad, key)
    with pytest.raises(KeyUnreadable):
        opening.key_in("no key here")


@sqlite_alone
def test_downloads_and_receipts_are_told_to_everybody(site: Site) -> None:
    court = Court.open(site, restricted=False)
    made = court.made()
    defence = court.access(made, D)
    visit = court.enter(defence)
    with site.database.write() as tx:
        found = reading.by_id(tx, made.id)
        assert ledger.apart(tx, found).waiting == (P,)
        event = viewing.record_download(tx, visit, found, reading.package_of(tx, found), clock=SystemClock())
        receipts.confirm(tx, visit, name="A. Advocate")
    court.access(made, P)
    with site.database.read() as tx:
        lines = [(line.side, line.kind) for line in ledger.ledger(tx, found)]
        assert (ledger.apart(tx, found).waiting, ledger.apart(tx, found).given is not None) == ((), True)
        downloaded = find(tx, event)
        assert [one.name for one in receipts.receipts_of(tx, made.id)] == ["A. Advocate"]
        told = next(recent(tx, kinds=[Event.DISCOVERY_RECEIPT_GIVEN]))
    assert lines == [
        (D, Event.DISCOVERY_ACCESS_GIVEN),
        (D, Event.DISCOVERY_ENTERED),
        (D, Event.DISCOVERY_DOWNLOADED),
        (D, Event.DISCOVERY_RECEIPT_GIVEN),
        (P, Event.DISCOVERY_ACCESS_GIVEN),
    ]
    assert downloaded is not None
    assert downloaded.details["side"] == "defence"
    assert "Advocate" not in told.payload


@sqlite_alone
def test_what_a_wall_closes_afterwards_is_given_no_more(site: Site) -> None:
    court = Court.open(site, restricted=False)
    visit = court.enter(court.access(court.made()))
    text = watch(court, visit, court.given[0])
    object_id = site.object_of(court.given[0])
    with site.database.write() as tx:
        of_part = tx.scalar(sa.select(part.c.id).where(part.c.recording_id == court.given[0]))
        tx.execute(rendition.delete().where(rendition.c.part_id == of_part))
        row = {"id": new_id(), "part_id": of_part, "kind": "proxy", "state": "ready", "object_id": object_id}
        tx.execute(rendition.insert(), row | {"media_type": "video/mp4", "created_at": SystemClock().now()})
        (stretch,) = viewing.shown(tx, visit, text).parts
    assert stretch.ticket is not None
    opened = viewing.open_stretch(site.database, site.vault, visit, stretch.ticket)
    assert opened.stream.read_at(0, 5) == b"AAAAA"
    opened.stream.close()
    with site.database.write() as tx:
        place(tx, court.given[0], RestrictionKind.COMPELLED, reason="a wall", actor="system:test")
    with pytest.raises(NoLongerGiven):
        viewing.open_stretch(site.database, site.vault, visit, stretch.ticket)
    with pytest.raises(NoLongerGiven):
        watch(court, visit, court.given[1])


@sqlite_alone
def test_a_side_cannot_fill_the_log(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewing, "MOST_AN_HOUR", 3)
    monkeypatch.setattr(viewing, "MOST_TOLD_AN_HOUR", 2)
    court = Court.open(site, restricted=False)
    made = court.make()
    visit = court.enter(court.access(made, D))
    for _ in range(3):
        watch(court, visit, court.given[0])
    with pytest.raises(TooOften):
        watch(court, visit, court.given[0])
    with site.database.write() as tx:
        found = reading.by_id(tx, made.id)
        for _ in range(2):
            receipts.confirm(tx, visit)
            viewing.record_download(tx, visit, found, reading.package_of(tx, found), clock=SystemClock())
        with pytest.raises(TooOften):
            receipts.confirm(tx, visit)
        with pytest.raises(TooOften):
            viewing.record_download(tx, visit, found, reading.package_of(tx, found), clock=SystemClock())
    other = court.enter(court.access(made, P))
    assert watch(court, other, court.given[0])  # the other side is not held up by it
