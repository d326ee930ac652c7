"""Content credentials in a redacted copy: made in a limited process, read back, sealed; and what stops them."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import c2pa
import pytest
import sqlalchemy as sa
from tests.disclosure.conftest import Site
from tests.disclosure.credentials.films import film, signed_by_library
from tests.disclosure.redacted_copies import leave_copy

from candor.core import limited
from candor.custody import Event, find
from candor.custody.tables import custody_event
from candor.disclosure.credentials import (
    checking,
    keys,
    registered,  # noqa: F401 - enters what it keeps
    signing,
)
from candor.disclosure.credentials.errors import CopyNotSignable, CredentialsNotHolding
from candor.disclosure.credentials.signing import KIND, SignedCopy, sign_copy
from candor.disclosure.credentials.tables import credential_key, credentialed_copy
from candor.footage import register
from candor.redaction.errors import CopyUnknown
from candor.store.tables import vault_object
from candor.verify.credentials import without_credentials
from candor.verify.merkle import leaf_hash


def copy_of(site: Site, content: bytes) -> tuple[str, str]:
    """A recording and a redacted copy of it that is ready."""
    recording = site.take(b"the original", worn=False)
    _, copy_id = leave_copy(site.database, site.vault, site.log, recording, content, by=site.records.account_id)
    return recording, copy_id


def sign(site: Site, copy_id: str, title: str = "RL-2026-0001") -> SignedCopy:
    return sign_copy(site.vault, site.database, site.log, copy_id, title=title)


def content_of(site: Site, object_id: str) -> bytes:
    with site.database.read() as tx, site.vault.open(tx, object_id) as stream:
        return stream.read()


def read_back(data: bytes, roots: str) -> dict[str, Any]:
    """What the library's own reader says of a film, in this process."""
    context = c2pa.Context(c2pa.Settings.from_dict({"trust": {"user_anchors": roots}} if roots else {}))
    with c2pa.Reader("video/mp4", io.BytesIO(data), context=context) as reader:
        found: dict[str, Any] = json.loads(reader.json())
    return found


def test_copy_with_credentials_holds_and_is_the_proven_copy_without_them(site: Site) -> None:
    recording, copy_id = copy_of(site, film())
    made = sign(site, copy_id)
    data = content_of(site, made.object_id)
    assert (hashlib.sha256(data).digest(), len(data)) == (made.sha256, made.size)
    assert b"".join(without_credentials(lambda at, count: data[at : at + count], len(data))) == film()

    with site.database.read() as tx:
        roots = keys.roots(tx)
        query = sa.select(custody_event.c.id).where(custody_event.c.kind == Event.REDACTION_RENDERED.value)
        rendered = find(tx, tx.scalars(query).one())
    found = read_back(data, roots)
    assert found["validation_state"] == "Trusted"
    assert read_back(data, "")["validation_state"] == "Valid"
    said = found["manifests"][found["active_manifest"]]
    assert said["title"] == "RL-2026-0001"
    assert [one["name"] for one in said["claim_generator_info"]] == ["Candor"]
    (parent,) = said["ingredients"]
    assert (parent["relationship"], parent["title"]) == ("parentOf", f"recording {recording}, part 1")
    statements = {one["label"]: one["data"] for one in said["assertions"]}
    assert [one["action"] for one in statements["c2pa.actions.v2"]["actions"]] == ["c2pa.opened", "c2pa.edited"]
    edited = statements["c2pa.actions.v2"]["actions"][1]
    assert edited["parameters"]["org.candor.hidden"]["masks"] == {"face": 1}
    assert rendered is not None
    assert statements["org.candor.custody"] == {
        "v": 1,
        "log": {
            "origin": site.log.policy().logs[0].key.name,
            "index": rendered.position,
            "leaf": leaf_hash(rendered.leaf.encode()).hex(),
        },
        "original": {"sha256": rendered.details["original_sha256"]},
        "copy": {"id": copy_id, "sha256": hashlib.sha256(film()).hexdigest(), "size": len(film())},
        "edit_list": {"sha256": rendered.details["list_sha256"]},
    }


def test_again_is_the_same_and_another_title_is_another(site: Site) -> None:
    _, copy_id = copy_of(site, film())
    first = sign(site, copy_id)
    assert sign(site, copy_id) == first
    assert sign(site, copy_id, "RL-2026-0002") != first
    with site.database.read() as tx:
        stored = tx.scalars(sa.select(vault_object.c.object_id).where(vault_object.c.kind == KIND)).all()
        assert len(stored) == 2
        query = sa.select(sa.func.count()).select_from(custody_event)
        assert tx.scalar(query.where(custody_event.c.kind == Event.CREDENTIALS_MADE.value)) == 2  # a root, a leaf


