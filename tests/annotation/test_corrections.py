"""Kinds of corrections."""

from dataclasses import replace

import pytest

from annotation.corrections import correction_kinds, count_mistakes, find_corrections
from annotation.region import Region


def box(x, y, w=20, h=10):
    return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]


WORD = Region(box(10, 10), "word", "w0", score=0.9, origin="model")
OTHER = Region(box(100, 50), "other", "w1", origin="model")


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (WORD, ()),
        (replace(WORD, locked=True, score=None), ()),
        (replace(WORD, polygon=box(10.4, 10)), ()),
        (replace(WORD, polygon=box(11, 10)), ("shape",)),
        (replace(WORD, polygon=[*WORD.polygon, [9, 15]]), ("shape",)),
        (replace(WORD, text="world"), ("text",)),
        (replace(WORD, polygon=box(11, 10), text="world"), ("shape", "text")),
        (replace(WORD, illegible=True), ("illegible",)),
        (replace(WORD, illegible=True, text=""), ("illegible",)),
        (replace(WORD, difficult=True), ()),
        (None, ("false",)),
    ],
)
def test_kinds(after, found):
    assert correction_kinds(WORD, after) == found


def test_a_missed_word():
    assert correction_kinds(None, WORD) == ("missed",)
    assert correction_kinds(None, None) == ()


def summary(predicted, current):
    return {c.region_id: c.kinds for c in find_corrections(predicted, current)}


def test_regions_are_paired_by_id():
    assert find_corrections([], []) == []
    assert summary([WORD], []) == {"w0": ("false",)}
    assert summary([], [WORD]) == {"w0": ("missed",)}
    assert summary([WORD, OTHER], [OTHER, replace(WORD, text="x")]) == {"w0": ("text",), "w1": ()}


def test_regions_with_other_ids_are_paired_by_iou():
    drawn = Region(box(12, 10), "word", "mine")
    (found,) = find_corrections([WORD], [drawn])
    assert (found.kinds, found.before, found.after) == (("shape",), WORD, drawn)
    far = Region(box(60, 60), "word", "mine")
    assert summary([WORD], [far]) == {"w0": ("false",), "mine": ("missed",)}


def mistakes(predicted, current):
    return dict(count_mistakes(find_corrections(predicted, current)))


def test_mistakes_are_counted_by_kind():
    assert mistakes([], []) == mistakes([WORD], [WORD]) == {}
    assert mistakes([WORD, OTHER], [replace(WORD, text="x")]) == {"text": 1, "false": 1}
    drawn = Region(box(60, 60), "new", "mine")
    assert mistakes([WORD], [replace(WORD, polygon=box(12, 10)), drawn]) == {"shape": 1, "missed": 1}


LINE = Region(box(10, 10, w=100), "new york", "w0", origin="model")
NEW, YORK = Region(box(10, 10, w=45), "new", "a"), Region(box(65, 10, w=45), "york", "b")


@pytest.mark.parametrize(
    "pieces",
    [
        [NEW, YORK],
        [replace(NEW, id="w0"), YORK],
        [replace(NEW, polygon=box(10, 10, w=70)), replace(YORK, polygon=box(85, 10, w=25))],
    ],
    ids=["drawn again", "one is made smaller", "one is most of it"],
)
def test_a_region_that_is_split_or_merged_counts_once(pieces):
    assert mistakes([LINE, OTHER], [*pieces, replace(OTHER, text="x")]) == {"split": 1, "text": 1}
    assert mistakes(pieces, [LINE]) == {"merged": 1}


def test_a_duplicate_that_is_removed_is_no_merger():
    twin = replace(WORD, id="twin", polygon=box(11, 10, w=21))
    assert mistakes([WORD, twin], [replace(WORD, polygon=box(10, 10, w=22))]) == {"shape": 1, "false": 1}
    inside = replace(WORD, id="inside", polygon=box(12, 12, w=5, h=5))
    assert mistakes([WORD, inside], [WORD]) == {"false": 1}
