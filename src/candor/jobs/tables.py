"""Tables of jobs. The dispatching engine's own tables are not among them (`engine.ENGINE_TABLES`)."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: What is to be done, how far it is, and what came of it.
job = sa.Table(
    "job",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),  # room.act@version
    sa.Column("params", JsonText, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # jobs.records.JobState
    sa.Column("fraction", sa.Float, nullable=False, server_default="0"),  # progress, 0..1
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),  # runs that ended in an error
    sa.Column("deaths", sa.Integer, nullable=False, server_default="0"),  # runs that ended with their process
    sa.Column("problem", sa.Text),  # the latest error
    sa.Column("cancel_requested", sa.Boolean, nullable=False, server_default=sa.false()),
    # The newest dispatch handed to the engine; an older one that turns up late finds nothing to do.
    sa.Column("dispatch", sa.Integer, nullable=False),
    sa.Column("worker", sa.String(36)),  # job_worker.id, while running
    sa.Column("execution", sa.String(36)),  # the one run that may write for this job
    sa.Column("enqueued_at", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),  # not before
    sa.Column("started_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Index("ix_job_state_enqueued", "state", "enqueued_at"),
    sa.Index("ix_job_ended", "ended_at"),
)

#: Results of steps that are done. A row of a transactional step is written in the transaction of its effects.
job_step = sa.Table(
    "job_step",
    metadata,
    sa.Column("job_id", sa.String(36), sa.ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),  # name of the step; from its second time on with #2, #3, …
    sa.Column("result", JsonText),
    sa.Column("done_at", UtcDateTime, nullable=False),
)

#: Processes that run jobs.
job_worker = sa.Table(
    "job_worker",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("boot", sa.Text, nullable=False),  # workers.Machine: which run of which machine
    sa.Column("pid_space", sa.Text, nullable=False),  # and whose process numbers
    sa.Column("process", sa.Text, nullable=False),  # number and start time
    sa.Column("slots", sa.Integer, nullable=False),
    # Counts up while the process lives. Others watch it by their own clocks, so clocks need not agree.
    sa.Column("beat", sa.BigInteger, nullable=False),
    sa.Column("beat_at", UtcDateTime, nullable=False),  # for people
    sa.Column("started_at", UtcDateTime, nullable=False),
)

#: What is done again and again (jobs.recurring), and when it was done last.
recurring_act = sa.Table(
    "recurring_act",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("first_at", UtcDateTime, nullable=False),  # when it was first looked at here
    sa.Column("last_at", UtcDateTime),
)
