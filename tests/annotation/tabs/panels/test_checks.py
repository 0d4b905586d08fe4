"""The linter's findings as a list."""

from __future__ import annotations

import gradio as gr
import pytest

from annotation.linter import Finding
from annotation.region import Region
from annotation.tabs.panels.checks import MAX_ROWS, finding_rows

HOUSE = [[150.0, 40.0], [190.0, 40.0], [190.0, 80.0], [150.0, 80.0]]
TREE = [[10.0, 10.0], [50.0, 10.0], [50.0, 40.0], [10.0, 40.0]]


def test_no_problems(store):
    shown = finding_rows(store, [])
    assert (shown["rows"], shown["head"], shown["empty"]) == ([], "", "No problems found.")


def test_the_number_of_rows_is_limited(store, image_id):
    findings = [Finding(image_id, None, "bare", "The image has no region.", False)] * (MAX_ROWS + 3)
    shown = finding_rows(store, findings)
    assert len(shown["rows"]) == MAX_ROWS
    assert (shown["head"], shown["foot"]) == (f"{MAX_ROWS + 3} problems", "3 more; fix these first")
    assert shown["rows"][0]["note"] == "photo.jpg"


@pytest.fixture
def image_id_with_problems(put) -> int:
    put(1, Region(HOUSE, "fine", "h"))
    return put(2, Region(HOUSE, " padded ", "p"), Region(TREE, "", "e"))


def test_findings_are_opened_and_fixed(open_tab, store, image_id_with_problems):
    tab = open_tab()
    listing = tab.find(elem_id="correct-findings")
    tab.click("Check now")
    rows = tab.values[listing]["rows"]
    assert len(rows) == 2
    padded = next(row["key"] for row in rows if "spaces" in row["title"])
    tab.pick(listing, padded)
    assert tab.values[tab.editor]["image_id"] == str(image_id_with_problems)
    assert tab.props[tab.editor]["chosen"]["id"] == "p"
    tab.pick(listing, padded, "fix")
    assert {region.text for region in store.regions(image_id_with_problems)} == {"padded", ""}
    assert len(tab.values[listing]["rows"]) == 1
    assert tab.props[tab.find(value="Fix all that can be fixed")]["value"] == "Fix all that can be fixed (1)"
    tab.click("Fix all that can be fixed")
    assert tab.values[listing]["rows"] == []
    assert next(r for r in store.regions(image_id_with_problems) if r.id == "e").illegible


def test_an_outdated_row_is_refused(open_tab, image_id_with_problems):
    tab = open_tab()
    with pytest.raises(gr.Error, match="out of date"):
        tab.pick(tab.find(elem_id="correct-findings"), "7", "fix")
