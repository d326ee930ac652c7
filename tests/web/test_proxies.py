"""Behind a proxy: whose address counts, as the web server is set up to tell it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from tests.people.place import make_place
from tests.web.visitor import Visitor, make_installation

from candor.cli.serve import config
from candor.core.clock import FixedClock
from candor.core.database import Database
from candor.core.errors import SettingsWrong
from candor.core.settings import Settings
from candor.installation import Installation
from candor.web.app import create_app

PUBLIC = "http://video.agency.example"


def served(here: Installation) -> Starlette:
    """The site as the web server runs it, with what the server itself puts around it."""
    found = config(create_app(here), here.settings)
    found.load()
    assert found.limit_concurrency
    return cast(Starlette, found.loaded_app)


def wrong(site: Starlette, proxy: str, visitor: str, **headers: str) -> int:
    """A wrong password of one visitor through a proxy; the answer's status."""
    browser = Visitor(site, proxy, PUBLIC)
    browser.client.headers["x-forwarded-for"] = visitor
    return browser.sign_in("chief", "wrong password here").status_code


@pytest.fixture
def make_site(database: Database, fixed_clock: FixedClock, tmp_path: Path) -> Any:
    def make(**settings: object) -> Starlette:
        here = make_installation(database, fixed_clock, tmp_path, **settings)
        make_place(database, fixed_clock)
        return served(here)

    return make


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("settings", "proxy", "told_apart"),
    [
        ({"public_url": PUBLIC}, "127.0.0.1", True),
        ({"public_url": PUBLIC}, "192.0.2.50", False),
        ({"public_url": PUBLIC, "trusted_proxies": "192.0.2.50, 10.0.0.0/8"}, "192.0.2.50", True),
        ({"public_url": PUBLIC, "trusted_proxies": "192.0.2.50, 10.0.0.0/8"}, "10.3.4.5", True),
        ({"public_url": PUBLIC, "trusted_proxies": "192.0.2.50, 10.0.0.0/8"}, "127.0.0.1", False),
        ({"public_url": PUBLIC, "trusted_proxies": ""}, "127.0.0.1", False),
        ({"host": "0.0.0.0"}, "127.0.0.1", False),
    ],
)
def test_one_visitors_wrong_passwords_block_another_only_where_the_proxy_is_not_believed(
    make_site: Any, settings: dict[str, object], proxy: str, told_apart: bool
) -> None:
    site = make_site(**settings)
    for _ in range(5):
        assert wrong(site, proxy, "203.0.113.1") == 401
    assert wrong(site, proxy, "203.0.113.1") == 429
    assert wrong(site, proxy, "203.0.113.2") == (401 if told_apart else 429)


@pytest.mark.parametrize("given", ["*", "proxy.example", "0.0.0.0/0", "::/0", "10.0.0.1/8", "127.0.0.1 10.0.0.1"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(SettingsWrong, match="CANDOR_TRUSTED_PROXIES"):
        Settings.load(trusted_proxies=given)


def test_addresses_and_networks_are_taken() -> None:
    assert Settings.load(trusted_proxies=" 10.0.0.1 ,::1, 192.0.2.0/24,").trusted_proxies == "10.0.0.1,::1,192.0.2.0/24"
