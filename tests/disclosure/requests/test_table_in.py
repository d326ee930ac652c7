"""Requests from a CSV table: every fault at once, all or nothing, formulas as text, hostile files refused."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.disclosure.requests.place import RequestPlace

from candor.core.spreadsheets import csv_line, csv_lines, safe_cell
from candor.disclosure.requests import errors
from candor.disclosure.requests.rules import Channel, RequesterClass
from candor.disclosure.requests.table_in import COLUMNS, LARGEST, MOST_ROWS, Table, read_table, take_in
from candor.people.errors import Refused

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")


def read(text: str | bytes) -> Table:
    return read_table(text if isinstance(text, bytes) else text.encode(), ZONE, NOW)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_table_is_taken_in_with_what_it_names(here: RequestPlace) -> None:
    table = read(
        "\ufeffWords;Received;Name;Class;Place;From;To;Case Number\r\n"
        '"The stop,\nand what came after";2026-11-20 09:30;Ada Miller;press;Pike Street;2026-11-01;;C-1\r\n'
        ";;;;;;;\r\n"
        "=HYPERLINK(1);;@Eve;;;2026-11-02 08:00;2026-11-02 09:00;\r\n"
    )
    assert not table.faults
    (first_line, first), (_, second) = table.rows
    assert first_line == 3
    assert first.words == "The stop,\nand what came after"
    assert first.received_at == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    assert first.requester_class is RequesterClass.PRESS or first.requester_class == "press"
    # A day is a day of the agency's, and this one had 25 hours.
    assert first.named.began == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert first.named.ended == datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert first.named.whole_days
    assert first.named.nameable == {"place", "date", "case-number"}
    assert second.named.nameable == {"date", "time"}
    here.clock.moment = NOW
    with here.database.write() as tx:
        taken = take_in(tx, here.records, table, clock=here.clock)
    codes = {one.code for _, one in taken.received}
    assert len(codes) == 2
    assert None not in codes
    found = [here.read(one.id) for _, one in taken.received]
    assert [one.channel for one in found] == [Channel.TABLE] * 2
    assert found[1].words == "=HYPERLINK(1)"
    assert safe_cell(found[1].words) == "'=HYPERLINK(1)"
    with pytest.raises(errors.TableWrong, match="very same"), here.database.write() as tx:
        take_in(tx, here.records, table, clock=here.clock)
    with here.database.write() as tx:
        assert len(take_in(tx, here.records, table, again=True, clock=here.clock).received) == 2
        with pytest.raises(Refused):
            take_in(tx, here.counsel, table, clock=here.clock)


def test_every_fault_of_every_row_at_once_and_nothing_unless_all_stand(here: RequestPlace) -> None:
    table = read(
        "words,mail,class,received,from,person,wants\n"
        f",nobody,king,tomorrow,someday,{'p' * 300},everything\n"
        "The stop.,,,2099-01-01,,,\n"
        "The stop.,,,2026-11-01 01:30,,,\n"  # clocks were changed in that hour
        "The stop.,,,,,,,too many\n"
        "A good one.,,,,,,\n"
    )
    by_row = {one: [fault.words for fault in table.faults if fault.row == one] for one in range(2, 7)}
    assert len(by_row[2]) == 7, by_row[2]
    assert [len(by_row[one]) for one in (3, 4, 5, 6)] == [1, 1, 1, 0]
    here.clock.moment = NOW
    with here.database.write() as tx:
        assert take_in(tx, here.records, table, clock=here.clock).received == ()
        taken = take_in(tx, here.records, table, good_only=True, clock=here.clock)
    assert len(taken.received) == 1
    assert taken.faults == table.faults


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\xff\xfew\0o\0r\0d\0s\0", "NUL"),
        (b"PK\x03\x04 workbook", "workbook"),
        (b"words\n\xe9t\xe9\n", "UTF-8"),
        (b"name\nAda\n", "words"),
        (b"words,words\na,b\n", "twice"),
        (b"words,password\na,b\n", "no column"),
        (b"words\n", "no rows"),
        (b'words\n"never closed', "CSV"),
        (b"words\n" + b"a\n" * (MOST_ROWS + 1), "rows"),
        (b"words\n" + b"a" * LARGEST, "MiB"),
        (b'words\n"' + b"a" * 200_000 + b'"\n', "CSV"),
        (b"words\n\x1b[31m\x00\n", "NUL"),
    ],
)
def test_what_is_no_such_table_is_refused_as_a_whole(content: bytes, why: str) -> None:
    with pytest.raises(errors.TableWrong, match=why):
        read(content)


@given(st.binary(max_size=400))
@example(b"words\n\r\x0b\x1c,\n")
def test_any_bytes_at_all_are_read_or_refused(content: bytes) -> None:
    for given_one in (content, b"words,from\n" + content):
        try:
            table = read(given_one)
        except errors.TableWrong:
            continue
        assert table.rows or table.faults


_CELL = st.text(max_size=30)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, _CELL)), min_size=1, max_size=4))
def test_what_goes_out_as_a_table_comes_in_row_by_row(rows: list[dict[str, str]]) -> None:
    """Every row that is not empty is either a request or has a fault; none is lost, none is made up."""
    text = "".join(csv_lines(COLUMNS, ([row[name] for name in COLUMNS] for row in rows)))
    try:
        table = read(text.encode("utf-8", "surrogatepass"))
    except errors.TableWrong:
        assert any("\0" in cell or not cell.isprintable() for row in rows for cell in row.values()) or not any(
            cell.strip() for row in rows for cell in row.values()
        )
        return
    written = list(csv.reader(io.StringIO(text, newline="")))[1:]
    counted = len(table.rows) + len({one.row for one in table.faults})
    assert counted == sum(any(cell.strip() for cell in row) for row in written)


@given(st.text(max_size=40))
def test_no_cell_goes_out_as_a_formula(text: str) -> None:
    assert not str(safe_cell(text)).lstrip().startswith(("=", "+", "-", "@"))
    assert str(safe_cell(text)).endswith(text)
    assert safe_cell(-5) == -5
    assert safe_cell(None) == ""
    assert csv_line([text]).endswith("\r\n")
