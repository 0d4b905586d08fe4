"""Exports of Label Studio projects as people have reported them."""

from __future__ import annotations

import json

import pytest

from annotation.formats import FormatError, import_from
from annotation.formats.label_studio import json_min_note


def shown(store, project="p"):
    return {
        image.name: (image.state, [(r.text, r.polygon) for r in store.regions(image.id)])
        for image in store.image_list(store.find_project(project))
    }


def texts(store):
    return [text for _, regions in shown(store).values() for text, _ in regions]


def test_a_task_without_words_leaves_the_others(store, case):
    report = import_from(store, "p", case("73"))
    assert list(shown(store)) == ["a.jpg"]
    (fault,) = report.faults
    assert fault.startswith("tasks.json, task 2 (b.jpg): ")
    assert "contains no words" in fault


@pytest.mark.parametrize("number", ["81", "89", "98"])
def test_an_invalid_region_leaves_the_others(store, case, number):
    report = import_from(store, "p", case(number))
    assert sum(len(regions) for _, regions in shown(store).values()) == 1
    (fault,) = report.faults
    assert "region" in fault


def test_lines_of_a_text_are_joined(store, case):
    report = import_from(store, "p", case("74"))
    assert texts(store) == ["MAIN ST NO 5"]
    assert report.notes == ["a.jpg: The lines of a text were joined: 'MAIN ST NO 5'."]


def test_a_remark_does_not_replace_the_text(store, case):
    report = import_from(store, "p", case("96"))
    assert texts(store) == ["NOVA"]
    assert "'remark'" in report.notes[0]


def test_an_image_inside_the_task_is_taken(store, case):
    import_from(store, "p", case("80"))
    ((name, (_, regions)),) = shown(store).items()
    assert name.startswith("task 1")
    assert len(regions) == 1


def test_another_key_of_the_image(store, case):
    import_from(store, "p", case("84"))
    assert list(shown(store)) == ["a.jpg"]


def test_several_pages_are_refused_with_the_keys(store, case):
    with pytest.raises(FormatError, match=r'"pages".*"image", "ocr".*several pages'):
        import_from(store, "p", case("85"))


def test_a_short_export_is_read_and_what_it_lacks_is_said(store, case):
    report = import_from(store, "p", case("71") / "min.json")
    ((state, ((text, polygon),)),) = shown(store).values()
    assert (state, text) == ("in work", "NOVA")
    assert [round(x) for x in polygon[0]] == [100, 100]
    assert report.notes == [json_min_note()]


def test_a_short_export_whose_photo_is_missing_is_refused_with_what_it_is(store, case):
    with pytest.raises(FormatError) as caught:
        import_from(store, "p", case("100"))
    fault, note = str(caught.value).splitlines()
    assert "1a-a.jpg is neither in the project nor next to the file" in fault
    assert note == json_min_note()


def test_a_detection_project_is_not_done(store, case):
    report = import_from(store, "p", case("95"))
    assert shown(store)["a.jpg"][0] == "in work"
    assert report.notes == ["a.jpg: No region has a text."]


def test_images_without_annotation_are_one_line(store, picture, tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.jpg").write_bytes(picture(i))
    tasks = [{"data": {"image": f"{i}.jpg"}} for i in range(3)]
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    report = import_from(store, "p", tmp_path / "tasks.json")
    assert report.notes == ["0.jpg: It has no annotation, nor have 2 other images."]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("70", [[200, 100], [200, 400], [100, 400], [100, 100]]),
        ("78", [[100, 100.2], [250, 100.2], [250, 150], [100, 150]]),
        ("79", [[100, 100.2], [250, 100.2], [250, 150], [100, 150]]),
        ("82", [[100, 100.2], [250, 100.2], [250, 150], [100, 150]]),
        ("91", [[100, 100.2], [250, 100.2], [250, 150], [100, 150]]),
    ],
)
def test_other_ways_to_name_an_image_and_to_draw(store, case, number, expected):
    import_from(store, "p", case(number))
    assert [polygon for _, polygon in shown(store)["a.jpg"][1]] == [expected]


def test_the_note_on_several_annotations_names_the_people(store, case):
    report = import_from(store, "p", case("76"))
    assert texts(store) == ["N0VA"]
    people = "kim@example.org (Label Studio), lee@example.org (Label Studio)"
    assert report.notes == [f"a.jpg: It has 2 annotations of {people}; only the newest one was imported."]


def test_a_task_without_image_leaves_the_others(store, picture, tmp_path):
    (tmp_path / "0.jpg").write_bytes(picture())
    tasks = [{"data": {"image": "0.jpg"}}, {"data": {"text": "x"}}, 7, {"data": {"image": "data:;base64,?"}}]
    (tmp_path / "tasks.json").write_text(json.dumps(tasks))
    report = import_from(store, "p", tmp_path / "tasks.json")
    assert list(shown(store)) == ["0.jpg"]
    assert [fault.partition(":")[0] for fault in report.faults] == [
        "tasks.json, task 2",
        "tasks.json, task 3",
        "tasks.json, task 4 (task 4)",
    ]
