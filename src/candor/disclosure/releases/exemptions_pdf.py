"""The log of exemptions of a release as a PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from candor.disclosure.paper import Block, Facts, Letterhead, Listing, Size, Title, Words, paper
from candor.disclosure.releases.hidden import Hidden, clock_text, what_words
from candor.disclosure.releases.papers import file_words

__all__ = ["exemptions_pdf"]

#: Rows of the PDF; the table has all of them.
_MOST_ROWS = 1500
_HEADS = ("File", "What", "From", "To", "How", "Exemption", "Citation", "Reason")


def exemptions_pdf(row: Any, agency_name: str, hidden: Sequence[Hidden], now: datetime) -> bytes:
    """The log of exemptions. `now` is the day that it says it was made."""
    facts = Facts((("Release", row.number), ("What it is", row.title), ("Made", f"{now:%Y-%m-%d} (UTC)")))
    blocks: list[Block] = [Title("What was held back, and why"), facts]
    if not hidden:
        blocks.append(Words("Nothing was hidden and nothing was withheld."))
    else:
        blocks.append(
            Words(
                "Each line is something that was hidden in a file of this release, or a recording that is not in it. "
                "Times are counted from the beginning of the recording. The same is signed in the edit list of each "
                "file (redaction/NN/edit-list.txt)."
            )
        )
        blocks.append(Listing(_HEADS, [_row(one) for one in hidden[:_MOST_ROWS]], (11, 15, 7, 7, 11, 20, 16, 13)))
    if len(hidden) > _MOST_ROWS:
        more = len(hidden) - _MOST_ROWS
        blocks.append(Words(f"{more:,} more lines stand in exemptions.csv, which has all of them.", small=True))
    title = f"{row.number}: what was held back, and why"
    return paper(Letterhead(agency_name), blocks, title=title, foot=row.number, size=Size.LETTER_WIDE)


def _row(one: Hidden) -> tuple[str, ...]:
    times = ["" if at is None else clock_text(at) for at in (one.begin_ms, one.end_ms)]
    return (file_words(one), what_words(one.kind, one.count), *times, one.how, one.exemption, one.citation, one.reason)
