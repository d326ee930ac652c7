"""The outbox: what somebody must be told, written down in the transaction of the act that it follows from.

Rules it keeps:

1. `tell` writes one row in the caller's transaction: rolled back, it never was; committed, it will be told, even when
   the process dies in the next moment. Who is told, and how, is decided afterwards (`candor.notices`).
2. With a key (`once`) the same trouble is told once while it lasts: again only counts up, `resolve` closes it and
   tells the same people that it is over. Then the key is free again.
3. `details` are for the inbox, behind the sign-in: text, whole numbers, yes or no. They never go into a mail. Put ids
   there, not names of people or titles of recordings: whoever is told need not have the right to see the thing.
4. What is told stands in one list (`KINDS`): each kind has its words, how pressing it is, who hears of it by default,
   and one sentence for mail that is the same whatever happened to whom.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from candor.core.clock import Clock, SystemClock
from candor.core.database import JsonText, UtcDateTime, metadata
from candor.core.ids import new_id

#: What somebody is to be told. One row per occurrence, or per stretch of trouble where it has a key.
outbox_notice = sa.Table(
    "outbox_notice",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # NoticeKind
    sa.Column("details", JsonText, nullable=False),
    sa.Column("about", sa.Text),  # path on the site of the thing that it is about
    sa.Column("recipients", JsonText),  # list of account ids; None: as the kind is routed
    sa.Column("once_key", sa.Text, index=True),  # what `once` was
    # The same while the trouble lasts, None afterwards. Unique: two at once cannot both open it, on either database.
    sa.Column("open_key", sa.Text, unique=True),
    sa.Column("times", sa.Integer, nullable=False),  # how often it was told while open
    sa.Column("created_at", UtcDateTime, nullable=False, index=True),
    sa.Column("last_at", UtcDateTime, nullable=False),
    sa.Column("resolved_at", UtcDateTime),
    # What is still to be passed on: "told", "over", or None when everybody has it.
    sa.Column("pending", sa.Text, index=True),
)


class Severity(StrEnum):
    """How pressing a notice is."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"


class NoticeKind(StrEnum):
    """What can be told. A value, once used, is never renamed or given another meaning."""

    LOG_NOT_SIGNING = "log:not-signing"
    LOG_LAGGING = "log:lagging"
    WITNESS_AWAY = "witness:away"
    CLOCK_SET_BACK = "clock:set-back"
    DISK_NEARLY_FULL = "disk:nearly-full"
    BACKUP_OVERDUE = "backup:overdue"
    BACKUP_FAILED = "backup:failed"
    FIXITY_MISMATCH = "fixity:mismatch"
    FIXITY_OVERDUE = "fixity:overdue"
    KEY_SHEET_NOT_CONFIRMED = "key:sheet-not-confirmed"
    KEY_MISSING = "key:missing"
    JOB_FAILED = "job:failed"
    INTAKE_FAILED = "intake:failed"
    ACCOUNT_LOCKED = "account:locked"
    ACCOUNT_CREATED = "account:created"
    ACCOUNT_CHANGED = "account:changed-by-another"
    OWN_ACCOUNT_CHANGED = "account:yours-changed"
    ACCOUNT_INACTIVE = "account:inactive"
    TOKEN_EXPIRING = "token:expiring"
    PASSWORD_LISTED = "password:listed"
    HEALTH_BAD = "health:bad"
    MAIL_UNDELIVERED = "mail:undelivered"
    CAMERA_CLOCK = "camera:clock"
    CASE_YOURS = "case:yours"
    CASE_ENTERED = "case:entered"
    CASE_CLOSED_HANGING = "case:closed-hanging"
    CAMERA_MALFUNCTION = "camera:malfunction"
    DUTY_DUE = "duty:due"
    DUTY_OVERDUE = "duty:overdue"
    RECORDING_UNCATEGORISED = "recording:uncategorised"
    LAW_CHANGE_WAITS = "law:change-waits"
    DISPOSITION_WAITS = "disposition:waits"
    DISPOSITION_STOPPED = "disposition:stopped"
    HOLD_REVIEW = "hold:review-due"
    RECORDING_BROUGHT_BACK = "recording:brought-back"
    RECORDING_CAME_AGAIN = "recording:came-again"
    FINDING_ASKED = "finding:asked"
    REQUEST_YOURS = "request:yours"
    REQUEST_MESSAGE = "request:message"
    REQUEST_DUE = "request:due"
    REQUEST_OVERDUE = "request:overdue"
    RELEASE_WAITS = "release:waits"
    RELEASE_SENT_BACK = "release:sent-back"
    RELEASE_FAILED = "release:failed"
    RELEASE_DISCARDED = "release:discarded"
    CRITICAL_DUE = "critical:due"
    CRITICAL_OVERDUE = "critical:overdue"