def test_key_never_reaches_the_process_that_signs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    plain = limited.run_limited

    def heard(target: str, stream: Any, params: Any = None, limits: Any = None, **more: Any) -> dict[str, Any]:
        given.append(json.dumps(params))
        return plain(target, stream, params, limits, **more)

    monkeypatch.setattr(signing, "run_limited", heard)
    _, copy_id = copy_of(site, film())
    sign(site, copy_id)
    assert len(given) == 1
    assert "PRIVATE" not in given[0]
    with site.database.read() as tx:
        for row in tx.execute(sa.select(credential_key)):
            assert b"PRIVATE" not in row.sealed_key
            assert row.sealed_key.hex() not in given[0]


def test_process_that_wants_something_else_signed_gets_no_signature(site: Site) -> None:
    key = keys.signing_key(site.database, site.vault)
    claim = b"\x84\x6aSignature1" + b"x" * 100
    desk = signing._Desk(key)
    with pytest.raises(OSError, match="something else"):
        desk.write(b"a certificate, please")
    assert desk.read(100) == b""
    assert desk.write(claim) == len(claim)
    desk.seek(0)
    assert len(desk.read(1024)) == 64
    desk.seek(0)
    with pytest.raises(OSError, match="something else"):
        desk.write(claim)


def test_what_does_not_hold_is_thrown_away(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _, copy_id = copy_of(site, film())
    plain = checking.run_limited

    def other(*given: Any, **more: Any) -> dict[str, Any]:
        found = plain(*given, **more)
        return {**found, "custody": {**found["custody"], "log": {"origin": "another/log"}}}

    monkeypatch.setattr(checking, "run_limited", other)
    with pytest.raises(CredentialsNotHolding, match="something else than was signed"):
        sign(site, copy_id)
    monkeypatch.setattr(checking, "run_limited", lambda *given, **more: {**plain(*given, **more), "state": "Invalid"})
    with pytest.raises(CredentialsNotHolding, match="Invalid"):
        sign(site, copy_id)
    with site.database.read() as tx:
        assert tx.execute(sa.select(credentialed_copy)).all() == []
        assert tx.scalars(sa.select(vault_object.c.object_id).where(vault_object.c.kind == KIND)).all() == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no film at all", "does not fit into what it lies in"),
        (film("frag_keyframe+empty_moov"), "film in fragments"),
        (signed_by_library(film()), "carries content credentials already"),
    ],
    ids=["no film", "fragments", "signed"],
)
def test_files_that_candor_does_not_make_are_refused(site: Site, content: bytes, why: str) -> None:
    _, copy_id = copy_of(site, content)
    with pytest.raises(CopyNotSignable, match=why):
        sign(site, copy_id)


def test_unknown_copy(site: Site) -> None:
    with pytest.raises(CopyUnknown):
        sign(site, "nobody")


def test_purge_and_erasure_find_it(site: Site) -> None:
    recording, copy_id = copy_of(site, film())
    made = sign(site, copy_id)
    (kept,) = (one for one in register.all_kept() if one.name == "copies with content credentials")
    with site.database.write() as tx:
        assert kept.objects(tx, recording) == {made.object_id: KIND}
        for _ in range(2):
            kept.erase(tx, recording, lambda data: hashlib.sha256(b"salt" + data).digest())
        row = tx.execute(sa.select(credentialed_copy)).one()
    assert row.sha256 == hashlib.sha256(b"salt" + made.sha256).digest()
    assert "RL-2026" not in row.title


def test_stopped_before_it_was_recorded_it_is_done_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _, copy_id = copy_of(site, film())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(signing, "_record", _stop)
        sign(site, copy_id)
    made = sign(site, copy_id)
    assert content_of(site, made.object_id)
    with site.database.read() as tx:
        assert tx.scalars(sa.select(credentialed_copy.c.object_id)).all() == [made.object_id]


def _stop(*_given: object) -> None:
    raise KeyboardInterrupt


def test_copy_that_was_destroyed_meanwhile_gets_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _, copy_id = copy_of(site, film())
    plain = signing._must_hold

    def destroyed(*given: Any) -> None:
        plain(*given)
        with site.database.write() as tx:
            copy = tx.scalar(sa.select(vault_object.c.object_id).where(vault_object.c.kind == "redacted"))
            site.vault.destroy_key(tx, copy)

    monkeypatch.setattr(signing, "_must_hold", destroyed)
    with pytest.raises(CopyNotSignable, match="destroyed meanwhile"):
        sign(site, copy_id)
