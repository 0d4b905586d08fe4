"""Synthetic scenes with words, for training.

`python -m spotter.data.synth.scene --count 24 --style mixed --out sheet.png` draws a contact sheet,
`python -m spotter.data.synth.scene --count 200 --speed` measures.
"""

from __future__ import annotations

import argparse
import functools
import math
import random
import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from spotter.data.synth.backgrounds import Backgrounds
from spotter.data.synth.camera import photograph
from spotter.data.synth.fonts import Fonts, installed_fonts
from spotter.data.synth.layout import Warp, border, random_bend, random_matrix, set_text
from spotter.data.synth.legibility import ignored, ink_height, is_legible, region_of
from spotter.data.synth.placement import CELL, free_place, random_angle
from spotter.data.synth.rendering import draw, occlude
from spotter.data.synth.vocabulary import Vocabulary, installed_vocabulary
from spotter.types import GroundTruth

WEIGHTS = 0.8, 1.5  # times the width of the strokes of a font; thinner, hairlines would vanish


@dataclass(frozen=True)
class SceneStyle:
    """What scenes look like. Pairs are (least, most); shares are 0..1 of the blocks of text."""

    height: int = 320  # of the image, pixels
    width: int = 320
    words: tuple[int, int] = (3, 14)  # in a scene, when there is room
    text_height: tuple[float, float] = (10.0, 80.0)  # of capitals, pixels
    small: float = 1.15  # share of small letters: 1 as many of each octave, above 1 more small ones
    rotated: float = 0.4
    steep: float = 0.0  # share of the rotated ones that may be tilted as much as upright words and more
    curved: float = 0.15
    perspective: float = 0.4
    reweighted: float = 0.0  # letters thicker or thinner than their font has them
    lines: float = 0.5  # blocks of several words: one line, or lines stacked
    panels: float = 0.35  # blocks on a sign
    degradation: float = 1.0  # strength of light, blur, noise, compression, low contrast, occlusion: 0..1
    negatives: float = 0.06  # share of the scenes that have no text
    patience: int = 6  # blocks in a row without a place, after which a scene is full
    shrink: float = 1.0  # what a block without a place is scaled by, again and again; 1: it is given up
    backgrounds: str | None = None  # folder of photographs; None: procedural backgrounds


EASY = SceneStyle(
    words=(3, 8),
    text_height=(20, 64),
    rotated=0.1,
    curved=0.0,
    perspective=0.1,
    degradation=0.3,
    negatives=0.03,
)
MIXED = SceneStyle()
CURVED = SceneStyle(
    words=(2, 8), text_height=(14, 60), rotated=0.3, curved=1.0, perspective=0.25, degradation=0.7
)
DENSE = SceneStyle(
    height=720, width=1280, words=(60, 100), text_height=(10, 48), curved=0.05, lines=0.8, negatives=0.0
)
STYLES = {"easy": EASY, "mixed": MIXED, "curved": CURVED, "dense": DENSE}


