"""Handing out by requests alone: who may, what goes on record, and one event for each download however it comes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.web.recording_place import Film, make_film, take_in
from tests.web.visitor import Visitor

from candor import disclosure
from candor.core.clock import FixedClock
from candor.custody import Event, history
from candor.installation import Installation
from candor.people.rules import Role

SignedIn = Callable[..., Visitor]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WHOM = {"recipient": "Pat Doe, prosecutor", "purpose": "Case 7"}


@pytest.fixture
def film(installation: Installation) -> Film:
    return make_film(installation, title="A stop")


@pytest.fixture
def robin(signed_in: SignedIn) -> Visitor:
    return signed_in("robin", Role.RECORDS_OFFICER)


def kinds(here: Installation, film: Film) -> list[Event]:
    with here.database.read() as tx:
        return [one.kind for one in history(tx, film.received.recording_id)]


def handed_out(here: Installation, visitor: Visitor, *films: Film) -> str:
    """The path of a package that is ready."""
    ids = [film.received.recording_id for film in films]
    answer = visitor.post("/hand-out", {**WHOM, "ids": ids})
    assert answer.status_code == 303, answer.text
    path: str = answer.headers["location"]
    assert "being made" in visitor.get(path).text
    disclosure.build(here.database, here.vault, here.log, path.rsplit("/", 1)[1], clock=here.clock)
    return path


def test_the_form_lists_what_is_chosen(robin: Visitor, film: Film, installation: Installation) -> None:
    other = take_in(installation, b"something else", "note.txt")
    ids = f"{film.received.recording_id},{other.recording_id}"
    page = robin.get(f"/hand-out?ids={ids}&ids={film.received.recording_id}").text
    assert "2 recordings" in page
    assert "A stop" in page
    assert "note.txt" in page
    assert "No recording was chosen" in robin.get("/hand-out").text
    assert robin.get("/hand-out?ids=0193a1b2-0000-7000-8000-000000000001").status_code == 404
    assert robin.get("/hand-out?ids=" + ",".join(f"{n}" for n in range(201))).status_code == 400


@pytest.mark.parametrize("field", ["recipient", "purpose"])
@pytest.mark.parametrize("value", ["", "  ", "x" * 501])
def test_whom_and_what_for_must_be_said(
    robin: Visitor, film: Film, installation: Installation, field: str, value: str
) -> None:
    answer = robin.post("/hand-out", {**WHOM, "ids": film.received.recording_id, field: value})
    assert answer.status_code == 422
    assert "Say who gets the package" in answer.text
    assert Event.RECORDING_EXPORTED not in kinds(installation, film)


def test_each_download_is_one_event_and_can_go_on(robin: Visitor, film: Film, installation: Installation) -> None:
    path = handed_out(installation, robin, film)
    assert "Download" in robin.get(path).text
    begun = robin.post(f"{path}/download")
    assert begun.status_code == 303
    address = begun.headers["location"]
    whole = robin.get(address)
    assert whole.status_code == 200
    assert whole.headers["content-disposition"].startswith('attachment; filename="candor-package-')
    with zipfile.ZipFile(io.BytesIO(whole.content)) as package:
        assert package.testzip() is None
        originals = [name for name in package.namelist() if name.endswith("film.mp4")]
        assert package.read(originals[0]) == film.original
    cut = len(whole.content) // 3
    tag = whole.headers["etag"]
    rest = robin.get(address, **{"range": f"bytes={cut}-", "if-range": tag})
    assert rest.status_code == 206
    assert whole.content[:cut] + rest.content == whole.content
    assert kinds(installation, film).count(Event.RECORDING_PACKAGE_DOWNLOADED) == 1
    assert robin.get(robin.post(f"{path}/download").headers["location"]).content == whole.content
    assert kinds(installation, film).count(Event.RECORDING_PACKAGE_DOWNLOADED) == 2


def test_nothing_is_downloaded_off_the_record(
    robin: Visitor, film: Film, installation: Installation, signed_in: SignedIn, fixed_clock: FixedClock
) -> None:
    path = handed_out(installation, robin, film)
    begun = robin.post(f"{path}/download")
    address = begun.headers["location"]
    bare = address.split("?")[0]
    assert robin.get(bare).status_code == 403
    assert robin.get(bare, range="bytes=1-").status_code == 403
    with installation.database.read() as tx:
        other_event = history(tx, film.received.recording_id)[0].id
    assert robin.get(f"{bare}?download={other_event}").status_code == 403
    second = signed_in("second", Role.RECORDS_OFFICER)
    assert second.get(address).status_code == 403
    other = handed_out(installation, robin, film)
    ticket = address.split("?")[1]
    name = begun.headers["location"].split("/")[3].split("?")[0]
    assert robin.get(f"{other}/{name}?{ticket}").status_code == 403
    for role in (Role.OFFICER, Role.SUPERVISOR, Role.ADMINISTRATOR):
        stranger = signed_in(f"a-{role}", role)
        for page in (path, address, f"/hand-out?ids={film.received.recording_id}"):
            assert stranger.get(page).status_code == 403, (role, page)
    assert isinstance(installation.clock, FixedClock)


def test_a_download_does_not_go_on_for_ever(
    robin: Visitor, film: Film, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = handed_out(installation, robin, film)
    address = robin.post(f"{path}/download").headers["location"]
    monkeypatch.setattr("candor.web.pages.recording_hand_out.RESUMES_WITHIN", timedelta(seconds=-1))
    answer = robin.get(address, accept="application/json")
    assert answer.status_code == 403
    assert "download it again" in answer.json()["error"]


def test_a_recordings_page_lists_its_packages(robin: Visitor, film: Film, installation: Installation) -> None:
    path = handed_out(installation, robin, film)
    page = robin.get(film.path).text
    assert f'href="{path}"' in page
    assert "Pat Doe, prosecutor" in page
    assert robin.get(f"{path}?live=1").status_code == 200
