"""The initial network: new, or extended from weights."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from spotter.training import initialisation
from spotter.training.errors import TrainingError
from spotter.training.initialisation import build, load_and_extend, training_history
from spotter.training.trainer import Trainer
from spotter.weights import WeightsError, load_weights, save_weights


def test_new_model_has_a_fitted_mask_code_and_low_scores(config, folder, monkeypatch):
    draw = initialisation.word_masks
    monkeypatch.setattr(initialisation, "word_masks", lambda count, **options: draw(200, **options))
    model = build(replace(config, start_from=None)).model
    assert model.mask_code.fitted
    stages = model.eval().detect([torch.zeros(3, 64, 64)]).stages
    assert stages[-1].class_logits.sigmoid().mean() < 0.1
    boxes = model.proposals.boxes.detach()
    corners = torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1) * 64
    torch.testing.assert_close(stages[-1].boxes[0].detach(), corners, atol=2, rtol=0)
    with pytest.raises(WeightsError):
        build(replace(config, start_from="nowhere"))


@torch.no_grad()
def test_extra_blocks_are_the_identity_and_then_learn(config, folder, tiny_file, tiny_config, photographs):
    """Blocks that the weights do not have change nothing at first, but get gradients."""
    loaded = load_weights(tiny_file)[0]
    depths = tuple(depth + 2 * (i == 1) for i, depth in enumerate(tiny_config.depths))
    larger = replace(tiny_config, depths=depths, two_level_blocks=len(loaded.two_level) + 2)
    model = load_and_extend(str(tiny_file), larger).eval()
    assert len(model.two_level) == len(loaded.two_level) + 2
    assert [len(stage) for stage in model.backbone.stages] == list(depths)
    image = torch.from_numpy(photographs[0]).permute(2, 0, 1).float()
    before, after = loaded([image], -1.0), model([image], -1.0)
    assert len(before.reading.probabilities)
    assert before.reading.probabilities.equal(after.reading.probabilities)
    trainer = Trainer(replace(config, model=larger, steps=2), folder)
    with torch.enable_grad():
        trainer.run(progress=False)
    assert trainer.training.model.two_level[-1].mlp.fc2.weight.any()
    assert trainer.training.model.backbone.stages[1][-1].mlp.fc2.weight.any()
    assert trainer.training.model.backbone.stages[1][-1].attn.proj.weight.any()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"max_steps": 9}, "do not fit tiny: their max_steps differ."),
        ({"channels": 64}, "do not fit tiny: they are of another network."),
        ({"depths": (1, 1, 1, 1)}, "do not fit tiny: they are of another network."),
        ({"two_level_blocks": 0}, "do not fit tiny: they are of another network."),
    ],
)
def test_weights_of_other_networks_are_an_error(tiny_file, tiny_config, change, sentence):
    with pytest.raises(TrainingError, match=re.escape(sentence)):
        load_and_extend(str(tiny_file), replace(tiny_config, **change))


def test_training_history(tiny_model, tmp_path):
    weights = tmp_path / "weights.safetensors"
    save_weights(tiny_model, weights, {"trained_images": 300, "trained_words": 2000, "hours": 1.5})
    assert training_history(str(weights)) == (300, 2000, 5400)
    save_weights(tiny_model, weights, {})
    assert training_history(str(weights)) == (0, 0, 0)
