"""What Recognition Conversion and maskK contribute: words read without them, and what they remove.

`python -m spotter.evaluation.conversion FOLDER|synthetic` finds the words of every image in one pass and
lets the network alone read them: as it is, with gates at their mean over the RoI, and without maskK. Energy
and gates are compared on the true words that were found and around them.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from spotter.evaluation.arguments import positive_int
from spotter.evaluation.image_sets import EvaluationImages, named_images
from spotter.evaluation.metrics import DetectionMetric, EndToEndMetric, match_detections
from spotter.ops.polygons import rasterise
from spotter.ops.roi_affine import points_in_roi
from spotter.predictor import Spotter, load_spotter
from spotter.tracing.interventions import GATES, Intervention, gate_averaged, mask_off
from spotter.tracing.recorder import energy, forward_hooks, single
from spotter.types import Conversion, GroundTruth, Spotting, Word

AS_IT_IS = "as it is"
READINGS: Mapping[str, Sequence[Intervention]] = {
    AS_IT_IS: (),
    "M3 at its mean": (gate_averaged("M3"),),
    "M1 to M3 at their means": tuple(map(gate_averaged, GATES)),
    "without maskK": (mask_off(),),
    "M1 to M3 at their means, without maskK": (*map(gate_averaged, GATES), mask_off()),
}
CLEAR = 0.1  # a channel of M3 follows a word if its mean differs on and around it by this


@dataclass
class Contributions:
    """Counts of each reading; and of each map, its mean on every word that was found and around it."""

    detection: dict[str, DetectionMetric] = field(default_factory=lambda: defaultdict(DetectionMetric))
    end_to_end: dict[str, EndToEndMetric] = field(default_factory=lambda: defaultdict(EndToEndMetric))
    on_and_around: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    channels: list[np.ndarray] = field(default_factory=list)  # (C,) of M3, mean on a word minus around it

    def add_words(self, reading: str, true: Sequence[GroundTruth], words: Sequence[Word]) -> None:
        """The words of one image in one of READINGS."""
        self.detection[reading].update(true, [word.polygon for word in words])
        self.end_to_end[reading].update(true, words)

    def add_word(self, maps: Mapping[str, np.ndarray], polygon: np.ndarray) -> None:
        """A word by its maps (h, w) or (C, h, w) over its RoI and its true polygon (P, 2), 0..1 along the
        RoI. Nothing is added if it covers all cells of a map, or none.
        """
        masks = {name: cells_inside(polygon, values.shape[-2:]) for name, values in maps.items()}
        if any(mask.all() or not mask.any() for mask in masks.values()):
            return
        for name, values in maps.items():
            on, around = values[..., masks[name]].mean(-1), values[..., ~masks[name]].mean(-1)
            self.on_and_around[name].append((float(on.mean()), float(around.mean())))
            if name == "M3":
                self.channels.append(on - around)

    def table(self) -> str:
        """Two Markdown tables, and how many channels of M3 follow the word."""
        lines = ["| reading | detection H | end-to-end H |", "|---|--:|--:|"]
        for name in READINGS:
            found, read = self.detection[name].summary(), self.end_to_end[name].summary()
            lines.append(f"| {name} | {found.hmean:.3f} | {read.hmean:.3f} |")
        if not self.channels:
            return "\n".join([*lines, "", "No true word that was found has background in its RoI."])
        lines += ["", "| mean over the words | on the word | around it | around / on |", "|---|--:|--:|--:|"]
        for name, values in self.on_and_around.items():
            on, around = np.mean(values, 0)
            lines.append(f"| {name} | {on:.3f} | {around:.3f} | {around / max(on, 1e-6):.2f} |")
        difference = np.mean(self.channels, 0)
        more, less = int((difference > CLEAR).sum()), int((difference < -CLEAR).sum())
        last = (
            f"Words: {len(self.channels)}. Of {len(difference)} channels, M3 is at least {CLEAR:g} higher on "
            f"the word in {more} and lower in {less}."
        )
        return "\n".join([*lines, "", last])


def cells_inside(polygon: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(h, w) bool: the cells over an RoI of which more than half lies in a polygon (P, 2), 0..1."""
    height, width = shape
    mask = rasterise(polygon, np.array([0, 0, 1, 1]), 2 * max(shape)).astype(np.float32)
    return cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) > 0.5


