"""Links for the public: made, found, bounded, ended, and what their receipts prove."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given as drawn
from hypothesis import strategies as st
from tests.people.place import Place, make_place
from tests.web.visitor import make_installation

from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.custody import Event, recent
from candor.docking.links import service as links
from candor.docking.links.errors import LinkEnded, LinkFull, LinkGuessed, LinkNumberUnknown, LinkUnknown, LinkWrong
from candor.docking.links.forgetting import GONE
from candor.docking.links.receipt import Receipt, receipt_document, receipt_pdf
from candor.docking.links.rules import (
    GB,
    GRACE,
    LARGEST,
    STATEMENT,
    Link,
    LinkState,
    hash_of,
    new_number,
    shown_address,
    statement,
)
from candor.docking.links.tables import upload_link, upload_link_file, upload_link_miss
from candor.docking.uploads.rules import Upload
from candor.docking.uploads.tables import upload as upload_table
from candor.docking.uploads.turn import Turn
from candor.footage import purging
from candor.footage.errors import FieldWrong
from candor.footage.tables import intake, part, recording
from candor.installation import Installation
from candor.people import passwords
from candor.people.errors import Refused
from candor.people.rules import Actor, Role, system_actor
from candor.store import room
from candor.verify.leaf import commit, parse_leaf
from candor.verify.tiles import TileReader


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


@pytest.fixture
def here(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Iterator[Installation]:
    made = make_installation(database, fixed_clock, tmp_path)
    yield made
    made.uploads.stop()


@pytest.fixture
def place(here: Installation, fixed_clock: FixedClock) -> Place:
    return make_place(here.database, fixed_clock)


@pytest.fixture
def officer(place: Place) -> Actor:
    return place.add("okafor", Role.OFFICER, password=None)


Make = Callable[..., tuple[Link, str]]


@pytest.fixture
def make(here: Installation, officer: Actor) -> Make:
    def new(incident: str = "2026-0442", actor: Actor = officer, **given: object) -> tuple[Link, str]:
        with here.database.write() as tx:
            return links.new_link(tx, actor, incident, clock=here.clock, **given)  # type: ignore[arg-type]

    return new


def send(here: Installation, link: Link, data: bytes, file: str = "clip.mp4", **said: str) -> Upload:
    """A whole file by a link, as the page does it."""
    begun = begin(here, link, len(data), file, **said)
    with turn_of(here, link, begun, len(data)) as turn:
        turn.write([data])
        assert here.uploads.finish(turn) is None, "sealed at once"

    return here.uploads.look(links.owner_of(link), begun.id)


def begin(here: Installation, link: Link, size: int, file: str = "clip.mp4", **said: str) -> Upload:
    claim = links.claim_of(link, file, None, said)
    return here.uploads.begin(links.owner_of(link), claim, length=size, limits=links.limits_of(link))


@contextmanager
def turn_of(here: Installation, link: Link, begun: Upload, size: int) -> Iterator[Turn]:
    turn = here.uploads.begin_turn(links.owner_of(link), begun.id, 0, announced=size, length=None, limits=None)
    try:
        yield turn
    finally:
        here.uploads.end_turn(turn)


def found(here: Installation, secret: str) -> Link:
    with here.database.read() as tx:
        link = links.find(tx, secret)
    assert link is not None
    return link


def details(here: Installation, kind: Event) -> list[dict[str, object]]:
    with here.database.read() as tx:
        return [event.details for event in recent(tx, kinds=[kind])]


def test_a_link_is_made_for_a_case_and_only_its_hash_is_kept(here: Installation, officer: Actor, make: Make) -> None:
    link, secret = make(" 2026-0442 ", note="From 22:00 to 23:00,\nplease.\u202e", days=3, files=2, gigabytes=5)
    assert (link.incident_number, link.note) == ("2026-0442", "From 22:00 to 23:00,\nplease.")
    assert (link.ends_at - link.created_at, link.most_files, link.most_bytes) == (timedelta(days=3), 2, 5 * GB)
    assert found(here, secret) == link
    assert len(secret) == 32
    with here.database.read() as tx:
        row = tx.execute(sa.select(upload_link)).one()
    assert secret not in repr(row)
    assert bytes(row.secret_hash) == hashlib.sha256(secret.encode()).digest()
    (event,) = details(here, Event.LINK_CREATED)
    assert (event["number"], event["incident_number"]) == (link.number, "2026-0442")
    assert secret not in json.dumps(event)


@pytest.mark.parametrize(
    "given",
    [{"incident": " "}, {"days": 0}, {"days": 91}, {"files": 17}, {"gigabytes": 61}, {"note": "x" * 1001}],
    ids=lambda given: next(iter(given)),
)
def test_what_a_link_cannot_be(here: Installation, make: Make, given: dict[str, object]) -> None:
    with pytest.raises(LinkWrong):
        make(**given)
    with here.database.read() as tx:
        assert tx.execute(sa.select(upload_link)).all() == []
    with pytest.raises(FieldWrong):
        make("x" * 65)


def test_it_needs_the_right_to_take_in(place: Place, make: Make) -> None:
    with pytest.raises(Refused):
        make(actor=place.add("chen", Role.RECORDS_OFFICER, password=None))


def test_everybody_sees_their_own_and_who_manages_docks_all(here: Installation, place: Place, make: Make) -> None:
    other = place.add("lindqvist", Role.OFFICER, password=None)
    keeper = place.add("tanaka", Role.EVIDENCE_TECHNICIAN, password=None)
    mine, _ = make()
    theirs, _ = make(actor=other)
    with here.database.read() as tx:
        assert {one.id for one in links.links(tx, other)} == {theirs.id}
        assert {one.id for one in links.links(tx, keeper)} == {mine.id, theirs.id}
    with here.database.write() as tx, pytest.raises(LinkNumberUnknown):
        links.revoke_link(tx, other, mine.number, clock=here.clock)
    with here.database.write() as tx:
        assert links.revoke_link(tx, keeper, mine.number.lower(), clock=here.clock)
        assert not links.revoke_link(tx, keeper, mine.number, clock=here.clock)
    assert len(details(here, Event.LINK_REVOKED)) == 1


def test_wrong_links_say_nothing_and_cost(here: Installation, fixed_clock: FixedClock, make: Make) -> None:
    _, secret = make()

    def miss(address: str) -> type[Exception]:
        with here.database.read() as tx:
            assert links.find(tx, secret[:-1]) is None
        with here.database.write() as tx:
            return type(links.missed(tx, address, clock=fixed_clock))

    assert [miss("2001:db8:1:2::7") for _ in range(links.MOST_MISSES)] == [LinkUnknown] * links.MOST_MISSES
    assert miss("2001:db8:1:2:ffff::1") is LinkGuessed, "another address of the same network"
    assert miss("192.0.2.1") is LinkUnknown, "whoever else comes"
    fixed_clock.advance(links.MISSES_WITHIN.total_seconds())
    assert miss("2001:db8:1:2::7") is LinkUnknown
    with here.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(upload_link_miss)) == 1, "old ones are not kept"


def test_opening_is_on_record_once_a_day(here: Installation, fixed_clock: FixedClock, make: Make) -> None:
    _, secret = make()
    for hours in (0, 1, 24, 1):
        fixed_clock.advance(timedelta(hours=hours).total_seconds())
        with here.database.write() as tx:
            links.opened(tx, found(here, secret), clock=fixed_clock)
    assert [one["first"] for one in details(here, Event.LINK_OPENED)] == [False, True]


def test_what_is_given_is_sealed_and_marked_by_its_source(here: Installation, make: Make) -> None:
    link, secret = make()
    said = {
        "name": "Ana \u202eExample",
        "shows": "The crash.",
        "contact": "",
        "when": "about 22:40",
        "where": "Main St",
    }
    done = send(here, link, b"footage" * 5000, "IMG_0001.MOV", **said)
    with here.database.read() as tx:
        row = tx.execute(sa.select(recording)).one()
        kept, came = tx.execute(sa.select(part)).one(), tx.execute(sa.select(intake)).one()
        (file,) = links.files_of(tx, link)
    assert (row.device_kind, row.device_id, row.wearer_id, row.incident_number) == ("citizen", None, None, "2026-0442")
    assert row.title == "From the public: IMG_0001.MOV"
    assert (came.face, came.actor, came.source) == ("link", "system:link", f"link {link.number}: IMG_0001.MOV")
    assert kept.claims["source"] == {
        "link": link.number,
        "the giver says: name": "Ana Example",
        "the giver says: shows": "The crash.",
        "the giver says: when": "about 22:40",
        "the giver says: where": "Main St",
    }
    assert done.result is not None
    assert (file.recording_id, file.sha256, file.size) == (row.id, hashlib.sha256(b"footage" * 5000).digest(), 35_000)
    (event,) = details(here, Event.LINK_USED)
    assert (event["link"], event["upload"], event["sha256"]) == (link.id, done.id, file.sha256.hex())
    assert "Ana" not in json.dumps(
        [event, *details(here, Event.UPLOAD_BEGUN), *details(here, Event.RECORDING_RECEIVED)]
    )
    assert found(here, secret).use.sealed == 1


def test_no_more_than_its_files(here: Installation, make: Make) -> None:
    link, secret = make(files=2)
    send(here, link, b"one")
    begin(here, link, 10)
    assert found(here, secret).state(here.clock.now()) is LinkState.FULL
    with pytest.raises(LinkFull):
        begin(here, link, 10)


def test_no_more_than_its_files_at_once(here: Installation, make: Make) -> None:
    link, _ = make(files=1)
    together, begun = threading.Barrier(8), []

    def one() -> None:
        together.wait()
        with suppress(LinkFull):
            begun.append(begin(here, link, 10))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(begun) == 1


def test_what_is_refused_is_not_counted(here: Installation, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full for an afternoon does not use a link up."""
    link, _ = make(files=1)
    with monkeypatch.context() as patch:
        patch.setattr(room, "RESERVE", 1 << 60)
        for _ in range(9):
            with pytest.raises(room.NoRoom):
                begin(here, link, 10)
    begin(here, link, 10)


