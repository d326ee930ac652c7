"""The dialogue with the mail server: TLS, sign-in, refusals, silence; each said in plain words."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.notices.post_office import PostOffice, certificate

from candor.core.errors import SettingsWrong
from candor.core.mail_server import MailServer, Transport
from candor.core.settings import Settings
from candor.notices import mails, smtp
from candor.notices.mails import Envelope
from candor.notices.smtp import Outcome, Result

SENDER, RECIPIENT = "candor@troop.example", "chief@troop.example"


def _send(url: str, authority: Path | None = None) -> Outcome:
    envelope = Envelope(SENDER, RECIPIENT, "<1@troop.example>", None, datetime.now(UTC), None)
    mail = mails.test_mail(envelope)
    return smtp.send(MailServer.parse(url), mail, sender=SENDER, recipient=RECIPIENT, authority=authority)


@contextmanager
def _open(office: PostOffice) -> Iterator[PostOffice]:
    try:
        yield office.open()
    finally:
        office.close()


def test_plain() -> None:
    with _open(PostOffice()) as office:
        outcome = _send(f"smtp://127.0.0.1:{office.port}")
        assert (outcome.result, outcome.code) == (Result.TAKEN, 250)
        assert outcome.sentence == "Handing over the mail: 250 taken."
        assert "Mail from Candor reaches you." in office.letters[0].text


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_encrypted_and_signed_in(tmp_path: Path, scheme: str) -> None:
    authority, context = certificate(tmp_path)
    office = PostOffice(tls=context, at_once=scheme == "smtps", users={"can:dor": "p@ss/word"})
    if scheme == "smtps":
        office.users = {}  # the test server offers no sign-in on a connection that is TLS from the first byte
    with _open(office):
        user = "" if scheme == "smtps" else "can%3Ador:p%40ss%2Fword@"
        outcome = _send(f"{scheme}://{user}127.0.0.1:{office.port}", authority)
        assert outcome.result is Result.TAKEN, outcome
        (letter,) = office.letters
        assert letter.encrypted
        assert letter.user == ("can:dor" if user else None)


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, scheme: str) -> None:
    _, context = certificate(tmp_path / "one")
    other, _ = certificate(tmp_path / "two")
    with _open(PostOffice(tls=context, at_once=scheme == "smtps")) as office:
        for authority in (None, other):
            outcome = _send(f"{scheme}://127.0.0.1:{office.port}", authority)
            assert outcome.result is Result.AWAY
            assert "the certificate is not believed" in outcome.sentence
        assert office.letters == []


def test_a_certificate_for_another_host(tmp_path: Path) -> None:
    authority, context = certificate(tmp_path, address="127.0.0.9")
    with _open(PostOffice(tls=context)) as office:
        outcome = _send(f"smtp+starttls://127.0.0.1:{office.port}", authority)
        assert outcome.result is Result.AWAY
        assert "not valid for '127.0.0.1'" in outcome.sentence


def test_starttls_that_is_not_offered_ends_it() -> None:
    with _open(PostOffice()) as office:
        outcome = _send(f"smtp+starttls://127.0.0.1:{office.port}")
        assert (outcome.result, outcome.step) == (Result.AWAY, "Securing the connection")
        assert "STARTTLS extension not supported" in outcome.sentence
        assert office.letters == []


def test_a_wrong_password_loses_no_mail(tmp_path: Path) -> None:
    authority, context = certificate(tmp_path)
    with _open(PostOffice(tls=context, users={"candor": "right"})) as office:
        outcome = _send(f"smtp+starttls://candor:wrong@127.0.0.1:{office.port}", authority)
        assert (outcome.result, outcome.code) == (Result.AWAY, 535)
        assert "wrong" not in outcome.sentence


@pytest.mark.parametrize(
    ("step", "answer", "result"),
    [
        ("RCPT", "450 later", Result.LATER),
        ("RCPT", "550 no such mailbox", Result.REFUSED),
        ("RCPT", "421 going down", Result.AWAY),
        ("DATA", "452 full", Result.LATER),
        ("DATA", "554 no", Result.REFUSED),
    ],
)
def test_answers(step: str, answer: str, result: Result) -> None:
    with _open(PostOffice(answers={step: answer})) as office:
        outcome = _send(f"smtp://127.0.0.1:{office.port}")
        assert (outcome.result, outcome.code) == (result, int(answer[:3]))
        assert outcome.words == answer[4:]


@contextmanager
def _speaker(*lines: bytes) -> Iterator[int]:
    """A server that says these lines and then nothing, whatever it hears."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        done = threading.Event()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                for line in lines:
                    connection.sendall(line)
                done.wait(20)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        done.set()
        thread.join(20)


