"""candor law explain: what follows for a recording, here or made up, and from which rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from candor.cli.common import actor, as_account, as_json, needs, opened, put_json, safe
from candor.core.clock import from_iso
from candor.core.errors import CandorError, NotFound, NotSetUp
from candor.footage.fields import DEFAULT_CLASSES
from candor.footage.search import row_of
from candor.law.answer_values import answer_values, facts_values
from candor.law.books import book_at, book_now, make_book
from candor.law.engine import answer
from candor.law.errors import PackUnknown
from candor.law.model import Book, Facts, HoldFact, Line, Pack, PackKind
from candor.law.reading import read_pack, shipped
from candor.law.reading_tree import LARGEST
from candor.law.vocabulary import HoldKind, Label, LawClass, LawEvent
from candor.law.words import rule_words
from candor.people.rules import Permission

#: What happened to a recording that a page can be asked about; when it was recorded and came in are options of theirs.
_EVENTS = [event for event in LawEvent if event not in (LawEvent.RECORDED, LawEvent.RECEIVED)]


class MomentWrong(CandorError):
    """“{text}” is no moment: {reason}. Write it with its zone, such as 2018-08-14T12:00Z."""

    exit_code = 3


class NothingToExplain(CandorError):
    """Name a recording, or say when one was recorded (--recorded 2018-08-14T12:00Z) to try the law on a made-up one."""

    exit_code = 2


class NoLawHere(CandorError):
    """No law is in force here. Name a pack to try (--pack us-ct); “candor law show” lists those that come with the
    program."""

    exit_code = 9


class _Moment(click.ParamType[datetime]):
    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        return value if isinstance(value, datetime) else moment_of(str(value))


def moment_of(text: str) -> datetime:
    """A moment with its zone, in UTC. Raises MomentWrong."""
    try:
        return from_iso(text)
    except (ValueError, OverflowError) as error:
        raise MomentWrong(text=text, reason=str(error)) from error


def _events(ctx: click.Context, param: click.Parameter, given: Sequence[str]) -> dict[LawEvent, datetime]:
    found: dict[LawEvent, datetime] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or name not in _EVENTS:
            known = ", ".join(_EVENTS)
            raise click.BadParameter(f"write NAME=MOMENT, with one of the names {known}", ctx=ctx, param=param)
        found[LawEvent(name)] = moment_of(text)
    return found


@dataclass(frozen=True)
class _Said:
    """What the caller says of the recording, over what is known of it."""

    category: str | None
    law_class: LawClass | None
    labels: frozenset[Label]
    events: Mapping[LawEvent, datetime]
    holds: tuple[HoldKind, ...]
    cases: tuple[str, ...]
    extended_until: datetime | None

    def of(self, facts: Facts, moment: datetime) -> Facts:
        """The facts as they would be."""
        held = tuple(HoldFact(f"try-{number}", kind, "", moment) for number, kind in enumerate(self.holds))
        return replace(
            facts,
            category=self.category or (self.law_class and self.law_class.value) or facts.category,
            labels=facts.labels | self.labels,
            events={**facts.events, **self.events},
            holds=(*facts.holds, *held),
            open_cases=(*facts.open_cases, *self.cases),
            extended_until=self.extended_until or facts.extended_until,
        )

    def meanings(self, classes: Mapping[str, LawClass]) -> dict[str, LawClass]:
        """What categories mean to the law, with what was said of this one's."""
        if self.law_class is None:
            return dict(classes)
        return {**classes, self.category or self.law_class.value: self.law_class}


@click.command()
@click.argument("recording_id", metavar="[RECORDING]", required=False)
@click.option("--at", "at", type=_Moment(), help="The moment of the decision. Default: now.")
@click.option(
    "--pack", "packs", multiple=True, metavar="PACK", help="Try this pack, or a file: us-ct. May be repeated."
)
@click.option("--adopt", "adopt", multiple=True, metavar="RULE", help="As if counsel had adopted this rule.")
@click.option("--recorded", type=_Moment(), help="Without RECORDING: when it was recorded.")
@click.option("--received", type=_Moment(), help="Without RECORDING: when it came in. Default: when it was recorded.")
@click.option("--category", metavar="NAME", help="As if it were in this category.")
@click.option(
    "--class", "law_class", type=click.Choice([one.value for one in LawClass]), help="As if its category meant this."
)
@click.option(
    "--label", "labels", multiple=True, type=click.Choice([one.value for one in Label]), help="As if it had this label."
)
@click.option(
    "--event", "events", multiple=True, metavar="NAME=MOMENT", callback=_events, help="As if this had happened."
)
@click.option(
    "--hold",
    "holds",
    multiple=True,
    type=click.Choice([one.value for one in HoldKind]),
    help="As if it were held for this.",
)
@click.option("--open-case", "cases", multiple=True, metavar="NUMBER", help="As if it were in this open case.")
@click.option("--extended-until", type=_Moment(), help="As if somebody entitled to it had it kept until then.")
@as_account
@needs(Permission.LAW_VIEW)
@as_json
def explain(
    recording_id: str | None,
    at: datetime | None,
    packs: tuple[str, ...],
    adopt: tuple[str, ...],
    recorded: datetime | None,
    received: datetime | None,
    category: str | None,
    law_class: str | None,
    labels: tuple[str, ...],
    events: dict[LawEvent, datetime],
    holds: tuple[str, ...],
    cases: tuple[str, ...],
    extended_until: datetime | None,
    acting: str | None,
    json_out: bool,
) -> None:
    """Say what the law has of RECORDING and why: how long it is kept, whether it may be destroyed or released, which
    clock runs. Without RECORDING: of one that you describe, by the law here or by packs that you name."""
    said = _Said(
        category,
        LawClass(law_class) if law_class else None,
        frozenset(Label(label) for label in labels),
        events,
        tuple(HoldKind(hold) for hold in holds),
        cases,
        extended_until,
    )
    if recording_id is not None:
        _of_recording(recording_id, at, packs, adopt, said, acting, json_out)
    elif recorded is None:
        raise NothingToExplain()
    else:
        _made_up(Facts(recorded, received or recorded), at, packs, adopt, said, acting, json_out)


