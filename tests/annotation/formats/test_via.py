"""VGG Image Annotator."""

from __future__ import annotations

import json

import pytest

from annotation.formats import FormatError, import_from

RECT = {"name": "rect", "x": 10, "y": 20, "width": 50, "height": 30}


@pytest.fixture
def read(store, picture, tmp_path):
    """Imports (shape, attributes) of an image; (report, regions)."""
    (tmp_path / "photo.jpg").write_bytes(picture())

    def run(*regions):
        found = [
            {"shape_attributes": shape, "region_attributes": attributes} for shape, attributes in regions
        ]
        item = {"filename": "photo.jpg", "size": 5, "regions": found}
        (tmp_path / "via.json").write_text(json.dumps({"_via_img_metadata": {"photo.jpg5": item}}))
        report = import_from(store, "p", tmp_path / "via.json")
        (image,) = store.image_list(store.find_project("p"))
        return report, store.regions(image.id)

    return run


@pytest.mark.parametrize("file", ["via.json", "via.csv"])
def test_json_and_csv(store, case, file):
    report = import_from(store, "p", case("61") / file)
    (image,) = store.image_list(store.find_project("p"))
    assert (image.name, image.state, report.notes, report.faults) == ("a.jpg", "done", [], [])
    (region,) = store.regions(image.id)
    assert region.text == "NOVA"
    assert region.polygon == [[100, 100], [250, 100], [250, 150], [100, 150]]


def test_the_csv_next_to_the_json_is_not_imported_twice(store, case):
    report = import_from(store, "p", case("61"))
    assert report.notes == ["Not imported, because there is JSON too: via.csv."]
    assert report.images_added == report.regions_added == 1


def test_shapes(read):
    polygon = {"name": "polygon", "all_points_x": [1, 50, 50], "all_points_y": [1, 1, 20]}
    circle = {"name": "circle", "cx": 100, "cy": 50, "r": 20}
    ellipse = {"name": "ellipse", "cx": 100, "cy": 50, "rx": 20, "ry": 10, "theta": 1.5707963}
    point = {"name": "point", "cx": 1, "cy": 1}
    report, regions = read(*((shape, {"text": "a"}) for shape in (polygon, circle, ellipse, point)))
    assert regions[0].polygon == [[1, 1], [50, 1], [50, 20]]
    assert max(x for x, _ in regions[1].polygon) == 120
    assert max(y for _, y in regions[2].polygon) == 70
    assert report.faults == ["via.json (photo.jpg), region 4: a shape of the type 'point' has no area."]


def test_attributes(read):
    second = RECT | {"x": 100}
    report, regions = read((RECT, {"Transcription": "one", "type": "sign"}), (second, {"street": "two"}))
    assert [r.text for r in regions] == ["one", "two"]
    assert report.notes == [
        "photo.jpg: The attribute 'type' was ignored.",
        "photo.jpg: The attribute 'street' was imported as the text.",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("via.csv", "a,b\n1,2\n"),
        ("via.csv", "filename,region_shape_attributes,region_attributes\nphoto.jpg,{,{}\n"),
        ("via.json", '{"photo.jpg5": {"filename": "photo.jpg", "regions": 7}}'),
        ("via.json", "[]"),
    ],
)
def test_invalid_files(store, picture, tmp_path, name, text):
    (tmp_path / "photo.jpg").write_bytes(picture())
    (tmp_path / name).write_text(text)
    with pytest.raises(FormatError):
        import_from(store, "p", tmp_path / name, "via")
