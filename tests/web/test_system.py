"""The system's page, and how often readiness is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.people.place import Place
from tests.web.visitor import Visitor

from candor.custody.tables import log_head
from candor.health.examination import CHECKS, names
from candor.health.findings import Finding
from candor.health.watch import Watch
from candor.installation import Installation
from candor.people.rules import Role
from candor.web import observing
from candor.web.pages import system

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_readiness_is_looked_at_every_two_seconds_at_most() -> None:
    looks: list[int] = []

    def look() -> list[Finding]:
        looks.append(1)
        return []

    readiness = observing.Readiness(look)
    for _ in range(20):
        readiness.findings()
    assert len(looks) == 1


def test_every_check_has_a_title() -> None:
    assert set(system.TITLES) == set(names())


@sqlite_only
@pytest.mark.parametrize(
    ("role", "allowed"), [(Role.ADMINISTRATOR, True), (Role.PROGRAMME_MANAGER, True), (Role.OFFICER, False)]
)
def test_who_sees_the_system(signed_in: Callable[..., Visitor], role: Role, allowed: bool) -> None:
    assert signed_in("somebody", role).get("/system").status_code == (200 if allowed else 403)


@sqlite_only
def test_the_page_says_what_is_wrong_and_how_to_mend_it(app: Starlette, chief: Visitor, place: Place) -> None:
    here: Installation = app.state.installation
    here.settings.home.mkdir(exist_ok=True)
    text = chief.get("/system").text
    assert "Nobody watches at present" in text
    assert "Nobody does jobs at present." in text
    here.log.settle()
    with here.database.write() as tx:
        tx.execute(log_head.update().values(refusal="the tree went backwards"))
    watch = Watch(here, checks=[check for check in CHECKS if not check.dear])
    watch.look()
    answer = chief.get("/system?live=1")
    assert "Nobody watches" not in answer.text
    assert "refuses to sign: the tree went backwards" in answer.text
    assert "candor log" in answer.text
    # The worst first.
    assert answer.text.index('id="check-log"') < answer.text.index('id="check-jobs"')
    told: dict[str, Any] = chief.get("/system", accept="application/json").json()
    assert told["watched"]
    (log,) = [one for one in told["findings"] if one["name"] == "log"]
    assert log["level"] == "bad"


@sqlite_only
def test_it_is_in_the_navigation_of_whoever_may_see_it(chief: Visitor, signed_in: Callable[..., Visitor]) -> None:
    assert 'href="/system"' in chief.get("/account").text
    assert 'href="/system"' not in signed_in("olga", Role.OFFICER).get("/account").text
