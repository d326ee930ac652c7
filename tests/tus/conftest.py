"""A site with programs that may upload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tus.site import TusSite, prepare, serving

from candor.people import passwords


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of hashes in seconds."""
    monkeypatch.setenv(passwords.CHEAP_FOR_TESTS, "1")


@pytest.fixture
def site(tmp_path: Path, cheap_passwords: None) -> Iterator[TusSite]:
    """The site, served on loopback by a thread."""
    with serving(prepare(tmp_path)) as found:
        yield found
