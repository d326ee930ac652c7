"""What the program says of itself while it runs: lines on standard error, as text for people or as JSON for programs.

Rules it keeps:

1. One line per occurrence. JSON lines (CANDOR_LOG_FORMAT=json) have `time` (RFC 3339, UTC), `level`, `logger` and
   `message`, and whatever is bound: `request`, `actor`, `job`; an exception's trace is in `trace`.
2. No secrets. Every line passes the redactor last, traces included: the secrets that the settings hold are known to it
   word for word, and what looks like a credential (Authorization, cookies, passwords, tokens, a password in a URL) goes
   by its form. What is not logged at all is better still: query strings, bodies and SQL parameters never come here.
3. Names of people do not belong here; an account is its id. The custody log, not this one, is the record of acts.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO
from urllib.parse import quote, unquote, urlsplit

from candor.core.clock import iso
from candor.core.settings import Settings

__all__ = ["ACCESS", "Redactor", "bound", "bound_now", "secrets_of", "set_up"]

#: The logger of one line per request.
ACCESS = "candor.access"
REDACTED = "[redacted]"

#: What is bound to the lines of the present request or job; a function is asked when the line is written.
Bound = Mapping[str, str | Callable[[], str | None]]
_bound: ContextVar[Bound | None] = ContextVar("candor_log_bound", default=None)

#: Names of settings whose whole value is a secret; a password inside a URL is found in any setting.
_SECRET_NAME = re.compile(r"secret|token|password(?!_list)|access_key|private")
#: Secrets shorter than this are not looked for word for word: replacing every "a" would hide the log, not the secret.
_SHORTEST = 4

#: Credentials by their form. What stands before is kept, so that a reader sees what was taken out.
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?i)((?:proxy-)?authorization|(?:set-)?cookie|x-csrf-token)(\\?[\"']?\s*[:=,]\s*)(?!\[redacted)[^\r\n]+"
        ),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=_.~-]{6,}"), rf"\1 {REDACTED}"),
    (re.compile(r"((?:__Host-)?candor(?:-form)?)=[^\s;,\"']+"), rf"\1={REDACTED}"),
    (re.compile(r"([a-z][a-z0-9+.-]*://[^\s/:@]*):[^\s@/]+@", re.IGNORECASE), rf"\1:{REDACTED}@"),
    (re.compile(r"\bcnd_[A-Za-z0-9-]+_[A-Za-z0-9_-]+"), f"cnd_{REDACTED}"),
    (re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]+", re.IGNORECASE), REDACTED),
    (
        re.compile(
            r"(?i)\b([a-z0-9_.-]*(?:password|passwd|passphrase|secret|api_?key|access_?key|token|csrf))"
            r"([\"']?\s*(?:=|:)\s*)(?:\"[^\"\r\n]*\"|'[^'\r\n]*'|b'[^'\r\n]*'|(?!\[redacted)[^\s,;&)}\]]+)"
        ),
        rf"\1\2{REDACTED}",
    ),
)


class Redactor:
    """Takes secrets out of text: those it was given, and whatever has the form of one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {one for secret in secrets for one in (secret, quote(secret, safe="")) if len(one) >= _SHORTEST}
        # The longest first: a secret that begins with another one goes as a whole.
        listed = sorted(known, key=lambda one: (-len(one), one))
        self._known = re.compile("|".join(re.escape(one) for one in listed)) if listed else None

    def clean(self, text: str) -> str:
        """The text without them."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        for form, instead in _FORMS:
            text = form.sub(instead, text)
        return text


def secrets_of(settings: Settings) -> set[str]:
    """Every secret that the settings hold: whole values by the setting's name, passwords in URLs, wherever they are."""
    found: set[str] = set()
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        for one in value if isinstance(value, (tuple, list)) else (value,):
            text = one.get_secret_value() if hasattr(one, "get_secret_value") else one
            if not isinstance(text, str) or not text:
                continue
            if _SECRET_NAME.search(name):
                found.add(text)
            password = _password_in(text)
            if password:
                found |= {password, unquote(password)}
    return found


def _password_in(text: str) -> str | None:
    if "://" not in text:
        return None
    try:
        return urlsplit(text).password
    except ValueError:
        return None


@contextmanager
def bound(**values: str | Callable[[], str | None]) -> Iterator[None]:
    """Every line written inside, in threads begun from here by the web's thread pool too, names these."""
    token = _bound.set({**(_bound.get() or {}), **values})
    try:
        yield
    finally:
        _bound.reset(token)


def bound_now() -> dict[str, str]:
    """What is bound at present, functions asked, empty ones left out."""
    found: dict[str, str] = {}
    for name, value in (_bound.get() or {}).items():
        text = value if isinstance(value, str) else value()
        if text:
            found[name] = text
    return found


def set_up(settings: Settings | None = None, *, verbose: bool = False) -> None:
    """Write this process's log to standard error as the settings say; once more replaces what was set up before.

    Without settings (those of the machine cannot be read): as text, warnings and worse.
    """
    as_json = settings is not None and settings.log_format == "json"
    level = logging.INFO if verbose else logging.getLevelName((settings.log_level if settings else "warning").upper())
    redactor = Redactor(secrets_of(settings) if settings else ())
    handler = _StandardError()
    handler.setFormatter(JsonLines(redactor) if as_json else Lines(redactor))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _StandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # One line per request is what a program that reads JSON is for; for people it is noise unless they ask.
    logging.getLogger(ACCESS).setLevel(min(level, logging.INFO) if as_json else level)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, value: TextIO) -> None:
        raise AttributeError("it is always standard error")


class Lines(logging.Formatter):
    """Lines for people."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        names = " ".join(f"{name}={value}" for name, value in {**bound_now(), **_fields(record)}.items())
        return self._redactor.clean(f"{text} [{names}]" if names else text)


class JsonLines(logging.Formatter):
    """One JSON object per line, keys always in the same order."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **bound_now(),
            **_fields(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["trace"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        cleaned = {
            name: self._redactor.clean(value) if isinstance(value, str) else value for name, value in line.items()
        }
        return json.dumps(cleaned, ensure_ascii=False, default=lambda value: self._redactor.clean(str(value)))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What the call gave as `extra={"fields": {…}}`."""
    given = getattr(record, "fields", None)
    return dict(given) if isinstance(given, Mapping) else {}
