"""labelme's JSON."""

from __future__ import annotations

import base64
import json

import pytest

from annotation.formats import FormatError, import_from

POLYGON = {"label": "NOVA", "points": [[1, 1], [50, 1], [50, 20]], "shape_type": "polygon"}


@pytest.fixture
def read(store, picture, tmp_path):
    """Imports shapes; (report, regions, state)."""
    (tmp_path / "photo.jpg").write_bytes(picture())

    def run(*shapes, **keys):
        content = {"version": "5.4.1", "imagePath": "photo.jpg", "shapes": shapes} | keys
        (tmp_path / "photo.json").write_text(json.dumps(content))
        report = import_from(store, "p", tmp_path / "photo.json")
        (image,) = store.image_list(store.find_project("p"))
        return report, store.regions(image.id), image.state

    return run


def test_the_label_is_the_text(store, case):
    report = import_from(store, "p", case("60") / "a.json")
    (image,) = store.image_list(store.find_project("p"))
    assert (image.name, image.state, report.notes, report.faults) == ("a.jpg", "done", [], [])
    (region,) = store.regions(image.id)
    assert (region.text, region.locked) == ("NOVA", True)
    assert region.polygon == [[100, 100], [250, 100], [250, 150], [100, 150]]


def test_a_folder_of_files(store, picture, tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.jpg").write_bytes(picture(i))
        content = {"imagePath": f"..\\{i}.jpg", "shapes": [POLYGON], "imageWidth": 200, "imageHeight": 100}
        (tmp_path / f"{i}.json").write_text(json.dumps(content | ({"imageWidth": 99} if i == 1 else {})))
    report = import_from(store, "p", tmp_path)
    assert report.images_added == 2
    (fault,) = report.faults
    assert fault.startswith("1.json: ")


def test_labels_are_no_texts_beside_descriptions(read):
    described = POLYGON | {"label": "text", "description": "one"}
    report, regions, state = read(described, POLYGON | {"label": "sign", "description": ""})
    assert [r.text for r in regions] == ["one", ""]
    assert state == "done"
    assert report.notes == [
        "photo.jpg: The label 'sign' was ignored: every region is text here.",
        "photo.jpg: Regions without a text: 1.",
    ]


def test_other_shapes(read):
    rectangle = {"label": "a", "points": [[60, 40], [10, 20]], "shape_type": "rectangle"}
    circle = {"label": "b", "points": [[100, 50], [120, 50]], "shape_type": "circle"}
    line = {"label": "c", "points": [[100, 50], [120, 50]], "shape_type": "line"}
    report, (first, second), state = read(rectangle, circle, line)
    assert sorted(first.polygon) == [[10, 20], [10, 40], [60, 20], [60, 40]]
    assert max(x for x, _ in second.polygon) == 120
    assert report.faults == ["photo.json, shape 3: a shape of the type 'line' with 2 points has no area."]
    assert state == "in work"


def test_generic_labels_are_no_texts(read):
    report, (region,), state = read(POLYGON | {"label": "text"})
    assert (region.text, state) == ("", "in work")
    assert report.notes == ["photo.jpg: Regions without a text: 1."]


@pytest.mark.parametrize("shape", [7, {}, POLYGON | {"points": [[1, "x"]] * 3}, POLYGON | {"label": 7}])
def test_a_file_without_a_valid_shape_is_refused(read, shape):
    with pytest.raises(FormatError, match="shape 1"):
        read(shape)


def test_an_image_without_a_name_is_refused(read):
    with pytest.raises(FormatError, match="imagePath"):
        read(POLYGON, imagePath=None)


def test_an_image_inside_the_file_is_taken_if_there_is_no_other(store, picture, tmp_path):
    shape = {"imagePath": "gone.jpg", "shapes": [POLYGON]}
    for data in ("", "no base64!", base64.b64encode(b"no image").decode()):
        (tmp_path / "a.json").write_text(json.dumps(shape | {"imageData": data}))
        with pytest.raises(FormatError, match=r"gone\.jpg|not an image"):
            import_from(store, "p", tmp_path)
    (tmp_path / "a.json").write_text(json.dumps(shape | {"imageData": base64.b64encode(picture()).decode()}))
    assert import_from(store, "p", tmp_path).faults == []
    (image,) = store.image_list(store.find_project("p"))
    assert (image.name, len(store.regions(image.id))) == ("gone.jpg", 1)
