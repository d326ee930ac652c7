"""Every room's tables, gathered."""

from __future__ import annotations

import candor.core.outbox
import candor.custody.tables
import candor.disclosure.credentials.tables
import candor.disclosure.critical.tables
import candor.disclosure.decisions.tables
import candor.disclosure.discovery.tables
import candor.disclosure.publishing.tables
import candor.disclosure.releases.tables
import candor.disclosure.requests.tables
import candor.disclosure.tables
import candor.docking.axis.tables
import candor.docking.cards.tables
import candor.docking.credential_tables
import candor.docking.links.tables
import candor.docking.reconciliation.tables
import candor.docking.uploads.tables
import candor.fleet.duties.tables
import candor.fleet.tables
import candor.footage.archive_tables
import candor.footage.classification_tables
import candor.footage.destruction_tables
import candor.footage.restriction_tables
import candor.footage.tables
import candor.footage.transcript_tables
import candor.health.tables
import candor.jobs.tables
import candor.law.tables
import candor.matters.statement_tables
import candor.matters.tables
import candor.matters.wall_tables
import candor.notices.tables
import candor.people.tables
import candor.recovery.tables
import candor.redaction.tables
import candor.retention.tables
import candor.store.tables  # noqa: F401
from candor.core.database import metadata

__all__ = ["metadata"]
