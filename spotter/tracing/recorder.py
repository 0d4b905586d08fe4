"""Records activations with forward hooks and builds traces from them.

Hooks only read, so traced and untraced words are equal bit for bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spotter.config import SpotterConfig
from spotter.tracing.trace import Trace
from spotter.tracing.trace_cache import put
from spotter.types import Spotting, Word

TOP_CHARACTERS = 8  # stored per decoder step
HALF_MAX = float(np.finfo(np.float16).max)
CARD_FIELDS = ("name", "sha256", "trained_images")


def half(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().clamp(-HALF_MAX, HALF_MAX).half().cpu().numpy()


def single(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()


def energy(features: Tensor) -> np.ndarray:
    """(R, C, H, W) -> (R, H, W) float16, root mean square over the channels."""
    return half(features.detach().float().square().mean(1).sqrt())


@dataclass(frozen=True)
class Hook:
    """What to record: `value` of a module's positional inputs and output."""

    name: str
    module: str  # path inside the model, "" for the model itself; "*" stands for all children, in order
    value: Callable[[tuple, Any], Any]


# In the order of the data flow. What the paper names is taken from the model's own output.
TRACE_HOOKS = (
    Hook("tokens", "backbone.stages.*.*", lambda inputs, output: half(inputs[0][0])),
    Hook("fpn_levels", "fpn", lambda inputs, output: [half(level[0]) for level in output]),
    Hook("proposals", "proposals", lambda inputs, output: (single(output[0][0]), half(output[1][0]))),
    Hook(
        "stage_attention",
        "stages.*.attention.softmax",
        lambda inputs, output: half(output[0].float().mean(0)),
    ),
    Hook("roi_features", "conversion", lambda inputs, output: half(inputs[0])),
    Hook("m1", "conversion", lambda inputs, output: half(output.m1.float().mean(1))),
    Hook("m2", "conversion", lambda inputs, output: half(output.m2.float().mean(1))),
    Hook("m3", "conversion", lambda inputs, output: half(output.m3.float().mean(1))),
    Hook("conversion_energy", "conversion", lambda inputs, output: energy(output.features)),
    Hook(
        "two_level_attention",
        "two_level.*.attention.softmax",
        lambda inputs, output: half(output.float().mean(1)),
    ),
    Hook("masked_energy", "mask_gate", lambda inputs, output: energy(output)),
    Hook("reader_energy", "reader.conv", lambda inputs, output: energy(output.relu())),
    Hook("spotting", "", lambda inputs, output: output),
)
# Activations with one row per region; `build_trace` picks the rows of the words.
PER_REGION = ("roi_features", "m1", "m2", "m3", "conversion_energy", "masked_energy", "reader_energy")


def find_modules(model: nn.Module, path: str) -> list[nn.Module]:
    """The modules that the path of a `Hook` stands for."""
    found = [model]
    for part in path.split(".") if path else []:
        found = [
            child
            for module in found
            for child in (module.children() if part == "*" else [module.get_submodule(part)])
        ]
    return found


@contextmanager
def forward_hooks(
    model: nn.Module, hooks: Iterable[tuple[str, Callable[[tuple, Any], Any]]]
) -> Iterator[None]:
    """Calls functions of (inputs, output) after the modules at their paths, in forward passes of this thread.

    A result other than None replaces the module's output. The hooks are removed on exit.
    """
    thread = threading.get_ident()
    handles = []

    def in_this_thread(function: Callable[[tuple, Any], Any]) -> Callable:
        def hook(module: nn.Module, inputs: tuple, output: Any) -> Any:
            return function(inputs, output) if threading.get_ident() == thread else None

        return hook

    try:
        for path, function in hooks:
            for module in find_modules(model, path):
                handles.append(module.register_forward_hook(in_this_thread(function)))
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def record_activations(model: nn.Module, hooks: Sequence[Hook]) -> Iterator[dict[str, list]]:
    """Yields a dict that this thread's forward passes fill: hook name -> one value per call of a module."""
    activations: dict[str, list] = {hook.name: [] for hook in hooks}

    def recorder(hook: Hook) -> Callable[[tuple, Any], None]:
        def record(inputs: tuple, output: Any) -> None:
            activations[hook.name].append(hook.value(inputs, output))

        return record

    with forward_hooks(model, [(hook.module, recorder(hook)) for hook in hooks]):
        yield activations


def group_by_region(chunks: Sequence[np.ndarray], blocks: int, regions: int) -> np.ndarray:
    """Two-level attention as recorded (all blocks for a chunk of regions, then for the next), each
    (regions * windows, q, k) -> (regions, blocks, windows, q, k).
    """
    per_block = [np.concatenate(chunks[block::blocks]) for block in range(blocks)]
    return np.stack([w.reshape(regions, -1 if regions else 1, *w.shape[1:]) for w in per_block], 1)


def build_trace(
    activations: Mapping[str, list],
    words: Sequence[tuple[int, Word]],
    resized: Tensor,
    scale: np.ndarray,
    card: Mapping[str, Any],
    config: SpotterConfig,
) -> Trace:
    """The trace of one image.

    Args:
        activations: of `TRACE_HOOKS`.
        words: each with its row among the regions.
        resized: (3, h, w) float32 0..255, the network's input.
        scale: (2,) pixels of the image per pixel of `resized`, along x and y.
        card: model card of the weights.
    """
    rows = [row for row, _ in words]
    spotting: Spotting = activations["spotting"][0]
    regions, reading, stages = spotting.regions, spotting.reading, spotting.detection.stages
    first_boxes, first_features = activations["proposals"][0]
    top = reading.probabilities.float().topk(min(TOP_CHARACTERS, config.classes), dim=2)
    two_level = group_by_region(activations["two_level_attention"], config.two_level_blocks, len(reading.ids))
    trace = Trace(
        image=resized.permute(1, 2, 0).round().byte().numpy(),
        scale=scale,
        words=[word for _, word in words],
        card={key: card.get(key) for key in CARD_FIELDS},
        config=config,
        fpn_levels=activations["fpn_levels"][0],
        levels=[half(level[0]) for level in spotting.detection.levels],
        boxes=np.stack([first_boxes, *(single(stage.boxes[0]) for stage in stages)]),
        class_logits=np.stack([single(stage.class_logits[0]) for stage in stages]),
        mask_vectors=np.stack([single(stage.mask_vector[0]) for stage in stages]),
        proposal_features=np.stack([first_features, *(half(stage.proposal_features[0]) for stage in stages)]),
        stage_attention=np.stack(activations["stage_attention"]),
        proposal_index=regions.proposal_index.cpu().numpy()[rows],
        rois=single(regions.rois)[rows],
        mask_k=half(regions.mask_k)[rows],
        attended_features=single(regions.attended_features)[rows],
        **{name: activations[name][0][rows] for name in PER_REGION},
        two_level_attention=two_level[rows],
        decoder_attention=half(reading.attention.unflatten(2, config.reader_size))[rows],
        ids=reading.ids.cpu().numpy().astype(np.int16)[rows],
        top_ids=top.indices.cpu().numpy().astype(np.int16)[rows],
        top_probabilities=half(top.values)[rows],
    )
    put(trace, "tokens", activations["tokens"])  # too large for a stored trace, hence not a field
    return trace


def network_image(image: np.ndarray, device: torch.device) -> Tensor:
    """(h, w, 3) uint8, e.g. of a trace -> (3, h, w) float32 0..255, as the network takes it."""
    return torch.from_numpy(image).permute(2, 0, 1).float().to(device)
