"""Scores computed by hand. Boxes are x1, y1, x2, y2 in pixels."""

import numpy as np
import pytest

from spotter.evaluation.lexicon import Lexicon
from spotter.evaluation.metrics import DetectionMetric, EndToEndMetric, Scores
from spotter.types import GroundTruth, Word

A = (0, 0, 10, 10)
B = (20, 0, 30, 10)
FAR = (100, 100, 110, 110)


def corners(box):
    x1, y1, x2, y2 = box
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


def truth(box, text="word", ignore=False):
    return GroundTruth(np.array(corners(box), np.float32), text, ignore)


def dont_care(box):
    return truth(box, "", ignore=True)


def word(box, text="word"):
    return Word("w0", corners(box), list(box), text, 0.9, 0.8)


def counts(metric):
    scores = metric.summary()
    return scores.matched, scores.found, scores.true


DETECTION_CASES = {  # true regions, found boxes, (matched, found, true)
    "empty": ([], [], (0, 0, 0)),
    "nothing found": ([truth(A), truth(B)], [], (0, 0, 2)),
    "nothing true": ([], [A], (0, 1, 0)),
    "one right": ([truth(A)], [A], (1, 1, 1)),
    "one right, one missed, one wrong": ([truth(A), truth(B)], [FAR, A], (1, 2, 2)),
    "overlap of exactly a half": ([truth(A)], [(0, 0, 5, 10)], (0, 1, 1)),
    "overlap of just more than a half": ([truth(A)], [(0, 0, 5.1, 10)], (1, 1, 1)),
    "two detections on one truth": ([truth(A)], [A, (0, 0, 10, 9)], (1, 2, 1)),
    "one detection on two truths": ([truth(A), truth((0, 0, 10, 9))], [A], (1, 1, 2)),
    "do-not-care hit": ([dont_care(A)], [A], (0, 0, 0)),
    "do-not-care missed": ([dont_care(A), truth(B)], [B], (1, 1, 1)),
    "do-not-care covers exactly a half": ([dont_care((0, 0, 5, 10))], [A], (0, 1, 0)),
    "do-not-care covers just more than a half": ([dont_care((0, 0, 5.1, 10))], [A], (0, 0, 0)),
    # Together they cover 80 percent of the detection, but no single one more than half of it.
    "two do-not-care": ([dont_care((0, 0, 4, 10)), dont_care((4, 0, 8, 10))], [A], (0, 1, 0)),
    # A small detection in a large region: the share is of the detection, not of the region.
    "inside do-not-care": ([dont_care((0, 0, 100, 100))], [A], (0, 0, 0)),
    # Left out although it overlaps the legible word too, which is then missed.
    "do-not-care goes first": ([truth(A), dont_care((0, 0, 10, 8))], [A], (0, 0, 1)),
    # Greedy, not optimal: the first truth takes the first box, the only one that fits the second truth.
    "greedy": ([truth(A), truth((0, 0, 10, 6))], [(0, 0, 10, 6), (0, 0, 10, 15)], (1, 2, 2)),
}


@pytest.mark.parametrize(("true", "boxes", "expected"), DETECTION_CASES.values(), ids=DETECTION_CASES)
def test_detection_counts(true, boxes, expected):
    metric = DetectionMetric()
    metric.update(true, [corners(box) for box in boxes])
    assert counts(metric) == expected


@pytest.mark.parametrize(
    ("true", "boxes", "precision", "recall", "hmean"),
    [
        ([], [], 0.0, 0.0, 0.0),
        ([truth(A)], [], 0.0, 0.0, 0.0),
        ([], [A], 0.0, 0.0, 0.0),
        ([truth(A)], [A], 1.0, 1.0, 1.0),
        ([truth(A), truth(B), truth(FAR)], [A, (50, 0, 60, 10)], 1 / 2, 1 / 3, 0.4),
    ],
)
def test_scores(true, boxes, precision, recall, hmean):
    metric = DetectionMetric()
    metric.update(true, [corners(box) for box in boxes])
    scores = metric.summary()
    assert (scores.precision, scores.recall, scores.hmean) == pytest.approx((precision, recall, hmean))


def test_counts_are_summed_over_images_before_dividing():
    metric = DetectionMetric()
    metric.update([truth(A)], [corners(A)])
    metric.update([truth(A), truth(B), truth(FAR)], [corners((50, 0, 60, 10))])
    assert metric.summary() == Scores(0.5, 0.25, pytest.approx(1 / 3), 1, 2, 4)


@pytest.mark.parametrize("make", [DetectionMetric, EndToEndMetric])
def test_reset_forgets_all_images(make):
    metric = make()
    found = [word(A)] if make is EndToEndMetric else [corners(A)]
    metric.update([truth(A)], found)
    assert counts(metric) == (1, 1, 1)
    metric.reset()
    assert metric.summary() == Scores(0.0, 0.0, 0.0, 0, 0, 0)


BOW_TIE = [[0, 0], [10, 10], [10, 0], [0, 10]]  # two triangles of 25 square pixels that meet at (5, 5)
LEFT, RIGHT = [[0, 0], [5, 5], [0, 10]], [[10, 0], [10, 10], [5, 5]]


