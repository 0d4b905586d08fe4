"""Which modules are the detector and which the recogniser, and training one while the other is frozen."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from spotter.training.criterion import TrainingSpotter

# Everything of `SwinTextSpotter` that has parameters, by the name of its module.
PARTS = {
    "detector": ("backbone", "fpn", "dilated", "proposals", "stages"),
    "recogniser": ("conversion", "two_level", "mask_gate", "reader"),
}


def freeze_all_but(training: TrainingSpotter, part: str) -> None:
    """Leaves only the parameters of a part of the spotter trainable: "detector", "recogniser" or "all".

    The auxiliary heads stay trainable, but for that of the text map where the pyramid is frozen.
    """
    if part == "all":
        return
    for name, module in training.model.named_children():
        module.requires_grad_(name in PARTS[part])
    training.text_head.requires_grad_(part == "detector")


def set_training_mode(training: nn.Module, keep_statistics: bool) -> None:
    """Training mode, in which BatchNorm keeps the statistics it has where it is frozen, and everywhere if
    `keep_statistics`.
    """
    training.train()
    for module in training.modules():
        frozen = not any(parameter.requires_grad for parameter in module.parameters(recurse=False))
        if isinstance(module, _BatchNorm) and (keep_statistics or frozen):
            module.eval()
