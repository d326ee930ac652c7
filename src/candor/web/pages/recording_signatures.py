"""What is said of the signatures that a camera put into a file, and having them checked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from candor.footage.signatures import (
    KIND_WORDS,
    TRUST_WORDS,
    VERDICT_WORDS,
    Signature,
    SignatureState,
    Trust,
    Verdict,
    check_again,
)
from candor.web import formats
from candor.web.access import installation_of, page, visit_of
from candor.web.i18n import gettext as _
from candor.web.i18n import noted
from candor.web.pages.recordings import CHANGE

#: How a verdict looks: a kind of badge, its icon, and a word or two.
_LOOKS: dict[Verdict, tuple[str, str, str]] = {
    Verdict.VERIFIED: ("ok", "seal", noted("Verified")),
    Verdict.PARTLY: ("note", "info", noted("Verified in part")),
    Verdict.INCOMPLETE: ("warn", "warning", noted("Something is missing")),
    Verdict.ALTERED: ("bad", "bad", noted("Not as it was signed")),
    Verdict.SEVERAL: ("warn", "warning", noted("More than one signer")),
    Verdict.UNVERIFIABLE: ("warn", "warning", noted("Not verifiable")),
    Verdict.DETECTED: ("note", "info", noted("Detected, not verified")),
    Verdict.ABSENT: ("", "info", noted("Not there")),
}
_TRUST_KINDS = {Trust.TRUSTED: "ok", Trust.NOT_TRUSTED: "warn", Trust.NOT_COMPARED: ""}
_COUNTS: dict[str, str] = {
    "groups_verified": noted("Groups of pictures verified"),
    "groups_failed": noted("Groups not as they were signed"),
    "groups_missing": noted("Groups missing"),
    "messages_missing": noted("Signed messages missing"),
    "groups_unsigned": noted("Groups without a signature"),
    "slices_between": noted("Picture data without a signature between signed groups"),
    "slices_outside": noted("Picture data that this way of signing leaves out"),
    "signatures_bad": noted("Signatures that do not fit"),
    "links_broken": noted("Groups that do not follow on the one before"),
}
_VENDOR = {"manufacturer": noted("Maker"), "serial": noted("Serial number"), "firmware": noted("Firmware")}
_MOST_FAULTS = 8


@dataclass(frozen=True)
class SignatureTold:
    """One kind of signature of one file, for people. `faults`: place in the recording and what is wrong there."""

    kind: str
    look: str
    icon: str
    label: str
    words: str
    trust: str | None
    trust_look: str
    facts: tuple[tuple[str, str, bool], ...]
    faults: tuple[tuple[str, str], ...]
    waiting: bool
    checked_at: datetime | None


def signature_told(found: Signature) -> SignatureTold:
    """A signature in words."""
    waiting = found.state in (SignatureState.WAITING, SignatureState.CHECKING)
    look, icon, label, words = "", "clock", _("Being checked"), _("The camera's signatures are being checked.")
    if found.state is SignatureState.FAILED:
        look, icon, label = "warn", "warning", _("Not checked")
        words = found.problem or _("The check broke off.")
    elif not waiting and found.verdict is not None:
        look, icon, label = _LOOKS[found.verdict]
        label, words = _(label), _(VERDICT_WORDS[found.verdict])
    tracks = found.details.get("tracks", ())
    return SignatureTold(
        kind=_(KIND_WORDS.get(found.kind, found.kind)),
        look=look,
        icon=icon,
        label=label,
        words=words,
        trust=None if found.trust is None else _(TRUST_WORDS[found.trust]),
        trust_look="" if found.trust is None else _TRUST_KINDS[found.trust],
        facts=tuple(_facts(found, tracks)),
        faults=tuple(
            (formats.duration(fault["at_ms"]), _(fault["words"])) for track in tracks for fault in track["faults"]
        )[:_MOST_FAULTS],
        waiting=waiting,
        checked_at=found.checked_at,
    )


#: What a check says of a place; they come from `footage.media.signature_onvif` in the source language.
FAULT_WORDS = (
    noted("the camera's message with its certificate was changed"),
    noted("the group does not follow on the one before it as the camera signed it"),
    noted("the camera's signature does not fit its message"),
    noted("the pictures are not those that were signed"),
    noted("slices that were signed are missing"),
)


def _facts(found: Signature, tracks: Any) -> list[tuple[str, str, bool]]:
    """(label, text, whether it is a hash)."""
    facts: list[tuple[str, str, bool]] = []
    for name, words in _COUNTS.items():
        count = sum(track.get(name, 0) for track in tracks)
        if count or (name == "groups_verified" and tracks):
            facts.append((_(words), formats.grouped(count), False))
    if found.details.get("messages"):
        facts.append((_("Messages of the camera"), formats.grouped(found.details["messages"]), False))
    for certificate in _certificates(found, tracks):
        facts += _certificate(certificate)
    if found.certificate and not any(text == found.certificate for _label, text, _hash in facts):
        facts.append((_("Signer (SHA-256)"), found.certificate, True))
    for track in tracks:
        facts += [(_(_VENDOR[name]), text, False) for name, text in track["vendor"].items() if name in _VENDOR]
        if track["signed_from"] and track["signed_to"]:
            text = _("%(begin)s to %(end)s, by the camera", begin=track["signed_from"], end=track["signed_to"])
            facts.append((_("Signed times"), text, False))
    return facts


def _certificates(found: Signature, tracks: Any) -> list[Mapping[str, Any]]:
    own = found.details.get("certificate")
    return [one for track in tracks for one in track["certificates"]] + ([own] if isinstance(own, dict) else [])


def _certificate(certificate: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    facts = [(_("Certificate (SHA-256)"), str(certificate["sha256"]), True)]
    if certificate.get("subject"):
        facts.append((_("Certificate of"), str(certificate["subject"]), False))
    if certificate.get("issuer"):
        facts.append((_("Issued by"), str(certificate["issuer"]), False))
    if certificate.get("not_before"):
        text = _("%(begin)s to %(end)s", begin=certificate["not_before"][:10], end=certificate["not_after"][:10])
        facts.append((_("Valid"), text, False))
    root = (certificate.get("trust") or {}).get("root")
    if root:
        facts.append((_("Trusted by"), str(root["subject"]), False))
    return facts


def check(request: Request) -> Response:
    """Have the signatures of a file checked (again)."""
    here, visit = installation_of(request), visit_of(request)
    recording_id, part_id = request.path_params["recording_id"], request.path_params["part_id"]
    with here.database.write() as tx:
        check_again(tx, here.jobs, visit.actor, part_id)
    return RedirectResponse(f"/recordings/{recording_id}?said=signatures-asked#files-title", 303)


routes = [
    page("/recordings/{recording_id}/parts/{part_id}/signatures", check, needs=CHANGE, methods=["POST"]),
]
