"""A release from its preparing to its recall, on each kind of database: two people, a package that verifies, what is
published, and what stays after a recall."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.disclosure.credentials.films import film
from tests.disclosure.decisions.law import MINOR
from tests.disclosure.decisions.office import hold_back, release
from tests.disclosure.releases.place import Releasing, leave_copy

from candor import disclosure
from candor.core.database import Database
from candor.custody import Event
from candor.disclosure.decisions.deciding import withdraw
from candor.disclosure.decisions.into_redaction import put_into_redaction
from candor.disclosure.decisions.rules import Decision
from candor.disclosure.releases.errors import ReleaseNotYours, ReleaseWrongState
from candor.disclosure.releases.judging import held_back
from candor.disclosure.releases.reading import copies_of_release
from candor.disclosure.releases.rules import Audience, ReleaseState
from candor.people.rules import system_actor
from candor.published.errors import FileGone
from candor.verify.package import verify_package
from candor.verify.report import Outcome
from candor.verify.trust import Trust


def test_a_release_from_its_preparing_to_its_recall(releasing: Releasing, tmp_path: Path) -> None:
    office = releasing.office
    database: Database = office.archive.database
    _, withheld = office.decide(release(), hold_back(Decision.WITHHOLD, MINOR, 2_000, 3_017))
    with database.write() as tx:
        given = (office.records, office.subject, office.recording, office.redaction)
        put_into_redaction(tx, office.archive.vault, *given, clock=office.archive.clock)
    copy_id = leave_copy(office, film())
    release_id = releasing.prepare(copy_id, audience=Audience.REQUESTER)
    found = releasing.release(release_id)
    assert (found.state, found.copies) == (ReleaseState.PREPARED, 1)
    assert found.number == f"RL-{office.archive.clock.now():%Y}-0001"
    with pytest.raises(ReleaseNotYours):
        releasing.approve(release_id, actor=office.records)
    releasing.approve(release_id)
    with pytest.raises(ReleaseWrongState, match="being made"):
        releasing.approve(release_id)
    releasing.work()
    found = releasing.release(release_id)
    assert (found.state, found.problem) == (ReleaseState.PUBLISHED, None)
    assert releasing.events(release_id) == [
        *(Event.RELEASE_PREPARED, Event.RELEASE_APPROVED, Event.RECORDING_RELEASED, Event.RELEASE_PUBLISHED)
    ]
    _check_published(releasing, release_id, tmp_path)
    with database.write() as tx:  # nothing is withheld from now on; what went out says what it said
        withdraw(tx, office.records, office.subject, withheld, reason="a mistake", clock=office.archive.clock)
    with database.read() as tx:
        lines, _ = held_back(tx, office.archive.vault, office.counsel, found, clock=office.archive.clock)
    assert [(one.citation, one.reason) for one in lines] == [("Test Code § 13", "It shows somebody’s child")] * 2
    releasing.recall(release_id)
    releasing.work()
    assert releasing.release(release_id).state is ReleaseState.RECALLED
    assert releasing.events(release_id)[-2:] == [Event.RELEASE_RECALLED] * 2
    with releasing.published() as published:
        notice = published.release(release_id)
        assert notice is not None
        assert notice.recall_reason == "A face can be seen"
        for one in notice.files:
            with pytest.raises(FileGone):
                published.open_file(one.sha256)
    assert verify_package(tmp_path / "package.zip", _trust(releasing)).verdict == "verified"
    with pytest.raises(ReleaseWrongState):
        releasing.recall(release_id)


def _trust(releasing: Releasing) -> Trust:
    return Trust.from_policy(releasing.office.log.policy().format(), "the test")


def _check_published(releasing: Releasing, release_id: str, folder: Path) -> None:
    found = releasing.release(release_id)
    with releasing.published() as published:
        notice = published.release(release_id)
        assert notice is not None
        assert notice.tracking is not None, "whoever asked finds it by their code"
        files = {one.kind: one for one in notice.files}
        assert set(files) == {"package", "copy", "exemptions"}
        with published.open_file(files["package"].sha256) as stream:
            zipped = stream.read()
        with published.open_file(files["copy"].sha256) as stream:
            copy = stream.read()
    assert notice.published_at == found.published_at
    assert (found.zip_sha256, found.zip_size) == (hashlib.sha256(zipped).digest(), len(zipped))
    assert files["copy"].proven == hashlib.sha256(film()).hexdigest() != files["copy"].sha256
    assert files["copy"].duration_ms == 10_000
    assert copy in zipped
    place = folder / "package.zip"
    place.write_bytes(zipped)
    report = verify_package(place, _trust(releasing))
    assert report.verdict == "verified", report.result_line
    assert [step.number for step in report.steps if step.outcome is not Outcome.PASSED] == [7]
    assert any("carries content credentials" in text for text in report.steps[10].notes)
    hidden = [(one.what, one.citation, one.reason, one.copy) for one in notice.hidden]
    assert hidden == [
        ("The whole picture, from 0:02 to 0:03: covered", "Test Code § 13", "It shows somebody’s child", 0),
        ("Sound, from 0:02 to 0:03: taken out", "Test Code § 13", "It shows somebody’s child", 0),
    ]
    facts = {one.name: one.words for one in notice.facts}
    assert facts["Content credentials (C2PA)"] == "Yes, in every video"
    assert facts["Custody log"] == "evidence.example.gov/log"
    assert found.package_id is not None
    with releasing.office.archive.database.read() as tx:
        package = disclosure.package(tx, system_actor("test"), found.package_id)
        copies, hidden_from = copies_of_release(tx, releasing.office.records, release_id)
    assert package.actor == releasing.office.second.account_id
    assert hidden_from == 0
    assert copies[0].signed_sha256 == bytes.fromhex(files["copy"].sha256)