def test_no_more_than_its_bytes_together(here: Installation, make: Make) -> None:
    link, secret = make(gigabytes=1)
    begin(here, link, GB - 10)
    for length in (11, LARGEST, None):
        with here.database.write() as tx, pytest.raises(LinkFull):
            links.admit(tx, link.id, length, clock=here.clock)
    begin(here, link, 10)
    assert found(here, secret).use.bytes == GB


def test_beginning_and_giving_up_has_an_end_too(here: Installation, make: Make) -> None:
    link, _ = make(files=1)
    for _ in range(8):
        begun = begin(here, link, 10)
        here.uploads.terminate(links.owner_of(link), begun.id, links.ACTOR)
    with pytest.raises(LinkFull):
        begin(here, link, 10)


def test_after_its_end_only_what_was_begun_goes_on_for_a_while(
    here: Installation, fixed_clock: FixedClock, make: Make
) -> None:
    link, secret = make(days=1)
    fixed_clock.advance(timedelta(days=1).total_seconds())
    assert found(here, secret).state(fixed_clock.now()) is LinkState.ENDED
    with pytest.raises(LinkEnded, match="2026-11-23"):
        begin(here, link, 10)
    links.must_go_on(link, fixed_clock.now())
    with pytest.raises(LinkEnded):
        links.must_go_on(link, link.ends_at + GRACE)


