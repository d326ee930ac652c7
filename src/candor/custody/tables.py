"""Tables of the custody log."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import BigIntKey, UtcDateTime, metadata

#: Every custody event, written in the act's own transaction; never updated but for its position, never deleted. What it
#: says can be erased, by a court's order alone (`forgetting`): leaf and position stay.
custody_event = sa.Table(
    "custody_event",
    metadata,
    sa.Column("seq", BigIntKey, primary_key=True, autoincrement=True),  # order of writing; not the log position
    sa.Column("id", sa.String(36), nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),  # custody.events.Event
    sa.Column("actor", sa.Text, nullable=False),  # account id or system:…
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("recording_id", sa.String(36)),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),  # canonical JSON, inside the commitment
    sa.Column("salt", sa.LargeBinary(32), nullable=False),
    sa.Column("leaf", sa.Text, nullable=False),  # the public entry
    sa.Column("position", sa.BigInteger),  # index in the log, given by the sequencer; None: waiting
    # Copies of two fields of the payload, so that they can be searched; what counts is the payload.
    sa.Column("about_account", sa.Text),  # details.account
    sa.Column("address", sa.Text),  # details.address
    # The tombstone of the order by which payload and salt were erased; they are empty then.
    sa.Column("erased_by", sa.String(36)),
    # A recording's events are numbered without gap; two writers cannot take the same number.
    sa.Index("ix_custody_event_recording", "recording_id", "n", unique=True),
    sa.Index("ix_custody_event_position", "position", unique=True),
    sa.Index(
        "ix_custody_event_waiting",
        "seq",
        sqlite_where=sa.text("position IS NULL"),
        postgresql_where=sa.text("position IS NULL"),
    ),
    sa.Index("ix_custody_event_kind", "kind", "at"),
    sa.Index("ix_custody_event_actor", "actor", "at"),
    sa.Index("ix_custody_event_at", "at"),
    sa.Index(
        "ix_custody_event_about",
        "about_account",
        "at",
        sqlite_where=sa.text("about_account IS NOT NULL"),
        postgresql_where=sa.text("about_account IS NOT NULL"),
    ),
    sa.Index(
        "ix_custody_event_address",
        "address",
        "at",
        sqlite_where=sa.text("address IS NOT NULL"),
        postgresql_where=sa.text("address IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

#: How many events a recording has and its present epoch; the row is what serialises two acts on one recording.
custody_subject = sa.Table(
    "custody_subject",
    metadata,
    sa.Column("recording_id", sa.String(36), primary_key=True),
    sa.Column("next_n", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("tag_key", sa.LargeBinary(32), nullable=False),
)

#: Tag keys of all epochs, so that a whole history can be disclosed.
custody_tag_key = sa.Table(
    "custody_tag_key",
    metadata,
    sa.Column("recording_id", sa.String(36), primary_key=True),
    sa.Column("epoch", sa.Integer, primary_key=True),
    sa.Column("first_n", sa.Integer, nullable=False),
    sa.Column("tag_key", sa.LargeBinary(32), nullable=False),
)

#: One row: the log's head.
log_head = sa.Table(
    "log_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),  # always 1
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("vkey", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("frontier", sa.LargeBinary, nullable=False),  # hashes of the complete subtrees, largest first
    sa.Column("tiles_size", sa.BigInteger, nullable=False),  # tiles are on disk up to this size
    sa.Column("refusal", sa.Text),  # why nothing is signed; None: all is well
    # The latest time of an event that was given a place, and that event's number: a clock set back is seen by them.
    sa.Column("newest_at", UtcDateTime),
    sa.Column("newest_seq", sa.BigInteger),
)

#: What is wrong with the log's surroundings at present, one row per kind: "files", "clock".
log_problem = sa.Table(
    "log_problem",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("until", UtcDateTime),  # for the clock: the problem is over when time has come back to here
)

#: Entries of the log whose event the database lost (an older one was restored): their places are kept, what they
#: commit to cannot be opened any more. Of a recording whose tag key is known it is known which number they had.
custody_lost_entry = sa.Table(
    "custody_lost_entry",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("leaf", sa.Text, nullable=False),
    sa.Column("recording_id", sa.String(36)),
    sa.Column("n", sa.Integer),
    sa.Column("epoch", sa.Integer),
    sa.Index("ix_custody_lost_entry_recording", "recording_id", "n"),
)

#: Logs of this installation that ended with a handover to the next, oldest first.
log_old = sa.Table(
    "log_old",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # 1, 2, …
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("vkey", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # entries that were carried into the next log
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("last_size", sa.BigInteger, nullable=False),  # the newest checkpoint known to have been signed
    sa.Column("last_root", sa.LargeBinary(32), nullable=False),
    sa.Column("last_note", sa.Text),
    sa.Column("statement", sa.Text, nullable=False),  # the handover as a signed note
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ended_at", UtcDateTime, nullable=False),
    sa.Column("settled", sa.Boolean, nullable=False, server_default=sa.false()),  # keys and files have been moved
)

#: Signed checkpoints of the logs that ended.
log_old_checkpoint = sa.Table(
    "log_old_checkpoint",
    metadata,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("cosignatures", sa.Text, nullable=False),
    sa.Column("signed_at", UtcDateTime),
    sa.Column("witnessed_at", UtcDateTime),
)

#: Where each entry stood in a log that ended: the event's `seq`, or the leaf itself where the event is lost.
log_old_place = sa.Table(
    "log_old_place",
    metadata,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger),
    sa.Column("leaf", sa.Text),
    sa.Index("ix_log_old_place_seq", "seq"),
)

#: Hashes of full tiles: entry `index` of tile level `level` (1, 2, …) is the root of 256**level leaves.
log_node = sa.Table(
    "log_node",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True),
    sa.Column("index", sa.BigInteger, primary_key=True),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)

#: What each witness last cosigned, and how it is doing.
log_witness = sa.Table(
    "log_witness",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("vkey", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # newest size it cosigned for us
    sa.Column("cosigned_at", UtcDateTime),
    sa.Column("problem", sa.Text),  # None: its last answer was good
    sa.Column("problem_since", UtcDateTime),
)

#: Checkpoints that were to be signed, and what came of them; the newest signed one is what a restart answers to.
log_checkpoint = sa.Table(
    "log_checkpoint",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("note", sa.Text),  # signed by the log; None: not yet
    sa.Column("cosignatures", sa.Text, nullable=False, server_default=""),  # lines of witnesses
    sa.Column("first_waiting_at", UtcDateTime),  # time of the oldest event it took in: the lag counts from here
    sa.Column("signed_at", UtcDateTime),
    sa.Column("witnessed_at", UtcDateTime),
)
