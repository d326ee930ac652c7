"""Putting content credentials into a redacted copy that goes out.

The work is done in a process that holds the certificates and no private key; it hands over the one thing that is to be
signed. Nothing is written until the copy with its credentials was read back: it holds under the agency's own root, says
what it was to say, and is byte for byte the proven copy once they are taken out. Then it is sealed and recorded in one
transaction. Killed anywhere, it is done again; done twice, the second time finds the first one's.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import Database
from candor.core.limited import LimitedRefused, run_limited
from candor.custody import CustodyLog, Event
from candor.custody.tables import custody_event
from candor.disclosure.credentials.checking import check_credentials, limits_for
from candor.disclosure.credentials.errors import CopyNotSignable, CredentialsNotHolding, NotInLogYet
from candor.disclosure.credentials.keys import SigningKey, signing_key
from candor.disclosure.credentials.placing import NotPlaceable, Placed, layout_of
from candor.disclosure.credentials.rules import Facts, hidden_in, manifest_of, was_encoded
from candor.disclosure.credentials.tables import credentialed_copy
from candor.redaction.errors import CopyUnknown
from candor.redaction.rules import CopyState
from candor.redaction.tables import redacted_copy, redaction
from candor.store import SealedStream, Vault
from candor.store.tables import vault_object
from candor.verify.edit_list import EditList
from candor.verify.errors import VerifyError
from candor.verify.merkle import leaf_hash
from candor.verify.note import MAX_NOTE_SIZE, Note

__all__ = ["KIND", "SignedCopy", "facts_of", "sign_copy"]

KIND: Final = "credentialed-copy"
_WORK: Final = "candor.disclosure.credentials.work:make"
_TO_BE_SIGNED: Final = b"\x84\x6aSignature1"  # an array of four that begins with "Signature1": RFC 9052, section 4.4
_LARGEST: Final = 1 << 20  # bytes that are signed
_LONGEST_TITLE: Final = 200


@dataclass(frozen=True)
class SignedCopy:
    """A copy with content credentials, sealed in the vault and recorded. `sha256`: of all its bytes."""

    object_id: str
    sha256: bytes
    size: int


def sign_copy(
    vault: Vault,
    database: Database,
    log: CustodyLog,
    copy_id: str,
    *,
    title: str,
    clock: Clock | None = None,
) -> SignedCopy:
    """Put content credentials into a redacted copy that is ready, under `title` (the number of a release, say).

    Opens its own transactions; to be called outside one. Raises CopyUnknown, NotInLogYet, CopyNotSignable,
    CredentialsNotHolding, CredentialsExpired, the errors of limited work, and what the vault raises.
    """
    clock = clock or SystemClock()
    title = " ".join(title.split())[:_LONGEST_TITLE]
    with database.read() as tx:
        if (found := _signed_before(tx, copy_id, title)) is not None:
            return found
    facts = facts_of(database, vault, log, copy_id, title=title)
    key = signing_key(database, vault, clock=clock)
    with database.read() as tx:
        object_id = _copy(tx, copy_id).copy_object_id
        stream = vault.open(tx, object_id)
    with stream:
        placed = _placed(stream, facts, key)
        _must_hold(placed, facts, key)
        placed.seek(0)
        sealed = vault.seal(KIND, cast(Any, placed))
    try:
        with database.write() as tx:
            found = _signed_before(tx, copy_id, title)
            if found is None:
                _must_have_key(tx, copy_id, object_id)
                vault.record(tx, sealed)
                _record(tx, facts, key, sealed.object_id, sealed.sha256, sealed.size, clock)
    except CopyNotSignable:
        vault.discard(sealed)
        raise
    if found is not None:
        vault.discard(sealed)
        return found
    return SignedCopy(sealed.object_id, sealed.sha256, sealed.size)


def facts_of(database: Database, vault: Vault, log: CustodyLog, copy_id: str, *, title: str) -> Facts:
    """What the credentials of a copy say: from its signed edit list, and the place of its making in the log, which is
    waited for. Raises CopyUnknown, CopyNotSignable, NotInLogYet."""
    with database.read() as tx:
        row = _copy(tx, copy_id)
        made, edits, list_sha256 = _making(tx, row), *_edit_list(tx, vault, row)
    if made.position is None:
        log.settle()
        with database.read() as tx:
            made = _making(tx, row)
    verifier = log.verifier
    if made.position is None or verifier is None:
        raise NotInLogYet(id=copy_id)
    return Facts(
        copy_id=copy_id,
        recording_id=row.recording_id,
        part=edits.part,
        edit=edits.edit,
        made_at=edits.made_at,
        maker=edits.maker,
        original_sha256=edits.original.sha256,
        copy_sha256=edits.copy.sha256,
        copy_size=edits.copy.size,
        list_sha256=list_sha256,
        origin=verifier.name,
        index=made.position,
        leaf=leaf_hash(made.leaf.encode()).hex(),
        mode=edits.mode,
        masks=hidden_in(edits),
        sound=len(edits.sound),
        muted=edits.muted,
        encoded=was_encoded(edits),
        title=title,
    )


class _Desk(io.RawIOBase):
    """Where the limited process lays down what is to be signed, and finds the signature: once, and in one
    form."""

    def __init__(self, key: SigningKey) -> None:
        self._key, self._at, self._answer = key, 0, b""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = offset
        return offset

    def write(self, data: Any, /) -> int:
        given = bytes(data)
        if self._answer or self._at or not given.startswith(_TO_BE_SIGNED) or len(given) > _LARGEST:
            raise OSError("something else than one claim was to be signed")
        self._answer = self._key.sign(given)
        return len(given)

    def read(self, size: int = -1, /) -> bytes:
        data = self._answer[self._at :] if size < 0 else self._answer[self._at : self._at + size]
        self._at += len(data)
        return data


def _placed(stream: SealedStream, facts: Facts, key: SigningKey) -> Placed:
    """The copy with its credentials, not yet written anywhere."""
    params = {"manifest": manifest_of(facts), "chain": key.chain.pem, "algorithm": key.algorithm.value}
    box = io.BytesIO()
    try:
        layout = layout_of(stream.read_at, stream.size)
        outputs = {"box": cast(BinaryIO, box), "signature": cast(BinaryIO, _Desk(key))}
        made = run_limited(_WORK, cast(BinaryIO, stream), params, limits_for(stream.size), outputs=outputs)
    except NotPlaceable as error:
        raise CopyNotSignable(id=facts.copy_id, reason=str(error)) from error
    except LimitedRefused as error:
        raise CopyNotSignable(id=facts.copy_id, reason=error.fields["reason"]) from error
    if (made.get("at"), made.get("size")) != (layout.at, len(box.getvalue())):
        raise CredentialsNotHolding(id=facts.copy_id, reason="they are of another size than was said")
    return Placed(stream.read_at, stream.size, layout, box.getvalue())


def _must_hold(placed: Placed, facts: Facts, key: SigningKey) -> None:
    """Read it back as a stranger would who trusts the agency's root. Raises CredentialsNotHolding."""
    try:
        found = check_credentials(cast(BinaryIO, placed), placed.read_at, placed.size, key.chain.root_pem)
    except LimitedRefused as error:
        raise CredentialsNotHolding(id=facts.copy_id, reason=error.fields["reason"]) from error
    if found is None:
        reason = "none are found"
    elif not found.trusted:
        reason = f"the C2PA library finds {', '.join(found.faults) or found.found['state']}"
    elif found.custody != facts.custody or found.found["title"] != facts.title:
        reason = "they say something else than was signed"
    elif found.bare != (facts.copy_sha256, facts.copy_size):
        reason = f"without them it is not the proven copy {found.why_not}".strip()
    else:
        return
    raise CredentialsNotHolding(id=facts.copy_id, reason=reason)


