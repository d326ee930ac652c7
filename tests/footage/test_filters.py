"""Saved filters: each account has its own."""

from __future__ import annotations

import pytest
from tests.footage.conftest import Archive

from candor.footage import filters
from candor.footage.errors import FilterNameWrong, FilterUnknown, QueryWrong
from candor.footage.filters import remove_filter, save_filter, saved_filters
from candor.footage.query import Query
from candor.footage.tables import saved_filter


def test_kept_by_name(archive: Archive) -> None:
    with archive.database.write() as tx:
        first = save_filter(tx, archive.officer, "  Night  stops ", Query(text="night", after="x", limit=9))
        save_filter(tx, archive.officer, "All", Query())
        assert save_filter(tx, archive.officer, "Night stops", Query(text="dusk")) == first
        save_filter(tx, archive.supervisor, "Night stops", Query(text="hers"))
        mine = saved_filters(tx, archive.officer)
        assert [(one.name, one.query) for one in mine] == [("All", Query()), ("Night stops", Query(text="dusk"))]
        with pytest.raises(FilterUnknown):
            remove_filter(tx, archive.supervisor, first)
        remove_filter(tx, archive.officer, first)
        assert [one.name for one in saved_filters(tx, archive.officer)] == ["All"]
        assert [one.query.text for one in saved_filters(tx, archive.supervisor)] == ["hers"]


def test_what_cannot_be_kept(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "MOST_FILTERS", 1)
    with archive.database.write() as tx:
        for name in ("", " ", "x" * 101, "a\x07"):
            with pytest.raises(FilterNameWrong):
                save_filter(tx, archive.officer, name, Query())
        save_filter(tx, archive.officer, "one", Query())
        with pytest.raises(QueryWrong, match="number 2"):
            save_filter(tx, archive.officer, "two", Query())


def test_one_that_cannot_be_read_any_more_is_left_out(archive: Archive) -> None:
    with archive.database.write() as tx:
        save_filter(tx, archive.officer, "one", Query())
        tx.execute(saved_filter.update().values(query="kind=zeppelin"))
        assert saved_filters(tx, archive.officer) == []
