"""Reads a word of a trace again with interventions: gates off, maskK off, characters forced.

An intervention is one forward hook on a named submodule. The RoI features come from the trace, so the
backbone does not run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from spotter.tracing.recorder import forward_hooks
from spotter.types import Character, Reading, Regions

if TYPE_CHECKING:
    from spotter.model.spotter import SwinTextSpotter
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

GATES = ("M1", "M2", "M3")
NO_WEIGHT = -1e4  # energy of keys that the softmax shall give no weight


@dataclass(frozen=True)
class Intervention:
    """`change(inputs, output)` replaces the output of a module; None leaves it unchanged."""

    module: str  # path inside the model
    change: Callable[[tuple, Any], Any]


def gate_module(gate: str) -> str:
    """Path of the sigmoid that computes "M1", "M2" or "M3"."""
    return f"conversion.gate{GATES.index(gate) + 1}.sigmoid"


def gate_off(gate: str) -> Intervention:
    """Opens a gate: all ones."""
    return Intervention(gate_module(gate), lambda inputs, output: torch.ones_like(output))


def gate_averaged(gate: str) -> Intervention:
    """Makes a gate the same everywhere: each channel at its mean over the crop."""
    return Intervention(
        gate_module(gate), lambda inputs, output: output.mean((2, 3), keepdim=True).expand_as(output)
    )


def gate_detached(gate: str) -> Intervention:
    """Stops the gradient through a gate; the forward pass stays the same."""
    return Intervention(gate_module(gate), lambda inputs, output: output.detach())


def mask_off() -> Intervention:
    """Passes features to the reader without maskK."""
    return Intervention("mask_gate", lambda inputs, output: inputs[0])


def keys_off(level: str, window: int) -> Intervention:
    """Removes the "fine" (own window) or "coarse" (pooled) keys from all blocks of two-level attention."""
    keys = slice(0, window**2) if level == "fine" else slice(window**2, None)

    def change(inputs: tuple, output: Tensor) -> Tensor:
        energy = inputs[0].clone()
        energy[..., keys] = NO_WEIGHT
        return energy.softmax(-1)

    return Intervention("two_level.*.attention.softmax", change)


def forced_characters(ids: Sequence[int]) -> Intervention:
    """Makes the decoder output `ids` first and then continue on its own. Good for one forward pass."""
    remaining = iter(ids)

    def change(inputs: tuple, output: Tensor) -> Tensor | None:
        forced = next(remaining, None)
        return None if forced is None else torch.full_like(output, forced)

    return Intervention("reader.argmax", change)


@dataclass(frozen=True)
class Rereading:
    """One word read again."""

    text: str
    characters: list[Character]
    reading: Reading  # R = 1

    @property
    def surprise(self) -> float:
        """-log p of the text that was read, including its end sign."""
        best = self.reading.probabilities[0].float().gather(1, self.reading.ids[0][:, None])
        steps = min(len(self.characters) + 1, len(best))
        return float(-best[:steps].clamp(min=1e-9).log().sum())


def word_region(spotter: Spotter, trace: Trace, word: int) -> tuple[Regions, Tensor]:
    """The word as `Regions` (R = 1) and its RoI features (1, C, H, W), from the trace."""
    device = spotter.device
    regions = Regions.from_boxes(
        torch.from_numpy(trace.box(word)[None]).to(device),
        torch.from_numpy(trace.mask_k[word][None].astype(np.float32)).to(device),
        torch.from_numpy(trace.attended_features[word][None]).to(device),
        proposal_index=torch.tensor([int(trace.proposal_index[word])], device=device),
        scores=torch.tensor([trace.words[word].score], device=device),
        rois=torch.from_numpy(trace.rois[word][None]).to(device),
    )
    return regions, torch.from_numpy(trace.roi_features[word][None].astype(np.float32)).to(device)


def read_with(
    model: SwinTextSpotter,
    regions: Regions,
    roi_features: Tensor,
    interventions: Iterable[Intervention] = (),
    given: Tensor | None = None,
) -> Reading:
    """Reads regions from their RoI features (R, C, H, W) under interventions.

    given: (R, S) ids fed to the decoder, see `Reader.forward`.
    """
    with forward_hooks(model, [(one.module, one.change) for one in interventions]):
        _, features = model.gated_features(roi_features, regions)
        return model.reader(features, given)


def reread(
    spotter: Spotter, trace: Trace, word: int, interventions: Iterable[Intervention] = ()
) -> Rereading:
    """Reads a word again under interventions."""
    regions, roi_features = word_region(spotter, trace, word)
    with (
        torch.inference_mode(),
        torch.autocast(spotter.device.type, torch.bfloat16, enabled=spotter.bfloat16),
    ):
        reading = read_with(spotter.model, regions, roi_features, interventions)
    characters = spotter.decode_texts(reading, torch.tensor([0], device=spotter.device))[0]
    return Rereading("".join(c.text for c in characters), characters, reading)
