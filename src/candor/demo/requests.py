"""What the demo's records office did with what was asked: a request in every state, a release that everybody can see,
one that was recalled, one that waits for a second person. Done by the services that the pages call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from candor.core.clock import iso
from candor.disclosure.decisions.deciding import Choice, Weighed, decide, decisions_of
from candor.disclosure.decisions.into_redaction import put_into_redaction
from candor.disclosure.decisions.obstacles import obstacles
from candor.disclosure.decisions.rules import Decision, Weighing
from candor.disclosure.decisions.subjects import Subject
from candor.disclosure.going import CopyToGo
from candor.disclosure.releases import approving, preparing, recalling
from candor.disclosure.releases.reading import release
from candor.disclosure.releases.rules import Audience
from candor.disclosure.releases.summary import draft
from candor.disclosure.requests import answering, assigning, intake, letters, meant, messages
from candor.disclosure.requests.intake import Intake
from candor.disclosure.requests.naming import Named
from candor.disclosure.requests.reading import request_by_tracking
from candor.disclosure.requests.rules import Outcome, RequesterClass
from candor.footage.tables import recording
from candor.installation import Installation
from candor.people import service as people
from candor.people.rules import Actor
from candor.published.entries import seal
from candor.published.errors import NotReadyForRequests
from candor.published.tracking import digest_of
from candor.redaction.beginning import begin
from candor.redaction.model import Kind
from candor.redaction.models.registry import shipped
from candor.redaction.rendering import ask_for_copies
from candor.redaction.tables import redacted_copy, redaction

__all__ = ["ATTORNEY", "Office", "office_of", "work_on"]

#: Films that redacted copies are made of, which are short; one that shows a child. By their titles.
TRAFFIC, TYRE, CHILD = (
    "Minor collision, Route 9 mile 31: traffic",
    "Flat tyre, Route 9 mile 34",
    "Traffic watch at the town line",
)
#: Under which rules something of them stays out.
PRIVACY, MINOR = "us-ct/ct-1-210-b2-privacy", "us-ct/ct-29-6d-g2-minor"
#: Who asks for what an incident is about.
ATTORNEY = "Ngozi Ade, attorney"
_LOOKED = "Both of us watched it from beginning to end; it is short."


@dataclass(frozen=True)
class Office:
    """The installation, and who prepares and who approves."""

    here: Installation
    records: Actor
    counsel: Actor

    def titled(self, *titles: str) -> list[str]:
        """Recordings, by their titles."""
        with self.here.database.read() as tx:
            return list(tx.scalars(sa.select(recording.c.id).where(recording.c.title.in_(titles))))

    def request(self, code: str) -> str:
        """A request, by its tracking code."""
        with self.here.database.read() as tx:
            found = request_by_tracking(tx, digest_of(code))
        assert found is not None, "it was taken in"
        return found

    def take(self, request_id: str, recordings: Sequence[str], why: str) -> None:
        """Work on a request, and say which recordings it means."""
        clock = self.here.clock
        with self.here.database.write() as tx:
            assigning.assign(tx, self.records, request_id, self.records.account_id, clock=clock)
            meant.mean(tx, self.records, request_id, recordings, why=why, clock=clock)

    def decide(self, request_id: str, recording_id: str, *choices: Choice) -> None:
        """Decide on a recording; what stands in the way is weighed in words where anything goes out."""
        subject, clock = Subject.of_request(request_id), self.here.clock
        with self.here.database.write() as tx:
            upon = decisions_of(tx, self.records, subject).upon
            weighed: list[Weighed] = []
            if any(one.decision is not Decision.WITHHOLD for one in choices):
                found = obstacles(tx, self.records, recording_id, subject=subject, clock=clock)
                why = "The review is of the troopers’ work; what this camera saw does not harm it."
                weighed = [Weighed(one.rule, Weighing.WEIGHED, why) for one in found]
            decide(tx, self.records, subject, recording_id, choices, weighed, upon=upon, clock=clock)

    def letter(self, request_id: str) -> None:
        """Write the letter of decision and put it before whoever asked."""
        here = self.here
        with here.database.read() as tx:
            kind = letters.LetterKind.DECISION
            made = letters.compose(tx, self.records, request_id, kind, settings=here.settings, clock=here.clock)
        taken = made.take(here.vault)
        with here.database.write() as tx:
            document_id = letters.keep(tx, here.vault, self.records, made, taken, clock=here.clock)
            letters.send(tx, self.records, request_id, document_id, clock=here.clock)

    def prepare(self, request_id: str, copies: Sequence[str], audience: Audience, title: str) -> str:
        """Prepare a release, with the words that the program drafts; its identifier."""
        subject, here = Subject.of_request(request_id), self.here
        with here.database.write() as tx:
            going = [CopyToGo(one, _LOOKED) for one in copies]
            summary = draft(tx, here.vault, self.records, subject, going, clock=here.clock)
            return preparing.prepare(
                tx,
                here.vault,
                self.records,
                subject,
                copies,
                audience=audience,
                title=title,
                summary=summary,
                although=dict.fromkeys(copies, _LOOKED),
                clock=here.clock,
            )

    def approve(self, release_id: str) -> None:
        """The second person lets it go out; the job publishes it."""
        here = self.here
        with here.database.write() as tx:
            upon = release(tx, self.counsel, release_id).version
            approving.approve(tx, here.vault, here.jobs, self.counsel, release_id, upon=upon, clock=here.clock)


def office_of(here: Installation) -> Office:
    """The office, by the demo's accounts."""
    with here.database.read() as tx:
        found = [people.account_named(tx, name) for name in ("records", "counsel")]
    records, counsel = (people.actor_of(one) for one in found if one is not None)
    return Office(here, records, counsel)


