"""Regions, and the validation of untrusted ones."""

import math

import pytest

from annotation.region import (
    MAX_POINTS,
    MAX_REGIONS,
    MAX_TEXT,
    Region,
    RegionError,
    check_region,
    check_regions,
    predicted_id,
)

SQUARE = [[10, 10], [20, 10], [20, 20], [10, 20]]


def region(**changes) -> dict:
    return {"polygon": SQUARE, "text": "a"} | changes


def test_no_region_one_and_many():
    assert check_regions([], 100, 100) == []
    (one,) = check_regions([region()], 100, 100)
    assert (one.polygon, one.text, one.origin, one.locked) == (SQUARE, "a", "person", False)
    assert check_regions([one], 100, 100) == [one]
    assert check_regions([one.to_json()], 100, 100) == [one]
    assert len({r.id for r in check_regions([region()] * 3, 100, 100)}) == 3


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (SQUARE, SQUARE),
        ([*SQUARE, SQUARE[0]], SQUARE),  # closed
        ([SQUARE[0], *SQUARE[:0:-1]], SQUARE),  # the other way round
        ([[-5, 10], [20, 10], [20, 1e6]], [[0, 10], [20, 10], [20, 50]]),
        ([[10.004, 10], [20, 10.006], [20, 20]], [[10, 10], [20, 10.01], [20, 20]]),
        ([[-0.0, 0], [1, 0], [1, 1]], [[0, 0], [1, 0], [1, 1]]),
        ([(1, 1), (2, 1), (2, 2)], [[1, 1], [2, 1], [2, 2]]),
    ],
)
def test_polygons(given, kept):
    found = check_region(region(polygon=given), 100, 50).polygon
    assert found == kept
    assert "-0" not in str(found)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"polygon": None}, "must be a list"),
        ({"polygon": "abc"}, "must be a list"),
        ({"polygon": SQUARE[:2]}, "2 points"),
        ({"polygon": [[i, i * i] for i in range(MAX_POINTS + 1)]}, "201 points"),
        ({"polygon": [[i, i * i] for i in range(100_000)]}, "100000 points"),
        ({"polygon": [[math.nan, 1], *SQUARE]}, "finite"),
        ({"polygon": [[math.inf, 1], *SQUARE]}, "finite"),
        ({"polygon": [[10**400, 1], *SQUARE]}, "finite"),
        ({"polygon": [[True, 1], *SQUARE]}, "finite"),
        ({"polygon": [["1", 1], *SQUARE]}, "finite"),
        ({"polygon": [[1], *SQUARE]}, "[x, y]"),
        ({"polygon": [None, *SQUARE]}, "[x, y]"),
        ({"text": None}, "string"),
        ({"text": "x" * (MAX_TEXT + 1)}, "2001 characters"),
        ({"text": "a\0"}, "stored"),
        ({"text": "\ud800"}, "stored"),
        ({"id": "a b"}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": 7}, "id"),
        ({"illegible": 1}, "true or false"),
        ({"locked": "yes"}, "true or false"),
        ({"score": 1.01}, "0 to 1"),
        ({"score": math.nan}, "0 to 1"),
        ({"reading_score": "0.5"}, "0 to 1"),
        ({"origin": "alien"}, "origin"),
        ({"characters": "abc"}, "list"),
        ({"characters": ["a"]}, "object"),
        ({"characters": [{"text": "a", "score": 2}]}, "0 to 1"),
    ],
)
def test_invalid_regions(changes, sentence):
    with pytest.raises(RegionError, match="Region 2: ") as caught:
        check_regions([region(), region(**changes)], 100, 100)
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 150


def test_a_polygon_without_area_is_valid():
    """The linter reports it."""
    polygon = [SQUARE[0], SQUARE[1], SQUARE[0]]
    assert check_region(region(polygon=polygon), 100, 100).polygon == polygon


@pytest.mark.parametrize("values", [None, "abc", {}, 3, [1], [[]]])
def test_values_that_are_no_regions(values):
    with pytest.raises(RegionError):
        check_regions(values, 100, 100)


def test_limits_of_the_number_and_duplicate_ids():
    assert len(check_regions([region()] * MAX_REGIONS, 100, 100)) == MAX_REGIONS
    with pytest.raises(RegionError, match="10000 regions"):
        check_regions([region()] * 10_000, 100, 100)
    with pytest.raises(RegionError, match="occurs twice"):
        check_regions([region(id="a"), region(id="a")], 100, 100)


def test_predicted_ids_are_stable():
    assert predicted_id("ab", "nano", 0) == predicted_id("ab", "nano", 0)
    assert len({predicted_id(s, v, n) for s in "ab" for v in "xy" for n in (0, 1)}) == 8


def test_content_is_what_a_person_can_edit():
    one = Region(SQUARE, "a", score=0.5)
    assert one.content == Region(SQUARE, "a", score=0.7, locked=True).content
    assert one.content != Region(SQUARE, "b").content


def test_stored_regions_are_kept_as_they_are():
    stored = Region([[0.123, 0], [9, 0], [9, 9]], "a", "r1")  # not rounded: it is not validated again
    changed = Region([[0.123, 0], [9, 0], [9, 9]], "b", "r1")
    assert check_regions([stored], 10, 10, [stored])[0] is stored
    assert check_regions([stored], 10, 10)[0].polygon[0] == [0.12, 0]
    assert check_regions([changed], 10, 10, [stored])[0].polygon[0] == [0.12, 0]
    with pytest.raises(RegionError, match="occurs twice"):
        check_regions([stored, stored], 10, 10, [stored])
