"""Reads one word of a trace again, with changes made from outside: a gate off, maskK left out, a character
forced.

The network's own `read` runs; hooks on its modules put other inputs in the place of theirs. The features
RoIAlign cut out for the word come from the trace, so the photo does not pass through the backbone again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from spotter.types import Character, Conversion, Reading, Regions

if TYPE_CHECKING:
    from spotter.model.spotter import SwinTextSpotter
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

GATES = ("M1", "M2", "M3")
Gate = Callable[[Tensor], Tensor]


def off(gate: Tensor) -> Tensor:
    """A gate that lets everything through."""
    return torch.ones_like(gate)


def cut(gate: Tensor) -> Tensor:
    """A gate that works, but through which no gradient flows back."""
    return gate.detach()


@dataclass(frozen=True)
class Rereading:
    """One word read again."""

    text: str
    characters: list[Character]
    reading: Reading  # R = 1
    conversion: Conversion  # R = 1; its m1..m3 are the gates before any change

    @property
    def surprise(self) -> float:
        """Minus the logarithm of the probability of what was read, end sign included."""
        best = self.reading.probabilities[0].float().gather(1, self.reading.ids[0][:, None])
        steps = min(len(self.characters) + 1, len(best))
        return float(-best[:steps].clamp(min=1e-9).log().sum())


def word_region(spotter: Spotter, trace: Trace, word: int) -> tuple[Regions, Tensor]:
    """The word as the network's `Regions` (R = 1), and what RoIAlign cut out for it, (1, C, H, W)."""
    device = spotter.device
    place = torch.zeros(1, dtype=torch.long, device=device)
    regions = Regions(
        image_index=place,
        proposal_index=torch.tensor([int(trace.proposal[word])], device=device),
        scores=torch.tensor([trace.words[word].score], device=device),
        boxes=torch.from_numpy(trace.box(word)[None]).to(device),
        mask_k=torch.from_numpy(trace.mask_k[word][None].astype(np.float32)).to(device),
        related=torch.from_numpy(trace.related[word][None]).to(device),
        rois=torch.from_numpy(trace.rois[word][None]).to(device),
    )
    return regions, torch.from_numpy(trace.roi_features[word][None].astype(np.float32)).to(device)


@contextmanager
def changed(
    model: SwinTextSpotter, cells: Tensor, gates: Mapping[str, Gate], mask: bool = True
) -> Iterator[None]:
    """While open, this thread's `model.read` gets `cells` from RoIAlign, and gates changed by functions of
    the gate.

    Each gate multiplies the input of one module: r1, r2 and r3 of `RecognitionConversion.forward` are built
    again from what the hooks have seen, with the changed gate.
    """
    part, seen, mine, handles = model.conversion, {}, threading.get_ident(), []

    def watch(module: nn.Module, name: str) -> None:
        def keep(_: nn.Module, __: tuple, output: Tensor) -> None:
            if threading.get_ident() == mine:
                seen[name] = output

        handles.append(module.register_forward_hook(keep))

    def replace(module: nn.Module, first_input: Callable[[], Tensor]) -> None:
        def swap(_: nn.Module, inputs: tuple) -> tuple | None:
            return (first_input(), *inputs[1:]) if threading.get_ident() == mine else None

        handles.append(module.register_forward_pre_hook(swap))

    def d1() -> Tensor:
        return seen["encoder"].mT.unflatten(2, seen["a3"].shape[2:])

    try:
        replace(part, lambda: cells)
        watched = {
            "a1": part.enter,
            "a2": part.down1,
            "a3": part.down2,
            "encoder": part.encoder[-1],
            "detection1": part.up_detection1,
            "detection2": part.up_detection2,
            "recognition1": part.up_recognition1,
            "recognition2": part.up_recognition2,
            "two_level": model.two_level,
        }
        for name, module in watched.items():
            watch(module, name)
        if "M1" in gates:
            replace(part.up_recognition1, lambda: seen["a3"] * gates["M1"](d1().sigmoid()))
        if "M2" in gates:
            replace(
                part.up_recognition2,
                lambda: (
                    (seen["recognition1"] + seen["a2"])
                    * gates["M2"]((seen["detection1"] + seen["a2"]).sigmoid())
                ),
            )
        if "M3" in gates:
            replace(
                part.leave,
                lambda: (
                    (seen["recognition2"] + seen["a1"])
                    * gates["M3"]((seen["detection2"] + seen["a1"]).sigmoid())
                ),
            )
        if not mask:
            replace(model.reader, lambda: seen["two_level"].permute(0, 3, 1, 2))
        yield
    finally:
        for handle in handles:
            handle.remove()


def reread(
    spotter: Spotter,
    trace: Trace,
    word: int,
    gates: Mapping[str, Gate] | None = None,
    mask: bool = True,
    given: Tensor | None = None,
) -> Rereading:
    """Reads a word again. `gates`: "M1".."M3" -> function of the gate (`off`); `mask`: whether maskK is
    applied;
    `given`: (1, T) ids fed to the decoder in place of what it read."""
    regions, cells = word_region(spotter, trace, word)
    with (
        torch.inference_mode(),
        torch.autocast(spotter.device.type, torch.bfloat16, enabled=spotter.bfloat16),
    ):
        conversion, reading = read_changed(spotter.model, regions, cells, gates or {}, mask, given)
    characters = spotter.texts(reading, torch.tensor([0], device=spotter.device))[0]
    return Rereading("".join(c.text for c in characters), characters, reading, conversion)


def read_changed(
    model: SwinTextSpotter,
    regions: Regions,
    cells: Tensor,
    gates: Mapping[str, Gate],
    mask: bool = True,
    given: Tensor | None = None,
) -> tuple[Conversion, Reading]:
    levels = [
        cells.new_zeros(1, cells.shape[1], 1, 1) for _ in range(4)
    ]  # `cells` take the place of what they give
    with changed(model, cells, gates, mask):
        return model.read(levels, regions, given)
