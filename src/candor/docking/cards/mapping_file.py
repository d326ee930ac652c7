"""Reading a mapping file: TOML, written by whoever runs Candor. What may stand in it is checked here, key by key;
docs/reference/card-mapping.md lists it all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from candor.docking.cards.errors import MappingWrong, ZoneUnknown
from candor.docking.cards.mapping import NUMBERS, TIME, Mapped, RecordingRule, SidecarRule
from candor.fleet.rules import DeviceKind
from candor.footage.sidecars import KINDS

__all__ = ["load_mapping", "read_mapping", "zone_named"]

LARGEST = 256 << 10
LONGEST_PATTERN = 1000
MOST_RULES = 50
_TOP = {"version", "name", "make", "model", "kind", "zone", "recording", "sidecar", "split"}
_RECORDING = {"path", "locked", "event", "century"}
_SIDECAR = {"path", "kind", "of"}
_SPLIT = {"by", "whole", "across_folders"}


def load_mapping(path: Path) -> Mapped:
    """The reader that a mapping file describes. Raises MappingWrong."""
    try:
        if path.stat().st_size > LARGEST:
            raise MappingWrong(file=path, reason=f"it is larger than {LARGEST:,} bytes")
        return read_mapping(path.read_text("utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise MappingWrong(file=path, reason=str(error)) from error


def read_mapping(text: str, file: Path | str) -> Mapped:
    """The reader that a mapping describes; `file` is named where it is wrong. Raises MappingWrong."""
    return _Checking(str(file)).mapped(text)


def zone_named(zone: str) -> str:
    """An IANA name as given. Raises ZoneUnknown."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ZoneUnknown(zone=zone) from error
    return zone


