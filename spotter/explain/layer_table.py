"""Every layer of the network on one photo: output shapes, bytes and multiply-adds."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from spotter.explain.topics.windows import autocast
from spotter.language import tr
from spotter.tracing.recorder import network_image
from spotter.tracing.trace_cache import cached

if TYPE_CHECKING:
    from spotter.model.spotter import SwinTextSpotter
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace


@dataclass(frozen=True)
class Layer:
    """The outputs of one layer for the photo."""

    name: str
    outputs: tuple[tuple[str, tuple[int, ...]], ...]  # (name, shape) of each
    nbytes: int  # of all outputs, in the data types of the forward pass
    multiply_adds: int  # of matrix products and convolutions; everything else is negligible


class Counter(TorchDispatchMode):
    """Counts the multiply-adds of all operations of this thread for which PyTorch has a formula."""

    def __init__(self) -> None:
        super().__init__()
        self.multiply_adds = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        formula = flop_registry.get(function.overloadpacket)
        if formula is not None:
            self.multiply_adds += formula(*args, **(kwargs or {}), out_val=out) // 2  # formulas count both
        return out


# The inputs of these modules are listed as layers: no module computes them.
INPUT_LAYERS = {"Recognition Conversion": "RoIAlign for recognition", "Reader": "maskK applied"}


def named_outputs(output: Any) -> list[tuple[str, Tensor]]:
    """The output tensors of a module; they have names if there are several."""
    if isinstance(output, Tensor):
        return [("", output)]
    if isinstance(output, tuple):  # of the proposals
        return list(zip(("boxes", "features"), output, strict=True))
    return [(name, value) for name, value in vars(output).items() if isinstance(value, Tensor)]


def modules_of(model: SwinTextSpotter) -> list[tuple[str, nn.Module]]:
    """The layers that are modules, in the order of the data flow."""
    backbone = model.backbone
    found: list[tuple[str, nn.Module]] = [("Stem", backbone.stem)]
    for i, stage in enumerate(backbone.stages):
        if i:
            found.append((f"Patch merging {i + 1}", backbone.merges[i - 1]))
        found.append((f"Swin stage {i + 1}", stage))
    found += [(f"P{i + 2}: lateral 1 × 1", module) for i, module in enumerate(model.fpn.lateral)]
    found += [(f"P{i + 2}: output 3 × 3", module) for i, module in enumerate(model.fpn.output)]
    found.append(("Proposals", model.proposals))
    found += [(f"P{i + 2}: dilated block", module) for i, module in enumerate(model.dilated)]
    found += [(f"Stage {i + 1}", module) for i, module in enumerate(model.stages)]
    found.append(("Recognition Conversion", model.conversion))
    found.append(("Two-level attention", model.two_level))
    found.append(("Reader", model.reader))
    return found


@contextmanager
def recording(modules: list[tuple[str, nn.Module]], counter: Counter, layers: list[Layer]) -> Iterator[None]:
    """While open, forward passes of this thread through the modules append to `layers`."""
    mine, starts, handles = threading.get_ident(), {}, []

    def before(name: str) -> Callable:
        def hook(_: nn.Module, inputs: tuple) -> None:
            if threading.get_ident() == mine:
                starts[name] = counter.multiply_adds
                if name in INPUT_LAYERS:
                    layers.append(layer_of(INPUT_LAYERS[name], [("", inputs[0])], 0))

        return hook

    def after(name: str) -> Callable:
        def hook(_: nn.Module, __: tuple, output: Any) -> None:
            if threading.get_ident() == mine:
                layers.append(layer_of(name, named_outputs(output), counter.multiply_adds - starts[name]))

        return hook

    try:
        for name, module in modules:
            handles.append(module.register_forward_pre_hook(before(name)))
            handles.append(module.register_forward_hook(after(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def layer_of(name: str, tensors: list[tuple[str, Tensor]], multiply_adds: int) -> Layer:
    shapes = tuple((what, tuple(tensor.shape)) for what, tensor in tensors)
    return Layer(name, shapes, sum(t.numel() * t.element_size() for _, t in tensors), multiply_adds)


def layer_title(name: str) -> str:
    """The name of a layer in the current language."""
    number = next(iter(re.findall(r"\d+", name)), "")
    titles = {
        "Photo": tr("Photo"),
        "Normalised and padded": tr("Normalised and padded"),
        "Stem": tr("Stem"),
        f"Patch merging {number}": tr("Patch merging {number}", number=number),
        f"Swin stage {number}": tr("Swin stage {number}", number=number),
        f"P{number}: lateral 1 × 1": tr("P{number}: lateral 1 × 1", number=number),
        f"P{number}: output 3 × 3": tr("P{number}: output 3 × 3", number=number),
        f"P{number}: dilated block": tr("P{number}: dilated block", number=number),
        "Proposals": tr("Proposals"),
        f"Stage {number}": tr("Stage {number}", number=number),
        "Selected regions": tr("Selected regions"),
        "RoIAlign for recognition": tr("RoIAlign for recognition"),
        "Recognition Conversion": tr("Recognition Conversion"),
        "Two-level attention": tr("Two-level attention"),
        "maskK applied": tr("maskK applied"),
        "Reader": tr("Reader"),
    }
    return titles[name]


def layers_of(spotter: Spotter, trace: Trace) -> list[Layer]:
    """All layers for the trace's photo, in the order they ran. Runs the network once, then cached."""
    return cached(trace, "layers", lambda: run_layers(spotter, trace))


def run_layers(spotter: Spotter, trace: Trace) -> list[Layer]:
    """Runs the network; its threshold is the minimum score of the trace's words, so that the same regions are
    read.
    """
    model, counter = spotter.model, Counter()
    layers: list[Layer] = []
    threshold = min((word.score for word in trace.words), default=1.0) - (1e-4 if trace.words else 0)
    # In inference mode the counter does not see inside linear layers.
    with torch.no_grad(), autocast(spotter), counter, recording(modules_of(model), counter, layers):
        image = network_image(trace.image, spotter.device)
        layers.append(layer_of("Photo", [("", image)], 0))
        layers.append(layer_of("Normalised and padded", [("", model.pad([image])[0])], 0))
        detection = model.detect([image])
        start = counter.multiply_adds
        regions = model.select_regions(detection, threshold)
        selected = [
            ("boxes", regions.boxes),
            ("maskK", regions.mask_k),
            ("features", regions.attended_features),
        ]
        layers.append(layer_of("Selected regions", selected, counter.multiply_adds - start))
        model.read(detection.levels, regions)
    return layers
