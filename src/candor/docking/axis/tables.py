"""Tables of the Axis body-worn integration: connections, tokens, and what their systems have put there."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

#: A camera system's way in: what its connection file says. The dock is the fleet's.
axis_connection = sa.Table(
    "axis_connection",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),  # also the account in the storage URL
    sa.Column("dock_id", sa.String(36), sa.ForeignKey("dock.id"), nullable=False, unique=True),
    sa.Column("container_type", sa.Text, nullable=False),  # mkv | mp4
    sa.Column("public_key", sa.Text),  # PEM; None: clips come as they are
    sa.Column("public_key_id", sa.Text),
    # PKCS #8, sealed under a secret of the vault (store.secrets), which the key-encryption key wraps.
    sa.Column("private_key", sa.LargeBinary),
    sa.Column("private_key_secret", sa.String(36)),
    # Everything that was ever declared in Capabilities.json: what was declared once stays.
    sa.Column("capabilities", JsonText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
)

#: What a system bears after it has shown its credential; only the hash is kept.
axis_token = sa.Table(
    "axis_token",
    metadata,
    sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("connection_id", sa.String(36), sa.ForeignKey("axis_connection.id"), nullable=False, index=True),
    sa.Column("credential_id", sa.String(36), sa.ForeignKey("dock_credential.id"), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False, index=True),
)

#: Categories with the identifiers under which camera systems know them. An identifier is never given twice.
axis_category = sa.Table(
    "axis_category",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
)

#: Containers as the client names them: System, Users, Devices, one per recording, whatever else.
axis_container = sa.Table(
    "axis_container",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("connection_id", sa.String(36), sa.ForeignKey("axis_connection.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # docking.axis.rules.ContainerKind
    sa.Column("metadata", JsonText, nullable=False),  # Key -> value, as decoded
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("completed_at", UtcDateTime),
    sa.UniqueConstraint("connection_id", "name"),
)

#: Objects in them. Other bytes under a name that is taken make a further row: nothing that came is replaced.
axis_object = sa.Table(
    "axis_object",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("container_id", sa.String(36), sa.ForeignKey("axis_container.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # 1, 2, …: how many other bytes came under the name before
    sa.Column("kind", sa.Text, nullable=False),  # docking.axis.rules.ObjectKind
    sa.Column("metadata", JsonText, nullable=False),
    sa.Column("sha256", sa.LargeBinary(32)),  # of the bytes as they came; None: it has none (users, devices)
    sa.Column("size", sa.BigInteger),
    sa.Column("part_id", sa.String(36)),  # footage's part that a clip became
    sa.Column("sidecar_id", sa.String(36)),  # footage's sidecar that anything else became, an encrypted clip too
    sa.Column("problem", sa.Text),  # what keeps a clip from being a part, or its key from opening it; for people
    sa.Column("account_id", sa.String(36)),  # of a user: whose account here
    sa.Column("device_id", sa.String(36)),  # of a device
    sa.Column("settled_at", UtcDateTime),  # when everything that follows from it was done
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("container_id", "name", "number"),
    sa.Index("ix_axis_object_sidecar", "sidecar_id"),
)

#: Calls that can never be understood: the client marks what they belong to as not transferred, so it is shown here.
axis_refused_call = sa.Table(
    "axis_refused_call",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("connection_id", sa.String(36), sa.ForeignKey("axis_connection.id"), nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("container", sa.Text, nullable=False),  # as far as it can be read, cut
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),  # for people
    sa.Column("said", JsonText, nullable=False),  # its metadata, as far as it can be read, cut
    sa.Column("device_id", sa.String(36)),  # where the container's name says whose it is
    sa.Column("from_at", UtcDateTime),  # the stretch that it was about, where that is said
    sa.Column("to_at", UtcDateTime),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("first_at", UtcDateTime, nullable=False),
    sa.Column("last_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("connection_id", "method", "container", "object", "reason"),
)
