"""What changed from region to region."""

from __future__ import annotations

import pytest

from annotation.rounds.records import RegionChange
from annotation.tabs.rounds.panels.changes import (
    MAX_ROWS,
    change_table,
    chosen_kind,
    region_address,
)
from tests.annotation.tabs.rounds.fake import finished, verdict

BOX = [[10, 10], [60, 10], [60, 30], [10, 30]]
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("counts", "wanted", "kind"),
    [
        ({"fixed": 0, "regressed": 0}, "", ""),
        ({"fixed": 4, "regressed": 0}, "", "fixed"),
        ({"fixed": 4, "regressed": 1}, "", "regressed"),
        ({"fixed": 4, "regressed": 1}, "fixed", "fixed"),
        ({"fixed": 4, "regressed": 1}, "nonsense", "regressed"),
    ],
)
def test_regressions_come_first(counts, wanted, kind):
    assert chosen_kind(counts, wanted) == kind


def test_no_changes(rounds):
    table = change_table([], rounds)
    assert (table.rows, table.empty) == ([], "No region changed.")


@pytest.mark.parametrize(
    ("truth", "before", "after", "texts", "tones"),
    [
        ("Nova", "NOVA", "N0VA", ["Nova", "NOVA", "N0VA"], ["", "good", "bad"]),
        ("Nova", None, "nova", ["Nova", "not found", "nova"], ["", "bad", "good"]),
        ("Nova", "", None, ["Nova", "found, no text", "not found"], ["", "bad", "bad"]),
        ("", None, "III", ["no word here", "not found", "III"], ["quiet", "quiet", "bad"]),
    ],
)
def test_a_row(rounds, image_id, truth, before, after, texts, tones):
    change = RegionChange("regressed", image_id, "r 1", BOX, truth, before, after)
    (row,) = change_table([change], rounds).rows
    region, *words, photo = row.cells
    assert region.picture.startswith("data:image/jpeg")
    assert [cell.text for cell in words] == texts
    assert [cell.tone for cell in words] == tones
    assert photo.text == "photo.jpg"
    assert row.address == f"?tab=correct&image={image_id}&region=r+1"


def test_a_deleted_photo_is_named_as_such(rounds):
    (row,) = change_table([RegionChange("fixed", 99, "r", BOX, MARKUP, None, MARKUP)], rounds).rows
    assert (row.address, row.cells[0].picture, row.cells[0].text) == ("", "", MARKUP)
    assert row.cells[-1].text == "in the bin or deleted"


def test_many_rows_are_cut(rounds, image_id):
    changes = [RegionChange("fixed", image_id, None, BOX, "a", "b", "a")] * (MAX_ROWS + 1)
    table = change_table(changes, rounds)
    assert len(table.rows) == MAX_ROWS
    assert table.foot == "The first 100 of 101."
    assert table.rows[0].address == f"?tab=correct&image={image_id}"


def test_region_ids_cannot_change_the_address():
    change = RegionChange("fixed", 3, "a&tab=read#x", BOX, "", None, None)
    assert region_address(change) == "?tab=correct&image=3&region=a%26tab%3Dread%23x"


def test_the_kind_can_be_chosen(rounds, open_rounds, project_id, image_id):
    rounds.rounds = [finished(1, project_id, verdict=verdict(fixed=2, regressed=1))]
    rounds.found = [
        RegionChange("fixed", image_id, "a", BOX, "A", "B", "A"),
        RegionChange("regressed", image_id, "b", BOX, "C", "C", "D"),
    ]
    tab = open_rounds()
    kinds = tab.find(elem_id="rounds-kinds")
    assert [row.cells[1].text for row in tab.value("rounds-changes").rows] == ["C"]
    assert tab.props[kinds]["choices"][0] == ("fixed 2", "fixed")
    tab.values[kinds] = "fixed"
    tab.trigger(kinds, "input")
    assert [row.cells[1].text for row in tab.value("rounds-changes").rows] == ["A"]
