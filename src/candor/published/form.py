"""Dataclasses as JSON and back, strictly: what is missing, unknown or of another type is refused and named."""

from __future__ import annotations

import json
import types
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from candor.core.clock import from_iso, iso
from candor.published.errors import NoticeWrong

__all__ = ["from_json", "to_json"]

T = TypeVar("T")
#: Form of what is written; a reader refuses a higher one.
VERSION = 1


def to_json(value: Any) -> str:
    """The canonical text of a dataclass: keys sorted, no spaces, times as RFC 3339 in UTC."""
    return json.dumps({"v": VERSION, **_plain(value)}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def from_json(kind: type[T], text: str | bytes) -> T:
    """The dataclass that the text holds. Raises NoticeWrong."""
    what = kind.__name__
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoticeWrong(what=what, reason="it is no JSON") from error
    if not isinstance(found, dict) or found.pop("v", None) != VERSION:
        raise NoticeWrong(what=what, reason=f"its form is not {VERSION}")
    made: T = _dataclass(kind, found, what)
    return made


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return iso(value)
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _dataclass(kind: type, found: Any, where: str) -> Any:
    if not isinstance(found, dict):
        raise NoticeWrong(what=where, reason="it is no object")
    hints = _hints(kind)
    known = {one.name for one in fields(kind)}
    if set(found) != known:
        wrong = sorted(set(found) ^ known)[0]
        raise NoticeWrong(what=where, reason=f"{wrong!r} is {'missing' if wrong in known else 'not known'}")
    return kind(**{name: _value(hints[name], found[name], f"{where}.{name}") for name in found})


def _value(kind: Any, found: Any, where: str) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        if found is None:
            return None
        (kind,) = (one for one in get_args(kind) if one is not type(None))
    if get_origin(kind) is tuple:
        if not isinstance(found, list):
            raise NoticeWrong(what=where, reason="it is no list")
        return tuple(_value(get_args(kind)[0], one, where) for one in found)
    if is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, found, where)
    if kind is datetime and isinstance(found, str):
        try:
            return from_iso(found)
        except ValueError as error:
            raise NoticeWrong(what=where, reason="it is no time") from error
    if kind in (str, int, bool) and type(found) is kind:
        return found
    raise NoticeWrong(what=where, reason="it has another type")
