"""The running round, and one that waits to be resumed."""

from __future__ import annotations

import math

from annotation.rounds.records import Progress
from annotation.tabs.rounds.panels.progress import MAX_POINTS, curve
from tests.annotation.tabs.rounds.fake import finished


def test_curves_keep_their_last_value():
    assert curve([], "").points == []
    assert [point.y for point in curve([(0.1, 3.0)], "loss {value:.1f}").points] == [3.0]
    values = [(i / 10, float(i)) for i in range(1001)]
    points = curve(values, "{value:.0f} after {minutes:.1f} min").points
    assert len(points) <= MAX_POINTS
    assert points[-1].y == 1000
    assert points[-1].tip == "1000 after 100.0 min"
    assert [point.x for point in points] == sorted(point.x for point in points)


def test_values_that_are_no_numbers_are_left_out():
    assert [point.y for point in curve([(0.1, math.nan), (0.2, 1.0), (0.3, math.inf)], "").points] == [1.0]


def test_before_the_worker_says_anything(rounds, open_rounds, project_id):
    rounds.start(project_id)
    rounds.now = None
    tab = open_rounds()
    assert tab.text("rounds-stage-text") == "**Round 1: starting.**"
    assert 'value="0.0000"' in tab.value("rounds-bar")


def test_the_curves_of_a_round(rounds, open_rounds, project_id):
    rounds.start(project_id)
    rounds.now = Progress("training", 1.5, 30, "<b>x</b>", [(0.1, 3.0), (0.2, 2.5)], [(0.0, 0.418)])
    tab = open_rounds()
    assert [point.y for point in tab.value("rounds-losses").points] == [3.0, 2.5]
    assert tab.value("rounds-holdout-curve").points[0].tip == "41.8 % after 0.0 min"
    assert "\\<b\\>x\\</b\\>" in tab.value("rounds-stage-text")
    assert 'value="1.0000"' in tab.value("rounds-bar")


def test_stop_and_resume(rounds, open_rounds, project_id):
    tab = open_rounds()
    tab.press("rounds-start-button")
    tab.press("rounds-stop")
    assert "Round 1 was stopped: Stopped by Ann" in tab.text("rounds-stage-text")
    assert tab.is_visible("rounds-resume")
    assert not tab.is_visible("rounds-curves")
    assert tab.is_visible("rounds-start")
    tab.press("rounds-resume")
    assert rounds.current().state == "training"
    rounds.change(1, state="failed", message="The loss is not finite.")
    tab.press("rounds-stop")  # it ended meanwhile
    assert "Round 1 failed: The loss is not finite." in tab.text("rounds-stage-text")


def test_a_round_of_another_project(rounds, open_rounds, store):
    rounds.rounds = [finished(1, store.ensure_project("signs"), "signs", state="judging", verdict=None)]
    tab = open_rounds()
    assert "Round 1 of the project signs" in tab.value("rounds-stage-text")
    assert not tab.is_visible("rounds-start")
    assert not tab.is_visible("rounds-verdict")
