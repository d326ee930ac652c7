"""Certificates that sign content credentials: making an agency's own, and judging what it brings in.

The form is that of C2PA Technical Specification 2.2, section 14.5.1: X.509 v3, key usage digitalSignature (critical),
an extended key usage of the list, identifiers of subject and authority, an organisation's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from candor.disclosure.credentials.errors import ChainUnusable, KeyNotRead, PassphraseWrong
from candor.disclosure.credentials.rules import LEAF_DAYS, ROOT_DAYS, Algorithm

__all__ = [
    "PURPOSES",
    "Chain",
    "PrivateKey",
    "algorithm_of",
    "chain_of",
    "fingerprint",
    "key_bytes",
    "key_from",
    "key_given",
    "make_leaf",
    "make_root",
    "sign",
]

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_C2PA: Final = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
PURPOSES: Final = (ExtendedKeyUsageOID.EMAIL_PROTECTION, ObjectIdentifier("1.3.6.1.5.5.7.3.36"), _C2PA)
"""Extended key usages of which a certificate must have one: e-mail protection, document signing, C2PA."""

_LONGEST_NAME: Final = 64  # ub-organization-name, ub-common-name: RFC 5280, appendix A.1
_LARGEST: Final = 256 << 10  # bytes of a file with certificates
_MOST: Final = 10  # certificates in a chain
_CURVES: Final = {
    "secp256r1": (Algorithm.ES256, hashes.SHA256(), 32),
    "secp384r1": (Algorithm.ES384, hashes.SHA384(), 48),
}


@dataclass(frozen=True)
class Chain:
    """Certificates, the one that signs first, the one that is trusted last."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        return self.certificates[0]

    @property
    def root(self) -> x509.Certificate:
        return self.certificates[-1]

    @property
    def pem(self) -> str:
        """All of them."""
        return "".join(_pem(one) for one in self.certificates)

    @property
    def root_pem(self) -> str:
        """What is handed out, for others to trust."""
        return _pem(self.root)


def make_root(agency: str, now: datetime) -> tuple[Chain, PrivateKey]:
    """A root of an agency's own, P-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(agency, "Candor content credentials root")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    made = (
        _builder(name, name, key.public_key(), key.public_key(), now, ROOT_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Chain((made,)), key


def make_leaf(agency: str, root: Chain, root_key: PrivateKey, now: datetime) -> tuple[Chain, PrivateKey]:
    """A certificate that signs credentials, P-256, ending no later than its root."""
    key = ec.generate_private_key(ec.SECP256R1())
    days = min(LEAF_DAYS, (root.root.not_valid_after_utc - now).days)
    made = (
        _builder(
            _name(agency, "Candor content credentials"),
            root.leaf.subject,
            key.public_key(),
            root_key.public_key(),
            now,
            days,
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return Chain((made, *root.certificates)), key


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    issuers: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks of those who check may be behind
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuers), critical=False)
    )


def _name(agency: str, what: str) -> x509.Name:
    organisation = " ".join(agency.split())[:_LONGEST_NAME].strip() or "(no agency named)"
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, what)]
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def chain_of(pem: bytes | str, *, now: datetime | None = None) -> Chain:
    """The chain in a PEM file, judged where `now` is given: who signs first, each signed by the next, in their time and
    for this purpose. Raises ChainUnusable."""
    data = pem.encode() if isinstance(pem, str) else pem
    if len(data) > _LARGEST:
        raise ChainUnusable(reason="the file is too large to be a chain of certificates")
    try:
        found = tuple(x509.load_pem_x509_certificates(data))
    except ValueError as error:
        raise ChainUnusable(reason="they cannot be read; they must be in PEM form, the one that signs first") from error
    if len(found) > _MOST:
        raise ChainUnusable(reason=f"there are {len(found)} of them; a chain has at most {_MOST}")
    chain = Chain(found)
    if now is not None:
        _judge(chain, now)
    return chain


def _judge(chain: Chain, now: datetime) -> None:
    if len(chain.certificates) < 2:
        raise ChainUnusable(reason="there is one alone; the one that signs must be followed by who issued it")
    for one, issuer in zip(chain.certificates, chain.certificates[1:], strict=False):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as error:
            reason = f"“{_words(one)}” is not issued by “{_words(issuer)}”, which follows it"
            raise ChainUnusable(reason=reason) from error
    for one in chain.certificates:
        if not one.not_valid_before_utc <= now <= one.not_valid_after_utc:
            span = f"{one.not_valid_before_utc:%Y-%m-%d} to {one.not_valid_after_utc:%Y-%m-%d}"
            raise ChainUnusable(reason=f"“{_words(one)}” is valid from {span}, and not today")
    _judge_leaf(chain.leaf)


def _judge_leaf(leaf: x509.Certificate) -> None:
    algorithm_of(leaf.public_key())
    try:
        basic = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        basic = None
    if basic is not None and basic.ca:
        raise ChainUnusable(reason="the first one is an authority's; it must be one that signs content")
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound as error:
        reason = f"the first one lacks an extension that C2PA asks for ({error.oid.dotted_string})"
        raise ChainUnusable(reason=reason) from error
    if not usage.digital_signature:
        raise ChainUnusable(reason="the first one is not for digital signatures")
    if not any(one in PURPOSES for one in purposes):
        reason = "the first one is not for e-mail protection, document signing or C2PA, and one of these is needed"
        raise ChainUnusable(reason=reason)
    if not leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME):
        raise ChainUnusable(reason="the first one names no organisation")


def algorithm_of(public: object) -> Algorithm:
    """How a key signs. Raises ChainUnusable for one that C2PA does not know or this program does not take."""
    if isinstance(public, ed25519.Ed25519PublicKey):
        return Algorithm.ED25519
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVES:
        return _CURVES[public.curve.name][0]
    raise ChainUnusable(reason="the key is none of P-256, P-384 and Ed25519")


def key_given(data: bytes, passphrase: bytes | None, leaf: x509.Certificate) -> PrivateKey:
    """The private key in a PEM file, which must be the certificate's. Raises KeyNotRead, PassphraseWrong."""
    try:
        key = serialization.load_pem_private_key(data, passphrase or None)
    except TypeError as error:
        if passphrase:
            raise KeyNotRead(reason="it has no passphrase, and one was given") from error
        raise PassphraseWrong() from error
    except ValueError as error:
        if passphrase:
            raise PassphraseWrong() from error
        raise KeyNotRead(reason="it is no private key in PEM form") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise KeyNotRead(reason="it is none of P-256, P-384 and Ed25519")
    if key.public_key() != leaf.public_key():
        raise KeyNotRead(reason="it is not the key of the first certificate")
    return key


def key_bytes(key: PrivateKey) -> bytes:
    """PKCS #8 in DER, not encrypted: to be sealed at once."""
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.DER, form, none)


def key_from(data: bytes) -> PrivateKey:
    """The inverse of `key_bytes`."""
    key = serialization.load_der_private_key(data, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise TypeError("a key of another kind than is kept here")
    return key


def sign(key: PrivateKey, data: bytes) -> bytes:
    """A signature as COSE has it (RFC 9053, section 2.1): of an elliptic curve, r and s one after the other."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    _, digest, width = _CURVES[key.curve.name]
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def fingerprint(certificate: x509.Certificate) -> bytes:
    """SHA-256 of the certificate in DER."""
    return certificate.fingerprint(hashes.SHA256())


def _pem(one: x509.Certificate) -> str:
    return one.public_bytes(serialization.Encoding.PEM).decode()


def _words(one: x509.Certificate) -> str:
    return one.subject.rfc4514_string()[:120]
