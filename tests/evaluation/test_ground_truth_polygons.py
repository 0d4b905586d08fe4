"""Reading in true polygons beside reading in those found."""

import numpy as np
import pytest

from spotter.evaluation.__main__ import main
from spotter.evaluation.true_polygons import Gain, measure
from spotter.types import DrawnReading, GroundTruth, Word

A = [[0, 0], [20, 0], [20, 10], [0, 10]]
B = [[40, 0], [60, 0], [60, 10], [40, 10]]
FAR = [[900, 0], [920, 0], [920, 10], [900, 10]]
IMAGE = np.zeros((50, 100, 3), np.uint8)


class Drawing:
    """Finds A and reads it wrong; reads every drawn region as "cat"."""

    def spot(self, image, threshold=None):
        return [Word("w0", A, [0, 0, 20, 10], "cot", 0.9, 0.9)]

    def read(self, image, polygons, short_side):
        return [DrawnReading("cat", 0.9, [], 1.0) for _ in polygons]


def truth(polygon, text, ignore=False):
    return GroundTruth(np.array(polygon, np.float32), text, ignore)


@pytest.mark.parametrize(
    ("true", "gain"),
    [
        ([], Gain()),
        ([truth(A, "", ignore=True)], Gain()),
        ([truth(FAR, "cat")], Gain()),  # not on the image
        ([truth(A, "Cat")], Gain(true=1, true_right=1, found=1, found_right=0, found_true_right=1)),
        ([truth(A, "cot"), truth(B, "cat")], Gain(2, 1, 1, 1, 0)),
    ],
)
def test_counts(true, gain):
    assert measure(Drawing(), [(IMAGE, true)], {}) == gain


def test_command(tiny_file, capsys):
    main(["synthetic", "--count", "1", "--weights", str(tiny_file), "--true-polygons"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "found words, predicted polygons",
        "found words, true polygons",
        "all words, true polygons",
    ]
