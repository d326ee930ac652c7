"""Connections of Axis camera systems: the connection file, its keys, and the tokens a system works with.

A connection is a dock with one or more credentials. With encryption there is an RSA key pair as well: the camera
system gets the public key, and the private one is kept sealed under a secret of the vault, so that whoever has the
database alone, or a backup of it, opens no clip with it.

Source of the connection file: Axis body worn integration API, "Connection API".
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlalchemy.engine import Connection as Transaction

from candor import __version__
from candor.core.clock import Clock, SystemClock
from candor.core.ids import is_id, new_id
from candor.core.settings import Settings
from candor.custody import record as custody
from candor.custody.events import Event
from candor.docking import credentials
from candor.docking.axis.errors import (
    AxisTokenWrong,
    ConnectionEnded,
    ConnectionFileUnusable,
    ConnectionUnknown,
)
from candor.docking.axis.rules import CAPABILITIES
from candor.docking.axis.tables import axis_connection, axis_token
from candor.docking.credential_tables import dock_credential
from candor.docking.credentials import Credential
from candor.fleet import places
from candor.fleet.tables import dock as dock_table
from candor.people import service
from candor.people.rules import Actor, Permission
from candor.store import Vault
from candor.store.sealed_bytes import open_bytes, seal_bytes

__all__ = [
    "Bearer",
    "Connection",
    "actor_of",
    "address_of",
    "bearer_of",
    "connection",
    "connection_file",
    "connection_named",
    "connections",
    "issue_token",
    "new_connection",
    "private_key",
    "revoke_connection",
    "revoke_older_keys",
]

#: How long a token opens the door; a system asks for another one whenever it likes.
TOKEN_LIFE = timedelta(hours=12)
#: Bits of the agency's RSA key: as strong as AES-128 (NIST SP 800-57 part 1, table 2).
KEY_BITS = 3072
_LARGEST_FILE, _MOST_CERTIFICATES, _LARGEST_CERTIFICATE = 64 << 10, 10, 16 << 10


@dataclass(frozen=True)
class Connection:
    """A camera system's way in. `name` is its dock's; `encrypted`: clips come encrypted for the agency's key."""

    id: str
    dock_id: str
    name: str
    container_type: str
    public_key_id: str | None
    created_at: datetime
    revoked_at: datetime | None

    @property
    def encrypted(self) -> bool:
        """Whether the camera system is given a public key to encrypt with."""
        return self.public_key_id is not None


@dataclass(frozen=True)
class Bearer:
    """Who comes with a valid token. `actor` is how the custody log knows it."""

    connection: Connection
    actor: str


