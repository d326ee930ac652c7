"""Signatures that a camera put into its recording: found when a file comes in, checked by a job, and put on record.

What a file carries is its own word (`footage.media.signature_detection`). What the job says of it is a finding of this
installation: over which pictures, by whose certificate, compared with which roots. It never takes the place of the
seal: that is over the bytes as they came, signed or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, iso
from candor.core.ids import new_id
from candor.footage.errors import PartUnknown
from candor.footage.rules import changeable_by
from candor.footage.tables import part, part_signature, recording
from candor.jobs import Jobs
from candor.people.rules import Actor

__all__ = [
    "JOB",
    "KIND_WORDS",
    "TRUST_WORDS",
    "VERDICT_WORDS",
    "Signature",
    "SignatureState",
    "Trust",
    "Verdict",
    "check_again",
    "claimed",
    "results_of",
    "signatures_of",
    "told",
    "trust_in",
    "verdict_of",
    "want_signatures",
]

#: The job that checks the signatures of a part; its parameters: {"part": part id, "asked": account id or None}.
JOB = "footage.signatures@1"


class SignatureState(StrEnum):
    """How far a check is."""

    WAITING = "waiting"
    CHECKING = "checking"
    CHECKED = "checked"
    FAILED = "failed"


class Verdict(StrEnum):
    """What a check found."""

    VERIFIED = "verified"
    PARTLY = "partly"
    INCOMPLETE = "incomplete"
    ALTERED = "altered"
    SEVERAL = "several-signers"
    UNVERIFIABLE = "unverifiable"
    DETECTED = "detected"
    ABSENT = "absent"


class Trust(StrEnum):
    """Whether the certificate leads to somebody the agency trusts."""

    TRUSTED = "trusted"
    NOT_TRUSTED = "not-trusted"
    NOT_COMPARED = "not-compared"


#: Names of the kinds of signatures (`footage.media.signature_detection.KINDS`).
KIND_WORDS: dict[str, str] = {
    "onvif-media-signing": "ONVIF media signing",
    "axis-signed-video": "Axis signed video",
    "c2pa": "C2PA manifest",
}
VERDICT_WORDS: dict[Verdict, str] = {
    Verdict.VERIFIED: "Every group of pictures is as it was signed. The last one may be without a signature.",
    Verdict.PARTLY: "What was signed is as it was signed; other pictures have no signature, or could not be read.",
    Verdict.INCOMPLETE: "What is here is as it was signed, but something that was signed is missing.",
    Verdict.ALTERED: "Something is not as it was signed.",
    Verdict.SEVERAL: "Everything is as it was signed, but not by one signer: parts may come from elsewhere.",
    Verdict.UNVERIFIABLE: "The camera's messages are there, but nothing could be verified with them.",
    Verdict.DETECTED: "Detected, not verified here.",
    Verdict.ABSENT: "No picture track carries it: its mark stood in the file's bytes only.",
}
TRUST_WORDS: dict[Trust, str] = {
    Trust.TRUSTED: "The certificate leads to a root that this agency trusts.",
    Trust.NOT_TRUSTED: "The certificate leads to no root that this agency trusts.",
    Trust.NOT_COMPARED: "The certificate was not compared with a trusted root.",
}


@dataclass(frozen=True)
class Signature:
    """A kind of signature in a part. `certificate`: SHA-256 as told by the file at intake, or by the check. `details`:
    what `footage.media.signature_check` told of this kind."""

    id: str
    part_id: str
    kind: str
    state: SignatureState
    job_id: str | None
    certificate: str | None
    verdict: Verdict | None
    trust: Trust | None
    details: dict[str, Any]
    checker: str | None
    problem: str | None
    found_at: datetime
    checked_at: datetime | None


def claimed(media: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The kinds of signatures that a file claims, and whose they are, for the details of an event."""
    return [
        {"kind": one["kind"], **{name: one[name] for name in ("certificate", "key") if one.get(name)}}
        for one in media.get("signatures", ())
    ]


def want_signatures(tx: Connection, jobs: Jobs, clock: Clock, part_id: str, media: Mapping[str, Any]) -> None:
    """Have the signatures of a part checked, if it has any and the transaction commits."""
    found = claimed(media)
    if not found:
        return
    job_id = jobs.enqueue(tx, JOB, {"part": part_id, "asked": None})
    for one in found:
        row = _row(part_id, one["kind"], SignatureState.WAITING, clock)
        row |= {"job_id": job_id, "certificate": one.get("certificate") or one.get("key")}
        tx.execute(part_signature.insert(), row)


def check_again(tx: Connection, jobs: Jobs, actor: Actor, part_id: str) -> str:
    """Have the signatures of a part checked (again), such as after a root was added; the job. It looks at all of the
    file, also where nothing was found when it came in. Raises PartUnknown."""
    query = sa.select(part.c.id).join(recording, recording.c.id == part.c.recording_id)
    if tx.execute(query.where(part.c.id == part_id, changeable_by(actor).expression)).first() is None:
        raise PartUnknown(id=part_id)
    job_id = jobs.enqueue(tx, JOB, {"part": part_id, "asked": actor.account_id})
    values = {"state": SignatureState.WAITING.value, "job_id": job_id, "problem": None}
    tx.execute(part_signature.update().where(part_signature.c.part_id == part_id).values(**values))
    return job_id


def signatures_of(tx: Connection, part_ids: Iterable[str]) -> dict[str, list[Signature]]:
    """The signatures of some parts, by part; whoever calls has checked that the reader may see them."""
    wanted = list(part_ids)
    found: dict[str, list[Signature]] = {one: [] for one in wanted}
    if wanted:
        query = sa.select(part_signature).where(part_signature.c.part_id.in_(wanted)).order_by(part_signature.c.kind)
        for row in tx.execute(query):
            found[row.part_id].append(_signature(row))
    return found


