"""The words of `python -m spotter --json`."""

from __future__ import annotations

import json

import pytest

from annotation.formats import FormatError, import_from


def test_words_become_predictions(store, case):
    report = import_from(store, "p", case("102") / "words.json")
    assert (report.images_added, report.predictions_added) == (1, 1)
    (image,) = store.image_list(store.find_project("p"))
    assert (image.name, image.state) == ("plain.jpg", "new")
    (prediction,) = store.predictions(image.id)
    assert prediction.model_version == "nano-5f659574"
    word = prediction.regions[0]
    assert (word.origin, word.locked) == ("model", False)
    assert "".join(character.text for character in word.characters) == word.text != ""
    assert len(report.faults) == 13  # the other images are not next to the file
    assert "alpha.png" in "".join(report.faults)


MODEL = {"name": "nano", "sha256": "0" * 64, "trained_images": 1}
IMAGE = {"width": 200, "height": 100, "words": []}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"model": {"name": None, "sha256": None}, "images": {"photo.jpg": IMAGE}}, "which model"),
        ({"model": MODEL, "images": {}}, "no images"),
        ({"model": MODEL, "images": {"photo.jpg": IMAGE | {"width": 5}}}, "5 x 100"),
        ({"model": MODEL, "images": {"photo.jpg": {}}}, "list of words"),
        ([], "spotter --json"),
    ],
)
def test_invalid_files(store, picture, tmp_path, content, sentence):
    (tmp_path / "photo.jpg").write_bytes(picture())
    (tmp_path / "words.json").write_text(json.dumps(content))
    with pytest.raises(FormatError, match=sentence):
        import_from(store, "p", tmp_path / "words.json", "words-json")


def test_an_invalid_word_leaves_the_others(store, picture, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(picture())
    word = {"polygon": [[1, 1], [50, 1], [50, 20]], "text": "a", "score": 0.5, "reading_score": 0.5}
    image = IMAGE | {"words": [word, 7, word | {"score": 7}]}
    (tmp_path / "words.json").write_text(json.dumps({"model": MODEL, "images": {"photo.jpg": image}}))
    report = import_from(store, "p", tmp_path / "words.json")
    (image,) = store.image_list(store.find_project("p"))
    assert [r.text for r in store.predictions(image.id)[0].regions] == ["a"]
    assert ["word 2" in report.faults[0], "word 3" in report.faults[1]] == [True, True]
