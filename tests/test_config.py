"""The presets."""

from __future__ import annotations

import json

import pytest

from spotter.config import PRESETS, SpotterConfig
from spotter.model.spotter import SwinTextSpotter
from spotter.training.export import LARGEST
from spotter.weights import save_weights


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json(name):
    config = PRESETS[name]()
    assert config.name == name
    assert SpotterConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize("name", ["nano", "small"])
def test_weights_of_a_preset_are_small_enough_to_be_committed(name, tmp_path):
    save_weights(SwinTextSpotter(PRESETS[name]()), tmp_path / "new.safetensors", {}, half=True)
    assert (tmp_path / "new.safetensors").stat().st_size <= LARGEST
