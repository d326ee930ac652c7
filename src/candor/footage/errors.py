"""What can go wrong with footage. Each class is a message for people."""

from __future__ import annotations

from candor.core.errors import CandorError


class FootageError(CandorError):
    """Something about a recording went wrong."""

    exit_code = 3


class IntakeEnded(FootageError):
    """This intake has ended ({how}), so nothing more can be added to it. Begin a new one."""

    exit_code = 1


class NothingToTakeIn(FootageError):
    """There is nothing at {path} that could be taken in: {reason}. Check the path."""


class RecordingUnknown(FootageError):
    """There is no recording with the identifier {id}, or it may not be seen with these rights."""

    exit_code = 4


class PartUnknown(FootageError):
    """There is no file with the identifier {id}, or it may not be seen with these rights."""

    exit_code = 4


class RenditionNotReady(FootageError):
    """This viewing copy is not ready: {reason}. The original is sealed and safe; look again in a while."""

    exit_code = 4


class ViewingEnded(FootageError):
    """This viewing has ended. Open the recording's page again to go on."""

    exit_code = 5


class PurposeMissing(FootageError):
    """A recording is opened for a purpose, and none was given, or one longer than {longest} characters."""


class PurposeNotOffered(FootageError):
    """Choose one of the purposes that the agency offers: {offered}. The recording was not opened."""


class ChangedMeanwhile(FootageError):
    """Somebody changed the recording {id} in the meantime (it is at version {version}, you saw {expected}). Nothing of
    yours was kept. Look at the new state and make your change again."""

    exit_code = 5


class TooManyAtOnce(FootageError):
    """A bulk change takes at most {most} recordings at a time, {count} were given. Make it in several steps."""

    exit_code = 2


class FieldUnknown(FootageError):
    """A recording has no field called “{field}”. It has: {known}."""

    exit_code = 2


class FieldWrong(FootageError):
    """The field {field} cannot be set to that: {reason}. Correct it and send it again."""


class CategoryWrong(FootageError):
    """The list of categories cannot be used: {reason}. Correct it and send it again."""


class CategoryUnknown(FootageError):
    """There is no category “{name}” on the list. Choose one of the list, or add it first."""

    exit_code = 4


class ClassUnknown(FootageError):
    """“{name}” is nothing that a category can mean to the law. Use one of: {known}."""

    exit_code = 2


class LabelUnknown(FootageError):
    """There is no label “{label}”. Labels are: {known}."""

    exit_code = 2


class LabelReasonMissing(FootageError):
    """Say why, in 1 to {longest} characters: what is said of footage is kept with its reason. Nothing was changed."""


class QueryWrong(FootageError):
    """The search cannot be understood: {field} {reason}. Correct it and search again."""

    exit_code = 2


class FilterNameWrong(FootageError):
    """A saved filter needs a name of 1 to {longest} characters. Choose another name."""


class FilterUnknown(FootageError):
    """There is no saved filter with the identifier {id} among yours."""

    exit_code = 4


class PurgeWordsMissing(FootageError):
    """The {what} of a purge goes on record and must be said in 1 to {longest} characters, all of them visible. Nothing
    was destroyed."""

    exit_code = 2


class PurgedAlready(FootageError):
    """The recording {id} was destroyed before: no key of it is left. Nothing was changed."""

    exit_code = 5


class PurgeOfRegrouped(FootageError):
    """The recording {id} has no files of its own any more: they belong to the recording {whole}. Nothing was destroyed.
    Destroy that one."""

    exit_code = 5


class EntryErased(FootageError):
    """What was known of the recording {id} was erased by an order, so nothing is written in its entry any more. What
    has to be said of it belongs to the order's own file."""

    exit_code = 5


class RecordingDestroyed(FootageError):
    """This recording was destroyed on {when}, by what right: {authority}. Nobody can open it any more; its custody
    history remains."""

    exit_code = 4


class ClosedByCourt(FootageError):
    """The recording {id} is closed by a court's order and must be kept as it is. Nothing was destroyed. What lifts the
    order has to be entered first."""

    exit_code = 5


class ClosedAlready(FootageError):
    """The recording {id} is closed by order already. Nothing was changed."""

    exit_code = 5


class NotClosed(FootageError):
    """The recording {id} is not closed by order. Nothing was changed."""

    exit_code = 5


class ErasedAlready(FootageError):
    """The recording {id} was erased by order before, and nothing of it came in since. Nothing was changed."""

    exit_code = 5


class NothingArchived(FootageError):
    """The recording {id} does not lie in the archive, or is on its way back already. Nothing was done."""

    exit_code = 5


class NoArchive(FootageError):
    """No archive is set up here. Set CANDOR_ARCHIVE_URL to where footage may go that nobody opened for long."""

    exit_code = 9


class ReturnUnknown(FootageError):
    """Nothing that came in again is held under the identifier {id}, or it was decided already. Load the list again."""

    exit_code = 4


class ReturnHeldBack(FootageError):
    """What came in again of the recording {id} stays: it is held because of {why}. Release the hold first, or take it
    in. Nothing was destroyed."""

    exit_code = 5


class GatheringUnknown(FootageError):
    """No recording of several files is known under the name {key}. Look at the list of what is coming in."""

    exit_code = 4


class RegroupWrong(FootageError):
    """These recordings cannot become one: {reason}. Nothing was changed."""

    exit_code = 3


class SidecarUnknown(FootageError):
    """There is no file beside a recording with the identifier {id}, or it may not be seen with these rights."""

    exit_code = 4


class StillComingIn(FootageError):
    """The recording {id} is still coming in: its source has not said yet that it is complete. Wait for it, or end the
    waiting on its page; then do this again."""

    exit_code = 5


class WearersTooMany(FootageError):
    """What you enter would change who wore the camera in more than {most} recordings at once. Nothing was changed.
    Enter it in shorter stretches."""

    exit_code = 3


class DiscrepancyUnknown(FootageError):
    """There is no conflict with the identifier {id}. Load the page again."""

    exit_code = 4


class DiscrepancySettled(FootageError):
    """This conflict is settled, or what was said agrees by now. Load the page again."""

    exit_code = 5


class ChoiceWrong(FootageError):
    """The conflict cannot be settled so: {reason}. Nothing was changed."""

    exit_code = 3


class NotToBeRepaired(FootageError):
    """This file is not repaired now: {reason}. Nothing was changed."""

    exit_code = 5


class ReferenceWrong(FootageError):
    """That file cannot serve as a reference: {reason}. Choose a whole recording of the same camera, made with the same
    settings."""

    exit_code = 3