def test_a_withdrawn_link_takes_nothing_more_and_keeps_its_receipt(
    here: Installation, officer: Actor, make: Make
) -> None:
    link, secret = make()
    send(here, link, b"given before")
    with here.database.write() as tx:
        links.revoke_link(tx, officer, link.number, clock=here.clock)
    with pytest.raises(LinkEnded, match="withdrawn"):
        begin(here, link, 10)
    with pytest.raises(LinkEnded):
        links.must_go_on(found(here, secret), here.clock.now())
    with here.database.read() as tx:
        assert len(links.files_of(tx, found(here, secret))) == 1


def test_withdrawn_while_the_bytes_come(here: Installation, officer: Actor, make: Make) -> None:
    link, _ = make()
    begun = begin(here, link, 7)
    with turn_of(here, link, begun, 7) as turn:
        turn.write([b"footage"])
        with here.database.write() as tx:
            links.revoke_link(tx, officer, link.number, clock=here.clock)
        with pytest.raises(LinkEnded, match="withdrawn"):
            here.uploads.finish(turn)
    with here.database.read() as tx:
        assert tx.execute(sa.select(recording)).all() == []


def test_the_receipt_outlives_the_upload(here: Installation, fixed_clock: FixedClock, make: Make) -> None:
    link, secret = make(days=90, files=2)
    send(here, link, b"given", contact="555-0100")
    given_up = begin(here, link, 10, contact="555-0100")
    here.uploads.terminate(links.owner_of(link), given_up.id, links.ACTOR)
    fixed_clock.advance(timedelta(days=60).total_seconds())
    here.uploads.keep_house()
    assert found(here, secret).use == found(here, secret).use.__class__(1, 1, 5), "still counted"
    with here.database.read() as tx:
        assert [one.name for one in links.files_of(tx, link)] == ["clip.mp4"]
        assert tx.execute(sa.select(upload_table)).all() == [], "and with it what the giver said of it"
    begin(here, link, 10)
    with pytest.raises(LinkFull):
        begin(here, link, 10)


