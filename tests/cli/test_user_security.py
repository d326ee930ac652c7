"""The rules of signing in and help for whoever cannot, by the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Candor

from candor.cli.common import opened
from candor.custody import Event, recent
from candor.people import second_factor, service, sign_in, totp


@pytest.fixture
def agency(candor: Candor, tables: None) -> None:
    """An agency with the administrator `chief` and an officer."""
    with opened(create=True) as here, here.database.write() as tx:
        chief = service.NewAccount("chief", "Dana Chief", ["administrator"], "x")
        service.create_agency(tx, name="Troop Q", short_name="Q", time_zone="UTC", administrator=chief)
    assert candor("user", "add", "jo", "--role", "officer").code == 0


def newest() -> tuple[Event, str]:
    with opened() as here, here.database.read() as tx:
        event = next(recent(tx, limit=1))
        return event.kind, event.actor


@pytest.mark.usefixtures("agency")
def test_the_rules_are_shown_and_changed(candor: Candor, tmp_path: Path) -> None:
    assert candor("user", "policy", "--json").json["idle_lock_minutes"] == 30
    wording = tmp_path / "notice.txt"
    wording.write_text("Keep out.\n")
    changed = candor(
        *("user", "policy", "--second-factor", "administrator", "--second-factor", "supervisor", "--idle-lock", 15),
        *("--absolute", 8, "--fresh", 5, "--lock-names", "--notice", "--notice-text", wording, "--json"),
    )
    assert changed.json == {
        "second_factor_roles": ["administrator", "supervisor"],
        "notice_shown": True,
        "notice": "Keep out.",
        "idle_lock_minutes": 15,
        "absolute_hours": 8,
        "fresh_minutes": 5,
        "lock_until_released": True,
    }
    assert newest()[0] is Event.POLICY_CHANGED
    said = candor("user", "policy", "--second-factor", "none", "--no-lock-names").out
    assert "needed by: no role" in said
    assert "failures in 15 minutes: no" in said
    assert candor("user", "policy", "--idle-lock", 90).code == 2


@pytest.mark.usefixtures("agency")
def test_only_an_account_with_the_right_may(candor: Candor) -> None:
    for words in (("policy", "--fresh", "5"), ("reset-second-factor", "chief"), ("release", "chief")):
        refused = candor("user", *words, "--as", "jo")
        assert refused.code == 5
        assert "administrator" in refused.err.lower()
    assert candor("user", "policy", "--fresh", 5, "--as", "chief").code == 0
    assert newest()[1] != "system:cli"


@pytest.mark.usefixtures("agency")
def test_a_lost_phone(candor: Candor) -> None:
    assert "had no second factor" in candor("user", "reset-second-factor", "jo").err
    assert candor("user", "reset-second-factor", "nobody").code == 4
    with opened() as here, here.database.write() as tx:
        jo = service.account_named(tx, "jo")
        assert jo is not None
        totp.start(tx, here.vault, jo.id)
        secret = totp.awaiting(tx, here.vault, jo.id)
        assert secret is not None
        totp.confirm(tx, here.vault, jo.id, totp.code_at(secret, totp.step_at(here.clock.now())))
        second_factor.added(tx, jo.id, "app")
    assert "was removed" in candor("user", "reset-second-factor", "jo").err
    assert newest()[0] is Event.ACCOUNT_SECOND_FACTOR_REMOVED
    with opened() as here, here.database.read() as tx:
        assert not second_factor.of(tx, jo.id).any


@pytest.mark.usefixtures("agency")
def test_a_locked_name(candor: Candor) -> None:
    candor("user", "policy", "--lock-names")
    assert "was not locked" in candor("user", "release", "jo").err
    with opened() as here:
        for number in range(5):
            with here.database.read() as tx:
                candidate = sign_in.look_up(tx, "jo", f"192.0.2.{number}")
            with here.database.write() as tx:
                sign_in.fail(tx, candidate)
    assert "was released" in candor("user", "release", "jo").err
    assert newest()[0] is Event.ACCOUNT_RELEASED


@pytest.mark.usefixtures("agency")
def test_a_command_that_an_account_has_no_right_to_is_on_record(candor: Candor) -> None:
    assert candor("user", "policy", "--fresh", "5", "--as", "jo").code == 5
    with opened() as here, here.database.read() as tx:
        event = next(recent(tx, limit=1))
        jo = service.account_named(tx, "jo")
    assert jo is not None
    assert (event.kind, event.actor) == (Event.ACCESS_REFUSED, jo.id)
    assert event.details["rule"] == "people.no-role policy:manage"
    assert (event.details["method"], event.details["address"]) == ("command", None)
    assert event.details["route"].endswith("user policy")
    assert event.details["agent"].startswith("cli-")
