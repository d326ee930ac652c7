"""Keys of content credentials: made, renewed, brought in, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.disclosure.conftest import Site
from tests.disclosure.credentials.films import film
from tests.disclosure.redacted_copies import leave_copy

from candor.core.clock import FixedClock
from candor.custody import Event
from candor.custody.record import recent
from candor.disclosure.credentials import certificates, keys, signing
from candor.disclosure.credentials.errors import ChainUnusable, CredentialsExpired, KeyNotRead, PassphraseWrong
from candor.disclosure.credentials.rules import KeyOrigin
from candor.disclosure.credentials.tables import credential_key
from candor.people.errors import Refused
from candor.people.rules import system_actor
from candor.people.tables import agency

OPERATOR = system_actor("cli-test")
NOW = datetime.now(UTC).replace(microsecond=0)


def pem(key: Any, passphrase: bytes | None = None) -> bytes:
    """A private key as somebody would bring it."""
    how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    data: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    return data


def chain(
    key: Any = None,
    *,
    organisation: str | None = "State Police",
    purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    signs: bool = True,
    ca: bool = False,
    begins: datetime = NOW - timedelta(days=1),
    ends: datetime = NOW + timedelta(days=400),
    others: bool = False,
) -> tuple[bytes, Any]:
    """A chain of two as an authority would issue it, and the key; with the faults asked for."""
    root, root_key = certificates.make_root("Authority", NOW)
    other_key = certificates.make_root("Another", NOW)[1] if others else root_key
    key = key or ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, "signer")]
    if organisation:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(root.leaf.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .add_extension(certificates._usage(digital_signature=signs, key_cert_sign=ca), critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    leaf = builder.sign(other_key, hashes.SHA256())
    return certificates.Chain((leaf, root.root)).pem.encode(), key


def bring_in(site: Site, given: bytes, key: bytes, passphrase: bytes | None = None) -> keys.KeyFacts:
    with site.database.write() as tx:
        return keys.bring_in(tx, site.vault, OPERATOR, given, key, passphrase=passphrase)


def test_made_once_and_put_on_record(site: Site) -> None:
    with site.database.write() as tx:
        tx.execute(agency.update().values(name="Connecticut  State Police, " + "x" * 80))
        made = keys.make(tx, site.vault, OPERATOR)
        assert keys.make(tx, site.vault, OPERATOR) == made
        told = [one.details for one in recent(tx, kinds=[Event.CREDENTIALS_MADE])]
        roots = keys.roots(tx)
    assert "O=Connecticut State Police" in made.subject.replace("\\", "")
    assert [one["role"] for one in told] == ["leaf", "root"]
    assert (told[0]["fingerprint"], told[0]["root_fingerprint"]) == (made.fingerprint, made.root_fingerprint)
    assert told[1]["fingerprint"] == made.root_fingerprint
    found = certificates.chain_of(made.pem, now=datetime.now(UTC))
    assert roots == found.root_pem
    assert timedelta(0) < found.leaf.not_valid_after_utc - NOW <= timedelta(days=731)
    key = keys.signing_key(site.database, site.vault)
    assert key.id == made.id
    assert "_key" not in repr(key)


def test_database_alone_gives_no_private_key(site: Site) -> None:
    with site.database.write() as tx:
        keys.make(tx, site.vault, OPERATOR)
        rows = tx.execute(sa.select(credential_key)).all()
    assert len(rows) == 2
    for row in rows:
        with pytest.raises(ValueError, match=r".*"):
            serialization.load_der_private_key(row.sealed_key, None)


def test_only_who_may(site: Site) -> None:
    with site.database.write() as tx, pytest.raises(Refused):
        keys.make(tx, site.vault, site.officer)
    given, key = chain()
    with site.database.write() as tx, pytest.raises(Refused):
        keys.bring_in(tx, site.vault, site.records, given, pem(key))


def test_anew_leaves_the_earlier_root_to_be_trusted(site: Site) -> None:
    with site.database.write() as tx:
        first = keys.make(tx, site.vault, OPERATOR)
        second = keys.make(tx, site.vault, OPERATOR, anew=True)
        assert [one.id for one in keys.known(tx)] == [second.id, first.id]
        assert [one.in_use for one in keys.known(tx)] == [True, False]
        assert keys.roots(tx) == second.root_pem + first.root_pem


def test_renewed_near_its_end_under_the_same_root(site: Site) -> None:
    clock = FixedClock(NOW)
    first = keys.signing_key(site.database, site.vault, clock=clock)
    assert keys.signing_key(site.database, site.vault, clock=clock).id == first.id
    later = FixedClock(NOW + timedelta(days=600))
    second = keys.signing_key(site.database, site.vault, clock=later)
    assert second.id != first.id
    assert second.chain.root == first.chain.root
    with site.database.read() as tx:
        assert [one.origin for one in keys.known(tx)] == [KeyOrigin.RENEWED, KeyOrigin.MADE]
    last = keys.signing_key(site.database, site.vault, clock=FixedClock(NOW + timedelta(days=20 * 365 - 100)))
    assert last.chain.root != first.chain.root


def test_two_first_releases_at_once_share_one_key(site: Site) -> None:
    found: list[str] = []
    start = threading.Barrier(2)

    def sign() -> None:
        start.wait(10)
        found.append(keys.signing_key(site.database, site.vault).id)

    threads = [threading.Thread(target=sign) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert len(found) == 2
    assert len(set(found)) == 1


@pytest.mark.parametrize("make", [lambda: ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate])
def test_brought_in_it_signs(site: Site, make: Callable[[], Any]) -> None:
    given, key = chain(make())
    made = bring_in(site, given, pem(key, b"secret"), b"secret")
    assert made.origin is KeyOrigin.IMPORTED
    recording = site.take(b"the original", worn=False)
    _, copy_id = leave_copy(site.database, site.vault, site.log, recording, film(), by=site.records.account_id)
    assert signing.sign_copy(site.vault, site.database, site.log, copy_id, title="RL").size > len(film())


@pytest.mark.parametrize("purpose", certificates.PURPOSES, ids=lambda one: one.dotted_string)
def test_every_purpose_signs(site: Site, purpose: x509.ObjectIdentifier) -> None:
    given, key = chain(purpose=purpose)
    bring_in(site, given, pem(key))
    recording = site.take(b"the original", worn=False)
    _, copy_id = leave_copy(site.database, site.vault, site.log, recording, film(), by=site.records.account_id)
    assert signing.sign_copy(site.vault, site.database, site.log, copy_id, title="RL").size > len(film())


def test_brought_in_and_ended_nothing_is_signed(site: Site) -> None:
    given, key = chain()
    bring_in(site, given, pem(key))
    near = FixedClock(NOW + timedelta(days=399))
    assert keys.signing_key(site.database, site.vault, clock=near).chain.leaf.subject
    with pytest.raises(CredentialsExpired, match="candor credentials import"):
        keys.signing_key(site.database, site.vault, clock=FixedClock(NOW + timedelta(days=401)))


BAD = {
    "no certificate": (lambda: (b"nothing", ec.generate_private_key(ec.SECP256R1())), "cannot be read"),
    "too large": (lambda: (b"x" * 300_000, ec.generate_private_key(ec.SECP256R1())), "too large"),
    "one alone": (lambda: _alone(), "one alone"),
    "of another issuer": (lambda: chain(others=True), "not issued by"),
    "ended": (lambda: chain(ends=NOW - timedelta(hours=1)), "not today"),
    "not begun": (lambda: chain(begins=NOW + timedelta(days=2)), "not today"),
    "an authority's": (lambda: chain(ca=True), "authority"),
    "not for signatures": (lambda: chain(signs=False), "not for digital signatures"),
    "for servers": (lambda: chain(purpose=ExtendedKeyUsageOID.SERVER_AUTH), "not for e-mail"),
    "for nothing": (lambda: chain(purpose=None), "lacks an extension"),
    "of nobody": (lambda: chain(organisation=None), "no organisation"),
    "RSA": (lambda: chain(rsa.generate_private_key(65537, 2048)), "none of P-256"),
}


def _alone() -> tuple[bytes, Any]:
    given, key = chain()
    return given[: given.index(b"-----END CERTIFICATE-----") + 26], key


@pytest.mark.parametrize("name", BAD)
def test_chains_that_cannot_be_used_are_refused(site: Site, name: str) -> None:
    make, why = BAD[name]
    given, key = make()
    with pytest.raises(ChainUnusable, match=why):
        bring_in(site, given, pem(key))
    with site.database.read() as tx:
        assert keys.in_use(tx) is None


def test_keys_that_cannot_be_used_are_refused(site: Site) -> None:
    given, key = chain()
    with pytest.raises(KeyNotRead, match="not the key of the first"):
        bring_in(site, given, pem(chain()[1]))
    with pytest.raises(KeyNotRead, match="no private key"):
        bring_in(site, given, b"nothing")
    with pytest.raises(KeyNotRead, match="none of P-256"):
        bring_in(site, given, pem(rsa.generate_private_key(65537, 2048)))
    with pytest.raises(KeyNotRead, match="has no passphrase"):
        bring_in(site, given, pem(key), b"secret")
    with pytest.raises(PassphraseWrong):
        bring_in(site, given, pem(key, b"secret"))
    with pytest.raises(PassphraseWrong):
        bring_in(site, given, pem(key, b"secret"), b"another")
