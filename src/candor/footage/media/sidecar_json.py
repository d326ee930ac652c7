"""JSON beside recordings. Runs in a limited process; pure."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["read_json"]

MOST_FIELDS: Final = 300
MOST_RECORDS: Final = 2000
MOST_NODES: Final = 500_000
LONGEST: Final = 300
DEEPEST: Final = 40
#: The field that makes an object a docking station's record of a file.
_RECORD: Final = "szFileName"


def read_json(text: str) -> dict[str, Any] | None:
    """{"fields": {path: text}, "records": [{path: text}], "problems": [codes]}; None when it is no JSON object or list.

    `records` are objects with a field szFileName, flat. Problems: "too-much".
    """
    gc.disable()  # it would go through millions of lists again and again, and none of them can go
    try:
        whole = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    finally:
        gc.enable()
    if not isinstance(whole, dict | list):
        return None
    problems: list[str] = []
    records: list[dict[str, str]] = []
    for seen, one in enumerate(_nodes(whole)):
        if seen >= MOST_NODES or len(records) >= MOST_RECORDS:
            problems.append("too-much")
            break
        if isinstance(one, dict) and isinstance(one.get(_RECORD), str):
            records.append(_flat(one))
    return {"fields": _flat(whole), "records": records, "problems": problems}


def _nodes(whole: Any) -> Iterator[Any]:
    """Every object and list in it, outer ones first."""
    waiting = [whole]
    while waiting:
        one = waiting.pop()
        yield one
        inside = one.values() if isinstance(one, dict) else one
        waiting += [value for value in inside if isinstance(value, dict | list)]


def _flat(whole: Any) -> dict[str, str]:
    """The first values by their paths, with dots between; texts, numbers, yes and no."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, Any, int]] = [("", whole, 0)]
    while waiting and len(found) < MOST_FIELDS:
        path, one, depth = waiting.pop(0)
        if isinstance(one, dict | list):
            if depth < DEEPEST:
                pairs = one.items() if isinstance(one, dict) else enumerate(one)
                room = MOST_FIELDS + 1
                waiting += [
                    (_path(path, key), value, depth + 1) for _, (key, value) in zip(range(room), pairs, strict=False)
                ]
                del waiting[10 * room :]
        elif one is not None:
            found.setdefault(path, _text(one))
    return found


def _path(above: str, key: object) -> str:
    name = "".join(c if c.isprintable() else " " for c in str(key)[:100])
    return (f"{above}.{name}" if above else name)[:LONGEST]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    written = str(value) if not isinstance(value, int) or abs(value) < 10**300 else "a number too long to write"
    return "".join(c if c.isprintable() else " " for c in written[:LONGEST])
