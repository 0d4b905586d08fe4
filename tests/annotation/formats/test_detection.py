"""Formats that are found out by looking at the input."""

from __future__ import annotations

import json

import pytest

from annotation.formats import FORMATS, FormatError, export_to
from annotation.formats.detection import Source, detect

COORDINATES = "1,1,50,1,50,20,1,20,word\n"
FILES = {
    "label-studio": {"any name.json": json.dumps([{"data": {"image": "a.jpg"}}])},
    "coco": {"instances.json": json.dumps({"images": [], "annotations": []})},
    "ppocrlabel": {"train.txt": 'a.jpg\t[{"transcription": "a", "points": []}]\n'},
    "icdar": {"a.txt": COORDINATES},
    "art": {"labels.json": json.dumps({"a": [{"transcription": "a", "points": []}]})},
}


@pytest.mark.parametrize("name", FILES)
def test_the_format_of_a_folder_and_its_file(tmp_path, name):
    for file, text in FILES[name].items():
        (tmp_path / file).write_text(text, encoding="utf-8-sig")
        (tmp_path / "README.md").write_text("# Photos\n")
        (tmp_path / "notes.txt").write_text("1 photo is blurred\n")
        assert detect(tmp_path, FORMATS) == name
        if name != "icdar":
            assert detect(tmp_path / file, FORMATS) == name


@pytest.mark.parametrize("name", ["label-studio", "coco", "ppocrlabel", "icdar"])
def test_our_own_exports_are_recognised(store, full, tmp_path, name):
    export_to(store, full, tmp_path / "out", name)
    assert detect(tmp_path / "out", FORMATS) == name


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (
            "a.json",
            "{",
            "a.json is a file that is not valid JSON, which is no known form; known are Label St",
        ),
        ("a.json", '{"fine": 1, "odd": 2}', 'is JSON with "fine", "odd", which'),
        ("a.json", "[1, 2]", "JSON of another kind"),
        ("a.json", '[{"annotator": 1, "image": "a.jpg"}]', "JSON-MIN"),
        ("rec_gt.txt", "crop_img/a_0.jpg\tNOVA\n", "cropped words .* does not say where the words are"),
        ("a.xml", '<?xml version="1.0"?>\n<sketch/>', "XML with the root <sketch>"),
        ("a.xml", "<annotation><object/></annotation>", "the XML of Pascal VOC"),
        ("a.csv", "image,annotator,lead_time\n", r"Label Studio's CSV \(export it there as JSON\)"),
        ("a.json", '{"project": {}, "metadata": {}, "file": {}, "view": {}}', "VGG Image Annotator 3"),
        ("train.jsonl.gz", "x", "a packed file"),
        ("poly_gt_img1.mat", "x", "MATLAB .take the text files"),
        ("a.doc", "x", r"a \.doc file"),
        ("a", "x", "a file without an ending"),
    ],
)
def test_a_refusal_names_what_the_file_is_and_the_known_forms(tmp_path, file, text, expected):
    (tmp_path / file).write_text(text)
    with pytest.raises(FormatError, match=expected) as caught:
        detect(tmp_path / file, FORMATS)
    assert all(module.title() in str(caught.value) for module in FORMATS.values())


def test_refused_folders(tmp_path):
    with pytest.raises(FormatError, match="a folder without files"):
        detect(tmp_path, FORMATS)
    for name in ("a.jpg", "b.PNG"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(FormatError, match="has images, but no known annotations; add them with `python"):
        detect(tmp_path, FORMATS)
    with pytest.raises(FormatError, match=r"a\.jpg has images, but no known annotations"):
        detect(tmp_path / "a.jpg", FORMATS)
    (tmp_path / "notes.txt").write_text("7 photos\n")
    with pytest.raises(FormatError, match="has images, but no known annotations"):
        detect(tmp_path, FORMATS)
    (tmp_path / "rec_gt.txt").write_text("crop_img/a_0.jpg\tNOVA\n")
    with pytest.raises(FormatError, match=r"a folder with rec_gt\.txt, a list of cropped words"):
        detect(tmp_path, FORMATS)
    (tmp_path / "rec_gt.txt").unlink()
    (tmp_path / "labels.tgz").write_bytes(b"x")
    with pytest.raises(FormatError, match=r"a folder with labels\.tgz, a packed file"):
        detect(tmp_path, FORMATS)
    (tmp_path / "labels.tgz").unlink()
    (tmp_path / "odd.json").write_text("[]")
    with pytest.raises(FormatError, match=r"a folder with odd\.json, JSON of another kind"):
        detect(tmp_path, FORMATS)


def test_folders_of_folders(tmp_path):
    (tmp_path / "all" / "deep").mkdir(parents=True)
    with pytest.raises(FormatError, match="a folder without files"):
        detect(tmp_path / "all", FORMATS)
    (tmp_path / "all/deep/a.jpg").write_bytes(b"x")
    with pytest.raises(FormatError, match=r"all has images, but no known annotations; .* --recursive"):
        detect(tmp_path / "all", FORMATS)
    (tmp_path / "all/deep/a.mat").write_bytes(b"x")
    with pytest.raises(FormatError, match=r"a folder with a\.mat, a file of MATLAB"):
        detect(tmp_path / "all", FORMATS)


def test_the_beginning_of_a_file(tmp_path):
    source = Source(tmp_path)
    (tmp_path / "long").write_text("é" * 100_000, encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xd8\xff\xe0" * 9)
    assert set(source.head(tmp_path / "long")) == {"é"}
    assert source.head(tmp_path / "binary") == source.head(tmp_path / "missing") == ""
