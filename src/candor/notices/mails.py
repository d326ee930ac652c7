"""What a mail says: fixed sentences, counts, the site's address. Pure, and blind to what happened to whom.

Nothing here takes a notice's details, what it is about, or anybody's name, so nothing of it can be in a mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from candor.core.mail_server import is_address
from candor.core.outbox import KINDS, NoticeKind, Severity


@dataclass(frozen=True)
class Told:
    """One thing that a mail tells: the kind, how often it was noticed, whether it is over, whether the mail is about
    its being over."""

    kind: NoticeKind
    times: int
    over: bool
    was_told: bool = False


@dataclass(frozen=True)
class Envelope:
    """Everything around what is said. `sender` and `recipient` are addresses that `is_address` takes."""

    sender: str
    recipient: str
    message_id: str
    in_reply_to: str | None
    date: datetime
    site: str | None  # the public address, without a slash at its end


def domain_of(address: str) -> str:
    """What stands after the @."""
    return address.rpartition("@")[2]


def single(envelope: Envelope, told: Told) -> EmailMessage:
    """The mail of one notice, or of its end."""
    lines = [_sentence(told)]
    if told.times > 1:
        lines += ["", f"It was noticed {told.times} times."]
    if told.over and not told.was_told:
        lines += ["", "It is over already."]
    urgent = KINDS[told.kind].severity is Severity.URGENT and not told.over
    words = "urgent notice" if KINDS[told.kind].severity is Severity.URGENT else "notice"
    follows = "Re: " if envelope.in_reply_to else ""
    return _mail(envelope, f"{follows}Candor: {words}", lines, urgent=urgent)


def digest(envelope: Envelope, told: Sequence[Told]) -> EmailMessage:
    """The mail of several notices, counted per kind, the most pressing first."""
    counts: dict[tuple[NoticeKind, bool], int] = {}
    for one in told:
        counts[one.kind, one.over] = counts.get((one.kind, one.over), 0) + 1
    order = list(reversed(Severity))
    ranked = sorted(counts.items(), key=lambda found: (order.index(KINDS[found[0][0]].severity), found[0][1]))
    lines = ["One notice:" if len(told) == 1 else f"{len(told)} notices:", ""]
    lines += [f"  {count} x {KINDS[kind].title}{' (over)' if over else ''}" for (kind, over), count in ranked]
    subject = "Candor: one notice" if len(told) == 1 else f"Candor: {len(told)} notices"
    urgent = any(KINDS[one.kind].severity is Severity.URGENT and not one.over for one in told)
    return _mail(envelope, subject, lines, urgent=urgent)


def test_mail(envelope: Envelope) -> EmailMessage:
    """A mail that only shows that mail arrives."""
    return _mail(envelope, "Candor: test", ["This is a test. Mail from Candor reaches you."], urgent=False)


def alert(envelope: Envelope) -> EmailMessage:
    """The mail of last resort: something failed that keeps everything else from being told."""
    lines = [
        "Candor cannot record or tell as it should. Somebody must look at once.",
        "",
        "The log of the program on its machine says what failed; `candor doctor` there says how to mend it.",
    ]
    return _mail(envelope, "Candor: urgent notice", lines, urgent=True)


def _sentence(told: Told) -> str:
    if told.was_told and told.over:
        return f"This is over: {KINDS[told.kind].title}"
    return KINDS[told.kind].mail


def _mail(envelope: Envelope, subject: str, lines: list[str], *, urgent: bool) -> EmailMessage:
    for address in (envelope.sender, envelope.recipient):
        if not is_address(address):  # checked where it was entered; a header must hold all the same
            raise ValueError("a mail needs an e-mail address at both ends")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Candor <{envelope.sender}>"
    mail["To"] = envelope.recipient
    mail["Subject"] = subject
    mail["Date"] = format_datetime(envelope.date)
    mail["Message-ID"] = envelope.message_id
    if envelope.in_reply_to:
        mail["In-Reply-To"] = envelope.in_reply_to
        mail["References"] = envelope.in_reply_to
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no machine answers it
    mail["X-Auto-Response-Suppress"] = "All"
    if urgent:
        mail["Importance"] = "high"
    if envelope.site:
        where = ["More stands in your inbox, after signing in:", f"{envelope.site}/inbox"]
        end = ["A program wrote this; nobody reads answers. What you are mailed of, and when:"]
        end += [f"{envelope.site}/account/notices"]
    else:
        where = ["More stands in your inbox in Candor, after signing in."]
        end = ["A program wrote this; nobody reads answers."]
    mail.set_content("\n".join([*lines, "", *where, "", "-- ", *end, ""]), charset="us-ascii", cte="7bit")
    return mail
