"""What the page of a request tells: its recordings with how far each is, and in one sentence what is due next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from candor.disclosure.decisions.rules import DECISION_WORDS, Decision
from candor.disclosure.decisions.standing import Made, decisions_of
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.requests.reading import RecordsRequest, RequestRecording, recordings_of_request
from candor.disclosure.requests.rules import Meant, RequestState
from candor.footage.search import Row, row_of
from candor.people.rules import Actor, Permission
from candor.redaction import redactions
from candor.redaction.rules import CopyState
from candor.web.i18n import gettext as _
from candor.web.i18n import ngettext, noted
from candor.web.pages.request_releases import RELEASE_BADGES, Released
from candor.web.render import query

__all__ = ["MOST_SHOWN", "Next", "Recording", "next_of", "not_meant_of", "recordings_of"]

#: Recordings of a request that its page shows; more are counted.
MOST_SHOWN = 100
_DECISION_BADGES: dict[Decision, tuple[str, str, str]] = {
    Decision.RELEASE: (noted("To be released"), "ok", "check"),
    Decision.REDACT: (noted("To be released in part"), "warn", "eye-off"),
    Decision.WITHHOLD: (noted("Withheld"), "bad", "lock"),
}

Badge = tuple[str, str, str]


@dataclass(frozen=True)
class Recording:
    """A recording that somebody took for meant, or not. `decided`: what is done with it as a whole, None while nobody
    said; `copies`: redacted copies of it that are ready."""

    row: Row
    why: str
    said_by: str
    said_at: datetime
    badges: tuple[Badge, ...] = ()
    decided: Decision | None = None
    copies: int = 0
    decide_link: str | None = None
    redaction_link: str | None = None
    release_link: str | None = None


@dataclass(frozen=True)
class Next:
    """What is due next, in one sentence, and where it is done."""

    words: str
    link: str | None = None
    label: str = ""


def recordings_of(
    tx: Connection, actor: Actor, one: RecordsRequest, releases: Mapping[str, Released]
) -> tuple[list[Recording], int]:
    """The recordings that are meant and that the reader may see, and how many more there are. `releases`: the newest
    release of each recording in this request."""
    found = recordings_of_request(tx, actor, one.id, meant=Meant.MEANT)
    decided = decisions_of(tx, actor, Subject.of_request(one.id))
    told = []
    for said in found.rows[:MOST_SHOWN]:
        row = row_of(tx, actor, said.recording_id)
        if row is not None:
            told.append(_meant(tx, actor, one, said, row, decided.of(row.id), releases.get(row.id)))
    return told, found.hidden + max(0, len(found.rows) - MOST_SHOWN)


def _meant(
    tx: Connection,
    actor: Actor,
    one: RecordsRequest,
    said: RequestRecording,
    row: Row,
    decisions: Sequence[Made],
    released: Released | None,
) -> Recording:
    badges: list[Badge] = [_state_badge(row)] if row.state != "sealed" else []
    whole = next((made.decision for made in decisions if made.begin_ms is None), None)
    if whole is None:
        badges.append((_("Not decided yet"), "", "clock"))
    else:
        words, kind, symbol = _DECISION_BADGES[whole]
        badges.append((_(words), kind, symbol))
    stretches = [made for made in decisions if made.begin_ms is not None]
    if stretches:
        withheld = sum(made.decision is Decision.WITHHOLD for made in stretches)
        if withheld:
            words = ngettext("%(num)s stretch withheld", "%(num)s stretches withheld", withheld)
            badges.append((words, "warn", "eye-off"))
    link, copies = None, 0
    if actor.may(Permission.RECORDINGS_REDACT):
        link, copies, badge = _redaction(tx, actor, row.id)
        badges += [badge] if badge else []
    if released is not None:
        words, kind, symbol = RELEASE_BADGES[released.state]
        badges.append((_(words), kind, symbol))
    return Recording(
        row,
        said.why,
        said.said_by,
        said.said_at,
        tuple(badges),
        whole,
        copies,
        query(f"/requests/{one.id}/decide", {"recording": row.id}),
        link,
        None if released is None else f"/releases/{released.id}",
    )


def _state_badge(row: Row) -> Badge:
    if row.state == "destroyed":
        return _("Destroyed"), "bad", "trash"
    return (_("Still coming in"), "note", "clock") if row.state == "receiving" else (_("Part of another"), "", "film")


def _redaction(tx: Connection, actor: Actor, recording_id: str) -> tuple[str | None, int, Badge | None]:
    """The newest redaction of a recording, how many copies of it are ready, and its badge."""
    found = redactions.list_of(tx, actor, recording_id=recording_id, closed=True, limit=1)
    if not found:
        return None, 0, None
    copies = redactions.copies_of(tx, found[0].id)
    ready = sum(copy.state is CopyState.READY for copy in copies)
    badge = (_("Redacted copy made"), "ok", "eye-off") if ready else (_("Being redacted"), "note", "eye-off")
    return f"/redactions/{found[0].id}", ready, badge


def not_meant_of(tx: Connection, actor: Actor, request_id: str) -> list[Recording]:
    """The recordings that somebody looked at and that are not meant."""
    told = []
    for said in recordings_of_request(tx, actor, request_id, meant=Meant.NOT_MEANT).rows[:MOST_SHOWN]:
        row = row_of(tx, actor, said.recording_id)
        if row is not None:
            told.append(Recording(row, said.why, said.said_by, said.said_at))
    return told


def next_of(
    one: RecordsRequest,
    meant: Sequence[Recording],
    hidden: int,
    releases: Sequence[Released],
    *,
    unread: int,
    letters: Sequence[bool],
) -> Next:
    """What is due next. `letters`: of each letter of the answer, whether it was sent; `unread`: messages that came in
    and that nobody had seen."""
    if not one.open:
        return _closed(one)
    here = f"/requests/{one.id}"
    if unread:
        return Next(_("Read what whoever asked wrote."), "#messages", _("To the messages"))
    if one.state is RequestState.CLARIFYING:
        return Next(_("Whoever asked was asked something. When they answer, the office goes on; the clock runs."))
    if one.assigned_to is None:
        return Next(_("Somebody has to take it."), "#work", _("Assign it"))
    if not meant and not hidden and not letters:  # a letter of decision says that there is none
        return Next(_("Find the recordings that are meant, or say that there is none."), "#proposed", _("Look at them"))
    undecided = [rec for rec in meant if rec.decided is None and rec.row.state == "sealed"]
    if undecided:
        words = ngettext("Decide on %(num)s recording.", "Decide on %(num)s recordings.", len(undecided))
        return Next(words, undecided[0].decide_link, _("Decide"))
    going_out = [rec for rec in meant if rec.decided in (Decision.RELEASE, Decision.REDACT)]
    made = _release(here, going_out, releases)
    if made is not None:
        return made
    if not letters:
        return Next(_("Write the letter that answers it."), "#documents", _("Write it"))
    if not all(letters):
        return Next(_("The letter is written. Send it."), "#documents", _("To the letter"))
    return Next(_("Everything is done. Mark it as answered."), "#end", _("Answer it"))


def _closed(one: RecordsRequest) -> Next:
    if one.state is RequestState.WITHDRAWN:
        return Next(_("Whoever asked took it back. Nothing is due."))
    if one.late:
        return Next(_("It is answered, after its time. Nothing is due."))
    return Next(_("It is answered, in its time. Nothing is due."))


def _release(here: str, going_out: Sequence[Recording], releases: Sequence[Released]) -> Next | None:
    """What the release of what goes out still needs; None when nothing."""
    without = [rec for rec in going_out if not rec.copies and rec.release_link is None]
    if without:
        words = ngettext(
            "Make the redacted copy of %(num)s recording.",
            "Make the redacted copies of %(num)s recordings.",
            len(without),
        )
        return Next(words, without[0].redaction_link or "#meant", _("To the redaction"))
    waiting = next((one for one in releases if one.waits), None)
    if waiting is not None:
        return Next(
            _("A second person has to look at the release and approve it."), f"/releases/{waiting.id}", _("To it")
        )
    if any(rec.release_link is None for rec in going_out):
        return Next(_("Prepare the release."), f"/releases/new?request={here.rpartition('/')[2]}", _("Prepare it"))
    return None


def decision_words(decision: Decision) -> str:
    """What a decision is called."""
    return _(DECISION_WORDS[decision])
