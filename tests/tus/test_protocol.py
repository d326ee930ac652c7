"""The protocol, request by request, against a real server."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.tus.site import BODY, TusSite, metadata, noise, sealed

from candor.custody import Event, recent
from candor.docking.uploads import turn as uploads_turn
from candor.docking.uploads.tables import upload as upload_table
from candor.docking.uploads.tables import upload_segment
from candor.footage.tables import recording
from candor.store import room
from candor.store.tables import vault_object
from candor.tus import pouring

SMALL = noise(300_000)
LARGE = noise(5_000_000, 2)


def rows(site: TusSite, table: sa.Table) -> int:
    assert site.here is not None
    with site.here.database.read() as tx:
        return int(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def events(site: TusSite, *kinds: Event) -> list[dict[str, object]]:
    assert site.here is not None
    with site.here.database.read() as tx:
        return [event.details for event in recent(tx, kinds=list(kinds))]


def test_what_the_server_can(site: TusSite) -> None:
    answer = site.ask("OPTIONS", "/upload/tus")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["tus-max-size"] == str(64 << 30)
    assert answer.headers["tus-checksum-algorithm"] == "sha256,sha1,sha512"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation", "creation-with-upload", "creation-defer-length", "termination", "checksum", "expiration",
        "concatenation",
    }  # fmt: skip


@pytest.mark.parametrize("sizes", [(300_000,), (1, 299_999), (16_384, 16_384, 267_232), (0, 300_000)])
def test_a_file_in_pieces_is_the_same_bytes_and_written_once(site: TusSite, sizes: tuple[int, ...]) -> None:
    where, offset = site.begin(len(SMALL)), 0
    for size in sizes:
        answer = site.send(where, offset, SMALL[offset : offset + size])
        offset += size
        assert answer.status_code == 204, answer.text
        assert answer.headers["upload-offset"] == str(offset)
        if offset < len(SMALL):
            assert site.offset(where) == offset
            assert answer.headers["upload-expires"].endswith("GMT")
            assert site.told(where)["state"] == "open"
            assert rows(site, recording) == 0, "it is no evidence yet"
    assert answer.headers["candor-upload-state"] == "done"
    told = site.told(where)
    assert told["sha256"] == hashlib.sha256(SMALL).hexdigest()
    assert told["link"] == f"/recordings/{told['recording']}"
    assert site.here is not None
    assert sealed(site.here) == {hashlib.sha256(SMALL).digest(): SMALL}
    assert rows(site, vault_object) == 1, "the segment became the object itself"
    assert rows(site, upload_segment) == 0
    assert len([path for path in site.stored() if "objects" in str(path)]) == 1
    assert [path.name for path in site.stored() if "drafts" in str(path) and "holders" not in str(path)] == ["place"]


def test_head_says_what_was_said(site: TusSite) -> None:
    where = site.begin(10)
    answer = site.ask("HEAD", where)
    assert answer.headers["upload-length"] == "10"
    assert answer.headers["upload-metadata"] == metadata(name="a.mp4")["upload-metadata"]
    assert answer.headers["cache-control"] == "no-store"
    assert site.ask("HEAD", f"{site.tus}/{'0' * 32}").status_code == 404


def test_creation_with_the_bytes(site: TusSite) -> None:
    answer = site.ask(
        "POST", "/upload/tus", content=SMALL, **BODY, upload_length=str(len(SMALL)), **metadata(name="b.mp4")
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "done"
    assert answer.json()["sha256"] == hashlib.sha256(SMALL).hexdigest()
    assert answer.headers["upload-offset"] == str(len(SMALL))
    part = site.ask("POST", "/upload/tus", content=SMALL[:100], **BODY, upload_length="300000")
    assert (part.status_code, part.headers["upload-offset"]) == (201, "100")
    assert site.send(site.url + part.headers["location"], 100, SMALL[100:]).status_code == 204
    assert site.ask("POST", "/upload/tus", content=b"x", upload_length="1").status_code == 415


def test_an_empty_file(site: TusSite) -> None:
    answer = site.ask("POST", "/upload/tus", upload_length="0", **metadata(name="empty.mp4"))
    assert answer.status_code == 201
    assert answer.json()["state"] == "done"
    assert "empty" in {flag["flag"] for flag in answer.json()["flags"]}


def test_a_length_that_is_said_later(site: TusSite) -> None:
    where = site.begin(None)
    assert site.ask("HEAD", where).headers["upload-defer-length"] == "1"
    assert site.send(where, 0, SMALL[:1000]).status_code == 204
    assert site.send(where, 1000, b"", upload_length="999").status_code == 400, "more is here already"
    assert site.send(where, 1000, SMALL[1000:], upload_length=str(len(SMALL))).status_code == 204
    assert site.told(where)["sha256"] == hashlib.sha256(SMALL).hexdigest()
    assert site.ask("POST", "/upload/tus", upload_defer_length="2").status_code == 400
    assert site.ask("POST", "/upload/tus").status_code == 400


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("size", [1000, 6_000_000])
def test_a_checksum(site: TusSite, algorithm: str, size: int) -> None:
    body = noise(size, 3)
    right = base64.b64encode(hashlib.new(algorithm, body).digest()).decode()
    where = site.begin(size)
    wrong = site.send(where, 0, body[:-1] + b"?", upload_checksum=f"{algorithm} {right}")
    assert wrong.status_code == 460
    assert site.offset(where) == 0, "nothing of those bytes was kept"
    assert rows(site, upload_segment) == 0
    assert site.send(where, 0, body, upload_checksum=f"{algorithm} {right}").status_code == 204
    assert site.told(where)["sha256"] == hashlib.sha256(body).hexdigest()


def test_a_checksum_nobody_knows(site: TusSite) -> None:
    where = site.begin(3)
    assert site.send(where, 0, b"abc", upload_checksum="crc32 AAAAAA==").status_code == 400
    assert site.send(where, 0, b"abc", upload_checksum="sha1 AAAA").status_code == 400
    assert site.offset(where) == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"tus-resumable": "0.2.2"}, 412),
        ({"content-type": "video/mp4"}, 415),
        ({"upload-offset": "1"}, 409),
        ({"upload-offset": "-1"}, 400),
        ({"upload-length": "4"}, 400),
    ],
)
def test_what_is_wrong_is_said_and_nothing_taken(site: TusSite, change: dict[str, str], status: int) -> None:
    where = site.begin(3)
    given = {**BODY, "upload-offset": "0", **change}
    assert site.ask("PATCH", where, content=b"abc", **given).status_code == status
    assert site.offset(where) == 0


def test_more_than_was_said_is_refused(site: TusSite) -> None:
    where = site.begin(3)
    assert site.send(where, 0, b"abcd").status_code == 413
    assert site.offset(where) == 0
    assert site.ask("PATCH", where, content=iter([b"ab", b"cd"]), **BODY, upload_offset="0").status_code == 413


def test_somebody_elses_upload_is_not_there(site: TusSite) -> None:
    where = site.begin(3)
    for method in ("HEAD", "GET", "DELETE"):
        assert site.ask(method, where, who="other").status_code == 404, method
    answer = site.ask("PATCH", where, who="other", content=b"abc", **BODY, upload_offset="0")
    assert answer.status_code == 404
    assert site.offset(where) == 0
    assert site.ask("POST", where, x_http_method_override="DELETE").status_code == 204


def test_without_a_right_no_byte_is_read(site: TusSite) -> None:
    where = site.begin(3)
    address = site.url.removeprefix("http://")
    host, port = address.split(":")
    path = where.removeprefix(site.url)
    with socket.create_connection((host, int(port)), timeout=20) as line:
        head = (
            f"PATCH {path} HTTP/1.1\r\nHost: {address}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            "Authorization: Bearer nonsense\r\nContent-Type: application/offset+octet-stream\r\n"
            "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        line.sendall(head.encode())
        assert line.recv(100).startswith(b"HTTP/1.1 401"), "not `100 Continue`: the body was not asked for"
    assert site.offset(where) == 0


def test_cancelled(site: TusSite) -> None:
    where = site.begin(len(SMALL), name="gone.mp4")
    site.send(where, 0, SMALL[:100_000])
    assert site.ask("DELETE", where).status_code == 204
    assert site.ask("HEAD", where).status_code == 410
    assert site.send(where, 100_000, SMALL[100_000:]).status_code == 410
    (told,) = events(site, Event.UPLOAD_ENDED)
    assert (told["how"], told["received"], told["name"]) == ("terminated", 100_000, "gone.mp4")
    assert rows(site, upload_segment) == rows(site, recording) == 0
    assert [path.name for path in site.stored() if "holders" not in str(path)] == ["place"]


def test_what_is_sealed_is_not_cancelled(site: TusSite) -> None:
    where = site.begin(3)
    site.send(where, 0, b"abc")
    assert site.ask("DELETE", where).status_code == 403
    assert site.send(where, 3, b"").status_code == 204, "whoever did not hear of the last byte may ask so"
    assert site.send(where, 3, b"d").status_code in (403, 409)
    assert site.told(where)["state"] == "done"


def test_events_say_what_became_of_each(site: TusSite) -> None:
    done, open_ = site.begin(3, name="done.mp4"), site.begin(3, name="open.mp4")
    site.send(done, 0, b"abc")
    begun = events(site, Event.UPLOAD_BEGUN)
    (sealed_,) = events(site, Event.UPLOAD_SEALED)
    assert {one["name"] for one in begun} == {"done.mp4", "open.mp4"}
    assert sealed_["upload"] == done.rpartition("/")[2]
    assert sealed_["sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert events(site, Event.UPLOAD_ENDED) == []
    assert site.told(open_)["state"] == "open"


def test_not_gone_on_with_in_time(site: TusSite) -> None:
    assert site.here is not None
    where = site.begin(len(SMALL))
    site.send(where, 0, SMALL[:100_000])
    with site.here.database.write() as tx:
        late = site.here.clock.now() - timedelta(seconds=1)
        tx.execute(upload_table.update().values(expires_at=late))
    assert site.send(where, 100_000, SMALL[100_000:]).status_code == 410, "also before it is swept"
    site.here.uploads.keep_house()
    assert site.ask("HEAD", where).status_code == 410
    (told,) = events(site, Event.UPLOAD_ENDED)
    assert (told["how"], told["received"]) == ("expired", 100_000)
    assert [path.name for path in site.stored() if "holders" not in str(path)] == ["place"]


def test_joined(site: TusSite) -> None:
    pieces = [LARGE[:2_500_000], LARGE[2_500_000:2_500_001], LARGE[2_500_001:]]
    parts = [site.begin(len(piece), upload_concat="partial") for piece in pieces]
    final = "final;" + " ".join(part.removeprefix(site.url) for part in parts)
    site.send(parts[0], 0, pieces[0])
    assert site.ask("POST", "/upload/tus", upload_concat=final).status_code == 400, "not all of it is here"
    for part, piece in zip(parts[1:], pieces[1:], strict=True):
        assert site.send(part, 0, piece).status_code == 204
    assert site.ask("HEAD", parts[0]).headers["upload-concat"] == "partial"
    assert rows(site, recording) == 0, "parts are nothing by themselves"
    answer = site.ask("POST", "/upload/tus", upload_concat=final, **metadata(name="joined.mp4"))
    assert answer.status_code == 201, answer.text
    where = site.url + answer.headers["location"]
    told = site.told(where, until="done")
    assert told["sha256"] == hashlib.sha256(LARGE).hexdigest()
    assert site.ask("HEAD", where).headers["upload-concat"] == final
    assert site.send(where, len(LARGE), b"").status_code == 403
    assert site.told(parts[0])["state"] == "joined"
    assert rows(site, recording) == 1
    assert rows(site, upload_segment) == 0
    assert site.ask("POST", "/upload/tus", upload_concat=final).status_code == 400, "each part once"
    assert site.ask("POST", "/upload/tus", upload_concat="final;/elsewhere/x").status_code == 400


def test_limits_of_one_person(site: TusSite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.here is not None
    desk = site.here.uploads
    monkeypatch.setattr(desk, "largest", 1000)
    assert site.ask("POST", "/upload/tus", upload_length="1001").status_code == 413
    monkeypatch.setattr(desk, "together", 1500)
    first = site.begin(1000)
    assert site.ask("POST", "/upload/tus", upload_length="501").status_code == 413
    assert site.ask("POST", "/upload/tus", who="other", upload_length="501").status_code == 201, (
        "everybody has the same"
    )
    late = site.begin(None)
    assert site.send(late, 0, bytes(501)).status_code == 413
    stream = site.ask("PATCH", late, content=iter([bytes(400), bytes(400)]), **BODY, upload_offset="0")
    assert stream.status_code == 413, "where nothing is announced, on the way"
    assert site.ask("DELETE", first).status_code == 204
    assert site.ask("POST", "/upload/tus", upload_length="501").status_code == 201


def test_no_room(site: TusSite, monkeypatch: pytest.MonkeyPatch) -> None:
    where = site.begin(len(SMALL))
    site.send(where, 0, SMALL[:1000])
    monkeypatch.setattr(room, "RESERVE", 1 << 60)
    assert site.ask("POST", "/upload/tus", upload_length="3").status_code == 507
    answer = site.send(where, 1000, SMALL[1000:])
    assert answer.status_code == 507
    assert "retry-after" in answer.headers
    monkeypatch.setattr(room, "RESERVE", 0)
    assert site.offset(where) == 1000, "what was acknowledged stays"
    assert site.send(where, 1000, SMALL[1000:]).status_code == 204


def test_bytes_that_wait_for_their_checksum_take_not_the_last_room(
    site: TusSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing is announced, so that nobody could look before."""
    body = noise(8_000_000, 4)
    where = site.begin(None)
    stored: list[int] = []
    put_aside = pouring._put_aside
    monkeypatch.setattr(
        pouring, "_put_aside", lambda scratch, digest, held: (put_aside(scratch, digest, held), stored.append(1))
    )
    right = base64.b64encode(hashlib.sha256(body).digest()).decode()

    def pieces() -> Iterator[bytes]:
        yield body[:500_000]
        time.sleep(0.5)  # it has begun
        monkeypatch.setattr(room, "RESERVE", 1 << 60)
        for at in range(500_000, len(body), 500_000):
            yield body[at : at + 500_000]

    answer = site.ask("PATCH", where, content=pieces(), **BODY, upload_offset="0", upload_checksum=f"sha256 {right}")
    assert answer.status_code == 507
    assert stored == []


