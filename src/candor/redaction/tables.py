"""Tables of redaction: models, redactions with their parts, stretches of work, edits, what was watched, copies."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: A model that somebody registered, or that a package ships. Its bytes lie sealed in the vault, so that every machine
#: that does jobs has them.
detection_model = sa.Table(
    "detection_model",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),  # as results name it: "centerface@<first 12 of the hash>"
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("model_object_id", sa.String(36)),  # in the vault; None: of a package, prepared on each machine
    sa.Column("layout", sa.Text, nullable=False),  # redaction.models.layouts.Layout
    sa.Column("facts", JsonText, nullable=False),  # input sizes, labels with the kind each is for, thresholds
    sa.Column("licence", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),  # where it is from, in words
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.Column("added_at", UtcDateTime, nullable=False),
)

#: One redaction of one recording: a document that people work on, and the copies made of it.
redaction = sa.Table(
    "redaction",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("wanted", JsonText, nullable=False),  # {"kinds": […], "profile": …, "models": […]}
    sa.Column("edit", sa.Integer, nullable=False),  # number of the newest edit; 0: none yet
    # Who is at work on it, by a lease that is renewed while the editor is open.
    sa.Column("holder_id", sa.String(36)),
    sa.Column("holder_key", sa.Text),  # one open page of theirs
    sa.Column("holder_until", UtcDateTime),
    sa.Column("logged_edit", sa.Integer, nullable=False),  # up to which edit the custody log has it
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime),
)

#: A part within a redaction: its picture and times, and how far detection is.
redaction_part = sa.Table(
    "redaction_part",
    metadata,
    sa.Column("redaction_id", sa.String(36), sa.ForeignKey("redaction.id"), primary_key=True),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id"), primary_key=True),
    sa.Column("state", sa.Text, nullable=False),  # redaction.rules.PartState
    sa.Column("picture", JsonText),  # redaction.model.Picture; None: not looked at, or there is none
    sa.Column("frames", JsonText),  # redaction.model.FrameTimes
    sa.Column("facts", JsonText),  # the rest of redaction.media.plan.Plan: key frames, codec, sound
    sa.Column("job_id", sa.Text),
    sa.Column("problem", sa.Text),
    sa.Column("run", sa.String(36)),  # the newest detection; what belongs to another one is of no use any more
    sa.Column("source_rendition_id", sa.String(36)),  # the repaired copy that is worked on; None: the original
    sa.Column("tracks_object_id", sa.String(36)),  # what the newest detection found, sealed, never changed
    sa.Column("found", JsonText),  # models and versions, counts, seconds it took
    sa.Column("begun_at", UtcDateTime),
    sa.Column("ready_at", UtcDateTime),
)

#: A stretch of a part that one job looks through.
redaction_segment = sa.Table(
    "redaction_segment",
    metadata,
    sa.Column("redaction_id", sa.String(36), primary_key=True),
    sa.Column("part_id", sa.String(36), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("run", sa.String(36), nullable=False),  # which detection it belongs to
    sa.Column("begin", sa.BigInteger),  # times as in redaction.media.plan.Segment
    sa.Column("until", sa.BigInteger),
    sa.Column("state", sa.Text, nullable=False),  # redaction.rules.PartState
    sa.Column("job_id", sa.Text),
    sa.Column("segment_object_id", sa.String(36)),  # its key is destroyed once the part's tracks are there
    sa.Column("ready_at", UtcDateTime),
)

#: What somebody changed. Numbers follow on without a gap; nothing is ever changed or taken away.
redaction_edit = sa.Table(
    "redaction_edit",
    metadata,
    sa.Column("redaction_id", sa.String(36), sa.ForeignKey("redaction.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("words", sa.Text, nullable=False),  # what it was, for the history
    sa.Column("acts", JsonText, nullable=False),  # list of redaction.edits acts
    sa.Column("undoes", sa.Integer),  # number of the edit that it takes back
    sa.Column(
        "tracks_object_id", sa.String(36)
    ),  # of an edit that brings in what a detection found: the tracks, sealed
)

#: What somebody watched in review, by second of the viewing copy.
redaction_watched = sa.Table(
    "redaction_watched",
    metadata,
    sa.Column("redaction_id", sa.String(36), sa.ForeignKey("redaction.id"), primary_key=True),
    sa.Column("part_id", sa.String(36), primary_key=True),
    sa.Column("account_id", sa.String(36), primary_key=True),
    sa.Column("runs", JsonText, nullable=False),  # [[first second, last second], …], both included
    sa.Column("edit", sa.Integer, nullable=False),  # the newest edit when they last watched
    sa.Column("updated_at", UtcDateTime, nullable=False),
)

#: A redacted copy of a part: made of one edit, sealed, with its proof and its signed edit list.
redacted_copy = sa.Table(
    "redacted_copy",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("redaction_id", sa.String(36), sa.ForeignKey("redaction.id"), nullable=False, index=True),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id"), nullable=False),
    sa.Column("edit", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # redaction.rules.CopyState
    sa.Column("job_id", sa.Text),
    sa.Column("wanted", JsonText, nullable=False),  # quality and what else was chosen
    sa.Column("copy_object_id", sa.String(36)),
    sa.Column("proof_object_id", sa.String(36)),
    sa.Column("list_object_id", sa.String(36)),  # the signed edit list
    sa.Column("poster_object_id", sa.String(36)),
    sa.Column("filmstrip_object_id", sa.String(36)),
    sa.Column("waveform_object_id", sa.String(36)),
    sa.Column("sha256", sa.LargeBinary(32)),
    sa.Column("size", sa.BigInteger),
    sa.Column("made_by", sa.Text),  # version of the maker
    sa.Column("details", JsonText),
    sa.Column("verdict", sa.Text),  # redaction.rules.Verdict of its proof
    sa.Column("problem", sa.Text),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked_at", UtcDateTime, nullable=False),
    sa.Column("ready_at", UtcDateTime),
)
