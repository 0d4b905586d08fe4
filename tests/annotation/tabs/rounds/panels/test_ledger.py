"""The chart and the ledger."""

from __future__ import annotations

from annotation.tabs.rounds.panels.ledger import chart_points, columns
from tests.annotation.tabs.rounds.fake import NOON, finished


def test_no_rounds(situation, open_rounds):
    assert chart_points(situation()) == []
    tab = open_rounds()
    assert tab.value("rounds-ledger").rows == []
    assert tab.value("rounds-ledger").current == ""  # no round is in the address


def test_one_round(rounds, situation, open_rounds, project_id):
    rounds.rounds = [finished(1, project_id)]
    before, after = chart_points(situation())
    assert (before.label, before.key, before.mark, before.tip) == (
        "nano",
        "0",
        "served",
        "nano: 41.8 % (38.8–44.8), served",
    )
    assert (after.label, after.key, after.mark, after.tip) == ("1", "1", "", "round 1: 44.1 % (41.1–47.1)")
    table = open_rounds().value("rounds-ledger")
    assert [row.key for row in table.rows] == ["1", "0"]
    assert all(len(row.cells) == len(columns()) for row in table.rows)
    assert [cell.text for cell in table.rows[0].cells] == [
        "round 1",
        "27 Nov 2026",
        "62",
        "380",
        "12.3",
        "9.2",
        "44.1 %",
        "64.1 %",
        "nobody",
    ]
    assert table.rows[0].cells[1].note == "12:00"
    assert table.current == "1"
    assert table.csv.startswith("round,photos")


def test_the_served_round_is_marked(rounds, situation, open_rounds, project_id):
    promoted = {"promoted": True, "promoted_by": "<b>Ann</b>", "promoted_at": NOON}
    rounds.rounds = [
        finished(1, project_id, served=True, **promoted),
        finished(2, project_id, parent="1" * 64),
        finished(3, project_id, state="failed", verdict=None),
    ]
    assert [point.mark for point in chart_points(situation())] == ["", "served", ""]
    rows = {row.key: row.cells for row in open_rounds().value("rounds-ledger").rows}
    assert (rows["1"][0].badge, rows["1"][-1].text, rows["1"][-1].note) == (
        "served",
        "<b>Ann</b>",
        "27 Nov 2026",
    )
    assert (rows["2"][0].badge, rows["3"][0].badge, rows["0"][0].badge) == ("", "failed", "")
    assert (rows["2"][-1].text, rows["3"][-1].text) == ("nobody", "")


def test_the_first_point_is_not_of_the_app_if_it_was_compared_with_others(rounds, situation, project_id):
    rounds.rounds = [finished(2, project_id, parent="1" * 64)]
    start = chart_points(situation())[0]
    assert (start.label, start.key) == ("before", "")


def test_a_click_chooses(rounds, open_rounds, project_id):
    rounds.rounds = [finished(1, project_id), finished(2, project_id)]
    tab = open_rounds()
    assert "**Round 2**" in tab.value("rounds-title")
    for element, key, title in (
        ("rounds-ledger", "1", "**Round 1**"),
        ("rounds-chart", "2", "**Round 2**"),
        ("rounds-ledger", "0", "**nano**"),
    ):
        component = tab.find(elem_id=element)
        tab.values[component] = key
        tab.trigger(component, "input")
        assert title in tab.value("rounds-title")
    component = tab.find(elem_id="rounds-ledger")
    tab.values[component] = "x; DROP"
    tab.trigger(component, "input")
    assert "**nano**" in tab.value("rounds-title")