def test_silence_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "ANSWER", 0.3)
    with _speaker() as port:
        outcome = _send(f"smtp://127.0.0.1:{port}")
    assert outcome.result is Result.AWAY
    assert "did not answer in time" in outcome.sentence


def test_an_endless_greeting_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "DIALOGUE", 0.5)
    with _speaker(b"220-", *[b"x" * 50 + b"\r\n220-"] * 20) as port:
        outcome = _send(f"smtp://127.0.0.1:{port}")
    assert outcome.result is Result.AWAY


@pytest.mark.parametrize("said", [b"\xff\xfe\x00 nonsense\r\n", b"554 go away\r\n", b"999 what\r\n", b"\r\n"])
def test_nonsense_is_no_fault_of_ours(said: bytes) -> None:
    with _speaker(said) as port:
        outcome = _send(f"smtp://127.0.0.1:{port}")
    assert outcome.result is Result.AWAY
    assert outcome.sentence.isprintable()


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = _send(f"smtp://127.0.0.1:{port}")
    assert outcome.sentence == f"Connecting: nothing answers there (127.0.0.1:{port})."


# -- the address of the server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer(Transport.PLAIN, "mail.example", 25)),
        ("smtps://mail.example", MailServer(Transport.TLS, "mail.example", 465)),
        ("smtp+starttls://u:p@mail.example", MailServer(Transport.STARTTLS, "mail.example", 587, "u", "p")),
        ("smtp+starttls://u%40d:p%3A%2F@[::1]:25/", MailServer(Transport.STARTTLS, "::1", 25, "u@d", "p:/")),
        ("smtp://u:p@localhost:2525", MailServer(Transport.PLAIN, "localhost", 2525, "u", "p")),
    ],
)
def test_server_urls(url: str, server: MailServer) -> None:
    assert MailServer.parse(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example",
        "mail.example",
        "smtp://",
        "smtp://mail.example/path",
        "smtp://mail.example?x=1",
        "smtp://mail.example:no",
        "smtp://mail.example:99999",
        "smtps://user@mail.example",
        "smtps://:hunter2@mail.example",
        "smtp://user:hunter2@mail.example",
    ],
)
def test_server_urls_that_cannot_be(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        Settings.load(home=tmp_path, smtp_url=url, mail_from=SENDER)
    assert "CANDOR_SMTP_URL" in str(wrong.value)
    assert "hunter2" not in str(wrong.value)


def test_settings_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="CANDOR_MAIL_FROM"):
        Settings.load(home=tmp_path, smtp_url="smtp://mail.example")
    with pytest.raises(SettingsWrong, match="CANDOR_MAIL_FROM"):
        Settings.load(home=tmp_path, mail_from="Candor <candor@troop.example>")
    with pytest.raises(SettingsWrong, match="CANDOR_ALERT_MAIL"):
        Settings.load(home=tmp_path, alert_mail="a@b.example, nobody")
    assert Settings.load(home=tmp_path, alert_mail="a@b.example, c@d.example").alert_mail == "a@b.example,c@d.example"


def test_the_password_is_in_no_repr() -> None:
    assert "hunter2" not in repr(MailServer.parse("smtps://user:hunter2@mail.example"))
