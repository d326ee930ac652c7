"""Errors of disclosure."""

from __future__ import annotations

from candor.core.errors import CandorError


class DisclosureError(CandorError):
    """The package could not be made."""


class NothingToHandOut(DisclosureError):
    """No recording was named. Name at least one."""

    exit_code = 2


class WordsMissing(DisclosureError):
    """The {what} of a hand-out goes on record and must be said in 1 to {longest} characters, all of them visible
    ({problem}). Nothing was handed out."""

    exit_code = 2


class TooMuch(DisclosureError):
    """One package holds at most {most:,} {what}, and this would be {count:,}. Hand it out in several packages.
    Nothing was handed out."""

    exit_code = 2


class NoFiles(DisclosureError):
    """The recording {id} has no file, so there is nothing of it to hand out."""

    exit_code = 4


class RecordingGone(DisclosureError):
    """The recording {id} can no longer be handed out: the key of its file {name} was destroyed, and nobody can read
    that file any more. Its custody history remains."""

    exit_code = 4


class OriginalAltered(DisclosureError):
    """The stored file {name} of recording {recording} does not match its seal ({what}). The package was not made;
    the hand-out stays on record. Run `candor fixity`, and restore the file from a backup."""

    exit_code = 6


class ProgramChanged(DisclosureError):
    """The package {id} was put on record by another version of this program. This version would put other files beside
    the recordings than those on record ({names}), and every check would refuse the package. It was not made; the
    hand-out stays on record. Hand the recordings out again."""

    exit_code = 10


class PackageNotReady(DisclosureError):
    """The package {id} is not ready: {state}."""

    exit_code = 4


class PlaceTaken(DisclosureError):
    """There is something at {path} already. Name another folder with --out, or move it away; nothing was written."""

    exit_code = 2


class PlaceUnfit(DisclosureError):
    """A package cannot be written to {path}: {reason}. Nothing was written and nothing was handed out. Name another
    folder."""

    exit_code = 7


class PlaceFull(DisclosureError):
    """The package needs {needed:,} bytes and {path} has {free:,} left. Nothing was written; the hand-out is on record.
    Make room, then run `candor export --package {id} --out …`."""

    exit_code = 7


class PlaceUnwritable(DisclosureError):
    """The package cannot be written to {path}: {reason}. Nothing half-done was left; the hand-out is on record. With
    another folder, run `candor export --package {id} --out …`."""

    exit_code = 7


class CopyNotToBeHandedOut(DisclosureError):
    """The redacted copy {id} cannot be handed out: {reason}. Nothing was handed out."""

    exit_code = 5


class CopyTwice(DisclosureError):
    """The redacted copy {id} was named twice; a package holds each copy once. Nothing was handed out."""

    exit_code = 2


class CopyBroken(DisclosureError):
    """The redacted copy {id} is not handed out: its proof is broken ({reasons}). Outside its masks it is not the
    original, or something usable is left inside them. Look at the proof, mend the redaction and make a new copy."""

    exit_code = 5


class CopyDoubtful(DisclosureError):
    """The proof of the redacted copy {id} is doubtful ({reasons}). Look at what it names. To hand the copy out all the
    same, say why, in 1 to {longest} characters ({how}); the reason goes on record and into the package."""

    exit_code = 5


class CopyAltered(DisclosureError):
    """What belongs to the redacted copy {id} is not what is on record of it: {what}. The package was not made; the
    hand-out stays on record. Make a new copy of the redaction and hand that out."""

    exit_code = 6
