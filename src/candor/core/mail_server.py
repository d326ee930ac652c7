"""Where mail is handed over: the parts of CANDOR_SMTP_URL, and what is an e-mail address. Pure."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

#: An address as mail servers everywhere take it: ASCII, no quotes, no comments (a subset of RFC 5321 §4.1.2). Nothing
#: in it can end a header or a command.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
)
_LONGEST_ADDRESS, _LONGEST_LOCAL = 254, 64


class Transport(StrEnum):
    """How the connection is protected."""

    PLAIN = "smtp"  # not at all
    STARTTLS = "smtp+starttls"  # in clear for the greeting, then TLS or nothing
    TLS = "smtps"  # from the first byte


_PORTS = {Transport.PLAIN: 25, Transport.STARTTLS: 587, Transport.TLS: 465}


@dataclass(frozen=True)
class MailServer:
    """A mail server that takes our mails."""

    transport: Transport
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Host and port, without the secrets."""
        return f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> MailServer:
        """The parts of a URL; raises ValueError that says what is wrong, never with the password in it."""
        parts = urlsplit(url)
        if parts.scheme not in set(Transport):
            raise ValueError("it must begin with smtp://, smtp+starttls:// or smtps://")
        transport = Transport(parts.scheme)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("its port is not a number between 0 and 65535") from None
        if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("it must be user:password@host:port after the scheme, and nothing more")
        user = None if parts.username is None else unquote(parts.username)
        password = None if parts.password is None else unquote(parts.password)
        if (user is None) != (password is None) or user == "":
            raise ValueError("it must name both user and password, or neither")
        if user is not None and transport is Transport.PLAIN and not _is_this_machine(host):
            raise ValueError("a password would go to another machine in clear; use smtp+starttls:// or smtps://")
        return cls(transport, host, _PORTS[transport] if port is None else port, user, password)


def is_address(text: str) -> bool:
    """Whether the text is an e-mail address that can be used here: ASCII, at most 254 characters."""
    if len(text) > _LONGEST_ADDRESS or _ADDRESS.fullmatch(text) is None:
        return False
    return len(text.rpartition("@")[0]) <= _LONGEST_LOCAL


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
