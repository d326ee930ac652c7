"""What changed when: the days on which rules come into force, change or end. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from candor.law.model import Rule

__all__ = ["Turn", "turns", "versions"]


@dataclass(frozen=True)
class Turn:
    """One day, and the rules that are otherwise from it on."""

    day: date
    began: tuple[Rule, ...]
    changed: tuple[tuple[Rule, Rule], ...]
    """What a rule said before, and what it says since."""
    ended: tuple[Rule, ...]


def turns(rules: Iterable[Rule]) -> list[Turn]:
    """Every day on which something changes, the last first; rules in their own order."""
    rules = list(rules)
    days = {rule.in_force_from for rule in rules} | {rule.in_force_to for rule in rules if rule.in_force_to}
    return [_turn(day, rules) for day in sorted(days, reverse=True)]


def _turn(day: date, rules: list[Rule]) -> Turn:
    came = [rule for rule in rules if rule.in_force_from == day]
    went = {rule.id: rule for rule in rules if rule.in_force_to == day}
    return Turn(
        day,
        tuple(rule for rule in came if rule.id not in went),
        tuple((went[rule.id], rule) for rule in came if rule.id in went),
        tuple(rule for rule in went.values() if rule.id not in {one.id for one in came}),
    )


def versions(rules: Iterable[Rule], rule_id: str) -> tuple[Rule, ...]:
    """A rule over time, the latest first."""
    return tuple(sorted((rule for rule in rules if rule.id == rule_id), key=lambda rule: rule.in_force_from)[::-1])
