"""The recovery sheet in the browser: shown until confirmed, to administrators, each showing an event."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.custody import CustodyEvent, Event, recent
from candor.installation import Installation
from candor.people.rules import Role
from candor.store import add_epoch
from candor.store.key_records import read_records
from candor.store.recovery_sheet import KeyWords, words_of_key

SignedIn = Callable[..., Visitor]


def sheet_of(installation: Installation) -> KeyWords:
    keys = installation.vault.keys
    keys.reload()
    return words_of_key(keys, keys.current)


def events(installation: Installation, kind: Event) -> list[CustodyEvent]:
    with installation.database.read() as tx:
        return list(recent(tx, kinds=[kind]))


def answers(installation: Installation, page: str) -> dict[str, object]:
    """The form of the page, filled in from the paper."""
    lines = {str(line.number): line.check for line in sheet_of(installation).lines}
    asked = dict(re.findall(r'name="line_(\d)" value="(\d+)"', page))
    assert len(asked) == 2
    assert len(set(asked.values())) == 2
    return {f"line_{at}": number for at, number in asked.items()} | {
        f"word_{at}": lines[number] for at, number in asked.items()
    }


def confirm(visitor: Visitor, fields: dict[str, object]) -> object:
    return visitor.post("/recovery-sheet/confirm", fields, page="/recovery-sheet/confirm")


def test_the_sheet_is_shown_and_that_is_an_event(chief: Visitor, installation: Installation) -> None:
    answer = chief.get("/recovery-sheet")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    for line in sheet_of(installation).lines:
        for word in (*line.words, line.check):
            assert f">{word}</td>" in answer.text
    assert sheet_of(installation).fingerprint in answer.text
    assert "test.invalid/log" in answer.text
    (event,) = events(installation, Event.KEY_SHEET_SHOWN)
    assert event.details["face"] == "web"
    assert event.details["epochs"] == [1]


def test_two_check_words_from_the_paper_confirm_it(
    chief: Visitor, installation: Installation, fixed_clock: FixedClock
) -> None:
    page = chief.get("/recovery-sheet/confirm").text
    sheet = sheet_of(installation)
    assert not [word for line in sheet.lines for word in line.words if f">{word}<" in page], (
        "it is typed from the paper"
    )
    answer = confirm(chief, answers(installation, page))
    assert (answer.status_code, answer.headers["location"]) == (303, "/?said=sheet-confirmed")  # type: ignore[attr-defined]
    assert read_records(installation.settings.keys_folder).sheet_confirmed_at(1) == fixed_clock.now()
    (event,) = events(installation, Event.KEY_SHEET_CONFIRMED)
    assert event.details == {"epochs": [1], "fingerprint": sheet.fingerprint, "face": "web", "whole": False}
    shown = len(events(installation, Event.KEY_SHEET_SHOWN))
    after = chief.get("/recovery-sheet")
    assert after.status_code == 200
    assert "candor key sheet" in after.text
    assert not [word for line in sheet.lines for word in line.words if f">{word}<" in after.text]
    assert len(events(installation, Event.KEY_SHEET_SHOWN)) == shown
    assert chief.get("/recovery-sheet/confirm").headers["location"] == "/recovery-sheet"


def test_capitals_and_four_letters_will_do(chief: Visitor, installation: Installation) -> None:
    fields = answers(installation, chief.get("/recovery-sheet/confirm").text)
    fields = {name: str(value).upper()[:4] for name, value in fields.items()}
    assert confirm(chief, fields).status_code == 303  # type: ignore[attr-defined]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("word", ["xyzzy", "", "swapped"])
def test_a_wrong_check_word_confirms_nothing(chief: Visitor, installation: Installation, word: str) -> None:
    fields = answers(installation, chief.get("/recovery-sheet/confirm").text)
    if word == "swapped":
        fields["word_1"], fields["word_2"] = fields["word_2"], fields["word_1"]
    else:
        fields["word_2"] = word
    answer = confirm(chief, fields)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "The check word of line" in answer.text  # type: ignore[attr-defined]
    assert read_records(installation.settings.keys_folder).sheet_confirmed_at(1) is None
    assert events(installation, Event.KEY_SHEET_CONFIRMED) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_line_twice_is_not_two_lines(chief: Visitor, installation: Installation) -> None:
    line = sheet_of(installation).lines[0]
    fields: dict[str, object] = {"line_1": 1, "line_2": 1, "word_1": line.check, "word_2": line.check}
    assert confirm(chief, fields).status_code == 422  # type: ignore[attr-defined]
    assert read_records(installation.settings.keys_folder).sheet_confirmed_at(1) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_new_key_has_a_new_sheet(chief: Visitor, installation: Installation) -> None:
    confirm(chief, answers(installation, chief.get("/recovery-sheet/confirm").text))
    add_epoch(installation.settings.keys_folder)  # by a command, while the site runs
    answer = chief.get("/recovery-sheet")
    assert sheet_of(installation).epoch == 2
    assert f">{sheet_of(installation).lines[0].check}</td>" in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_else_sees_it(signed_in: SignedIn, stranger: Visitor, installation: Installation) -> None:
    technician = signed_in("tech", Role.EVIDENCE_TECHNICIAN)
    for path in ("/recovery-sheet", "/recovery-sheet/confirm"):
        assert technician.get(path).status_code == 403
        assert "/sign-in" in stranger.get(path).headers["location"]
    assert technician.post("/recovery-sheet/confirm", {}).status_code == 403
    assert events(installation, Event.KEY_SHEET_SHOWN) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_session_that_is_not_fresh_has_to_show_who_is_there(
    chief: Visitor, installation: Installation, fixed_clock: FixedClock
) -> None:
    fixed_clock.advance(25 * 60)
    answer = chief.get("/recovery-sheet")
    assert "words" not in answer.text or sheet_of(installation).lines[0].check not in answer.text
    assert answer.status_code != 200 or "password" in answer.text
    assert events(installation, Event.KEY_SHEET_SHOWN) == []
