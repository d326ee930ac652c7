"""Files as bodies of requests, straight into the vault."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from tests.people.place import Place
from tests.web.visitor import BASE, Visitor

from candor.core.database import Database
from candor.custody import Event, history
from candor.docking.uploads.tables import upload
from candor.fleet.rules import DeviceKind
from candor.fleet.service import register_device
from candor.footage.tables import intake, part, recording
from candor.people import service
from candor.people.rules import Role
from candor.people.sessions import SEEN_EVERY
from candor.store import room
from candor.store.bucket import BucketStore
from candor.store.tables import vault_object
from candor.tus import pouring

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

BODY = b"not a film, but evidence all the same\n" * 50_000


def count(database: Database, table: sa.Table) -> int:
    with database.read() as tx:
        return int(tx.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


@pytest.fixture
def technician(signed_in: Callable[..., Visitor]) -> Visitor:
    return signed_in("tech", Role.EVIDENCE_TECHNICIAN)


def test_a_file_is_sealed_and_answered_with_its_hash(technician: Visitor, place: Place) -> None:
    answer = technician.upload("name=A%0Ab.mp4&source=DCIM/A%0Ab.mp4&modified=1763800000000", BODY)
    assert answer.status_code == 201
    told = answer.json()
    assert told["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert (told["size"], told["new"], told["state"]) == (len(BODY), True, "done")
    assert {flag["flag"] for flag in told["flags"]} == {"not-media", "name-unusual", "nobody-known"}
    assert all(flag["words"].endswith(".") for flag in told["flags"])
    with place.database.read() as tx:
        events = history(tx, told["recording"])
        row = tx.execute(sa.select(intake)).one()
        assert tx.execute(sa.select(part.c.name)).scalar_one() == "A\nb.mp4"
    assert [event.kind for event in events] == [Event.RECORDING_RECEIVED, Event.RECORDING_SEALED, Event.UPLOAD_SEALED]
    assert {event.actor for event in events} == {technician.actor.account_id}
    assert row.face == "web"
    assert row.file_modified_at.year == 2025


def test_the_same_bytes_again(technician: Visitor, place: Place) -> None:
    first = technician.upload("name=a.mp4", BODY)
    again = technician.upload("name=b.mp4", BODY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["new"] is False
    assert again.json()["recording"] == first.json()["recording"]
    assert count(place.database, recording) == 1


def test_an_empty_file_is_taken_in(technician: Visitor) -> None:
    told = technician.upload("name=a.mp4", b"").json()
    assert told["size"] == 0
    assert "empty" in {flag["flag"] for flag in told["flags"]}


def test_what_is_claimed_is_kept(technician: Visitor, place: Place) -> None:
    officer = place.add("officer", unit_id=place.unit_id)
    with place.database.write() as tx:
        device = register_device(tx, place.administrator, "X1", DeviceKind.IN_CAR)
    query = f"name=a.mp4&wearer={officer.account_id}&device={device}&category=Arrest&incident=26-1"
    technician.upload(f"{query}", BODY)
    with place.database.read() as tx:
        row = tx.execute(sa.select(recording)).one()
    assert (row.wearer_id, row.unit_id, row.device_id, row.device_kind) == (
        officer.account_id,
        place.unit_id,
        device,
        "in-car",
    )
    assert (row.category, row.incident_number) == ("Arrest", "26-1")


@pytest.mark.parametrize(
    "claim",
    [
        "wearer=none",
        "unit=none",
        "device=none",
        "category=Gossip",
        f"incident={'9' * 65}",
        "incident=a%07b",
    ],
)
def test_what_does_not_exist_cannot_be_claimed(technician: Visitor, place: Place, claim: str) -> None:
    answer = technician.upload(f"name=a.mp4&{claim}", BODY)
    assert answer.status_code in (404, 422)
    assert answer.json()["error"]
    assert count(place.database, recording) == 0


def test_an_officer_names_nobody_else_as_wearer(signed_in: Callable[..., Visitor], place: Place) -> None:
    other = place.add("other", unit_id=place.unit_id)
    visitor = signed_in("officer", Role.OFFICER, unit_id=place.unit_id)
    page = visitor.get("/upload").text
    wearers = re.search(r'<select class="input" id="wearer".*?</select>', page, re.DOTALL)
    assert wearers
    assert visitor.actor.account_id in wearers.group()
    assert other.account_id not in wearers.group()
    assert visitor.upload(f"name=a.mp4&wearer={other.account_id}", BODY).status_code == 404
    assert visitor.upload(f"name=a.mp4&wearer={visitor.actor.account_id}", BODY).status_code == 201


def test_a_supervisor_names_people_of_the_unit(signed_in: Callable[..., Visitor], place: Place) -> None:
    inside, outside = place.add("inside", unit_id=place.unit_id), place.add("outside")
    visitor = signed_in("super", Role.SUPERVISOR, unit_id=place.unit_id)
    assert visitor.upload(f"name=a.mp4&wearer={inside.account_id}", b"1").status_code == 201
    assert visitor.upload(f"name=a.mp4&wearer={outside.account_id}", b"2").status_code == 404


def test_an_officer_claims_no_unit_but_the_own(signed_in: Callable[..., Visitor], place: Place) -> None:
    with place.database.write() as tx:
        south = service.create_unit(tx, place.administrator, "South", clock=place.clock)
    visitor = signed_in("officer", Role.OFFICER, unit_id=place.unit_id)
    mine = f"name=a.mp4&wearer={visitor.actor.account_id}"
    assert visitor.upload(f"{mine}&unit={south}", b"1").status_code == 422
    assert visitor.upload(f"name=a.mp4&unit={south}", b"1").status_code == 422
    assert count(place.database, recording) == 0
    assert visitor.upload(f"{mine}&unit={place.unit_id}", b"1").status_code == 201
    technician = signed_in("tech", Role.EVIDENCE_TECHNICIAN)
    assert technician.upload(f"name=a.mp4&unit={south}", b"2").status_code == 201


def test_of_a_file_in_a_recording_one_may_not_see_only_that_it_is_held(
    signed_in: Callable[..., Visitor], technician: Visitor, place: Place
) -> None:
    first = technician.upload("name=a.mp4", BODY).json()
    officer = signed_in("officer", Role.OFFICER, unit_id=place.unit_id)
    answer = officer.upload(f"name=b.mp4&wearer={officer.actor.account_id}", BODY)
    assert answer.status_code == 201
    told = answer.json()
    assert {"recording", "part", "link", "flags"}.isdisjoint(told)
    assert (told["sha256"], told["size"], told["new"]) == (first["sha256"], len(BODY), False)
    with place.database.read() as tx:
        events = history(tx, first["recording"])
    assert [event.kind for event in events[-2:]] == [Event.RECORDING_RECEIVED_AGAIN, Event.UPLOAD_SEALED]
    assert events[-1].actor == officer.actor.account_id, "it is on record all the same"
    assert technician.upload("name=c.mp4", BODY).json()["link"] == first["link"]


def test_where_footage_lies_some_room_stays_free(
    app: Starlette, technician: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = app.state.installation
    free = room.free_bytes(here.vault.store)
    assert free is not None
    assert room.free_bytes(BucketStore("bucket", "prefix")) is None, "nobody knows it"
    assert abs(free - shutil.disk_usage(here.settings.home).free) < 1 << 30
    monkeypatch.setattr(room, "RESERVE", free + (1 << 40))
    answer = technician.upload("name=a.mp4", BODY)
    assert answer.status_code == 507
    assert "not enough room" in answer.json()["error"]
    monkeypatch.setattr(room, "RESERVE", 0)
    monkeypatch.setattr(here.uploads, "largest", 1 << 60)
    monkeypatch.setattr(here.uploads, "together", 1 << 60)
    too_much = str(free + (1 << 30))
    assert asgi(app, technician, [], upload_length=too_much)[0]["status"] == 507, "by the size that is announced"
    assert count(place.database, upload) == count(place.database, vault_object) == 0


def test_room_that_runs_out_on_the_way_keeps_what_was_acknowledged(
    app: Starlette, technician: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Filling(list[dict[str, Any]]):
        def __iter__(self) -> Any:
            yield piece(BODY)
            monkeypatch.setattr(room, "RESERVE", 1 << 60)  # somebody else takes what was left
            yield piece(BODY, more=False)

    sent = asgi(app, technician, Filling(), upload_length=str(2 * len(BODY)))
    assert sent[0]["status"] == 507
    assert count(place.database, recording) == count(place.database, vault_object) == 0
    (row,) = uploads(place)
    assert (row.state, row.received) in {("open", 0), ("open", len(BODY))}
    assert dict(sent[0]["headers"])[b"location"] == f"/upload/tus/{row.id}".encode(), "it can be gone on with"


def uploads(place: Place) -> list[Any]:
    with place.database.read() as tx:
        return list(tx.execute(sa.select(upload)))


def asgi(app: Starlette, visitor: Visitor, messages: list[dict[str, Any]], **headers: str) -> list[dict[str, Any]]:
    """Begin an upload with its bytes by hand, to break it where we want; what was sent back."""
    sent: list[dict[str, Any]] = []
    queue = iter(messages)
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())
    given = {
        "host": BASE.removeprefix("http://"),
        "cookie": cookie,
        "x-csrf-token": visitor.token(),
        "user-agent": visitor.client.headers["user-agent"],
        "accept": "application/json",
        "tus-resumable": "1.0.0",
        "transfer-encoding": "chunked",
        "content-type": "application/offset+octet-stream",
        **headers,
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/upload/tus",
        "raw_path": b"/upload/tus",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
        "client": ("192.0.2.7", 1),
        "server": ("127.0.0.1", 8642),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        return next(queue)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def piece(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_connection_that_breaks_is_gone_on_with(app: Starlette, technician: Visitor, place: Place) -> None:
    messages = [piece(BODY), piece(BODY[:100_001]), {"type": "http.disconnect"}]
    asgi(app, technician, messages, upload_length=str(len(BODY) * 3))
    assert count(place.database, recording) == count(place.database, vault_object) == 0
    (row,) = uploads(place)
    assert (row.state, row.received) == ("open", len(BODY) + 100_001)
    head = {"tus-resumable": "1.0.0"}
    asked = technician.client.head(f"/upload/tus/{row.id}", headers=head)
    assert asked.headers["upload-offset"] == str(row.received)
    more = {**head, "x-csrf-token": technician.token(), "content-type": "application/offset+octet-stream"}
    more["upload-offset"] = str(row.received)
    rest = (BODY * 3)[row.received :]
    assert technician.client.patch(f"/upload/tus/{row.id}", content=rest, headers=more).status_code == 204
    (row,) = uploads(place)
    assert (row.state, row.sha256) == ("done", hashlib.sha256(BODY * 3).digest())


def test_fewer_bytes_than_announced_are_not_taken_for_the_file(
    app: Starlette, technician: Visitor, place: Place
) -> None:
    size = str(len(BODY) + 1)
    sent = asgi(app, technician, [piece(BODY, more=False)], content_length=size, upload_length=size)
    assert sent[0]["status"] == 201
    assert (b"upload-offset", str(len(BODY)).encode()) in sent[0]["headers"]
    assert count(place.database, recording) == 0
    assert [row.state for row in uploads(place)] == ["open"]


def test_more_than_the_limit_is_refused_before_and_during(
    app: Starlette, technician: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = asgi(app, technician, [], upload_length=str((64 << 30) + 1))
    assert sent[0]["status"] == 413
    assert b"larger than 64 GiB" in sent[1]["body"]
    monkeypatch.setattr(app.state.installation.uploads, "largest", len(BODY))
    sent = asgi(app, technician, [piece(BODY), piece(BODY)], upload_defer_length="1")
    assert sent[0]["status"] == 413
    assert count(place.database, recording) == 0


def test_a_long_upload_keeps_the_session(
    app: Starlette, technician: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pouring, "AT_WORK_EVERY", 0.0)
    monkeypatch.setattr(pouring, "PIECE", 1)

    class Slow(list[dict[str, Any]]):
        def __iter__(self) -> Any:
            for number in range(90):
                place.clock.advance(SEEN_EVERY.total_seconds())
                yield piece(bytes([number]), more=number < 89)

    sent = asgi(app, technician, Slow(), upload_length="90")
    assert sent[0]["status"] == 201, sent
    assert technician.get("/account").status_code == 200, "90 minutes, longer than a session may be idle"


def test_a_page_without_its_token_sends_nothing(technician: Visitor, place: Place) -> None:
    headers = {"tus-resumable": "1.0.0", "upload-length": "1"}
    assert technician.client.post("/upload/tus", headers=headers).status_code == 403
    assert count(place.database, upload) == 0


def test_an_upload_of_a_colleague_is_not_there(technician: Visitor, signed_in: Callable[..., Visitor]) -> None:
    where = technician.upload("name=a.mp4", b"abc").headers["location"]
    other = signed_in("second", Role.EVIDENCE_TECHNICIAN)
    assert other.get(where).status_code == 404
    assert technician.get(where).json()["state"] == "done"
