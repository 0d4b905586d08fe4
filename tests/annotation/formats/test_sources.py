"""What there is to import in a folder and its subfolders."""

from __future__ import annotations

import json

import pytest

from annotation.formats import FORMATS, FormatError, import_from
from annotation.formats.sources import find_sources

LINE = "1,1,50,1,50,20,1,20,word\n"


def coco(name: str, text: str) -> str:
    box = {"id": 1, "image_id": 1, "bbox": [10, 10, 30, 10], "text": text}
    return json.dumps({"images": [{"id": 1, "file_name": name}], "annotations": [box], "categories": []})


@pytest.fixture
def put(tmp_path, picture):
    """Writes files: images for the endings of images, else the given texts."""

    def write(**files: str | int):
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, int):
                path.write_bytes(picture(content))
            else:
                path.write_text(content, encoding="utf-8")

    return write


def texts(store) -> dict[str, list[str]]:
    images = store.image_list(store.find_project("p"))
    return {image.name: [region.text for region in store.regions(image.id)] for image in images}


def found(folder, format_name=None) -> list[tuple[str, str]]:
    sources = find_sources(folder, FORMATS, format_name)
    return [(one.format_name, one.path.relative_to(folder).as_posix()) for one in sources]


def test_an_empty_folder(tmp_path):
    with pytest.raises(FormatError, match="a folder without files"):
        find_sources(tmp_path, FORMATS, None)
    assert found(tmp_path, "coco") == [("coco", ".")]  # which says what it lacks


def test_too_many_folders_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("annotation.formats.sources.MAX_FOLDERS", 2)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with pytest.raises(FormatError, match="more than 2 folders"):
        find_sources(tmp_path, FORMATS, None)


def test_a_folder_with_files_is_read_itself(put, tmp_path):
    put(annotations_json=coco("a.jpg", "A"), below__annotations_json=coco("a.jpg", "B"))
    assert found(tmp_path) == [("coco", ".")]


def test_annotations_and_photos_in_folders_of_their_own(put, store, tmp_path):
    """As CVAT packs them."""
    put(annotations__instances_json=coco("a.jpg", "A"), images__a_jpg=0)
    assert import_from(store, "p", tmp_path).faults == []
    assert texts(store) == {"a.jpg": ["A"]}


def test_photos_above_their_annotations(put, store, tmp_path):
    """As Transkribus exports them."""
    page = (
        '<PcGts><Page imageFilename="a.jpg"><TextLine><Coords points="1,1 30,1 30,20"/>'
        "<TextEquiv><Unicode>A</Unicode></TextEquiv></TextLine></Page></PcGts>"
    )
    put(page__a_xml=page, a_jpg=0)
    import_from(store, "p", tmp_path)
    assert texts(store) == {"a.jpg": ["A"]}


def test_several_parts_of_a_data_set(put, store, tmp_path):
    """As Roboflow packs them, here with photos of the same name."""
    put(
        train__annotations_json=coco("a.jpg", "A"),
        train__a_jpg=0,
        valid__annotations_json=coco("a.jpg", "B"),
        valid__a_jpg=1,
        test__annotations_json=coco("gone.jpg", "C"),
    )
    report = import_from(store, "p", tmp_path)
    assert texts(store) == {"train_a.jpg": ["A"], "valid_a.jpg": ["B"]}
    assert len(report.faults) == 1
    assert report.faults[0].startswith("test/annotations.json")


def test_two_folders_of_text_files_and_photos(put, store, tmp_path):
    """As MLT 2019 and Total-Text are packed."""
    put(Images__Train__b_jpg=0, Images__Test__a_jpg=1, Truth__Train__b_txt=LINE, Truth__Test__a_txt=LINE)
    assert found(tmp_path) == [("icdar", "Truth/Test"), ("icdar", "Truth/Train")]
    assert import_from(store, "p", tmp_path).faults == []
    assert texts(store) == {"a.jpg": ["word"], "b.jpg": ["word"]}


def test_notes_name_their_folder(put, store, tmp_path):
    put(one__a_txt=LINE.replace(",", "\t"), one__a_jpg=0, two__b_txt=LINE, two__b_jpg=1)
    assert import_from(store, "p", tmp_path).notes == ["one: The fields are separated by tabs."]


def test_a_named_format_is_searched_for_below_too(put, tmp_path):
    put(one__annotations_json=coco("a.jpg", "A"), two__b_txt=LINE)
    assert found(tmp_path, "icdar") == [("icdar", "two")]
    assert found(tmp_path) == [("coco", "one"), ("icdar", "two")]


def test_all_files_of_a_form_are_read(put, store, tmp_path):
    put(a_json=coco("a.jpg", "A"), b_json=coco("b.jpg", "B"), a_jpg=0, b_jpg=1)
    import_from(store, "p", tmp_path)
    assert texts(store) == {"a.jpg": ["A"], "b.jpg": ["B"]}


def test_files_in_another_form_are_named(put, store, tmp_path):
    put(a_json=coco("a.jpg", "A"), a_jpg=0, b_txt=LINE, b_jpg=1)
    (note,) = import_from(store, "p", tmp_path).notes
    assert "which were not imported: ICDAR's images" in note
    assert texts(store) == {"a.jpg": ["A"]}
