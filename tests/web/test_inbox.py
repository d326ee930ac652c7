"""The inbox in the browser, how one is told, and who is told of what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from tests.notices.post_office import PostOffice
from tests.people.place import Place, make_place
from tests.web.visitor import Visitor, make_installation

from candor import notices
from candor.core import outbox
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.errors import DatabaseGone
from candor.core.outbox import NoticeKind, Severity
from candor.installation import Installation
from candor.notices import Pace
from candor.people import contact
from candor.people.rules import Role
from candor.web.app import create_app


@pytest.fixture
def tell(installation: Installation, place: Place) -> Callable[..., None]:
    """Tell something and pass it on."""

    def run(kind: NoticeKind, **given: Any) -> None:
        with installation.database.write() as tx:
            outbox.tell(tx, kind, clock=installation.clock, **given)
        installation.notifier.run_once()

    return run


def _ids(installation: Installation, visitor_id: str) -> list[str]:
    with installation.database.read() as tx:
        return [entry.id for entry in notices.entries(tx, visitor_id)]


def test_the_head_of_every_page_counts(chief: Visitor, stranger: Visitor, tell: Callable[..., None]) -> None:
    assert "unread" not in chief.get("/accounts").text
    tell(NoticeKind.KEY_MISSING)
    tell(NoticeKind.JOB_FAILED)
    assert "2 unread" in chief.get("/accounts").text
    assert "/inbox" not in stranger.get("/sign-in").text


def test_an_entry_with_everything(
    chief: Visitor, tell: Callable[..., None], installation: Installation, fixed_clock: FixedClock
) -> None:
    given = {"words": "The marker <b>is</b> larger.", "size_before": 12, "witnessed": True}
    tell(NoticeKind.LOG_NOT_SIGNING, details=given, about="/custody", once="log")
    tell(NoticeKind.LOG_NOT_SIGNING, details=given, once="log")
    page = chief.get("/inbox").text
    assert "The custody log does not sign." in page
    assert "The marker &lt;b&gt;is&lt;/b&gt; larger." in page
    for words in ("Urgent", "2 times", "size before", 'href="/custody"', "yes"):
        assert words in page
    with installation.database.write() as tx:
        outbox.resolve(tx, "log", clock=fixed_clock)
    installation.notifier.run_once()
    assert "Over" in chief.get("/inbox").text


def test_reading_one_and_all(
    chief: Visitor, tell: Callable[..., None], installation: Installation, place: Place, fixed_clock: FixedClock
) -> None:
    for _ in range(3):
        tell(NoticeKind.KEY_MISSING)
    first = _ids(installation, place.administrator.account_id)[0]
    answer = chief.post(f"/inbox/{first}/read", {"shown": "unread"}, page="/inbox")
    assert answer.headers["location"] == "/inbox?said=notices-read"
    assert "2 unread" in chief.get("/inbox").text
    shown = chief.get("/inbox").text
    until = shown.split('name="until" value="')[1].split('"')[0]
    fixed_clock.advance(1)
    tell(NoticeKind.BACKUP_FAILED)
    assert chief.post("/inbox/read-all", {"until": until}, page="/inbox").status_code == 303
    page = chief.get("/inbox").text
    assert "1 unread" in page
    assert "A backup failed." in page
    assert "A key is missing." not in page
    assert "A key is missing." in chief.get("/inbox?shown=all").text


def test_filters_pages_and_odd_addresses(chief: Visitor, tell: Callable[..., None]) -> None:
    for _ in range(32):
        tell(NoticeKind.KEY_MISSING)
    tell(NoticeKind.JOB_FAILED)
    page = chief.get("/inbox").text
    assert page.count('class="told ') == 30
    older = page.split('href="/inbox?before=')[1].split('"')[0]
    assert chief.get("/inbox?before=" + older).text.count('class="told ') == 3
    assert chief.get("/inbox?severity=warning").text.count('class="told ') == 1
    for odd in ("severity=x", "before=x", "before=2026~1", "shown=x", "before=9999-99-99T00:00Z~"):
        assert chief.get(f"/inbox?{odd}").status_code == 200


def test_nobody_reads_for_somebody_else(
    tell: Callable[..., None],
    signed_in: Callable[..., Visitor],
    stranger: Visitor,
    installation: Installation,
    place: Place,
) -> None:
    tell(NoticeKind.KEY_MISSING)
    officer = signed_in("officer", Role.OFFICER)
    assert "Nothing unread" in officer.get("/inbox").text
    (theirs,) = _ids(installation, place.administrator.account_id)
    officer.post(f"/inbox/{theirs}/read", page="/account/notices")
    with installation.database.read() as tx:
        assert notices.unread(tx, place.administrator.account_id) == 1
    assert stranger.get("/inbox").status_code == 303


# -- how one is told


def test_choosing_how_one_is_told(
    signed_in: Callable[..., Visitor], installation: Installation, fixed_clock: FixedClock
) -> None:
    officer = signed_in("officer", Role.OFFICER)
    wanted = {
        "mail": "yes",
        "pace_info": "daily",
        "pace_warning": "at-once",
        "pace_urgent": "at-once",
        "daily_at": "06:30",
        "quiet_from": "22:00",
        "quiet_until": "05:45",
    }
    assert officer.post("/account/notices", wanted, page="/account/notices").status_code == 303
    with installation.database.read() as tx:
        choice = notices.choice_of(tx, officer.actor.account_id)
    assert choice.paces[Severity.WARNING] is Pace.AT_ONCE
    assert (choice.mail, choice.daily_at, choice.quiet_from, choice.quiet_until) == (True, 390, 1320, 345)
    page = officer.get("/account/notices").text
    assert 'value="22:00"' in page
    assert "America/New_York" in page
    officer.post("/account/notices", {**wanted, "mail": "", "quiet_from": "", "quiet_until": ""})
    with installation.database.read() as tx:
        choice = notices.choice_of(tx, officer.actor.account_id)
    assert (choice.mail, choice.quiet_from) == (False, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from": "22:00", "quiet_until": ""},
        {"daily_at": "25:00"},
        {"daily_at": "noon"},
        {"pace_info": "never"},
        {"quiet_from": "22:60"},
    ],
)
def test_choices_that_cannot_be(chief: Visitor, wrong: dict[str, str]) -> None:
    wanted = {"mail": "yes", "daily_at": "07:00", "quiet_from": "21:00", "quiet_until": "05:00"}
    wanted |= {f"pace_{severity.value}": "hourly" for severity in Severity}
    answer = chief.post("/account/notices", {**wanted, **wrong}, page="/account/notices")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="21:00"' in answer.text or "quiet_from" in wrong


def test_ones_own_address(signed_in: Callable[..., Visitor], installation: Installation) -> None:
    officer = signed_in("officer", Role.OFFICER)
    path = "/account/notices/address"
    assert officer.post(path, {"email": "jo@troop.example"}, page="/account/notices").status_code == 303
    answer = officer.post(path, {"email": "jo@troop.example\r\nBcc: x@y"}, page="/account/notices")
    assert answer.status_code == 422
    assert "is not an e-mail address" in answer.text
    with installation.database.read() as tx:
        assert contact.email_of(tx, officer.actor.account_id) == "jo@troop.example"


# -- who is told of what


def test_only_administrators_say_who_is_told(signed_in: Callable[..., Visitor]) -> None:
    officer = signed_in("officer", Role.OFFICER)
    assert officer.get("/notices").status_code == 403
    for path in ("/notices/rule", "/notices/test", "/notices/routes/job:failed", "/notices/address"):
        assert officer.post(path).status_code == 403


def test_changing_who_is_told(chief: Visitor, installation: Installation, place: Place) -> None:
    officer = place.add("officer", Role.OFFICER)
    path = "/notices/routes/job:failed"
    answer = chief.post(path, {"roles": ["supervisor", "researcher"], "people": "officer, Chief"}, page="/notices")
    assert answer.status_code == 303
    with installation.database.read() as tx:
        route = notices.routes(tx)[NoticeKind.JOB_FAILED]
    assert route.roles == {Role.SUPERVISOR, Role.RESEARCHER}
    assert route.accounts == {officer.account_id, place.administrator.account_id}
    assert "officer" in chief.get("/notices").text
    for wrong in ({"people": "ghost"}, {"roles": "defence_guest"}, {"roles": "emperor"}, {"people": ""}):
        answer = chief.post(path, wrong, page="/notices")
        assert answer.status_code in (403, 422, 404)
        assert 'role="alert"' in answer.text
    assert chief.post("/notices/routes/job:bored", {"roles": "officer"}, page="/notices").status_code == 404
    with installation.database.read() as tx:
        assert notices.routes(tx)[NoticeKind.JOB_FAILED] == route


def test_the_rule_and_somebodys_address(chief: Visitor, installation: Installation, place: Place) -> None:
    officer = place.add("officer", Role.OFFICER)
    assert chief.post("/notices/rule", {}, page="/notices").status_code == 303
    assert "Urgent notices wait as well" in chief.get("/account/notices").text
    given = {"name": "Officer", "email": "jo@troop.example"}
    assert chief.post("/notices/address", given, page="/notices").status_code == 303
    with installation.database.read() as tx:
        assert contact.email_of(tx, officer.account_id) == "jo@troop.example"
    assert chief.post("/notices/address", {**given, "email": "jo"}, page="/notices").status_code == 422
    assert chief.post("/notices/address", {**given, "name": "ghost"}, page="/notices").status_code == 404


def test_a_test_mail_without_a_server(chief: Visitor) -> None:
    assert "No mail server" in chief.get("/notices").text
    assert chief.post("/notices/test", page="/notices").status_code == 503


@pytest.fixture
def office() -> Iterator[PostOffice]:
    opened = PostOffice().open()
    yield opened
    opened.close()


def test_a_test_mail(database: Database, fixed_clock: FixedClock, tmp_path: Path, office: PostOffice) -> None:
    here = make_installation(
        database,
        fixed_clock,
        tmp_path,
        smtp_url=f"smtp://127.0.0.1:{office.port}",
        mail_from="candor@troop.example",
    )
    place = make_place(database, fixed_clock)
    app: Starlette = create_app(here)
    chief = Visitor(app)
    chief.sign_in("chief")
    assert "has no e-mail address" in chief.post("/notices/test", page="/notices").text
    with database.write() as tx:
        contact.set_email(tx, place.administrator, place.administrator.account_id, "chief@troop.example")
    assert chief.post("/notices/test", page="/notices").headers["location"] == "/notices?said=notices-test"
    assert office.letters[0].recipients == ["chief@troop.example"]
    office.answers["RCPT"] = "550 <b>no</b> such mailbox"
    answer = chief.post("/notices/test", page="/notices")
    assert answer.status_code == 503
    assert "Naming the recipient: 550 &lt;b&gt;no&lt;/b&gt; such mailbox." in answer.text


def test_a_page_stands_when_the_count_cannot_be_read(
    chief: Visitor, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any) -> int:
        raise DatabaseGone(reason="test")

    monkeypatch.setattr(notices, "unread", gone)
    assert chief.get("/accounts").status_code == 200
