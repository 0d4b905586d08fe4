"""A trace: the words of a photo and everything the views need to explain them, seen by the network on the
way.

The network is looked at from outside, by hooks on the modules that `TAPS` names. What a tap sees is turned
into a small numpy array at once; nothing of the forward pass changes, so traced and untraced words are the
same bit for bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotter.config import SpotterConfig
from spotter.images import read_image
from spotter.tracing.trace_cache import keep

if TYPE_CHECKING:  # torch is imported by whoever runs the network, not by whoever looks at a stored trace
    from PIL import Image
    from torch import Tensor, nn

    from spotter.predictor import Spotter
    from spotter.types import Word

TOP = 8  # characters kept of every step of the reader
HALF_MAX = 65_504.0


@dataclass(frozen=True)
class Trace:
    """What one photo left behind on its way through the network.

    N proposals, S stages, W words, C channels, T steps of the reader. Boxes are xyxy in pixels of `image`,
    the resized photo; `words` are in pixels of the photo itself: multiply pixels of `image` by `scale`.
    Arrays (W, ...) go by word.
    """

    image: np.ndarray  # (h, w, 3) uint8 RGB, the photo as resized for the network, without padding
    scale: np.ndarray  # (2,) float64, pixels of the photo per pixel of `image`, along x and y
    words: list[Word]
    model: dict  # name, sha256, trained_images of the weights
    config: SpotterConfig
    plain_levels: list[
        np.ndarray
    ]  # P2..P5 before the dilated blocks, (C, h/4, w/4) .. (C, h/32, w/32) float16
    levels: list[np.ndarray]  # P2..P5 with the dilated blocks' output added, same shapes
    boxes: np.ndarray  # (S + 1, N, 4) float32; 0: the learnable boxes
    class_logits: np.ndarray  # (S, N, 2) float32, class 0 is text
    mask_vectors: np.ndarray  # (S, N, 60) float32
    proposal_features: np.ndarray  # (S + 1, N, C) float16; 0: the learnable features plus the image's
    partners: np.ndarray  # (S, N, N) float16, self-attention of each stage, mean of its heads; rows sum to 1
    proposal: np.ndarray  # (W,) int64, the proposal each word comes from
    rois: np.ndarray  # (W, 5) float32, the rectangle each word was read in; see model.rotated_roi
    mask_k: np.ndarray  # (W, 28, 28) float16 probabilities over the word's box
    related: np.ndarray  # (W, C) float32, proposal features as Recognition Conversion gets them
    roi_features: np.ndarray  # (W, C, H, W) float16, what RoIAlign cuts out for Recognition Conversion
    m1: np.ndarray  # (W, H/4, W/4) float16, channel mean of the gate, 0..1
    m2: np.ndarray  # (W, H/2, W/2) float16
    m3: np.ndarray  # (W, H, W) float16
    converted: (
        np.ndarray
    )  # (W, H, W) float16, energy of the conversion's features (root mean square of the channels)
    masked: (
        np.ndarray
    )  # (W, H, W) float16, energy of what the reader gets: after two-level attention, times maskK
    reader_map: (
        np.ndarray
    )  # (W, 2h, 2w) float16, energy of the reader's convolution, before its max-pool to (h, w)
    two_level: (
        np.ndarray
    )  # (W, blocks, windows, cells, cells + 9) float16, two-level attention, mean of its heads
    attention: np.ndarray  # (W, T, h, w) float16, where the reader looks at each step
    ids: np.ndarray  # (W, T) int16, the characters read, 0 from the end sign on
    top_ids: np.ndarray  # (W, T, TOP) int16, best characters of each step, falling
    top_probabilities: np.ndarray  # (W, T, TOP) float16

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        values = [getattr(self, field.name) for field in fields(self)]
        arrays = [a for v in values for a in (v if isinstance(v, list) else [v]) if isinstance(a, np.ndarray)]
        return sum(array.nbytes for array in arrays)

    @property
    def scores(self) -> np.ndarray:
        """(S, N) float32, probability of being text after each stage."""
        return 1 / (1 + np.exp(-self.class_logits[..., 0]))

    def box(self, word: int) -> np.ndarray:
        """(4,) float32, the box a word was found in, pixels of `image`."""
        return self.boxes[-1, self.proposal[word]]

    def polygon(self, word: int) -> np.ndarray:
        """(P, 2) float64, a word's outline in pixels of `image`."""
        return np.asarray(self.words[word].polygon) / self.scale


