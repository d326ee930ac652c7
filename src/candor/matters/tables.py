"""Tables of cases: the case itself, who is in it, which recordings, what happened in it, and which cases belong
together. What is taken back is ended, with who did it and why; no row is ever removed."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: A case: what recordings belong together for, under a number that the agency gives it.
matter = sa.Table(
    "matter",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number", sa.Text, nullable=False),  # as the agency writes it
    sa.Column("number_key", sa.Text, nullable=False, unique=True),  # matters.rules.number_key
    sa.Column("kind", sa.Text, nullable=False),  # law.vocabulary.CaseKind
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # matters.rules.CaseState
    sa.Column("owner_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False),
    sa.Column("unit_id", sa.String(36), sa.ForeignKey("unit.id"), index=True),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("opened_by", sa.Text, nullable=False),  # an actor
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("closed_by", sa.Text),
    sa.Column("closed_at", UtcDateTime),  # None while it is open
    sa.Column("close_reason", sa.Text),
    sa.Column("search_key", sa.Text, nullable=False),  # number and title, folded: what a search looks in
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("ix_matter_opened", "opened_at", "id"),
    sa.Index("ix_matter_state", "state", "opened_at", "id"),
    sa.Index("ix_matter_kind", "kind", "opened_at", "id"),
    sa.Index("ix_matter_owner", "owner_id", "opened_at", "id"),
)

#: The last number that was given by itself in a year.
matter_counter = sa.Table(
    "matter_counter",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
)

#: Somebody who is in a case: an account, or a person from outside by name.
matter_person = sa.Table(
    "matter_person",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("matter_id", sa.String(36), sa.ForeignKey("matter.id"), nullable=False, index=True),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id")),  # None: from outside
    sa.Column("name", sa.Text),  # of somebody from outside; None with an account
    sa.Column("part", sa.Text, nullable=False),  # matters.rules.Part
    sa.Column("side", sa.Text, nullable=False),  # matters.rules.Side
    sa.Column("from_at", UtcDateTime, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),  # an actor
    sa.Column("ended_at", UtcDateTime),  # None while it is so
    sa.Column("ended_by", sa.Text),
    sa.Column("end_reason", sa.Text),
    sa.Index("ix_matter_person_account", "account_id", "matter_id"),
)

#: A recording that belongs to a case, or did. One row per time that it was added.
matter_recording = sa.Table(
    "matter_recording",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("matter_id", sa.String(36), sa.ForeignKey("matter.id"), nullable=False),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),  # an actor
    sa.Column("added_at", UtcDateTime, nullable=False),
    sa.Column("removed_by", sa.Text),
    sa.Column("removed_at", UtcDateTime),  # None while it belongs to it
    sa.Column("remove_reason", sa.Text),
    sa.Index("ix_matter_recording_matter", "matter_id", "added_at"),
    # Two at once cannot both add it.
    sa.Index(
        "ix_matter_recording_now",
        "matter_id",
        "recording_id",
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    ),
)

#: A moment in a case from which a period or a clock of the law runs. A correction withdraws a row and puts another in
#: its place.
matter_event = sa.Table(
    "matter_event",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("matter_id", sa.String(36), sa.ForeignKey("matter.id"), nullable=False, index=True),
    sa.Column("event", sa.Text, nullable=False),  # law.vocabulary.LawEvent
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("noted_by", sa.Text, nullable=False),  # an actor
    sa.Column("noted_at", UtcDateTime, nullable=False),
    sa.Column("replaces", sa.String(36)),  # the row that this one corrects
    sa.Column("withdrawn_by", sa.Text),
    sa.Column("withdrawn_at", UtcDateTime),  # None while it counts
    sa.Column("withdraw_reason", sa.Text),
)

#: Two cases about the same thing, such as a criminal and a disciplinary investigation. It is read both ways.
matter_relation = sa.Table(
    "matter_relation",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("matter_id", sa.String(36), sa.ForeignKey("matter.id"), nullable=False, index=True),
    sa.Column("other_id", sa.String(36), sa.ForeignKey("matter.id"), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),  # an actor
    sa.Column("added_at", UtcDateTime, nullable=False),
    sa.Column("ended_by", sa.Text),
    sa.Column("ended_at", UtcDateTime),  # None while it is so
    sa.Column("end_reason", sa.Text),
)

#: What happened in a case, in the order of the custody log: which events tell of it. The events themselves are the
#: custody log's; this is how they are found.
matter_history = sa.Table(
    "matter_history",
    metadata,
    sa.Column("event_id", sa.String(36), primary_key=True),  # a custody event
    sa.Column("matter_id", sa.String(36), sa.ForeignKey("matter.id"), nullable=False),
    sa.Index("ix_matter_history_matter", "matter_id", "event_id"),
)
