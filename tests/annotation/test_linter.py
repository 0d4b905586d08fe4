"""Problems that the linter reports and fixes."""

import json
from dataclasses import replace

import pytest

from annotation.formats import import_from
from annotation.linter import fix, lint, lint_regions
from annotation.region import Region

WORD = Region([[10, 10], [40, 10], [40, 20], [10, 20]], "clear", "w")
EIGHT = [[10, 10], [40, 40], [40, 10], [10, 40]]


@pytest.fixture
def case_of_unchecked(store, picture, tmp_path) -> tuple[int, int]:
    """A project and its image, imported with what PPOCRLabel's model has read."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(picture())
    words = [{"transcription": "NOVA", "points": WORD.polygon}]
    (tmp_path / "in/Cache.cach").write_text(f"a.jpg\t{json.dumps(words)}\n")
    import_from(store, "p", tmp_path / "in")
    project = store.find_project("p")
    return project, store.image_list(project)[0].id


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
        ({"text": " clear"}, ["spaces"]),
        ({"text": "Ñandú"}, ["unknown"]),
        ({"text": "Ñandú", "illegible": True}, []),
        ({"text": "aaaaaaaaaaa"}, ["long"]),
        ({"text": "todo"}, ["placeholder"]),
        ({"text": "todo", "illegible": True}, []),
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


@pytest.mark.parametrize(
    ("shift", "text", "expected"),
    [(0, "nova", 1), (2, "nova", 1), (5, "nova", 0), (5, "", 0), (5, "clear", 1), (12, "clear", 0)],
)
def test_duplicates(shift, text, expected):
    one = replace(WORD, text="clear", illegible=False)
    other = replace(one, id="x", polygon=[[x + shift, y] for x, y in WORD.polygon], text=text)
    found = [rule for rule, _ in rules(one, other)]
    assert found.count("duplicate") == expected


def test_the_locked_one_of_duplicates_is_better():
    mine = replace(WORD, id="mine", locked=True)
    copies = [replace(WORD, id=f"c{i}", score=0.9) for i in range(3)]
    assert sorted(rules(copies[0], mine, *copies[1:])) == [("duplicate", f"c{i}") for i in range(3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NOVA", []),
        ("###", ["masked"]),
        ("待识别", ["placeholder"]),
        ("TEMPORARY", ["placeholder"]),
        (',"NOVA', ["leftover"]),
        ('"NOVA"', []),
        ("NOV\u0410", ["lookalike"]),
        ("ДОМ", []),
    ],
)
def test_suspicious_texts(text, expected):
    assert [rule for rule, _ in rules(replace(WORD, text=text))] == expected


def lint_texts(store, picture, *texts):
    """The findings of a project of one image with these texts."""
    project = store.ensure_project("p")
    image, _ = store.add_image(project, picture(size=(200, 2000)), "a.jpg")
    corners = [(10, 0), (90, 0), (90, 20), (10, 20)]
    regions = [
        Region([[x, 30 * i + y] for x, y in corners], text, f"w{i}", locked=True)
        for i, text in enumerate(texts)
    ]
    store.save_regions(image.id, 0, regions, "ann")
    return [(finding.rule, finding.region_id) for finding in lint(store, project)]


def test_a_text_in_another_script_than_the_rest(store, picture):
    latin, one = [f"sign {i}" for i in range(30)], ["дом"]
    assert lint_texts(store, picture, *latin, *one) == [("script", "w30")]


@pytest.mark.parametrize(
    "texts", [["sign", "дом"], ["sign 1"] * 30, ["sign 1"] * 20 + ["дом"] * 10, ["12"] * 30]
)
def test_a_project_in_several_scripts_is_fine(store, picture, texts):
    assert lint_texts(store, picture, *texts) == []


def test_characters_that_the_model_does_not_know(store, image_id):
    regions = [replace(WORD, text="é"), replace(WORD, id="x", text="ü", illegible=True)]
    store.save_regions(image_id, 0, regions, "ann")
    project = store.find_project("p")
    found = [finding for finding in lint(store, project, "abc") if finding.region_id is None]
    assert [finding.rule for finding in found] == ["characters"]
    assert "does not know yet: é. The next round" in found[0].message
    assert not [finding for finding in lint(store, project, "abcé") if finding.rule == "characters"]


def test_an_imported_project_that_nobody_has_checked(store, case_of_unchecked):
    project, image = case_of_unchecked
    found = [finding.rule for finding in lint(store, project)]
    assert found == ["unchecked"]
    (region,) = store.regions(image)
    store.save_regions(image, store.image(image).version, [replace(region, text="mine")], "ann")
    assert list(lint(store, project)) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"text": "###"}, {"text": "", "illegible": True}),
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
