"""candor token, candor audit, candor user review, and the operator's list of passwords at the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from candor.core.settings import Settings
from candor.installation import Installation
from candor.people import passwords, service
from candor.people.rules import Role

from .conftest import Candor

PASSWORD = "four unrelated quiet words"


@pytest.fixture
def agency(candor: Candor, home: Path, tables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agency with its administrator `chief`."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    chief = service.NewAccount("chief", "Dana Chief", [Role.ADMINISTRATOR], passwords.hash_password(PASSWORD))
    with Installation.open(Settings.load(), create=True) as here, here.database.write() as tx:
        service.create_agency(tx, name="Agency", short_name="A", time_zone="America/New_York", administrator=chief)


def test_a_token_from_made_to_revoked(candor: Candor, agency: None) -> None:
    words = ("token", "add", "dock", "--name", "dock.py", "--scope", "recordings:take-in")
    assert candor(*words).code == 4, "there is no such account, and none is made unasked"
    made = candor(*words, "--create", "--role", "officer", "--json")
    assert made.code == 0, made.err
    assert made.json["secret"].startswith("cnd_")
    (shown,) = candor("token", "list", "--json").json
    assert (shown["token"], shown["state"], shown["scopes"]) == (made.json["token"], "live", ["recordings:take-in"])
    assert made.json["secret"] not in candor("token", "list").out
    again = candor(*words, "--days", "5")
    assert again.out.startswith("cnd_"), "the token alone stands on standard output"
    assert len(candor("token", "list", "--account", "dock", "--json").json) == 2
    assert candor("token", "list", "--account", "nobody").code == 4
    assert candor("token", "revoke", made.json["token"]).code == 0
    assert "already" in candor("token", "revoke", made.json["token"]).err
    assert candor("token", "revoke", "none").code == 4
    assert [one["state"] for one in candor("token", "list", "--json").json].count("revoked") == 1


def test_what_a_token_cannot_be(candor: Candor, agency: None) -> None:
    words = ("token", "add", "chief", "--name", "x", "--scope", "log:view")
    found = candor(*words)
    assert found.code == 3
    assert "account of a person" in found.err
    assert candor("token", "add", "d", "--name", "x", "--scope", "accounts:manage").code == 2
    dock = ("token", "add", "d", "--create", "--role", "officer", "--name", "x")
    found = candor(*dock, "--scope", "audit:view")
    assert found.code == 3
    assert "do not grant it" in found.err
    assert candor("token", "list", "--json").json == []
    names = [one["name"] for one in candor("user", "list", "--json").json]
    assert names == ["chief"], "an account for a token that could not be made is not left behind"


def test_a_program_has_no_password(candor: Candor, agency: None) -> None:
    candor("token", "add", "dock", "--create", "--role", "officer", "--name", "x", "--scope", "log:view")
    found = candor("user", "password", "dock")
    assert found.code == 3
    assert "comes with tokens" in found.err


def test_searching_events(candor: Candor, agency: None) -> None:
    assert candor("user", "add", "kim", "--display-name", "Kim Lee").code == 0
    found = candor("audit", "--account", "kim", "--json")
    assert [one["kind"] for one in found.json["events"]] == ["account:created"]
    assert found.json["events"][0]["account_name"] == "Kim Lee"
    pages = candor("audit", "--limit", "2", "--order", "oldest", "--json").json
    more = candor("audit", "--limit", "2", "--order", "oldest", "--after", pages["after"], "--json").json
    ids = [one["event"] for one in pages["events"] + more["events"]]
    assert len(set(ids)) == 4
    assert ids == sorted(ids)
    text = candor("audit", "--kind", "accounts")
    assert "An account was made." in text.out
    assert "Kim Lee" in text.out
    rows = list(csv.DictReader(io.StringIO(candor("audit", "--csv", "--order", "oldest").out)))
    assert [row["event"] for row in rows][:4] == ids
    assert json.loads(rows[0]["payload"])["event"] == rows[0]["event"]
    searched = candor("audit", "--kind", "reading", "--json").json["events"]
    kinds = [one["kind"] for one in searched]
    assert kinds.count("audit:exported") == 1
    assert kinds.count("audit:searched") == 4, "the second page is one more"


def test_searching_needs_the_permission(candor: Candor, agency: None) -> None:
    candor("user", "add", "kim")
    candor("user", "add", "watch", "--role", "oversight")
    found = candor("audit", "--as", "kim")
    assert found.code == 5
    assert "people.no-role audit:view" in found.err
    assert candor("audit", "--as", "watch").code == 0
    assert candor("audit", "--kind", "none").code == 2
    assert candor("audit", "--after", "x").code == 2


def test_reviewing(candor: Candor, agency: None) -> None:
    candor("user", "add", "kim")
    found = candor("user", "review", "--json").json
    assert found["last_review"] is None
    assert found["without_second_factor"] == ["chief", "kim"]
    assert found["footage"] == {"officer": ["kim"]}
    marked = candor("user", "review", "--mark", "all well", "--disable-inactive", "--as", "chief", "--json").json
    assert marked["last_review"] is not None
    assert marked["disabled"] == []
    assert "Without a second factor" in candor("user", "review").out
    assert candor("user", "review", "--as", "kim").code == 5


def test_the_operators_list(candor: Candor, agency: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = tmp_path / "known.txt"
    known.write_text("correct horse battery staple\n")
    monkeypatch.setenv("CANDOR_PASSWORD_LIST", str(known))
    assert candor("user", "password", "chief", "--password", "correct horse battery staple").code == 3
    assert candor("user", "password", "chief", "--password", "another battery of words").code == 0
    known.unlink()
    found = candor("user", "password", "chief", "--password", "a third battery of words")
    assert found.code == 9
    assert "No password was set" in found.err
    assert str(known) in found.err