@dataclass(frozen=True)
class Scene:
    """One rendered scene."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    regions: list[
        GroundTruth
    ]  # polygons in pixels of the image, inside it; texts and centres of legible words


class SceneGenerator:
    """Renders scenes of a style; `split` ("train" or "held_out") chooses fonts, words and backgrounds."""

    def __init__(
        self,
        style: SceneStyle,
        split: str = "train",
        fonts: Fonts | None = None,
        vocabulary: Vocabulary | None = None,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        self.style = style
        self.fonts = fonts or installed_fonts(split)
        self.vocabulary = vocabulary or installed_vocabulary(split)
        self.backgrounds = backgrounds or Backgrounds(style.backgrounds, split)

    def render(self, seed: int) -> Scene:
        """The scene of a seed: always the same one for the same style, split and folder of backgrounds."""
        rng, style = random.Random(seed), self.style
        image = self.backgrounds.sample(rng, style.height, style.width)
        wanted = 0 if rng.random() < style.negatives else rng.randint(*style.words)
        return self.write(rng, image, [], wanted)

    def write(self, rng: random.Random, image: np.ndarray, there: list[GroundTruth], wanted: int) -> Scene:
        """At most `wanted` words on an image (H, W, 3) of the style's size, beside the regions that are there
        already.
        """
        style = self.style
        image = np.ascontiguousarray(image)
        taken = np.zeros((math.ceil(style.height / CELL), math.ceil(style.width / CELL)), np.uint8)
        for region in there:
            outline = np.round(region.polygon / CELL).astype(np.int32)
            cv2.fillPoly(taken, [outline], 1)
            cv2.polylines(taken, [outline], True, 1, 3)
        roll = rng.gauss(0, 9) * style.rotated  # of the camera, degrees
        regions: list[GroundTruth] = []
        failures = 0
        while len(regions) < wanted and failures < style.patience:
            found = self._block(rng, image, taken, wanted - len(regions), roll)
            failures = 0 if found else failures + 1
            regions += found
        heights = sorted(ink_height(region.polygon) for region in regions if not region.ignore)
        typical = heights[len(heights) // 3] if heights else 20.0
        shot = photograph(rng, image, style.degradation, typical)
        gray = cv2.GaussianBlur(cv2.cvtColor(shot.image, cv2.COLOR_RGB2GRAY), (3, 3), 0)
        regions = [
            region if region.ignore or is_legible(region.polygon, shot, gray) else ignored(region.polygon)
            for region in regions
        ]
        return Scene(shot.image, there + regions)

    def _block(
        self, rng: random.Random, image: np.ndarray, taken: np.ndarray, room: int, roll: float
    ) -> list[GroundTruth]:
        """Draws one block of at most `room` words where nothing is yet; [] when it finds no place."""
        style = self.style
        curved = rng.random() < style.curved
        face = self.fonts.sample(rng)
        low, high = style.text_height
        height = low * (high / low) ** (rng.random() ** style.small)
        counts = [1] if height > 0.12 * style.height else _counts(rng, style.lines, curved, room)
        lines = [[self.vocabulary.sample(rng, face.caps_only, face.script) for _ in range(n)] for n in counts]
        outlined = rng.random() < 0.12
        weight = rng.uniform(*WEIGHTS) if style.reweighted and rng.random() < style.reweighted else 1.0
        sheet = set_text(rng, face, lines, height, outlined, weight)
        if sheet is None:
            return []
        widest = 0.95 * max(style.width, style.height if rng.random() < 0.1 else 0)
        if sheet.size[0] > widest or sheet.size[1] > 0.9 * style.height:
            sheet = sheet.shrunk(min(widest / sheet.size[0], 0.9 * style.height / sheet.size[1]))
            if sheet.cap_height < low:
                return []
        angle = roll + (random_angle(rng, style.steep) if rng.random() < style.rotated else rng.gauss(0, 1.5))
        while True:
            bend = random_bend(rng, *sheet.size, len(sheet.pieces)) if curved else None
            stretch = rng.random() < 0.4
            matrix = random_matrix(rng, sheet.size, angle, rng.random() < style.perspective, stretch)
            warp = Warp(np.array(sheet.size) / 2, matrix, bend)
            on_panel = not curved and rng.random() < style.panels
            grow = rng.uniform(0.1, 0.7) * sheet.cap_height if on_panel else 0.0
            outline = border(sheet.size, grow + 1, 12 if curved else 2)
            warp = free_place(rng, warp, outline, taken, image.shape[:2])
            if warp is not None:
                break
            if style.shrink == 1 or sheet.cap_height * style.shrink < low:
                return []
            sheet = sheet.shrunk(style.shrink)
        panel = warp(border(sheet.size, grow)) if on_panel else None
        draw(rng, image, sheet, warp, panel, style.degradation)
        regions = [region for word in sheet.words if (region := region_of(warp, word, image.shape[:2]))]
        if rng.random() < 0.1 * style.degradation:
            occlude(rng, image, sheet, warp)
        return regions


def _counts(rng: random.Random, share: float, curved: bool, room: int) -> list[int]:
    """Words in each line of a block."""
    if rng.random() > share:
        return [1]
    if curved or rng.random() < 0.45:
        return [min(room, rng.randint(2, 3 if curved else 4))]
    counts = []
    for _ in range(rng.randint(2, 5)):
        counts.append(min(rng.choice((1, 1, 2, 2, 3)), room - sum(counts)))
    return [n for n in counts if n > 0] or [1]


@functools.lru_cache(maxsize=8)
def _generator(style: SceneStyle, split: str) -> SceneGenerator:
    return SceneGenerator(style, split)


def render_scene(seed: int, style: SceneStyle = MIXED, split: str = "train") -> Scene:
    """The scene of a seed."""
    return _generator(style, split).render(seed)


def annotated(scene: Scene, zoom: int = 2) -> np.ndarray:
    """(zoom * H, zoom * W, 3) uint8 RGB: with polygons (green; red is ignored), texts and centres."""
    image = cv2.resize(scene.image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    for region in scene.regions:
        colour = (255, 60, 60) if region.ignore else (40, 255, 40)
        points = np.round(region.polygon * zoom * 16).astype(np.int32)
        cv2.polylines(image, [points], True, colour, 1, cv2.LINE_AA, 4)
        cv2.circle(image, tuple(np.round(region.polygon[0] * zoom).astype(int).tolist()), 3, colour, -1)
        for x, y in region.centres if region.centres is not None else []:
            cv2.circle(image, (round(float(x) * zoom), round(float(y) * zoom)), 1, (255, 0, 255), -1)
        x, y = region.polygon.min(0) * zoom
        place = max(0, int(x)), max(9, int(y) - 2)
        cv2.putText(image, region.text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.putText(image, region.text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 0), 1, cv2.LINE_AA)
    return image


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description="Synthetic scenes: a contact sheet, or how fast they are made."
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--style", choices=sorted(STYLES), default="mixed")
    parser.add_argument("--split", choices=("train", "held_out"), default="train")
    parser.add_argument("--backgrounds", help="folder of photographs without text")
    parser.add_argument("--out", type=Path, help="contact sheet to write (.png)")
    parser.add_argument("--clean", action="store_true", help="no annotation on the contact sheet")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--speed", action="store_true", help="print scenes a second on one core")
    options = parser.parse_args(arguments)
    if not (options.speed or options.out):
        parser.error("nothing to do: give --out or --speed")
    style = replace(STYLES[options.style], backgrounds=options.backgrounds)
    generator = SceneGenerator(style, options.split)
    cv2.setNumThreads(1)
    seeds = range(options.seed, options.seed + options.count)
    if options.speed:
        for seed in range(10**6, 10**6 + options.count // 2):  # fills the caches
            generator.render(seed)
        start, words = time.process_time(), 0
        for seed in seeds:
            words += len(generator.render(seed).regions)
        seconds = time.process_time() - start
        print(f"{options.count / seconds:.1f} scenes/s, {words / options.count:.1f} words a scene")
    if options.out:
        scenes = [generator.render(seed) for seed in seeds]
        pictures = [scene.image if options.clean else annotated(scene) for scene in scenes]
        blank = np.full_like(pictures[0], 255)
        pictures += [blank] * (-len(pictures) % options.columns)
        rows = [
            np.hstack(pictures[i : i + options.columns]) for i in range(0, len(pictures), options.columns)
        ]
        cv2.imwrite(str(options.out), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()
