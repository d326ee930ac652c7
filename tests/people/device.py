"""A passkey device in software: it makes key pairs and real signatures, as WebAuthn says, without a browser."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url


@dataclass
class Device:
    """One device with one key pair. `verifies`: it asks for a PIN; `count`: its signature counter, None: always 0."""

    origin: str
    verifies: bool = True
    count: int | None = 0
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def copy(self) -> Device:
        """A clone, as a thief would make it."""
        return Device(self.origin, self.verifies, self.count, self.credential_id, self.key)

    def register(self, options: str) -> str:
        """The answer to a question to register."""
        asked = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cose
        data = self._data(asked["rp"]["id"], 0x40) + attested
        return self._answer(
            {
                "clientDataJSON": bytes_to_base64url(self._client("webauthn.create", asked["challenge"])),
                "attestationObject": bytes_to_base64url(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
                "transports": ["internal"],
            }
        )

    def sign(self, options: str, **changed: Any) -> str:
        """The answer to a question to sign; `changed` spoils parts of it."""
        asked = json.loads(options)
        client = self._client("webauthn.get", changed.get("challenge", asked["challenge"]))
        data = self._data(changed.get("rp_id", asked["rpId"]), 0)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": bytes_to_base64url(client),
                "authenticatorData": bytes_to_base64url(data),
                "signature": bytes_to_base64url(_spoilt(signature) if changed.get("spoil") else signature),
            }
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        if self.count is not None:
            self.count += 1
        flags |= 0x01 | (0x04 if self.verifies else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + (self.count or 0).to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        base64url_to_bytes(challenge)
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        name = bytes_to_base64url(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _spoilt(signature: bytes) -> bytes:
    """Another one: its last byte is never what it was."""
    return signature[:-1] + bytes([signature[-1] ^ 1])
