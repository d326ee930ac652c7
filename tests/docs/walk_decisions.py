"""The part of the walk in which a request is decided and written of, and a critical incident goes its way; on a site of
its own, under a small law with clocks that can be put off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from tests.disclosure.critical.conftest import LAW
from tests.disclosure.decisions.law import LOOKED, MINOR, PACK, put_in_force

from candor.cli.main import candor
from candor.core.settings import Settings
from candor.custody import recent
from candor.installation import Installation
from candor.people import passwords, service
from candor.people.rules import Role

_HELD_BACK = ("--whole", "withhold", "--exemption", MINOR, "--reason", "It shows a child")


def decisions(site: Any) -> None:
    """Decided, taken back, decided again; a letter; a critical incident with something of everything in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANDOR_HOME", str(site.home / "decisions"))
        _people()
        file = site.home / "decided.mp4"
        file.write_bytes(b"another film that is no film")
        recording = site.run("candor ingest", str(file))["recordings"][0]["id"]
        number = site.run("candor request new", "The stop on Main Street.")["number"]
        site.run("candor request meant", number, recording, "--why", "the place")
        given = ("candor request decide", number, recording)
        whole = site.run(*given, *_HELD_BACK)["decisions"][0]["id"]
        site.run(*given, "--take-back", whole, "--reason", "another look")
        site.run(*given, *_HELD_BACK, "--weigh", LOOKED, "I have watched it")
        site.run("candor request letter", number, "decision", "--send")
        _incident(site, recording, number)
        with Installation.open(Settings.load()) as here, here.database.read() as tx:
            for event in recent(tx, limit=1000):
                site.details.setdefault(event.kind.value, set()).update(event.details)


def _incident(site: Any, recording: str, request: str) -> None:
    now = datetime.now(UTC)
    at = f"{now - timedelta(hours=1):%Y-%m-%d %H:%M}"
    given = ("--at", at, "--place", "Main Street", "--recording", recording)
    number = site.run("candor critical open", "shooting", "Two shots were fired.", *given)["number"]
    _do("case", "open", "26-9", "--kind", "force-review", "--title", "A shooting", "--owner", "chief")
    changed = ("--place", "Main Street 4", "--summary", "Three shots were fired.", "--case", "26-9")
    _do("critical", "change", number, *changed)
    _do("critical", "asked", number, request)
    held, declined = (
        _do("critical", "offer", number, name, "--who", "next-of-kin", "--for", at).split()[-1]
        for name in ("Rosa Diaz", "Luis Diaz")
    )
    _do("critical", "viewed", number, held, "--present", "Rosa Diaz")
    _do("critical", "declined", number, declined)
    document = site.home / "consent.txt"
    document.write_text("I consent.")
    _do("critical", "consent", number, "Luis Diaz", "--who", "parent", "--document", str(document))
    _do("critical", "statement", number, "We mourn.", "--by", "Chief Cole", "--public")
    why = ("--reason", "Witnesses are heard", "--document", str(document))
    _do("critical", "put-off", number, f"{PACK}/t-prosecutor", *why)
    site.run("candor request decide", number, recording, *_HELD_BACK)
    site.run("candor critical list")
    site.run("candor critical show", number)
    _do("critical", "close", number, "--reason", "everything was said", "--keep-holds", "a lawsuit may follow")


def _people() -> None:
    administrator = service.NewAccount("chief", "Chief", [Role.ADMINISTRATOR], passwords.hash_password("correct horse"))
    with Installation.open(Settings.load(), create=True) as here, here.database.write() as tx:
        service.create_agency(tx, name="Agency", short_name="A", time_zone="UTC", administrator=administrator)
        put_in_force(tx, here.clock.now(), more=LAW.lstrip("\n"))


def _do(*words: str) -> str:
    ended = CliRunner().invoke(candor, list(words), catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output
