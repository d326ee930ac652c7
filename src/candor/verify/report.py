"""What a verification found, step by step, in words for somebody who has never seen a log.

Exit codes: 0 every step passed (or passed with warnings) · 2 wrong usage · 3 cannot be read as a package ·
19 a warning under --strict · 20 + n step n was the first that failed.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from candor.verify.errors import VerifyError, shown

USAGE = 2
UNREADABLE = 3
STRICT_WARNING = 19
FIRST_STEP = 20

MAX_FINDINGS = 20
"""Findings shown of one step; the rest are counted."""

TITLES: dict[int, str] = {
    1: "The package can be read, and is declared as a BagIt 1.0 bag",
    2: "The list of payload files is complete and exact",
    3: "Every payload file has the listed SHA-256",
    4: "Every other file is listed and has the listed SHA-256",
    5: "The keys to trust come from outside the package",
    6: "The log signed the checkpoint",
    7: "Independent witnesses cosigned the checkpoint",
    8: "Every custody event is in the log at its place",
    9: "Every event shown is the one the log holds",
    10: "The custody history is whole",
    11: "Every original is the one that was sealed",
    12: "The hand-out of this package is itself logged",
    13: "The public log holds nothing of these recordings that the package leaves out",
}

FAILURES: dict[int, str] = {
    1: "this is not a package as Candor makes it",
    2: "files of the payload are missing, or were added",
    3: "files of the payload were changed",
    4: "files beside the payload were changed, are missing, or were added",
    5: "the keys given are not for the log that this is from",
    6: "the log did not sign this checkpoint",
    7: "the witnesses that must vouch for the log did not",
    8: "custody events are shown that the log does not hold",
    9: "events are shown otherwise than they were logged",
    10: "the custody history is not whole",
    11: "an original is not the one that was sealed",
    12: "the log does not say that this package was handed out like this",
    13: "the public log holds events that this package leaves out",
}

REDACTED_FAILURES: dict[int, str] = {
    10: "the events shown are not those of the redacted copies' making and hand-out",
    11: "a copy, its edit list or its proof is not the one that was made",
}
"""Where a package of redacted copies fails otherwise than one of originals."""

LIMITS: tuple[str, ...] = (
    "an act done outside the program by somebody who has both the disk and the keys;",
    "an event that was never logged;",
    "what happened before the footage was taken in: what the camera did, or somebody did to the camera;",
    "who sat at the keyboard: an event names the account that was used;",
    "what the picture shows, or what it means.",
)


class Outcome(str, Enum):  # noqa: UP042 - Python 3.9 has no StrEnum
    """How a step ended."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass
class Step:
    """One numbered check. `words` says what was found; `findings` names the files or events concerned."""

    number: int
    title: str
    outcome: Outcome = Outcome.PASSED
    words: str = ""
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    more: int = 0

    def fail(self, finding: object) -> None:
        """This step has failed for the reason given; it goes on looking for further ones."""
        self.outcome = Outcome.FAILED
        self._add(str(finding))

    def warn(self, finding: str) -> None:
        """Something a reader must weigh, which by itself proves nothing wrong."""
        if self.outcome is not Outcome.FAILED:
            self.outcome = Outcome.WARNING
        self._add(finding)

    def note(self, text: str) -> None:
        """Something worth knowing."""
        self.notes.append(text)

    def not_run(self, reason: str) -> None:
        """The step could not be done."""
        self.outcome = Outcome.NOT_RUN
        self.words = reason

    @property
    def failed(self) -> bool:
        """Whether the step has failed."""
        return self.outcome is Outcome.FAILED

    def _add(self, finding: str) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
        else:
            self.more += 1


@dataclass(frozen=True)
class KeyUsed:
    """A key that a signature was checked against."""

    name: str
    vkey: str
    fingerprint: str
    time: int | None = None
    """When a witness cosigned, in seconds since 1970, as it says."""