def test_two_at_once_and_the_site_goes_on(site: TusSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pouring, "SHORT_STALL", 1.0)
    where = site.begin(len(SMALL))
    address = site.url.removeprefix("http://")
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        head = (
            f"PATCH {where.removeprefix(site.url)} HTTP/1.1\r\nHost: {address}\r\nTus-Resumable: 1.0.0\r\n"
            f"Upload-Offset: 0\r\nAuthorization: {site.headers()['authorization']}\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(SMALL)}\r\n\r\n"
        )
        line.sendall(head.encode() + SMALL[:1000])
        time.sleep(0.5)
        began = time.monotonic()
        second = site.send(where, 0, SMALL)
        assert second.status_code == 423
        assert time.monotonic() - began < 0.7, "at once"
        assert site.ask("DELETE", where).status_code == 423
        assert site.client.get(f"{site.url}/healthz").status_code == 200
        assert line.recv(100).startswith(b"HTTP/1.1 408"), "the first says nothing any more, and is given up"
    deadline = time.monotonic() + 10
    while site.offset(where) != 1000:
        assert time.monotonic() < deadline, "what it had sent is kept"
        time.sleep(0.05)
    assert site.send(where, 1000, SMALL[1000:]).status_code == 204


def test_a_writer_that_goes_on_is_not_pushed_out(site: TusSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pouring, "SHORT_STALL", 1.0)
    where = site.begin(len(SMALL))
    answers: list[int] = []

    def slowly() -> object:
        for start in range(0, len(SMALL), 30_000):
            yield SMALL[start : start + 30_000]
            time.sleep(0.25)

    thread = threading.Thread(
        target=lambda: answers.append(
            site.client.patch(
                where,
                headers={**site.headers(), "tus-resumable": "1.0.0", **BODY, "upload-offset": "0"},
                content=slowly(),
            ).status_code
        )
    )
    thread.start()
    time.sleep(0.4)
    assert [site.send(where, 0, b"x" * 9).status_code for _ in range(3)] == [423, 423, 423]
    thread.join(30)
    assert answers == [204]
    assert site.told(where)["sha256"] == hashlib.sha256(SMALL).hexdigest()


