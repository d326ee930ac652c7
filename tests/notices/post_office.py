"""A real mail server on loopback that keeps what it takes, and can be told to refuse, to defer, to vanish."""

from __future__ import annotations

import email
import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Letter:
    """One mail that the server took."""

    sender: str
    recipients: list[str]
    raw: bytes
    encrypted: bool
    user: str | None

    @property
    def mail(self) -> Message:
        return email.message_from_bytes(self.raw, policy=default)

    @property
    def text(self) -> str:
        payload: Any = self.mail
        return str(payload.get_content())


class _Controller(Controller):
    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@dataclass
class PostOffice:
    """The server. `answers`: by step (RCPT, DATA) what to say instead of taking it."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    at_once: bool = False  # TLS from the first byte, not by STARTTLS
    users: dict[str, str] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    before_answer: Callable[[], None] | None = None
    _controller: _Controller | None = None

    def open(self) -> PostOffice:
        """Begin to listen, on the same port as before when there was one."""
        more: dict[str, Any] = {"server_hostname": "mail.test.invalid"}
        if self.tls is not None:
            more |= {"ssl_context": self.tls} if self.at_once else {"tls_context": self.tls, "require_starttls": True}
        if self.users:
            more |= {"authenticator": self._authenticate, "auth_required": True}
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port, **more)
        self._controller.start()
        self.port = self._controller.port
        return self

    def close(self) -> None:
        """Vanish."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def texts(self) -> list[str]:
        return [letter.text for letter in self.letters]

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = self.users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=good, auth_data=data.login.decode(), handled=False)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" in self.answers:
            return self.answers["DATA"]
        encrypted = session.ssl is not None or self.at_once
        letter = Letter(envelope.mail_from, envelope.rcpt_tos, envelope.content, encrypted, session.auth_data)
        self.letters.append(letter)
        if self.before_answer is not None:
            self.before_answer()
        return "250 taken"


def certificate(folder: Path, *, address: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A certificate that signs itself, for an address: its PEM file, and the server's context with it."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test.invalid")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "mail.pem", folder / "mail-key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
