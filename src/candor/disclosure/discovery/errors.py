"""What can go wrong with discovery. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError


class DiscoveryError(CandorError):
    """Something about discovery went wrong."""

    exit_code = 3


class DiscoveryUnknown(DiscoveryError):
    """There is no discovery with the number or identifier {id}, or its case may not be seen with these rights. Look at
    the list of discovery."""

    exit_code = 4


class NothingToGive(DiscoveryError):
    """The case {number} has no recording that could be given: it has {count}, and all are withheld. Nothing was handed
    out."""

    exit_code = 4


class CaseIsOther(DiscoveryError):
    """The recordings of the case {number}, or what narrows who may see them, changed since the page was made. Nothing
    was handed out. Look at the list again."""

    exit_code = 5


class NotInCase(DiscoveryError):
    """The recording {id} is not in the case {number}. Nothing was handed out."""

    exit_code = 4


class NeverGiven(DiscoveryError):
    """The recording {id} cannot be given: {reason} ({rule}). No decision opens that here. Nothing was handed out."""

    exit_code = 5


class DiscoveryWordsMissing(DiscoveryError):
    """Say {what} in 1 to {longest} characters, all of them visible. Nothing was changed."""

    exit_code = 3


class PeriodWrong(DiscoveryError):
    """Access lasts 1 to {most} days, and {days} were given. Nothing was changed."""

    exit_code = 3


class AccessHeld(DiscoveryError):
    """There is access for {side} to the discovery {number} already, until {until}. End it first, or it goes on. Nothing
    was changed."""

    exit_code = 5


class AccessUnknown(DiscoveryError):
    """There is no access for {side} to the discovery {number}. Give it first."""

    exit_code = 4


class CodeRefused(DiscoveryError):
    """This code opens nothing: it is not written as in the letter, its time is over, or it was ended. Compare it with
    the letter; if it is right, ask whoever sent it for a new one."""

    exit_code = 5


class TooManyCodes(DiscoveryError):
    """Too many codes were tried. Wait a quarter of an hour, then try again with the code in front of you."""

    exit_code = 5


class VisitEnded(DiscoveryError):
    """You are not in, or your visit has ended. Come in again with the code from the letter."""

    exit_code = 5


class ViewingOver(DiscoveryError):
    """This viewing has ended, or it belongs to another visit. Open the recording again from the list."""

    exit_code = 5


class TooOften(DiscoveryError):
    """That was done too often within the last hour. Wait, and go on; nothing is lost."""

    exit_code = 5


class NotThere(DiscoveryError):
    """There is nothing to watch of the recording {id} here: {reason}."""

    exit_code = 4


class NoMarkChosen(DiscoveryError):
    """The discovery {number} was made without a mark, so there are no marked copies to make. Make discovery again with
    a mark where one is wanted. Nothing was changed."""

    exit_code = 3


class NoLongerGiven(DiscoveryError):
    """This cannot be given any more: {reason}. Ask whoever sent you the letter."""

    exit_code = 5


class DownloadOver(DiscoveryError):
    """This download is not of this visit's side. Begin it from the list."""

    exit_code = 5


class KeyUnreadable(DiscoveryError):
    """The file {path} holds no key of a side: a line that begins with AGE-SECRET-KEY-1. Nothing was opened."""

    exit_code = 3


class RecordUnreadable(DiscoveryError):
    """What a side viewed cannot be read from {path}: {reason}. Nothing was opened."""

    exit_code = 3


class FindingUnknown(DiscoveryError):
    """There is no finding with the identifier {id}, or its case may not be seen with these rights."""

    exit_code = 4


class FindingWrong(DiscoveryError):
    """The finding cannot be noted like this: {reason}. Nothing was changed."""

    exit_code = 3


class FindingAnswered(DiscoveryError):
    """That finding was answered already, by another person. Nothing was changed. Load the page again."""

    exit_code = 5


class OwnFinding(DiscoveryError):
    """Who noted a finding does not answer it: another person does. Nothing was changed."""

    exit_code = 5
