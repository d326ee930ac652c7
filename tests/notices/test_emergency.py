"""The way to tell without a database."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import pytest
from tests.notices.post_office import PostOffice

from candor.core.settings import Settings
from candor.notices import emergency
from candor.notices.emergency import BETWEEN, shout


@pytest.fixture(autouse=True)
def nobody_shouted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emergency, "_mailed_at", {})


@pytest.fixture
def alerted(tmp_path: Path, post_office: PostOffice) -> Settings:
    (tmp_path / "home").mkdir()
    return Settings.load(
        home=tmp_path / "home",
        database_url="postgresql://nobody@127.0.0.1:1/nothing",
        smtp_url=f"smtp://127.0.0.1:{post_office.port}",
        mail_from="candor@troop.example",
        alert_mail="on-call@troop.example,chief@troop.example",
    )


def test_the_log_has_the_words_and_the_mail_has_none(
    alerted: Settings, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL, logger="candor.emergency"):
        outcome = shout(alerted, "the database\ndoes not answer: host db7 refused")
    assert outcome.mailed == 2
    assert [record.getMessage() for record in caplog.records] == ["the database does not answer: host db7 refused"]
    assert [letter.recipients for letter in post_office.letters] == [["on-call@troop.example"], ["chief@troop.example"]]
    for letter in post_office.letters:
        assert "Somebody must look at once." in letter.text
        assert "db7" not in letter.text


def test_it_is_not_mailed_again_at_once(
    alerted: Settings, post_office: PostOffice, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shout(alerted, "one").mailed == 2
    assert shout(alerted, "two").held_back
    monkeypatch.setattr(emergency, "_mailed_at", {})  # another process of the same machine
    assert shout(alerted, "three").held_back
    assert len(caplog.records) == 3
    long_ago = time.time() - BETWEEN - 1
    os.utime(alerted.home / ".alerted", (long_ago, long_ago))
    assert shout(alerted, "four").mailed == 2
    ahead = time.time() + 86_400
    os.utime(alerted.home / ".alerted", (ahead, ahead))
    monkeypatch.setattr(emergency, "_mailed_at", {})
    assert shout(alerted, "the clock was set back meanwhile").mailed == 2


def test_a_server_that_is_away_is_tried_again_at_the_next_call(alerted: Settings, post_office: PostOffice) -> None:
    post_office.close()
    outcome = shout(alerted, "one")
    assert (outcome.mailed, outcome.held_back) == (0, False)
    assert "nothing answers there" in outcome.problems[0]
    post_office.open()
    assert shout(alerted, "two").mailed == 2


def test_a_lost_home_keeps_nobody_from_shouting(alerted: Settings) -> None:
    alerted.home.rmdir()
    alerted.home.write_text("no folder any more")
    assert shout(alerted, "one").mailed == 2
    assert shout(alerted, "two").held_back


def test_it_never_raises(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert shout(Settings.load(home=tmp_path), "one").problems == ("CANDOR_ALERT_MAIL names nobody",)
    nobody = Settings.load(home=tmp_path, alert_mail="chief@troop.example")
    assert shout(nobody, "two").problems == ("no mail server is set",)
    broken = Settings.load(
        home=tmp_path,
        alert_mail="chief@troop.example",
        smtp_url="smtps://127.0.0.1:1",
        smtp_ca=tmp_path / "missing.pem",
        mail_from="candor@troop.example",
    )
    assert shout(broken, "three").mailed == 0
    assert [record.levelno for record in caplog.records if record.name == "candor.emergency"][:3] == [50, 50, 50]
