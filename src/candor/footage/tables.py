"""Tables of footage: recordings, their parts, how each came in, renditions, what is watched, what is searched."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

from candor.core.database import BigIntKey, JsonText, UtcDateTime, metadata

#: Text that sorts by code point on both databases.
_SortText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

#: One stretch of one camera's recording. What is wrong with it stands in its flags.
recording = sa.Table(
    "recording",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("state", sa.Text, nullable=False),  # footage.rules.RecordingState
    sa.Column("flags", JsonText, nullable=False),  # sorted list of footage.rules.Flag
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("wearer_id", sa.String(36), sa.ForeignKey("account.id")),
    sa.Column("unit_id", sa.String(36), sa.ForeignKey("unit.id")),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id")),
    sa.Column("device_kind", sa.Text),  # fleet.rules.DeviceKind
    # The start that is shown and sorted by, and where it comes from (footage.times.TimeSource).
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("started_source", sa.Text, nullable=False),
    # The place in the order by start: footage.words.key_of(started_at, id). Unique, so it is a page's cursor too.
    sa.Column("started_key", sa.BigInteger, nullable=False, unique=True),
    sa.Column("duration_ms", sa.BigInteger),
    sa.Column("incident_number", sa.Text),
    sa.Column("category", sa.Text),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_sort", _SortText, nullable=False),  # footage.words.sort_text(title)
    sa.Column("tags", JsonText, nullable=False),  # list of text
    sa.Column("custom", JsonText, nullable=False),  # name -> text
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("place", sa.Text),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes of all parts
    sa.Column("version", sa.Integer, nullable=False),  # counts changes of the catalogue entry, from 1
    # When somebody, or a trigger, switched it on and off. The pre-event buffer makes content begin before that.
    sa.Column("activated_at", UtcDateTime),
    sa.Column("deactivated_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),  # the end of its content, as its source says
    sa.Column("regrouped_into", sa.String(36)),  # the recording that its parts belong to since
)
#: The orders a list can have besides that by start; each ends in started_key, so that every place is one of its own.
sa.Index("ix_recording_received", recording.c.received_at, recording.c.started_key)
sa.Index("ix_recording_title", recording.c.title_sort, recording.c.started_key)
sa.Index("ix_recording_duration", sa.func.coalesce(recording.c.duration_ms, sa.text("-1")), recording.c.started_key)
sa.Index("ix_recording_wearer", recording.c.wearer_id, recording.c.started_key)
sa.Index("ix_recording_unit", recording.c.unit_id, recording.c.started_key)
sa.Index("ix_recording_incident", recording.c.incident_number, recording.c.started_key)
sa.Index("ix_recording_device", recording.c.device_id, recording.c.started_key)

#: A file of a recording. Its identity is the SHA-256 of its bytes.
part = sa.Table(
    "part",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # 1, 2, …
    sa.Column("object_id", sa.String(36), nullable=False, unique=True),  # in the vault
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("chunk_root", sa.LargeBinary(32), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),  # as the sender named it (footage.names.kept)
    sa.Column("media_type", sa.Text),
    # {"media": what the file says of itself, "times": every time with its source, "name_bytes": hex or absent,
    # "source": what else the sender says, absent when nothing}
    sa.Column("claims", JsonText, nullable=False),
    # Of this part alone, as its source says; the content's own length stands in the claims.
    sa.Column("started_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.UniqueConstraint("recording_id", "number"),
    # The same bytes again are a further intake, not a second part; empty files are never merged.
    sa.Index(
        "ix_part_bytes",
        "sha256",
        unique=True,
        sqlite_where=sa.text("size > 0"),
        postgresql_where=sa.text("size > 0"),
    ),
)

#: Every time bytes came in, also when they were known already.
intake = sa.Table(
    "intake",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id"), nullable=False, index=True),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("face", sa.Text, nullable=False),  # cli | web | demo | axis | tus | card | link
    sa.Column("source", sa.Text, nullable=False),  # path or file name as given (footage.names.kept)
    sa.Column("file_modified_at", UtcDateTime),
    sa.Column("dock_id", sa.String(36)),  # fleet's dock that it came through
)

#: A recording that several files make up, while they come in and afterwards: what its source says of the whole.
gathering = sa.Table(
    "gathering",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # names the recording for good, as its source does
    # None until the first part that was not known before.
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), index=True),
    sa.Column("state", sa.Text, nullable=False),  # open | complete
    sa.Column("said", JsonText, nullable=False),  # footage.said.Said as JSON
    sa.Column("elsewhere", JsonText, nullable=False),  # recordings that hold parts of it since before
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("begun_at", UtcDateTime, nullable=False),
    sa.Column("last_part_at", UtcDateTime),
    sa.Column("completed_at", UtcDateTime),
    sa.Index("ix_gathering_open", "state", "begun_at"),
)

#: A stretch that a recording should have and no part of it has.
recording_gap = sa.Table(
    "recording_gap",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, index=True),
    sa.Column("after_part", sa.Integer, nullable=False),  # number of the part before it; 0: before the first
    sa.Column("from_at", UtcDateTime, nullable=False),
    sa.Column("to_at", UtcDateTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),  # footage.gaps.GapReason
)

#: A small file beside recordings, kept raw and sealed: a hash list, a track, a key, what nobody knows.
sidecar = sa.Table(
    "sidecar",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), index=True),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id")),
    sa.Column("dock_id", sa.String(36)),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("face", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("object_id", sa.String(36), nullable=False, unique=True),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("facts", JsonText, nullable=False),  # what the limited parser read in it; nothing of it is believed
    sa.Column("received_at", UtcDateTime, nullable=False),
)

#: Where a camera says it was.
location_track = sa.Table(
    "location_track",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, index=True),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id")),
    sa.Column("sidecar_id", sa.String(36), sa.ForeignKey("sidecar.id")),
    sa.Column("source", sa.Text, nullable=False),  # which dialect, where it was found
    sa.Column("points", JsonText, nullable=False),  # footage.tracks: list of [seconds, latitude, longitude, …]
    sa.Column("received_at", UtcDateTime, nullable=False),
)

#: A moment or a stretch that somebody marked on the camera.
bookmark = sa.Table(
    "bookmark",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False),
    sa.Column("source_id", sa.Text, nullable=False),  # as the source names it
    sa.Column("at", UtcDateTime),
    sa.Column("until", UtcDateTime),
    sa.Column("category", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("tags", JsonText, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("recording_id", "source_id"),
)

#: What was said of a recording's wearer when it came in, and what that made: for deriving it again when it is said
#: otherwise who had the camera. One row per recording.
recording_wearing = sa.Table(
    "recording_wearing",
    metadata,
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), primary_key=True),
    sa.Column("said_wearer_id", sa.String(36)),
    sa.Column("said_unit_id", sa.String(36)),
    sa.Column("face", sa.Text, nullable=False),  # through which it was said
    sa.Column("basis", sa.Text, nullable=False),  # footage.wearing.Basis
    sa.Column("derived_at", UtcDateTime, nullable=False),
)

#: Two things said of a recording that cannot both be true, until somebody settles what holds.
discrepancy = sa.Table(
    "discrepancy",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, index=True),
    sa.Column("field", sa.Text, nullable=False),  # footage.discrepancies.Field
    sa.Column("why", sa.Text, nullable=False),  # footage.discrepancies.Why
    sa.Column("claims", JsonText, nullable=False),  # list of {"says": who or what, "value": id or text, …}
    sa.Column("state", sa.Text, nullable=False),  # open | settled | ended
    # "recording field" while it is open, None afterwards. Unique: two at once cannot both open it.
    sa.Column("open_key", sa.Text, unique=True),
    sa.Column("chosen", sa.Text),  # what holds: id or text; None: nobody knows
    sa.Column("reason", sa.Text),
    sa.Column("settled_by", sa.Text),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("settled_at", UtcDateTime),
    sa.Index("ix_discrepancy_state", "state", "opened_at"),
)

#: A derivative of a part, with a seal of its own.
rendition = sa.Table(
    "rendition",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # footage.rules.RenditionKind
    sa.Column("state", sa.Text, nullable=False),  # footage.rules.RenditionState
    sa.Column("job_id", sa.Text),  # the job that makes it, whose progress `jobs.get` tells
    sa.Column("object_id", sa.String(36), unique=True),
    sa.Column("media_type", sa.Text),
    sa.Column("made_by", sa.Text),  # version of the maker
    sa.Column("details", JsonText),
    sa.Column("problem", sa.Text),  # why it failed, for people
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("ready_at", UtcDateTime),
    sa.UniqueConstraint("part_id", "kind"),
)

#: A kind of signature that a camera put into a part, and what a check found of it (footage.signatures).
part_signature = sa.Table(
    "part_signature",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # footage.media.signature_detection.KINDS
    sa.Column("state", sa.Text, nullable=False),  # footage.signatures.SignatureState
    sa.Column("job_id", sa.Text),
    sa.Column("certificate", sa.Text),  # SHA-256 of the signer's certificate, or bare key, in hexadecimal
    sa.Column("verdict", sa.Text),  # footage.signatures.Verdict
    sa.Column("trust", sa.Text),  # footage.signatures.Trust
    sa.Column("details", JsonText, nullable=False),
    sa.Column("checker", sa.Text),  # version of what checked it
    sa.Column("problem", sa.Text),  # why it could not be checked, for people
    sa.Column("found_at", UtcDateTime, nullable=False),
    sa.Column("checked_at", UtcDateTime),
    sa.UniqueConstraint("part_id", "kind"),
)

#: One opening of a recording by somebody for a purpose: one custody event, however many ranges the player asks for.
viewing = sa.Table(
    "viewing",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False),
    sa.Column("account_id", sa.Text, nullable=False),  # or system:…
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("event_id", sa.String(36), nullable=False),  # the custody event recording:viewed
    sa.Column("began_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
    sa.Index("ix_viewing_open", "recording_id", "account_id", "purpose", "ends_at"),
)

#: What an account wants to find again.
saved_filter = sa.Table(
    "saved_filter",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),  # footage.query.Query.to_text()
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("account_id", "name"),
)

#: Categories an agency offers.
category = sa.Table(
    "category",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    # law.vocabulary.LawClass: what it means to the law. None: nobody said, so what is in it is kept longest.
    sa.Column("law_class", sa.Text),
)

#: Checks of everything in the vault as people see them: who began one, and what it found. How far a run has come
#: stands in the store's own row of the same id.
fixity_check = sa.Table(
    "fixity_check",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("checked", sa.BigInteger, nullable=False),  # objects
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("findings", JsonText, nullable=False),  # list of footage.fixity.Finding as JSON
)

#: What a recording is found by: its words and the facts it is filtered by, all as words (footage.words). One row
#: per recording, under its place in the order by start, so that the index itself yields hits in that order: the
#: newest fifty of 300,000 hits cost fifty steps, not a sort.
#: SQLite: `words` is text, words between single spaces, and recording_fts indexes it. PostgreSQL: a tsvector of the
#: words and their beginnings.
recording_words = sa.Table(
    "recording_words",
    metadata,
    sa.Column("key", BigIntKey, primary_key=True, autoincrement=False),  # recording.started_key
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, unique=True),
    sa.Column("words", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
    sa.Index("ix_recording_words_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
)

#: SQLite only: every long word in use. A long prefix is widened to the words that begin with it, because FTS5 merges
#: all hits of a prefix before it yields the first, but streams the hits of a whole word.
recording_term = sa.Table(
    "recording_term",
    metadata,
    sa.Column("term", sa.Text, primary_key=True),
    sqlite_with_rowid=False,
)

#: What SQLite needs besides tables, in order; a migration runs the same statements (and `SEARCH_DROP` going down).
#: detail=none and columnsize=0: no positions and no lengths, as nothing is ranked. The ascii tokenizer takes every
#: character beyond ASCII as part of a word: words come cut already (footage.words). Prefixes of up to five letters
#: have lists of their own; longer ones are widened by recording_term.
SEARCH_CREATE = (
    "CREATE VIRTUAL TABLE recording_fts USING fts5(words, content='recording_words', content_rowid='key', "
    "detail=none, columnsize=0, tokenize='ascii', prefix='1 2 3 4 5')",
    "CREATE TRIGGER recording_words_added AFTER INSERT ON recording_words BEGIN "
    "INSERT INTO recording_fts(rowid, words) VALUES (new.key, new.words); END",
    "CREATE TRIGGER recording_words_removed AFTER DELETE ON recording_words BEGIN "
    "INSERT INTO recording_fts(recording_fts, rowid, words) VALUES ('delete', old.key, old.words); END",
    "CREATE TRIGGER recording_words_changed AFTER UPDATE ON recording_words BEGIN "
    "INSERT INTO recording_fts(recording_fts, rowid, words) VALUES ('delete', old.key, old.words); "
    "INSERT INTO recording_fts(rowid, words) VALUES (new.key, new.words); END",
)
SEARCH_DROP = ("DROP TABLE IF EXISTS recording_fts",)


def create_search(connection: sa.Connection) -> None:
    """Make what the search needs besides tables; nothing on PostgreSQL."""
    if connection.dialect.name == "sqlite":
        for statement in SEARCH_CREATE:
            connection.exec_driver_sql(statement)


def drop_search(connection: sa.Connection) -> None:
    """Take away what `create_search` made; its triggers go with their table."""
    if connection.dialect.name == "sqlite":
        for statement in SEARCH_DROP:
            connection.exec_driver_sql(statement)


@sa.event.listens_for(recording_words, "after_create")
def _after_create(_table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    create_search(connection)


@sa.event.listens_for(recording_words, "after_drop")
def _after_drop(_table: sa.Table, connection: sa.Connection, **_: Any) -> None:
    drop_search(connection)
