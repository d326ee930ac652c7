"""Bytes for the player: ranges, validators, headers; nothing without a viewing on record; originals by right."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.recording_place import COPY_SIZE, Film, make_film, viewing_of
from tests.web.visitor import Visitor

from candor.custody import Event, history
from candor.footage.renditions import renditions_of
from candor.footage.tables import rendition, viewing
from candor.footage.viewing import POSTER_PURPOSE
from candor.installation import Installation
from candor.people.rules import Role
from candor.web.pages.recording_media import Stretch, disposition, stretch_of

SignedIn = Callable[..., Visitor]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Stretch(0, 1000, False)),
        ("bytes=0-0", Stretch(0, 1, True)),
        ("bytes=0-", Stretch(0, 1000, True)),
        ("bytes=0-999", Stretch(0, 1000, True)),
        ("bytes=0-1000000", Stretch(0, 1000, True)),
        ("bytes=990-", Stretch(990, 10, True)),
        ("bytes=-10", Stretch(990, 10, True)),
        ("bytes=-5000", Stretch(0, 1000, True)),
        ("Bytes = 5 - 9", Stretch(5, 5, True)),
        ("bytes=1000-", None),
        ("bytes=1000-1001", None),
        ("bytes=-0", None),
        # Not one range that can be read: the whole, as if nothing had been asked.
        ("bytes=9-5", Stretch(0, 1000, False)),
        ("bytes=-", Stretch(0, 1000, False)),
        ("bytes=0-1,5-6", Stretch(0, 1000, False)),
        ("bytes=a-b", Stretch(0, 1000, False)),
        ("lines=0-1", Stretch(0, 1000, False)),
        ("bytes=٣-٤", Stretch(0, 1000, False)),
        ("bytes=" + "9" * 40 + "-", Stretch(0, 1000, False)),
    ],
)
def test_ranges(header: str | None, expected: Stretch | None) -> None:
    assert stretch_of(header, 1000) == expected


def test_an_empty_object_has_no_range() -> None:
    assert stretch_of("bytes=0-", 0) is None
    assert stretch_of("bytes=-1", 0) is None
    assert stretch_of(None, 0) == Stretch(0, 0, False)


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_range_never_leaves_the_object(size: int, first: int, length: int) -> None:
    found = stretch_of(f"bytes={first}-{first + length}", size)
    if found is None:
        assert first >= size
    else:
        assert found.offset == first
        assert 0 < found.length <= length + 1
        assert found.offset + found.length <= size


@pytest.mark.parametrize(
    "name",
    [
        "film.mp4",
        'a"b\r\nSet-Cookie: x=1.mp4',
        "../../etc/passwd",
        "\u202egpj.exe",
        "Überfall Nr. 7.mp4",
        "",
        "..",
        "a" * 900,
    ],
)
def test_a_file_is_saved_under_a_harmless_name(name: str) -> None:
    said = disposition(name)
    assert said.startswith('attachment; filename="')
    assert said.isascii()
    assert said.isprintable()
    assert said.count('"') == 2
    saved = said.split('"')[1]
    assert saved.strip(". ")
    assert not set(saved) & set('/\\:*?"<>|')


@pytest.fixture
def film(installation: Installation) -> Film:
    return make_film(installation)


@pytest.fixture
def watching(signed_in: SignedIn, film: Film) -> tuple[Visitor, str]:
    """A records officer who has said what for; the address of the viewing copy."""
    visitor = signed_in("robin", Role.RECORDS_OFFICER)
    answer = visitor.post(f"{film.path}/viewings", {"purpose": "court"})
    assert answer.status_code == 303
    return visitor, f"/media/{film.proxy_id}?viewing={viewing_of(answer.headers['location'])}"


def test_the_whole_and_any_stretch(watching: tuple[Visitor, str], film: Film) -> None:
    visitor, path = watching
    whole = visitor.get(path)
    assert whole.status_code == 200
    assert whole.content == film.copy
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-length"] == str(COPY_SIZE)
    assert whole.headers["etag"] == f'"{hashlib.sha256(film.copy).hexdigest()}"'
    for asked, cut in (
        ("bytes=0-0", slice(0, 1)),
        ("bytes=700000-700099", slice(700_000, 700_100)),
        ("bytes=524280-1100000", slice(524_280, 1_100_001)),
        ("bytes=-9", slice(-9, None)),
        ("bytes=1300000-", slice(1_300_000, None)),
    ):
        part = visitor.get(path, range=asked)
        assert part.status_code == 206, asked
        assert part.content == film.copy[cut], asked
        start = cut.indices(COPY_SIZE)[0]
        assert part.headers["content-range"] == f"bytes {start}-{start + len(part.content) - 1}/{COPY_SIZE}"
        assert part.headers["content-length"] == str(len(part.content))


def test_a_range_beyond_the_end(watching: tuple[Visitor, str]) -> None:
    visitor, path = watching
    answer = visitor.get(path, range=f"bytes={COPY_SIZE}-")
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{COPY_SIZE}"
    assert answer.content == b""


def test_if_range_and_head(watching: tuple[Visitor, str], film: Film) -> None:
    visitor, path = watching
    tag = visitor.get(path, range="bytes=0-0").headers["etag"]
    assert visitor.get(path, **{"range": "bytes=5-9", "if-range": tag}).status_code == 206
    for other in ('"other"', f"W/{tag}", "Sat, 01 Jan 2000 00:00:00 GMT"):
        again = visitor.get(path, **{"range": "bytes=5-9", "if-range": other})
        assert again.status_code == 200
        assert again.content == film.copy
    head = visitor.client.head(path, headers={"range": "bytes=10-19"})
    assert head.status_code == 206
    assert head.content == b""
    assert head.headers["content-length"] == "10"


def test_nobody_on_the_way_keeps_it(watching: tuple[Visitor, str]) -> None:
    visitor, path = watching
    headers = visitor.get(path, range="bytes=0-9").headers
    assert headers["cache-control"] == "private, no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-type"] == "video/mp4"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_hundreds_of_ranges_are_one_viewing(
    watching: tuple[Visitor, str], film: Film, installation: Installation
) -> None:
    visitor, path = watching
    for at in range(0, 200_000, 10_000):
        visitor.get(path, range=f"bytes={at}-{at + 99}")
    with installation.database.read() as tx:
        viewed = [one for one in history(tx, film.received.recording_id) if one.kind is Event.RECORDING_VIEWED]
    assert [one.details["purpose"] for one in viewed] == ["Court"]


def test_no_byte_without_a_viewing_of_ones_own(watching: tuple[Visitor, str], signed_in: SignedIn, film: Film) -> None:
    visitor, path = watching
    bare = path.split("?")[0]
    assert visitor.get(bare).status_code == 403
    assert visitor.get(f"{bare}?viewing=").status_code == 403
    other = signed_in("second", Role.RECORDS_OFFICER)
    assert other.get(path).status_code == 403
    officer = signed_in("officer", Role.OFFICER)
    assert officer.get(path).status_code == 404
    administrator = signed_in("admin", Role.ADMINISTRATOR)
    assert administrator.get(path).status_code == 403


def test_a_viewing_ends(watching: tuple[Visitor, str], installation: Installation, film: Film) -> None:
    visitor, path = watching
    assert visitor.get(path, range="bytes=0-0").status_code == 206
    with installation.database.write() as tx:
        tx.execute(viewing.update().values(ends_at=installation.clock.now() - timedelta(seconds=1)))
    answer = visitor.get(path, accept="application/json")
    assert answer.status_code == 403
    assert "viewing has ended" in answer.json()["error"]


def test_an_original_is_taken_out_by_right_and_on_record(
    signed_in: SignedIn, film: Film, installation: Installation
) -> None:
    visitor = signed_in("robin", Role.RECORDS_OFFICER)
    part_id = film.received.part_id
    begun = visitor.post(f"{film.path}/parts/{part_id}/download", {"purpose": "court"})
    assert begun.status_code == 303
    answer = visitor.get(begun.headers["location"])
    assert answer.content == film.original
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith('attachment; filename="film.mp4"')
    assert visitor.get(begun.headers["location"], range="bytes=-5").content == film.original[-5:]
    with installation.database.read() as tx:
        viewed = [one for one in history(tx, film.received.recording_id) if one.kind is Event.RECORDING_VIEWED]
    assert [one.details["purpose"] for one in viewed] == [f"Download of the original file {part_id}: Court"]


def test_watching_is_no_right_to_the_original_nor_the_other_way(
    watching: tuple[Visitor, str], film: Film, signed_in: SignedIn
) -> None:
    visitor, path = watching
    part_id = film.received.part_id
    assert visitor.get(f"/originals/{part_id}?viewing={viewing_of(path)}").status_code == 403
    assert visitor.get(f"/originals/{part_id}").status_code == 403
    begun = visitor.post(f"{film.path}/parts/{part_id}/download", {"purpose": "court"})
    downloading = viewing_of(begun.headers["location"])
    assert visitor.get(f"/media/{film.proxy_id}?viewing={downloading}").status_code == 403


def test_who_only_watches_takes_no_original_out(installation: Installation, signed_in: SignedIn) -> None:
    officer = signed_in("jo", Role.OFFICER)
    film = make_film(installation, wearer_id=officer.actor.account_id)
    assert officer.get(film.path).status_code == 200
    assert "Hand out" not in officer.get(film.path).text
    assert officer.post(f"{film.path}/parts/{film.received.part_id}/download").status_code == 403
    assert officer.get(f"/originals/{film.received.part_id}").status_code == 403


def ready_picture(here: Installation, film: Film, kind: str) -> str:
    """A rendition that is a picture, ready; its identifier."""
    sealed = here.vault.seal(kind, io.BytesIO(b"a picture"))
    with here.database.write() as tx:
        here.vault.record(tx, sealed)
        found = next(one for one in renditions_of(tx, film.received.part_id) if one.kind == kind)
        ready = {"state": "ready", "object_id": sealed.object_id, "media_type": "image/jpeg"}
        tx.execute(rendition.update().where(rendition.c.id == found.id).values(**ready))
    return found.id


def test_the_picture_in_a_list_is_no_way_to_watch(signed_in: SignedIn, film: Film, installation: Installation) -> None:
    visitor = signed_in("robin", Role.RECORDS_OFFICER)
    poster = ready_picture(installation, film, "poster")
    strip = ready_picture(installation, film, "filmstrip")
    assert visitor.get(f"/posters/{poster}").content == b"a picture"
    with installation.database.read() as tx:
        (viewed,) = (one for one in history(tx, film.received.recording_id) if one.kind is Event.RECORDING_VIEWED)
    assert viewed.details["purpose"] == POSTER_PURPOSE
    within = f"?viewing={viewed.details['viewing']}"  # as the proofs of the recording tell it
    assert visitor.get(f"/media/{film.proxy_id}{within}").status_code == 403
    assert visitor.get(f"/media/{strip}{within}").status_code == 403
    assert visitor.get(f"/originals/{film.received.part_id}{within}").status_code == 403
    for path in (film.path, f"{film.path}/stage"):
        text = visitor.get(path + within).text
        assert f"/media/{film.proxy_id}" not in text
        assert 'name="purpose"' in text, "it asks what for"
    assert visitor.get(f"/posters/{strip}").status_code == 404, "a filmstrip is no picture in a list"
    with installation.database.read() as tx:
        viewed_by = [one for one in history(tx, film.received.recording_id) if one.kind is Event.RECORDING_VIEWED]
    assert len(viewed_by) == 1