@dataclass(frozen=True)
class KindFacts:
    """What is fixed about a kind.

    `title` and `mail` are sentences for people without any field to fill: they say the same whatever happened to
    whom. `roles` are names of roles (`candor.people.rules.Role`) told by default; `digest` says whether a mail of it
    may wait for a digest, and `by_mail` whether there is one at all.
    """

    title: str
    severity: Severity
    roles: tuple[str, ...]
    digest: bool
    mail: str
    by_mail: bool = True


_ADMINISTRATORS = ("administrator",)
_KEEPERS = ("administrator", "evidence_technician")
_LOG_WATCHERS = ("administrator", "oversight")

#: Every kind, with its facts.
KINDS: dict[NoticeKind, KindFacts] = {
    NoticeKind.LOG_NOT_SIGNING: KindFacts(
        "The custody log does not sign.",
        Severity.URGENT,
        _LOG_WATCHERS,
        False,
        "The custody log has stopped signing. Events are still recorded; somebody must look at once.",
    ),
    NoticeKind.LOG_LAGGING: KindFacts(
        "The custody log is behind.",
        Severity.WARNING,
        _ADMINISTRATORS,
        True,
        "The custody log signs later than it should.",
    ),
    NoticeKind.WITNESS_AWAY: KindFacts(
        "A witness of the custody log does not answer.",
        Severity.WARNING,
        _LOG_WATCHERS,
        True,
        "A witness of the custody log does not answer. The log goes on without it.",
    ),
    NoticeKind.CLOCK_SET_BACK: KindFacts(
        "The machine's clock was set back.",
        Severity.URGENT,
        _ADMINISTRATORS,
        False,
        "The clock of a machine was set back. Times of events need a look.",
    ),
    NoticeKind.DISK_NEARLY_FULL: KindFacts(
        "A disk is nearly full.",
        Severity.URGENT,
        _KEEPERS,
        False,
        "A disk is nearly full. Intake stops when it is.",
    ),
    NoticeKind.BACKUP_OVERDUE: KindFacts(
        "The backup is overdue.",
        Severity.WARNING,
        _ADMINISTRATORS,
        True,
        "No backup was made for longer than planned.",
    ),
    NoticeKind.BACKUP_FAILED: KindFacts(
        "A backup failed.", Severity.WARNING, _ADMINISTRATORS, False, "A backup failed. The earlier ones are untouched."
    ),
    NoticeKind.FIXITY_MISMATCH: KindFacts(
        "A stored file does not match its seal.",
        Severity.URGENT,
        _KEEPERS,
        False,
        "A check of the archive found a stored file that does not match its seal.",
    ),
    NoticeKind.FIXITY_OVERDUE: KindFacts(
        "The check of every stored file is overdue.",
        Severity.WARNING,
        _KEEPERS,
        True,
        "The weekly check of the archive was not made.",
    ),
    NoticeKind.KEY_SHEET_NOT_CONFIRMED: KindFacts(
        "The recovery sheet is not confirmed.",
        Severity.WARNING,
        _ADMINISTRATORS,
        True,
        "The recovery sheet of the present key is not confirmed.",
    ),
    NoticeKind.KEY_MISSING: KindFacts(
        "A key is missing.",
        Severity.URGENT,
        _ADMINISTRATORS,
        False,
        "A key that the archive needs is missing. Restore it from the recovery sheet.",
    ),
    NoticeKind.JOB_FAILED: KindFacts(
        "Work in the background failed.",
        Severity.WARNING,
        _KEEPERS,
        True,
        "A piece of work in the background failed.",
    ),
    NoticeKind.INTAKE_FAILED: KindFacts(
        "A file could not be taken in.", Severity.WARNING, _KEEPERS, True, "A file could not be taken in."
    ),
    NoticeKind.ACCOUNT_LOCKED: KindFacts(
        "An account was locked.",
        Severity.WARNING,
        _ADMINISTRATORS,
        False,
        "An account was locked after failed sign-ins.",
    ),
    NoticeKind.ACCOUNT_CREATED: KindFacts(
        "An account was made.", Severity.INFO, _ADMINISTRATORS, True, "An account was made."
    ),
    NoticeKind.ACCOUNT_CHANGED: KindFacts(
        "Rights or sign-in of an account were changed.",
        Severity.WARNING,
        _LOG_WATCHERS,
        True,
        "The rights of an account, or how it signs in, were changed by somebody else.",
    ),
    NoticeKind.OWN_ACCOUNT_CHANGED: KindFacts(
        "Somebody else changed your account.",
        Severity.WARNING,
        _ADMINISTRATORS,
        False,
        "Somebody else changed your account: its rights, its password or its second factors. If you did not expect it, "
        "ask your administrator.",
    ),
    NoticeKind.ACCOUNT_INACTIVE: KindFacts(
        "An account was not used for long.",
        Severity.INFO,
        _ADMINISTRATORS,
        True,
        "An account was not used for long and should be looked at.",
    ),
    NoticeKind.TOKEN_EXPIRING: KindFacts(
        "A token of a service account expires soon.",
        Severity.WARNING,
        _ADMINISTRATORS,
        True,
        "A token of a service account expires soon.",
    ),
    NoticeKind.PASSWORD_LISTED: KindFacts(
        "A password stands on the list of known passwords.",
        Severity.WARNING,
        _ADMINISTRATORS,
        True,
        "A password in use stands on the list of known passwords and must be replaced.",
    ),
    NoticeKind.HEALTH_BAD: KindFacts(
        "A check of the system fails.",
        Severity.URGENT,
        _ADMINISTRATORS,
        False,
        "A check of the system fails. The system page says which, and how to mend it.",
    ),
    NoticeKind.MAIL_UNDELIVERED: KindFacts(
        "A mail could not be delivered.",
        Severity.WARNING,
        _ADMINISTRATORS,
        True,
        "A mail could not be delivered.",
        by_mail=False,
    ),
    NoticeKind.CASE_YOURS: KindFacts(
        "A case is yours from now on.",
        Severity.INFO,
        ("counsel",),
        True,
        "Somebody entered you as the owner of a case.",
    ),
    NoticeKind.CASE_ENTERED: KindFacts(
        "You were entered in a case.",
        Severity.INFO,
        ("counsel",),
        True,
        "Somebody entered you in a case. You see it from now on.",
    ),
    NoticeKind.CASE_CLOSED_HANGING: KindFacts(
        "A case of yours was closed, and something still hangs on it.",
        Severity.WARNING,
        ("counsel",),
        True,
        "A case of yours was closed by somebody else, and something still hangs on it, such as a hold.",
    ),
    NoticeKind.CAMERA_CLOCK: KindFacts(
        "A camera's clock needs a look.",
        Severity.WARNING,
        _KEEPERS,
        True,
        "The clock of a camera is wrong, drifts or was reset.",
    ),
    NoticeKind.CAMERA_MALFUNCTION: KindFacts(
        "A camera is not in order.",
        Severity.WARNING,
        _KEEPERS,
        True,
        "A camera is not in order, and somebody has to act on it.",
    ),
    NoticeKind.DUTY_DUE: KindFacts(
        "Something has to be done soon.",
        Severity.INFO,
        ("supervisor",),
        True,
        "Something that the law asks of camera users has to be done soon. The list of duties says what.",
    ),
    NoticeKind.DUTY_OVERDUE: KindFacts(
        "Something that had to be done is overdue.",
        Severity.WARNING,
        ("supervisor",),
        True,
        "Something that the law asks of camera users is overdue. The list of duties says what.",
    ),
    NoticeKind.RECORDING_UNCATEGORISED: KindFacts(
        "Recordings wait to be put into a category.",
        Severity.INFO,
        ("supervisor",),
        True,
        "Recordings wait to be put into a category. Until then they are kept longest.",
    ),
    NoticeKind.LAW_CHANGE_WAITS: KindFacts(
        "A change of the law applied here waits for a decision.",
        Severity.INFO,
        ("counsel", "administrator"),
        True,
        "A change of the law or policy that is applied here was tried out and waits for a second person.",
    ),
    NoticeKind.DISPOSITION_WAITS: KindFacts(
        "A disposition waits for approval.",
        Severity.INFO,
        ("counsel", "records_officer"),
        True,
        "Somebody proposed to destroy recordings; a second person has to decide.",
    ),
    NoticeKind.DISPOSITION_STOPPED: KindFacts(
        "Destroying what was approved has stopped.",
        Severity.WARNING,
        ("evidence_technician",),
        True,
        "Destroying what was approved has stopped before its end. Nothing is half destroyed; begin it again.",
    ),
    NoticeKind.RECORDING_BROUGHT_BACK: KindFacts(
        "A recording is back from the archive.",
        Severity.INFO,
        ("evidence_technician",),
        True,
        "A recording that you asked for is back from the archive and can be opened.",
    ),
    NoticeKind.RECORDING_CAME_AGAIN: KindFacts(
        "What was destroyed came in again and is held.",
        Severity.WARNING,
        ("evidence_technician",),
        True,
        "A file of something that was destroyed came in again. It is held until somebody decides.",
    ),
    NoticeKind.FINDING_ASKED: KindFacts(
        "A recording and an officer's statement do not agree.",
        Severity.WARNING,
        ("counsel",),
        False,
        "Somebody noted that a recording and an officer's statement do not agree. Another person has to answer whether "
        "the prosecutor is told.",
    ),
    NoticeKind.HOLD_REVIEW: KindFacts(
        "A hold is due to be looked at.",
        Severity.INFO,
        ("counsel", "records_officer", "evidence_technician"),
        True,
        "Somebody said that a hold would be looked at by now. It holds until somebody releases it.",
    ),
    NoticeKind.REQUEST_YOURS: KindFacts(
        "A request for records is yours from now on.",
        Severity.INFO,
        ("records_officer",),
        True,
        "Somebody gave you a request for records to work on.",
    ),
    NoticeKind.REQUEST_MESSAGE: KindFacts(
        "Whoever asked for records wrote.",
        Severity.INFO,
        ("records_officer",),
        True,
        "Somebody who asked for records wrote a message.",
    ),
    NoticeKind.REQUEST_DUE: KindFacts(
        "A request for records is due soon.",
        Severity.WARNING,
        ("records_officer",),
        True,
        "The time that the law sets for answering a request for records ends soon.",
    ),
    NoticeKind.REQUEST_OVERDUE: KindFacts(
        "A request for records is overdue.",
        Severity.WARNING,
        ("records_officer", "counsel"),
        False,
        "The time that the law sets for answering a request for records has run out.",
    ),
    NoticeKind.RELEASE_WAITS: KindFacts(
        "A release waits for a second person.",
        Severity.INFO,
        ("records_officer", "counsel"),
        True,
        "A release was prepared and waits for another person to approve it.",
    ),
    NoticeKind.RELEASE_SENT_BACK: KindFacts(
        "A release that you prepared was sent back.",
        Severity.INFO,
        ("records_officer",),
        True,
        "A release was sent back to whoever prepared it.",
    ),
    NoticeKind.RELEASE_FAILED: KindFacts(
        "A release that was approved could not be made.",
        Severity.WARNING,
        ("records_officer",),
        False,
        "A release that was approved could not be made, or something forbids it now.",
    ),
    NoticeKind.RELEASE_DISCARDED: KindFacts(
        "A release that you prepared was discarded.",
        Severity.INFO,
        ("records_officer",),
        True,
        "Somebody discarded a release before it was approved.",
    ),
    NoticeKind.CRITICAL_DUE: KindFacts(
        "A clock of a critical incident ends soon.",
        Severity.WARNING,
        ("records_officer",),
        True,
        "A time that the law sets for a critical incident ends soon.",
    ),
    NoticeKind.CRITICAL_OVERDUE: KindFacts(
        "A clock of a critical incident has run out.",
        Severity.WARNING,
        ("records_officer", "counsel"),
        False,
        "A time that the law sets for a critical incident has run out.",
    ),
}


