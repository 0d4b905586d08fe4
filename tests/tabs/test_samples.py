"""Sample pictures and what is stored of them."""

from __future__ import annotations

import hashlib
import json

import pytest

from spotter.images import read_image
from spotter.tabs.loading import WEIGHTS
from spotter.tabs.samples import FOLDER, SAMPLES, WORDS, stored_results


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_every_sample_is_there_with_its_licence(sample):
    assert read_image(sample.path).size > 0
    assert f"`{sample.file}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_stored_results_are_those_of_the_built_in_weights():
    """Fails when new weights were stored without `python -m spotter.tabs.samples words`."""
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
