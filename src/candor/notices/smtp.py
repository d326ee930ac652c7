"""Handing one mail to the mail server, step by step, so that what went wrong can be said.

Every wait is bounded: each answer by ANSWER seconds, the whole dialogue by DIALOGUE. TLS certificates are verified
against the host's name; STARTTLS that the server does not offer ends the dialogue before anything is said.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from pathlib import Path

from candor.core.mail_server import MailServer, Transport
from candor.notices.mails import domain_of

ANSWER = 30.0
DIALOGUE = 120.0
_LONGEST_WORDS = 300


class Result(StrEnum):
    """How a dialogue ended."""

    TAKEN = "taken"  # the server has the mail
    LATER = "later"  # this mail not now (4xx)
    REFUSED = "refused"  # this mail never (5xx)
    AWAY = "away"  # the server itself, or how we are set up with it: no other mail would go either


@dataclass(frozen=True)
class Outcome:
    """How a dialogue ended, where, and in what words."""

    result: Result
    step: str
    words: str
    code: int | None = None

    @property
    def sentence(self) -> str:
        """For people: what the server did at which step."""
        answer = f"{self.code} {self.words}" if self.code else self.words
        return f"{self.step}: {answer}".rstrip(" .:") + "."


#: Steps, as people are told of them.
_CONNECT, _TLS, _GREETING, _SIGN_IN = "Connecting", "Securing the connection", "Greeting", "Signing in to the server"
_SENDER, _RECIPIENT, _CONTENT = "Naming the sender", "Naming the recipient", "Handing over the mail"


class _Ended(Exception):
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.sentence)


def send(
    server: MailServer, mail: EmailMessage, *, sender: str, recipient: str, authority: Path | None = None
) -> Outcome:
    """Hand over one mail; never raises for what the server or the network do.

    `authority`: PEM file with the certificate authority to be believed instead of the system's.
    """
    step = [_CONNECT]
    client: smtplib.SMTP | None = None
    watch: threading.Timer | None = None
    try:
        context = _context(authority)
        client = _client(server, sender, context)
        watch = threading.Timer(DIALOGUE, _cut, [client])
        watch.daemon = True
        watch.start()
        _expect(client.connect(server.host, server.port), _GREETING)
        return _dialogue(client, server, context, mail, sender, recipient, step)
    except _Ended as ended:
        return ended.outcome
    except ssl.SSLCertVerificationError as error:
        return Outcome(Result.AWAY, _TLS, f"the certificate is not believed: {error.verify_message}")
    except smtplib.SMTPNotSupportedError as error:
        return Outcome(Result.AWAY, step[0], _shown(str(error)))
    except smtplib.SMTPResponseException as error:
        return _answered(step[0], error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Outcome(Result.AWAY, step[0], _shown(f"{_said(error)} ({server.place})"))
    finally:
        if watch is not None:
            watch.cancel()
        if client is not None:
            _leave(client)


def _context(authority: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=None if authority is None else str(authority))


def _client(server: MailServer, sender: str, context: ssl.SSLContext) -> smtplib.SMTP:
    # A name of our own: the library would ask the network for one.
    name = domain_of(sender)
    if server.transport is Transport.TLS:
        client: smtplib.SMTP = smtplib.SMTP_SSL(timeout=ANSWER, context=context, local_hostname=name)
    else:
        client = smtplib.SMTP(timeout=ANSWER, local_hostname=name)
    client._host = server.host  # type: ignore[attr-defined]  # the name that the certificate is checked against
    return client


def _dialogue(
    client: smtplib.SMTP,
    server: MailServer,
    context: ssl.SSLContext,
    mail: EmailMessage,
    sender: str,
    recipient: str,
    step: list[str],
) -> Outcome:
    step[0] = _GREETING
    client.ehlo_or_helo_if_needed()
    if server.transport is Transport.STARTTLS:
        step[0] = _TLS
        _expect(client.starttls(context=context), _TLS)
        client.ehlo_or_helo_if_needed()
    if server.user is not None and server.password is not None:
        step[0] = _SIGN_IN
        client.login(server.user, server.password)
    step[0] = _SENDER
    _expect(client.mail(sender), _SENDER)
    step[0] = _RECIPIENT
    code, words = client.rcpt(recipient)
    if code // 100 != 2:
        return _answered(_RECIPIENT, code, words)
    step[0] = _CONTENT
    code, words = client.data(mail.as_bytes(policy=SMTP))
    return _answered(_CONTENT, code, words)


def _answered(step: str, code: int, words: bytes | str) -> Outcome:
    shown = _shown(words.decode("ascii", "replace") if isinstance(words, bytes) else words)
    if code // 100 == 2:
        return Outcome(Result.TAKEN, step, shown, code)
    if step not in (_RECIPIENT, _CONTENT) or code == 421 or code <= 0:
        # Said of us or of the server, not of this mail: it is for an administrator to mend, and no mail is lost by it.
        return Outcome(Result.AWAY, step, shown, max(code, 0) or None)
    return Outcome(Result.REFUSED if code // 100 == 5 else Result.LATER, step, shown, code)


def _expect(answer: tuple[int, bytes], step: str) -> None:
    code, words = answer
    if code // 100 != 2:
        raise _Ended(_answered(step, code, words))


def _cut(client: smtplib.SMTP) -> None:
    """End a dialogue that goes on for too long: whoever waits for an answer is woken."""
    sock = client.sock
    if isinstance(sock, socket.socket):
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _leave(client: smtplib.SMTP) -> None:
    """Say goodbye; what the server answers to that changes nothing about the mail."""
    try:
        if client.sock is not None:
            client.sock.settimeout(2)
            client.quit()
    except (smtplib.SMTPException, OSError, ValueError):
        pass
    finally:
        client.close()


def _said(error: Exception) -> str:
    # The library tells of a silence as of an end of the connection; what it was stands behind it.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "the server did not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nothing answers there"
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the server ended the connection"
    return str(error) or type(error).__name__


def _shown(words: str) -> str:
    """What a server says, fit to be kept and shown: one line, printable, not long."""
    plain = "".join(character if character.isprintable() else " " for character in words)
    return " ".join(plain.split())[:_LONGEST_WORDS]
