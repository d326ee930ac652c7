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
    # signing in
    ACCOUNT_SECOND_FACTOR_ASKED = "account:second-factor-asked"
    ACCOUNT_SECOND_FACTOR_ADDED = "account:second-factor-added"
    ACCOUNT_SECOND_FACTOR_REMOVED = "account:second-factor-removed"
    ACCOUNT_RECOVERY_CODES_MADE = "account:recovery-codes-made"
    ACCOUNT_RECOVERY_CODE_USED = "account:recovery-code-used"
    ACCOUNT_PASSKEY_REFUSED = "account:passkey-refused"
    ACCOUNT_SESSION_REFUSED = "account:session-refused"
    ACCOUNT_SCREEN_LOCKED = "account:screen-locked"
    ACCOUNT_UNLOCKED = "account:unlocked"
    ACCOUNT_RE_AUTHENTICATED = "account:re-authenticated"
    ACCOUNT_LOCKED = "account:locked"
    ACCOUNT_RELEASED = "account:released"
    POLICY_CHANGED = "policy:changed"
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
    LOG_RECOVERED = "log:recovered"
    LOG_HANDED_OVER = "log:handed-over"
    CLOCK_SET_BACK = "clock:set-back"
    # service accounts, reviews and the reading of events
    TOKEN_CREATED = "token:created"
    TOKEN_REVOKED = "token:revoked"
    TOKEN_USED = "token:used"
    TOKEN_REFUSED = "token:refused"
    ACCOUNT_PASSWORD_LISTED = "account:password-listed"
    ACCOUNTS_REVIEWED = "accounts:reviewed"
    ACCOUNTS_INACTIVE_DISABLED = "accounts:inactive-disabled"
    AUDIT_SEARCHED = "audit:searched"
    AUDIT_EXPORTED = "audit:exported"
    ACCESS_REFUSED = "access:refused"
    # keys
    KEY_SHEET_SHOWN = "key:sheet-shown"
    KEY_SHEET_CONFIRMED = "key:sheet-confirmed"
    KEY_ESCROWED = "key:escrowed"
    KEY_ROTATION_STARTED = "key:rotation-started"
    KEY_ROTATION_ENDED = "key:rotation-ended"
    KEY_RESTORED = "key:restored"
    # notices
    NOTICES_ROUTE_CHANGED = "notices:route-changed"
    NOTICES_RULE_CHANGED = "notices:rule-changed"
    # backup and restore
    BACKUP_MADE = "backup:made"
    RESTORE_MADE = "restore:made"


#: One sentence per event for a history in plain words; fields are filled from the event's details.
PLAIN_WORDS: dict[Event, str] = {
    Event.AGENCY_CREATED: "The agency was set up.",
    Event.UNIT_CREATED: "A unit was added.",
    Event.ACCOUNT_CREATED: "An account was made.",
    Event.ACCOUNT_CHANGED: "An account was changed.",
    Event.ACCOUNT_SIGNED_IN: "Signed in.",
    Event.ACCOUNT_SIGN_IN_FAILED: "A sign-in failed.",
    Event.ACCOUNT_SIGNED_OUT: "Signed out.",
    Event.ACCOUNT_SECOND_FACTOR_ASKED: "The password was right; a second factor was asked for.",
    Event.ACCOUNT_SECOND_FACTOR_ADDED: "A second factor was set up.",
    Event.ACCOUNT_SECOND_FACTOR_REMOVED: "A second factor was removed.",
    Event.ACCOUNT_RECOVERY_CODES_MADE: "Recovery codes were made.",
    Event.ACCOUNT_RECOVERY_CODE_USED: "A recovery code was used.",
    Event.ACCOUNT_PASSKEY_REFUSED: "A passkey was refused.",
    Event.ACCOUNT_SESSION_REFUSED: "A session was refused and ended: somebody else may have used it.",
    Event.ACCOUNT_SCREEN_LOCKED: "The screen was locked.",
    Event.ACCOUNT_UNLOCKED: "The screen was unlocked.",
    Event.ACCOUNT_RE_AUTHENTICATED: "Confirmed who is there.",
    Event.ACCOUNT_LOCKED: "A sign-in name was locked after too many failures.",
    Event.ACCOUNT_RELEASED: "A locked sign-in name was released.",
    Event.POLICY_CHANGED: "The rules of signing in were changed.",
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
    Event.LOG_RECOVERED: "The custody log was recovered from a surviving copy.",
    Event.LOG_HANDED_OVER: "The custody log was handed over to a new one.",
    Event.CLOCK_SET_BACK: "The clock of the machine was set back.",
    Event.KEY_SHEET_SHOWN: "The recovery sheet was shown.",
    Event.KEY_SHEET_CONFIRMED: "The recovery sheet was confirmed to be on paper.",
    Event.KEY_ESCROWED: "The key was given into escrow.",
    Event.KEY_ROTATION_STARTED: "A change of the key-encryption key began.",
    Event.KEY_ROTATION_ENDED: "A change of the key-encryption key ended.",
    Event.KEY_RESTORED: "The key-encryption key was restored from paper or escrow.",
    Event.NOTICES_ROUTE_CHANGED: "Who is told of something was changed.",
    Event.NOTICES_RULE_CHANGED: "What holds for everybody's notices was changed.",
    Event.TOKEN_CREATED: "A token for a program was made.",
    Event.TOKEN_REVOKED: "A token for a program was revoked.",
    Event.TOKEN_USED: "A program came with its token.",
    Event.TOKEN_REFUSED: "A token for a program was turned away.",
    Event.ACCOUNT_PASSWORD_LISTED: "The password was found on the list of known passwords.",
    Event.ACCOUNTS_REVIEWED: "The accounts were reviewed.",
    Event.ACCOUNTS_INACTIVE_DISABLED: "Accounts that nobody used were made inactive.",
    Event.AUDIT_SEARCHED: "The record of events was searched.",
    Event.AUDIT_EXPORTED: "Events were written to a file.",
    Event.ACCESS_REFUSED: "Something was asked for without the right to it.",
    Event.BACKUP_MADE: "A backup was made; it holds everything up to here.",
    Event.RESTORE_MADE: "The installation was restored from a backup.",
}