@dataclass
class Report:
    """The result. `keys` is where trust came from: "outside", "package" or "none"."""

    subject: str
    kind: str = "package"
    steps: list[Step] = field(default_factory=list)
    keys: str = "none"
    key_source: str = ""
    log_key: KeyUsed | None = None
    witnesses: list[KeyUsed] = field(default_factory=list)
    origin: str | None = None
    tree_size: int | None = None
    package: str | None = None
    agency: str | None = None
    recordings: list[dict[str, Any]] = field(default_factory=list)
    discovery: dict[str, Any] | None = None
    """Of discovery: what of the case is given and what is withheld (`candor.verify.discovery`)."""
    unreadable: bool = False

    @contextmanager
    def step(self, number: int) -> Iterator[Step]:
        """A step being done. A VerifyError that leaves the block is what it failed on."""
        step = Step(number, TITLES[number])
        self.steps.append(step)
        try:
            yield step
        except VerifyError as error:
            step.fail(error)

    @property
    def first_failure(self) -> Step | None:
        """The failed step with the lowest number."""
        return min((s for s in self.steps if s.failed), key=lambda s: s.number, default=None)

    @property
    def warnings(self) -> list[Step]:
        """Steps that ended with a warning."""
        return [s for s in self.steps if s.outcome is Outcome.WARNING]

    @property
    def verdict(self) -> str:
        """ "verified", "consistent-not-proven", "failed" or "unreadable"."""
        if self.unreadable:
            return "unreadable"
        if self.first_failure is not None:
            return "failed"
        return "verified" if self.keys == "outside" else "consistent-not-proven"

    def exit_code(self, strict: bool = False) -> int:
        """The code a command ends with."""
        if self.unreadable:
            return UNREADABLE
        failure = self.first_failure
        if failure is not None:
            return FIRST_STEP + failure.number
        return STRICT_WARNING if strict and self.warnings else 0

    @property
    def result_line(self) -> str:
        """The one sentence that says how it ended."""
        failure = self.first_failure
        if self.unreadable:
            return "NOT READABLE AS A PACKAGE"
        if failure is not None and self.kind == "handover":
            return f"FAILED at step {failure.number}: the key given does not vouch for this handover"
        if failure is not None:
            failures = {**FAILURES, **(REDACTED_FAILURES if self.kind == "redacted" else {})}
            return f"FAILED at step {failure.number}: {failures[failure.number]}"
        if self.keys != "outside":
            return "CONSISTENT, BUT NOT PROVEN: keys came from the package itself"
        count = len(self.warnings)
        warned = f", with {count} warning{'s' if count > 1 else ''} to weigh" if count else ""
        return f"VERIFIED{warned}"

    def to_json(self, strict: bool = False) -> dict[str, Any]:
        """The report as plain values for json.dumps."""
        return {
            "verdict": self.verdict,
            "exit_code": self.exit_code(strict),
            "result": self.result_line,
            "kind": self.kind,
            "subject": self.subject,
            "package": self.package,
            "agency": self.agency,
            "recordings": self.recordings,
            **({} if self.discovery is None else {"discovery": self.discovery}),
            "keys": self.keys,
            "key_source": self.key_source,
            "log": None if self.log_key is None else _key_json(self.log_key),
            "origin": self.origin,
            "tree_size": self.tree_size,
            "witnesses": [_key_json(witness) for witness in self.witnesses],
            "steps": [
                {
                    "step": s.number,
                    "title": s.title,
                    "outcome": s.outcome.value,
                    "words": s.words,
                    "findings": s.findings,
                    "more_findings": s.more,
                    "notes": s.notes,
                }
                for s in self.steps
            ],
            "limits": list(LIMITS),
        }


def _key_json(key: KeyUsed) -> dict[str, Any]:
    found: dict[str, Any] = {"name": key.name, "vkey": key.vkey, "fingerprint": key.fingerprint}
    if key.time is not None:
        found["time"] = key.time
    return found


def redacted_words(copies: int) -> str:
    """What a package of redacted copies holds."""
    if copies == 1:
        return "a redacted copy; the original is not in it"
    return f"{copies:,} redacted copies; the originals are not in it"


def grouped(fingerprint: str) -> str:
    """A fingerprint in groups of four digits, for reading aloud."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


_MARKS = {
    Outcome.PASSED: "passed ",
    Outcome.WARNING: "WARNING",
    Outcome.FAILED: "FAILED ",
    Outcome.NOT_RUN: "not run",
}


def as_text(report: Report) -> str:
    """The whole report for a terminal or a printed page; only plain characters in what the package says."""
    kind = "package" if report.kind == "redacted" else report.kind
    lines = [f"{kind.capitalize():10} {shown(report.subject)}"]
    if report.kind == "redacted":
        lines.append(f"Holds      {redacted_words(sum(one['parts'] for one in report.recordings))}")
    if report.agency is not None:
        lines.append(f"From       {shown(report.agency)}, package {shown(report.package)}")
    for recording in report.recordings:
        kept = f", {recording['withheld']} more not opened" if recording.get("withheld") else ""
        lines.append(
            f"Recording  {recording['id']}: {recording['parts']} file(s), {recording['events']} custody events{kept}"
        )
    if report.discovery is not None:
        lines += _discovery_lines(report.discovery)
    if report.log_key is not None:
        lines += [
            f"Log        {shown(report.log_key.name)}, {report.tree_size:,} entries",
            f"Log key    {shown(report.log_key.vkey)}",
            f"           fingerprint {grouped(report.log_key.fingerprint)}",
            f"           from {report.key_source}",
        ]
    lines.append("")
    for step in report.steps:
        lines += _step_lines(step)
    lines += ["", f"RESULT: {report.result_line}", ""]
    if report.verdict == "consistent-not-proven":
        lines += [NOT_PROVEN, ""]
    lines.append("What no log can show:")
    lines += [f"  - {limit}" for limit in LIMITS]
    return "\n".join(lines) + "\n"


def _discovery_lines(found: dict[str, Any]) -> list[str]:
    withheld = found["withheld"]
    return [
        f"Discovery  {shown(found['number'])} in case {shown(found['case'])}: {found['recordings']:,} recordings, "
        f"{found['given']:,} given, {len(withheld):,} withheld",
        *(
            f"Withheld   {one['recording']}: {one['events']:,} custody events; {shown(one['reason'])} "
            f"({shown(one['citation'])})"
            for one in withheld
        ),
    ]


def _step_lines(step: Step) -> list[str]:
    lines = [f"{step.number:>3}  {_MARKS[step.outcome]}  {step.title}"]
    more = [f"… and {step.more:,} more"] if step.more else []
    said = [("  ", step.words)] if step.words else []
    said += [("! ", finding) for finding in (*step.findings, *more)] + [("- ", note) for note in step.notes]
    for mark, text in said:
        lines += textwrap.wrap(text, 110, initial_indent=" " * 12 + mark, subsequent_indent=" " * 14)
    return lines


NOT_PROVEN = (
    "Everything in the package agrees with everything else in it, but whoever forged all of it could have forged\n"
    "the keys too. Get the log's key or policy from elsewhere (the agency's published key, the court, a witness),\n"
    "compare the fingerprint above over another channel, and run this again with --policy FILE or --log-key KEY."
)
