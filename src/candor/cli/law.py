"""candor law: the law packs, in effect here and as they come with the program."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from candor.cli import law_changes, law_explain
from candor.cli.common import as_json, opened, put_json, safe, say, table
from candor.core.errors import DatabaseGone, NotFound, NotSetUp
from candor.footage import catalogue
from candor.law import books
from candor.law.comparing import Change, Difference, diff
from candor.law.errors import PackUnknown, PackWrong
from candor.law.model import Book, Pack, PackKind, Rule, RuleKind
from candor.law.reading import read_pack, shipped
from candor.law.reading_tree import LARGEST
from candor.law.rule_words import KIND_WORDS, VERIFICATION_WORDS, about_words, follows_words
from candor.law.values import difference_values, pack_values, rule_values
from candor.law.words import dates_of

#: How `diff` calls what is in effect here, and what comes with the program.
IN_EFFECT, SHIPPED = "in-effect", "shipped"


@click.group()
def command() -> None:
    """The law that is applied here: show, check, explain, compare, adopt."""


command.add_command(law_explain.explain)
for _one in law_changes.COMMANDS:
    command.add_command(_one)


@command.command()
@click.argument("pack", required=False)
@click.option("--rule", metavar="ID", help="One rule, with everything that is known of it, over time.")
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Only what was in force on this day: 2018-08-14."
)
@click.option("--kind", type=click.Choice([kind.value for kind in RuleKind]), help="Only rules of this kind.")
@as_json
def show(pack: str | None, rule: str | None, as_of: datetime | None, kind: str | None, json_out: bool) -> None:
    """Show PACK as it is in effect here, or else as it comes with the program. Without PACK: every pack."""
    packs = _packs(pack)
    narrowed = [(one, _chosen(one, rule, as_of.date() if as_of else None, kind)) for one in packs]
    if rule is not None and not any(rules for _, rules in narrowed):
        raise NotFound(what="rule", id=rule)
    if rule is not None:
        own = {found.sha256 for one, rules in narrowed if one.kind is PackKind.POLICY for found in rules}
        _show_rules([found for _, rules in narrowed for found in rules], own, json_out)
    elif json_out:
        put_json([pack_values(one, rules) for one, rules in narrowed])
    elif pack is None and not (as_of or kind):
        _list_packs(packs)
    else:
        for one, rules in narrowed:
            _show_pack(one, rules)


def _packs(name: str | None) -> list[Pack]:
    """What is in effect here, then what else comes with the program; or the one that is named."""
    book = _in_effect()
    here = {one.id: one for one in [*book.packs, *([book.policy] if book.policy else [])]}
    known = here | {pack_id: one for pack_id, one in shipped().items() if pack_id not in here}
    if name is None:
        return list(known.values())
    if name not in known:
        raise PackUnknown(id=name, known=", ".join(known))
    return [known[name]]


def _in_effect() -> Book:
    """The law as it is applied here; no rules where nothing is set up."""
    try:
        with opened() as installation, installation.database.read() as tx:
            return books.book_now(tx)
    except NotSetUp:
        return Book()


def _chosen(pack: Pack, rule_id: str | None, day: date | None, kind: str | None) -> tuple[Rule, ...]:
    return tuple(
        rule
        for rule in pack.rules
        if (rule_id is None or rule.id == rule_id)
        and (day is None or rule.in_force(day))
        and (kind is None or rule.kind == kind)
    )


def _list_packs(packs: list[Pack]) -> None:
    here = {one.id: one.sha256 for one in _packs_here()}
    rows = []
    for one in packs:
        state = "in effect" if one.id in here else ""
        newer = shipped().get(one.id)
        if one.id in here and newer is not None and newer.sha256 != one.sha256:
            state = f"in effect; {newer.version} comes with the program"
        rows.append((one.id, one.name, one.version, str(len(one.rules)), str(len(one.uncovered)), state))
    table(("Pack", "Name", "Version", "Rules", "Not covered", "Here"), rows)
    if not here:
        say("No law is in effect here: nothing is destroyed and nothing released by the program.")


def _packs_here() -> list[Pack]:
    book = _in_effect()
    return [*book.packs, *([book.policy] if book.policy else [])]


def _show_pack(pack: Pack, rules: tuple[Rule, ...]) -> None:
    click.echo(f"{pack.name} ({pack.id}), {pack.kind}, version {pack.version}, {pack.jurisdiction}")
    click.echo(f"sha256 {pack.sha256}\n")
    own = "own words" if pack.kind is PackKind.POLICY else None
    rows = ((rule.id, rule.kind.value, dates_of(rule), own or rule.verification.value, rule.text) for rule in rules)
    table(("Rule", "Kind", "Dates", "Checked", "What it says"), rows)
    if pack.uncovered:
        click.echo("\nNot covered:")
        for one in pack.uncovered:
            click.echo(f"  {safe(one.subject)}: {safe(one.why)}")
    click.echo("")


def _show_rules(rules: list[Rule], own: set[str], json_out: bool) -> None:
    if json_out:
        put_json([rule_values(rule) for rule in rules])
        return
    for rule in rules:
        click.echo(f"{rule.id} — {KIND_WORDS[rule.kind]}")
        click.echo(f"  {safe(rule.text)}")
        for words in follows_words(rule):
            click.echo(f"    → {safe(words)}")
        click.echo(f"  about     {safe('; '.join(about_words(rule)))}")
        click.echo(f"  citation  {safe(rule.citation)}")
        click.echo(f"  dates     {dates_of(rule)}")
        checked = f"{VERIFICATION_WORDS[rule.verification]} ({rule.verified_on})"
        click.echo(f"  checked   {'The agency’s own words.' if rule.sha256 in own else checked}")
        for label, value in (("source", rule.source), ("note", rule.note)):
            if value:
                click.echo(f"  {label:<9} {safe(value)}")
        click.echo(f"  sha256    {rule.sha256}\n")


@command.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@as_json
def check(files: tuple[Path, ...], json_out: bool) -> None:
    """Read packs or policies and say everything that is wrong with them, with line and how to mend it.

    Where an installation is set up here, a policy may only name categories that it offers.
    """
    categories = _categories()
    told, wrong = [], 0
    for file in files:
        try:
            pack = read_pack(_content(file), str(file), categories=categories)
            told.append({"file": str(file), "pack": pack.id, "rules": len(pack.rules), "faults": []})
            say(f"{file}: {pack.id}, {len(pack.rules)} rules, nothing to mend.")
        except PackWrong as error:
            wrong += 1
            faults = [{"line": one.line, "what": one.what, "mend": one.mend} for one in error.faults]
            told.append({"file": str(file), "pack": None, "rules": 0, "faults": faults})
            say(f"candor: {safe_lines(str(error))}")
    if json_out:
        put_json(told)
    if wrong:
        raise SystemExit(PackWrong.exit_code)


def safe_lines(text: str) -> str:
    """Text of several lines, each made safe for a terminal."""
    return "\n".join(safe(line) for line in text.split("\n"))


def _categories() -> frozenset[str] | None:
    """The categories that are offered here; None where nothing is set up, or the database does not answer."""
    try:
        with opened() as installation, installation.database.read() as tx:
            return frozenset(catalogue.categories(tx))
    except NotSetUp:
        return None
    except DatabaseGone as error:
        say(f"The categories that a policy names were not looked at. {error}")
        return None


def _content(file: Path) -> bytes:
    """The file's bytes, as far as a pack may be long and one more."""
    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from None