def tell(
    tx: Connection,
    kind: NoticeKind,
    *,
    details: Mapping[str, str | int | bool] | None = None,
    about: str | None = None,
    to: Collection[str] | None = None,
    once: str | None = None,
    clock: Clock | None = None,
) -> str | None:
    """Write down, in the caller's transaction, that somebody must be told; returns the notice's id.

    `details`: for the inbox only (rule 3); the key `words` is shown as a sentence of its own. No floats (TypeError).
    `about`: the path on the site of the thing (`/recordings/ID`); anything else is a ValueError. `to`: ids of the
    accounts to be told instead of those that the kind is routed to; where none of them is active, the route counts.
    `once`: with the same key open already, that notice counts up, takes these details, and None is returned.
    """
    if about is not None and (not about.startswith("/") or about.startswith("//")):
        raise ValueError(f"what a notice is about is a path on the site, not {about!r}")
    given = dict(details or {})
    for name, value in given.items():
        if not isinstance(value, str | int):  # bool is an int
            raise TypeError(f"the detail {name!r} of a notice is {type(value).__name__}: only text, int and bool")
    now = (clock or SystemClock()).now()
    row: dict[str, Any] = {
        "id": new_id(),
        "kind": kind.value,
        "details": given,
        "about": about,
        "recipients": None if to is None else sorted(set(to)),
        "once_key": once,
        "open_key": once,
        "times": 1,
        "created_at": now,
        "last_at": now,
        "resolved_at": None,
        "pending": "told",
    }
    if once is None:
        tx.execute(outbox_notice.insert(), row)
        return str(row["id"])
    # One statement, so that two processes that meet the same trouble at once cannot both open it.
    insert: Any = (sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert)(outbox_notice).values(row)
    counted = insert.on_conflict_do_update(
        index_elements=[outbox_notice.c.open_key],
        set_={"times": outbox_notice.c.times + 1, "last_at": now, "details": insert.excluded.details},
    ).returning(outbox_notice.c.id)
    found = str(tx.execute(counted).scalar_one())
    return found if found == row["id"] else None


def resolve(tx: Connection, once: str, *, clock: Clock | None = None) -> bool:
    """Close the open notice of a key, in the caller's transaction: it is over, and whoever was told of it will be told
    that too. False when none is open."""
    now = (clock or SystemClock()).now()
    closed = (
        outbox_notice.update()
        .where(outbox_notice.c.open_key == once)
        .values(
            open_key=None,
            resolved_at=now,
            # Not passed on yet: then it is told once, as something that is over already.
            pending=sa.case((outbox_notice.c.pending == "told", "told"), else_="over"),
        )
    )
    return bool(tx.execute(closed).rowcount)


def is_open(tx: Connection, once: str) -> bool:
    """Whether a notice with this key is open."""
    return tx.execute(sa.select(outbox_notice.c.id).where(outbox_notice.c.open_key == once)).first() is not None


def open_keys(tx: Connection, beginning: str) -> list[str]:
    """The keys that begin so and whose notices are open."""
    mine = outbox_notice.c.open_key.startswith(beginning, autoescape=True)
    return [str(one) for one in tx.scalars(sa.select(outbox_notice.c.open_key).where(mine).order_by("open_key"))]
