"""Packs, rules and differences as plain values for JSON, by the keys of a file. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from enum import Enum
from typing import Any

from candor.law.comparing import Change, Difference
from candor.law.model import Pack, Rule
from candor.law.periods import Period

__all__ = ["difference_values", "pack_values", "rule_values"]


def rule_values(rule: Rule) -> dict[str, Any]:
    """One rule: what stands in its file, its pack, and its hash. What says nothing is left out."""
    shown = ("id", "pack", "kind", "text", "citation", "jurisdiction", "in_force_from", "in_force_to", "verification")
    values = {name: getattr(rule, name) for name in (*shown, "verified_on", "measured", "source", "note", "sha256")}
    when = {one.name: getattr(rule.when, one.name) for one in fields(rule.when)}
    values |= {"when": _keyed(when)} | {one.name: getattr(rule.terms, one.name) for one in fields(rule.terms)}
    return _keyed(values)


def pack_values(pack: Pack, rules: tuple[Rule, ...] | None = None) -> dict[str, Any]:
    """A pack with some of its rules (default: all)."""
    names = ("id", "kind", "name", "jurisdiction", "version", "compiled_on", "time_zone", "over", "sha256")
    return {
        **_keyed({name: getattr(pack, name) for name in names}),
        "holidays": [day.isoformat() for day in sorted(pack.holidays)],
        "rules": [rule_values(rule) for rule in (pack.rules if rules is None else rules)],
        "uncovered": [{"subject": one.subject, "why": one.why} for one in pack.uncovered],
    }


def difference_values(difference: Difference) -> dict[str, Any]:
    """A difference between two packs."""
    return {
        "same": difference.empty,
        "header": [_change(one) for one in (*difference.header, *difference.holidays)],
        "added": [rule_values(rule) for rule in difference.added],
        "removed": [rule_values(rule) for rule in difference.removed],
        "changed": [
            {
                "id": one.after.id,
                "in-force-from": one.after.in_force_from.isoformat(),
                "changes": [_change(change) for change in one.changes],
            }
            for one in difference.changed
        ],
        "uncovered-added": [{"subject": one.subject, "why": one.why} for one in difference.uncovered],
        "uncovered-removed": [{"subject": one.subject, "why": one.why} for one in difference.covered],
    }


def _change(change: Change) -> dict[str, str | None]:
    return {"what": change.what, "before": change.before, "after": change.after}


def _keyed(values: Mapping[str, Any]) -> dict[str, Any]:
    """By the keys of a file, without what says nothing."""
    said = {name.replace("_", "-"): _plain(value) for name, value in values.items()}
    return {name: value for name, value in said.items() if value is not None and value not in ("", [], {})}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(_plain(item)) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Period):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value