def test_writers_that_were_let_go(site: TusSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each PATCH finds no writer: a new segment each time, put together at the end."""
    assert site.here is not None
    monkeypatch.setattr(uploads_turn, "SHORT", 500_000)
    where, offset, seen = site.begin(len(LARGE)), 0, 0
    for size in (700_000, 100_000, 1_500_000, 2_000_000, 1, 699_999):
        answer = site.send(where, offset, LARGE[offset : offset + size])
        assert answer.status_code == 204, answer.text
        offset += size
        site.here.uploads.park_idle(0.0)
        seen = max(seen, rows(site, upload_segment))
    assert seen >= 3
    told = site.told(where, until="done")
    assert told["sha256"] == hashlib.sha256(LARGE).hexdigest()
    assert sealed(site.here) == {hashlib.sha256(LARGE).digest(): LARGE}
    assert rows(site, upload_segment) == 0


def test_what_was_acknowledged_and_is_missing_is_said(site: TusSite) -> None:
    assert site.here is not None
    where = site.begin(len(LARGE))
    assert site.send(where, 0, LARGE[:3_000_000]).status_code == 204
    site.here.uploads.park_idle(0.0)
    (draft,) = [path for path in site.stored() if path.parent.name == "drafts" and len(path.name) == 36]
    draft.chmod(0o600)
    with draft.open("r+b") as file:
        file.truncate(1_000_000)
    answer = site.send(where, 3_000_000, LARGE[3_000_000:])
    assert answer.status_code == 410
    assert "shorter than what was acknowledged" in answer.json()["error"]
    (told,) = events(site, Event.UPLOAD_ENDED)
    assert told["how"] == "failed"
    assert rows(site, recording) == 0


def test_a_draft_that_was_altered_is_no_evidence(site: TusSite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.here is not None
    monkeypatch.setattr(uploads_turn, "SHORT", 0)
    where = site.begin(len(LARGE))
    assert site.send(where, 0, LARGE[:3_000_000]).status_code == 204
    site.here.uploads.park_idle(0.0)
    (draft,) = [path for path in site.stored() if path.parent.name == "drafts" and len(path.name) == 36]
    draft.chmod(0o600)
    with draft.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"!")
    answer = site.send(where, 3_000_000, LARGE[3_000_000:])
    assert answer.status_code == 410
    assert "do not authenticate" in answer.json()["error"]
    assert rows(site, recording) == 0


def test_nothing_lies_in_the_clear(site: TusSite) -> None:
    marker = b"this sentence must never be on the disk in the clear. "
    body = marker * 60_000
    where = site.begin(len(body))
    assert site.send(where, 0, body[:3_100_000]).status_code == 204
    assert len(site.stored()) >= 3
    for path in site.settings.home.rglob("*"):
        if path.is_file():
            assert marker[:20] not in path.read_bytes(), path
