"""The configuration of a round's training, the mix of weights, thresholds and calibration."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from annotation.rounds import finetune
from annotation.rounds.config import RoundConfig
from annotation.rounds.finetune import (
    CORRECTED,
    EARLIER,
    RoundTrainer,
    fit_thresholds,
    mixed_model,
    training_config,
)
from annotation.rounds.records import Job, RoundError
from spotter.config import nano
from spotter.data.icdar import write_ground_truth
from spotter.data.sources import Sources
from spotter.training.export import averaged_model
from spotter.training.train_config import TrainConfig
from spotter.types import GroundTruth, Word
from spotter.weights import load_weights
from tests.annotation.rounds.training_round import small_round


def job(parent: str = "nano", part: str = "all") -> Job:
    return Job(1, "shop signs", "sqlite:///a.db", parent, [1], [], [2], part, 4.0, 5, asdict(RoundConfig()))


def settings(folders: dict[str, str], config: RoundConfig | None = None, part: str = "all"):
    paths = {name: Path(path) for name, path in folders.items()}
    return training_config(job(part=part), config or RoundConfig(), paths, nano(), "cpu")


def test_shares_of_the_sources():
    alone = settings({CORRECTED: "/r/train/corrected"})
    assert alone.sources.data == ("/r/train/corrected",)
    assert alone.data.weights == {"corrected": pytest.approx(0.8)}
    assert [stage.photographs for stage in alone.stages] == [0.8]
    assert alone.optimiser.learning_rate == pytest.approx(1e-4)
    assert (alone.minutes, alone.seed, alone.start_from, alone.keep_statistics) == (4.0, 5, "nano", True)
    config = RoundConfig(shipped_photographs=("/data/icdar2015/train", "/data/td500/train"))
    every = settings({CORRECTED: "/r/train/corrected", EARLIER: "/r/train/earlier"}, config)
    assert every.data.weights == {
        "corrected": pytest.approx(0.5),
        "earlier": pytest.approx(0.2),
        "icdar2015": pytest.approx(0.05),
        "td500": pytest.approx(0.05),
    }


def test_own_characters_are_rendered_with_the_words_of_the_photos(tmp_path):
    folder = tmp_path / "corrected"
    (folder / "images").mkdir(parents=True)
    (folder / "gt").mkdir()
    (folder / "images/1.png").write_bytes(b"")
    truth = [GroundTruth(np.array([[0, 0], [9, 0], [9, 9], [0, 9]]), text) for text in ("café", "house")]
    write_ground_truth(folder / "gt/gt_1.txt", truth)
    model = replace(nano(), characters=nano().characters + "é")
    found = training_config(job(), RoundConfig(), {CORRECTED: folder}, model, "cpu")
    assert (found.sources.own_characters, found.sources.own_words) == ("é", ("café",))
    assert found.model.characters.endswith("é")
    assert found.data.weights == {"corrected": pytest.approx(0.6)}
    assert [stage.photographs for stage in found.stages] == [0.6]
    assert found.optimiser.learning_rate == pytest.approx(2e-4)


@pytest.mark.parametrize(("part", "reading"), [("all", 0.4), ("detector", 0.0), ("recogniser", 1.0)])
def test_part(part, reading):
    config = settings({CORRECTED: "/r/train/corrected"}, part=part)
    assert config.train == part
    assert [stage.reading for stage in config.stages] == [reading]


@pytest.fixture
def config(tmp_path, tiny_file, tiny_config) -> TrainConfig:
    """Of a tiny run on rendered scenes alone."""
    folders = {CORRECTED: tmp_path / "corrected"}
    found = training_config(job(str(tiny_file)), small_round(tmp_path), folders, tiny_config, "cpu")
    return replace(found, sources=Sources(), steps=1)


def test_mix(config, tmp_path, tiny_file):
    """In half precision, in which the weights are saved: what is judged is what is served."""
    trainer = RoundTrainer(config, tmp_path / "run", lambda _: None)
    with torch.no_grad():
        for parameter in trainer.average.parameters():
            parameter.add_(1.0)
    trainer.save()
    start = load_weights(tiny_file)[0].state_dict()
    end = averaged_model(tmp_path / "run")[0]
    for share in (0.0, 0.25, 1.0):
        model = mixed_model(end, str(tiny_file), share)
        assert model.config == config.model
        for name, parameter in model.named_parameters():
            assert torch.equal(parameter, parameter.half().float())
            torch.testing.assert_close(parameter, start[name] + share, rtol=2e-3, atol=2e-3)


def test_a_run_is_watched_and_continued(config, tmp_path):
    seen = []
    trainer = RoundTrainer(config, tmp_path / "run", lambda trainer: seen.append(trainer.step))
    assert trainer.run(progress=False)
    assert seen == [0, 1]
    assert len(trainer.loss_curve) == 1
    again = RoundTrainer(
        replace(config, steps=2), tmp_path / "run", lambda trainer: seen.append(trainer.step)
    )
    assert again.run(progress=False)
    assert seen == [0, 1, 1, 2]


def test_infinite_loss_ends_the_round(config, tmp_path):
    trainer = RoundTrainer(config, tmp_path / "run", lambda _: None)
    with torch.no_grad():
        trainer.training.model.reader.classify.bias[3] = torch.nan
    with pytest.raises(RoundError, match=r"no longer finite at step 1: .* all weights stay as they were"):
        trainer.run(progress=False)
    assert not (tmp_path / "run" / "checkpoint.pt").exists()


def test_thresholds_of_no_images(tiny_spotter):
    config = tiny_spotter.model.config
    assert fit_thresholds(tiny_spotter, [], 0) == config


def word(score: float, text: str, x: float) -> Word:
    box = [[x, 0.0], [x + 40, 0.0], [x + 40, 10.0], [x, 10.0]]
    return Word("w", box, [x, 0, x + 40, 10], text, score, 0.9, [])


def test_thresholds_drop_false_words_and_keep_true_ones(tiny_spotter, monkeypatch):
    """Three readings in four are right; everything below a score of 0.3 is false."""
    true = [word(0.32, f"w{i}", 50.0 * i) for i in range(80)]
    truth = [GroundTruth(np.array(w.polygon, np.float32), w.text) for w in true]
    read = [replace(w, text="wrong") if i % 4 == 0 else w for i, w in enumerate(true)]
    words = read + [word(0.2, "false", 5000.0 + 50 * i) for i in range(30)]
    sure, unsure = (np.array([[p, 1 - p]] * 3) for p in (0.99, 0.6))
    probabilities = [unsure if w.text == "wrong" else sure for w in words]
    monkeypatch.setattr(finetune, "photographs", lambda samples: [(None, truth)])
    monkeypatch.setattr(finetune, "rendered_scenes", lambda *_, **__: [])
    monkeypatch.setattr(finetune, "spot_with_probabilities", lambda *_: (words, probabilities))
    before = tiny_spotter.model.config
    assert before.score_threshold == 0.4
    monkeypatch.setattr(finetune, "MIN_CALIBRATION_WORDS", 21)
    fitted = fit_thresholds(tiny_spotter, [], 0)
    assert fitted == replace(before, score_threshold=fitted.score_threshold)  # only 20 wrong ones
    assert 0.2 <= fitted.score_threshold < 0.32
    monkeypatch.setattr(finetune, "MIN_CALIBRATION_WORDS", 20)
    assert fit_thresholds(tiny_spotter, [], 0).reading_power != 1
    assert tiny_spotter.model.config == before
