"""What can go wrong with cards and folders of exports. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError


class CardError(CandorError):
    """Something about a card went wrong."""

    exit_code = 3


class CardGone(CardError):
    """There is no card or folder at {place} that can be read: {reason}. What was acknowledged before is safe. Put the
    card in again, or check the path, and run the same command again."""


class CameraOfSeveral(CardError):
    """{place} holds {cards} cards now, and --camera names one camera. Name the card that is its own, or leave --camera
    away. Nothing more was taken in."""


class CardTooLarge(CardError):
    """The folder {place} holds more than {most} {what}. Name the folder of one camera, or of one export."""


class ReaderUnknown(CardError):
    """There is no reader called “{name}”. Choose one of: {known}; or describe the names in a mapping file
    (--mapping FILE)."""

    exit_code = 2


class ReaderDoesNotFit(CardError):
    """The reader “{name}” finds nothing of its own in {place}. Leave --reader away to have the surest reader chosen, or
    check that it is the right card. Nothing was taken in."""


class MappingWrong(CardError):
    """The mapping file {file} cannot be used: {reason}. Nothing was taken in. What may stand in it:
    docs/reference/card-mapping.md."""

    exit_code = 2


class MappingTooSlow(CardError):
    """The patterns of the mapping “{name}” took longer than {seconds} seconds over the names on this card, and were
    stopped. Write them so that a name can be read in one way only (no repeat within a repeat, few .*). What was
    acknowledged before is safe."""


class ZoneUnknown(CardError):
    """There is no time zone called “{zone}”. Use a name of the IANA list, as Europe/Berlin, America/New_York or UTC."""

    exit_code = 2


class CardNotWiped(CardError):
    """Nothing was wiped from {place}: {reason}. The card is as it was, and what was sealed stays sealed."""

    exit_code = 6


class WipeNotConfirmed(CardError):
    """Nothing was wiped from {place}: the serial number was not confirmed. Run the same command again and type {serial}
    when it asks, or give --yes together with --camera."""

    exit_code = 5


class CardWipedInPart(CardError):
    """{deleted} of {files} files were wiped from {place}, then it failed at {path}: {reason}. Every one of these files
    is sealed and was read back. Run the same command again to wipe the rest."""

    exit_code = 10
