"""The server is killed while it receives: what was acknowledged is there, the rest goes on, each file has the seal it
would have by `candor ingest`."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from pathlib import Path

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from tests.tus.site import BODY, TUS, TusSite, noise, prepare, process

from candor.docking.uploads.tables import upload_segment
from candor.footage.intake import Claim, Intake
from candor.footage.tables import part
from candor.installation import Installation

pytestmark = pytest.mark.long


@pytest.fixture
def site(tmp_path: Path, cheap_passwords: None) -> TusSite:
    return prepare(tmp_path)


def seals(site: TusSite) -> dict[bytes, bytes]:
    """Hash and chunk root of every part."""
    with Installation.open(site.settings) as here, here.database.read() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(upload_segment)).scalar_one() == 0
        return {row.sha256: row.chunk_root for row in tx.execute(sa.select(part.c.sha256, part.c.chunk_root))}


def seal_by_ingest(folder: Path, bodies: list[bytes]) -> dict[bytes, bytes]:
    """The seals that another installation gives the same bytes by the other face."""
    other = prepare(folder)
    with Installation.open(other.settings) as here:
        intake = Intake(here.database, here.vault, here.jobs, here.clock)
        for body in bodies:
            intake.take_in(io.BytesIO(body), Claim("a.mp4", "a.mp4", "cli", "system:cli-tester"))
    return seals(other)


def send_until_it_breaks(site: TusSite, where: str, body: bytes, offset: int, acknowledged: dict[str, int]) -> None:
    """PATCHes of 700,000 bytes; notes what each answer acknowledged."""
    with httpx.Client(timeout=30) as client:
        while offset < len(body):
            try:
                answer = client.patch(
                    where,
                    content=body[offset : offset + 700_000],
                    headers={**TUS, **BODY, **site.headers(), "upload-offset": str(offset)},
                )
            except httpx.HTTPError:
                return
            if answer.status_code != 204:
                return
            offset = acknowledged[where] = int(answer.headers["upload-offset"])


def test_twenty_at_once_and_a_kill(site: TusSite, tmp_path: Path) -> None:
    bodies = [noise(3_000_000 + number * 1009, number) for number in range(20)]
    acknowledged: dict[str, int] = {}
    with process(site, tmp_path) as first:
        wheres = [site.begin(len(body), name=f"{number}.mp4") for number, body in enumerate(bodies)]
        paths = [where.removeprefix(site.url) for where in wheres]
        threads = [
            threading.Thread(target=send_until_it_breaks, args=(site, where, body, 0, acknowledged))
            for where, body in zip(wheres, bodies, strict=True)
        ]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while sum(acknowledged.values()) < 20_000_000 and time.monotonic() < deadline:
            time.sleep(0.01)
        first.kill()
        for thread in threads:
            thread.join(60)
    before = {where.rpartition("/")[2]: size for where, size in acknowledged.items()}
    assert sum(before.values()) > 0
    with process(site, tmp_path):
        for path, body in zip(paths, bodies, strict=True):
            where = site.url + path
            offset = site.offset(where)
            assert offset >= before.get(path.rpartition("/")[2], 0), "what was acknowledged is here"
            if offset < len(body):
                answer = site.send(where, offset, body[offset:])
                assert answer.status_code == 204, answer.text
            assert site.told(where, until="done")["sha256"] == hashlib.sha256(body).hexdigest()
        site.client.close()
    found = seals(site)
    assert set(found) == {hashlib.sha256(body).digest() for body in bodies}
    assert seal_by_ingest(tmp_path / "other", bodies) == found


def test_killed_in_the_middle_of_one_patch(site: TusSite, tmp_path: Path) -> None:
    """Nothing of it was acknowledged but what was noted in passing; it goes on from there, at once."""
    body = noise(150_000_000, 99)
    with process(site, tmp_path) as first:
        where = site.begin(len(body))

        def slowly() -> object:
            for start in range(0, len(body), 1 << 20):
                yield body[start : start + (1 << 20)]
                if start >= 140_000_000:
                    time.sleep(30)

        def send() -> None:
            headers = {**TUS, **BODY, **site.headers(), "upload-offset": "0"}
            try:
                httpx.patch(where, content=slowly(), headers=headers, timeout=60)
            except httpx.HTTPError:
                return

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while site.offset(where) < 64 << 20:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        noted = site.offset(where)
        first.kill()
    with process(site, tmp_path):
        again = site.url + where.rpartition("/upload")[1] + where.rpartition("/upload")[2]
        offset = site.offset(again)
        assert noted <= offset < len(body)
        began = time.monotonic()
        answer = site.send(again, offset, body[offset:])
        assert answer.status_code == 204, answer.text
        assert time.monotonic() - began < 60, "the lease of the server that was killed holds up nobody"
        assert site.told(again, until="done", seconds=90)["sha256"] == hashlib.sha256(body).hexdigest()
        site.client.close()
    assert seals(site) == seal_by_ingest(tmp_path / "other", [body])


def test_killed_while_it_is_put_together(site: TusSite, tmp_path: Path) -> None:
    """Whole and durable, and nobody is left who asks for it: the next server seals it by itself."""
    body = noise(1_500_000, 5)
    with Installation.open(site.settings) as here:
        from candor.docking.uploads.rules import Owner

        owner = Owner("account", "0" * 36)
        made = here.uploads.begin(owner, Claim("a.mp4", "a.mp4", "web", "system:cli-tester"), length=len(body))
        turn = here.uploads.begin_turn(owner, made.id, 0)
        turn.write([body])
        turn.settle()  # and here it ends: nothing lets go, nothing is finished
        with process(site, tmp_path):
            time.sleep(1)
            with here.database.read() as tx:
                assert tx.execute(sa.select(part.c.id)).first() is None, "somebody has it"
        here.uploads.end_turn(turn)
        with here.database.write() as tx:
            tx.execute(sa.text("UPDATE upload SET changed_at = changed_at - 120000000"))
    with process(site, tmp_path):
        deadline = time.monotonic() + 30
        with Installation.open(site.settings) as here:
            while True:
                with here.database.read() as tx:
                    found = tx.execute(sa.select(part.c.sha256)).scalar()
                if found is not None:
                    break
                assert time.monotonic() < deadline
                time.sleep(0.2)
    assert found == hashlib.sha256(body).digest()
