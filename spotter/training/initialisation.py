"""What a run begins with: the network, and how its parameters are grouped."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import torch
from torch import nn

from spotter.config import SpotterConfig
from spotter.model.mask_code import MaskCode
from spotter.model.mask_fitting import fit_mask_code, word_masks
from spotter.model.spotter import SwinTextSpotter
from spotter.training.criterion import TrainingSpotter
from spotter.training.train_config import TrainConfig
from spotter.weights import load_weights


class TrainingError(RuntimeError):
    """Training cannot go on; the message is a sentence for the user."""


def build(config: TrainConfig) -> TrainingSpotter:
    """A new spotter with fitted mask code, or the weights to begin with, and the auxiliary heads around
    it.
    """
    torch.manual_seed(config.seed)
    if config.start_from:
        model = grown(config.start_from, config.model)
    else:
        model = SwinTextSpotter(config.model)
        initialise(model)
        code = fitted_mask_code(config.model.mask_size, config.model.mask_coefficients)
        model.mask_code.load_state_dict(code.state_dict())
    return TrainingSpotter(model, config.loss)


@lru_cache(maxsize=2)
def fitted_mask_code(size: int, coefficients: int) -> MaskCode:
    """maskK's code, fitted to the shapes of 20,000 random words."""
    return fit_mask_code(word_masks(20_000, seed=0, size=size), coefficients)


def grown(weights: str, config: SpotterConfig) -> SwinTextSpotter:
    """The spotter of a config with these weights. It may have more Swin or two-level blocks than they: those
    change nothing (their last layers are zero) until they learn. Their calibration stays with them.

    Raises TrainingError when the networks differ in something else, WeightsError when there are no weights.
    """
    known, _ = load_weights(weights)
    for name in ("characters", "max_steps", "mask_size"):  # the data is made for the preset
        if getattr(known.config, name) != getattr(config, name):
            raise TrainingError(f"The weights {weights} do not fit {config.name}: their {name} differ.")
    model = SwinTextSpotter(config)
    own = {}
    for path, blocks in residual_blocks(model).items():
        before = residual_blocks(known).get(path, ())
        for i, block in enumerate(blocks[len(before) :], len(before)):
            for name, layer in block.named_modules():
                if name in ("attention.out", "attn.proj", "mlp.fc2"):
                    nn.init.zeros_(layer.weight)
                    nn.init.zeros_(layer.bias)
            own |= {f"{path}.{i}.{name}": t for name, t in block.state_dict().items()}
    calibration = {n: getattr(known.config, n) for n in ("reading_temperature", "reading_power")}
    model.config = replace(config, **calibration)
    state = known.state_dict() | own
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise TrainingError(
            f"The weights {weights} do not fit {config.name}: they are of another network."
        ) from error
    return model


def residual_blocks(model: SwinTextSpotter) -> dict[str, nn.Sequential]:
    """The blocks of which a network may have more or fewer, by the name of what holds them."""
    swin = {f"backbone.stages.{i}": stage for i, stage in enumerate(model.backbone.stages)}
    return swin | {"two_level": model.two_level}


def seen_before(weights: str) -> tuple[int, int, float]:
    """Images, words and seconds that weights were trained on by their model card; 0 where it does not say."""
    card = load_weights(weights)[1]
    return card.get("trained_images", 0), card.get("trained_words", 0), 3600 * card.get("hours", 0.0)


def initialise(model: SwinTextSpotter) -> None:
    """Starting values apart from the layers' own: scores start low (focal loss), boxes start where they
    are.
    """
    for stage in model.stages:
        nn.init.constant_(stage.classify[-1].bias, -math.log((1 - 0.01) / 0.01))
        nn.init.normal_(stage.regress[-1].weight, std=0.001)
        nn.init.zeros_(stage.regress[-1].bias)


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict]:
    """Matrices and filters decay; norms, biases, position tables and the proposals' boxes do not."""
    decayed = [
        p for n, p in model.named_parameters() if p.ndim > 1 and "bias" not in n and "proposals" not in n
    ]
    kept = {id(p) for p in decayed}
    others = [p for p in model.parameters() if id(p) not in kept]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
