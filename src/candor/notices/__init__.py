"""Notices: that somebody is told when something is due or wrong, in the inbox and by mail.

Rules it keeps:

1. What is told comes out of the outbox (`candor.core.outbox`), which is written in the transaction of the act. It is
   passed on in one transaction per notice: every person concerned has an entry in the inbox, exactly once.
2. Somebody is always told: a route that leads to nobody active leads to the administrators.
3. Nothing confidential leaves by mail: a mail holds the fixed sentence of a kind, counts and the site's address. It is
   made without reading a notice's details.
4. Mail is told at least once. SMTP cannot promise once: a process may die between the server's answer and the note of
   it. So a mail keeps its Message-ID through every try, by which programs recognise the second copy.
5. What the mail server cannot take now is tried again after growing waits for three days, then the administrators are
   told in the inbox. Nothing is dropped silently; `state` says what waits and why.
6. An urgent notice goes out at once, also in quiet hours unless the agency says otherwise.
7. Where the database itself fails, `emergency.shout` writes to the program's log and mails the addresses in the
   settings, without any database.
"""

from __future__ import annotations

from candor.notices.choices import choice_of, set_choice
from candor.notices.delivery import MailState, State, state
from candor.notices.inbox import Entry, entries, mark_all_read, mark_read, unread
from candor.notices.notifier import Notifier
from candor.notices.routing import Route, change_route, routes, set_urgent_breaks_quiet, urgent_breaks_quiet
from candor.notices.rules import Choice, Pace

__all__ = [
    "Choice",
    "Entry",
    "MailState",
    "Notifier",
    "Pace",
    "Route",
    "State",
    "change_route",
    "choice_of",
    "entries",
    "mark_all_read",
    "mark_read",
    "routes",
    "set_choice",
    "set_urgent_breaks_quiet",
    "state",
    "unread",
    "urgent_breaks_quiet",
]
