"""Sample pictures, their stored words and ground truth."""

from __future__ import annotations

import hashlib
import json

import pytest

from spotter.config import nano
from spotter.explain.polygon_text import parse_outlines, show_outlines
from spotter.images import read_image
from spotter.tabs.shared import samples
from spotter.tabs.shared.loading import WEIGHTS
from spotter.tabs.shared.samples import FOLDER, SAMPLES, WORDS, stored_results, stored_truth


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_every_sample_exists_with_its_licence(sample):
    assert read_image(sample.path).size > 0
    assert f"`{sample.file}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_stored_results_are_those_of_the_built_in_weights():
    """Fails if new weights were added without `python -m spotter.tabs.shared.samples words`."""
    sha256 = hashlib.sha256((WEIGHTS / "nano.safetensors").read_bytes()).hexdigest()
    images = stored_results(sha256)["images"]
    assert set(images) == {sample.file for sample in SAMPLES}
    for sample in SAMPLES:
        height, width = read_image(sample.path).shape[:2]
        assert (images[sample.file]["width"], images[sample.file]["height"]) == (width, height)


def test_the_first_sample_is_read_right():
    """It is the first that a visitor sees."""
    words = json.loads(WORDS.read_text(encoding="utf-8"))["images"][SAMPLES[0].file]["words"]
    read = [word["text"] for word in words if word["score"] > nano().score_threshold]
    assert sorted(read) == sorted(text for text, _ in stored_truth(SAMPLES[0].path))


def test_results_of_other_weights_are_not_used():
    assert WORDS.is_file()
    assert json.loads(WORDS.read_text(encoding="utf-8"))["model"]["sha256"]
    assert stored_results("0" * 64) == {}
    assert stored_results(None) == {}


def test_samples_with_words_have_ground_truth():
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


def test_true_words_survive_being_edited_as_text():
    truth = stored_truth(SAMPLES[0].path)
    back = parse_outlines(show_outlines(truth))
    assert [text for text, _ in back] == [text for text, _ in truth]


def test_command_stores_the_words_of_all_samples(tiny_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(samples, "WORDS", tmp_path / "words.json")
    monkeypatch.setattr(samples, "SAMPLES", SAMPLES[-1:])
    assert samples.main(["words", "--weights", str(tiny_file)]) == 0
    stored = json.loads((tmp_path / "words.json").read_text(encoding="utf-8"))
    assert set(stored["images"]) == {SAMPLES[-1].file}
    assert capsys.readouterr().out.startswith(f"{SAMPLES[-1].file}: ")


def test_unknown_weights_exit_2_with_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(samples, "WORDS", tmp_path / "words.json")
    assert samples.main(["words", "--weights", str(tmp_path / "none.safetensors")]) == 2
    assert capsys.readouterr().err.startswith("There are no weights ")
    assert not (tmp_path / "words.json").exists()
