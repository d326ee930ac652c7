"""Tables that a spreadsheet may open: what could pass for a formula is written so that it is read as text.

A cell that begins with =, +, -, @, a tab or a line end is taken for a formula by spreadsheet programs, and a formula
can send what stands in other cells elsewhere (OWASP, “CSV Injection”). Such a cell gets an apostrophe before it, which
those programs show as text. Numbers stay numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["csv_line", "csv_lines", "safe_cell"]

_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(value: Any) -> Any:
    """A value as a cell: None is empty, a text that could pass for a formula gets an apostrophe, the rest stays."""
    if value is None:
        return ""
    if isinstance(value, str) and (value.startswith(_BEGINS) or value.lstrip().startswith(_BEGINS)):
        return f"'{value}"
    return value


def csv_line(cells: Iterable[Any]) -> str:
    """A line of a CSV file (RFC 4180) with its end, every cell made safe."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([safe_cell(one) for one in cells])
    return text.getvalue()


def csv_lines(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """A CSV file line by line, the first with the names of the columns."""
    yield csv_line(columns)
    for row in rows:
        yield csv_line(row)
