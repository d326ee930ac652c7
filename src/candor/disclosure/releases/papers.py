"""The papers that lie beside the copies of a release: its summary, the log of exemptions as a table and as a PDF, and
the letter of decision where there is one for whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from candor.core.clock import Clock
from candor.core.spreadsheets import csv_lines
from candor.disclosure.decisions.copies import copy_facts
from candor.disclosure.decisions.standing import changed_at, rows_of
from candor.disclosure.decisions.subjects import about
from candor.disclosure.releases.acting import copies_of, subject_of
from candor.disclosure.releases.hidden import Hidden, hidden_in
from candor.disclosure.releases.rules import Audience
from candor.disclosure.requests.letter_words import LetterKind
from candor.disclosure.requests.rules import DocumentKind
from candor.disclosure.requests.tables import request_document
from candor.people.tables import agency
from candor.store import Vault
from candor.verify.redacted import copy_file

__all__ = ["EXEMPTIONS_CSV", "EXEMPTIONS_PDF", "LETTER", "SUMMARY", "Papers", "file_words", "papers_of"]

SUMMARY: Final = "summary.txt"
EXEMPTIONS_CSV, EXEMPTIONS_PDF = "exemptions.csv", "exemptions.pdf"
LETTER: Final = "letter.pdf"
_LARGEST_LETTER = 32 << 20  # bytes


@dataclass(frozen=True)
class Papers:
    """The files by name, and what was held back, in the order of the table."""

    files: dict[str, bytes]
    hidden: tuple[Hidden, ...]


def papers_of(tx: Connection, vault: Vault, row: Any, *, clock: Clock) -> Papers:
    """The papers of a release as it stands. row: of the table `release`."""
    from candor.disclosure.releases.exemptions_pdf import exemptions_pdf  # what makes PDFs takes a while to load

    copies = [copy_facts(tx, vault, one.copy_id) for one in copies_of(tx, row.id)]
    subject = subject_of(row)
    for_requester = row.audience == Audience.REQUESTER.value
    asked, decided = about(tx, subject), rows_of(tx, subject)
    hidden = hidden_in(tx, copies, decided, about=asked.recordings, reasons=for_requester, clock=clock)
    name = tx.scalar(sa.select(agency.c.name)) or ""
    files = {
        SUMMARY: f"{row.number}: {row.title}\n\n{row.summary}\n".replace("\n", "\r\n").encode(),
        EXEMPTIONS_CSV: _table(hidden).encode("utf-8-sig"),
        EXEMPTIONS_PDF: exemptions_pdf(row, name, hidden, clock.now()),
    }
    letter = _letter(tx, vault, row) if for_requester else None
    if letter is not None:
        files[LETTER] = letter
    return Papers(files, tuple(hidden))


def _table(hidden: Sequence[Hidden]) -> str:
    heads = ("file", "recording", "what", "count", "from_ms", "to_ms", "how", "exemption", "citation", "reason")
    rows = (
        (
            file_words(one),
            one.recording_id,
            one.kind,
            one.count,
            one.begin_ms,
            one.end_ms,
            one.how,
            one.exemption,
            one.citation,
            one.reason,
        )
        for one in hidden
    )
    return "".join(csv_lines(heads, rows))


def file_words(one: Hidden) -> str:
    """The name of the file in which something is held back."""
    return "(not in this release)" if one.number is None else copy_file(one.number).rsplit("/", 1)[-1]


def _letter(tx: Connection, vault: Vault, row: Any) -> bytes | None:
    """The newest letter of decision that was made for the request; none that tells of other decisions than stand."""
    if row.request_id is None:
        return None
    table = request_document.c
    query = (
        sa.select(table.object_id)
        .where(table.request_id == row.request_id, table.kind == DocumentKind.LETTER.value)
        .where(table.letter == LetterKind.DECISION.value)
        .where(table.media_type == "application/pdf", table.size <= _LARGEST_LETTER)
        .order_by(table.added_at.desc(), table.id.desc())
        .limit(1)
    )
    changed = changed_at(tx, subject_of(row))
    if changed is not None:
        query = query.where(table.added_at >= changed)
    object_id = tx.scalar(query)
    if object_id is None:
        return None
    with vault.open(tx, object_id) as stream:
        return stream.read_at(0, stream.size)
