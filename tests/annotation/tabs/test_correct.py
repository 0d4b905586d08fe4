"""The tab as a whole: what its handlers save and show."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import annotation
from annotation.region import Region

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]


def test_an_empty_project_explains_how_to_begin(open_tab):
    tab = open_tab()
    empty = tab.props[tab.find(elem_id="correct-empty")]
    assert "No photos yet" in empty["value"]
    assert empty["visible"]
    assert tab.values[tab.editor] is None


def test_the_first_photo_is_open_after_the_start(open_tab, put):
    put(1, Region(HOUSE, "house", "h"))
    tab = open_tab()
    assert tab.title == r"**street 1\.jpg** (1 of 1, in work)"
    assert [region["text"] for region in tab.values[tab.editor]["regions"]] == ["house"]


def test_a_second_visit_continues_where_the_first_one_ended(open_tab, put):
    put(1)
    put(2)
    first = open_tab()
    first.click("Next")
    again = open_tab()
    memory = first.find(storage_key="correct")
    again.values.clear()
    again.values[again.find(storage_key="correct")] = first.values[memory]
    again.start()
    assert again.title == first.title
    assert again.values[again.editor]["image_id"] == first.values[first.editor]["image_id"]


def test_opening_the_tab_again_keeps_the_session(open_tab, put):
    put(1)
    tab = open_tab()
    session = next(value for block, value in tab.values.items() if block.get_block_name() == "state")
    tab.start()
    assert session in tab.values.values()


def test_the_image_in_the_address_is_opened(open_tab, put, store, picture):
    put(1)
    put(2)
    other = store.add_image(store.ensure_project("other"), picture(3), "elsewhere.jpg")[0].id
    tab = open_tab()
    for value, wanted in (
        (str(other), "elsewhere"),
        ("999", "street"),
        ("1.5", "street"),
        ("x" * 99, "street"),
    ):
        tab.values.clear()
        tab.trigger(tab.tab, "select", SimpleNamespace(query_params={"image": value}))
        assert wanted in tab.title


@pytest.mark.parametrize("region_id", ["r1", "no such region", "x" * 1000])
def test_a_region_in_the_address_is_chosen_once(open_tab, put, region_id):
    image_id = put(1)
    tab = open_tab()
    tab.values.clear()
    address = SimpleNamespace(query_params={"image": str(image_id), "region": region_id})
    tab.trigger(tab.tab, "select", address)
    assert tab.props[tab.editor]["chosen"]["id"] == region_id[:100]
    tab.trigger(tab.tab, "select", address)  # from another tab: what the person has chosen since stays
    assert "chosen" not in tab.props[tab.editor]


def test_no_style_depends_on_what_is_within_a_part_of_the_page_that_has_the_editor():
    """With `.gradio-container:has(...)`, the browser styles the whole page again with every key."""
    sheets = [sheet.read_text() for sheet in Path(annotation.__file__).parent.rglob("*.css")]
    assert sheets
    around = r"(\.gradio-container|\.block|\.column|#correct|#correct-(body|main|editor))(\[[^]]*\])*:has\("
    assert not [found[0] for sheet in sheets for found in re.finditer(around, sheet)]
