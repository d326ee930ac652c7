"""The custody log's page and files when something is wrong, and after a handover."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from tests.web.visitor import Visitor

from candor.core.clock import SystemClock
from candor.custody.surroundings import CLOCK, FILES, begin
from candor.custody.tables import custody_lost_entry, log_head
from candor.verify.handover import verify_handover
from candor.verify.note import Note

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_what_is_wrong_is_said_first(app: Starlette, chief: Visitor) -> None:
    here = app.state.installation
    here.log.settle()
    (here.settings.keys_folder / "log.key").rename(here.settings.keys_folder / "aside")
    with here.database.write() as tx:
        begin(tx, FILES, "No space left on device", SystemClock())
        begin(tx, CLOCK, "the clock was set back from noon to one", SystemClock())
        tx.execute(custody_lost_entry.insert(), {"position": 10**6, "leaf": "{}"})
        tx.execute(log_head.update().values(refusal="the database was set back"))
    text = chief.get("/custody").text
    first = text.index("Fingerprint of the log")
    for words in (
        "candor log recover",
        "Nothing is signed: The key that signs the custody log is not at",
        "cannot be written (No space left on device)",
        "the clock was set back from noon to one",
        "What stands behind 1 entry is lost",
    ):
        assert words in text, words
        assert text.index(words) < first


def test_after_a_handover(app: Starlette, chief: Visitor, stranger: Visitor) -> None:
    here = app.state.installation
    here.log.settle()
    old = here.log.verifier
    old_tile = stranger.get("/log/checkpoint").text
    done = here.log.hand_over(actor="system:test", reason="the disk is lost")
    size = here.log.settle()
    text = chief.get("/custody").text
    assert "Logs before this one" in text
    assert "the disk is lost" in text
    assert old.fingerprint in text
    assert "signed by the old key and the new one" in text
    assert "/log/2/checkpoint" in text
    assert stranger.get("/log/old/1/checkpoint").text == old_tile
    statement = stranger.get("/log/old/1/handed-over")
    assert statement.headers["content-type"] == "text/plain; charset=utf-8"
    assert verify_handover(Note.parse(statement.content), old).handover.new == done.handover.new
    assert stranger.get("/log/handover").content == statement.content
    assert stranger.get("/log/2/checkpoint").content == stranger.get("/log/checkpoint").content
    tile = f"tile/0/000.p/{size}"
    numbered, plain = stranger.get(f"/log/2/{tile}"), stranger.get(f"/log/{tile}")
    assert numbered.content == plain.content
    assert "immutable" in numbered.headers["cache-control"]
    assert plain.headers["cache-control"] == "no-cache"
    with here.database.read() as tx:
        assert tx.execute(sa.select(log_head.c.origin)).scalar() == f"{old.name}/2"


@pytest.mark.parametrize(
    "path", ["/log/3/checkpoint", "/log/1/checkpoint", "/log/old/", "/log/old/1/secret", "/log/2/old"]
)
def test_nothing_else_is_public(app: Starlette, stranger: Visitor, path: str) -> None:
    here = app.state.installation
    here.log.settle()
    here.log.hand_over(actor="system:test", reason="the disk is lost")
    here.log.settle()
    folder: Path = here.settings.log_folder
    (folder / "old/1/secret").write_text("secret")
    assert stranger.get(path).status_code == 404
