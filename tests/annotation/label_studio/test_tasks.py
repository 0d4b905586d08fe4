"""The regions of Label Studio's results."""

import math

import numpy as np
import pytest

from annotation.label_studio.tasks import from_results
from annotation.region import AnnotationError, RegionError

WIDTH, HEIGHT = 1003, 751


def result(**changes) -> dict:
    base = {
        "id": "a",
        "from_name": "label",
        "to_name": "image",
        "type": "polygonlabels",
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "image_rotation": 0,
        "value": {"points": [[10, 10], [20, 10], [20, 20]], "closed": True, "polygonlabels": ["Text"]},
    }
    return base | changes


def text(words, **changes) -> dict:
    return (
        result(
            type="textarea",
            from_name="transcription",
            value={"points": [[10, 10], [20, 10], [20, 20]], "text": words},
        )
        | changes
    )


def read(*results, size=(1000, 500), **options):
    return from_results(list(results), *size, "import", **options)


def test_nothing():
    assert read().regions == []


def test_submitted_regions_are_locked():
    predicted = result(meta={"origin": "model", "locked": False})
    assert [region.locked for region in read(predicted).regions] == [False]
    assert [region.locked for region in read(predicted, submitted=True).regions] == [True]


@pytest.mark.parametrize(("typed", "score"), [("ab", 0.7), ("abc", None)])
def test_a_retyped_text_loses_its_probabilities(typed, score):
    scored = {"reading_score": 0.7, "characters": [["a", 0.9], ["b", 0.6]]}
    (found,) = read(result(), text([typed], meta=scored)).regions
    assert (found.text, found.reading_score, len(found.characters)) == (typed, score, 2 if score else 0)


@pytest.mark.parametrize("angle", [0, 30, 90, -45, 200])
def test_rectangles_rotate_about_their_top_left_corner_in_pixels(angle):
    size = (800, 400)  # percent of width and height differ
    value = {"x": 40, "y": 40, "width": 10, "height": 10, "rotation": angle, "rectanglelabels": ["Text"]}
    (region,) = read(result(type="rectanglelabels", value=value), size=size).regions
    turn = np.array(
        [
            [np.cos(np.radians(angle)), -np.sin(np.radians(angle))],
            [np.sin(np.radians(angle)), np.cos(np.radians(angle))],
        ]
    )
    corners = np.array([[0, 0], [80, 0], [80, 40], [0, 40]]) @ turn.T + [320, 160]
    assert np.abs(np.array(region.polygon) - corners).max() < 0.01


def test_results_without_ids_are_grouped_by_geometry():
    other = [[50, 50], [60, 50], [60, 60]]
    results = [
        result(),
        text(["one"]),
        result(value={"points": other}),
        text(["two"], value={"points": other, "text": ["two"]}),
    ]
    for item in results:
        del item["id"]
    found = read(*results)
    assert [r.text for r in found.regions] == ["one", "two"]
    assert len({r.id for r in found.regions}) == 2


def test_other_configurations():
    parts = [
        result(type="polygon", from_name="poly"),
        text(["a", "b"]),
        result(type="labels", value={"labels": ["Text"]}),
    ]
    found = read(*parts)
    assert [(r.id, r.text) for r in found.regions] == [("a", "a b")]
    assert found.notes == ["The lines of a text were joined: 'a b'."]
    found = read(
        *parts,
        result(id="b", type="brushlabels"),
        result(type="choices", value={"choices": ["blurred", "difficult"]}),
        {"type": "relation", "from_id": "a", "to_id": "b"},
    )
    assert found.regions[0].difficult
    assert len(found.notes) == 4
    assert {"brushlabels", "blurred", "relation"} <= set(
        " ".join(found.notes).replace("'", " ").replace("(", " ").replace(")", " ").split()
    )
    only = read(result(type="brushlabels"))
    assert (only.regions, only.foreign) == ([], 1)


def test_an_invalid_id_is_replaced_and_reported():
    found = read(result(id="Ä b"), text(["x"], id="Ä b"))
    assert [r.text for r in found.regions] == ["x"]
    assert "id" in found.notes[0]


def points(*values):
    return result(value={"points": list(values), "polygonlabels": ["Text"]})


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("nothing", "list"),
        ([1], "list"),
        ([result(image_rotation=90)], "rotated"),
        ([result(id=f"r{i}") for i in range(10_000)], "10000 regions"),
    ],
)
def test_invalid_results(bad, sentence):
    with pytest.raises(AnnotationError, match=sentence) as caught:
        from_results(bad, 1000, 500, "import")
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ([result(value=None)], "value"),
        ([points([1, 1], [2, 2])], "2 points"),
        ([points([1, 1], [2, 2], [math.nan, 2])], "finite"),
        ([points([1, 1], [2, 2], ["3", 2])], "finite"),
        ([points([1, 1], [2, 2], [300, 2])], "outside"),
        ([points([1, 1], [2, 2], [-6, 2])], "outside"),
        ([result(type="rectangle", value={"x": 1})], "rectangle"),
        ([result(), text(7)], "string"),
        ([result(), text([None])], "string"),
        ([result(), text(["x" * 3000])], "3000"),
        ([result(type="rectangle", value={"x": 1, "y": 1, "width": 0, "height": 1})], "no area"),
        ([result(score=7)], "score"),
    ],
)
def test_an_invalid_region_leaves_the_others(bad, sentence):
    found = read(result(id="good"), *bad)
    assert [region.id for region in found.regions] == ["good"]
    (fault,) = found.faults
    assert fault.startswith("region 2: ")
    assert sentence in fault
    assert len(fault) < 150


def test_points_slightly_outside_are_moved_and_reported():
    found = read(points([-4, 1], [2, 2], [100.01, 2]))
    assert found.regions[0].polygon == [[0, 5], [1000, 10], [20, 10]]  # and clockwise
    assert "edge" in found.notes[0]


def test_region_error_is_a_sentence():
    assert issubclass(RegionError, AnnotationError)


def test_ignored_results_are_reported():
    labelled = result(value=result()["value"] | {"polygonlabels": ["Logo"]}, meta={"text": ["look here"]})
    found = from_results([labelled, result(), text(["one"]), text(["two"])], WIDTH, HEIGHT, "import")
    assert [region.text for region in found.regions] == ["two"]
    notes = " ".join(found.notes)
    assert all(word in notes for word in ("Logo", "remark", "outlines", "texts"))
    assert len(found.notes) == 4


def test_a_remark_is_never_the_text():
    found = read(result(), text(["NOVA"]), text(["blurred"], from_name="remark"))
    assert [region.text for region in found.regions] == ["NOVA"]
    assert found.notes == ["Texts of the control 'remark' were ignored; 'transcription' counts."]
    found = read(result(), text(["blurred"], from_name="remark"))
    assert [region.text for region in found.regions] == [""]
    assert len(found.notes) == 1


def test_the_first_text_control_counts_where_none_is_named_transcription():
    words = {"points": [[10, 10], [20, 10], [20, 20]], "text": ["NOVA"]}
    found = read(
        result(),
        text(["NOVA"], from_name="ocr"),
        text(["new"], from_name="translation"),
        result(id="b"),
        text(["later"], id="b", from_name="translation"),
        result(id="c"),
        result(id="c", type="textarea", from_name="ocr", value=words),
    )
    assert [region.text for region in found.regions] == ["NOVA", "", "NOVA"]
