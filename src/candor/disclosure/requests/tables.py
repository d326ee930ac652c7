"""Tables of requests for records. What is taken back is ended, with who did it and why; no row is ever removed."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: A request. What its clocks follow from stands in `request_clock`; `due_at` is the earliest of those that still run.
records_request = sa.Table(
    "records_request",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),  # R-2026-0001
    sa.Column("tracking_digest", sa.LargeBinary(32), nullable=False, unique=True),  # requests.tracking
    sa.Column("channel", sa.Text, nullable=False),  # rules.Channel
    sa.Column("state", sa.Text, nullable=False),  # rules.RequestState
    sa.Column("received_at", UtcDateTime, nullable=False),  # from when the law counts
    sa.Column("entered_at", UtcDateTime, nullable=False),
    sa.Column("entered_by", sa.Text, nullable=False),  # an actor
    sa.Column("requester_class", sa.Text, nullable=False),  # rules.RequesterClass
    sa.Column("class_confirmed_by", sa.Text),  # an actor; None: it is only what they say
    sa.Column("requester_name", sa.Text, nullable=False),  # "" where none was given
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("contact", JsonText, nullable=False),  # {"mail": …, "phone": …, "post": …}
    sa.Column("words", sa.Text, nullable=False),  # what is asked for, in their own words
    sa.Column("named", JsonText, nullable=False),  # requests.naming.Named: person, officer, place, incident, from, to
    sa.Column("wants", sa.Text, nullable=False),  # "copy" or "inspect"
    sa.Column("assigned_to", sa.String(36), sa.ForeignKey("account.id")),
    sa.Column("due_at", UtcDateTime),  # None: no clock runs
    sa.Column("due_rule", sa.Text),  # citation of the clock that is due first
    sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false()),  # it was answered after due_at
    sa.Column("answered_at", UtcDateTime),
    sa.Column("closed_at", UtcDateTime),  # answered or withdrawn
    sa.Column("outcome", sa.Text),  # released, released-in-part, withheld, nothing-found, withdrawn
    sa.Column("critical_id", sa.String(36)),  # the critical incident that it is about
    sa.Column("book", sa.Text),  # identifier of the law's book by which the clocks were last made
    sa.Column("search_key", sa.Text, nullable=False),  # number, name, words, folded
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("ix_records_request_state", "state", "closed_at", "id"),
    # With what a text search looks in, so that it reads the index alone.
    sa.Index("ix_records_request_received", "received_at", "id", "search_key"),
    sa.Index("ix_records_request_assigned", "assigned_to", "state", "due_at"),
    sa.Index("ix_records_request_closed", "closed_at", "id"),
    # What is open is little among what was ever asked; the queue is read from this.
    sa.Index(
        "ix_records_request_open",
        "due_at",
        "id",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
)

#: The last number that was given in a year.
request_counter = sa.Table(
    "request_counter",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
)

#: A clock of the law that runs, or ran, for a request; for one recording of it where the law's clock is the
#: recording's. Made anew by `requests.clocks`.
request_clock = sa.Table(
    "request_clock",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("request_id", sa.String(36), sa.ForeignKey("records_request.id"), nullable=False, index=True),
    sa.Column("recording_id", sa.String(36)),  # None: of the request as a whole
    sa.Column("pack", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),  # its id
    sa.Column("citation", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),  # the engine's
    sa.Column("answer_only", sa.Boolean, nullable=False),  # an answer is due, not a release
    sa.Column("adopted", sa.Boolean, nullable=False),
    sa.Column("started_by", sa.Text, nullable=False),  # law.vocabulary.LawEvent
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),  # with its extension
    sa.Column("extended_by", sa.Text),  # an actor
    sa.Column("extended_at", UtcDateTime),
    sa.Column("extension_reason", sa.Text),
    sa.Column("met_at", UtcDateTime),  # None while it runs
    sa.Column("extensions", sa.Integer, nullable=False, server_default="0"),  # how often it was extended
    sa.Column("extendable_because", sa.Text),  # for which reason the rule lets it be extended, as it says
    sa.Column("extendable_to", UtcDateTime),  # until when, once more; None: not, or not any more
    sa.Column("latest", UtcDateTime),  # beyond which no delay goes
    sa.Column("ended_at", UtcDateTime),  # it does not follow any more, such as that of a recording that is not meant
)

#: A recording that somebody took for one that is meant, or for one that is not.
request_recording = sa.Table(
    "request_recording",
    metadata,
    sa.Column("request_id", sa.String(36), sa.ForeignKey("records_request.id"), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), primary_key=True),
    sa.Column("meant", sa.Text, nullable=False),  # rules.Meant
    sa.Column("why", sa.Text, nullable=False),  # what the search said of it, and whoever decided
    sa.Column("said_by", sa.Text, nullable=False),  # an actor
    sa.Column("said_at", UtcDateTime, nullable=False),
    sa.Column("hold_id", sa.String(36)),  # the hold that keeps it meanwhile
    sa.Index("ix_request_recording_recording", "recording_id", "request_id"),
)

#: A message between the office and whoever asked, or a note that stays here.
request_message = sa.Table(
    "request_message",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("request_id", sa.String(36), sa.ForeignKey("records_request.id"), nullable=False),
    sa.Column("way", sa.Text, nullable=False),  # in, out, note
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("written_by", sa.Text, nullable=False),  # an actor; "requester"
    sa.Column("written_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime),  # of a message that came in: when somebody here first saw it
    sa.Index("ix_request_message_request", "request_id", "written_at"),
)

#: A document of a request or a critical incident, sealed in the vault and never opened by the program.
request_document = sa.Table(
    "request_document",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("request_id", sa.String(36), sa.ForeignKey("records_request.id"), index=True),
    sa.Column("critical_id", sa.String(36), index=True),
    sa.Column("kind", sa.Text, nullable=False),  # rules.DocumentKind
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("object_id", sa.String(36), nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),  # an actor; "requester"
    sa.Column("added_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),  # of a letter: when it was put before whoever asked
    sa.Column("letter", sa.Text),  # of a letter: requests.letters.LetterKind
)


#: What happened with a request, in the order of the custody log: which events tell of it. The events themselves are the
#: custody log's; this is how they are found.
request_history = sa.Table(
    "request_history",
    metadata,
    sa.Column("event_id", sa.String(36), primary_key=True),  # a custody event
    sa.Column("request_id", sa.String(36), sa.ForeignKey("records_request.id"), nullable=False),
    sa.Index("ix_request_history_request", "request_id", "event_id"),
)

#: A table of requests that was taken in, so that nobody takes in the same one twice without meaning to.
request_import = sa.Table(
    "request_import",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("imported_by", sa.Text, nullable=False),  # an actor
    sa.Column("imported_at", UtcDateTime, nullable=False),
    sa.Column("taken", sa.Integer, nullable=False),  # requests
)

#: A tracking code that was replaced by another one: it opens nothing any more.
request_code = sa.Table(
    "request_code",
    metadata,
    sa.Column("tracking_digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("request_id", sa.String(36), sa.ForeignKey("records_request.id"), nullable=False, index=True),
    sa.Column("replaced_at", UtcDateTime, nullable=False),
    sa.Column("replaced_by", sa.Text, nullable=False),  # an actor
)
