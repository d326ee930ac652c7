"""The custody log's page and its public files."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.web.visitor import Visitor

from candor.verify.note import Note
from candor.verify.policy import Policy

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settled(app: Starlette, chief: Visitor) -> int:
    """Everything so far is signed; the log's size."""
    size: int = app.state.installation.log.settle()
    return size


def test_the_page_shows_who_the_log_is(app: Starlette, chief: Visitor, settled: int) -> None:
    state = app.state.installation.log.status()
    text = chief.get("/custody").text
    assert "test.invalid/log" in text
    assert state.vkey.replace("+", "&#43;") in text or state.vkey in text
    for at in range(0, 64, 4):
        assert f"<span>{state.fingerprint[at : at + 4]}</span>" in text
    assert f">{settled}</strong>" in text
    assert "No witness watches this log yet" in text
    assert "What it cannot prove" in text


def test_anybody_reads_the_public_files(app: Starlette, stranger: Visitor, settled: int) -> None:
    answer = stranger.get("/log/checkpoint")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert Note.parse(answer.content).text.splitlines()[:2] == ["test.invalid/log", str(settled)]
    for kind in ("0", "entries"):
        tile = stranger.get(f"/log/tile/{kind}/000.p/{settled}")
        assert tile.status_code == 200, kind
        assert tile.headers["content-type"] == "application/octet-stream"
        assert "immutable" in tile.headers["cache-control"]
    assert len(stranger.get(f"/log/tile/0/000.p/{settled}").content) == 32 * settled


@pytest.mark.parametrize(
    "path",
    [
        "/log/",
        "/log/../candor.sqlite3",
        "/log/%2e%2e/candor.sqlite3",
        "/log/tile/../../candor.sqlite3",
        "/log/secret",
        "/log/tile/0/000/../../../secret",
        "/log/tile/",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
    ],
)
def test_nothing_else_of_the_folder_is_public(app: Starlette, stranger: Visitor, settled: int, path: str) -> None:
    folder: Path = app.state.installation.settings.log_folder
    (folder / "secret").write_text("secret")
    answer = stranger.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text.replace("/log/secret", "")


def test_before_there_is_a_log_its_files_are_not_there(stranger: Visitor) -> None:
    assert stranger.get("/log/checkpoint").status_code == 404


def test_the_trust_policy_can_be_handed_out(chief: Visitor, settled: int) -> None:
    answer = chief.get("/custody/policy")
    assert "trust-policy.txt" in answer.headers["content-disposition"]
    assert Policy.parse(answer.content).log_keys[0].name == "test.invalid/log"


def test_a_refusal_to_sign_is_the_first_thing_said(app: Starlette, chief: Visitor, settled: int) -> None:
    from candor.custody.tables import log_head

    with app.state.installation.database.write() as tx:
        tx.execute(log_head.update().values(refusal="the tree went backwards"))
    text = chief.get("/custody").text
    assert "The log refuses to sign: the tree went backwards." in text
    assert text.index("refuses to sign") < text.index("Fingerprint of the log")
