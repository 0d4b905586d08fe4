"""The search field and its results."""

from __future__ import annotations

import pytest

from annotation.region import Region
from annotation.store.search import MAX_COUNT, Hit, SearchResult
from annotation.tabs.panels.search import result_rows

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]


def test_nothing_found_is_said():
    shown = result_rows("nova", SearchResult())
    assert (shown["rows"], shown["head"]) == ([], "")
    assert "“nova”" in shown["empty"]


@pytest.mark.parametrize(
    ("found", "head"),
    [
        (SearchResult([Hit(1, "a.jpg")], photos=1), "1 photo"),
        (SearchResult([Hit(1, "a.jpg", "r", "A")] * 2, words=2), "2 words"),
        (SearchResult([Hit(1, "a.jpg")], 1, MAX_COUNT), "1 photo and more than 10,000 words"),
    ],
)
def test_hits_are_counted(found, head):
    shown = result_rows("a", found)
    assert shown["head"] == head
    assert bool(shown["foot"]) == (found.words == MAX_COUNT)


def test_a_hit_opens_its_photo_with_the_word_selected(open_tab, put):
    put(1)
    second = put(2, Region(HOUSE, "NOVA", "r:1"))
    tab = open_tab()
    field, results = tab.find(elem_id="correct-search"), tab.find(elem_id="correct-found")
    tab.values[field] = " nova "
    tab.trigger(field, "submit")
    (row,) = tab.values[results]["rows"]
    assert (row["title"], row["note"]) == ("NOVA", "street 2.jpg")
    assert tab.props[results]["visible"]
    tab.pick(results, row["key"])
    assert tab.values[tab.editor]["image_id"] == str(second)
    assert tab.props[tab.editor]["chosen"]["id"] == "r:1"
    tab.values[field] = ""
    tab.trigger(field, "input")
    assert not tab.props[results]["visible"]


def test_a_photo_is_found_by_its_name(open_tab, put):
    put(1)
    second = put(2)
    tab = open_tab()
    field, results = tab.find(elem_id="correct-search"), tab.find(elem_id="correct-found")
    tab.values[field] = "STREET 2"
    tab.trigger(field, "input")
    tab.pick(results, tab.values[results]["rows"][0]["key"])
    assert tab.values[tab.editor]["image_id"] == str(second)
