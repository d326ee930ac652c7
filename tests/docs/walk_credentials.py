"""The part of the walk in which keys for content credentials are made and brought in, and a film's are read."""

from __future__ import annotations

from typing import Any

from tests.disclosure.credentials.films import film
from tests.disclosure.credentials.test_keys import chain, pem
from tests.disclosure.redacted_copies import leave_copy

from candor.core.settings import Settings
from candor.disclosure.credentials.signing import sign_copy
from candor.installation import Installation


def content_credentials(site: Any) -> None:
    """A key made, another one brought in, both shown; a copy signed as a release does, and read."""
    site.run("candor credentials make")
    copy = site.home / "copy.mp4"
    copy.write_bytes(_signed(site))
    site.run("candor credentials check", str(copy))
    given, key = chain()
    (site.home / "chain.pem").write_bytes(given)
    (site.home / "key.pem").write_bytes(pem(key))
    site.run("candor credentials import", str(site.home / "chain.pem"), "--key", str(site.home / "key.pem"))
    site.run("candor credentials show")


def _signed(site: Any) -> bytes:
    original = site.home / "for-credentials.mp4"
    original.write_bytes(film(seconds=0.8))
    recording = site.run("candor ingest", str(original))["recordings"][0]["id"]
    with Installation.open(Settings.load()) as here:
        given = here.database, here.vault, here.log, recording, film()
        _, copy_id = leave_copy(*given, by="system:test")
        made = sign_copy(here.vault, here.database, here.log, copy_id, title="RL-2026-0001", clock=here.clock)
        with here.database.read() as tx, here.vault.open(tx, made.object_id) as stream:
            return stream.read()
