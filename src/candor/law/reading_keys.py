"""The keys of a pack, what each may hold, and which must be there: one table for the reader and the reference.

A key that is not here is refused. `docs/reference/law-packs.md` is tested against this.
"""

from __future__ import annotations

from candor.law.model import RuleKind
from candor.law.vocabulary import NAMEABLE, Charge, Requester

__all__ = [
    "CHARGES",
    "DUTIES",
    "HEADER",
    "OF_KIND",
    "REDACTIONS",
    "REQUESTERS",
    "RULE",
    "TESTS",
    "THINGS",
    "UNCOVERED",
    "WHEN",
]

#: Key -> whether it must be there. Of the file.
HEADER: dict[str, bool] = {
    "id": True,
    "kind": True,
    "name": True,
    "jurisdiction": True,
    "version": True,
    "compiled-on": True,
    "time-zone": True,
    "over": False,
    "holidays": False,
    "rules": True,
    "uncovered": False,
}

#: Of every rule, whatever its kind.
RULE: dict[str, bool] = {
    "id": True,
    "kind": True,
    "text": True,
    "citation": True,
    "jurisdiction": False,
    "in-force-from": True,
    "in-force-to": False,
    "verification": True,
    "verified-on": True,
    "source": False,
    "note": False,
    "measured": False,
    "when": False,
}

#: Of rules of one kind.
OF_KIND: dict[RuleKind, dict[str, bool]] = {
    RuleKind.RETENTION: {
        "minimum": False,
        "start": False,
        "until-closed": False,
        "maximum": False,
        "extendable-by": False,
    },
    RuleKind.CLOCK: {
        "starts": False,
        "extension": False,
        "extension-reason": False,
        "latest": False,
        "no-clock": False,
        "answer-only": False,
        "extension-most": False,
        "puts-off": False,
    },
    RuleKind.CONFIDENTIAL: {"test": True, "exceptions": False},
    RuleKind.REDACTION: {"duty": True, "of": False},
    RuleKind.REQUEST: {"must-name": False, "without-fee": False, "without-fee-of": False, "per-incident": False},
    RuleKind.FEE: {"amount": True, "per": True, "unit": False},
    RuleKind.APPEAL: {"to": True, "within": False, "after": False, "how": False},
    RuleKind.RIGHT: {"of": True, "may": False, "may-not": False},
    RuleKind.VIEWING: {"of": True, "before-release": False, "within": False, "start": False},
    RuleKind.CONSENT: {"of": True, "lifts": False},
    RuleKind.HOLIDAYS: {
        "days": False,
        "each-year": False,
        "saturday-to-friday": False,
        "sunday-to-monday": False,
    },
    RuleKind.REVIEW: {"allowed": True, "with-whom": False, "others-recordings": False},
    RuleKind.DUTY: {"duty": True, "who": True, "every": False, "within": False, "after": False, "before": False},
    RuleKind.MANDATE: {},
    RuleKind.NO_RECORD: {},
    RuleKind.ACCESS: {},
    RuleKind.NOTE: {},
}

#: Under `when` of a rule.
WHEN: dict[str, bool] = {
    "classes": False,
    "categories": False,
    "labels-any": False,
    "labels-all": False,
    "labels-none": False,
    "uncategorised": False,
}

#: Of each entry of `uncovered`.
UNCOVERED: dict[str, bool] = {"subject": True, "why": True}

#: What `test` may be.
TESTS = ("absolute", "balance", "presumed")
#: What `duty` may be: of a redaction rule, and of a duty rule.
REDACTIONS = ("required", "permitted", "none")
DUTIES = ("inspect-and-test", "report-malfunction", "supervisor-action", "initial-training", "annual-training")
#: What a request may have to name.
THINGS = NAMEABLE
#: Who asks, what is charged for, what somebody may do.
REQUESTERS = tuple(one.value for one in Requester)
CHARGES = tuple(one.value for one in Charge)
