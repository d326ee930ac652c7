"""Settings that nobody reads: a name mistyped in candor.toml or in the environment does nothing, silently."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from candor.core.settings import Settings
from candor.health.findings import Finding, bad, ok, together, warn
from candor.health.place import Place
from candor.people.errors import PasswordListUnusable
from candor.people.password_list import list_at

NAME = "settings"
#: Read before there are settings, or by `./run`.
OTHERS = frozenset({"CANDOR_CONFIG", "CANDOR_DEBUG", "CANDOR_PYTHON", "CANDOR_VENV"})
#: Variables of the tests begin like this and are nobody's business here.
_OF_TESTS = "_".join(("CANDOR", "TEST", ""))


def settings(place: Place) -> Finding:
    """Names in candor.toml and in the environment that no setting has, and settings that contradict each other."""
    file = Path(os.environ.get("CANDOR_CONFIG", "candor.toml"))
    found = [*in_environment(os.environ), *in_file(file), *contradictions(place.settings)]
    if "CANDOR_CONFIG" in os.environ and not file.exists():
        found.append(
            warn(
                NAME, f"CANDOR_CONFIG names {file}, which is not there.", "Correct the path, or take the variable out."
            )
        )
    return together(NAME, f"Every setting is known{f', {file} included' if file.exists() else ''}.", found)


def in_environment(environment: Mapping[str, str]) -> list[Finding]:
    """Variables that begin with CANDOR_ and mean nothing."""
    known = {f"CANDOR_{name.upper()}" for name in Settings.model_fields} | OTHERS
    found = []
    for name in sorted(environment):
        if name.startswith("CANDOR_") and not name.startswith(_OF_TESTS) and name not in known:
            meant = _nearest(name.removeprefix("CANDOR_"), [one.removeprefix("CANDOR_") for one in known])
            found.append(warn(NAME, f"{name} is no setting.", _mend(name, meant and f"CANDOR_{meant}", "the variable")))
    return found


def in_file(file: Path) -> list[Finding]:
    """Keys of candor.toml that mean nothing; a file that cannot be read is bad."""
    try:
        given = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return [bad(NAME, f"{file} cannot be read: {error}.", "Correct the file; TOML writes text in quotes.")]
    found = []
    for key in given:
        if key not in Settings.model_fields:
            plain = key.lower().removeprefix("candor_").replace("-", "_")
            meant = plain if plain in Settings.model_fields else _nearest(plain, Settings.model_fields)
            found.append(warn(NAME, f"{key} in {file.name} is no setting.", _mend(key, meant, "the line")))
    return found


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def _mend(name: str, meant: str, what: str) -> str:
    return f"Did you mean {meant}? Correct {name}, or take {what} out." if meant else f"Take {what} {name} out."


def contradictions(given: Settings) -> list[Finding]:
    """Settings of which one makes the other useless."""
    found = []
    if given.witness_quorum > len(given.witnesses):
        found.append(
            bad(
                NAME,
                f"CANDOR_WITNESS_QUORUM asks for {given.witness_quorum} witnesses, CANDOR_WITNESSES names "
                f"{len(given.witnesses)}.",
                "Name more witnesses or ask for fewer.",
            )
        )
    if given.s3_access_key and not given.s3_secret_key:
        found.append(bad(NAME, "CANDOR_S3_ACCESS_KEY is set without CANDOR_S3_SECRET_KEY.", "Set both or neither."))
    if given.metrics_token and not given.metrics:
        found.append(
            warn(NAME, "CANDOR_METRICS_TOKEN is set, but metrics are off.", "Set CANDOR_METRICS=1, or take it out.")
        )
    if given.public_url and given.public_url.startswith("http://"):
        found.append(
            warn(
                NAME,
                "CANDOR_PUBLIC_URL is http: passwords and footage cross the network readable.",
                "Put a proxy with a certificate before it and set the address with https.",
            )
        )
    return found


def password_list(place: Place) -> Finding | None:
    """The operator's list of passwords that must not be used, when there is one."""
    path = place.settings.password_list
    if path is None:
        return None
    try:
        found = list_at(path).look()
    except PasswordListUnusable as error:
        mend = "Correct CANDOR_PASSWORD_LIST or put the list there; until then no new password can be chosen."
        return bad("password-list", str(error), mend)
    return ok("password-list", f"New passwords are checked against {path} ({found.form if found else 'empty'}).")
