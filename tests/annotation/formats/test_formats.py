"""What all formats have in common: round trips, invalid files, repeated imports."""

from __future__ import annotations

import json

import pytest

from annotation.formats import FormatError, export_to, import_from

ICDAR = "1,1,50,1,50,20,1,20,"
TWICE = '{"transcription": "a", "points": [[1, 1], [9, 1], [9, 9]]}, ' * 2


def coco(image, *annotations):
    images = [{"id": 1, "file_name": "photo.jpg"} | image]
    return json.dumps({"images": images, "annotations": annotations})


def tasks(region_id: object) -> str:
    value = {"points": [[1, 1], [50, 1], [50, 50]], "polygonlabels": ["Text"]}
    names = {"from_name": "label", "to_name": "image", "type": "polygonlabels"}
    result = {"id": region_id, **names, "value": value}
    return json.dumps([{"data": {"image": "photo.jpg"}, "annotations": [{"result": [result]}]}])


BAD_FILES = {
    "icdar": {"gt/gt_photo.txt": "1,2,3,word\n"},
    "icdar without images": {"gt/gt_other.txt": ICDAR + "a"},
    "ppocrlabel": {"Label.txt": "photo.jpg [{}]\n"},
    "ppocrlabel points": {"Label.txt": 'photo.jpg\t[{"transcription": "a", "points": [[1, 1], [2, 2]]}]'},
    "ppocrlabel nan": {
        "Label.txt": 'photo.jpg\t[{"transcription": "a", "points": [[NaN, 1], [2, 2], [3, 1]]}]'
    },
    "ppocrlabel text": {
        "Label.txt": 'photo.jpg\t[{"transcription": [7], "points": [[1, 1], [2, 2], [3, 1]]}]'
    },
    "ppocrlabel empty": {"Label.txt": "\n"},
    "ppocrlabel name": {"Label.txt": "a" * 5000 + "\t[]\n"},
    "icdar far": {"gt/gt_photo.txt": "9" * 5000 + ",1,50,1,50,20,1,20,a"},
    "coco name": {"annotations.json": coco({"file_name": "a" * 5000})},
    "coco": {"annotations.json": "[]"},
    "coco size": {"annotations.json": coco({"width": 9, "height": 9})},
    "coco odd": {"annotations.json": coco({}, {"image_id": 1, "segmentation": [[1, 2, 3]]})},
    "coco far": {"annotations.json": coco({}, {"image_id": 1, "segmentation": [[1, 2, 3, 4, 900, 1]]})},
}


@pytest.mark.parametrize("form", ["icdar", "ppocrlabel", "coco", "page-xml"])
def test_other_formats_keep_the_words(store, full, other, tmp_path, content, form):
    report = export_to(store, full, tmp_path / "out", form)
    assert report.images == 3
    assert report.notes[0] == "images left out because they have not been annotated: 2"
    assert import_from(other, "p", tmp_path / "out", form).images_added == 3
    original, imported = content(store), content(other)
    for sha256, (_, state, *_, regions, _) in imported.items():
        was = original[sha256][1]
        in_work = "in work" if form == "ppocrlabel" and was == "in work" else "done"
        assert state == (was if form == "coco" else in_work)
        expected = [(r.text, r.illegible) for r in original[sha256][4]]
        assert [(r.text, r.illegible) for r in regions] == expected
        if form == "page-xml":
            assert [r.difficult for r in regions] == [r.difficult for r in original[sha256][4]]
        elif form != "icdar":
            assert [r.polygon for r in regions] == [r.polygon for r in original[sha256][4]]
            assert [r.difficult for r in regions] == [r.difficult for r in original[sha256][4]]
        assert all(r.origin == "import" for r in regions)
        locks = [r.locked for r in original[sha256][4]]
        assert [r.locked for r in regions] == (locks if form == "coco" else [state == "done"] * len(regions))


@pytest.mark.parametrize("name", BAD_FILES)
def test_an_invalid_file_changes_nothing(store, tmp_path, picture, name):
    folder = tmp_path / "in"
    (folder / "gt").mkdir(parents=True)
    (folder / "images").mkdir()
    (folder / "images/photo.jpg").write_bytes(picture())
    for file, text in BAD_FILES[name].items():
        (folder / file).write_text(text)
    with pytest.raises(FormatError):
        import_from(store, "p", folder, name.split()[0])
    assert store.projects() == []


@pytest.mark.parametrize(
    ("form", "file", "text"),
    [
        ("icdar", "gt/gt_photo.txt", ICDAR + "word\n60,1,90,1,90,20,60,20,###\n"),
        ("ppocrlabel", "Label.txt", f"images/photo.jpg\t[{TWICE[:-2]}]\n"),
        (
            "coco",
            "annotations.json",
            coco({}, {"image_id": 1, "segmentation": [[1, 1, 9, 1, 9, 9]], "text": "a"}),
        ),
        ("label-studio", "tasks.json", tasks(None)),
        ("label-studio", "tasks.json", tasks("no id!")),
        ("label-studio", "tasks.json", tasks(7)),
    ],
)
def test_files_without_ids_can_be_imported_again(store, tmp_path, picture, form, file, text):
    (tmp_path / "gt").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images/photo.jpg").write_bytes(picture())
    (tmp_path / file).write_text(text)
    import_from(store, "p", tmp_path, form)
    (image,) = store.image_list(store.find_project("p"))
    again = import_from(store, "p", tmp_path, form)
    assert (again.regions_added, again.regions_changed, again.regions_removed) == (0, 0, 0)
    assert again.regions_unchanged == len(store.regions(image.id)) > 0
    # A later import does not conflict with what a person has edited since.
    mine = [region.to_json() | {"text": "mine"} for region in store.regions(image.id)]
    store.save_regions(image.id, store.image(image.id).version, mine, "ann")
    again = import_from(store, "p", tmp_path, form)
    assert (again.outdated, again.kept_as_drafts) == (1, [])
    assert {region.text for region in store.regions(image.id)} == {"mine"}