def new_connection(
    tx: Transaction,
    vault: Vault,
    actor: Actor,
    name: str,
    *,
    site_id: str | None = None,
    encrypted: bool = False,
    container_type: str = "mkv",
    clock: Clock | None = None,
) -> str:
    """Make a connection, its dock and, with `encrypted`, the agency's key pair; its id. `connection_file` then makes
    the file. Raises what `fleet.places.create_dock` raises; ConnectionFileUnusable for an unknown type of container."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    if container_type not in ("mkv", "mp4"):
        raise ConnectionFileUnusable(reason=f"“{container_type}” is no type of container; use mkv or mp4")
    dock_id = places.create_dock(tx, actor, name, kind="axis", site_id=site_id, clock=clock)
    made = new_id()
    values: dict[str, Any] = {
        "id": made,
        "dock_id": dock_id,
        "container_type": container_type,
        "capabilities": CAPABILITIES,
        "created_at": clock.now(),
        "created_by": actor.account_id,
    }
    if encrypted:
        values |= _new_key_pair(tx, vault, made)
    tx.execute(axis_connection.insert(), values)
    details = {
        "connection": made,
        "dock": dock_id,
        "container": container_type,
        "public_key": values.get("public_key_id"),
    }
    custody.append(tx, Event.AXIS_CONNECTION_CREATED, actor=actor.account_id, details=details, clock=clock)
    return made


def connection_file(
    tx: Transaction, actor: Actor, connection_id: str, *, settings: Settings, clock: Clock | None = None
) -> bytes:
    """The connection file, as JSON, with a new credential of the connection's dock in it.

    The credential is kept nowhere else and shown in no other way; older ones stay valid until they are revoked, so that
    the camera system goes on until the new file is loaded. Raises ConnectionUnknown, ConnectionEnded,
    ConnectionFileUnusable.
    """
    actor.require(Permission.DOCKS_MANAGE)
    found = connection(tx, connection_id)
    if found.revoked_at is not None:
        raise ConnectionEnded(name=found.name)
    agency = service.agency(tx)
    base, certificates = address_of(settings), _certificates(settings)
    if base.startswith("https:") and not certificates:
        raise ConnectionFileUnusable(
            reason="a camera system reaches https only with the certificate at hand; set CANDOR_DOCK_TLS_CERTIFICATE, "
            "also where a proxy in front holds the key"
        )
    user, key = credentials.new_credential(tx, actor, found.dock_id, clock=clock)
    document: dict[str, Any] = {
        "ConnectionFileVersion": "1.0",
        "SiteName": _cut(found.name, 64),
        "ApplicationName": _cut(f"Candor ({agency.name})" if agency else "Candor", 256),
        "ApplicationVersion": _cut(__version__, 64),
        "ContentDestinationAsNTPServer": False,
        "AuthenticationTokenURI": [f"{base}/auth/v1.0"],
        "BlobAPIKey": key,
        "BlobAPIUserName": user,
        "ContainerType": found.container_type,
        "FullStoreAndReadSupport": False,
        "WantEncryption": found.encrypted,
    }
    if certificates and base.startswith("https:"):
        document["HTTPSCertificate"] = certificates
    if found.encrypted:
        pem = tx.scalar(sa.select(axis_connection.c.public_key).where(axis_connection.c.id == connection_id))
        document |= {"PublicKey": _base64(str(pem).encode()), "PublicKeyId": found.public_key_id}
    made = json.dumps(document, ensure_ascii=False, indent=2).encode()
    if len(made) > _LARGEST_FILE:
        raise ConnectionFileUnusable(reason=f"it would have {len(made)} bytes, more than a camera system takes")
    return made


def address_of(settings: Settings) -> str:
    """The address under which camera systems reach the door, without a slash at its end. Raises
    ConnectionFileUnusable where that is not known."""
    if settings.dock_url:
        return settings.dock_url.rstrip("/")
    if not settings.dock_port:
        raise ConnectionFileUnusable(reason="the door has no port; set CANDOR_DOCK_PORT, or CANDOR_DOCK_URL")
    if settings.dock_host in ("0.0.0.0", "::"):
        raise ConnectionFileUnusable(reason="the door's name is not known; set CANDOR_DOCK_URL")
    host = f"[{settings.dock_host}]" if ":" in settings.dock_host else settings.dock_host
    scheme = "https" if settings.dock_tls_certificate and settings.dock_tls_key else "http"
    return f"{scheme}://{host}:{settings.dock_port}"


def connections(tx: Transaction, *, ended: bool = True) -> list[Connection]:
    """Connections by name; without `ended` only those that are open."""
    query = _query().order_by(dock_table.c.name_key)
    return [
        Connection(*row) for row in tx.execute(query if ended else query.where(axis_connection.c.revoked_at.is_(None)))
    ]


def connection(tx: Transaction, connection_id: str) -> Connection:
    """One of them; raises ConnectionUnknown."""
    row = tx.execute(_query().where(axis_connection.c.id == connection_id)).first()
    if row is None:
        raise ConnectionUnknown(name=connection_id)
    return Connection(*row)


def connection_named(tx: Transaction, name: str) -> Connection:
    """The connection of the dock with that name, or with that id; raises ConnectionUnknown."""
    dock = places.dock_named(tx, name)
    if dock is not None:
        row = tx.execute(_query().where(axis_connection.c.dock_id == dock.id)).first()
        if row is not None:
            return Connection(*row)
    if is_id(name):
        return connection(tx, name)
    raise ConnectionUnknown(name=name)


def revoke_connection(tx: Transaction, actor: Actor, connection_id: str, *, clock: Clock | None = None) -> bool:
    """End a connection now, for good: its credentials, its tokens, its dock. False when it was ended already."""
    actor.require(Permission.DOCKS_MANAGE)
    clock = clock or SystemClock()
    found = connection(tx, connection_id)
    live = sa.and_(axis_connection.c.id == connection_id, axis_connection.c.revoked_at.is_(None))
    if tx.execute(axis_connection.update().where(live).values(revoked_at=clock.now())).rowcount != 1:
        return False
    for one in credentials.credentials_of(tx, found.dock_id):
        credentials.revoke_credential(tx, actor, one.id, clock=clock)
    tx.execute(axis_token.delete().where(axis_token.c.connection_id == connection_id))
    details = {"connection": connection_id, "dock": found.dock_id}
    custody.append(tx, Event.AXIS_CONNECTION_REVOKED, actor=actor.account_id, details=details, clock=clock)
    places.close_dock(tx, actor, found.dock_id, clock=clock)
    return True


def revoke_older_keys(tx: Transaction, actor: Actor, connection_id: str, *, clock: Clock | None = None) -> int:
    """End every credential of a connection but the newest, with what was given out on it; how many it was."""
    actor.require(Permission.DOCKS_MANAGE)
    live = [one for one in credentials.credentials_of(tx, connection(tx, connection_id).dock_id) if not one.revoked_at]
    for one in live[1:]:
        credentials.revoke_credential(tx, actor, one.id, clock=clock)
        tx.execute(axis_token.delete().where(axis_token.c.credential_id == one.id))
    return len(live[1:])


def private_key(
    tx: Transaction, vault: Vault, connection_id: str, public_key_id: str | None = None
) -> rsa.RSAPrivateKey | None:
    """The agency's key that clips of this connection are encrypted for; None where they are not.

    `public_key_id`: what a clip's own key says that it was made for. A camera may still hold clips that it encrypted
    before it was given another connection file: where the agency has that key, of whatever connection, it is that one.
    """
    columns = (axis_connection.c.id, axis_connection.c.private_key, axis_connection.c.private_key_secret)
    query = sa.select(*columns).where(axis_connection.c.private_key.is_not(None))
    row = tx.execute(query.where(axis_connection.c.public_key_id == public_key_id)).first() if public_key_id else None
    row = row or tx.execute(query.where(axis_connection.c.id == connection_id)).first()
    if row is None:
        return None
    opened = open_bytes(vault.open_secret(tx, row.private_key_secret), _context(row.id), row.private_key)
    key = serialization.load_der_private_key(opened, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


# -- tokens


def issue_token(tx: Transaction, found: Credential, *, clock: Clock | None = None) -> tuple[str, Connection]:
    """A token for whoever came with this credential, and the connection it opens. A connection may have many.
    Raises AxisTokenWrong when the credential is no camera system's, or its connection was ended."""
    clock = clock or SystemClock()
    row = tx.execute(_query().where(axis_connection.c.dock_id == found.dock_id)).first()
    if row is None or row.revoked_at is not None:
        raise AxisTokenWrong()
    text, now = secrets.token_urlsafe(32), clock.now()
    tx.execute(axis_token.delete().where(axis_token.c.ends_at < now))
    values = {"token_hash": _hash(text), "connection_id": row.id, "credential_id": found.id, "created_at": now}
    tx.execute(axis_token.insert(), {**values, "ends_at": now + TOKEN_LIFE})
    return text, Connection(*row)


