"""Tables of critical incidents. What is taken back is ended, with who did it and why; no row is ever removed."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: A shooting, a death, a serious injury.
critical_incident = sa.Table(
    "critical_incident",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),  # C-2026-0001
    sa.Column("kind", sa.Text, nullable=False),  # law.vocabulary.Critical: shooting, death, serious-injury
    sa.Column("state", sa.Text, nullable=False),  # critical.rules.CriticalState: open, closed
    sa.Column("occurred_at", UtcDateTime, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("matter_id", sa.String(36)),  # the case, where there is one
    sa.Column("opened_by", sa.Text, nullable=False),  # an actor
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("closed_by", sa.Text),
    sa.Column("closed_at", UtcDateTime),
    sa.Column("close_reason", sa.Text),
    sa.Column("due_at", UtcDateTime),  # what is due first of it, as it was last worked out
    sa.Column("due_rule", sa.Text),  # its citation
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("ix_critical_incident_state", "state", "due_at", "id"),
    sa.Index("ix_critical_incident_matter", "matter_id"),
)

#: The last number that was given in a year.
critical_counter = sa.Table(
    "critical_counter",
    metadata,
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last", sa.Integer, nullable=False),
)

#: A recording of a critical incident.
critical_recording = sa.Table(
    "critical_recording",
    metadata,
    sa.Column("critical_id", sa.String(36), sa.ForeignKey("critical_incident.id"), primary_key=True),
    sa.Column("recording_id", sa.String(36), sa.ForeignKey("recording.id"), primary_key=True),
    sa.Column("added_by", sa.Text, nullable=False),  # an actor
    sa.Column("added_at", UtcDateTime, nullable=False),
    sa.Column("hold_id", sa.String(36)),  # the hold that keeps it while the incident is open, and as chosen after
    sa.Index("ix_critical_recording_recording", "recording_id", "critical_id"),
)

#: Footage that somebody is offered to see before its release.
critical_viewing = sa.Table(
    "critical_viewing",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("critical_id", sa.String(36), sa.ForeignKey("critical_incident.id"), nullable=False),
    sa.Column("who", sa.Text, nullable=False),  # law.vocabulary.Requester: next-of-kin, depicted, parent, …
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("offered_for", UtcDateTime, nullable=False),  # when they can come
    sa.Column("offered_by", sa.Text, nullable=False),  # an actor
    sa.Column("offered_at", UtcDateTime, nullable=False),
    sa.Column("held_at", UtcDateTime),
    sa.Column("declined_at", UtcDateTime),
    sa.Column("present", sa.Text, nullable=False),  # who was there; "" until it is held
    sa.Column("said_by", sa.Text),  # who put on record that it was held or declined
    sa.Column("note", sa.Text, nullable=False),
    sa.Index("ix_critical_viewing_critical", "critical_id", "offered_at"),
)

#: A consent to a release, or its refusal.
critical_consent = sa.Table(
    "critical_consent",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("critical_id", sa.String(36), sa.ForeignKey("critical_incident.id"), nullable=False, index=True),
    sa.Column("who", sa.Text, nullable=False),  # law.vocabulary.Requester
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("given", sa.Boolean, nullable=False),  # False: refused
    sa.Column("document_id", sa.String(36)),  # of a consent: of requests.tables.request_document
    sa.Column("recorded_by", sa.Text, nullable=False),  # an actor
    sa.Column("recorded_at", UtcDateTime, nullable=False),
)

#: What somebody says of the incident, beside its footage.
critical_statement = sa.Table(
    "critical_statement",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("critical_id", sa.String(36), sa.ForeignKey("critical_incident.id"), nullable=False, index=True),
    sa.Column("said_by", sa.Text, nullable=False),  # who says it, by name and office
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("said_at", UtcDateTime, nullable=False),
    sa.Column("document_id", sa.String(36)),
    sa.Column("public", sa.Boolean, nullable=False),  # it goes beside footage that is released
    sa.Column("added_by", sa.Text, nullable=False),  # an actor
    sa.Column("added_at", UtcDateTime, nullable=False),
)

#: A clock of the law that was put off, one step of what its rule allows.
critical_put_off = sa.Table(
    "critical_put_off",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("critical_id", sa.String(36), sa.ForeignKey("critical_incident.id"), nullable=False, index=True),
    sa.Column("recording_id", sa.String(36)),  # whose clock it is; None: of a recording that nobody has found yet
    sa.Column("pack", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),  # its id
    sa.Column("citation", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),  # 1, 2, …
    sa.Column("due_before", UtcDateTime, nullable=False),
    sa.Column("until", UtcDateTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("document_id", sa.String(36), nullable=False),
    sa.Column("put_off_by", sa.Text, nullable=False),  # an actor
    sa.Column("put_off_at", UtcDateTime, nullable=False),
)

#: Custody events that belong to a critical incident.
critical_history = sa.Table(
    "critical_history",
    metadata,
    sa.Column("event_id", sa.String(36), primary_key=True),  # a custody event
    sa.Column("critical_id", sa.String(36), sa.ForeignKey("critical_incident.id"), nullable=False),
    sa.Index("ix_critical_history_critical", "critical_id", "event_id"),
)
