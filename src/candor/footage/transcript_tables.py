"""Tables of transcripts: what is said in a part, written out by a machine, a file or a person.

The text lies sealed in the vault; a row says who made it, when and with what.
"""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: A transcript of a part. What is changed of it is another version.
transcript = sa.Table(
    "transcript",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("part_id", sa.String(36), sa.ForeignKey("part.id"), nullable=False, index=True),
    sa.Column("state", sa.Text, nullable=False),  # footage.transcripts.TranscriptState
    sa.Column("origin", sa.Text, nullable=False),  # footage.transcript_text.WordOrigin
    sa.Column("engine", sa.Text),  # what wrote it out, with a version or hash; or the name of the file
    sa.Column("engine_sha256", sa.LargeBinary(32)),  # of the model, or of the file that was imported
    sa.Column("rough", sa.Boolean, nullable=False),  # of a machine that is known to mishear a lot
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("wanted", JsonText, nullable=False),  # {"by": …, "language": …} of a machine
    sa.Column("job_id", sa.Text),
    sa.Column("problem", sa.Text),
    sa.Column("remark", sa.Text),  # what has to be known of how it was made
    sa.Column("version", sa.Integer, nullable=False),  # the newest; 0: none yet
    sa.Column("made_by", sa.Text, nullable=False),  # an account, or system:…
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("ready_at", UtcDateTime),
)

#: A version of a transcript's text, never changed.
transcript_version = sa.Table(
    "transcript_version",
    metadata,
    sa.Column("transcript_id", sa.String(36), sa.ForeignKey("transcript.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),  # 1, 2, …
    sa.Column("object_id", sa.String(36), nullable=False, unique=True),
    sa.Column("words", sa.Integer, nullable=False),
    sa.Column("corrected", sa.Integer, nullable=False),  # words that a person wrote
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
)

#: What a machine has written out so far, stretch by stretch; gone when it has come to the end.
transcript_stretch = sa.Table(
    "transcript_stretch",
    metadata,
    sa.Column("transcript_id", sa.String(36), sa.ForeignKey("transcript.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),  # 0, 1, …
    sa.Column("until_ms", sa.BigInteger, nullable=False),  # up to where everything was heard
    sa.Column("object_id", sa.String(36), nullable=False, unique=True),
)
