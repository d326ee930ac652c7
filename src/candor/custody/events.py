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
    RECORDING_PART_RECEIVED = "recording:part-received"
    RECORDING_PART_ADDED = "recording:part-added"
    RECORDING_REGROUPED = "recording:regrouped"
    RECORDING_SIGNATURE_CHECKED = "recording:signature-checked"
    SIDECAR_KEPT = "sidecar:kept"
    SIDECAR_ATTACHED = "sidecar:attached"
    TRACK_KEPT = "track:kept"
    BOOKMARK_KEPT = "bookmark:kept"
    RECORDING_CHANGED = "recording:changed"
    RECORDING_VIEWED = "recording:viewed"
    RECORDING_EXPORTED = "recording:exported"
    RECORDING_PACKAGE_DOWNLOADED = "recording:package-downloaded"
    RECORDING_TAG_KEY_ROTATED = "recording:tag-key-rotated"
    RECORDING_KEY_DESTROYED = "recording:key-destroyed"
    RENDITION_MADE = "rendition:made"
    RENDITION_FAILED = "rendition:failed"
    RENDITION_REPAIR_ASKED = "rendition:repair-asked"
    INTAKE_FAILED = "intake:failed"
    CATEGORIES_CHANGED = "categories:changed"
    # the law as it is applied here
    LAW_CHANGE_PROPOSED = "law:change-proposed"
    LAW_CHANGE_REFUSED = "law:change-refused"
    LAW_CHANGE_WITHDRAWN = "law:change-withdrawn"
    LAW_IN_FORCE = "law:in-force"
    # footage: orders of a court, and what comes in again
    RECORDING_ERASED = "recording:erased"
    RECORDING_CLOSED = "recording:closed-by-order"
    RECORDING_OPENED_AGAIN = "recording:opened-by-order"
    RECORDING_CAME_AGAIN = "recording:came-again"
    RECORDING_RETURN_DESTROYED = "recording:return-destroyed"
    RECORDING_TAKEN_IN_AGAIN = "recording:taken-in-again"
    RECORDING_ARCHIVED = "recording:archived"
    RECORDING_BROUGHT_BACK = "recording:brought-back"
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
    # cards and folders
    CARD_READ = "card:read"
    CARD_WIPE_STARTED = "card:wipe-started"
    CARD_WIPED = "card:wiped"
    SIDECAR_COMPARED = "sidecar:compared"
    # credentials of docks, and Axis camera systems
    DOCK_CREDENTIAL_CREATED = "dock:credential-created"
    DOCK_CREDENTIAL_REVOKED = "dock:credential-revoked"
    DOCK_CREDENTIAL_USED = "dock:credential-used"
    DOCK_CREDENTIAL_REFUSED = "dock:credential-refused"
    AXIS_CONNECTION_CREATED = "axis:connection-created"
    AXIS_CONNECTION_REVOKED = "axis:connection-revoked"
    AXIS_USER_MATCHED = "axis:user-matched"
    AXIS_OBJECT_CONFLICT = "axis:object-conflict"
    AXIS_CALL_REFUSED = "axis:call-refused"
    # notices
    NOTICES_ROUTE_CHANGED = "notices:route-changed"
    NOTICES_RULE_CHANGED = "notices:rule-changed"
    # who had which camera, and what its clock said
    DEVICE_FOUND = "device:found"
    DEVICE_CONFIRMED = "device:confirmed"
    DEVICE_CHANGED = "device:changed"
    SITE_CREATED = "site:created"
    SITE_CHANGED = "site:changed"
    DOCK_CREATED = "dock:created"
    DOCK_CHANGED = "dock:changed"
    ASSIGNMENT_MADE = "assignment:made"
    ASSIGNMENT_ENDED = "assignment:ended"
    ASSIGNMENT_CORRECTED = "assignment:corrected"
    ASSIGNMENT_WITHDRAWN = "assignment:withdrawn"
    CLOCK_READ = "clock:read"
    RECORDING_WEARER_DERIVED = "recording:wearer-derived"
    DISCREPANCY_OPENED = "discrepancy:opened"
    DISCREPANCY_SETTLED = "discrepancy:settled"
    DISCREPANCY_ENDED = "discrepancy:ended"
    # what cameras recorded and what arrived
    RECONCILIATION_EXPLAINED = "reconciliation:explained"
    # files that are sent in pieces; only what is sealed is evidence
    UPLOAD_BEGUN = "upload:begun"
    UPLOAD_SEALED = "upload:sealed"
    UPLOAD_ENDED = "upload:ended"
    # links by which the public gives footage
    LINK_CREATED = "link:created"
    LINK_OPENED = "link:opened"
    LINK_USED = "link:used"
    LINK_REVOKED = "link:revoked"
    # cases
    CASE_OPENED = "case:opened"
    CASE_CHANGED = "case:changed"
    CASE_CLOSED = "case:closed"
    CASE_REOPENED = "case:reopened"
    CASE_RECORDING_ADDED = "case:recording-added"
    CASE_RECORDING_REMOVED = "case:recording-removed"
    CASE_PERSON_ADDED = "case:person-added"
    CASE_PERSON_ENDED = "case:person-ended"
    CASE_EVENT_NOTED = "case:event-noted"
    CASE_EVENT_WITHDRAWN = "case:event-withdrawn"
    CASE_RELATED = "case:related"
    CASE_RELATION_ENDED = "case:relation-ended"
    # what must stay, and what is destroyed
    HOLD_PLACED = "hold:placed"
    HOLD_CHANGED = "hold:changed"
    HOLD_KEPT = "hold:kept"
    HOLD_RELEASED = "hold:released"
    DISPOSITION_PROPOSED = "disposition:proposed"
    DISPOSITION_APPROVED = "disposition:approved"
    DISPOSITION_REFUSED = "disposition:refused"
    DISPOSITION_WITHDRAWN = "disposition:withdrawn"
    DISPOSITION_ITEM_KEPT = "disposition:item-kept"
    DISPOSITION_RUN = "disposition:run"
    DISPOSITION_DONE = "disposition:done"
    # who may see what: restrictions, walls, reviews before a statement
    RECORDING_RESTRICTED = "recording:restricted"
    RECORDING_RESTRICTION_LIFTED = "recording:restriction-lifted"
    RECORDING_LET_IN = "recording:let-in"
    RECORDING_KEPT_OUT = "recording:kept-out"
    RECORDING_PERSON_ENDED = "recording:person-ended"
    RECORDING_OPENED_TO = "recording:opened-to"
    RECORDING_OPENING_ENDED = "recording:opening-ended"
    ACCESS_POLICY_CHANGED = "access-policy:changed"
    CASE_CIRCLE_CLOSED = "case:circle-closed"
    CASE_CIRCLE_OPENED = "case:circle-opened"
    STATEMENT_REVIEW_ASKED = "statement:review-asked"
    STATEMENT_REVIEW_GRANTED = "statement:review-granted"
    STATEMENT_REVIEW_REFUSED = "statement:review-refused"
    STATEMENT_REVIEW_WITHDRAWN = "statement:review-withdrawn"
    STATEMENT_REVIEW_BEGUN = "statement:review-begun"
    STATEMENT_REVIEW_COMPLETED = "statement:review-completed"
    # categories and labels, and what people have to do with cameras
    CATEGORY_MEANING_CHANGED = "category:meaning-changed"
    LABEL_PUT = "label:put"
    LABEL_TAKEN = "label:taken"
    DEVICE_TESTED = "device:tested"
    MALFUNCTION_REPORTED = "malfunction:reported"
    MALFUNCTION_ACTED_ON = "malfunction:acted-on"
    TRAINING_RECORDED = "training:recorded"
    TRAINING_WITHDRAWN = "training:withdrawn"
    DUTY_OPENED = "duty:opened"
    DUTY_DONE = "duty:done"
    DUTY_MISSED = "duty:missed"
    DUTY_EXPLAINED = "duty:explained"
    # redaction
    MODEL_ADDED = "model:added"
    MODEL_SET = "model:set"
    REDACTION_BEGUN = "redaction:begun"
    REDACTION_DETECTED = "redaction:detected"
    REDACTION_EDITED = "redaction:edited"
    REDACTION_TAKEN_OVER = "redaction:taken-over"
    REDACTION_CLOSED = "redaction:closed"
    REDACTION_RENDERED = "redaction:rendered"
    REDACTION_RENDER_FAILED = "redaction:render-failed"
    REDACTION_HANDED_OUT = "redaction:handed-out"
    TRANSCRIPT_MADE = "transcript:made"
    TRANSCRIPT_CHANGED = "transcript:changed"
    TRANSCRIPT_REMOVED = "transcript:removed"
    # requests for records
    REQUEST_RECEIVED = "request:received"
    REQUEST_CHANGED = "request:changed"
    REQUEST_ASSIGNED = "request:assigned"
    REQUEST_MEANT = "request:meant"
    REQUEST_NOT_MEANT = "request:not-meant"
    REQUEST_EXTENDED = "request:extended"
    REQUEST_MESSAGE_SENT = "request:message-sent"
    REQUEST_MESSAGE_RECEIVED = "request:message-received"
    REQUEST_NOTE_WRITTEN = "request:note-written"
    REQUEST_DOCUMENT_ADDED = "request:document-added"
    REQUEST_FEE_ESTIMATED = "request:fee-estimated"
    REQUEST_DECIDED = "request:decided"
    REQUEST_DECISION_WITHDRAWN = "request:decision-withdrawn"
    REQUEST_LETTER_MADE = "request:letter-made"
    REQUEST_LETTER_SENT = "request:letter-sent"
    REQUEST_ANSWERED = "request:answered"
    REQUEST_WITHDRAWN = "request:withdrawn"
    REQUEST_REOPENED = "request:reopened"
    REQUEST_CODE_REPLACED = "request:code-replaced"
    REQUESTS_IMPORTED = "requests:imported"
    # critical incidents
    CRITICAL_OPENED = "critical:opened"
    CRITICAL_CHANGED = "critical:changed"
    CRITICAL_RECORDING_ADDED = "critical:recording-added"
    CRITICAL_VIEWING_OFFERED = "critical:viewing-offered"
    CRITICAL_VIEWING_HELD = "critical:viewing-held"
    CRITICAL_VIEWING_DECLINED = "critical:viewing-declined"
    CRITICAL_CONSENT_RECORDED = "critical:consent-recorded"
    CRITICAL_PUT_OFF = "critical:put-off"
    CRITICAL_STATEMENT_ADDED = "critical:statement-added"
    CRITICAL_CLOSED = "critical:closed"
    # releases
    RELEASE_PREPARED = "release:prepared"
    RELEASE_SENT_BACK = "release:sent-back"
    RELEASE_APPROVED = "release:approved"
    RELEASE_PUBLISHED = "release:published"
    RELEASE_FAILED = "release:failed"
    RELEASE_RECALLED = "release:recalled"
    RELEASE_DISCARDED = "release:discarded"
    RECORDING_RELEASED = "recording:released"
    CREDENTIALS_MADE = "credentials:made"
    # discovery
    DISCOVERY_MADE = "discovery:made"
    DISCOVERY_GIVEN_ALTHOUGH = "discovery:given-although"
    DISCOVERY_ACCESS_GIVEN = "discovery:access-given"
    DISCOVERY_ACCESS_ENDED = "discovery:access-ended"
    DISCOVERY_ENTERED = "discovery:entered"
    DISCOVERY_ENTRY_REFUSED = "discovery:entry-refused"
    DISCOVERY_DOWNLOADED = "discovery:downloaded"
    DISCOVERY_RECEIPT_GIVEN = "discovery:receipt-given"
    DISCOVERY_VIEWED = "discovery:viewed"
    DISCOVERY_MARKED = "discovery:marked"
    DISCOVERY_MARK_FAILED = "discovery:mark-failed"
    DISCOVERY_MARK_ENDED = "discovery:mark-ended"
    RECORDING_DISCLOSED = "recording:disclosed"
    FINDING_NOTED = "finding:noted"
    FINDING_ANSWERED = "finding:answered"
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
    Event.RECORDING_PART_RECEIVED: "A part of the recording was received.",
    Event.RECORDING_PART_ADDED: "A part was added to the recording and sealed.",
    Event.RECORDING_REGROUPED: "The recording became part of another one.",
    Event.RECORDING_SIGNATURE_CHECKED: "The camera's own signatures were checked.",
    Event.SIDECAR_KEPT: "A file that came beside recordings was sealed.",
    Event.SIDECAR_ATTACHED: "A file was put beside the recording.",
    Event.TRACK_KEPT: "A location track was kept.",
    Event.BOOKMARK_KEPT: "A mark made on the camera was kept.",
    Event.CARD_READ: "A card, or a folder of exports, was read.",
    Event.CARD_WIPE_STARTED: "Wiping a card was begun, after everything on it was compared with what is sealed.",
    Event.CARD_WIPED: "A card was wiped.",
    Event.SIDECAR_COMPARED: "The digest that came beside the recording was compared with its seal.",
    Event.RECORDING_CHANGED: "The catalogue entry was changed.",
    Event.RECORDING_VIEWED: "The recording was opened.",
    Event.RECORDING_EXPORTED: "A package of the recording was handed out.",
    Event.RECORDING_PACKAGE_DOWNLOADED: "A package of the recording was downloaded.",
    Event.RECORDING_TAG_KEY_ROTATED: "The key that links this recording's events was replaced.",
    Event.RECORDING_KEY_DESTROYED: "The key of the recording was destroyed.",
    Event.RENDITION_MADE: "A viewing copy was made.",
    Event.RENDITION_FAILED: "A viewing copy could not be made.",
    Event.RENDITION_REPAIR_ASKED: "A repaired copy of a damaged file was asked for.",
    Event.INTAKE_FAILED: "A file could not be taken in.",
    Event.CATEGORIES_CHANGED: "The list of categories was changed.",
    Event.LAW_CHANGE_PROPOSED: "A change of the law applied here was proposed.",
    Event.LAW_CHANGE_REFUSED: "A change of the law applied here was refused.",
    Event.LAW_CHANGE_WITHDRAWN: "A proposed change of the law was taken back.",
    Event.LAW_IN_FORCE: "A change of the law applied here came into force.",
    Event.RECORDING_ERASED: "The recording was erased by order.",
    Event.RECORDING_CLOSED: "The recording was closed by order.",
    Event.RECORDING_OPENED_AGAIN: "The recording was opened again by order.",
    Event.RECORDING_CAME_AGAIN: "What was destroyed came in again and is held.",
    Event.RECORDING_RETURN_DESTROYED: "What came in again was destroyed again.",
    Event.RECORDING_TAKEN_IN_AGAIN: "What came in again was taken in.",
    Event.RECORDING_ARCHIVED: "The recording was moved to the archive.",
    Event.RECORDING_BROUGHT_BACK: "The recording was brought back from the archive.",
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
    Event.DOCK_CREDENTIAL_CREATED: "A credential for a dock was made.",
    Event.DOCK_CREDENTIAL_REVOKED: "A credential of a dock was revoked.",
    Event.DOCK_CREDENTIAL_USED: "A dock came with its credential.",
    Event.DOCK_CREDENTIAL_REFUSED: "A credential of a dock was turned away.",
    Event.AXIS_CONNECTION_CREATED: "A connection for a camera system was made.",
    Event.AXIS_CONNECTION_REVOKED: "The connection of a camera system was ended.",
    Event.AXIS_USER_MATCHED: "A camera system's user was matched with an account.",
    Event.AXIS_OBJECT_CONFLICT: "Other bytes came under a name that a camera system had used; both are kept.",
    Event.AXIS_CALL_REFUSED: "A camera system's call could not be understood and was refused.",
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
    Event.DEVICE_FOUND: "A camera that nobody had registered was seen.",
    Event.DEVICE_CONFIRMED: "A camera that had been seen was confirmed to be one of ours.",
    Event.DEVICE_CHANGED: "What is known of a camera was changed.",
    Event.SITE_CREATED: "A site was added.",
    Event.SITE_CHANGED: "A site was changed.",
    Event.DOCK_CREATED: "A dock was added.",
    Event.DOCK_CHANGED: "A dock was changed.",
    Event.ASSIGNMENT_MADE: "It was entered who has a camera.",
    Event.ASSIGNMENT_ENDED: "Somebody's having a camera came to an end.",
    Event.ASSIGNMENT_CORRECTED: "It was corrected who had a camera, or when.",
    Event.ASSIGNMENT_WITHDRAWN: "An entry of who had a camera was withdrawn.",
    Event.CLOCK_READ: "A camera's clock was compared.",
    Event.RECORDING_WEARER_DERIVED: "Who wore the camera followed anew from who had it.",
    Event.DISCREPANCY_OPENED: "Two things were said about the recording that cannot both be true.",
    Event.DISCREPANCY_SETTLED: "Somebody settled what holds for the recording.",
    Event.DISCREPANCY_ENDED: "What was said in two ways agrees now, or goes on with another recording.",
    Event.RECONCILIATION_EXPLAINED: "It was explained why something is missing; it stays in the count.",
    Event.UPLOAD_BEGUN: "Somebody began to send a file.",
    Event.UPLOAD_SEALED: "A file that was sent in pieces is all here, and sealed.",
    Event.UPLOAD_ENDED: "A file that was being sent never came to its end, and is no evidence.",
    Event.LINK_CREATED: "A link for footage from the public was made.",
    Event.LINK_OPENED: "A link for footage from the public was opened.",
    Event.LINK_USED: "A file that came by a link was sealed.",
    Event.LINK_REVOKED: "A link for footage from the public was ended.",
    Event.CASE_OPENED: "A case was opened.",
    Event.CASE_CHANGED: "What is known of a case was changed.",
    Event.CASE_CLOSED: "A case was closed.",
    Event.CASE_REOPENED: "A case was opened again.",
    Event.CASE_RECORDING_ADDED: "The recording was added to a case.",
    Event.CASE_RECORDING_REMOVED: "The recording was taken out of a case.",
    Event.CASE_PERSON_ADDED: "Somebody was entered in a case.",
    Event.CASE_PERSON_ENDED: "Somebody's part in a case came to an end.",
    Event.CASE_EVENT_NOTED: "It was noted when something happened in a case.",
    Event.CASE_EVENT_WITHDRAWN: "A note of when something happened in a case was withdrawn.",
    Event.CASE_RELATED: "Two cases were put beside each other.",
    Event.CASE_RELATION_ENDED: "Two cases are not beside each other any more.",
    Event.HOLD_PLACED: "A hold was placed: the footage must stay.",
    Event.HOLD_CHANGED: "When a hold is looked at again, or by whom, was changed.",
    Event.HOLD_KEPT: "What a hold was placed for is over, and it goes on for another reason.",
    Event.HOLD_RELEASED: "A hold was released.",
    Event.DISPOSITION_PROPOSED: "It was proposed to destroy recordings.",
    Event.DISPOSITION_APPROVED: "A second person approved that recordings are destroyed.",
    Event.DISPOSITION_REFUSED: "A second person refused that recordings are destroyed.",
    Event.DISPOSITION_WITHDRAWN: "A proposal to destroy recordings was taken back.",
    Event.DISPOSITION_ITEM_KEPT: "The recording was kept although it was to be destroyed.",
    Event.DISPOSITION_RUN: "Destroying what was approved was begun.",
    Event.DISPOSITION_DONE: "Destroying what was approved came to its end.",
    Event.RECORDING_RESTRICTED: "The recording was restricted.",
    Event.RECORDING_RESTRICTION_LIFTED: "A restriction of the recording was lifted.",
    Event.RECORDING_LET_IN: "Somebody was let in to the restricted recording.",
    Event.RECORDING_KEPT_OUT: "Somebody was kept out of the recording.",
    Event.RECORDING_PERSON_ENDED: "Somebody is no longer let in, or no longer kept out.",
    Event.RECORDING_OPENED_TO: "The recording was opened to somebody for a review that was granted.",
    Event.RECORDING_OPENING_ENDED: "The recording is no longer open to somebody for a review.",
    Event.ACCESS_POLICY_CHANGED: "The rules of who sees footage were changed.",
    Event.CASE_CIRCLE_CLOSED: "A case was closed to everybody but its own people.",
    Event.CASE_CIRCLE_OPENED: "A case is no longer closed to everybody but its own people.",
    Event.STATEMENT_REVIEW_ASKED: "An officer asked to review footage before a statement.",
    Event.STATEMENT_REVIEW_GRANTED: "A review before a statement was granted.",
    Event.STATEMENT_REVIEW_REFUSED: "A review before a statement was refused.",
    Event.STATEMENT_REVIEW_WITHDRAWN: "A review before a statement was taken back.",
    Event.STATEMENT_REVIEW_BEGUN: "A review before a statement was begun.",
    Event.STATEMENT_REVIEW_COMPLETED: "A review before a statement was completed.",
    Event.CATEGORY_MEANING_CHANGED: "What a category means to the law was changed.",
    Event.LABEL_PUT: "A label was put on the recording.",
    Event.LABEL_TAKEN: "A label was taken from the recording; that it was there stays on record.",
    Event.DEVICE_TESTED: "A camera was inspected and tested.",
    Event.MALFUNCTION_REPORTED: "It was reported that something is wrong with a camera.",
    Event.MALFUNCTION_ACTED_ON: "Something was done about a camera that does not work.",
    Event.TRAINING_RECORDED: "It was recorded that somebody was trained.",
    Event.TRAINING_WITHDRAWN: "A record of a training was withdrawn.",
    Event.DUTY_OPENED: "Somebody has something to do by a certain time.",
    Event.DUTY_DONE: "Something that had to be done was done.",
    Event.DUTY_MISSED: "A camera was used without having been tested before the shift.",
    Event.DUTY_EXPLAINED: "It was explained why a test was missed; it stays in the count.",
    Event.REQUEST_RECEIVED: "A request for records came in.",
    Event.REQUEST_CHANGED: "A request for records was changed.",
    Event.REQUEST_ASSIGNED: "A request for records was given to somebody.",
    Event.REQUEST_MEANT: "A recording was taken for one that a request means.",
    Event.REQUEST_NOT_MEANT: "A recording was found not to be meant by a request.",
    Event.REQUEST_EXTENDED: "The time for answering a request was extended.",
    Event.REQUEST_MESSAGE_SENT: "A message was written to whoever asked.",
    Event.REQUEST_MESSAGE_RECEIVED: "Whoever asked wrote a message.",
    Event.REQUEST_NOTE_WRITTEN: "A note was written in a request.",
    Event.REQUEST_DOCUMENT_ADDED: "A document was put with a request.",
    Event.REQUEST_FEE_ESTIMATED: "It was worked out what a request would cost.",
    Event.REQUEST_DECIDED: "It was decided what of a recording is released.",
    Event.REQUEST_DECISION_WITHDRAWN: "A decision on what is released was taken back.",
    Event.REQUEST_LETTER_MADE: "A letter was written for a request.",
    Event.REQUEST_LETTER_SENT: "A letter was put before whoever asked.",
    Event.REQUEST_ANSWERED: "A request was answered.",
    Event.REQUEST_WITHDRAWN: "A request was taken back by whoever had asked.",
    Event.REQUEST_REOPENED: "A request was taken up again.",
    Event.REQUEST_CODE_REPLACED: "Whoever asked got a new tracking code; the old one ended.",
    Event.REQUESTS_IMPORTED: "Requests were taken in from a table.",
    Event.CRITICAL_OPENED: "A critical incident was opened.",
    Event.CRITICAL_CHANGED: "A critical incident was changed.",
    Event.CRITICAL_RECORDING_ADDED: "A recording was put with a critical incident.",
    Event.CRITICAL_VIEWING_OFFERED: "Somebody was offered to see footage before its release.",
    Event.CRITICAL_VIEWING_HELD: "Somebody saw footage before its release.",
    Event.CRITICAL_VIEWING_DECLINED: "Somebody did not wish to see footage before its release.",
    Event.CRITICAL_CONSENT_RECORDED: "A consent to a release, or its refusal, was put on record.",
    Event.CRITICAL_PUT_OFF: "The release of footage of a critical incident was put off.",
    Event.CRITICAL_STATEMENT_ADDED: "A statement was put beside the footage of a critical incident.",
    Event.CRITICAL_CLOSED: "A critical incident was closed.",
    Event.RELEASE_PREPARED: "A release was prepared.",
    Event.RELEASE_SENT_BACK: "A release that was prepared was sent back.",
    Event.RELEASE_APPROVED: "A release was approved by a second person.",
    Event.RELEASE_PUBLISHED: "A release was published.",
    Event.RELEASE_FAILED: "A release could not be made.",
    Event.RELEASE_RECALLED: "A release was recalled.",
    Event.RELEASE_DISCARDED: "A release that was prepared was discarded. Nothing of it went out.",
    Event.RECORDING_RELEASED: "Redacted copies of it were released.",
    Event.CREDENTIALS_MADE: "A key and a certificate for content credentials were made or brought in.",
    Event.DISCOVERY_MADE: "Discovery was made in a case.",
    Event.DISCOVERY_GIVEN_ALTHOUGH: "A restricted recording was given to the sides of a case all the same.",
    Event.DISCOVERY_ACCESS_GIVEN: "A side of a case was given access to discovery.",
    Event.DISCOVERY_ACCESS_ENDED: "A side’s access to discovery was ended.",
    Event.DISCOVERY_ENTERED: "A side of a case came in to discovery.",
    Event.DISCOVERY_ENTRY_REFUSED: "Somebody was turned away from discovery.",
    Event.DISCOVERY_DOWNLOADED: "A side of a case took a copy of discovery.",
    Event.DISCOVERY_RECEIPT_GIVEN: "A side of a case confirmed that it has discovery.",
    Event.DISCOVERY_VIEWED: "A side of a case watched something of discovery; what, only its own key opens.",
    Event.DISCOVERY_MARKED: "A viewing copy with the mark of a side of a case was made.",
    Event.DISCOVERY_MARK_FAILED: "Viewing copies with the marks of the sides of a case could not be made.",
    Event.DISCOVERY_MARK_ENDED: "A viewing copy with the mark of a side of a case was taken away.",
    Event.RECORDING_DISCLOSED: "It was handed to both sides of a case.",
    Event.FINDING_NOTED: "It was noted that a recording and an officer’s statement do not agree.",
    Event.FINDING_ANSWERED: "It was answered whether such a finding is disclosed to the prosecutor.",
    Event.BACKUP_MADE: "A backup was made; it holds everything up to here.",
    Event.RESTORE_MADE: "The installation was restored from a backup.",
    Event.MODEL_ADDED: "The model {name} was registered.",
    Event.MODEL_SET: "The model {name} was switched on or off, or set otherwise.",
    Event.REDACTION_BEGUN: "A redaction was begun.",
    Event.REDACTION_DETECTED: "It was looked through for what has to be hidden.",
    Event.REDACTION_EDITED: "Its redaction was edited.",
    Event.REDACTION_TAKEN_OVER: "Work on its redaction was taken over from somebody.",
    Event.REDACTION_CLOSED: "A redaction was closed.",
    Event.REDACTION_RENDERED: "A redacted copy was made.",
    Event.REDACTION_RENDER_FAILED: "A redacted copy could not be made.",
    Event.REDACTION_HANDED_OUT: "A redacted copy was handed out in a package.",
    Event.TRANSCRIPT_MADE: "What is said in it was written out.",
    Event.TRANSCRIPT_CHANGED: "A transcript was changed.",
    Event.TRANSCRIPT_REMOVED: "A transcript was removed.",
}
