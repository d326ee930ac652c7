"""Names of custody events, `subject:act`, in one place. Each stands in docs/reference/events.md, or a test fails."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """What can happen. A value, once used, is never renamed or given another meaning."""

    # accounts and the agency
    AGENCY_CREATED = "agency:created"
    UNIT_CREATED = "unit:created"
    ACCOUNT_CREATED = "account:created"
    ACCOUNT_CHANGED = "account:changed"
    ACCOUNT_SIGNED_IN = "account:signed-in"
    ACCOUNT_SIGN_IN_FAILED = "account:sign-in-failed"
    ACCOUNT_SIGNED_OUT = "account:signed-out"
    # fleet
    DEVICE_CREATED = "device:created"
    # footage
    RECORDING_RECEIVED = "recording:received"
    RECORDING_RECEIVED_AGAIN = "recording:received-again"
    RECORDING_SEALED = "recording:sealed"
    RECORDING_CHANGED = "recording:changed"
    RECORDING_VIEWED = "recording:viewed"
    RECORDING_EXPORTED = "recording:exported"
    RECORDING_PACKAGE_DOWNLOADED = "recording:package-downloaded"
    RECORDING_TAG_KEY_ROTATED = "recording:tag-key-rotated"
    RECORDING_KEY_DESTROYED = "recording:key-destroyed"
    RENDITION_MADE = "rendition:made"
    RENDITION_FAILED = "rendition:failed"
    INTAKE_FAILED = "intake:failed"
    CATEGORIES_CHANGED = "categories:changed"
    # the archive and the log
    FIXITY_STARTED = "fixity:started"
    FIXITY_ENDED = "fixity:ended"
    LOG_CREATED = "log:created"
    LOG_REFUSED_TO_SIGN = "log:refused-to-sign"


#: One sentence per event for a history in plain words; fields are filled from the event's details.
PLAIN_WORDS: dict[Event, str] = {
    Event.AGENCY_CREATED: "The agency was set up.",
    Event.UNIT_CREATED: "A unit was added.",
    Event.ACCOUNT_CREATED: "An account was made.",
    Event.ACCOUNT_CHANGED: "An account was changed.",
    Event.ACCOUNT_SIGNED_IN: "Signed in.",
    Event.ACCOUNT_SIGN_IN_FAILED: "A sign-in failed.",
    Event.ACCOUNT_SIGNED_OUT: "Signed out.",
    Event.DEVICE_CREATED: "A device was registered.",
    Event.RECORDING_RECEIVED: "The recording was received.",
    Event.RECORDING_RECEIVED_AGAIN: "The same bytes came in again.",
    Event.RECORDING_SEALED: "The recording was sealed.",
    Event.RECORDING_CHANGED: "The catalogue entry was changed.",
    Event.RECORDING_VIEWED: "The recording was opened.",
    Event.RECORDING_EXPORTED: "A package of the recording was handed out.",
    Event.RECORDING_PACKAGE_DOWNLOADED: "A package of the recording was downloaded.",
    Event.RECORDING_TAG_KEY_ROTATED: "The key that links this recording's events was replaced.",
    Event.RECORDING_KEY_DESTROYED: "The key of the recording was destroyed.",
    Event.RENDITION_MADE: "A viewing copy was made.",
    Event.RENDITION_FAILED: "A viewing copy could not be made.",
    Event.INTAKE_FAILED: "A file could not be taken in.",
    Event.CATEGORIES_CHANGED: "The list of categories was changed.",
    Event.FIXITY_STARTED: "A check of every stored file began.",
    Event.FIXITY_ENDED: "A check of every stored file ended.",
    Event.LOG_CREATED: "The custody log was opened.",
    Event.LOG_REFUSED_TO_SIGN: "The custody log refused to sign a checkpoint.",
}
