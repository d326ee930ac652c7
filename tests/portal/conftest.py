"""A portal with an agency, and browsers that visit it without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyrage
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from candor.core.clock import FixedClock
from candor.core.portal_settings import PortalLimits, PortalSettings
from candor.portal.app import create_portal
from candor.portal.place import Portal
from candor.published import schema
from candor.published.entries import Opened, open_sealed
from candor.published.inbox import Inbox
from candor.published.notices import AboutNotice, ClassWords, LawNotice
from candor.published.place import Published

LIMITS = PortalLimits(sent=6, tries=8, files=3, file_megabytes=1)


@dataclass
class PublicPlace:
    """What the staff side has of a portal: its places and its key."""

    settings: PortalSettings
    published: Published
    inbox: Inbox
    clock: FixedClock
    identity: Any = field(default_factory=pyrage.x25519.Identity.generate)
    opened_portals: list[Portal] = field(default_factory=list)

    def opened(self) -> list[Opened]:
        """What came in, opened."""
        return [open_sealed(one.sealed, [str(self.identity)]) for one in self.inbox.entries(1000)]

    def visit(self, *, address: str = "203.0.113.7", **changed: Any) -> TestClient:
        """A browser at that address; `changed` settings."""
        return self.client(create_portal(replace(self.settings, **changed), clock=self.clock), address)

    def client(self, app: Starlette, address: str = "203.0.113.7") -> TestClient:
        """A browser at a portal, which is closed with the place."""
        self.opened_portals.append(app.state.portal)
        return TestClient(app, base_url="http://127.0.0.1", client=(address, 50_000), raise_server_exceptions=False)


@pytest.fixture
def place(database_url: str, tmp_path: Path, fixed_clock: FixedClock) -> Iterator[PublicPlace]:
    """A portal whose office has published who it is."""
    settings = PortalSettings(database_url, tmp_path / "files", database_url, tmp_path / "log", limits=LIMITS)
    made = PublicPlace(settings, Published(database_url, tmp_path / "files"), Inbox(database_url, LIMITS), fixed_clock)
    schema.make(made.published.database, "published")
    schema.make(made.inbox.database, "inbox")
    made.published.write_about(
        AboutNotice(
            agency="State Police, Troop F",
            short_name="Troop F",
            zone="America/New_York",
            recipient=str(made.identity.to_public()),
            as_of=fixed_clock.now(),
            log_origin="troop.example/log",
            log_vkey="troop.example/log+1+A",
            log_policy="log troop.example/log+1+A\nquorum none\n",
            log_fingerprint="ab" * 32,
            law=LawNotice("CT", must_name=("date, place (§ 7)",), due=("Within 4 business days (§ 1)",)),
            classes=(
                ClassWords("public", "Anybody"),
                ClassWords("press", "The press", rights=("Free of charge (§ 2).",)),
            ),
        )
    )
    yield made
    for portal in made.opened_portals:
        portal.close()
    made.published.close()
    made.inbox.close()


@pytest.fixture
def form() -> Callable[..., dict[str, str]]:
    """The fields of a request that is in order, some of them changed."""

    def make(**changed: str) -> dict[str, str]:
        given = {
            "once": "0123456789abcdef" * 2,
            "words": "The stop on Route 9.",
            "class": "press",
            "wants": "copy",
            "answer": "code",
        }
        return {name: value for name, value in {**given, **changed}.items() if value is not None}

    return make
