"""The page of a recording that lies in the archive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.web.recording_place import take_in
from tests.web.visitor import Visitor

from candor.core.clock import FixedClock
from candor.footage import archiving
from candor.installation import Installation
from candor.people.rules import Role
from candor.store.folder import FolderStore

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_it_says_where_it_lies_and_how_long_it_takes(
    installation: Installation, signed_in: Callable[..., Visitor], fixed_clock: FixedClock, tmp_path: Path
) -> None:
    robin = signed_in("robin", Role.EVIDENCE_TECHNICIAN)
    taken = take_in(installation, b"a film" * 100)
    path = f"/recordings/{taken.recording_id}"
    assert "lies in the archive" not in robin.get(path).text
    assert robin.post(f"{path}/archive-return", {}).status_code in (409, 403)
    installation.vault.archive = FolderStore(tmp_path / "far")
    assert archiving.archive_one(installation.database, installation.vault, taken.recording_id, clock=fixed_clock)
    page = robin.get(path).text
    assert "This recording lies in the archive" in page
    assert "Bringing it back takes up to 12 hours." in page
    assert "The recording was moved to the archive." in page
    asked = robin.post(f"{path}/archive-return", {})
    assert asked.headers["location"] == f"{path}?said=archive-asked"
    assert "is being brought back from the archive" in robin.get(path).text
    assert archiving.bring_back(installation.database, installation.vault, taken.recording_id, clock=fixed_clock)
    assert "the archive</h2>" not in robin.get(path).text