@dataclass
class _Checking:
    """Checks a mapping, key by key, and says exactly where it is wrong."""

    file: str
    _groups: set[str] = field(default_factory=set)

    def mapped(self, text: str) -> Mapped:
        try:
            given = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # also numbers and depths that Python does not take
            raise MappingWrong(file=self.file, reason=f"it is no TOML: {error}") from error
        self._keys(given, _TOP, "the file")
        if given.get("version") != 1:
            self._wrong("version", "must be 1")
        recordings = tuple(self._recording(one, f"recording {n}") for n, one in self._tables(given, "recording"))
        if not recordings:
            self._wrong("recording", "is missing: say with at least one [[recording]] which files are recordings")
        sidecars = tuple(self._sidecar(one, f"sidecar {n}") for n, one in self._tables(given, "sidecar"))
        by, whole, across = self._split(given.get("split"))
        kind = self._text(given, "kind", "the file") or DeviceKind.BODY.value
        if kind not in list(DeviceKind):
            self._wrong("kind", f"must be one of {', '.join(DeviceKind)}")
        return Mapped(
            name=self._name(given),
            recordings=recordings,
            sidecars=sidecars,
            by=by,
            whole=whole,
            across_folders=across,
            make=self._text(given, "make", "the file"),
            model=self._text(given, "model", "the file"),
            kind=kind,
            zone=self._zone(given),
        )

    def _name(self, given: Mapping[str, Any]) -> str:
        name = self._text(given, "name", "the file")
        if name is None or not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
            self._wrong("name", "must be 1 to 40 small letters, digits and hyphens; it stands with what is taken in")
        return name

    def _zone(self, given: Mapping[str, Any]) -> str | None:
        zone = self._text(given, "zone", "the file")
        if zone is not None:
            try:
                zone_named(zone)
            except ZoneUnknown:
                self._wrong(
                    "zone", f"names no time zone: {zone!r}. Use a name of the IANA list, as Europe/Berlin or UTC"
                )
        return zone

    def _recording(self, given: Mapping[str, Any], where: str) -> RecordingRule:
        self._keys(given, _RECORDING, where)
        path = self._pattern(given, "path", where, needed=True)
        assert path is not None
        self._groups |= set(path.groupindex)
        if "year" in path.groupindex and not {*TIME[:5]} <= set(path.groupindex):
            self._wrong(f"{where}: path", "has a year, and no full time: it needs year, month, day, hour and minute")
        for name in NUMBERS & set(path.groupindex):
            if not self._only_digits(path, name):
                self._wrong(f"{where}: path", f"the group {name} may match digits only, as in (?P<{name}>\\d+)")
        century = given.get("century", 2000)
        if not isinstance(century, int) or isinstance(century, bool) or century not in (1900, 2000, 2100):
            self._wrong(f"{where}: century", "must be 1900, 2000 or 2100")
        return RecordingRule(path, self._pattern(given, "locked", where), self._pattern(given, "event", where), century)

    def _sidecar(self, given: Mapping[str, Any], where: str) -> SidecarRule:
        self._keys(given, _SIDECAR, where)
        path = self._pattern(given, "path", where, needed=True)
        assert path is not None
        kind = self._text(given, "kind", where) or "unknown"
        if kind not in KINDS:
            self._wrong(f"{where}: kind", f"must be one of {', '.join(KINDS)}")
        of = self._text(given, "of", where)
        if of is not None:
            known = {*path.groupindex, "folder", "stem"}
            used = re.findall(r"{(\w+)}", of)
            if set(used) - known or set(re.sub(r"{\w+}", "", of)) & set("{}"):
                self._wrong(f"{where}: of", f"may name, in braces, {', '.join(sorted(known))}")
        return SidecarRule(path, kind, of)

    def _split(self, given: Any) -> tuple[tuple[str, ...] | None, bool, bool]:
        if given is None:
            return None, False, False
        if not isinstance(given, dict):
            self._wrong("split", "must be a table: [split]")
        self._keys(given, _SPLIT, "split")
        by = given.get("by", [])
        if not isinstance(by, list) or not all(isinstance(name, str) for name in by):
            self._wrong("split: by", "must be a list of names of groups")
        for name in by:
            if name not in self._groups:
                self._wrong("split: by", f"no recording's path has a group called {name!r}")
        whole, across = given.get("whole", False), given.get("across_folders", False)
        for name, value in (("whole", whole), ("across_folders", across)):
            if not isinstance(value, bool):
                self._wrong(f"split: {name}", "must be true or false")
        if whole and "segment" not in self._groups:
            self._wrong("split: whole", "needs a group segment in a recording's path")
        return tuple(by), whole, across

    def _tables(self, given: Mapping[str, Any], key: str) -> list[tuple[int, Mapping[str, Any]]]:
        found = given.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            self._wrong(key, f"must be written as [[{key}]]")
        if len(found) > MOST_RULES:
            self._wrong(key, f"may stand there {MOST_RULES} times")
        return list(enumerate(found, 1))

    def _pattern(
        self, given: Mapping[str, Any], key: str, where: str, *, needed: bool = False
    ) -> re.Pattern[str] | None:
        text = self._text(given, key, where, longest=LONGEST_PATTERN)
        if text is None:
            if needed:
                self._wrong(f"{where}: {key}", "is missing")
            return None
        try:
            return re.compile(text, re.I)
        except (re.error, OverflowError, RecursionError) as error:
            self._wrong(f"{where}: {key}", f"is no regular expression: {error}")

    def _only_digits(self, path: re.Pattern[str], name: str) -> bool:
        """Whether a group is written so that it matches digits alone."""
        body = re.search(rf"\(\?P<{name}>((?:\\d|\[0-9\]|[0-9?+*{{}},|])+)\)", path.pattern)
        return body is not None

    def _text(self, given: Mapping[str, Any], key: str, where: str, *, longest: int = 100) -> str | None:
        value = given.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or len(value) > longest or "\0" in value:
            self._wrong(f"{where}: {key}", f"must be a text of 1 to {longest} characters")
        return value

    def _keys(self, given: Mapping[str, Any], known: set[str], where: str) -> None:
        unknown = sorted(set(given) - known)
        if unknown:
            self._wrong(where, f"has {unknown[0]!r}, which means nothing here; it may have {', '.join(sorted(known))}")

    def _wrong(self, where: str, reason: str) -> NoReturn:
        raise MappingWrong(file=self.file, reason=f"{where}: {reason}")
