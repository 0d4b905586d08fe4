"""Readers that learn more characters."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from spotter.predictor import Spotter
from spotter.training.errors import TrainingError
from spotter.training.export import interpolate
from spotter.training.initialisation import load_and_extend
from spotter.training.new_characters import RATE, extend_characters
from spotter.training.trainer import Trainer
from spotter.weights import load_weights, save_weights

ACCENTED = "éüñß"
HANGUL = "".join(chr(0xAC00 + 37 * i) for i in range(200))
NAMES = ("character_code", "embedding.weight", "embedding.bias", "classify.weight", "classify.bias")


def known_part(model, classes: int) -> dict[str, torch.Tensor]:
    """What the reader of a model holds of its first classes."""
    state = model.reader.state_dict()
    cut = [state[name][:, :classes] if "embedding.w" in name else state[name][:classes] for name in NAMES[:2]]
    cut += [state[NAMES[2]], *(state[name][:classes] for name in NAMES[3:])]
    return dict(zip(NAMES, cut, strict=True))


def assert_same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    second = second | {"character_code": second["character_code"][:, : first["character_code"].shape[1]]}
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


@pytest.mark.parametrize("more", ["é", ACCENTED, HANGUL])
def test_known_rows_stay_and_words_are_read_as_before(tiny_model, photographs, more):
    characters = tiny_model.config.characters + more
    extended = extend_characters(tiny_model, characters)
    classes = tiny_model.config.classes
    assert extended.config.characters == characters
    assert_same(known_part(tiny_model, classes), known_part(extended, classes))
    assert not extended.reader.character_code[:classes, classes:].any()
    texts = [
        [word.text for word in Spotter(model, {}, "cpu", bfloat16=False).spot(photographs[0], 0.05)]
        for model in (tiny_model, extended)
    ]
    assert texts[0] == texts[1]
    assert any(texts[0])


def test_an_accented_letter_starts_as_its_base_letter_and_others_as_the_mean(tiny_model):
    extended = extend_characters(tiny_model, tiny_model.config.characters + "é한")
    e, (accented, hangul) = tiny_model.config.characters.index("e") + 1, (-2, -1)
    weight = extended.reader.classify.weight
    assert torch.equal(weight[accented], weight[e])
    torch.testing.assert_close(weight[hangul], weight[:-2].mean(0))
    embedded = extended.reader.embedding(extended.reader.character_code)
    torch.testing.assert_close(embedded[accented], embedded[e])


def test_without_new_characters_nothing_changes(tiny_model):
    assert extend_characters(tiny_model, tiny_model.config.characters) is tiny_model


def test_saved_weights_carry_their_characters(tiny_model, tmp_path):
    characters = tiny_model.config.characters + ACCENTED
    save_weights(extend_characters(tiny_model, characters), tmp_path / "a.safetensors", {"name": "a"})
    loaded, _ = load_weights(tmp_path / "a.safetensors")
    assert loaded.config.characters == characters
    assert Spotter(loaded, {}, "cpu").charset.decode([len(characters)]) == "ß"


def test_characters_that_do_not_begin_with_the_known_ones_are_refused(tiny_file, tiny_config):
    other = replace(tiny_config, characters="é" + tiny_config.characters)
    with pytest.raises(TrainingError, match="their characters differ"):
        load_and_extend(str(tiny_file), other)


def test_training_changes_own_rows_alone_and_the_end_is_mixed_with_the_start(config, folder, tiny_file):
    model = replace(config.model, characters=config.model.characters + ACCENTED)
    trainer = Trainer(replace(config, model=model, steps=2), folder)
    classes = config.model.classes
    start = load_and_extend(str(tiny_file), model)
    trainer.run(progress=False)
    end = trainer.training.model
    assert_same(known_part(start, classes), known_part(end, classes))
    moved = (end.reader.classify.bias - start.reader.classify.bias)[classes:].abs()
    assert (moved > config.optimiser.learning_rate).all()
    assert (moved < 2 * RATE * config.optimiser.learning_rate).all()
    assert not torch.equal(end.reader.gru.bias_hh, start.reader.gru.bias_hh)
    bias = end.reader.classify.bias.detach().clone()
    interpolate(end, str(tiny_file), 0.5)
    torch.testing.assert_close(end.reader.classify.bias, (bias + start.reader.classify.bias) / 2)
