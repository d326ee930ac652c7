"""Rows as a stream that knows no database: JSON lines in compressed pieces.

    {"table": "recording", "columns": [["id", "text"], ["received_at", "int"], …]}
    ["0193…", 1795342…, …]
    …

Kinds of columns: int, text, bool, float, and bytes, whose values are {"b": "<base64>"}. A piece stands for itself: it
begins with the table that it goes on with.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

__all__ = ["PIECE", "Columns", "PieceReader", "PieceWriter", "kind_of", "plain_type"]

#: Bytes of text in a piece before it is compressed, and the most that one may hold when read: memory stays bounded.
PIECE = 16 << 20
LARGEST = 4 * PIECE

Columns = tuple[tuple[str, str], ...]

_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "bool": sa.Boolean,
    "bytes": sa.LargeBinary,
    "float": sa.Float,
    "int": sa.BigInteger,
    "text": sa.Text,
}

_KINDS: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "bool": sa.Boolean,
    "bytes": sa.LargeBinary,
    "float": sa.Float,
    "int": sa.Integer,
    "text": sa.String,
}


def plain_type(kind: str) -> sa.types.TypeEngine[Any]:
    """The type that reads and writes a kind without changing it. KeyError for a kind that is not known."""
    return _TYPES[kind]()


def kind_of(column: sa.Column[Any]) -> str:
    """The kind of a column, by what lies in the database. Raises TypeError for one that has none."""
    stored: Any = column.type
    while isinstance(stored, TypeDecorator):
        stored = stored.impl_instance
    for kind, known in _KINDS.items():
        if isinstance(stored, known):
            return kind
    raise TypeError(f"{column} is of a type that a backup does not know: {stored!r}")


class PieceWriter:
    """Takes rows and hands out compressed pieces. `end` at the end."""

    def __init__(self, put: Callable[[bytes], None], size: int = PIECE) -> None:
        self._put, self._size = put, size
        self._lines: list[bytes] = []
        self._held = 0
        self._header = b""

    def begin(self, table: str, columns: Columns) -> None:
        """The rows that follow are of this table."""
        self._header = json.dumps({"table": table, "columns": columns}).encode()
        self._add(self._header)

    def row(self, values: Sequence[Any]) -> None:
        """One row of the table begun last."""
        if self._held >= self._size:
            self._flush()
            self._add(self._header)
        self._add(json.dumps(list(map(_written, values)), separators=(",", ":")).encode())

    def end(self) -> None:
        """Hand out what is left."""
        self._flush()

    def _add(self, line: bytes) -> None:
        self._lines.append(line)
        self._held += len(line) + 1

    def _flush(self) -> None:
        if self._lines:
            self._put(gzip.compress(b"\n".join([*self._lines, b""]), compresslevel=4, mtime=0))
            self._lines, self._held = [], 0


@dataclass
class PieceReader:
    """Reads pieces back: (table, columns, row) for every row. Raises ValueError for what is no piece."""

    def read(self, piece: bytes) -> Iterator[tuple[str, Columns, list[Any]]]:
        """The rows of one piece, in order."""
        table = ""
        columns: Columns = ()
        for line in _lines(piece):
            found = json.loads(line)
            if isinstance(found, dict):
                table, columns = str(found["table"]), tuple((str(name), str(kind)) for name, kind in found["columns"])
                if any(kind not in _TYPES for _, kind in columns):
                    raise ValueError(f"{table} has a column of a kind that is not known")
                continue
            if len(found) != len(columns):
                raise ValueError(f"a row of {table or 'no table'} has {len(found)} values, not {len(columns)}")
            yield table, columns, list(map(_read, found))


def _lines(piece: bytes) -> list[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(piece)) as file:
        text = file.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise ValueError("a piece is larger than any that is written")
    return text.split(b"\n")[:-1]


def _written(value: Any) -> Any:
    if isinstance(value, bytes | memoryview | bytearray):
        return {"b": base64.b64encode(value).decode()}
    return value


def _read(value: Any) -> Any:
    return base64.b64decode(value["b"], validate=True) if isinstance(value, dict) else value