def word_maps(roi_features: Tensor, conversion: Conversion, masked: Tensor) -> dict[str, np.ndarray]:
    """What is compared on and around words: energies (R, h, w) and gates (R, C, h, w)."""
    energies = {
        "energy before Recognition Conversion": roi_features,
        "energy after it": conversion.features,
        "energy after maskK": masked,
    }
    gates = dict(zip(GATES, map(single, conversion.gates), strict=True))
    return {name: energy(features).astype(np.float32) for name, features in energies.items()} | gates


@dataclass(frozen=True)
class ImageReadings:
    """An image in all READINGS."""

    words: dict[str, list[tuple[int, Word]]]  # each word with its row in the regions
    maps: dict[str, np.ndarray]  # of all regions as they are, see `word_maps`
    rois: np.ndarray  # (R, 5), pixels of the resized image
    scale: np.ndarray  # x, y from pixels of the resized image to those of the image


def measure(spotter: Spotter, images: EvaluationImages) -> Contributions:
    """Images (H, W, 3) uint8 RGB with their true words, polygons in pixels of the image."""
    found = Contributions()
    for image, true in images:
        readings = read(spotter, image)
        for name, words in readings.words.items():
            found.add_words(name, true, [word for _, word in words])
        ignore = [region.ignore or not region.text for region in true]
        words = readings.words[AS_IT_IS]
        pairs, _ = match_detections(true, ignore, [word.polygon for _, word in words])
        for i, j in pairs:
            row = words[j][0]
            polygon = points_in_roi(true[i].polygon / readings.scale, readings.rois[row])
            found.add_word({name: maps[row] for name, maps in readings.maps.items()}, polygon)
    return found


@torch.inference_mode()
def read(spotter: Spotter, image: np.ndarray) -> ImageReadings:
    """Detects the words of an image (H, W, 3) once, and reads them in all READINGS."""
    model, resized = spotter.model, spotter.resize(image)
    height, width = image.shape[:2]
    scale = np.array([width / resized.shape[2], height / resized.shape[1]])
    words, maps = {}, {}
    with torch.autocast(spotter.device.type, torch.bfloat16, enabled=spotter.bfloat16):
        detection = model.detect([resized.to(spotter.device)])
        regions = model.select_regions(detection)
        roi_features = model.pool_regions(detection.levels, regions)
        for name, interventions in READINGS.items():
            with forward_hooks(model, [(one.module, one.change) for one in interventions]):
                conversion, masked = model.gated_features(roi_features, regions)
                reading = model.reader(masked)
            spotting = Spotting(detection, regions, conversion, reading)
            words[name] = spotter.decode_words(spotting, 0, scale, width, height)
            if name == AS_IT_IS:
                maps = word_maps(roi_features, conversion, masked)
    return ImageReadings(words, maps, regions.rois.float().cpu().numpy(), scale)


@dataclass(frozen=True)
class Options:
    """The command line."""

    folder: str
    weights: str
    count: int
    style: str
    backgrounds: str | None


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        "python -m spotter.evaluation.conversion",
        description="Shows what Recognition Conversion and maskK contribute.",
    )
    parser.add_argument("folder", metavar="FOLDER", help="holds images/ and gt/ (ICDAR 2015), or synthetic")
    parser.add_argument("--weights", default="nano", help="a built-in name or a .safetensors file (nano)")
    parser.add_argument("--count", type=positive_int, default=200, help="maximum number of images (200)")
    parser.add_argument("--style", default="mixed", help="of rendered scenes (mixed)")
    parser.add_argument("--backgrounds", metavar="FOLDER", help="photographs to render on")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures. Returns 2, after one sentence on stderr, if an input cannot be used."""
    options = parse(arguments)
    try:
        images, count = named_images(options.folder, options.count, options.style, options.backgrounds)
        spotter = load_spotter(options.weights, known_words=False)
        print(measure(spotter, tqdm(images, total=count, unit="image")).table())
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
