"""Giving by a link: the agency's page, the giver's page, the files, the receipt."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.core.errors import DatabaseGone
from candor.custody import Event, recent
from candor.docking.links import service as acts
from candor.docking.links.rules import GB, Link
from candor.docking.uploads import service as acts_of_the_desk
from candor.docking.uploads.rules import UploadState
from candor.docking.uploads.tables import upload as upload_table
from candor.footage.tables import part, recording
from candor.installation import Installation
from candor.people.rules import Role
from candor.store import StoreFull
from candor.store.room import NoRoom

BODY = b"what a phone saw\n" * 3000


@pytest.fixture
def officer(signed_in: Callable[..., Visitor], installation: Installation) -> Visitor:
    return signed_in("okafor", Role.OFFICER)


def made(officer: Visitor, **given: object) -> str:
    """The path of a new link."""
    fields = {"incident": "2026-0442", "days": 14, "files": 16, "gigabytes": 60, "note": "", **given}
    answer = officer.post("/links", fields, page="/links")
    assert answer.status_code == 200, answer.text
    found = re.search(r"<code>http://127\.0\.0\.1:8642(/give/[\w-]{32})</code>", answer.text)
    assert found, answer.text
    return found[1]


class Giver(Visitor):
    """Somebody with a link and no account."""

    def __init__(self, app: Starlette, path: str, address: str = "198.51.100.9") -> None:
        super().__init__(app, address)
        self.path = path

    def headers(self) -> dict[str, str]:
        found = re.search(r'data-csrf="([^"]+)"', self.get("/sign-in").text)
        assert found
        return {
            "x-csrf-token": found[1],
            "x-candor-link": self.path.rsplit("/", 1)[-1],
            "accept": "application/json",
            "tus-resumable": "1.0.0",
        }

    def begin(self, size: int, file: str = "IMG_1.MOV", **said: str):  # type: ignore[no-untyped-def]
        pairs = {"filename": file, "modified": "1763800000000", **{f"giver-{key}": text for key, text in said.items()}}
        metadata = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in pairs.items())
        headers = {**self.headers(), "upload-length": str(size), "upload-metadata": metadata}
        return self.client.post("/give/tus", headers=headers)

    def go_on(self, where: str, offset: int, data: bytes):  # type: ignore[no-untyped-def]
        headers = {
            **self.headers(),
            "upload-offset": str(offset),
            "content-type": "application/offset+octet-stream",
        }
        return self.client.patch(where, content=data, headers=headers)

    def give(self, data: bytes = BODY, file: str = "IMG_1.MOV", **said: str) -> None:
        begun = self.begin(len(data), file, **said)
        assert begun.status_code == 201, begun.text
        assert self.go_on(begun.headers["location"], 0, data).status_code == 204


def test_a_link_is_shown_once_and_given_by(
    app: Starlette, officer: Visitor, place: Place, installation: Installation
) -> None:
    path = made(officer, note="From 22:00 to 23:00, Main Street.")
    assert path not in officer.get("/links").text
    giver = Giver(app, path)
    page = giver.get(path)
    assert page.status_code == 200
    text = unescape(page.text)
    for words in ("2026-0442", "State Troop Q", "From 22:00 to 23:00, Main Street.", "You need no account."):
        assert words in text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    assert page.headers["cache-control"] == "no-store"

    begun = giver.begin(len(BODY), "IMG <1>.MOV", name="Ana Example", shows="The crash")
    assert begun.status_code == 201, begun.text
    where = begun.headers["location"]
    assert giver.go_on(where, 0, BODY[:20_000]).headers["upload-offset"] == "20000"
    assert "IMG &lt;1&gt;.MOV" in giver.get(path).text, "begun and not finished"
    ended = giver.go_on(where, 20_000, BODY[20_000:])
    assert (ended.status_code, ended.headers["upload-offset"]) == (204, str(len(BODY)))
    digest = hashlib.sha256(BODY).hexdigest()
    asked = giver.client.get(where, headers=giver.headers()).json()
    assert asked["sha256"] == digest
    assert not asked.keys() & {"recording", "part", "new", "link", "flags"}
    (told,) = giver.get(f"{path}/files").json()["files"]
    assert (told["name"], told["size"], told["sha256"]) == ("IMG <1>.MOV", len(BODY), digest)
    with place.database.read() as tx:
        row = tx.execute(sa.select(recording)).one()
        claims = tx.scalar(sa.select(part.c.claims))
    assert (row.device_kind, row.incident_number) == ("citizen", "2026-0442")
    assert claims["source"]["the giver says: name"] == "Ana Example"
    assert claims["source"]["the giver says: shows"] == "The crash"
    assert "Ana Example" not in giver.get(path).text, "not even to whoever has the link"
    shown = officer.get("/links").text
    assert "1 file" in shown
    assert f"/recordings/{row.id}" not in shown, "an officer does not see what nobody of the unit wore"


def test_the_receipt(app: Starlette, officer: Visitor, installation: Installation) -> None:
    path = made(officer)
    giver = Giver(app, path)
    early = giver.get(f"{path}/receipt")
    assert (early.status_code, early.headers["location"]) == (303, path), "there is no receipt of nothing"
    assert giver.get(f"{path}/receipt.json").status_code == 404
    giver.give()
    installation.log.settle()
    digest = hashlib.sha256(BODY).hexdigest()
    page = giver.get(f"{path}/receipt")
    assert page.status_code == 200
    assert digest in page.text
    assert "Entry in the public log: number" in page.text
    told = giver.get(f"{path}/receipt.json")
    assert told.json()["files"][0]["sha256"] == digest
    assert told.json()["files"][0]["entry"]["index"] >= 0
    paper = giver.get(f"{path}/receipt.pdf")
    assert paper.content.startswith(b"%PDF-")
    assert paper.headers["content-disposition"] == f'attachment; filename="receipt-{told.json()["receipt"]}.pdf"'
    assert giver.get(f"{path}/receipt.exe").status_code == 404
    for answer in (page, told, paper):
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_one_link_knows_nothing_of_another(app: Starlette, officer: Visitor) -> None:
    first, second = Giver(app, made(officer)), Giver(app, made(officer, incident="2026-0443"))
    where = first.begin(10, "mine.mov").headers["location"]
    first.give(BODY, "also mine.mov")
    assert second.client.head(where, headers=second.headers()).status_code == 404
    assert second.go_on(where, 0, b"0123456789").status_code == 404
    assert second.client.delete(where, headers=second.headers()).status_code == 404
    second.give(BODY, "theirs.mov")
    text = second.get(second.path).text + second.get(f"{second.path}/receipt.json").text
    assert "mine.mov" not in text
    assert "2026-0442" not in text


def test_a_wrong_link_says_nothing_and_costs(app: Starlette, officer: Visitor) -> None:
    path = made(officer)
    guesser = Giver(app, path, "203.0.113.5")
    words = {guesser.get(f"{path[:-1]}{end}").text for end in "~!."}
    assert len(words) == 1
    assert {guesser.get(f"/give/x{number}").status_code for number in range(17)} == {404}
    assert guesser.get("/give/once-more").status_code == 429
    assert guesser.get(path).status_code == 200, "a link that is right is no guess"
    assert Visitor(app, "203.0.113.6").get("/give/other").status_code == 404
    headers = {**guesser.headers(), "x-candor-link": "wrong", "upload-length": "10"}
    assert guesser.client.post("/give/tus", headers=headers).status_code == 429
    headers.pop("x-candor-link")
    assert Giver(app, path).client.post("/give/tus", headers=headers).status_code == 403, "no form's token of its own"


def test_limits_are_the_servers(app: Starlette, officer: Visitor) -> None:
    giver = Giver(app, made(officer, files=1, gigabytes=1))
    refused = giver.begin(GB + 1)
    assert (refused.status_code, "1 files and 1 GB" in refused.json()["error"]) == (413, True)
    assert giver.begin(10).status_code == 201
    assert giver.begin(10).status_code == 413
    deferred = {**giver.headers(), "upload-defer-length": "1"}
    assert giver.client.post("/give/tus", headers=deferred).status_code == 413


def test_a_link_ends_kindly(
    app: Starlette, officer: Visitor, installation: Installation, fixed_clock: FixedClock
) -> None:
    path = made(officer, days=3)
    giver = Giver(app, path)
    where = giver.begin(len(BODY), "long.mov").headers["location"]
    fixed_clock.advance(timedelta(days=3).total_seconds())
    refused = giver.begin(10)
    assert (refused.status_code, "its time ended" in refused.json()["error"]) == (410, True)
    text = giver.get(path).text
    assert "What was begun can still be finished" in text
    assert giver.go_on(where, 0, BODY).status_code == 204
    after = giver.get(path)
    assert (after.status_code, "takes no more files" in after.text) == (200, True)
    assert giver.get(f"{path}/receipt").status_code == 200


def _link(installation: Installation, giver: Giver) -> Link:
    with installation.database.read() as tx:
        found = acts.find(tx, giver.path.rsplit("/", 1)[-1])
    assert found is not None
    return found


def test_what_keeps_it_from_being_sealed_is_told_to_nobody_outside(
    app: Starlette, officer: Visitor, installation: Installation
) -> None:
    giver = Giver(app, made(officer))
    where = giver.begin(10).headers["location"]
    with installation.database.write() as tx:
        told = {"state": "assembling", "received": 10, "problem": "The store at /srv/footage is full."}
        tx.execute(upload_table.update().values(told))
    answer = giver.client.get(where, headers=giver.headers())
    assert (answer.status_code, answer.json()["state"]) == (200, "assembling")
    assert "/srv" not in answer.text
    with installation.database.write() as tx:
        acts_of_the_desk.end(
            tx,
            installation.uploads.look(acts.owner_of(_link(installation, giver)), where.rsplit("/", 1)[-1]),
            UploadState.FAILED,
            "system:uploads",
            installation.clock,
            "/srv/footage/drafts/1 is missing.",
        )
    lost = giver.client.get(where, headers=giver.headers())
    assert (lost.status_code, "/srv" in lost.text, "send it again" in lost.json()["error"]) == (410, False, True)


@pytest.mark.parametrize("error", [StoreFull(place="/srv/footage", object_id="x"), NoRoom(reserve=1)])
def test_a_disk_that_is_full_is_no_concern_of_the_public(
    app: Starlette,
    officer: Visitor,
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def full(*args: object, **more: object) -> None:
        raise error

    giver = Giver(app, made(officer))
    where = giver.begin(10).headers["location"]
    monkeypatch.setattr(installation.uploads, "begin_turn", full)
    answer = giver.go_on(where, 0, b"0123456789")
    assert answer.status_code == 507
    assert "Go on later" in answer.json()["error"]
    assert str(error) in caplog.text, "whoever runs it learns it"
    assert "/srv" not in answer.text
    monkeypatch.setattr(installation.uploads, "largest", 5 << 30)
    refused = giver.begin(6 << 30)
    assert (refused.status_code, "larger than 5 GiB" in refused.json()["error"]) == (413, True)
    assert "candor ingest" not in refused.text


def test_a_withdrawn_link(app: Starlette, officer: Visitor, installation: Installation) -> None:
    path = made(officer)
    giver = Giver(app, path)
    where = giver.begin(len(BODY)).headers["location"]
    with installation.database.read() as tx:
        (link,) = acts.links(tx, officer.actor)
    answer = officer.post(f"/links/{link.number}/revoke", page="/links")
    assert (answer.status_code, answer.headers["location"]) == (303, "/links?said=link-revoked")
    page = giver.get(path)
    assert (page.status_code, "was withdrawn" in page.text) == (410, True)
    assert giver.go_on(where, 0, BODY).status_code == 410
    with installation.database.read() as tx:
        assert next(recent(tx, kinds=[Event.LINK_REVOKED])).actor == officer.actor.account_id


def test_what_a_link_cannot_be_is_said_and_the_form_kept(officer: Visitor) -> None:
    answer = officer.post("/links", {"incident": "2026-1", "days": "500", "files": "x", "note": "kept"}, page="/links")
    assert answer.status_code == 422
    assert "kept" in answer.text
    assert "1 to 90 days" in answer.text


def gone(*args: object) -> None:
    raise DatabaseGone(reason="it was switched off")


def test_the_secret_is_in_no_record(
    app: Starlette, officer: Visitor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(officer)
    secret = path.rsplit("/", 1)[-1]
    with caplog.at_level("DEBUG"):
        giver = Giver(app, path)
        giver.get(path)
        giver.give()
        giver.get(f"{path}/receipt")
        with monkeypatch.context() as patch:
            patch.setattr(acts, "files_of", gone)
            assert giver.get(path).status_code == 503
            assert giver.get(f"{path}/files").status_code == 503
    ours = [record for record in caplog.records if record.name.startswith("candor")]
    assert any(record.levelname == "ERROR" for record in ours)
    assert not any(secret in record.getMessage() + str(vars(record)) for record in ours)
