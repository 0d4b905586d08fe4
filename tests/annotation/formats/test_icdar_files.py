"""Which files are ground truth, and which image each belongs to."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from annotation.formats.icdar_files import image_files, pair, truth_files

LINE = "1,1,50,1,50,20,1,20,word\n"


def matched(truths: list[str], images: list[str]) -> list[tuple[str, str]]:
    pairs = pair(map(Path, truths), map(Path, images))
    assert not pairs.truths
    assert not pairs.images
    assert not pairs.unclear
    return [(truth.name, image.name) for truth, image in pairs.matched]


def test_nothing_and_one():
    assert matched([], []) == []
    assert matched(["gt_a.txt"], ["a.jpg"]) == [("gt_a.txt", "a.jpg")]
    pairs = pair([Path("gt_a.txt")], [Path("b.jpg")])
    assert (pairs.truths, pairs.images, pairs.matched) == ([Path("gt_a.txt")], [Path("b.jpg")], [])


def test_the_names_of_the_data_sets():
    names = [("poly_gt_img1.txt", "img1.jpg"), ("IMG_2.gt", "IMG_2.JPG"), ("img_3.jpg.txt", "img_3.jpg")]
    assert matched(*map(list, zip(*names, strict=True))) == names
    assert matched(["0001001.txt"], ["1001.jpg"]) == [("0001001.txt", "1001.jpg")]  # CTW1500


def test_case_and_unicode_form_make_no_difference():
    composed, decomposed = (unicodedata.normalize(form, "Müller") for form in ("NFC", "NFD"))
    assert matched(["gt_img_1.txt"], ["IMG_1.jpg"]) == [("gt_img_1.txt", "IMG_1.jpg")]
    assert matched([f"gt_{composed}.txt"], [f"{decomposed}.jpg"])


def test_names_that_differ_only_by_these_are_told_apart():
    truths, images = ["gt_a.txt", "gt_A.txt", "01.txt", "1.txt"], ["A.jpg", "a.jpg", "1.jpg", "01.jpg"]
    assert sorted(matched(truths, images)) == [
        ("01.txt", "01.jpg"),
        ("1.txt", "1.jpg"),
        ("gt_A.txt", "A.jpg"),
        ("gt_a.txt", "a.jpg"),
    ]


def test_several_files_that_could_be_meant_are_named_and_the_others_matched():
    pairs = pair(map(Path, ["gt_a.txt", "gt_b.txt"]), map(Path, ["a.jpg", "a.png", "b.jpg"]))
    assert pairs.matched == [(Path("gt_b.txt"), Path("b.jpg"))]
    assert pairs.unclear == [[Path("gt_a.txt"), Path("a.jpg"), Path("a.png")]]


def test_files_of_a_folder(tmp_path):
    assert truth_files(tmp_path) == []
    assert image_files(tmp_path, None) == ([], True)
    (tmp_path / "gt_a.txt").write_text(LINE)
    (tmp_path / "notes.txt").write_text("7 photos\n")
    for name in ("one/a.jpg", "two/b.PNG"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    assert [file.name for file in truth_files(tmp_path)] == ["gt_a.txt"]
    below, are_below = image_files(tmp_path, None)
    assert sorted(file.name for file in below) == ["a.jpg", "b.PNG"]
    assert are_below
    assert image_files(tmp_path, tmp_path / "one") == ([tmp_path / "one/a.jpg"], False)