@command.command("diff")
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@as_json
def compare(before: str, after: str, json_out: bool) -> None:
    """Say what differs between two packs. Each is a file, a PACK as it comes with the program, or in-effect:PACK.

    `in-effect` and `shipped` alone mean the pack that the other one names; both alone, every pack in effect here.
    """
    pairs = _pairs(before, after)
    found = [(one, other, diff(one, other)) for one, other in pairs]
    if json_out:
        put_json([{"before": one.id, "after": other.id, **difference_values(what)} for one, other, what in found])
        return
    for one, other, what in found:
        _show_difference(one, other, what)


def _pairs(before: str, after: str) -> list[tuple[Pack, Pack]]:
    alone = (IN_EFFECT, SHIPPED)
    if before in alone and after in alone:
        names = [pack.id for pack in _packs_here() if pack.kind is PackKind.LAW]
        if not names:
            raise NotFound(what="pack in effect here", id=IN_EFFECT)
        return [(_named(f"{before}:{name}"), _named(f"{after}:{name}")) for name in names]
    if before in alone:
        second = _named(after)
        return [(_named(f"{before}:{second.id}"), second)]
    first = _named(before)
    return [(first, _named(f"{after}:{first.id}" if after in alone else after))]


def _named(name: str) -> Pack:
    """The pack that somebody means."""
    where, colon, pack_id = name.partition(":")
    if colon and where == IN_EFFECT:
        here = {pack.id: pack for pack in _packs_here()}
        if pack_id not in here:
            raise NotFound(what="pack in effect here", id=pack_id)
        return here[pack_id]
    wanted = pack_id if colon and where == SHIPPED else name
    if wanted in shipped():
        return shipped()[wanted]
    if Path(name).is_file():
        return read_pack(_content(Path(name)), name)
    raise PackUnknown(id=wanted, known=", ".join(shipped()))


def _show_difference(before: Pack, after: Pack, what: Difference) -> None:
    click.echo(f"{before.id} {before.version} → {after.id} {after.version}")
    if what.empty:
        click.echo("  They say the same.")
    for change in (*what.header, *what.holidays):
        click.echo(f"  {_change_words(change)}")
    for rule in what.added:
        click.echo(f"+ {rule.id} ({dates_of(rule)}): {safe(rule.text)}")
    for rule in what.removed:
        click.echo(f"- {rule.id} ({dates_of(rule)}): {safe(rule.text)}")
    for one in what.changed:
        click.echo(f"~ {one.after.id}")
        for change in one.changes:
            click.echo(f"    {_change_words(change)}")
    for sign, list_ in (("+", what.uncovered), ("-", what.covered)):
        for entry in list_:
            click.echo(f"{sign} not covered: {safe(entry.subject)}: {safe(entry.why)}")


def _change_words(change: Change) -> str:
    """A change word by word: [-out-] and {+in+}."""
    marks = {"same": "{}", "out": "[-{}-]", "in": "{{+{}+}}"}
    return f"{change.what}: " + "".join(marks[piece.kind].format(safe(piece.words)) for piece in change.pieces)
