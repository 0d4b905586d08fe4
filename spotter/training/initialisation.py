"""The initial network of a run."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import cast

import torch
from torch import Tensor, nn

from spotter.config import SpotterConfig
from spotter.model.mask_code import MaskCode
from spotter.model.mask_fitting import fit_mask_code, word_masks
from spotter.model.spotter import SwinTextSpotter
from spotter.model.stage import Stage
from spotter.training.criterion import TrainingSpotter
from spotter.training.errors import TrainingError
from spotter.training.new_characters import extend_characters
from spotter.training.train_config import TrainConfig
from spotter.weights import load_weights

MASK_CODE_WORDS = 20_000  # random word shapes that a new mask code is fitted to
RESIDUAL_OUTPUTS = ("attention.out", "attn.proj", "mlp.fc2")  # last layers of the residual branches
PRIOR_PROBABILITY = 0.01  # initial score of a proposal, as in focal loss (arXiv 1708.02002)


def build(config: TrainConfig) -> TrainingSpotter:
    """A new spotter with a fitted mask code, or one with the initial weights; with auxiliary heads."""
    torch.manual_seed(config.seed)
    if config.start_from:
        model = load_and_extend(config.start_from, config.model)
    else:
        model = SwinTextSpotter(config.model)
        initialise(model)
        code = fitted_mask_code(config.model.mask_size, config.model.mask_coefficients)
        model.mask_code.load_state_dict(code.state_dict())
    return TrainingSpotter(model, config.loss)


@lru_cache(maxsize=2)
def fitted_mask_code(size: int, coefficients: int) -> MaskCode:
    """maskK's code, fitted to random word shapes."""
    return fit_mask_code(word_masks(MASK_CODE_WORDS, seed=0, size=size), coefficients)


def load_and_extend(weights: str, config: SpotterConfig) -> SwinTextSpotter:
    """The spotter of a config with these weights and their calibration. It may know more characters, see
    `new_characters`, and have more Swin or two-level blocks: extra blocks are initialised to the identity
    (zero output projection).

    Raises TrainingError if the networks differ in something else, WeightsError if there are no weights.
    """
    loaded, _ = load_weights(weights)
    if config.characters.startswith(loaded.config.characters):
        loaded = extend_characters(loaded, config.characters)
    for name in ("characters", "max_steps", "mask_size"):  # the data is made for the preset
        if getattr(loaded.config, name) != getattr(config, name):
            raise TrainingError(f"The weights {weights} do not fit {config.name}: their {name} differ.")
    model = SwinTextSpotter(config)
    extra: dict[str, Tensor] = {}
    for path, blocks in residual_blocks(model).items():
        existing = len(residual_blocks(loaded).get(path, ()))
        for i, block in enumerate(blocks[existing:], existing):
            for name, layer in block.named_modules():
                if name in RESIDUAL_OUTPUTS and isinstance(layer, nn.Linear):
                    nn.init.zeros_(layer.weight)
                    nn.init.zeros_(layer.bias)
            extra |= {f"{path}.{i}.{name}": tensor for name, tensor in block.state_dict().items()}
    calibration = {n: getattr(loaded.config, n) for n in ("reading_temperature", "reading_power")}
    model.config = replace(config, **calibration)
    try:
        model.load_state_dict(loaded.state_dict() | extra)
    except RuntimeError as error:
        raise TrainingError(
            f"The weights {weights} do not fit {config.name}: they are of another network."
        ) from error
    return model


def residual_blocks(model: SwinTextSpotter) -> dict[str, list[nn.Module]]:
    """The blocks whose number may differ between networks, by the name of the module that holds them."""
    stages = cast(Iterable[nn.Sequential], model.backbone.stages)
    swin: dict[str, list[nn.Module]] = {f"backbone.stages.{i}": list(s) for i, s in enumerate(stages)}
    return swin | {"two_level": list(model.two_level)}


def training_history(weights: str) -> tuple[int, int, float]:
    """Images, words and seconds that weights were trained on, by their model card; 0 if it does not say."""
    card = load_weights(weights)[1]
    return card.get("trained_images", 0), card.get("trained_words", 0), 3600 * card.get("hours", 0.0)


def initialise(model: SwinTextSpotter) -> None:
    """Initial values that differ from the layers' defaults: low scores, and boxes that hardly move."""
    for stage in cast(Iterable[Stage], model.stages):
        scores, deltas = cast(nn.Linear, stage.classify[-1]), cast(nn.Linear, stage.regress[-1])
        nn.init.constant_(scores.bias, -math.log((1 - PRIOR_PROBABILITY) / PRIOR_PROBABILITY))
        nn.init.normal_(deltas.weight, std=0.001)
        nn.init.zeros_(deltas.bias)
