"""A published place and an inbox on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from candor.core.portal_settings import PortalLimits
from candor.published import schema
from candor.published.inbox import Inbox
from candor.published.place import Published


@pytest.fixture
def published(database_url: str, tmp_path: Path) -> Iterator[Published]:
    """Tables made, nothing in it."""
    with Published(database_url, tmp_path / "files") as made:
        schema.make(made.database, "published")
        yield made


@pytest.fixture
def inbox(database_url: str) -> Iterator[Inbox]:
    """An inbox for ten entries, and two megabytes."""
    with Inbox(database_url, PortalLimits(waiting=10, megabytes=2, files=1, file_megabytes=1)) as made:
        schema.make(made.database, "inbox")
        yield made
