"""Certificates that a file carries: who signed, and whether that leads to somebody the agency trusts.

Runs in a limited process: certificates from a file are hostile bytes like any other. Roots come from the agency's own
folder (setting device_trust). A chain is followed by issuer, signature, and whether the issuer may sign certificates
(RFC 5280, section 6.1, without policies and revocation: cameras have neither).
"""

from __future__ import annotations

import binascii
import hashlib
import importlib
import pkgutil
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import asymmetric, hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from candor.footage.media.claims import clean

# The library imports the module of a kind of key when a certificate first has one. In a limited process no file can be
# opened by then.
for _module in pkgutil.iter_modules(asymmetric.__path__, asymmetric.__name__ + "."):
    importlib.import_module(_module.name)
importlib.import_module("cryptography.hazmat.backends.openssl.backend")

_MOST_CERTIFICATES: Final = 8
_LARGEST: Final = 64 << 10  # bytes of a chain
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"


@dataclass(frozen=True)
class Signer:
    """The certificate that a signature is checked with, and those it came with. `pem`: as the file has them."""

    pem: bytes
    chain: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        """The signer's own."""
        return self.chain[0]

    def signed(self, signature: bytes, digest: bytes, algorithm: str) -> bool:
        """Whether the leaf's key made this signature of this hash. ECDSA, or RSA with PKCS #1 v1.5 padding."""
        try:
            key = self.leaf.public_key()
            hashed = Prehashed(_HASHES[algorithm])
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, digest, ec.ECDSA(hashed))
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, digest, padding.PKCS1v15(), hashed)
            else:
                return False
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True

    def to_json(self) -> dict[str, Any]:
        """{"sha256", "subject", "issuer", "serial", "not_before", "not_after", "chain": fingerprints of all}."""
        return described(self.leaf) | {"chain": [fingerprint(one) for one in self.chain]}


def fingerprint(certificate: x509.Certificate) -> str:
    """The certificate's SHA-256, in hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def described(certificate: x509.Certificate) -> dict[str, Any]:
    """What a certificate says of itself; names that cannot be read are left empty."""
    return {
        "sha256": fingerprint(certificate),
        "subject": _name(certificate, "subject"),
        "issuer": _name(certificate, "issuer"),
        "serial": format(certificate.serial_number, "x")[:64],
        "not_before": _moment(certificate.not_valid_before_utc),
        "not_after": _moment(certificate.not_valid_after_utc),
    }


def _moment(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _name(certificate: x509.Certificate, which: str) -> str:
    try:
        return clean(getattr(certificate, which).rfc4514_string(), 300)
    except ValueError:
        return ""


def ders_of(pem: bytes) -> list[bytes]:
    """The certificates of a PEM text as DER, in order; what is no base64 ends it."""
    found: list[bytes] = []
    begin = pem.find(_BEGIN)
    while begin >= 0 and len(found) < _MOST_CERTIFICATES:
        end = pem.find(_END, begin)
        if end < 0:
            break
        try:
            found.append(binascii.a2b_base64(pem[begin + len(_BEGIN) : end]))
        except binascii.Error:
            break
        begin = pem.find(_BEGIN, end)
    return found


def first_fingerprint(pem: bytes) -> str | None:
    """SHA-256 of the first certificate of a PEM text, without reading what is in it."""
    ders = ders_of(pem[:_LARGEST])
    return hashlib.sha256(ders[0]).hexdigest() if ders and ders[0] else None


def certificates_of(ders: list[bytes]) -> tuple[x509.Certificate, ...]:
    """Those that can be read, up to the first that cannot."""
    found: list[x509.Certificate] = []
    for der in ders[:_MOST_CERTIFICATES]:
        try:
            certificate = x509.load_der_x509_certificate(der)
            described(certificate)
        except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion, OverflowError):
            break
        found.append(certificate)
    return tuple(found)


def signer_of(pem: bytes) -> Signer | None:
    """The signer that a PEM chain names, its own certificate first; None when that cannot be read."""
    chain = certificates_of(ders_of(pem[:_LARGEST]))
    return Signer(pem, chain) if chain else None


def trust_of(chain: tuple[x509.Certificate, ...], roots: tuple[x509.Certificate, ...]) -> dict[str, Any]:
    """{"state": "trusted", "not-trusted" or "not-compared", "root": described or None} for a chain, its end first.

    "not-compared": the agency names no root. A chain may leave its root out, and hold certificates that are not
    needed.
    """
    if not roots:
        return {"state": "not-compared", "root": None}
    trusted = {fingerprint(root): root for root in roots}
    present = chain[0]
    for _ in range(_MOST_CERTIFICATES + 1):
        if fingerprint(present) in trusted:
            return {"state": "trusted", "root": described(present)}
        issuer = next((root for root in roots if _issued(present, root)), None)
        if issuer is not None:
            return {"state": "trusted", "root": described(issuer)}
        above = next((one for one in chain[1:] if one is not present and _issued(present, one)), None)
        if above is None:
            break
        present = above
    return {"state": "not-trusted", "root": None}


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        return bool(constraints.ca)
    except (InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound, TypeError, ValueError):
        return False
