"""Results as we write them, and their check."""

from __future__ import annotations

import math

import pytest

from annotation.label_studio.export_tasks import check_results, to_results
from annotation.label_studio.tasks import from_results
from annotation.region import Character, Region

WIDTH, HEIGHT = 1003, 751
CURVED = [[100 + 20 * i, 300 - 40 * math.sin(i / 3)] for i in range(8)]
CURVED = [[round(x, 2), round(y, 2)] for x, y in CURVED + [[x, y + 30] for x, y in CURVED[::-1]]]
REGIONS = [
    Region([[10, 10], [200, 10], [200, 60], [10, 60]], "HELLO", "straight", score=0.98, origin="model"),
    Region(
        [[500.25, 100.5], [600.75, 150], [590, 190.1], [480, 140]],
        'Ñandú "42"',
        "rotated",
        difficult=True,
        locked=True,
    ),
    Region(CURVED, "咖啡店", "curved", locked=True, origin="import"),
    Region(
        [[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]],
        "",
        "whole",
        illegible=True,
        difficult=True,
        locked=True,
    ),
    Region(
        [[700, 700], [720, 700], [710, 720]],
        "ab",
        "read",
        score=0.5,
        reading_score=0.7,
        characters=[Character("a", 0.9), Character("b", 0.6)],
        origin="model",
    ),
]


@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize("count", [0, 1, len(REGIONS)])
def test_round_trip(count, scores):
    results = to_results(REGIONS[:count], WIDTH, HEIGHT, scores)
    assert check_results(results) == []
    found = from_results(results, WIDTH, HEIGHT, "import")
    assert found.regions == REGIONS[:count]
    assert found.notes == []


def test_scores_are_written_for_predictions_only():
    assert "score" in to_results(REGIONS[:1], WIDTH, HEIGHT, scores=True)[0]
    assert "score" not in to_results(REGIONS[:1], WIDTH, HEIGHT)[0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r[0]["value"]["points"].__setitem__(0, [-3, 1]),
        lambda r: r[0]["value"].__setitem__("points", [[1, 1], [2, 2]]),
        lambda r: r[1].__setitem__("id", "other"),
        lambda r: r[1].pop("id"),
        lambda r: r[0].pop("original_width"),
        lambda r: r[1].__setitem__("original_width", 5),
        lambda r: r[1].__setitem__("from_name", "text"),
        lambda r: r[1].__setitem__("to_name", "img"),
        lambda r: r[0].__setitem__("image_rotation", 90),
        lambda r: r.append(dict(r[0])),
        lambda r: r[1]["value"].__setitem__("points", [[1, 1], [2, 2], [3, 1]]),
    ],
)
def test_errors_that_label_studio_misses(spoil):
    results = to_results(REGIONS[:1], WIDTH, HEIGHT)
    results[1]["value"] = dict(results[1]["value"])
    spoil(results)
    assert check_results(results) != []
