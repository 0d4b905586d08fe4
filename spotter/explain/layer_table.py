"""Every step of the network on one photo: the shapes that came out, their bytes, and its multiply-adds."""

from __future__ import annotations

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
from spotter.tracing.trace_cache import network_image, once

if TYPE_CHECKING:
    from spotter.model.spotter import SwinTextSpotter
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace


@dataclass(frozen=True)
class Step:
    """What one step gave for the photo."""

    name: str
    outputs: tuple[tuple[str, tuple[int, ...]], ...]  # (what, shape) of each
    nbytes: int  # of all outputs together, as they were computed
    multiply_adds: int  # of matrix products and convolutions; the rest is small beside them


class Counter(TorchDispatchMode):
    """Adds up the multiply-adds of all operations of this thread that PyTorch has a formula for."""

    def __init__(self) -> None:
        super().__init__()
        self.multiply_adds = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        out = function(*args, **(kwargs or {}))
        formula = flop_registry.get(function.overloadpacket)
        if formula is not None:
            self.multiply_adds += formula(*args, **(kwargs or {}), out_val=out) // 2  # it counts both apart
        return out


# What goes into these steps has a name of its own and is no module's output.
TAKEN_IN = {"Recognition Conversion": "RoIAlign for reading", "Reader": "maskK applied"}


def named_outputs(output: Any) -> list[tuple[str, Tensor]]:
    """The tensors a module gives, with their names where it gives several."""
    if isinstance(output, Tensor):
        return [("", output)]
    if isinstance(output, tuple):  # of the proposals
        return list(zip(("boxes", "features"), output, strict=True))
    return [(name, value) for name, value in vars(output).items() if isinstance(value, Tensor)]


def modules_of(model: SwinTextSpotter) -> list[tuple[str, nn.Module]]:
    """The steps that are modules, in the order of the data."""
    backbone, found = model.backbone, [("Stem", model.backbone.stem)]
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
def counted(modules: list[tuple[str, nn.Module]], counter: Counter, steps: list[Step]) -> Iterator[None]:
    """While open, this thread's passes through the modules append to `steps`."""
    mine, starts, handles = threading.get_ident(), {}, []

    def before(name: str) -> Callable:
        def hook(_: nn.Module, inputs: tuple) -> None:
            if threading.get_ident() == mine:
                starts[name] = counter.multiply_adds
                if name in TAKEN_IN:
                    steps.append(step(TAKEN_IN[name], [("", inputs[0])], 0))

        return hook

    def after(name: str) -> Callable:
        def hook(_: nn.Module, __: tuple, output: Any) -> None:
            if threading.get_ident() == mine:
                steps.append(step(name, named_outputs(output), counter.multiply_adds - starts[name]))

        return hook

    try:
        for name, module in modules:
            handles.append(module.register_forward_pre_hook(before(name)))
            handles.append(module.register_forward_hook(after(name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def step(name: str, tensors: list[tuple[str, Tensor]], multiply_adds: int) -> Step:
    shapes = tuple((what, tuple(tensor.shape)) for what, tensor in tensors)
    return Step(name, shapes, sum(t.numel() * t.element_size() for _, t in tensors), multiply_adds)


def steps_of(spotter: Spotter, trace: Trace) -> list[Step]:
    """All steps for the trace's photo, in the order they ran; the network runs once more."""
    return once(trace, "steps", lambda: run_steps(spotter, trace))


def run_steps(spotter: Spotter, trace: Trace) -> list[Step]:
    """Threshold: the lowest score among the trace's words, so that the same regions are read."""
    model, counter, steps = spotter.model, Counter(), []
    least = min((word.score for word in trace.words), default=1.0) - (1e-4 if trace.words else 0)
    # Inference mode would keep the counter from seeing inside linear layers.
    with torch.no_grad(), autocast(spotter), counter, counted(modules_of(model), counter, steps):
        image = network_image(spotter, trace.image)
        steps.append(step("Photo", [("", image)], 0))
        steps.append(step("Normalised and padded", [("", model.pad([image])[0])], 0))
        detection = model.detect([image])
        start = counter.multiply_adds
        regions = model.keep(detection, least)
        kept = [("boxes", regions.boxes), ("maskK", regions.mask_k), ("features", regions.related)]
        steps.append(step("Kept regions", kept, counter.multiply_adds - start))
        model.read(detection.levels, regions)
    return steps
