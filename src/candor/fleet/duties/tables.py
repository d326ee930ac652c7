"""Tables of duties: what somebody must do, tests of cameras, what is wrong with them, trainings."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import UtcDateTime, metadata

#: What somebody must do by when. Done or missed, it stays.
duty = sa.Table(
    "duty",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # fleet.duties.rules.DutyKind
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), index=True),  # None: supervisors of the unit
    sa.Column("unit_id", sa.String(36), sa.ForeignKey("unit.id"), index=True),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id")),
    sa.Column("malfunction_id", sa.String(36)),
    sa.Column("training_id", sa.String(36)),  # the training that did it
    sa.Column("rule_id", sa.Text, nullable=False),
    sa.Column("pack", sa.Text, nullable=False),
    sa.Column("citation", sa.Text, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("done_at", UtcDateTime),
    sa.Column("done_by", sa.Text),
    sa.Column("result", sa.Text, nullable=False),  # fleet.duties.rules.Result
    sa.Column("note", sa.Text),
    # Names what it follows from. Unique: two at once cannot both open it.
    sa.Column("once_key", sa.Text, nullable=False, unique=True),
    sa.Column("told", sa.Integer, nullable=False),  # 0 nothing, 1 that it is due soon, 2 that it is overdue
    sa.Index("ix_duty_open", "result", "due_at"),
    sa.Index("ix_duty_kind", "kind", "due_at"),
)

#: That a camera was inspected and tested. Rows are only ever added.
device_test = sa.Table(
    "device_test",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id"), nullable=False),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id")),  # who had it
    sa.Column("tested_at", UtcDateTime, nullable=False),
    sa.Column("tested_by", sa.Text, nullable=False),  # an actor
    sa.Column("in_order", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text),
    sa.Index("ix_device_test_time", "device_id", "tested_at"),
    sa.Index("ix_device_test_at", "tested_at"),
)

#: That something is wrong with a camera, and what was done about it.
device_malfunction = sa.Table(
    "device_malfunction",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("device_id", sa.String(36), sa.ForeignKey("device.id"), nullable=False, index=True),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id")),  # who had it
    sa.Column("unit_id", sa.String(36), sa.ForeignKey("unit.id")),
    sa.Column("found_at", UtcDateTime, nullable=False),
    sa.Column("found_by", sa.Text, nullable=False),
    sa.Column("what", sa.Text),  # None: not said yet
    sa.Column("reported_at", UtcDateTime),
    sa.Column("reported_by", sa.Text),
    sa.Column("action", sa.Text),  # fleet.duties.rules.Action
    sa.Column("action_note", sa.Text),
    sa.Column("action_by", sa.Text),
    sa.Column("action_at", UtcDateTime),
    # The device while somebody has to act, None afterwards: one open report per camera.
    sa.Column("open_key", sa.String(36), unique=True),
)

#: That somebody was trained. A wrong record is withdrawn.
training = sa.Table(
    "training",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("account_id", sa.String(36), sa.ForeignKey("account.id"), nullable=False, index=True),
    sa.Column("course", sa.Text, nullable=False),
    sa.Column("done_on", sa.Text, nullable=False),  # a day of the agency's calendar: 2026-11-22
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Column("withdrawn_at", UtcDateTime),
    sa.Column("withdrawn_by", sa.Text),
    sa.Column("withdraw_reason", sa.Text),
)
