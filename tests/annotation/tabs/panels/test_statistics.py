"""The statistics in the Correct tab."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.region import Region
from annotation.tabs.error_messages import escape_markdown

NOBODY = "Nobody has changed or finished a photo yet."


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


@pytest.fixture
def show(open_tab):
    """Opens the tab and the accordion; the tab."""

    def opened():
        tab = open_tab()
        tab.trigger(tab.find(elem_id="correct-statistics"), "expand")
        return tab

    return opened


def shown(tab):
    """The texts of the panel that are in sight."""
    texts = {part: value for part, value in tab.values.items() if isinstance(value, str)}
    in_sight = {part: text for part, text in texts.items() if tab.props.get(part, {}).get("visible", True)}
    return [text for text in in_sight.values() if text.startswith("**")]


def test_an_empty_project(show, put):
    put(0)
    tab = show()
    assert [text for text in shown(tab) if "Nobody" in text or "No photo" in text] == [
        f"**Work**\n\n{escape_markdown(NOBODY)}"
    ]
    chart = tab.find(elem_id="correct-statistics-chart")
    assert (tab.values[chart], tab.props[chart]["visible"]) == (None, False)
    assert not tab.props[tab.find(label="Download as CSV")]["visible"]


def test_the_work_of_a_person(show, store, put):
    image = put(0)
    store.add_prediction(image, "m1", [Region(box(1, 1), "a", score=0.9, reading_score=0.8)])
    store.save_regions(image, store.image(image).version, [], "<b>ann</b>")
    tab = show()
    assert any("Only \\<b\\>ann" in text for text in shown(tab))
    tables = [value["data"] for value in tab.values.values() if isinstance(value, dict) and "data" in value]
    assert ["<b>ann</b>", "–", "1", "0.0", "0", "0"] in [row for table in tables for row in table]
    assert tab.values[tab.find(elem_id="correct-statistics-chart")].width == 800
    button = tab.find(label="Download as CSV")
    assert Path(tab.values[button]).name == "statistics.csv"
    # Gradio has copied it by now.
    assert not Path(tab.values[button]).exists()
