"""Tables of disclosure: the packages that were handed out."""

from __future__ import annotations

import sqlalchemy as sa

from candor.core.database import JsonText, UtcDateTime, metadata

package = sa.Table(
    "package",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("state", sa.Text, nullable=False),  # packages.PackageState
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("ready_at", UtcDateTime),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),  # top folder, and file name without .zip
    sa.Column("manifest_sha256", sa.LargeBinary(32), nullable=False),
    # What it hands out: {"events": {recording: event id}, "originals": [...], "payload": {name: text},
    # "documents": {name: SHA-256}} (handing_out)
    sa.Column("plan", JsonText, nullable=False),
    sa.Column("files", JsonText),  # once ready: every file in order (layout.File)
    sa.Column("small_object_id", sa.String(36)),  # the small files, one after the other, sealed in the vault
    sa.Column("zip_size", sa.BigInteger),
    sa.Column("checkpoint_size", sa.BigInteger),
    sa.Column("witnessed", sa.Boolean),
    sa.Column("job_id", sa.Text),
    sa.Column("problem", sa.Text),
)

#: Which recordings a package holds; who may see all of them may see the package.
package_recording = sa.Table(
    "package_recording",
    metadata,
    sa.Column("package_id", sa.String(36), sa.ForeignKey("package.id"), primary_key=True),
    sa.Column("recording_id", sa.String(36), primary_key=True),
    sa.Column("event_id", sa.String(36), nullable=False),  # its recording:exported
    sa.Index("ix_package_recording_recording", "recording_id"),
)