def _of_recording(
    recording_id: str,
    at: datetime | None,
    packs: tuple[str, ...],
    adopt: tuple[str, ...],
    said: _Said,
    acting: str | None,
    json_out: bool,
) -> None:
    # Who may know what of a recording is decided in one place, for its page and for this.
    from candor.web.pages.recording_law import explained, heard

    with opened() as installation:
        who = actor(installation, acting)
        with installation.database.read() as tx:
            if row_of(tx, who, recording_id) is None:
                raise NotFound(what="recording", id=recording_id)
            moment = at or installation.clock.now()
            book = book_now(tx) if at is None else book_at(tx, at)
            known = heard(tx, who, recording_id)
    book, facts = _tried(book, packs, adopt, said), said.of(known.facts, moment)
    told = explained(book, replace(known, facts=facts), moment)
    if json_out and told.all_of_it:
        put_json(
            {"recording": recording_id, "all_of_it": True, "facts": facts_values(facts)} | answer_values(told.answer)
        )
    elif json_out:  # what is said of the rest would be made from what was left out
        put_json({"recording": recording_id, "all_of_it": False} | answer_values(told.answer, told.lines))
    else:
        _show(told.lines)
        if not told.all_of_it:
            click.echo("Cases, holds and requests are not shown with your rights.")


def _made_up(
    facts: Facts,
    at: datetime | None,
    packs: tuple[str, ...],
    adopt: tuple[str, ...],
    said: _Said,
    acting: str | None,
    json_out: bool,
) -> None:
    moment = at or datetime.now(UTC)
    here = _here(at, acting)
    if here is None and acting is not None:
        raise NotFound(what="active account", id=acting)
    if not packs and (here is None or not here.packs):
        raise NoLawHere()
    book = _tried(here or Book(classes=DEFAULT_CLASSES), packs, adopt, said)
    facts = said.of(facts, moment)
    found = answer(book, facts, moment)
    if json_out:
        put_json({"recording": None, "all_of_it": True, "facts": facts_values(facts)} | answer_values(found))
    else:
        _show(found.lines)


def _here(at: datetime | None, acting: str | None) -> Book | None:
    """The law as it is applied here; None where nothing is set up."""
    try:
        with opened() as installation:
            actor(installation, acting)
            with installation.database.read() as tx:
                return book_now(tx) if at is None else book_at(tx, at)
    except NotSetUp:
        return None


def _tried(here: Book, packs: tuple[str, ...], adopt: tuple[str, ...], said: _Said) -> Book:
    """The book to try: that of here, or of the packs that were named, with what else was said."""
    law, policy, adopted = here.packs, here.policy, set(here.adopted)
    if packs:
        named = [_named(name) for name in packs]
        law = tuple(pack for pack in named if pack.kind is PackKind.LAW)
        policy = next((pack for pack in named if pack.kind is PackKind.POLICY), None)
    rules = [rule for pack in law for rule in pack.rules]
    for wanted in adopt:
        found = {(rule.id, rule.sha256) for rule in rules if rule.id == wanted}
        if not found:
            raise NotFound(what="rule of these packs", id=wanted)
        adopted |= found
    return make_book(law, policy, frozenset(adopted), said.meanings(here.classes))


def _named(name: str) -> Pack:
    """A pack that comes with the program, or a file."""
    if name in shipped():
        return shipped()[name]
    path = Path(name)
    if path.is_file():
        with path.open("rb") as file:
            return read_pack(file.read(LARGEST + 1), name)
    raise PackUnknown(id=name, known=", ".join(shipped()))


def _show(lines: Sequence[Line]) -> None:
    for line in lines:
        click.echo(f"{line.subject:10} {safe(line.words)}")
        for step in line.steps:
            mark = "-" if step.applied else "x"
            click.echo(f"{'':10} {mark} {safe(step.words)}")
            if step.rule is not None:
                click.echo(f"{'':12} {safe(rule_words(step))}")
