"""Reading packs: from the bytes of a file to a pack, or to everything that is wrong with it.

Pure but for the packs that come with the program, which are read from it once.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

from candor.law import reading_keys as keys
from candor.law.errors import PackUnknown, PackWrong
from candor.law.model import ClockTerms, ConsentTerms, Pack, PackKind, Rule, RuleKind, Uncovered
from candor.law.reading_fields import Fields, Say
from candor.law.reading_rules import Header, read_rule, rule_sha256
from candor.law.reading_tree import Fault, Items, Stop, tree

__all__ = ["Fault", "PackWrong", "pack_text", "read_pack", "rule_sha256", "shipped"]

#: Rules, or things that are not covered, of one pack.
MOST_RULES = 5_000
_PACK_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PLACE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_FOLDER = "packs"


def read_pack(content: bytes, name: str, *, categories: Collection[str] | None = None, earlier: bool = False) -> Pack:
    """The pack in a file's bytes. `name`: of the file, for what is said of it. `categories`: those that the agency
    offers; a policy that names another is refused. None: they are not known, and any name is taken. `earlier`: it took
    effect before; words of lists that were closed since are taken as they stand, and nothing follows from them.

    Raises PackWrong with every fault, each with file, line, and how to mend it.
    """
    faults: list[Fault] = []
    try:
        return _pack(content, name, faults, categories, earlier)
    except Stop as stop:
        raise PackWrong(name, [*faults, stop.fault]) from None


def _pack(content: bytes, name: str, faults: list[Fault], categories: Collection[str] | None, earlier: bool) -> Pack:
    root, say = tree(content, faults), Say(faults)
    fields = Fields(root, keys.HEADER, "the pack", say)
    kind = fields.word("kind", PackKind)
    header = Header(
        id=fields.matching("id", _PACK_ID, "write small letters, digits and hyphens, such as us-ct", 60),
        kind=kind,
        jurisdiction=fields.matching("jurisdiction", _PLACE, "write a code of ISO 3166-2, such as US-CT", 20),
        compiled_on=fields.day("compiled-on"),
        categories=categories,
        earlier=earlier,
    )
    title, version, zone = fields.text("name", 200), fields.text("version", 40), fields.zone("time-zone")
    holidays, over = _holidays(fields, header), _over(fields, kind)
    rules = _rules(fields, header, say)
    uncovered = _uncovered(fields, say)
    _dates(rules, say)
    _others(rules, say)
    if faults or kind is None or header.compiled_on is None:
        raise PackWrong(name, faults)
    return Pack(
        id=header.id,
        kind=kind,
        name=title,
        jurisdiction=header.jurisdiction,
        version=version,
        compiled_on=header.compiled_on,
        time_zone=zone,
        rules=tuple(rules),
        uncovered=uncovered,
        holidays=holidays,
        sha256=hashlib.sha256(content).hexdigest(),
        over=over,
    )


def _over(fields: Fields, kind: PackKind | None) -> str:
    """What a policy stands over; law stands over nothing."""
    over = fields.matching("over", _PACK_ID, "write the identifier of a law pack, such as us-ct", 60)
    if kind is PackKind.POLICY and not fields.has("over"):
        fields.wrong("over", "is missing", "write which law pack the policy stands over: `over: us-ct`")
    if kind is PackKind.LAW and fields.has("over"):
        fields.wrong("over", "stands in a law", "take it out, or write `kind: policy`")
    return over


def _holidays(fields: Fields, header: Header) -> frozenset[date]:
    """An agency's own; those of a law stand in rules, which say where they are written and how that was checked."""
    if header.kind is PackKind.LAW and fields.has("holidays") and not header.earlier:
        mend = "write a rule of `kind: holidays`, with its citation; only a policy lists days here"
        fields.wrong("holidays", "stands in a law", mend)
    return fields.days("holidays")


