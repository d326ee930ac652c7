"""The keys that sign content credentials: made here, renewed, or brought in by the agency.

The private keys lie in the database, each sealed under a kept secret of its own, which is wrapped under the
key-encryption key: whoever has the database alone has none of them. Every key that begins is a custody event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from candor.core.clock import Clock, SystemClock, iso
from candor.core.database import Database
from candor.core.ids import new_id
from candor.custody import Event, append
from candor.disclosure.credentials import certificates
from candor.disclosure.credentials.certificates import Chain, PrivateKey
from candor.disclosure.credentials.errors import CredentialsExpired, CredentialsMissing
from candor.disclosure.credentials.rules import Algorithm, KeyOrigin, KeyRole, is_near_its_end
from candor.disclosure.credentials.tables import credential_key
from candor.people.rules import Actor, Permission
from candor.people.tables import agency
from candor.store import Vault
from candor.store.sealed_bytes import open_bytes, seal_bytes

__all__ = ["KeyFacts", "SigningKey", "bring_in", "in_use", "known", "make", "roots", "signing_key"]

SYSTEM = "system:credentials"


@dataclass(frozen=True)
class KeyFacts:
    """A key as it is shown. Fingerprints: SHA-256 of the certificates, hex. `pem`: the chain; `root_pem`: its last."""

    id: str
    origin: KeyOrigin
    in_use: bool
    algorithm: Algorithm
    subject: str
    fingerprint: str
    root_fingerprint: str
    not_before: datetime
    not_after: datetime
    made_at: datetime
    pem: str
    root_pem: str


@dataclass(frozen=True)
class SigningKey:
    """A key to sign with; `repr` does not show it."""

    id: str
    algorithm: Algorithm
    chain: Chain
    _key: PrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """A signature as COSE has it."""
        return certificates.sign(self._key, data)


def make(tx: Connection, vault: Vault, actor: Actor, *, anew: bool = False, clock: Clock | None = None) -> KeyFacts:
    """Make the agency's own root and the key that signs, unless one is in use and not to be replaced (`anew`); the key
    that is in use then. Raises Refused."""
    actor.require(Permission.CREDENTIALS_MANAGE)
    clock = clock or SystemClock()
    if anew or _row(tx, KeyRole.LEAF) is None:
        _begin_own(tx, vault, actor.account_id, KeyOrigin.MADE, clock, new_root=True)
    return _in_use(tx)


def bring_in(
    tx: Connection,
    vault: Vault,
    actor: Actor,
    chain: bytes,
    key: bytes,
    *,
    passphrase: bytes | None = None,
    clock: Clock | None = None,
) -> KeyFacts:
    """Take in certificates (PEM, the one that signs first, the root last) and the private key (PEM), and use them from
    now on. Raises Refused, ChainUnusable, KeyNotRead, PassphraseWrong."""
    actor.require(Permission.CREDENTIALS_MANAGE)
    clock = clock or SystemClock()
    found = certificates.chain_of(chain, now=clock.now())
    private = certificates.key_given(key, passphrase, found.leaf)
    _retire(tx, KeyRole.LEAF)
    _keep(tx, vault, KeyRole.LEAF, KeyOrigin.IMPORTED, found, private, actor.account_id, clock)
    return _in_use(tx)


def signing_key(database: Database, vault: Vault, *, clock: Clock | None = None) -> SigningKey:
    """The key to sign with now; it is made where there is none yet, and renewed near its end.

    Raises CredentialsExpired for one that was brought in and has ended, KeyMissing without the key-encryption key.
    """
    clock = clock or SystemClock()
    try:
        return _ready(database, vault, clock)
    except IntegrityError:  # somebody else made one at the same moment: it serves
        return _ready(database, vault, clock)


def known(tx: Connection) -> Sequence[KeyFacts]:
    """All keys that sign or signed, newest first."""
    query = sa.select(credential_key).where(credential_key.c.role == KeyRole.LEAF.value)
    return [
        _facts(row) for row in tx.execute(query.order_by(credential_key.c.made_at.desc(), credential_key.c.id.desc()))
    ]


def in_use(tx: Connection) -> KeyFacts | None:
    """The key that signs now, if there is one yet."""
    row = _row(tx, KeyRole.LEAF)
    return None if row is None else _facts(row)


def roots(tx: Connection) -> str:
    """The root certificates of all keys that sign or signed, PEM, newest first: what a reader has to trust."""
    return "".join(dict.fromkeys(one.root_pem for one in known(tx)))


def _in_use(tx: Connection) -> KeyFacts:
    found = in_use(tx)
    if found is None:
        raise CredentialsMissing()
    return found


def _ready(database: Database, vault: Vault, clock: Clock) -> SigningKey:
    now = clock.now()
    with database.read() as tx:
        row = _row(tx, KeyRole.LEAF)
        if row is not None and not is_near_its_end(row.not_after, now):
            return _opened(tx, vault, row)
    with database.write() as tx:
        row = _row(tx, KeyRole.LEAF)
        if row is None:
            _begin_own(tx, vault, SYSTEM, KeyOrigin.MADE, clock, new_root=False)
        elif row.origin == KeyOrigin.IMPORTED.value:
            if now > row.not_after:
                raise CredentialsExpired(date=f"{row.not_after:%Y-%m-%d}")
        elif is_near_its_end(row.not_after, now):
            _begin_own(tx, vault, SYSTEM, KeyOrigin.RENEWED, clock, new_root=False)
        return _opened(tx, vault, _row(tx, KeyRole.LEAF))


def _begin_own(tx: Connection, vault: Vault, by: str, origin: KeyOrigin, clock: Clock, *, new_root: bool) -> None:
    """A new key that signs, under the root that is in use while that lasts."""
    name, now = tx.scalar(sa.select(agency.c.name)) or "", clock.now()
    row = None if new_root else _row(tx, KeyRole.ROOT)
    if row is not None and is_near_its_end(row.not_after, now):
        row = None
    if row is None:
        root, root_key = certificates.make_root(name, now)
        _retire(tx, KeyRole.ROOT)
        _keep(tx, vault, KeyRole.ROOT, origin, root, root_key, by, clock)
    else:
        root, root_key = certificates.chain_of(row.chain), _private(tx, vault, row)
    leaf, key = certificates.make_leaf(name, root, root_key, now)
    _retire(tx, KeyRole.LEAF)
    _keep(tx, vault, KeyRole.LEAF, origin, leaf, key, by, clock)


def _keep(
    tx: Connection,
    vault: Vault,
    role: KeyRole,
    origin: KeyOrigin,
    chain: Chain,
    key: PrivateKey,
    by: str,
    clock: Clock,
) -> None:
    key_id, secret_id = new_id(), vault.keep_secret(tx)
    own, root = certificates.fingerprint(chain.leaf), certificates.fingerprint(chain.root)
    algorithm = certificates.algorithm_of(chain.leaf.public_key())
    sealed = seal_bytes(vault.open_secret(tx, secret_id), _context(key_id), certificates.key_bytes(key))
    values = {
        "id": key_id,
        "role": role.value,
        "origin": origin.value,
        "in_use": role.value,
        "chain": chain.pem,
        "fingerprint": own,
        "root_fingerprint": root,
        "algorithm": algorithm.value,
        "not_before": chain.leaf.not_valid_before_utc,
        "not_after": chain.leaf.not_valid_after_utc,
        "secret_id": secret_id,
        "sealed_key": sealed,
        "made_by": by,
        "made_at": clock.now(),
    }
    tx.execute(credential_key.insert().values(values))
    details = {
        "key": key_id,
        "role": role.value,
        "origin": origin.value,
        "fingerprint": own.hex(),
        "root_fingerprint": root.hex(),
        "algorithm": algorithm.value,
        "not_after": iso(chain.leaf.not_valid_after_utc),
    }
    append(tx, Event.CREDENTIALS_MADE, actor=by, details=details, clock=clock)


def _retire(tx: Connection, role: KeyRole) -> None:
    tx.execute(credential_key.update().where(credential_key.c.in_use == role.value).values(in_use=None))


def _row(tx: Connection, role: KeyRole) -> Any:
    return tx.execute(sa.select(credential_key).where(credential_key.c.in_use == role.value)).first()


def _opened(tx: Connection, vault: Vault, row: Any) -> SigningKey:
    chain = certificates.chain_of(row.chain)
    return SigningKey(row.id, Algorithm(row.algorithm), chain, _private(tx, vault, row))


def _private(tx: Connection, vault: Vault, row: Any) -> PrivateKey:
    secret = vault.open_secret(tx, row.secret_id)
    return certificates.key_from(open_bytes(secret, _context(row.id), row.sealed_key))


def _context(key_id: str) -> bytes:
    return b"candor/credential-key/v1\0" + key_id.encode()


def _facts(row: Any) -> KeyFacts:
    chain = certificates.chain_of(row.chain)
    return KeyFacts(
        id=row.id,
        origin=KeyOrigin(row.origin),
        in_use=row.in_use is not None,
        algorithm=Algorithm(row.algorithm),
        subject=chain.leaf.subject.rfc4514_string(),
        fingerprint=row.fingerprint.hex(),
        root_fingerprint=row.root_fingerprint.hex(),
        not_before=row.not_before,
        not_after=row.not_after,
        made_at=row.made_at,
        pem=chain.pem,
        root_pem=chain.root_pem,
    )
