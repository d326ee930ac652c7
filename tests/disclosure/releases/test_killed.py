"""Real processes that publish a release die by SIGKILL at every step. What comes of it is what would have come without:
one hand-out, one package, one publication; and a recall takes away what was published, also when it was killed."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
import sqlalchemy as sa
from tests import forked
from tests.disclosure.decisions.office import release
from tests.disclosure.releases.place import Releasing, leave_copy
from tests.disclosure.releases.work_program import work

from candor.core.clock import iso
from candor.custody import Event
from candor.disclosure.releases.rules import ReleaseState
from candor.disclosure.tables import package
from candor.published.errors import FileGone
from candor.verify.package import verify_package
from candor.verify.trust import Trust

pytestmark = pytest.mark.long

assert forked  # what it imports beforehand makes a process begin at once
_context = multiprocessing.get_context("forkserver")


def run(releasing: Releasing, dies_after: str = "") -> int:
    """One process; its exit code, negative where a signal ended it."""
    archive = releasing.office.archive
    url = archive.database.url.render_as_string(hide_password=False)
    given = (url, str(archive.folder), iso(archive.clock.now()), dies_after)
    process: Any = _context.Process(target=work, args=given)
    process.start()
    try:
        process.join(90)
    finally:
        process.kill()
        process.join(10)
    return int(process.exitcode)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_at_every_step_it_ends_as_it_would_have(releasing: Releasing, tmp_path: Any) -> None:
    office = releasing.office
    office.decide(release())
    release_id = releasing.prepare(leave_copy(office, b"a copy that nothing is put into"))
    releasing.approve(release_id)
    for place in ("handed out", "written", "marked"):
        assert run(releasing, place) == -9, place
    assert run(releasing) == 0
    found = releasing.release(release_id)
    assert (found.state, found.problem) == (ReleaseState.PUBLISHED, None)
    assert releasing.events(release_id) == [
        *(Event.RELEASE_PREPARED, Event.RELEASE_APPROVED, Event.RECORDING_RELEASED, Event.RELEASE_PUBLISHED)
    ]
    with office.archive.database.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(package)) == 1
    with releasing.published() as published:
        notice = published.release(release_id)
        assert notice is not None
        assert notice.published_at == found.published_at
        (zipped,) = (one for one in notice.files if one.kind == "package")
        with published.open_file(zipped.sha256) as stream:
            (tmp_path / "p.zip").write_bytes(stream.read())
    trust = Trust.from_policy(office.log.policy().format(), "the test")
    assert verify_package(tmp_path / "p.zip", trust).verdict == "verified"
    releasing.recall(release_id)
    assert run(releasing, "taken away") == -9
    assert run(releasing) == 0
    with releasing.published() as published, pytest.raises(FileGone):
        published.open_file(zipped.sha256)
    assert releasing.release(release_id).state is ReleaseState.RECALLED