def _others(rules: Sequence[Rule], say: Say) -> None:
    """What rules say of other rules of their file by name."""
    kinds = {rule.id: rule.kind for rule in rules}
    for rule in rules:
        named: tuple[str, ...] = ()
        kind = RuleKind.CLOCK
        if isinstance(rule.terms, ClockTerms):
            named = rule.terms.puts_off
        elif isinstance(rule.terms, ConsentTerms):
            named, kind = rule.terms.lifts, RuleKind.CONFIDENTIAL
        for name in named:
            if kinds.get(name) is not kind:
                what = f"rule {rule.id} names “{name}”, and no rule of kind {kind} of this file is called so"
                say(rule.line, what, "write the `id` of such a rule, or take it out")


def _rules(fields: Fields, header: Header, say: Say) -> list[Rule]:
    node = fields.node("rules")
    if node is None:
        return []
    if not isinstance(node, Items) or not node.items:
        fields.wrong("rules", "is no list of rules", "write each rule after a hyphen")
        return []
    if len(node.items) > MOST_RULES:
        fields.wrong("rules", f"has {len(node.items):,} rules", f"no pack has more than {MOST_RULES:,}; split it")
        return []
    read = (read_rule(item, number, header, say) for number, item in enumerate(node.items, 1))
    return [rule for rule in read if rule is not None]


def _uncovered(fields: Fields, say: Say) -> tuple[Uncovered, ...]:
    node = fields.node("uncovered")
    if node is None:
        return ()
    if not isinstance(node, Items) or len(node.items) > MOST_RULES:
        fields.wrong("uncovered", "is no list of what is not covered", "write each after a hyphen")
        return ()
    found = []
    for number, item in enumerate(node.items, 1):
        one = Fields(item, keys.UNCOVERED, f"entry {number} of `uncovered`", say)
        found.append(Uncovered(one.text("subject", 200), one.text("why")))
    return tuple(found)


def _dates(rules: Sequence[Rule], say: Say) -> None:
    """A rule over time is several with one identifier: of one kind, and never two on one day."""
    by_id: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_id[rule.id].append(rule)
    for same in by_id.values():
        ordered = sorted(same, key=lambda rule: (rule.in_force_from, rule.line))
        latest = ordered[0]
        for rule in ordered[1:]:
            if rule.kind is not latest.kind:
                what = f"rule {rule.id} is of kind {rule.kind}; on line {latest.line} it is of kind {latest.kind}"
                say(rule.line, what, "a rule stays of one kind over time: give it another `id`")
            if latest.in_force_to is None or rule.in_force_from < latest.in_force_to:
                ends = "without an end" if latest.in_force_to is None else f"until {latest.in_force_to}"
                what = f"rule {rule.id} overlaps itself: from {rule.in_force_from} here, {ends} on line {latest.line}"
                say(rule.line, what, f"write `in-force-to: {rule.in_force_from}` there, or give it another `id`")
            latest = max(latest, rule, key=lambda one: one.in_force_to or date.max)


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Pack]:
    """The law packs that come with the program, by identifier, in its order. Read once."""
    found = {}
    for name in _files():
        pack = read_pack(_bytes(name), name)
        found[pack.id] = pack
    return MappingProxyType(found)


def pack_text(pack_id: str) -> bytes:
    """The bytes of a pack that comes with the program. Raises PackUnknown."""
    name = f"{pack_id}.yaml"
    if name not in _files():
        raise PackUnknown(id=pack_id, known=", ".join(one.removesuffix(".yaml") for one in _files()))
    return _bytes(name)


@lru_cache(maxsize=1)
def _files() -> tuple[str, ...]:
    folder = resources.files("candor.law") / _FOLDER
    return tuple(sorted(item.name for item in folder.iterdir() if item.name.endswith(".yaml")))


def _bytes(name: str) -> bytes:
    return (resources.files("candor.law") / _FOLDER / name).read_bytes()
