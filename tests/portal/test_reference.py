"""docs/reference/portal.md against the program."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from starlette.routing import Mount, Route
from tests.portal.conftest import PublicPlace
from tests.portal.test_pages import publish

from candor.portal.app import routes

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "portal.md").read_text()
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_every_address_stands_there(place: PublicPlace) -> None:
    shown = dict(re.findall(r"^\| `([^`]+)` \| ([A-Z, ]+) \|", PAGE, re.M))
    found: dict[str, set[str]] = {}
    for route in routes(place.settings):
        if isinstance(route, Mount):
            found.setdefault(f"{route.path}/…", set()).add("GET")
        elif isinstance(route, Route):
            found.setdefault(route.path, set()).update((route.methods or set()) - {"HEAD"})
    assert {path: ", ".join(sorted(methods)) for path, methods in found.items()} == shown


def test_the_list_of_files_has_the_fields_that_are_shown(place: PublicPlace) -> None:
    shown = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.S)[1])  # type: ignore[index]
    film = publish(place).files[0].sha256
    told = place.visit().get(f"/files/index/{film[:2]}.json").json()
    assert set(told) == set(shown)
    assert set(told["files"][0]) == set(shown["files"][0])
