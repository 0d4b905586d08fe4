"""Sample pictures and what is stored of them."""

from __future__ import annotations

import hashlib
import json

import pytest

from spotter.explain.polygon_text import parse_outlines, show_outlines
from spotter.images import read_image
from spotter.tabs.shared.loading import WEIGHTS
from spotter.tabs.shared.samples import FOLDER, SAMPLES, WORDS, stored_results, stored_truth


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_every_sample_is_there_with_its_licence(sample):
    assert read_image(sample.path).size > 0
    assert f"`{sample.file}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_stored_results_are_those_of_the_built_in_weights():
    """Fails when new weights were stored without `python -m spotter.tabs.shared.samples words`."""
    sha256 = hashlib.sha256((WEIGHTS / "nano.safetensors").read_bytes()).hexdigest()
    images = stored_results(sha256)["images"]
    assert set(images) == {sample.file for sample in SAMPLES}
    for sample in SAMPLES:
        height, width = read_image(sample.path).shape[:2]
        assert (images[sample.file]["width"], images[sample.file]["height"]) == (width, height)


def test_results_of_other_weights_are_not_used():
    assert WORDS.is_file()
    assert json.loads(WORDS.read_text(encoding="utf-8"))["model"]["sha256"]
    assert stored_results("0" * 64) == {}
    assert stored_results(None) == {}


def test_what_rendered_samples_say_is_known():
    for sample in SAMPLES:
        truth = stored_truth(sample.path)
        if isinstance(sample.source, str):
            assert truth is None
            continue
        height, width = read_image(sample.path).shape[:2]
        assert len(truth) >= 3
        for text, polygon in truth:
            assert text
            assert len(polygon) >= 4
            assert (polygon >= 0).all()
            assert (polygon <= [width, height]).all()
    assert stored_truth("photo.jpg") is None


def test_the_true_words_survive_the_box_they_are_edited_in():
    truth = stored_truth(SAMPLES[0].path)
    back = parse_outlines(show_outlines(truth))
    assert [text for text, _ in back] == [text for text, _ in truth]
