"""Reports of whole sets."""

from __future__ import annotations

import numpy as np
import pytest

from spotter.evaluation.evaluate import evaluate
from spotter.evaluation.lexicon import Lexicon
from spotter.evaluation.metrics import Scores
from spotter.types import GroundTruth, Word

A = [[0, 0], [10, 0], [10, 10], [0, 10]]
B = [[20, 0], [30, 0], [30, 10], [20, 10]]
FAR = [[100, 100], [110, 100], [110, 110], [100, 110]]


def truth(polygon, text="word", ignore=False):
    return GroundTruth(np.array(polygon, np.float32), text, ignore)


def word(polygon, text="word"):
    return Word("w0", polygon, [*polygon[0], *polygon[2]], text, 0.9, 0.8)


def test_evaluate_scores_with_and_without_lexicon():
    images = [np.full((4, 4, 3), value, np.uint8) for value in (0, 1)]
    found = {0: [word(A, "c0ffee"), word(FAR)], 1: []}
    true = [[truth(A, "coffee")], [truth(B, "bar"), truth(A, "", ignore=True)]]
    wrapped = []

    def progress(pairs):
        for pair in pairs:
            wrapped.append(pair)
            yield pair

    report = evaluate(
        lambda image: found[image[0, 0, 0]], zip(images, true, strict=True), Lexicon(["coffee"]), progress
    )
    assert report.detection == Scores(0.5, 0.5, 0.5, 1, 2, 2)
    assert report.end_to_end == Scores(0.0, 0.0, 0.0, 0, 2, 2)
    assert report.end_to_end_lexicon == Scores(0.5, 0.5, 0.5, 1, 2, 2)
    assert (report.images, len(wrapped)) == (2, 2)
    assert report.seconds > 0
    assert report.calibration_error == pytest.approx(
        0.8
    )  # the only matched word is wrong, with reading_score 0.8
    assert report.to_json()["detection"] == {
        "precision": 0.5,
        "recall": 0.5,
        "hmean": 0.5,
        "matched": 1,
        "found": 2,
        "true": 2,
    }


def test_evaluate_without_images_or_lexicon():
    report = evaluate(lambda image: [], [])
    assert (report.images, report.seconds, report.end_to_end_lexicon) == (0, 0.0, None)
    assert report.detection == Scores(0.0, 0.0, 0.0, 0, 0, 0)
    assert report.to_json()["end_to_end_lexicon"] is None