def test_the_name_goes_with_what_is_destroyed(here: Installation, make: Make) -> None:
    link, _ = make()
    send(here, link, b"given", "my-flat.mp4")
    with here.database.write() as tx:
        recording_id = tx.scalar(sa.select(recording.c.id))
        words = {"authority": "Order 26-CV-7", "reason": "expunged"}
        purging.purge(tx, here.vault, here.jobs, system_actor("test"), str(recording_id), clock=here.clock, **words)
    with here.database.read() as tx:
        (one,) = links.files_of(tx, link)
    assert (one.name, one.size) == (GONE, 5)


def test_nothing_is_learnt_of_what_was_here_before(here: Installation, make: Make) -> None:
    """The same bytes by two links: both givers have a receipt, and neither learns of the other."""
    (first, _), (second, _) = make(), make("2026-0443")
    send(here, first, b"the same bytes", "a.mp4")
    send(here, second, b"the same bytes", "b.mp4")
    with here.database.read() as tx:
        (one,), (two,) = links.files_of(tx, first), links.files_of(tx, second)
        assert tx.scalar(sa.select(sa.func.count()).select_from(recording)) == 1
    assert one.recording_id == two.recording_id
    told = json.loads(two.payload)
    assert told["details"].keys() == {"link", "number", "upload", "name", "size", "sha256"}
    assert (told.get("recording"), told["n"]) == (None, 0)


def test_the_receipt_proves_what_was_given(here: Installation, make: Make) -> None:
    link, _ = make()
    send(here, link, b"footage", "street.mp4")
    size = here.log.settle()
    with here.database.read() as tx:
        files = links.files_of(tx, link)
    vkey = here.log.verifier
    assert vkey is not None
    receipt = Receipt("Troop Q", link.number, "2026-0442", here.clock.now(), vkey.name, vkey.format(), None, files)
    told = receipt_document(receipt)
    (entry,) = [one["entry"] for one in told["files"]]
    assert 0 <= entry["index"] < size
    checkpoint = here.log.checkpoint()
    assert checkpoint is not None
    published = next(iter(TileReader(size, checkpoint.root, here.log.files.fetch).entries(entry["index"])))
    assert entry["leaf"] in str(published)
    assert parse_leaf(entry["leaf"].encode()).commit == commit(bytes.fromhex(entry["salt"]), entry["payload"].encode())
    assert json.loads(entry["payload"])["details"]["sha256"] == hashlib.sha256(b"footage").hexdigest()


def test_on_paper(here: Installation, make: Make) -> None:
    link, _ = make()
    send(here, link, b"footage", "улица.mp4")
    with here.database.read() as tx:
        files = links.files_of(tx, link)
    receipt = Receipt("Troop Q", link.number, "2026-0442", here.clock.now(), "log", "vkey", "https://q.example", files)
    made = receipt_pdf(receipt)
    assert made.startswith(b"%PDF-")
    assert made == receipt_pdf(receipt), "the same receipt is the same file"
    assert len(receipt_pdf(Receipt(**{**vars(receipt), "files": files * 60}))) > len(made)


@drawn(st.dictionaries(st.sampled_from([*STATEMENT, "other"]), st.text(max_size=1500)))
def test_what_the_giver_says_is_short_plain_text(said: dict[str, str]) -> None:
    kept = statement(said)
    assert kept.keys() <= STATEMENT.keys()
    for name, text in kept.items():
        assert 0 < len(text) <= STATEMENT[name]
        assert text == text.strip()
        assert all(c == "\n" or c.isprintable() or c.isspace() for c in text)


@drawn(st.text(max_size=200))
def test_any_text_has_a_hash(text: str) -> None:
    assert len(hash_of(text)) == 32


def test_numbers_can_be_told_over_the_phone() -> None:
    numbers = {new_number() for _ in range(200)}
    assert len(numbers) == 200
    assert not set("".join(numbers)) & set("01OIL")


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"), ("unknown", "unknown")],
)
def test_what_counts_as_one_address(address: str, counts_as: str) -> None:
    assert shown_address(address) == counts_as


def test_no_file_without_its_link(here: Installation) -> None:
    with here.database.read() as tx:
        assert tx.execute(sa.select(upload_link_file)).all() == []
