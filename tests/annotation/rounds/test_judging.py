"""Figures with intervals, the choice of a candidate, and what became of each region."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from annotation.rounds import judging
from annotation.rounds.dataset import HeldOutPhoto
from annotation.rounds.judging import (
    best_candidate,
    change_kind,
    count,
    count_all,
    count_kinds,
    cross_chosen,
    figures,
    h_mean,
    judge_rendered,
    paired_difference,
    read_photos,
    region_changes,
)
from annotation.rounds.records import Interval
from spotter.types import GroundTruth, Word


def box(x: float, y: float = 0.0) -> list[list[float]]:
    return [[x, y], [x + 40, y], [x + 40, y + 10], [x, y + 10]]


def truth(x: float, text: str, ignore: bool = False) -> GroundTruth:
    return GroundTruth(np.array(box(x), np.float32), text, ignore)


def word(x: float, text: str) -> Word:
    return Word("w", box(x), [x, 0, x + 40, 10], text, 0.9, 0.9, [])


def right(*numbers: int) -> np.ndarray:
    """Counts of images with ten words each, all found, of which so many are read correctly."""
    return np.array([[10, 10, 10, n, 10, 10] for n in numbers]).reshape(-1, 6)


def test_counts():
    assert count([], []) == [0] * 6
    assert count_all([], []).shape == (0, 6)
    assert count([truth(0, "a"), truth(100, "b")], [word(0, "a"), word(100, "x"), word(300, "y")]) == [
        *(2, 3, 2),
        *(1, 3, 2),
    ]


def test_figures_of_no_and_of_one_image():
    assert figures(right(), 10).end_to_end == Interval(0.0, 0.0, 1.0)
    assert figures(right(5), 10).end_to_end == Interval(0.5, 0.0, 1.0)
    assert paired_difference(right(5), right(6), 10) == Interval(pytest.approx(0.1), -1.0, 1.0)


def test_figures():
    found = figures(right(2, 4, 6, 8), 1000)
    assert found.detection == Interval(1.0, 1.0, 1.0)
    assert found.end_to_end.value == pytest.approx(0.5)
    assert 0.2 <= found.end_to_end.low < 0.5 < found.end_to_end.high <= 0.8
    assert figures(right(2, 4, 6, 8), 1000) == found


def test_difference_is_paired():
    """Photos differ far more than the weights do."""
    before, after = right(0, 2, 4, 6, 8), right(1, 3, 5, 7, 9)
    difference = paired_difference(before, after, 1000)
    assert difference == Interval(*[pytest.approx(0.1)] * 3)
    assert paired_difference(before, before, 1000) == Interval(0.0, 0.0, 0.0)


def test_best_candidate_changes_nothing_unless_it_helps():
    same = {(0.0,): right(5, 5), (0.5,): right(4, 6), (1.0,): right(6, 4)}
    assert best_candidate(same) == (0.0,)
    assert best_candidate(same | {(0.25,): right(5, 6)}) == (0.25,)


def test_a_lucky_candidate_is_not_judged_on_its_luck():
    """It is best because of one photo alone, and on that photo the others choose another."""
    counts = {(0.0,): right(5, 5, 5), (1.0,): right(5, 4, 9)}
    assert best_candidate(counts) == (1.0,)
    assert h_mean(cross_chosen(counts)) <= h_mean(counts[0.0,])
    better = {(0.0,): right(5, 5, 5), (1.0,): right(6, 6, 6)}
    assert np.array_equal(cross_chosen(better), better[1.0,])


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("Open", "OPEN", None),  # both right: case does not count
        ("0pen", "Open", "fixed"),
        ("0pen", "0pem", "still wrong"),
        (None, None, "still wrong"),
        ("Open", "0pen", "regressed"),
        ("Open", None, "regressed"),
        ("0pen", None, "regressed"),
        (None, "Open", "newly found"),
        (None, "0pen", "newly found"),
    ],
)
def test_what_became_of_a_word(before, after, kind):
    assert change_kind("Open", before, after) == kind


def test_changes_of_a_photo():
    photo = HeldOutPhoto(
        7, Path(), [truth(0, "a"), truth(100, "b"), truth(200, "", ignore=True)], ["r1", "r2", "r3"]
    )
    before = [word(0, "x"), word(100, "b"), word(300, "false"), word(205, "ignored")]
    after = [word(0, "a"), word(100, "b"), word(303, "moved"), word(400, "new"), word(200, "ignored")]
    changes = region_changes(photo, before, after)
    assert [(c.kind, c.image_id, c.region_id, c.truth, c.before, c.after) for c in changes] == [
        ("fixed", 7, "r1", "a", "x", "a"),
        ("new false", 7, None, "", None, "new"),
    ]
    assert count_kinds(changes) == {
        "fixed": 1,
        "still wrong": 0,
        "regressed": 0,
        "newly found": 0,
        "new false": 1,
    }
    assert region_changes(HeldOutPhoto(7, Path(), [], []), [], []) == []


def test_rendered_scenes_are_read_once_per_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(judging, "rendered_scenes", lambda styles, n: [(None, [truth(0, "a")])] * n)
    reads = []
    spotter = SimpleNamespace(card={"sha256": "ab"}, spot=lambda image: reads.append(1) or [word(0, "a")])
    first = judge_rendered(spotter, 3, tmp_path)
    assert first.tolist() == [[1, 1, 1, 1, 1, 1]] * 3
    assert np.array_equal(judge_rendered(spotter, 3, tmp_path), first)
    assert len(reads) == 3
    judge_rendered(SimpleNamespace(card={"sha256": "cd"}, spot=spotter.spot), 3, tmp_path)
    assert len(reads) == 6


def test_reading_can_be_stopped():
    photo = HeldOutPhoto(1, Path("no such file"), [], [])
    assert read_photos(SimpleNamespace(), []) == []
    with pytest.raises(ValueError, match="no such file"):
        read_photos(SimpleNamespace(), [photo])
