"""What lines of a history add in words where a recording has several parts, files beside it, and signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from candor.custody import Event
from candor.footage import names
from candor.footage.discrepancies import FIELD_WORDS, Field
from candor.footage.signatures import KIND_WORDS, VERDICT_WORDS, Verdict
from candor.web.i18n import gettext as _
from candor.web.i18n import ngettext
from candor.web.pages.recording_sidecars import SIDECAR_WORDS

#: Hashes of one line; the whole event has all of them.
_MOST_PARTS = 6


@dataclass(frozen=True)
class Fact:
    """Something a line adds in a few words, `label` before it if any. `old` only where a value was replaced."""

    label: str
    text: str
    old: str | None = None
    link: str | None = None
    mono: bool = False


def of_parts(details: Mapping[str, Any]) -> Iterable[Fact]:
    """A seal, or a part that came: each part's hash, and what is told of the whole."""
    parts = details.get("parts") or ([details] if "part" in details else [])
    if len(parts) > 1:
        yield Fact("", ngettext("%(num)s part", "%(num)s parts", len(parts)))
    for part in parts[:_MOST_PARTS]:
        if len(parts) > 1 or part.get("part", 1) != 1:
            yield Fact(_("part"), str(part.get("part")))
        yield Fact(_("SHA-256"), part["sha256"], mono=True)
        yield from _claimed(part)
    if len(parts) > _MOST_PARTS:
        yield Fact("", _("and %(count)s more", count=len(parts) - _MOST_PARTS))
    if details.get("gaps"):
        yield Fact("", ngettext("%(num)s gap", "%(num)s gaps", details["gaps"]))
    if details.get("given_up"):
        yield Fact(_("nobody waits any more:"), str(details["given_up"]))
    if details.get("from"):
        yield Fact(_("from"), details["from"][-12:], link=f"/recordings/{details['from']}", mono=True)
    if details.get("reason"):
        yield Fact(_("why"), str(details["reason"]))


def _claimed(part: Mapping[str, Any]) -> Iterable[Fact]:
    for one in part.get("signatures", ()):
        yield Fact(_("carries"), _(KIND_WORDS.get(one["kind"], one["kind"])))


def of_others(kind: Event, details: Mapping[str, Any]) -> Iterable[Fact]:
    """Any other event that has something to add."""
    match kind:
        case Event.RECORDING_REGROUPED:
            yield Fact(_("into"), details["into"][-12:], link=f"/recordings/{details['into']}", mono=True)
            yield Fact(_("why"), str(details.get("reason", "")))
        case Event.RECORDING_SIGNATURE_CHECKED:
            yield from _checked(details)
        case Event.SIDECAR_KEPT | Event.SIDECAR_ATTACHED:
            if details.get("name"):
                yield Fact(
                    _(SIDECAR_WORDS.get(details["kind"], SIDECAR_WORDS["unknown"])), names.shown(details["name"])
                )
            yield Fact(_("SHA-256"), details["sha256"], mono=True)
        case Event.TRACK_KEPT:
            yield Fact("", ngettext("%(num)s point", "%(num)s points", details["points"]))
            yield Fact(_("from"), names.shown(details["source"]))
        case Event.BOOKMARK_KEPT:
            yield Fact(_("at"), details["at"] or "–")
        case Event.CLOCK_READ:
            yield Fact(_("the camera said"), details["camera_at"])
            yield Fact(_("it was"), details["reference_at"])
        case Event.DISCREPANCY_OPENED | Event.DISCREPANCY_SETTLED | Event.DISCREPANCY_ENDED:
            if details.get("field") in set(Field):
                yield Fact("", _(FIELD_WORDS[Field(details["field"])]))
            if details.get("reason"):
                yield Fact(_("why"), str(details["reason"]))


def _checked(details: Mapping[str, Any]) -> Iterable[Fact]:
    if details.get("problem"):
        yield Fact(_("why"), str(details["problem"]))
    if not details.get("results") and not details.get("problem"):
        yield Fact("", _("no signature was found"))
    for one in details.get("results", ()):
        verdict = VERDICT_WORDS[Verdict(one["verdict"])] if one["verdict"] in set(Verdict) else one["verdict"]
        yield Fact(_(KIND_WORDS.get(one["kind"], one["kind"])) + ":", _(verdict))
        if one.get("certificate"):
            yield Fact(_("certificate"), one["certificate"], mono=True)
