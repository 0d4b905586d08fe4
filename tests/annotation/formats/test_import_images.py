"""The images of an import."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from annotation.formats import FormatError, import_from


@pytest.mark.parametrize("name", ["PHOTO.jpg", "Photo.JPG", "cb0618f6-photo.jpg"])
def test_names_in_the_project_that_mean_the_same(store, image_id, tmp_path, name):
    words = [{"transcription": "word", "points": [[1, 1], [20, 1], [20, 9], [1, 9]]}]
    (tmp_path / "Label.txt").write_text(f"{name}\t{json.dumps(words)}\n")
    assert import_from(store, "p", tmp_path).regions_added == 1
    assert [region.text for region in store.regions(image_id)] == ["word"]


def test_names_that_several_images_have_are_refused(store, picture, tmp_path):
    for i, name in enumerate(["a.jpg", "A.JPG"]):
        store.add_image(store.ensure_project("p"), picture(i), name)
    (tmp_path / "Label.txt").write_text("A.jpg\t[]\n")
    with pytest.raises(FormatError, match="several images"):
        import_from(store, "p", tmp_path)
    (tmp_path / "Label.txt").write_text("a.jpg\t[]\n")
    assert import_from(store, "p", tmp_path).images_existing == 1


def test_further_pages_are_named(store, tmp_path):
    pages = [Image.new("L", (80, 60), 10 * i) for i in range(3)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    (tmp_path / "Label.txt").write_text("scan.tif\t[]\n")
    report = import_from(store, "p", tmp_path)
    assert report.notes == ["scan.tif: Only the first of its 3 pages was imported."]
