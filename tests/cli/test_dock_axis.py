"""`candor dock axis` and `candor dock keys`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Candor


@pytest.fixture
def set_up(candor: Candor, monkeypatch: pytest.MonkeyPatch) -> Candor:
    """An installation with a door."""
    monkeypatch.setenv("CANDOR_DOCK_PORT", "8643")
    assert candor("ingest", Path(__file__)).code == 0
    return candor


def test_a_connection_is_made_listed_and_ended(set_up: Candor, tmp_path: Path) -> None:
    candor, out = set_up, tmp_path / "north.json"
    assert candor("dock", "axis", "new", "North", "--encrypted", "--container", "mp4", "--out", out).code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    file = json.loads(out.read_bytes())
    assert file["ContainerType"] == "mp4"
    assert file["PublicKeyId"].startswith("candor-")
    again = candor("dock", "axis", "new", "South", "--out", out)
    assert (again.code, "was not replaced" in again.err) == (2, True)
    second = candor("dock", "axis", "file", "North")
    assert json.loads(second.out)["BlobAPIKey"] != file["BlobAPIKey"]
    (one,) = candor("dock", "axis", "list", "--json").json
    assert (one["name"], one["state"], one["encrypted"], len(one["keys"])) == ("North", "open", True, 2)
    assert file["BlobAPIKey"] not in candor("dock", "axis", "list", "--json").out
    assert "North" in candor("dock", "axis", "list").out
    assert "1 older key was" in candor("dock", "axis", "revoke", "North", "--older").err
    assert candor("dock", "axis", "revoke", "North").code == 0
    assert "already" in candor("dock", "axis", "revoke", "North").err
    assert candor("dock", "axis", "list", "--json").json[0]["state"] == "ended"
    assert candor("dock", "axis", "file", "North").code == 5
    assert candor("dock", "axis", "file", "Nowhere").code == 4


def test_users_are_listed_and_an_unknown_one_is_said_so(set_up: Candor) -> None:
    assert set_up("dock", "axis", "new", "North").code == 0
    assert set_up("dock", "axis", "users", "--json").json == []
    assert set_up("dock", "axis", "users").code == 0
    assert set_up("dock", "axis", "users", "--match", "nobody", "nobody").code == 4
    assert set_up("dock", "axis", "users", "--unmatch", "nobody").code == 4


def test_a_docks_credential_is_made_listed_and_revoked(set_up: Candor) -> None:
    assert set_up("dock", "axis", "new", "North").code == 0
    made = set_up("dock", "keys", "new", "North", "--json").json
    assert len(made["key"]) == 43
    listed = set_up("dock", "keys", "list", "--json")
    assert made["key"] not in listed.out
    mine = next(one for one in listed.json if one["user"] == made["user"])
    assert set_up("dock", "keys", "revoke", mine["credential"]).code == 0
    assert "already" in set_up("dock", "keys", "revoke", mine["credential"]).err
    assert ":" in set_up("dock", "keys", "new", "North").out
    assert "revoked" in set_up("dock", "keys", "list").out
    assert set_up("dock", "keys", "new", "Nowhere").code == 4