def told(signature: Signature) -> dict[str, Any]:
    """A signature as programs and packages are told of it: JSON without floats."""
    return {
        "kind": signature.kind,
        "state": signature.state.value,
        "verdict": None if signature.verdict is None else signature.verdict.value,
        "trust": None if signature.trust is None else signature.trust.value,
        "certificate": signature.certificate,
        "checked_at": None if signature.checked_at is None else iso(signature.checked_at),
        "checker": signature.checker,
        "problem": signature.problem,
        "details": signature.details,
    }


# -- what a check means


def verdict_of(kind: str, details: Mapping[str, Any], *, whole: bool = True) -> Verdict:
    """What was found of one kind of signature, in one word. `whole`: every picture of the file was looked at. Pure."""
    if kind != "onvif-media-signing":
        return Verdict.DETECTED
    if details["groups_failed"] or details["signatures_bad"]:
        return Verdict.ALTERED
    if not details["groups_verified"]:
        return Verdict.UNVERIFIABLE
    if details["groups_missing"] or details["messages_missing"] or details["links_broken"]:
        return Verdict.INCOMPLETE
    if details["signers"] > 1:
        return Verdict.SEVERAL
    behind = details["groups_unsigned"] > 1 or details["slices_behind"] > details["longest_group"]
    if behind or details["slices_between"] or details["slices_outside"] or not whole:
        return Verdict.PARTLY
    return Verdict.VERIFIED


def trust_in(certificates: Iterable[Mapping[str, Any]]) -> Trust | None:
    """The least trust of all certificates that were used; None where there is none."""
    found = {Trust(one["trust"]["state"]) for one in certificates}
    return next((one for one in (Trust.NOT_TRUSTED, Trust.NOT_COMPARED, Trust.TRUSTED) if one in found), None)


def results_of(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{"kind", "verdict", "trust", "certificate", "details"}] of what `signature_check.check` told. Several signed
    tracks of one file are as good as the worst of them, and each is told."""
    results: list[dict[str, Any]] = []
    if found["onvif"]:
        order = (
            Verdict.ALTERED, Verdict.UNVERIFIABLE, Verdict.INCOMPLETE, Verdict.SEVERAL, Verdict.PARTLY, Verdict.VERIFIED
        )  # fmt: skip
        whole = not found["tracks_without"] and not found["packets"]["damaged"]
        verdicts = [verdict_of("onvif-media-signing", track, whole=whole) for track in found["onvif"]]
        certificates = [one for track in found["onvif"] for one in track["certificates"]]
        results.append(
            {
                "kind": "onvif-media-signing",
                "verdict": next(one for one in order if one in verdicts),
                "trust": trust_in(certificates),
                "certificate": certificates[0]["sha256"] if certificates else None,
                "details": {"tracks": found["onvif"], "tracks_without": found["tracks_without"]},
            }
        )
    if found["axis"] is not None:
        axis = found["axis"]
        own = {"trust": None, "certificate": axis["certificate"] or axis["key"], "details": axis}
        results.append({"kind": "axis-signed-video", "verdict": Verdict.DETECTED, **own})
    if found["c2pa"] is not None:
        certificate = found["c2pa"]["certificate"]
        own = {
            "trust": Trust(found["c2pa"]["trust"]["state"]) if certificate else None,
            "certificate": certificate["sha256"] if certificate else None,
            "details": found["c2pa"],
        }
        results.append({"kind": "c2pa", "verdict": Verdict.DETECTED, **own})
    return results


# -- rows


def set_state(tx: Connection, part_id: str, state: SignatureState, problem: str | None = None) -> None:
    """Set the state of every check of a part that is not done."""
    open_ones = (part_signature.c.part_id == part_id, part_signature.c.state != SignatureState.CHECKED.value)
    tx.execute(part_signature.update().where(*open_ones).values(state=state.value, problem=problem))


def put_results(
    tx: Connection, part_id: str, results: Iterable[Mapping[str, Any]], checker: str, *, clock: Clock
) -> None:
    """Keep what a check found; kinds that the file claimed and that are not there are kept as absent."""
    known = {
        row.kind: row.id for row in tx.execute(sa.select(part_signature).where(part_signature.c.part_id == part_id))
    }
    by_kind = {one["kind"]: one for one in results}
    for kind in sorted({*known, *by_kind}):
        found = by_kind.get(kind, {"verdict": Verdict.ABSENT, "trust": None, "certificate": None, "details": {}})
        values = {
            "state": SignatureState.CHECKED.value,
            "verdict": found["verdict"].value,
            "trust": None if found["trust"] is None else found["trust"].value,
            "certificate": found["certificate"],
            "details": found["details"],
            "checker": checker,
            "problem": None,
            "checked_at": clock.now(),
        }
        if kind in known:
            tx.execute(part_signature.update().where(part_signature.c.id == known[kind]).values(**values))
        else:
            row = _row(part_id, kind, SignatureState.CHECKED, clock)
            tx.execute(part_signature.insert(), {**row, **values})


def _row(part_id: str, kind: str, state: SignatureState, clock: Clock) -> dict[str, Any]:
    return {
        "id": new_id(),
        "part_id": part_id,
        "kind": kind,
        "state": state.value,
        "details": {},
        "found_at": clock.now(),
    }


def _signature(row: sa.Row[Any]) -> Signature:
    values = dict(row._mapping)
    values["state"] = SignatureState(row.state)
    values["verdict"] = None if row.verdict is None else Verdict(row.verdict)
    values["trust"] = None if row.trust is None else Trust(row.trust)
    return Signature(**values)
