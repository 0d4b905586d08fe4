"""COCO-style JSON."""

from __future__ import annotations

import json
import shutil

import pytest

from annotation.formats import FormatError, export_to, import_from
from annotation.store.selection import Selection

BOX = [[100, 100], [250, 100], [250, 150], [100, 150]]


def write(tmp_path, picture, *annotations, **keys):
    (tmp_path / "photo.jpg").write_bytes(picture())
    content = {"images": [{"id": "a", "file_name": "photo.jpg"}], "annotations": annotations} | keys
    (tmp_path / "c.json").write_text(json.dumps(content))
    return tmp_path / "c.json"


def regions(store, project="p"):
    (image,) = store.image_list(store.find_project(project))
    return store.regions(image.id)


def state(store, project="p"):
    (image,) = store.image_list(store.find_project(project))
    return image.name, image.state


def test_coco_text_and_textocr(store, picture, tmp_path):
    annotations = [
        {"image_id": "a", "points": [1, 1, 20, 1, 20, 20, 1, 20], "utf8_string": "one"},
        {
            "image_id": "a",
            "segmentation": [[1, 30, 20, 30, 20, 50], [50, 50, 55, 50, 55, 55]],
            "utf8_string": "two",
            "legibility": "illegible",
        },
        {"image_id": "a", "segmentation": {"counts": "xx", "size": [9, 9]}},
    ]
    report = import_from(store, "p", write(tmp_path, picture, *annotations), "coco")
    assert len(report.notes) == 2
    assert [(r.text, r.illegible) for r in regions(store)] == [("one", False), ("two", True)]


def test_objects_in_place_of_lists(store, picture, tmp_path):
    """COCO-Text: `imgs` and `anns` are objects, a polygon is the key `mask` or `polygon`."""
    (tmp_path / "photo.jpg").write_bytes(picture())
    annotations = {
        "1": {
            "image_id": 7,
            "mask": [1, 1, 20, 1, 20, 20, 1, 20],
            "utf8_string": "one",
            "legibility": "legible",
        },
        "2": {"image_id": 7, "polygon": [1, 30, 20, 30, 20, 50], "legibility": "illegible", "language": "na"},
    }
    content = {"imgs": {"7": {"id": 7, "file_name": "photo.jpg"}}, "anns": annotations}
    (tmp_path / "cocotext.v2.json").write_text(json.dumps(content))
    import_from(store, "p", tmp_path, "coco")
    assert [(r.text, r.illegible) for r in regions(store)] == [("one", False), ("", True)]
    assert state(store) == ("photo.jpg", "done")


def test_everything_visible_is_exported(store, awkward, other, tmp_path):
    notes = export_to(store, awkward, tmp_path / "out", "coco").notes
    assert notes == []
    import_from(other, "p", tmp_path / "out", "coco")
    (image,) = store.image_list(awkward)
    (copy,) = other.image_list(other.find_project("p"))
    assert [r.content for r in other.regions(copy.id)] == [r.content for r in store.regions(image.id)]
    assert copy.state == image.state == "in work"


def test_unchecked_photos_are_not_done_when_they_come_back(store, full, other, tmp_path):
    chosen = Selection(states=("new", "in work", "done", "approved"))
    export_to(store, full, tmp_path / "out", "coco", chosen)
    import_from(other, "p", tmp_path / "out")
    copies = {image.sha256: image for image in other.image_list(other.find_project("p"))}
    for image in store.image_list(full):
        copy = copies[image.sha256]
        assert copy.state == image.state
        locks = [region.locked for region in other.regions(copy.id)]
        assert locks == [region.locked for region in store.regions(image.id)]


@pytest.mark.parametrize("text", [".", "###", "*"])
def test_our_own_export_keeps_texts_that_mean_illegible_elsewhere(store, image_id, other, tmp_path, text):
    region = {"polygon": [[1, 1], [20, 1], [20, 20]], "text": text}
    store.save_regions(image_id, 0, [region], "ann")
    export_to(store, store.find_project("p"), tmp_path / "out", "coco")
    import_from(other, "p", tmp_path / "out", "coco")
    assert [(r.text, r.illegible) for r in regions(other)] == [(text, False)]


def test_a_rectangle_becomes_the_region(store, case):
    report = import_from(store, "p", case("40"), "coco")
    assert [r.polygon for r in regions(store)] == [BOX]
    assert report.notes == ["a.jpg: Regions without a text: 1."]


def test_a_rectangle_is_turned_about_its_centre(store, picture, tmp_path):
    box = {"image_id": "a", "segmentation": [], "bbox": [50, 40, 40, 20], "attributes": {"rotation": 90}}
    import_from(store, "p", write(tmp_path, picture, box | {"text": "up"}), "coco")
    (region,) = regions(store)
    assert sorted(region.polygon) == [[60, 30], [60, 70], [80, 30], [80, 70]]
    assert region.polygon[0] == [80, 30]  # the top left corner of the text is on the right now


