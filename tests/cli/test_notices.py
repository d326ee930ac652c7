"""candor notices: what was told, routes, addresses, and a test mail over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Candor
from tests.notices.post_office import PostOffice

from candor import custody
from candor.core import outbox
from candor.core.outbox import NoticeKind
from candor.core.settings import Settings
from candor.custody import Event
from candor.installation import Installation
from candor.people import passwords, service
from candor.people.rules import Role
from candor.people.service import NewAccount


@pytest.fixture(autouse=True)
def agency(home: Path, tables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with the administrator `chief` and the officer `jo`."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")
    for name in ("CANDOR_SMTP_URL", "CANDOR_MAIL_FROM", "CANDOR_ALERT_MAIL"):
        monkeypatch.delenv(name, raising=False)
    with Installation.open(Settings.load(), create=True) as here, here.database.write() as tx:
        chief = NewAccount("chief", "Dana Chief", [Role.ADMINISTRATOR], None)
        administrator = service.create_agency(
            tx, name="Troop Q", short_name="Q", time_zone="America/New_York", administrator=chief
        )
        who = service.actor_of(service.account(tx, administrator))
        service.create_account(tx, who, NewAccount("jo", "Jo", [Role.OFFICER], None))


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    opened = PostOffice().open()
    monkeypatch.setenv("CANDOR_SMTP_URL", f"smtp://127.0.0.1:{opened.port}")
    monkeypatch.setenv("CANDOR_MAIL_FROM", "candor@troop.example")
    yield opened
    opened.close()


def _tell(kind: NoticeKind, **given: str) -> None:
    with Installation.open(Settings.load()) as here:
        with here.database.write() as tx:
            outbox.tell(tx, kind, **given)  # type: ignore[arg-type]
        here.notifier.run_once()


def test_what_was_told(candor: Candor) -> None:
    _tell(NoticeKind.KEY_MISSING, once="key")
    found = candor("notices", "list", "--json").json
    (one,) = (one for one in found["notices"] if one["kind"] != "account:created")
    assert (one["kind"], one["state"], one["told"], one["read"]) == ("key:missing", "open", 1, 0)
    assert found["mail"]["server"] is None
    shown = candor("notices", "list")
    assert "A key is missing." in shown.out
    assert "No mail server is set" in shown.err


def test_routes_are_shown_and_changed(candor: Candor) -> None:
    ended = candor("notices", "set", "job:failed", "--role", "supervisor", "--person", "jo", "--as", "chief")
    assert (ended.code, ended.out) == (0, "Changed.\n"), ended.err
    assert (
        candor("notices", "set", "job:failed", "--role", "supervisor", "--person", "JO").out == "It was so already.\n"
    )
    routes = {one["kind"]: one for one in candor("notices", "routes", "--json").json["routes"]}
    assert set(routes) == set(NoticeKind)
    assert (routes["job:failed"]["roles"], routes["job:failed"]["people"]) == (["supervisor"], ["jo"])
    assert "jo" in candor("notices", "routes").out
    assert candor("notices", "set", "job:failed", "--default").code == 0
    assert candor("notices", "set", "--urgent-waits").code == 0
    assert candor("notices", "routes", "--json").json["urgent_breaks_quiet"] is False
    with Installation.open(Settings.load()) as here, here.database.read() as tx:
        kinds = [event.kind for event in custody.recent(tx, limit=20)]
    assert kinds.count(Event.NOTICES_ROUTE_CHANGED) == 2
    assert kinds.count(Event.NOTICES_RULE_CHANGED) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["set", "job:bored", "--role", "officer"], 4, "no kind of notice"),
        (["set", "job:failed", "--person", "ghost"], 4, "cannot be told"),
        (["set", "job:failed", "--role", "defence_guest"], 2, "defence_guest"),
        (["set"], 2, "Name a KIND"),
        (["set", "job:failed"], 2, "--role, --person or --default"),
        (["set", "job:failed", "--role", "officer", "--default"], 2, "stands alone"),
        (["set", "job:failed", "--role", "officer", "--as", "jo"], 5, "people.no-role notices:manage"),
        (["address", "jo", "not an address"], 3, "is not an e-mail address"),
        (["address", "chief", "x@y.example", "--as", "jo"], 5, "people.no-role accounts:manage"),
        (["address", "ghost", "x@y.example"], 4, "ghost"),
        (["test", "jo"], 9, "No mail server is set"),
    ],
)
def test_what_cannot_be(candor: Candor, words: list[str], code: int, said: str) -> None:
    ended = candor("notices", *words)
    assert ended.code == code, ended.err
    assert said in ended.err


def test_addresses(candor: Candor) -> None:
    assert candor("notices", "address", "jo", "jo@troop.example", "--as", "jo").out == "The address is set.\n"
    assert candor("notices", "address", "jo").out == "jo@troop.example\n"
    assert candor("notices", "address", "jo", "--none").code == 0
    assert candor("notices", "address", "jo").out == "none\n"


def test_a_test_mail(candor: Candor, office: PostOffice) -> None:
    assert candor("notices", "test", "jo").code == 4
    candor("notices", "address", "jo", "jo@troop.example")
    ended = candor("notices", "test", "jo")
    assert ended.code == 0, ended.err
    assert "250 taken" in ended.out
    assert office.letters[0].recipients == ["jo@troop.example"]
    office.answers["RCPT"] = "550 no such mailbox"
    ended = candor("notices", "test", "jo")
    assert ended.code == 7
    assert "Naming the recipient: 550 no such mailbox." in ended.err
    office.close()
    assert "nothing answers there" in candor("notices", "test", "jo").err


def test_what_waits_is_shown(candor: Candor, office: PostOffice) -> None:
    candor("notices", "address", "chief", "chief@troop.example")
    office.answers["DATA"] = "451 try later"
    _tell(NoticeKind.KEY_MISSING)
    mail = candor("notices", "list", "--json").json["mail"]
    assert (mail["waiting"], mail["problem"]) == (1, "Handing over the mail: 451 try later.")
    assert "451 try later" in candor("notices", "list").err
