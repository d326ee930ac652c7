"""Finding recordings: the same answers on both databases, and the same as reading every row."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.footage.conftest import Archive
from tests.footage.entries import add_entry

from candor.core.database import Database
from candor.fleet.rules import DeviceKind
from candor.fleet.service import change_device, ensure_device
from candor.footage import hits, ordering, plan
from candor.footage.errors import QueryWrong
from candor.footage.indexing import index_recording
from candor.footage.query import Query, Sort
from candor.footage.rules import Flag, RecordingState, visible_to
from candor.footage.search import Row, find, find_ids, row_of
from candor.footage.tables import recording, recording_term, recording_words
from candor.footage.words import cut, same_text, sort_text
from candor.people.rules import Actor, Role
from candor.people.service import change_account

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _add(archive: Archive, **values: Any) -> str:
    started = values.pop("started_at", DAY)
    with archive.database.write() as tx:
        return add_entry(tx, started, **values)


def _found(archive: Archive, actor: Actor | None = None, **query: Any) -> list[str]:
    with archive.database.read() as tx:
        page = find(tx, actor or archive.technician, Query(**query))
    assert page.total == len(page.rows)
    return [row.id for row in page.rows]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"title": "Broken tail light"}, "tail"),
        ({"title": "Broken tail light"}, "LIGHT broken"),
        ({"notes": "The driver was thankful."}, "thank"),
        ({"tags": ["flat tyre"]}, "tyre"),
        ({"place": "Route 15, exit 41"}, "route 41"),
        ({"incident_number": "2026-000123"}, "2026-000123"),
        ({"category": "Traffic stop"}, "traffic"),
        ({"custom": {"court": "Hartford"}}, "hartf"),
        ({"name": "AXON_Body_3_Video_2026-03-01_1200.mp4"}, "axon_body_3"),
        ({"name": "AXON_Body_3_Video_2026-03-01_1200.mp4"}, "vide"),
        ({"title": "Ça va, José?"}, "jose ca"),
    ],
)
def test_text_is_found_in_every_field(archive: Archive, values: dict[str, Any], text: str) -> None:
    wanted = _add(archive, **values)
    _add(archive, title="Something else", started_at=DAY + timedelta(hours=1))
    assert _found(archive, text=text) == [wanted]


def test_text_is_found_by_wearer_and_device(archive: Archive) -> None:
    mine = _add(archive, wearer_id=archive.officer.account_id, device_id=archive.camera)
    _add(archive, wearer_id=archive.other_officer.account_id, started_at=DAY + timedelta(hours=1))
    assert _found(archive, text="okafor") == [mine]
    assert _found(archive, text="okaf") == [mine]
    assert _found(archive, text="o") == [], "a single letter begins too many names to mean one"
    assert _found(archive, text="x60a12345") == [mine]
    assert _found(archive, text="axon okafor") == [mine]
    assert _found(archive, person="okafor") == [mine]
    assert _found(archive, person=archive.officer.account_id) == [mine]
    assert _found(archive, device="X60A1") == [mine]
    assert _found(archive, person="nobody here") == []


def test_a_new_name_finds_old_footage_at_once(archive: Archive) -> None:
    mine = _add(archive, wearer_id=archive.officer.account_id)
    assert _found(archive, text="okafor") == [mine]
    with archive.database.write() as tx:
        change_account(tx, archive.administrator, archive.officer.account_id, {"display_name": "Ada Brandt"})
    assert _found(archive, text="brandt") == [mine]
    assert _found(archive, text="okafor") == []


NO_SYNTAX = ['"', '" OR "', "title:x", "a AND b", "NOT", "NEAR(a b)", "x*", "^x", "(", "';--", "a & !b", "a <-> b",
             "\\", "%", "_", "\0", "🚓", "§w", "{a}", "col : a", '"quoted words"', "x\ny"]  # fmt: skip


def test_what_is_typed_is_never_syntax(archive: Archive) -> None:
    _add(archive, title="plain words", wearer_id=archive.officer.account_id)
    words = ["plain", "words", "clip", "mp4", "okafor"]
    for text in NO_SYNTAX:
        fits = all(any(word.startswith(asked) for word in words) for asked in cut(text))
        assert len(_found(archive, text=text)) == fits, text


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=30))
def test_any_text_can_be_asked_for(text: str, archive_for_texts: Archive) -> None:
    with archive_for_texts.database.read() as tx:
        find(tx, archive_for_texts.technician, Query(text=text, place=text[:10], incident=text, person=text))


@pytest.fixture(scope="module")
def archive_for_texts(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Any) -> Iterator[Any]:
    """One archive for many examples."""
    import shutil

    @dataclass
    class Small:
        database: Database
        technician: Actor

    folder = tmp_path_factory.mktemp("texts")
    shutil.copyfile(sqlite_template, folder / "candor.sqlite3")
    database = Database(f"sqlite:///{folder / 'candor.sqlite3'}")
    with database.write() as tx:
        add_entry(tx, DAY, title="plain words")
    yield Small(database, Actor("system:test", frozenset(Role), None, ""))
    database.dispose()


def test_half_typed_long_words(archive: Archive) -> None:
    titles = ["interstate", "interstates", "interstellar", "inter", "INTERSTATE-84"]
    ids = [_add(archive, title=title, started_at=DAY + timedelta(hours=hour)) for hour, title in enumerate(titles)]
    assert _found(archive, text="interst") == [ids[4], ids[2], ids[1], ids[0]]
    assert _found(archive, text="interstate") == [ids[4], ids[1], ids[0]]
    assert _found(archive, text="interstates") == [ids[1]]
    assert _found(archive, text="interstatesx") == []


def test_a_prefix_of_very_many_words(archive: Archive) -> None:
    with archive.database.write() as tx:
        ids = [add_entry(tx, DAY + timedelta(minutes=number), title=f"camera{number:03d}") for number in range(80)]
    assert _found(archive, text="camera", limit=100) == ids[::-1]
    assert _found(archive, text="camera07") == ids[79:69:-1]


def test_index_follows_changes(archive: Archive) -> None:
    changed = _add(archive, title="before", place="Harbordrive")
    with archive.database.write() as tx:
        tx.execute(recording.update().values(title="afterwards", place="Milldrive"))
        index_recording(tx, changed)
    assert _found(archive, text="before") == []
    assert _found(archive, text="afterwards") == [changed]
    assert _found(archive, place="milldr") == [changed]
    assert _found(archive, place="harbordr") == []
    if archive.database.is_sqlite:
        with archive.database.read() as tx:
            terms = set(tx.scalars(sa.select(recording_term.c.term)))
            tx.exec_driver_sql("INSERT INTO recording_fts(recording_fts) VALUES ('integrity-check')")
        assert terms == {"afterwards", "milldrive", "§pmilldrive"}, "words that nothing has any more are gone"


def test_facts(archive: Archive) -> None:
    mine = _add(
        archive,
        wearer_id=archive.officer.account_id,
        unit_id=archive.north,
        device_id=archive.camera,
        device_kind="body",
        category="Traffic stop",
        incident_number="26-H 0001",
        place="Route 15",
        flags=["time-unlikely"],
    )
    other = _add(archive, started_at=DAY - timedelta(days=1), device_kind="in-car", place="Elm Street 15")
    for query in (
        {"unit": archive.north},
        {"unit": "north"},
        {"device": archive.camera},
        {"device_kind": DeviceKind.BODY},
        {"category": "traffic  STOP"},
        {"incident": "26-h 0001"},
        {"place": "rout"},
        {"flag": "any"},
        {"flag": "time-unlikely"},
        {"time_from": DAY},
        {"time_from": DAY - timedelta(hours=1), "time_to": DAY + timedelta(milliseconds=1)},
    ):
        assert _found(archive, **query) == [mine], query  # type: ignore[arg-type]
    for query in ({"flag": "none"}, {"time_to": DAY}, {"device_kind": DeviceKind.IN_CAR}, {"place": "elm 15"}):
        assert _found(archive, **query) == [other], query  # type: ignore[arg-type]
    assert _found(archive, state=RecordingState.SEALED) == [mine, other]
    assert _found(archive, place="15") == [mine, other]
    assert _found(archive, category="Traffic") == []
    assert _found(archive, text="traffic", flag="none") == []


# -- who sees what


def test_everybody_finds_what_the_rule_lets_them_see(archive: Archive) -> None:
    people = [archive.officer.account_id, archive.other_officer.account_id, None]
    with archive.database.write() as tx:
        for number, (wearer, unit) in enumerate((w, u) for w in people for u in (archive.north, archive.south, None)):
            moment = DAY + timedelta(minutes=number)
            add_entry(tx, moment, title="patrol", wearer_id=wearer, unit_id=unit)
    visitors = {
        "officer": (archive.officer, 3),
        "supervisor": (archive.supervisor, 3),
        "technician": (archive.technician, 9),
        "administrator": (archive.administrator, 0),
        "supervisor who wears a camera": (replace(archive.officer, roles=frozenset({Role.SUPERVISOR})), 5),
        "supervisor of no unit": (replace(archive.supervisor, unit_id=None), 0),
        "nobody": (replace(archive.officer, roles=frozenset()), 0),
    }
    for name, (actor, count) in visitors.items():
        with archive.database.read() as tx:
            by_rule = set(tx.scalars(sa.select(recording.c.id).where(visible_to(actor).expression)))
            everything = tx.scalars(sa.select(recording.c.id)).all()
            single = {one for one in everything if row_of(tx, actor, one) is not None}
        assert set(_found(archive, actor)) == set(_found(archive, actor, text="patrol")) == by_rule == single, name
        assert len(by_rule) == count, name


# -- pages and orders


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("text", ["", "patrol"])
def test_pages_put_together_are_the_whole(archive: Archive, sort: Sort, descending: bool, text: str) -> None:
    chance = random.Random(5)
    with archive.database.write() as tx:
        for number in range(40):
            add_entry(
                tx,
                DAY + timedelta(minutes=chance.randrange(20)),
                title=f"{chance.choice('abc')} patrol {number % 3}",
                duration_ms=chance.choice([None, 0, 5, 700]),
                received_at=DAY + timedelta(days=1, minutes=chance.randrange(4)),
            )
    query = Query(text=text, sort=sort, descending=descending, limit=7)
    seen: list[Row] = []
    with archive.database.read() as tx:
        while True:
            page = find(tx, archive.technician, query)
            seen += page.rows
            assert (page.total, page.more) == (40, False)
            if page.after is None:
                break
            query = replace(query, after=page.after)
    assert len({row.id for row in seen}) == 40
    keys = [_sort_key(row, sort) for row in seen]
    assert keys == sorted(keys, reverse=descending)


def _sort_key(row: Row, sort: Sort) -> tuple[Any, int]:
    value = {
        Sort.STARTED: 0,
        Sort.RECEIVED: row.received_at,
        Sort.DURATION: -1 if row.duration_ms is None else row.duration_ms,
        Sort.TITLE: sort_text(row.title),
    }[sort]
    return value, row.place_in_order


def test_cursor_that_is_none(archive: Archive) -> None:
    wrong = ["x", "!!", "W10", "WyJhIiwiYiJd", "A" * 400, "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5LDFd"]
    with archive.database.read() as tx:
        for sort in Sort:
            for after in [*wrong, *(["WzEsMl0"] if sort in (Sort.RECEIVED, Sort.TITLE) else [])]:
                with pytest.raises(QueryWrong, match="after"):
                    find(tx, archive.technician, Query(after=after, sort=sort))


def test_totals_are_counted_up_to_a_bound(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    from candor.footage import search

    for module in (hits, search):
        monkeypatch.setattr(module, "MOST_COUNTED", 5)
    with archive.database.write() as tx:
        for number in range(8):
            add_entry(tx, DAY + timedelta(minutes=number), title="patrol")
    with archive.database.read() as tx:
        for text in ("", "patrol"):
            page = find(tx, archive.technician, Query(text=text, limit=2))
            assert (page.total, page.more, len(page.rows)) == (5, True, 2)
        assert len(find_ids(tx, archive.technician, Query(text="patrol"))) == 8


def test_a_word_that_begins_very_many_names(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MOST_NAMES", 1)
    named = _add(archive, wearer_id=archive.officer.account_id)
    titled = _add(archive, title="Tanaka and okapi", started_at=DAY + timedelta(hours=1))
    with archive.database.read() as tx:
        page = find(tx, archive.technician, Query(text="okaf"))
        assert ([row.id for row in page.rows], page.too_general) == ([named], ())
        page = find(tx, archive.technician, Query(text="x60a"))
        assert page.too_general == ()
        monkeypatch.setattr(plan, "MOST_NAMES", 0)
        page = find(tx, archive.technician, Query(text="ok"))
        assert ([row.id for row in page.rows], page.too_general) == ([titled], ("ok",))
        with pytest.raises(QueryWrong, match="person"):
            find(tx, archive.technician, Query(person="okafor"))


# -- against reading every row

TITLES = ["tail light", "flat tyre", "lost dog", "directions given", "fender report", "lights out"]
PLACES = ["Route 15", "Route 8", "Elm Street", None]
CATEGORIES = ["Traffic stop", "Crash", None]


def _entries(archive: Archive, chance: random.Random, count: int) -> None:
    with archive.database.write() as tx:
        for _ in range(count):
            add_entry(
                tx,
                DAY + timedelta(seconds=chance.randrange(3000)),
                name=chance.choice(["a.mp4", "light_2026.mp4"]),
                title=chance.choice(TITLES),
                notes=chance.choice(["", "tyre changed", "report written"]),
                tags=chance.sample(["dog", "night", "lightning"], chance.randrange(3)),
                place=chance.choice(PLACES),
                category=chance.choice(CATEGORIES),
                wearer_id=chance.choice([archive.officer.account_id, archive.other_officer.account_id, None]),
                unit_id=chance.choice([archive.north, archive.south, None]),
                duration_ms=chance.choice([None, 10, 20, 30]),
                incident_number=chance.choice([None, "A-1", "A-2"]),
                flags=chance.choice([[], ["empty"], ["empty", "nobody-known"]]),
            )


def _some_query(archive: Archive, chance: random.Random) -> Query:
    def maybe(*choices: Any) -> Any:
        return chance.choice(choices) if chance.random() < 0.35 else choices[0].__class__() if choices[0] else None

    moment = DAY + timedelta(seconds=chance.randrange(3000))
    return Query(
        text=maybe("light", "li", "dog tyre", "report r", "okafor", "lightn", "2026 tail", "zzz", "l"),
        person=maybe("okafor", archive.officer.account_id, "lindq"),
        unit=maybe("north", archive.south),
        category=maybe("traffic stop", "Crash"),
        place=maybe("route", "15", "elm str"),
        incident=maybe("a-1", "A-2"),
        flag=maybe("any", "none", "empty", "nobody-known"),
        time_from=chance.choice([None, None, moment]),
        time_to=chance.choice([None, None, moment + timedelta(seconds=900)]),
        sort=chance.choice(list(Sort)),
        descending=chance.random() < 0.5,
        limit=chance.choice([3, 10, 200]),
    )


def _fits(row: Row, notes: str, name: str, query: Query) -> bool:
    texts = [row.title, notes, name, row.place or "", row.category or "", row.incident_number or "", *row.tags]
    words = {word for text in texts for word in cut(text)}
    if len(query.text) > 1:  # a single letter begins no name
        words |= set(cut(row.wearer_name or ""))
    flags = {"none"} if not row.flags else {"any", *row.flags}
    return (
        all(any(word.startswith(asked) for word in words) for asked in cut(query.text))
        and (not query.person or query.person == row.wearer_id
             or (row.wearer_name or "").lower().startswith(query.person))
        and (not query.unit or query.unit in (row.unit_id, (row.unit_name or "").lower()))
        and (not query.category or same_text(query.category) == same_text(row.category or ""))
        and all(any(w.startswith(asked) for w in cut(row.place or "")) for asked in cut(query.place))
        and (not query.incident or same_text(query.incident) == same_text(row.incident_number or ""))
        and (not query.flag or query.flag in flags)
        and (query.time_from is None or row.started_at >= query.time_from)
        and (query.time_to is None or row.started_at < query.time_to)
    )  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("bound", [10_000, 4], ids=["gathering", "walking"])
def test_same_as_reading_every_row(archive: Archive, monkeypatch: pytest.MonkeyPatch, bound: int) -> None:
    from candor.footage import search

    for module in (hits, search):
        monkeypatch.setattr(module, "MOST_COUNTED", bound)
    monkeypatch.setattr(ordering, "_WALKS", (12, 30))  # so that a walk is also given up
    chance = random.Random(11)
    _entries(archive, chance, 70)
    actors = [archive.technician, archive.officer, archive.supervisor]
    met = 0
    with archive.database.read() as tx:
        everything = find(tx, archive.technician, Query(limit=200)).rows
        extra = {
            row.id: (row.notes, row.words)
            for row in tx.execute(
                sa.select(recording.c.id, recording.c.notes, sa.cast(recording_words.c.words, sa.Text).label("words"))
                .join(recording_words, recording_words.c.recording_id == recording.c.id)
            )
        }  # fmt: skip
        for _ in range(150):
            query, actor = _some_query(archive, chance), chance.choice(actors)
            allowed = set(tx.scalars(sa.select(recording.c.id).where(visible_to(actor).expression)))
            names = {one: "light_2026.mp4" if "2026" in words else "a.mp4" for one, (_, words) in extra.items()}
            expected = [
                row for row in everything
                if row.id in allowed and _fits(row, extra[row.id][0], names[row.id], query)
            ]  # fmt: skip
            expected.sort(key=lambda row: _sort_key(row, query.sort), reverse=query.descending)
            page = find(tx, actor, query)
            assert [row.id for row in page.rows] == [row.id for row in expected[: query.limit]], query
            assert page.total == min(len(expected), bound)
            assert page.more == (len(expected) > bound)
            met += bool(expected)
            if page.after is not None:
                following = find(tx, actor, replace(query, after=page.after))
                wanted = expected[query.limit : 2 * query.limit]
                assert [row.id for row in following.rows] == [row.id for row in wanted], query
    assert met > 40, "the questions must have answers for the comparison to mean something"


def test_flags_can_be_asked_for(archive: Archive) -> None:
    for flag in Flag:
        assert _found(archive, flag=flag.value) == []


def test_a_camera_that_a_dock_found_is_found_at_once(archive: Archive) -> None:
    with archive.database.read() as tx:
        assert find(tx, archive.technician, Query(text="B8A44F")).rows == []
    with archive.database.write() as tx:
        device_id = ensure_device(tx, "B8A44F000001", clock=archive.clock)
    taken = archive.worn(b"film", device_id=device_id)
    with archive.database.read() as tx:
        assert [row.id for row in find(tx, archive.technician, Query(text="b8a44f")).rows] == [taken.recording_id]
    with archive.database.write() as tx:
        change_device(tx, archive.technician, device_id, {"model": "Quasar"}, clock=archive.clock)
    with archive.database.read() as tx:
        assert [row.id for row in find(tx, archive.technician, Query(text="quasar")).rows] == [taken.recording_id]
