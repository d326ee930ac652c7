"""The errors of verification. Each class's docstring is its message, with the fields it is raised with.

Exit codes: 3 the material cannot be read as the format it claims to be; 20 + n the check of step n failed
(26 log signature, 27 witnesses, 28 inclusion and tree, 29 opening, 30 history).
"""

from __future__ import annotations

__all__ = [
    "BadCommitment",
    "BadConsistency",
    "BadCosignature",
    "BadInclusion",
    "BadSignature",
    "BadTag",
    "BadTile",
    "Malformed",
    "MissingTile",
    "NoKnownSignature",
    "QuorumNotMet",
    "VerifyError",
    "WrongOrigin",
    "shown",
]

SHOWN_CHARACTERS = 160


def shown(value: object) -> str:
    """`value` as one bounded line that is safe on a terminal: hostile text is quoted in every message."""
    text = value if isinstance(value, str) else str(value)
    cut = text[:SHOWN_CHARACTERS]
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)
    return safe + ("…" if len(text) > SHOWN_CHARACTERS else "")


class VerifyError(Exception):
    """The material could not be verified."""

    exit_code = 3

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The docstring of the class with this error's fields put in, on one line."""
        quoted = {name: shown(value) for name, value in self.fields.items()}
        template = type(self).__doc__
        if not template:  # python -OO drops docstrings; the facts must still be told
            return type(self).__name__ + ": " + ", ".join(f"{k}={v}" for k, v in quoted.items())
        return " ".join(template.split()).format(**quoted)

    def __str__(self) -> str:
        return self.message


class Malformed(VerifyError):
    """This is not a valid {what}: {reason}. It was changed, cut short or made by something else."""


class BadSignature(VerifyError):
    """The signature by {name} does not match: the text or the signature was changed after signing."""

    exit_code = 26


class BadCosignature(VerifyError):
    """The witness {name}'s cosignature does not match: {reason}."""

    exit_code = 27


class NoKnownSignature(VerifyError):
    """No signature here is by a key that was given ({expected}); it is signed by: {found}."""

    exit_code = 26


class WrongOrigin(VerifyError):
    """The checkpoint is of the log {found}, not of the log {expected}."""

    exit_code = 26


class QuorumNotMet(VerifyError):
    """The checkpoint is not witnessed as the policy asks (quorum {quorum}); cosigned by: {found}."""

    exit_code = 27


class BadInclusion(VerifyError):
    """Entry {index} is not shown to be in the tree of {size} entries: {reason}."""

    exit_code = 28


class BadConsistency(VerifyError):
    """The tree of {new_size} entries is not shown to extend the tree of {old_size} entries: {reason}."""

    exit_code = 28


class BadTile(VerifyError):
    """The log's file {path} does not fit the signed tree of {size} entries: {reason}."""

    exit_code = 28


class MissingTile(VerifyError):
    """The log's file {path}, part of the tree of {size} entries, is missing."""

    exit_code = 28


class BadHandover(VerifyError):
    """The handover from one log to the next does not hold: {reason}."""

    exit_code = 26


class BadCommitment(VerifyError):
    """What is shown of the event is not what the log holds: {reason}."""

    exit_code = 29


class BadTag(VerifyError):
    """The event is not number {n} of this recording: its tag does not follow from the recording's tag key."""

    exit_code = 30