@pytest.mark.parametrize(
    ("region", "ignore", "polygons", "expected"),
    [
        (BOW_TIE, False, [BOW_TIE], (1, 1, 1)),
        (corners(A), False, [BOW_TIE], (0, 1, 1)),  # 50 of 100 square pixels is not above a half
        (BOW_TIE, True, [LEFT, RIGHT], (0, 0, 0)),  # both halves are kept
        (LEFT, False, [BOW_TIE], (0, 1, 1)),  # 25 of 50
    ],
)
def test_self_intersecting_polygons(region, ignore, polygons, expected):
    metric = DetectionMetric()
    metric.update([GroundTruth(np.array(region, np.float32), "word", ignore)], polygons)
    assert counts(metric) == expected


@pytest.mark.parametrize(
    "polygon",
    [[], [[0, 0], [10, 10]], [[0, 0], [5, 5], [10, 10]], [[0, 0], [float("nan"), 0], [10, 10]], [[3, 3]] * 4],
    ids=["no points", "two points", "line", "NaN", "same point"],
)
@pytest.mark.parametrize("region", [truth(A), dont_care(A)], ids=["word", "do not care"])
def test_invalid_polygon_is_a_false_positive(polygon, region):
    metric = DetectionMetric()
    metric.update([region], [polygon])
    assert counts(metric)[:2] == (0, 1)


def test_order_of_the_points_does_not_matter():
    metric = DetectionMetric()
    metric.update([truth(A)], [corners(A)[::-1]])
    assert counts(metric) == (1, 1, 1)


END_TO_END_CASES = {  # true regions, words, (matched, found, true)
    "empty": ([], [], (0, 0, 0)),
    "nothing found": ([truth(A)], [], (0, 0, 1)),
    "nothing true": ([], [word(A)], (0, 1, 0)),
    "right": ([truth(A, "Coffee")], [word(A, "Coffee")], (1, 1, 1)),
    "case": ([truth(A, "Coffee")], [word(A, "cOFFEE")], (1, 1, 1)),
    "wrong text": ([truth(A, "Coffee")], [word(A, "Toffee")], (0, 1, 1)),
    "sign missing at the end": ([truth(A, "Fire!")], [word(A, "Fire")], (1, 1, 1)),
    "signs missing at both ends": ([truth(A, "(fire)")], [word(A, "Fire")], (1, 1, 1)),
    "two signs missing at one end": ([truth(A, "Fire!!")], [word(A, "Fire")], (0, 1, 1)),
    "sign missing inside": ([truth(A, "fire's")], [word(A, "fires")], (0, 1, 1)),
    "sign too many": ([truth(A, "Fire")], [word(A, "Fire!")], (0, 1, 1)),
    "nothing but a sign": ([truth(A, "!")], [word(A, "")], (0, 1, 1)),
    "right text, wrong place": ([truth(A)], [word(FAR)], (0, 1, 1)),
    "short word": ([truth(A, "a")], [word(A, "a")], (1, 1, 1)),
    "do-not-care hit": ([dont_care(A)], [word(A, "anything")], (0, 0, 0)),
    "do-not-care missed": ([dont_care(A)], [], (0, 0, 0)),
    "without text": ([truth(A, "")], [word(A, "")], (0, 0, 0)),
    # The first box is matched, with a wrong text; the second one, with the right text, is not.
    "second one right": ([truth(A, "cat")], [word(A, "cot"), word(A, "cat")], (0, 2, 1)),
    "texts swapped": (
        [truth(A, "left"), truth(B, "right")],
        [word(A, "right"), word(B, "left")],
        (0, 2, 2),
    ),
}


@pytest.mark.parametrize(("true", "words", "expected"), END_TO_END_CASES.values(), ids=END_TO_END_CASES)
def test_end_to_end_counts(true, words, expected):
    metric = EndToEndMetric()
    metric.update(true, words)
    assert counts(metric) == expected


@pytest.mark.parametrize(
    ("text", "minimum_length", "letters_only", "expected"),
    [
        ("to", 0, False, (1, 1, 1)),
        ("to", 3, False, (0, 0, 0)),
        ("the", 3, False, (1, 1, 1)),
        ("24h", 3, False, (1, 1, 1)),
        ("24h", 3, True, (0, 0, 0)),
        ("Café", 3, True, (1, 1, 1)),
    ],
)
def test_word_spotting_leaves_words_out(text, minimum_length, letters_only, expected):
    metric = EndToEndMetric(minimum_length=minimum_length, letters_only=letters_only)
    metric.update([truth(A, text)], [word(A, text)])
    assert counts(metric) == expected


def test_lexicon_repairs_a_reading():
    metric = EndToEndMetric(Lexicon(["coffee", "house"]))
    metric.update([truth(A, "Coffee")], [word(A, "C0ffee")])
    assert counts(metric) == (1, 1, 1)


def test_lexicon_can_spoil_a_reading():
    metric = EndToEndMetric(Lexicon(["house"]))
    metric.update([truth(A, "mouse")], [word(A, "mouse")])
    assert counts(metric) == (0, 1, 1)


def test_lexicon_of_the_image_takes_precedence():
    metric = EndToEndMetric(Lexicon(["house"]))
    true, words = [truth(A, "mouse")], [word(A, "rouse")]
    metric.update(true, words, Lexicon(["mouse"]))
    assert counts(metric) == (1, 1, 1)
    metric.update(true, words)  # and only for that image
    assert counts(metric) == (1, 2, 2)
