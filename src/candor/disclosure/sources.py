"""Where a package's bytes are read from: sealed objects, opened one at a time, no transaction held open meanwhile."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.disclosure.errors import RecordingGone
from candor.footage import returning
from candor.store import SealedStream, Vault
from candor.store.tables import vault_object

#: Sealed objects open at a time: the small files', and originals. A package may have thousands of them.
_OPEN_AT_ONCE = 4
#: Identifiers asked for in one query; SQLite takes 32,766.
_AT_ONCE = 10_000

Reading = Callable[[], AbstractContextManager[Connection]]


class Sources:
    """The sealed objects of one package, each opened in a short transaction of its own when it is first read.

    An object whose key was destroyed because its file was handed in anew stands for the one that took its place.
    Used by one thread at a time. Close it at the end; as a context manager it closes itself.
    """

    def __init__(self, vault: Vault, reading: Reading, originals: Iterable[dict[str, Any]]) -> None:
        self._vault, self._reading = vault, reading
        self._originals = {one["object_id"]: one for one in originals}
        self._open: OrderedDict[str, SealedStream] = OrderedDict()

    def __getitem__(self, object_id: str) -> SealedStream:
        """The object as a stream. Raises RecordingGone, and what the vault raises."""
        stream = self._open.pop(object_id, None)
        if stream is None:
            if len(self._open) >= _OPEN_AT_ONCE:
                self._open.popitem(last=False)[1].close()
            with self._reading() as tx:
                stream = self._vault.open(tx, _standing(tx, self._vault, object_id, self._originals))
        self._open[object_id] = stream
        return stream

    def close(self) -> None:
        """Close what is open."""
        while self._open:
            self._open.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def must_be_readable(tx: Connection, vault: Vault, originals: Iterable[dict[str, Any]]) -> None:
    """Raise RecordingGone when a key was destroyed, before anything is promised."""
    by_object = {one["object_id"]: one for one in originals}
    ids = list(by_object)
    for at in range(0, len(ids), _AT_ONCE):
        gone = sa.select(vault_object.c.object_id).where(
            vault_object.c.object_id.in_(ids[at : at + _AT_ONCE]), vault_object.c.key_destroyed_at.is_not(None)
        )
        for object_id in tx.scalars(gone).all():
            _standing(tx, vault, object_id, by_object)


def _standing(tx: Connection, vault: Vault, object_id: str, originals: dict[str, dict[str, Any]]) -> str:
    """The object itself, or another with the same bytes when its key was destroyed or its bytes are gone: a file that
    was handed in again takes the place of one that was lost."""
    one = originals.get(object_id)
    if one is None:
        return object_id
    held = returning.objects_held(tx)  # what came in again is handed out to nobody before somebody decided
    alive = [each for each in vault.with_sha256(tx, bytes.fromhex(one["sha256"])) if each.object_id not in held]
    if not alive:
        raise RecordingGone(id=one["recording"], name=one["name"])
    alive = sorted(alive, key=lambda recorded: recorded.object_id != object_id)
    if len(alive) > 1:
        for recorded in alive:
            found = vault.there(recorded.object_id)
            if found is not None and found.size == recorded.stored_size:
                return recorded.object_id
    return alive[0].object_id