@pytest.mark.parametrize("empty", [None, [], [[]], ""])
def test_cvat_export(store, picture, tmp_path, empty):
    attributes = {"Text": "NOVA", "occluded": False, "rotation": 0.0}
    box = {"image_id": "a", "segmentation": empty, "bbox": [10, 10, 40, 20], "attributes": attributes}
    report = import_from(store, "p", write(tmp_path, picture, box), "coco")
    assert [r.text for r in regions(store)] == ["NOVA"]
    assert (report.notes, report.faults) == ([], [])


def test_label_studio_export(store, case):
    report = import_from(store, "p", case("46") / "result.json", "coco")
    assert [r.polygon for r in regions(store)] == [BOX]
    assert report.notes == ["a.jpg: Regions without a text: 1."]
    assert state(store) == ("a.jpg", "in work")


@pytest.mark.parametrize(
    ("number", "expected"), [("41", [("NOVA", False), ("", True)]), ("52", [("", True), ("", True)])]
)
def test_a_dot_is_illegible_in_textocr(store, case, number, expected):
    import_from(store, "p", case(number), "coco")
    assert [(r.text, r.illegible) for r in regions(store)] == expected
    assert state(store)[1] == "done"


def test_texts_of_swintextspotter_are_decoded(store, case):
    report = import_from(store, "p", case("50"), "coco")
    assert [r.text for r in regions(store)] == ["NOVA"]
    assert "decoded from `rec`" in report.notes[0]
    assert state(store)[1] == "done"


def test_another_table_of_characters_is_not_decoded(store, picture, tmp_path):
    chinese = {"image_id": "a", "bbox": [1, 1, 20, 20], "rec": [4017, 5461, 5461]}
    report = import_from(store, "p", write(tmp_path, picture, chinese), "coco")
    assert [r.text for r in regions(store)] == [""]
    assert "unknown table" in report.notes[0]
    assert report.notes[1] == "photo.jpg: Regions without a text: 1."


def test_bezier_curves_become_a_polygon(store, picture, tmp_path):
    curves = [10, 50, 40, 20, 70, 20, 100, 50, 100, 70, 70, 40, 40, 40, 10, 70]
    region = {"image_id": "a", "bbox": [10, 27, 90, 43], "bezier_pts": curves, "rec": [46, 47]}
    import_from(store, "p", write(tmp_path, picture, region), "coco")
    (found,) = regions(store)
    assert found.text == "NO"
    assert len(found.polygon) == 16
    assert {(10, 50), (100, 50), (100, 70), (10, 70)} <= {tuple(point) for point in found.polygon}
    assert min(y for _, y in found.polygon) == pytest.approx(27.5, abs=1)


def test_regions_without_text_are_not_done(store, picture, tmp_path):
    regions = [{"image_id": "a", "bbox": [1, 1, 20, n], "caption": "x"} for n in (10, 20)]
    report = import_from(store, "p", write(tmp_path, picture, *regions), "coco")
    assert report.notes == ["photo.jpg: Regions without a text: 2."]
    assert state(store) == ("photo.jpg", "in work")


def test_a_category_that_is_dropped_is_named(store, case):
    report = import_from(store, "p", case("48"), "coco")
    assert report.notes == ["a.jpg: The category 'total_price' was ignored: every region is text here."]


@pytest.mark.parametrize("number", ["44", "53"])
def test_masks_and_second_polygons_are_noted(store, case, number):
    report = import_from(store, "p", case(number), "coco")
    assert len(regions(store)) == 1
    assert len(report.notes) == 1


def test_regions_of_a_scaled_image(store, case):
    report = import_from(store, "p", case("45"), "coco")
    assert report.notes[0].endswith("the upright image has 800 x 600; the regions were scaled.")
    (region,) = regions(store)
    assert region.polygon == [[100, 100], [250, 100], [250, 150], [100, 150]]


def test_another_ratio_of_the_sides_is_refused(store, case, tmp_path):
    shutil.copytree(case("45"), tmp_path / "in")
    path = tmp_path / "in/annotations.json"
    path.write_text(path.read_text().replace("1200", "1600"))
    with pytest.raises(FormatError, match="1600 x 1600 pixels"):
        import_from(store, "p", tmp_path / "in", "coco")


def test_an_invalid_region_leaves_the_others(store, picture, tmp_path):
    box = {"image_id": "a", "bbox": [1, 1, 20, 20], "text": "good"}
    bad = [box | {"bbox": [1, 1, 0, 20]}, box | {"bbox": [1, 1, 999, 20]}, box | {"image_id": "b"}]
    report = import_from(store, "p", write(tmp_path, picture, box, *bad), "coco")
    assert [r.text for r in regions(store)] == ["good"]
    assert len(report.faults) == 3
    assert all(any(f"annotation {i}" in fault for fault in report.faults) for i in (2, 3, 4))
    assert state(store) == ("photo.jpg", "in work")
