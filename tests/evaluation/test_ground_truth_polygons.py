"""Reading in ground-truth polygons compared with reading in the detected ones."""

import numpy as np
import pytest

from spotter.evaluation.__main__ import main
from spotter.evaluation.ground_truth_polygons import PolygonComparison, compare_polygons
from spotter.types import DrawnReading, GroundTruth, Word

A = [[0, 0], [20, 0], [20, 10], [0, 10]]
B = [[40, 0], [60, 0], [60, 10], [40, 10]]
FAR = [[900, 0], [920, 0], [920, 10], [900, 10]]
IMAGE = np.zeros((50, 100, 3), np.uint8)


class StubSpotter:
    """Detects A and reads it as "cot"; reads every drawn region as "cat"."""

    def spot(self, image, threshold=None):
        return [Word("w0", A, [0, 0, 20, 10], "cot", 0.9, 0.9)]

    def read(self, image, polygons, short_side):
        return [DrawnReading("cat", 0.9, [], 1.0) for _ in polygons]


def truth(polygon, text, ignore=False):
    return GroundTruth(np.array(polygon, np.float32), text, ignore)


@pytest.mark.parametrize(
    ("true", "counts"),
    [
        ([], PolygonComparison()),
        ([truth(A, "", ignore=True)], PolygonComparison()),
        ([truth(FAR, "cat")], PolygonComparison()),  # not on the image
        (
            [truth(A, "Cat")],
            PolygonComparison(
                true=1, true_correct=1, detected=1, detected_correct=0, detected_true_correct=1
            ),
        ),
        ([truth(A, "cot"), truth(B, "cat")], PolygonComparison(2, 1, 1, 1, 0)),
    ],
)
def test_counts(true, counts):
    assert compare_polygons(StubSpotter(), [(IMAGE, true)], {}) == counts


def test_command(tiny_file, capsys):
    assert main(["synthetic", "--count", "1", "--weights", str(tiny_file), "--true-polygons"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "detected words, detected polygons",
        "detected words, true polygons",
        "all words, true polygons",
    ]
