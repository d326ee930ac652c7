"""The program's own log: its form, what is bound to its lines, and that no secret gets into it."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.core import logs
from candor.core.logs import Redactor, secrets_of
from candor.core.settings import Settings

Read = Callable[[], list[str]]


@pytest.fixture
def restored() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    before = root.level, list(root.handlers), logging.getLogger(logs.ACCESS).level
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    logging.getLogger(logs.ACCESS).setLevel(before[2])


@pytest.fixture
def lines(restored: None, capfd: pytest.CaptureFixture[str]) -> Read:
    """What was written to standard error since the last call."""
    return lambda: [line for line in capfd.readouterr().err.splitlines() if line]


SECRET = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=8, max_size=40).filter(
    lambda text: text.strip() == text and "[redacted]" not in text and text not in "[redacted]"
)


@given(SECRET, st.text(max_size=30), st.text(max_size=30))
def test_a_known_secret_is_in_no_line(secret: str, before: str, after: str) -> None:
    cleaned = Redactor([secret]).clean(f"{before} {secret} {after}")
    # What stands beside it may hold it too, or make it up together with the word put in its place.
    assert secret not in cleaned.replace("[redacted]", "")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("{'authorization': 'Basic Y2hpZWY6cXVpZXQ='}", "Y2hpZWY6cXVpZXQ="),
        ("cookie: candor=AAAA-tokentoken; theme=dark", "AAAA-tokentoken"),
        ("Set-Cookie: __Host-candor=ZZZZtokentoken; Path=/", "ZZZZtokentoken"),
        ("(b'cookie', b'candor=AAAA-tokentoken')", "AAAA-tokentoken"),
        ("postgresql+psycopg://candor:quiet%20secret@db/candor", "quiet%20secret"),
        ("smtp://user:hunter22@mail.example:587 does not answer", "hunter22"),
        ("password='four unrelated quiet words' was wrong", "unrelated"),
        ('{"password": "four unrelated quiet words"}', "unrelated"),
        ("csrf=9f8e7d6c5b4a", "9f8e7d6c5b4a"),
        ("aws_secret_access_key=abc/def+ghi", "abc/def+ghi"),
        ("the token cnd_01a2b3_S3cretS3cret was used", "S3cretS3cret"),
        ("AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQ", "QQQQ"),
        ("x-csrf-token: 77aa88bb", "77aa88bb"),
    ],
)
def test_what_looks_like_a_credential_goes(text: str, gone: str) -> None:
    cleaned = Redactor().clean(text)
    assert gone not in cleaned
    assert "[redacted]" in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "GET /recordings/{recording_id} 200",
        "the witness w.example/w does not answer (connection refused)",
        "job 01a2b3c4 (footage.renditions@1): LimitedCrashed",
        "The key of epoch 1 is missing; it opens 12 objects.",
        "http://127.0.0.1:8642/log/checkpoint",
    ],
)
def test_plain_words_stay(text: str) -> None:
    assert Redactor(["quiet secret"]).clean(text) == text


def test_the_secrets_of_the_settings(tmp_path: Path) -> None:
    settings = Settings.load(
        home=tmp_path / "h",
        database_url="postgresql://candor:pa%2Fss@db/candor",
        s3_secret_key="S3KEYS3KEY",
        metrics_token="metrics-token-123",
        smtp_url="smtps://u:mailword@mail.example:465",
        mail_from="a@b.example",
        password_list=tmp_path / "list.txt",
    )
    found = secrets_of(settings)
    assert {"pa%2Fss", "pa/ss", "S3KEYS3KEY", "metrics-token-123", "mailword"} <= found
    assert str(tmp_path / "list.txt") not in found
    assert not any("example" in one for one in found)


def test_json_lines_with_what_is_bound(lines: Read, tmp_path: Path) -> None:
    logs.set_up(Settings.load(home=tmp_path / "h", log_format="json", s3_secret_key="S3KEYS3KEY"))
    actor: list[str | None] = [None]
    with logs.bound(request="r-1", actor=lambda: actor[0]):
        logging.getLogger("candor.x").warning("the store %s failed", "S3KEYS3KEY")
        actor[0] = "a-1"
        with logs.bound(job="j-1"):
            try:
                raise ValueError("with S3KEYS3KEY inside")
            except ValueError:
                logging.getLogger("candor.x").exception("it broke")
        logging.getLogger(logs.ACCESS).info("GET / 200", extra={"fields": {"status": 200, "ms": 1.5}})
    logging.getLogger("candor.x").info("too quiet to be written")
    first, second, third = (json.loads(line) for line in lines())
    assert list(first) == ["time", "level", "logger", "message", "request"]
    assert first["message"] == "the store [redacted] failed"
    assert (second["request"], second["actor"], second["job"]) == ("r-1", "a-1", "j-1")
    assert "ValueError: with [redacted] inside" in second["trace"]
    assert (third["status"], third["ms"], third["level"]) == (200, 1.5, "info")
    assert first["time"].endswith("Z")


def test_text_lines_and_verbosity(lines: Read, tmp_path: Path) -> None:
    logs.set_up(Settings.load(home=tmp_path / "h"))
    with logs.bound(job="j-1"):
        logging.getLogger("candor.x").warning("password=abcdef")
    logging.getLogger(logs.ACCESS).info("GET / 200")
    (line,) = lines()
    assert line.endswith("WARNING candor.x: password=[redacted] [job=j-1]")
    logs.set_up(None, verbose=True)
    logging.getLogger("candor.x").info("said")
    (line,) = lines()
    assert line.endswith("INFO candor.x: said")


def test_what_a_thread_binds_stays_its_own(lines: Read, tmp_path: Path) -> None:
    logs.set_up(Settings.load(home=tmp_path / "h", log_format="json"))

    def work(name: str, ready: threading.Barrier) -> None:
        with logs.bound(job=name):
            ready.wait()
            logging.getLogger("candor.x").warning("%s", name)

    ready = threading.Barrier(4)
    threads = [threading.Thread(target=work, args=(f"j-{n}", ready)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    found = [json.loads(line) for line in lines()]
    assert len(found) == 4
    assert all(one["message"] == one["job"] for one in found)


def test_a_standard_error_that_is_replaced_is_followed(
    restored: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    logs.set_up(Settings.load(home=tmp_path / "h"))
    instead = io.StringIO()
    monkeypatch.setattr(sys, "stderr", instead)
    logging.getLogger("candor.x").error("here")
    assert "here" in instead.getvalue()