def bearer_of(tx: Transaction, token: str, account: str, *, clock: Clock | None = None) -> Bearer:
    """Who comes with this token to this account of the storage URL. Raises AxisTokenWrong, for every reason alike."""
    now = (clock or SystemClock()).now()
    query = (
        _query()
        .add_columns(axis_token.c.ends_at, dock_credential.c.revoked_at.label("credential_revoked_at"))
        .add_columns(dock_table.c.closed_at)
        .join(axis_token, axis_token.c.connection_id == axis_connection.c.id)
        .join(dock_credential, dock_credential.c.id == axis_token.c.credential_id)
        .where(axis_token.c.token_hash == _hash(token))
    )
    row = tx.execute(query).first() if token else None
    if row is None or row.ends_at <= now or row.id != account:
        raise AxisTokenWrong()
    if row.revoked_at or row.credential_revoked_at or row.closed_at:
        raise AxisTokenWrong()
    found = Connection(*row[:7])
    return Bearer(found, actor_of(found))


def actor_of(found: Connection) -> str:
    """Who acts where a camera system does."""
    return f"system:dock-{found.dock_id}"


def _new_key_pair(tx: Transaction, vault: Vault, connection_id: str) -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    secret_id = vault.keep_secret(tx)
    return {
        "public_key": public.decode(),
        "public_key_id": f"candor-{hashlib.sha256(public).hexdigest()[:16]}",
        "private_key": seal_bytes(vault.open_secret(tx, secret_id), _context(connection_id), der),
        "private_key_secret": secret_id,
    }


def _certificates(settings: Settings) -> list[str]:
    """The door's certificates as the connection file holds them: base64 of each one's PEM."""
    if settings.dock_tls_certificate is None:
        return []
    try:
        found = x509.load_pem_x509_certificates(settings.dock_tls_certificate.read_bytes())
    except (OSError, ValueError) as error:
        reason = f"the certificate in {settings.dock_tls_certificate} cannot be read: {error}"
        raise ConnectionFileUnusable(reason=reason) from error
    made = [_base64(one.public_bytes(serialization.Encoding.PEM)) for one in found]
    if len(made) > _MOST_CERTIFICATES or any(len(one) > _LARGEST_CERTIFICATE for one in made):
        raise ConnectionFileUnusable(reason="there are more than 10 certificates, or one has more than 16 kB")
    return made


def _query() -> sa.Select[Any]:
    return sa.select(
        axis_connection.c.id,
        axis_connection.c.dock_id,
        dock_table.c.name,
        axis_connection.c.container_type,
        axis_connection.c.public_key_id,
        axis_connection.c.created_at,
        axis_connection.c.revoked_at,
    ).join(dock_table, dock_table.c.id == axis_connection.c.dock_id)


def _context(connection_id: str) -> bytes:
    return b"candor/axis-private-key/v1\0" + connection_id.encode()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _cut(text: str, longest: int) -> str:
    return text.encode()[:longest].decode("utf-8", "ignore")
