"""The table component: what the page gets and may send."""

from __future__ import annotations

from annotation.tabs.rounds.table import MAX_KEY, Table, TableData


def test_the_page_sends_a_key_only():
    table = Table(label="Rounds")
    assert table.preprocess(None) == ""
    assert table.preprocess(TableData(picked="3")) == "3"
    assert len(table.preprocess(TableData(picked="3" * 1000))) == MAX_KEY


def test_without_a_value_it_is_empty_and_leaves_the_address_alone():
    value = Table(label="Rounds").postprocess(None)
    assert (value.rows, value.current) == ([], None)
