"""Recipes, overrides, and invalid ones."""

from __future__ import annotations

import json

import pytest

from spotter.config import PRESETS, nano
from spotter.data.data_config import RecipeError
from spotter.training.losses import PUBLISHED_LOSSES
from spotter.training.recipe import FOLDER, load_recipe
from spotter.training.train_config import TrainConfig

BUILT_IN = sorted(path.stem for path in FOLDER.glob("*.toml"))


def test_empty_recipe_has_the_defaults(tmp_path):
    path = tmp_path / "empty.toml"
    path.write_text('[model]\npreset = "nano"\n')
    assert load_recipe(str(path)) == TrainConfig(model=nano(), recipe="empty")


@pytest.mark.parametrize("device", ["cpu", "cuda:1"])
@pytest.mark.parametrize("recipe", BUILT_IN)
def test_built_in_recipes_can_be_repeated_from_their_settings(recipe, device, tmp_path):
    config = load_recipe(recipe, device)
    assert config.recipe == recipe
    assert config.device == device
    (tmp_path / "settings.json").write_text(json.dumps(config.to_json()))
    assert load_recipe(str(tmp_path / "settings.json"), device) == config


def test_every_preset_has_a_recipe():
    assert [load_recipe(name).model for name in PRESETS] == [preset() for preset in PRESETS.values()]


def test_devices_differ():
    cpu, gpu = load_recipe("nano", "cpu"), load_recipe("nano", "cuda")
    assert not cpu.pool.shows
    assert gpu.pool.shows > 1
    assert gpu.data.megapixels > 10 * cpu.data.megapixels
    assert [stage.until for stage in gpu.stages] == [stage.until for stage in cpu.stages]
    assert gpu.stages[0].large == 1
    assert gpu.stages[0].name == cpu.stages[0].name == "characters"


def test_official_has_the_published_loss_weights():
    config = load_recipe("official")
    assert config.loss.detection == PUBLISHED_LOSSES
    assert config.loss.recognition == 0.2


@pytest.mark.parametrize(
    ("override", "is_set"),
    [
        ("minutes=9", lambda c: c.minutes == 9.0),
        ("steps = 5", lambda c: c.steps == 5),
        ("start_from=weights/my.safetensors", lambda c: c.start_from == "weights/my.safetensors"),
        ("loss.recognition=0.5", lambda c: c.loss.recognition == 0.5),
        ("loss.detection.dice=1", lambda c: (c.loss.detection.dice, c.loss.detection.l1) == (1, 2.5)),
        ("stages.scenes.photographs=0.25", lambda c: [s.photographs for s in c.stages] == [0, 0, 0.25]),
        ("optimiser.betas=[0.9, 0.95]", lambda c: c.optimiser.betas == (0.9, 0.95)),
        ("data.crowded_style.words=[1, 2]", lambda c: c.data.crowded_style.words == (1, 2)),
        ("data.weights.td500=300", lambda c: c.data.weights == {"td500": 300}),
        ('sources.data=["a", "b c"]', lambda c: c.sources.data == ("a", "b c")),
        ("model.two_level_blocks=3", lambda c: c.model.two_level_blocks == 3 and c.model.name == "nano"),
        ("pool.augmentation.min_scale=0.9", lambda c: c.pool.augmentation.min_scale == 0.9),
    ],
)
def test_overrides(override, is_set):
    before, after = load_recipe("nano"), load_recipe("nano", overrides=[override])
    assert not is_set(before)
    assert is_set(after)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("minutes", "is not an override; expected KEY=VALUE"),
        ("minuts=3", "There is no setting minuts; did you mean minutes?"),
        ("loss.recogniton=1", "There is no setting loss.recogniton; did you mean recognition?"),
        ("loss=1", "loss must be a table of settings"),
        ("loss.recognition=much", "loss.recognition must be a float, not 'much'"),
        ("minutes.a=1", "minutes has no settings below it"),
        ("data.max_words=1.5", "data.max_words must be a int, not 1.5"),
        ("data.max_words=true", "data.max_words must be a int, not True"),
        ("data.scales=[1]", "data.scales must be a list of 2 values"),
        ("data.scales=1", "data.scales must be a list"),
        ("stages.scene.easy=1", "there is no stage 'scene'; there are characters, clear, scenes"),
        ("stages.scenes.easy=2", "stage scenes: easy must be from 0 to 1"),
        ("stages.scenes.scene=100", "scene must be a multiple of 32"),
        ("stages.clear.until=0.01", "must rise from stage to stage and end with 1"),
        ("optimiser.learning_rate=0", "optimiser.learning_rate must be above 0"),
        ("model.preset=tiny", "There is no preset 'tiny'"),
    ],
)
def test_invalid_overrides(override, sentence):
    with pytest.raises(RecipeError) as error:
        load_recipe("nano", overrides=[override])
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.toml", None, "There is no recipe"),
        ("bad.toml", b"minutes = ", "cannot be read"),
        ("bad.json", b"{", "cannot be read"),
        ("bytes.toml", b"\xff\xfe", "cannot be read"),
        ("list.json", b"[1]", "holds no settings"),
        ("empty.toml", b"", "incomplete"),
    ],
)
def test_invalid_recipe_files(tmp_path, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RecipeError, match=sentence):
        load_recipe(str(tmp_path / name))


def test_pack_and_folders_are_exclusive():
    with pytest.raises(ValueError, match="A pack replaces the folders"):
        load_recipe("nano", overrides=["sources.pack=p.zip", 'sources.data=["a"]'])
