"""The words in which law and footage meet: what rules may ask for, and what facts may say. Closed lists.

A rule that names anything else is refused when its pack is read, so that no rule waits for a fact that never comes.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "CASE_KIND_WORDS",
    "CHARGE_WORDS",
    "CLASS_WORDS",
    "CRITICAL_WORDS",
    "EVENT_WORDS",
    "HOLD_WORDS",
    "LABEL_WORDS",
    "MAY_WORDS",
    "NAMEABLE",
    "NAMEABLE_WORDS",
    "REQUESTER_WORDS",
    "CaseKind",
    "Charge",
    "Critical",
    "HoldKind",
    "Label",
    "LawClass",
    "LawEvent",
    "May",
    "Nameable",
    "Requester",
]


class LawClass(StrEnum):
    """What a category of the agency's means to the law. An agency's categories are each given one."""

    ACCIDENT = "accident"
    ARREST = "arrest"
    CALL = "call"
    COMPLAINT = "complaint"
    CONTACT = "contact"
    CRIME = "crime"
    DEADLY_FORCE = "deadly-force"
    EVIDENCE = "evidence"
    FORCE = "force"
    INTERVIEW = "interview"
    OTHER = "other"
    PURSUIT = "pursuit"
    SEARCH = "search"
    TEST = "test"
    TRAFFIC_STOP = "traffic-stop"
    TRAINING = "training"
    TRANSPORT = "transport"


CLASS_WORDS: dict[LawClass, str] = {
    LawClass.ACCIDENT: "an accident",
    LawClass.ARREST: "an arrest or a detention",
    LawClass.CALL: "a call for service",
    LawClass.COMPLAINT: "a complaint about an officer",
    LawClass.CONTACT: "a contact with the public",
    LawClass.CRIME: "a crime or its investigation",
    LawClass.DEADLY_FORCE: "deadly force, death or great bodily harm",
    LawClass.EVIDENCE: "evidence of another kind",
    LawClass.FORCE: "use of force",
    LawClass.INTERVIEW: "an interview",
    LawClass.OTHER: "something else",
    LawClass.PURSUIT: "a pursuit",
    LawClass.SEARCH: "a search",
    LawClass.TEST: "a test of the camera",
    LawClass.TRAFFIC_STOP: "a traffic stop",
    LawClass.TRAINING: "training",
    LawClass.TRANSPORT: "a transport",
}


class Label(StrEnum):
    """What the law cares about in a recording, whatever its category is. A recording may have many."""

    ACCIDENT_DEATH = "accident-death"
    BREAK = "break"
    DECEASED = "deceased"
    DOMESTIC_ABUSE = "domestic-abuse"
    EVIDENTIARY = "evidentiary"
    FIREARM_DISCHARGED = "firearm-discharged"
    HOME = "home"
    HOMICIDE = "homicide"
    HOSPITAL = "hospital"
    INFORMANT = "informant"
    INTIMATE = "intimate"
    LAW_ENFORCEMENT_TALK = "law-enforcement-talk"
    LITIGATION_EXPECTED = "litigation-expected"
    MEDICAL = "medical"
    MENTAL_HEALTH = "mental-health"
    MINOR = "minor"
    OFFICER_INVESTIGATED = "officer-investigated"
    SEXUAL_ABUSE = "sexual-abuse"
    SUICIDE = "suicide"
    UNDERCOVER = "undercover"
    VICTIM_OR_WITNESS = "victim-or-witness"


LABEL_WORDS: dict[Label, str] = {
    Label.ACCIDENT_DEATH: "somebody who died in an accident",
    Label.BREAK: "a break or a personal activity",
    Label.DECEASED: "a dead body",
    Label.DOMESTIC_ABUSE: "a victim of domestic abuse",
    Label.EVIDENTIARY: "evidence in a matter",
    Label.FIREARM_DISCHARGED: "a firearm was discharged",
    Label.HOME: "the inside of a home",
    Label.HOMICIDE: "a victim of homicide",
    Label.HOSPITAL: "a hospital or medical facility",
    Label.INFORMANT: "an informant",
    Label.INTIMATE: "an intimate image",
    Label.LAW_ENFORCEMENT_TALK: "talk among law-enforcement personnel",
    Label.LITIGATION_EXPECTED: "litigation is expected",
    Label.MEDICAL: "a medical or psychological examination or treatment",
    Label.MENTAL_HEALTH: "a mental-health facility",
    Label.MINOR: "a minor",
    Label.OFFICER_INVESTIGATED: "an officer is investigated",
    Label.SEXUAL_ABUSE: "a victim of sexual abuse",
    Label.SUICIDE: "a victim of suicide",
    Label.UNDERCOVER: "an undercover officer",
    Label.VICTIM_OR_WITNESS: "a victim or witness who asks not to be known",
}


class LawEvent(StrEnum):
    """A moment in the life of a recording from which a period or a clock may run."""

    RECORDED = "recorded"
    RECEIVED = "received"
    CASE_CLOSED = "case-closed"
    COMPLAINT_MADE = "complaint-made"
    INVESTIGATION_BEGUN = "investigation-begun"
    REQUEST_RECEIVED = "request-received"
    REVIEW_COMPLETED = "review-completed"


EVENT_WORDS: dict[LawEvent, str] = {
    LawEvent.RECORDED: "it was recorded",
    LawEvent.RECEIVED: "it came in",
    LawEvent.CASE_CLOSED: "the last of its cases was closed",
    LawEvent.COMPLAINT_MADE: "a complaint was made",
    LawEvent.INVESTIGATION_BEGUN: "the disciplinary investigation was begun",
    LawEvent.REQUEST_RECEIVED: "the request was received",
    LawEvent.REVIEW_COMPLETED: "the officer had reviewed it",
}


class HoldKind(StrEnum):
    """Why footage must stay, whatever any period says."""

    LITIGATION = "litigation"
    INVESTIGATION = "investigation"
    REQUEST = "request"
    DISCOVERY = "discovery"
    COMPLAINT = "complaint"


HOLD_WORDS: dict[HoldKind, str] = {
    HoldKind.LITIGATION: "litigation",
    HoldKind.INVESTIGATION: "an investigation",
    HoldKind.REQUEST: "a request for records",
    HoldKind.DISCOVERY: "discovery",
    HoldKind.COMPLAINT: "a complaint",
}


class CaseKind(StrEnum):
    """What a case is about; what may be done with its footage differs by it."""

    CRIMINAL = "criminal"
    DISCIPLINARY = "disciplinary"
    FORCE_REVIEW = "force-review"
    CIVIL = "civil"
    COMPLAINT = "complaint"
    REQUEST = "request"
    OTHER = "other"


CASE_KIND_WORDS: dict[CaseKind, str] = {
    CaseKind.CRIMINAL: "criminal investigation",
    CaseKind.DISCIPLINARY: "disciplinary investigation",
    CaseKind.FORCE_REVIEW: "review of force",
    CaseKind.CIVIL: "civil litigation",
    CaseKind.COMPLAINT: "complaint",
    CaseKind.REQUEST: "request for records",
    CaseKind.OTHER: "other",
}


class Requester(StrEnum):
    """What whoever asks is to what was recorded: rights, fees and what a request must say may differ by it."""

    PUBLIC = "public"
    PRESS = "press"
    DEPICTED = "depicted"
    PARENT = "parent"
    NEXT_OF_KIN = "next-of-kin"
    ATTORNEY = "attorney"
    OFFICER = "officer"
    AGENCY = "agency"
    COMMISSION = "commission"


REQUESTER_WORDS: dict[Requester, str] = {
    Requester.PUBLIC: "a member of the public",
    Requester.PRESS: "somebody of the press",
    Requester.DEPICTED: "somebody who was recorded",
    Requester.PARENT: "a parent or guardian of a minor who was recorded",
    Requester.NEXT_OF_KIN: "next of kin of somebody who died",
    Requester.ATTORNEY: "an attorney of somebody who was recorded",
    Requester.OFFICER: "an officer who was recorded, or their union",
    Requester.AGENCY: "another public agency",
    Requester.COMMISSION: "a commission that oversees the police or civil rights",
}


class Nameable(StrEnum):
    """What a request can name of what it means."""

    CASE_NUMBER = "case-number"
    DATE = "date"
    INCIDENT = "incident"
    OFFICER = "officer"
    PERSON = "person"
    PLACE = "place"
    TIME = "time"


#: What a rule may have a request name.
NAMEABLE: tuple[str, ...] = tuple(one.value for one in Nameable)

NAMEABLE_WORDS: dict[Nameable, str] = {
    Nameable.CASE_NUMBER: "the number of a case",
    Nameable.DATE: "the date",
    Nameable.INCIDENT: "the incident",
    Nameable.OFFICER: "an officer",
    Nameable.PERSON: "a person whom the recording shows",
    Nameable.PLACE: "the place",
    Nameable.TIME: "the time of day",
}


class Charge(StrEnum):
    """What a fee is charged for, each."""

    RECORDING = "recording"
    PAGE = "page"
    FOOTAGE_HOUR = "footage-hour"
    REDACTION_HOUR = "redaction-hour"
    WORK_HOUR = "work-hour"


CHARGE_WORDS: dict[Charge, str] = {
    Charge.RECORDING: "recording",
    Charge.PAGE: "page",
    Charge.FOOTAGE_HOUR: "hour of footage",
    Charge.REDACTION_HOUR: "hour of redaction",
    Charge.WORK_HOUR: "hour of other work",
}


class May(StrEnum):
    """What somebody may do with a recording by a right of their own."""

    VIEW = "view"
    COPY = "copy"
    INSPECT = "inspect"
    PUBLISH = "publish"
    KEEP_LONGER = "keep-longer"


MAY_WORDS: dict[May, str] = {
    May.VIEW: "view it",
    May.COPY: "get a copy",
    May.INSPECT: "inspect it where it is kept",
    May.PUBLISH: "have it made public",
    May.KEEP_LONGER: "have it kept longer",
}


class Critical(StrEnum):
    """What makes an incident a critical one."""

    SHOOTING = "shooting"
    DEATH = "death"
    SERIOUS_INJURY = "serious-injury"


CRITICAL_WORDS: dict[Critical, str] = {
    Critical.SHOOTING: "a shooting",
    Critical.DEATH: "a death",
    Critical.SERIOUS_INJURY: "a serious injury",
}