def half(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().clamp(-HALF_MAX, HALF_MAX).half().cpu().numpy()


def single(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()


def energy(features: Tensor) -> np.ndarray:
    """(R, C, H, W) -> (R, H, W) root mean square of the channels."""
    return half(features.detach().float().square().mean(1).sqrt())


def by_region(parts: Sequence[np.ndarray], blocks: int, regions: int) -> np.ndarray:
    """Two-level attention as it is computed, for a few regions all blocks, then for the next, each
    (regions * windows, q, k) -> (regions, blocks, windows, q, k).
    """
    each = [np.concatenate(parts[block::blocks]) for block in range(blocks)]
    return np.stack([w.reshape(regions, -1 if regions else 1, *w.shape[1:]) for w in each], 1)


@dataclass(frozen=True)
class Tap:
    """`keep` gets the module's positional inputs and its output, and returns what is kept."""

    name: str
    module: str  # path inside the model; "*": every member, in order
    keep: Callable[[tuple, Any], Any]


# Everything that is seen, in the order of the data. The paper's own nouns come from the output of the whole
# ("").
TAPS = (
    Tap("tokens", "backbone.stages.*.*", lambda i, o: half(i[0][0])),
    Tap("plain_levels", "fpn", lambda i, o: [half(level[0]) for level in o]),
    Tap("proposals", "proposals", lambda i, o: (single(o[0][0]), half(o[1][0]))),
    Tap("partners", "stages.*.attention.softmax", lambda i, o: half(o[0].float().mean(0))),
    Tap("roi_features", "conversion", lambda i, o: half(i[0])),
    Tap("m1", "conversion", lambda i, o: half(o.m1.float().mean(1))),
    Tap("m2", "conversion", lambda i, o: half(o.m2.float().mean(1))),
    Tap("m3", "conversion", lambda i, o: half(o.m3.float().mean(1))),
    Tap("converted", "conversion", lambda i, o: energy(o.features)),
    Tap("two_level", "two_level.*.attention.softmax", lambda i, o: half(o.float().mean(1))),
    Tap("masked", "reader", lambda i, o: energy(i[0])),
    Tap("reader_map", "reader.conv", lambda i, o: energy(o.relu())),
    Tap("reading", "reader", lambda i, o: o),
    Tap("whole", "", lambda i, o: o),
)


def modules_at(model: nn.Module, path: str) -> list[nn.Module]:
    """The modules a path of `TAPS` names."""
    found = [model]
    for part in path.split(".") if path else []:
        members = (one.children() if part == "*" else [one.get_submodule(part)] for one in found)
        found = [module for several in members for module in several]
    return found


@contextmanager
def tapped(model: nn.Module, taps: Sequence[Tap] = TAPS) -> Iterator[dict[str, list]]:
    """While the context is open, this thread's forward passes fill the dictionary: name -> one entry a
    module.
    """
    kept: dict[str, list] = {tap.name: [] for tap in taps}
    mine = threading.get_ident()
    handles = []

    def listen(tap: Tap) -> Callable:
        def hook(_: nn.Module, inputs: tuple, output: Any) -> None:
            if threading.get_ident() == mine:
                kept[tap.name].append(tap.keep(inputs, output))

        return hook

    try:
        for tap in taps:
            handles += [module.register_forward_hook(listen(tap)) for module in modules_at(model, tap.module)]
        yield kept
    finally:
        for handle in handles:
            handle.remove()


def record(
    spotter: Spotter,
    image: str | Path | Image.Image | np.ndarray,
    threshold: float | None = None,
    short_side: int | None = None,
) -> Trace:
    """`Spotter.trace`: the words are those that `spotter.spot` returns; it is what runs here."""
    photo = read_image(image)
    with tapped(spotter.model) as kept:
        words = spotter.spot(photo, threshold, short_side)
    whole, reading = kept["whole"][0], kept["reading"][0]
    resized = spotter.resize(photo, short_side)
    small = resized.permute(1, 2, 0).round().byte().numpy()
    scale = np.array([photo.shape[1] / small.shape[1], photo.shape[0] / small.shape[0]])
    rows = [row for row, _ in spotter.words(whole, 0, scale, photo.shape[1], photo.shape[0])]
    first_boxes, first_features = kept["proposals"][0]
    stages = whole.detection.stages
    best = reading.probabilities.float().topk(min(TOP, reading.probabilities.shape[2]), dim=2)
    height, width = spotter.model.config.reader_size
    trace = Trace(
        image=small,
        scale=scale,
        words=words,
        model={key: spotter.card.get(key) for key in ("name", "sha256", "trained_images")},
        config=spotter.model.config,
        plain_levels=kept["plain_levels"][0],
        levels=[half(level[0]) for level in whole.detection.levels],
        boxes=np.stack([first_boxes, *(single(stage.boxes[0]) for stage in stages)]),
        class_logits=np.stack([single(stage.class_logits[0]) for stage in stages]),
        mask_vectors=np.stack([single(stage.mask_vector[0]) for stage in stages]),
        proposal_features=np.stack([first_features, *(half(stage.proposal_features[0]) for stage in stages)]),
        partners=np.stack(kept["partners"]),
        proposal=whole.regions.proposal_index.cpu().numpy()[rows],
        rois=single(whole.regions.rois)[rows],
        mask_k=half(whole.regions.mask_k)[rows],
        related=single(whole.regions.related)[rows],
        **{name: kept[name][0][rows] for name in ("roi_features", "m1", "m2", "m3", "converted", "masked")},
        reader_map=kept["reader_map"][0][rows],
        two_level=by_region(kept["two_level"], len(spotter.model.two_level), len(reading.ids))[rows],
        attention=half(reading.attention.unflatten(2, (height, width)))[rows],
        ids=reading.ids.cpu().numpy().astype(np.int16)[rows],
        top_ids=best.indices.cpu().numpy().astype(np.int16)[rows],
        top_probabilities=half(best.values)[rows],
    )
    keep(trace, "tokens", kept["tokens"])  # too many bytes for a stored trace, hence not in the trace itself
    return trace