def _record(
    tx: Connection, facts: Facts, key: SigningKey, object_id: str, sha256: bytes, size: int, clock: Clock
) -> None:
    tx.execute(
        credentialed_copy.insert().values(
            copy_id=facts.copy_id,
            title=facts.title,
            recording_id=facts.recording_id,
            object_id=object_id,
            sha256=sha256,
            size=size,
            key_id=key.id,
            made_at=clock.now(),
        )
    )


def _signed_before(tx: Connection, copy_id: str, title: str) -> SignedCopy | None:
    query = (
        sa.select(credentialed_copy.c.object_id, credentialed_copy.c.sha256, credentialed_copy.c.size)
        .join(vault_object, vault_object.c.object_id == credentialed_copy.c.object_id)
        .where(
            credentialed_copy.c.copy_id == copy_id,
            credentialed_copy.c.title == title,
            vault_object.c.key_destroyed_at.is_(None),
        )
    )
    row = tx.execute(query).first()
    return None if row is None else SignedCopy(row.object_id, row.sha256, row.size)


def _copy(tx: Connection, copy_id: str) -> Any:
    query = (
        sa.select(redacted_copy, redaction.c.recording_id)
        .join(redaction, redaction.c.id == redacted_copy.c.redaction_id)
        .where(redacted_copy.c.id == copy_id)
    )
    row = tx.execute(query).first()
    if row is None:
        raise CopyUnknown(id=copy_id)
    if row.state != CopyState.READY.value or row.copy_object_id is None or row.list_object_id is None:
        raise CopyNotSignable(id=copy_id, reason=row.problem or "it is not ready yet")
    return row


def _must_have_key(tx: Connection, copy_id: str, object_id: str) -> None:
    """That the copy was not destroyed meanwhile: what is made of it must not outlive it."""
    query = sa.select(vault_object.c.key_destroyed_at).where(vault_object.c.object_id == object_id)
    if tx.execute(query.with_for_update()).scalar_one() is not None:
        raise CopyNotSignable(id=copy_id, reason="it was destroyed meanwhile")


def _making(tx: Connection, row: Any) -> Any:
    """The event by which the copy was made: what it says, its leaf, and its place."""
    query = (
        sa.select(custody_event.c.payload, custody_event.c.leaf, custody_event.c.position)
        .where(
            custody_event.c.recording_id == row.recording_id,
            custody_event.c.kind == Event.REDACTION_RENDERED.value,
            custody_event.c.payload.contains(row.id, autoescape=True),
        )
        .order_by(custody_event.c.n.desc())
    )
    found = tx.execute(query).first()
    if found is None:
        raise CopyNotSignable(id=row.id, reason="the history of its recording does not say that it was made")
    return found


def _edit_list(tx: Connection, vault: Vault, row: Any) -> tuple[EditList, str]:
    with vault.open(tx, row.list_object_id) as stream:
        data = stream.read_at(0, MAX_NOTE_SIZE)
    try:
        edits = EditList.parse(Note.parse(data).text)[1]
    except VerifyError as error:
        raise CopyNotSignable(id=row.id, reason="its edit list cannot be read") from error
    sealed: Mapping[str, object] = {"copy": edits.copy_id, "sha256": edits.copy.sha256, "size": edits.copy.size}
    if sealed != {"copy": row.id, "sha256": row.sha256.hex(), "size": row.size}:
        raise CopyNotSignable(id=row.id, reason="its edit list is of another copy")
    return edits, hashlib.sha256(data).hexdigest()
