"""Releases, states and files as they are published: on both databases."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from candor.core.errors import DatabaseGone
from candor.core.portal_settings import PortalSettings
from candor.published import schema
from candor.published.errors import FileGone, FileOther, NoticeWrong, PublishedTooNew
from candor.published.notices import AboutNotice, FileNotice, Hidden, ReleaseNotice, StatusNotice
from candor.published.place import Published
from candor.published.tracking import digest_of, new_code

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)


def put(published: Published, content: bytes, **given: object) -> FileNotice:
    sha256, size = published.put_file([content[:3], content[3:]])
    return FileNotice(**{"name": "a.mp4", "kind": "copy", "media_type": "video/mp4", **given}, size=size, sha256=sha256)  # type: ignore[arg-type]


def release(number: int, *files: FileNotice, **given: object) -> ReleaseNotice:
    values: dict[str, object] = {"audience": "public", "title": "Stop on Route 9", "summary": "Two cars.", **given}
    at = NOW + timedelta(minutes=number)
    return ReleaseNotice(
        f"0192e0a0-0000-7000-8000-{number:012}", f"RL-2026-{number:04}", published_at=at, files=files, **values
    )  # type: ignore[arg-type]


def test_a_release_is_found_by_everybody_and_by_its_words(published: Published) -> None:
    one = release(1, put(published, b"one"), hidden=(Hidden("Faces", "Privacy", "§ 1", copy=0),))
    published.write_release(one)
    published.write_release(release(2, put(published, b"two"), title="Année à Zürich", summary="100 % quiet"))
    secret = release(3, put(published, b"three"), audience="requester", tracking="ab" * 32)
    published.write_release(secret)
    assert published.release(one.id) == one
    found, count = published.releases()
    assert [one.number for one in found] == ["RL-2026-0002", "RL-2026-0001"]
    assert count == 2
    for text, numbers in (
        ("zurich annee", ["RL-2026-0002"]),
        ("rl-2026-0001", ["RL-2026-0001"]),
        ("100 %", ["RL-2026-0002"]),
        ("_", []),
        ("route zurich", []),
    ):
        assert [one.number for one in published.releases(text)[0]] == numbers, text
    assert published.releases_for(bytes.fromhex("ab" * 32)) == [secret]
    assert published.releases_for(bytes.fromhex("cd" * 32)) == []


def test_pages_of_a_long_list(published: Published) -> None:
    file = put(published, b"same")
    for number in range(1, 24):
        published.write_release(release(number, file))
    (first, count), (second, _) = published.releases(), published.releases(page=2)
    assert count == 23
    assert [len(first), len(second)] == [20, 3]
    assert first[0].number == "RL-2026-0023"
    assert second[-1].number == "RL-2026-0001"


def test_a_recall_is_a_sentence_and_not_a_gap(published: Published) -> None:
    shared, own = put(published, b"shared"), put(published, b"own", proven="ee" * 32)
    published.write_release(release(1, shared, own))
    published.write_release(release(2, shared))
    assert published.recall_release(release(1).id, NOW, "A face was seen.")
    notice = published.release(release(1).id)
    assert notice is not None
    assert (notice.recalled_at, notice.recall_reason) == (NOW, "A face was seen.")
    assert published.files.has(shared.sha256)  # the other release has it, too
    with pytest.raises(FileGone):
        published.open_file(own.sha256)
    (known,) = published.files_of(own.sha256)
    assert (known.stored, known.recalled_at, known.release_id) == (False, NOW, notice.id)
    assert [one.bare for one in published.files_of("ee" * 32)] == [True]
    # Nobody unsays it by publishing the release once more.
    published.write_release(release(1, shared))
    again = published.release(release(1).id)
    assert again is not None
    assert again.recalled_at == NOW
    assert not published.recall_release("0192e0a0-0000-7000-8000-00000000ffff", NOW, "none")


def test_files_are_what_their_name_says(published: Published, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"content").hexdigest()
    assert published.put_file([b"con", b"tent"], digest) == (digest, 7)
    with pytest.raises(FileOther):
        published.put_file([b"other"], digest)
    # A file that was damaged is put right by publishing it again; one that is well is left alone.
    published.files.path(digest).write_bytes(b"damaged")
    assert not published.files.check(digest)
    published.put_file([b"content"])
    assert published.files.check(digest)
    assert list((tmp_path / "files" / ".incoming").iterdir()) == []
    with pytest.raises(FileGone):
        published.write_release(release(1, FileNotice("a", "copy", "video/mp4", 1, "00" * 32)))
    with pytest.raises(FileGone):
        published.open_file("../../etc/passwd")


def test_a_source_that_fails_leaves_nothing(published: Published, tmp_path: Path) -> None:
    def pieces() -> object:
        yield b"first"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        published.put_file(pieces())  # type: ignore[arg-type]
    assert [one for one in (tmp_path / "files").rglob("*") if one.is_file()] == []


def test_a_state_is_found_by_its_code_alone(published: Published) -> None:
    code, letter = new_code(), put(published, b"letter", kind="letter", media_type="application/pdf")
    notice = StatusNotice(digest_of(code).hex(), "R-2026-0001", "working", "being worked on", NOW, NOW)
    published.write_status(replace(notice, letters=(letter,)))
    published.write_status(replace(notice, state="answered", letters=(letter,)))
    found = published.status(digest_of(code))
    assert found is not None
    assert found.state == "answered"
    assert published.status(digest_of(new_code())) is None
    (known,) = published.files_of(letter.sha256)
    assert (known.audience, known.tracking, known.release_id) == ("requester", digest_of(code), None)
    assert published.files_under(int(letter.sha256[:2], 16)) == []  # letters are in no list
    published.forget_status(digest_of(code))
    assert published.status(digest_of(code)) is None
    assert published.files_of(letter.sha256) == []


def test_who_the_agency_is(published: Published) -> None:
    assert published.about() is None
    about = AboutNotice("Police", "P", "UTC", "age1x", NOW, "o", "v", "p", "f")
    published.write_about(about)
    published.write_about(replace(about, short_name="Q"))
    assert published.about() == replace(about, short_name="Q")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda one: one.pop("number"), "'number' is missing"),
        (lambda one: one.update(more=1), "'more' is not known"),
        (lambda one: one.update(title=7), "title"),
        (lambda one: one.update(published_at="yesterday"), "no time"),
        (lambda one: one.update(published_at="2026-05-03T12:00:00"), "no time"),
        (lambda one: one.update(files={}), "no list"),
        (lambda one: one["files"].append({"name": "x"}), "missing"),
        (lambda one: one["files"][0].update(size=True), "another type"),
        (lambda one: one["files"][0].update(sha256="zz"), "64 hex digits"),
        (lambda one: one.update(audience="nobody"), "audience"),
        (lambda one: one.update(audience="requester"), "code opens"),
        (lambda one: one.update(v=2), "form is not 1"),
    ],
)
def test_a_notice_is_read_strictly(change: object, reason: str) -> None:
    file = FileNotice("a", "copy", "video/mp4", 1, "00" * 32)
    document = json.loads(release(1, file).to_json())
    change(document)  # type: ignore[operator]
    with pytest.raises(NoticeWrong, match=reason):
        ReleaseNotice.from_json(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, "7"])
def test_what_is_no_notice_at_all(text: str) -> None:
    with pytest.raises(NoticeWrong):
        StatusNotice.from_json(text)


def test_the_portal_cannot_write_what_it_reads(published: Published, database_url: str, tmp_path: Path) -> None:
    published.write_about(AboutNotice("Police", "P", "UTC", "age1x", NOW, "o", "v", "p", "f"))
    settings = PortalSettings(database_url, tmp_path / "files", database_url, tmp_path)
    with Published.to_read(settings) as reading:
        assert reading.is_made()
        assert reading.about() is not None
        with pytest.raises((DBAPIError, DatabaseGone)), reading.database.write() as tx:
            tx.execute(schema.about.delete())
    assert published.about() is not None


def test_a_place_of_a_newer_program_is_left_alone(published: Published) -> None:
    with published.database.write() as tx:
        tx.execute(sa.text("UPDATE published_schema SET version = 9"))
    with pytest.raises(PublishedTooNew):
        schema.make(published.database, "published")
    with pytest.raises(PublishedTooNew):
        published.is_made()


def test_before_anything_was_published(database_url: str, tmp_path: Path) -> None:
    with Published.to_read(PortalSettings(database_url, tmp_path, database_url, tmp_path)) as reading:
        assert not reading.is_made()
