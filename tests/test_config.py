"""The presets."""

from __future__ import annotations

import json

import pytest

from spotter.config import PRESETS, RENAMED_FIELDS, SpotterConfig, nano
from spotter.model.spotter import SwinTextSpotter
from spotter.training.export import MAX_BYTES
from spotter.weights import save_weights


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json(name):
    config = PRESETS[name]()
    assert config.name == name
    assert SpotterConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize("name", ["nano", "small"])
def test_weights_of_a_preset_are_small_enough_to_be_committed(name, tmp_path):
    save_weights(SwinTextSpotter(PRESETS[name]()), tmp_path / "new.safetensors", {}, half=True)
    assert (tmp_path / "new.safetensors").stat().st_size <= MAX_BYTES


def test_old_names_of_fields_are_read():
    """Published weights and stored traces keep theirs."""
    current = nano().to_json()
    old_names = {new: old for old, new in RENAMED_FIELDS.items()}
    old = {old_names.get(name, name): value for name, value in current.items()}
    assert old.keys() != current.keys()
    assert SpotterConfig.from_json(old) == nano()


@pytest.mark.parametrize("old", RENAMED_FIELDS)
def test_old_names_are_not_written(old):
    assert old not in nano().to_json()
    assert RENAMED_FIELDS[old] in nano().to_json()


def test_missing_fields_get_defaults():
    assert SpotterConfig.from_json({}) == SpotterConfig()


def test_an_unknown_field_is_an_error():
    with pytest.raises(TypeError, match="colour"):
        SpotterConfig.from_json({"colour": "red"})
