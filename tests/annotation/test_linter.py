"""Problems that the linter reports and fixes."""

from dataclasses import replace

import pytest

from annotation.linter import fix, lint, lint_regions
from annotation.region import Region

WORD = Region([[10, 10], [40, 10], [40, 20], [10, 20]], "word", "w")
EIGHT = [[10, 10], [40, 40], [40, 10], [10, 40]]


def rules(*regions, **limits):
    return [(f.rule, f.region_id) for f in lint_regions(1, regions, **limits)]


def test_no_region_and_one():
    assert rules() == [("bare", None)]
    assert rules(WORD) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"text": ""}, ["empty"]),
        ({"text": "  "}, ["spaces", "empty"]),
        ({"text": "", "illegible": True}, []),
        ({"text": " word"}, ["spaces"]),
        ({"text": "Ñandú"}, ["unknown"]),
        ({"text": "Ñandú", "illegible": True}, []),
        ({"text": "aaaaaaaaaaa"}, ["long"]),
        ({"text": "aaaaaaaaaa"}, []),
        ({"polygon": EIGHT}, ["crossing"]),
        ({"polygon": [[10, 10], [11, 10], [11, 40], [10, 40]]}, ["tiny"]),
        ({"polygon": [[10, 10], [13, 10], [13, 13], [10, 13]]}, ["tiny"]),
        ({"polygon": [[10, 10], [40, 40], [20, 20]]}, ["tiny"]),
        ({"polygon": [[10, 10]] * 3}, ["tiny"]),
    ],
)
def test_rules(changes, expected):
    found = rules(replace(WORD, **changes), characters="abcdefghijklmnopqrstuvwxyz", max_length=10)
    assert [rule for rule, _ in found] == expected


def test_the_limits_of_the_model_are_optional():
    assert rules(replace(WORD, text="Ñ" * 100)) == []


@pytest.mark.parametrize(("shift", "expected"), [(0, 1), (2, 1), (5, 0)])
def test_duplicates(shift, expected):
    other = replace(WORD, id="x", polygon=[[x + shift, y] for x, y in WORD.polygon])
    assert len(rules(WORD, other)) == expected


def test_the_locked_one_of_duplicates_is_better():
    mine = replace(WORD, id="mine", locked=True)
    copies = [replace(WORD, id=f"c{i}", score=0.9) for i in range(3)]
    assert sorted(rules(copies[0], mine, *copies[1:])) == [("duplicate", f"c{i}") for i in range(3)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"text": " a "}, {"text": "a"}),
        ({"text": ""}, {"illegible": True}),
        ({"polygon": [[10, 10], [11, 10], [11, 40], [10, 40]]}, None),
    ],
)
def test_fixes(store, image_id, changes, expected):
    other = replace(WORD, id="other", polygon=[[x + 100, y] for x, y in WORD.polygon])
    store.save_regions(image_id, 0, [replace(WORD, **changes), other], "ann")
    (finding,) = lint(store, store.ensure_project("p"))
    assert finding.fixable
    assert fix(store, finding, "ann")
    assert list(lint(store, store.ensure_project("p"))) == []
    fixed = {region.id: region for region in store.regions(image_id)}
    assert fixed["other"].content == other.content
    if expected is None:
        assert "w" not in fixed
    else:
        assert {name: getattr(fixed["w"], name) for name in expected} == expected
    assert not fix(store, finding, "ann")  # it no longer applies
    assert store.image(image_id).version == 2


def test_a_crossing_polygon_keeps_its_larger_part(store, image_id):
    bow = [[10, 10], [60, 60], [60, 10], [50, 10], [10, 60]]
    store.save_regions(image_id, 0, [replace(WORD, polygon=bow)], "ann")
    (finding,) = lint(store, store.ensure_project("p"))
    assert fix(store, finding, "ann")
    assert list(lint(store, store.ensure_project("p"))) == []
    assert len(store.regions(image_id)[0].polygon) >= 3


def test_all_duplicates_can_be_fixed(store, image_id):
    store.save_regions(image_id, 0, [replace(WORD, id=f"c{i}") for i in range(3)], "ann")
    findings = list(lint(store, store.ensure_project("p")))
    assert [fix(store, finding, "ann") for finding in findings] == [True, True]
    assert len(store.regions(image_id)) == 1


def test_an_image_without_regions_cannot_be_fixed(store, image_id):
    (finding,) = lint(store, store.ensure_project("p"))
    assert (finding.rule, finding.fixable) == ("bare", False)
    assert not fix(store, finding, "ann")