def work_on(here: Installation, codes: Sequence[str]) -> None:
    """Work on the requests of these codes: of somebody who was recorded, of the press, of somebody who says thanks. Two
    more came by letter. Harmless to repeat."""
    office = office_of(here)
    depicted, press, thanks = (office.request(one) for one in codes[:3])
    with here.database.read() as tx:
        if tx.execute(sa.select(redaction.c.id).limit(1)).first() is not None:
            return
    traffic, tyre = office.titled(TRAFFIC), office.titled(TYRE)
    found = [one.kind for one in shipped() if one.there]
    redactions = [_begun(office, traffic[0], "For the press", found), _begun(office, tyre[0], "Flat tyre", ())]
    _by_letter(office)
    office.take(press, [*traffic, *office.titled("Minor collision, Route 9 mile 31: patrol car 412")], "Its number.")
    office.take(thanks, tyre, "The only patrol that helped with a car there on that day.")
    _asked_back(office, depicted, codes[0])
    office.take(depicted, traffic, "She stands beside her car in it.")
    here.jobs.wait_idle(600)
    half = Choice(1_000, 1_500, Decision.WITHHOLD, PRIVACY, "A telephone number is said.")
    hidden = "Faces of people who passed by, and licence plates."
    rest = (
        Choice(None, None, Decision.REDACT, PRIVACY, hidden) if found else Choice(None, None, Decision.RELEASE, "", "")
    )
    office.decide(press, traffic[0], rest, half)
    office.decide(depicted, traffic[0], rest, half)
    office.decide(thanks, tyre[0], Choice(None, None, Decision.RELEASE, "", ""))
    copies = _copied(office, redactions, press, traffic[0])
    public = office.prepare(press, copies[:1], Audience.PUBLIC, "A minor collision on Route 9")
    office.letter(thanks)
    recalled = office.prepare(thanks, copies[1:], Audience.REQUESTER, "Help with a flat tyre on Route 9")
    office.approve(public)
    office.approve(recalled)
    here.jobs.wait_idle(600)
    office.prepare(depicted, copies[:1], Audience.REQUESTER, "Your collision on Route 9")
    with here.database.write() as tx:
        why = "The plate of a car that passes can be read for a moment. A new copy follows."
        recalling.recall(tx, here.jobs, office.counsel, recalled, why, clock=here.clock)
    here.jobs.wait_idle(600)
    here.publishing.round()


def _begun(office: Office, recording_id: str, title: str, kinds: Sequence[Kind]) -> str:
    """A redaction in which these kinds are looked for; without any, people say what is hidden."""
    here = office.here
    with here.database.write() as tx:
        given = (tx, here.jobs, here.vault, office.records, recording_id)
        return begin(*given, title=title, kinds=kinds, clock=here.clock)


def _copied(office: Office, redactions: Sequence[str], request_id: str, withheld: str) -> list[str]:
    """A copy of each; of one recording without the stretch that is withheld."""
    here, made = office.here, []
    with here.database.write() as tx:
        given = (office.records, Subject.of_request(request_id), withheld, redactions[0])
        put_into_redaction(tx, here.vault, *given, clock=here.clock)
        for one in redactions:
            made += ask_for_copies(tx, here.jobs, here.vault, office.records, one, clock=here.clock)
    here.jobs.wait_idle(600)
    with here.database.read() as tx:
        ready = set(tx.scalars(sa.select(redacted_copy.c.id).where(redacted_copy.c.state == "ready")))
    assert ready >= set(made), "copies of the demo's films can be made"
    return made


def _asked_back(office: Office, request_id: str, code: str) -> None:
    """The office asks something, and the answer comes by the portal."""
    here = office.here
    with here.database.write() as tx:
        words = "Is it enough if you get the camera of the sergeant, who slowed the traffic? It shows both cars."
        messages.send(tx, office.records, request_id, words, asks=True, clock=here.clock)
    here.publishing.round()
    published, inbox = here.publishing.places()
    about = published.about()
    if about is None:
        raise NotReadyForRequests()
    said = {"code": code, "words": "Yes, thank you. My insurance wants to see the two bumpers."}
    sealed = seal({**said, "received_at": iso(here.clock.now())}, (), about.recipient)
    inbox.append("message", sealed, clock=here.clock)
    here.publishing.round()


def _by_letter(office: Office) -> None:
    """One that shows a child and is withheld, with its letter; one that nobody has looked at."""
    here, now = office.here, office.here.clock.now()
    asked = Intake(
        words="What the camera at the town line recorded while the school bus passed.",
        name="R. Tanaka",
        requester_class=RequesterClass.PUBLIC,
        post="4 Mill Lane, Millbrook",
        named=Named(place="town line"),
        received_at=now - timedelta(hours=30),
    )
    later = Intake(
        words="All recordings of the traffic stop for a tail light, with the sound.",
        name=ATTORNEY,
        requester_class=RequesterClass.ATTORNEY,
        class_confirmed=True,
        mail="ade@example.org",
        named=Named(incident="CSP-26-118290"),
        received_at=now - timedelta(hours=2),
    )
    with here.database.write() as tx:
        first = intake.receive(tx, office.records, asked, clock=here.clock).id
        intake.receive(tx, office.records, later, clock=here.clock)
    (shown,) = office.titled(CHILD)
    office.take(first, [shown], "It is the only camera that stood there.")
    why = "It shows a child in the back seat, and no parent has agreed."
    office.decide(first, shown, Choice(None, None, Decision.WITHHOLD, MINOR, why))
    office.letter(first)
    with here.database.write() as tx:
        answering.answer(tx, office.records, first, Outcome.WITHHELD, clock=here.clock)
