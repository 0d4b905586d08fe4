"""Synthetic scenes with words, for training.

`python -m spotter.data.synth.scene --count 24 --style mixed --out sheet.png` draws a contact sheet,
`python -m spotter.data.synth.scene --count 200 --speed` measures.
"""

from __future__ import annotations

import argparse
import functools
import math
import random
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from spotter.data.synth.backgrounds import Backgrounds
from spotter.data.synth.camera import photograph
from spotter.data.synth.contact_sheet import contact_sheet
from spotter.data.synth.fonts import Fonts, installed_fonts
from spotter.data.synth.layout import set_text
from spotter.data.synth.legibility import ignored, ink_height, is_legible, region_of
from spotter.data.synth.placement import CELL, place_block, random_angle
from spotter.data.synth.rendering import CURVE_POINTS, draw_block, occlude
from spotter.data.synth.style import MIXED, STYLES, SceneStyle
from spotter.data.synth.vocabulary import Vocabulary, installed_vocabulary
from spotter.data.synth.warp import Warp, random_bend, random_matrix, sheet_outline
from spotter.types import GroundTruth

ROLL_SIGMA = 9  # degrees of the camera's roll, times the share of rotated blocks
TILT_SIGMA = 1.5  # degrees of blocks that are not rotated
BORDER_CELLS = 3  # kept free around regions that are already there
TYPICAL_HEIGHT = 20.0  # pixels, of scenes without a legible word
LARGE_TEXT = 0.12  # of the scene's height; larger text is single words
OUTLINE_PROBABILITY = 0.12
STROKE_WEIGHT = 0.8, 1.5  # times the width of a font's strokes; thinner, hairlines would vanish
MAX_WIDTH, MAX_HEIGHT = 0.95, 0.9  # of a block, as parts of the scene
UPRIGHT_PROBABILITY = 0.1  # of blocks that may be as wide as the scene is high, to run up or down
STRETCH_PROBABILITY = 0.4
PANEL_MARGIN = 0.1, 0.7  # of the height of a capital
OCCLUSION_PROBABILITY = 0.1

# Lines and words of blocks.
SINGLE_LINE_SHARE = 0.45
MAX_WORDS, MAX_CURVED_WORDS = 4, 3  # of a single line; curved ones are shorter
STACKED_LINES = 2, 5
WORDS_PER_STACKED_LINE = 1, 1, 2, 2, 3  # one of these


@dataclass(frozen=True)
class Scene:
    """One rendered scene."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    regions: list[GroundTruth]  # polygons in pixels, inside the image; texts and centres of legible words


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
        count = 0 if rng.random() < style.negatives else rng.randint(*style.words)
        return self.write(rng, image, [], count)

    def write(
        self, rng: random.Random, image: np.ndarray, existing: list[GroundTruth], max_words: int
    ) -> Scene:
        """Adds at most `max_words` words to an image (H, W, 3) of the style's size, outside its existing
        regions.
        """
        style = self.style
        image = np.ascontiguousarray(image)
        occupied = np.zeros((math.ceil(style.height / CELL), math.ceil(style.width / CELL)), np.uint8)
        for region in existing:
            outline = np.round(region.polygon / CELL).astype(np.int32)
            cv2.fillPoly(occupied, [outline], 1)
            cv2.polylines(occupied, [outline], True, 1, BORDER_CELLS)
        roll = rng.gauss(0, ROLL_SIGMA) * style.rotated
        regions: list[GroundTruth] = []
        failures = 0
        while len(regions) < max_words and failures < style.patience:
            found = self._block(rng, image, occupied, max_words - len(regions), roll)
            failures = 0 if found else failures + 1
            regions += found
        heights = sorted(ink_height(region.polygon) for region in regions if not region.ignore)
        typical = heights[len(heights) // 3] if heights else TYPICAL_HEIGHT
        shot = photograph(rng, image, style.degradation, typical)
        gray = cv2.GaussianBlur(cv2.cvtColor(shot.image, cv2.COLOR_RGB2GRAY), (3, 3), 0)
        regions = [
            region if region.ignore or is_legible(region.polygon, shot, gray) else ignored(region.polygon)
            for region in regions
        ]
        return Scene(shot.image, existing + regions)

    def _block(
        self, rng: random.Random, image: np.ndarray, occupied: np.ndarray, max_words: int, roll: float
    ) -> list[GroundTruth]:
        """Draws one block of at most `max_words` words at a free position; [] when there is none."""
        style = self.style
        curved = rng.random() < style.curved
        face = self.fonts.sample(rng)
        low, high = style.text_height
        height = low * (high / low) ** (rng.random() ** style.small)
        if height > LARGE_TEXT * style.height:
            counts = [1]
        else:
            counts = _words_per_line(rng, style.lines, curved, max_words)
        kind = face.caps_only, face.script, face.own
        lines = [[self.vocabulary.sample(rng, *kind) for _ in range(n)] for n in counts]
        outlined = rng.random() < OUTLINE_PROBABILITY
        reweighted = style.reweighted and rng.random() < style.reweighted
        weight = rng.uniform(*STROKE_WEIGHT) if reweighted else 1.0
        sheet = set_text(rng, face, lines, height, outlined, weight)
        if sheet is None:
            return []
        max_width = MAX_WIDTH * max(style.width, style.height if rng.random() < UPRIGHT_PROBABILITY else 0)
        max_height = MAX_HEIGHT * style.height
        if sheet.size[0] > max_width or sheet.size[1] > max_height:
            sheet = sheet.scaled(min(max_width / sheet.size[0], max_height / sheet.size[1]))
            if sheet.cap_height < low:
                return []
        rotated = rng.random() < style.rotated
        angle = roll + (random_angle(rng, style.steep) if rotated else rng.gauss(0, TILT_SIGMA))
        while True:
            bend = random_bend(rng, *sheet.size, len(sheet.pieces)) if curved else None
            stretch = rng.random() < STRETCH_PROBABILITY
            matrix = random_matrix(rng, sheet.size, angle, rng.random() < style.perspective, stretch)
            on_panel = not curved and rng.random() < style.panels
            margin = rng.uniform(*PANEL_MARGIN) * sheet.cap_height if on_panel else 0.0
            outline = sheet_outline(sheet.size, margin + 1, CURVE_POINTS if curved else 2)
            warp = place_block(
                rng, Warp(np.array(sheet.size) / 2, matrix, bend), outline, occupied, image.shape[:2]
            )
            if warp is not None:
                break
            if style.shrink == 1 or sheet.cap_height * style.shrink < low:
                return []
            sheet = sheet.scaled(style.shrink)
        panel = warp(sheet_outline(sheet.size, margin)) if on_panel else None
        draw_block(rng, image, sheet, warp, panel, style.degradation)
        regions = [region for word in sheet.words if (region := region_of(warp, word, image.shape[:2]))]
        if rng.random() < OCCLUSION_PROBABILITY * style.degradation:
            occlude(rng, image, sheet, warp)
        return regions


def _words_per_line(rng: random.Random, share: float, curved: bool, max_words: int) -> list[int]:
    """Numbers of words of the lines of a block; share: of blocks with several words."""
    if rng.random() > share:
        return [1]
    if curved or rng.random() < SINGLE_LINE_SHARE:
        return [min(max_words, rng.randint(2, MAX_CURVED_WORDS if curved else MAX_WORDS))]
    counts: list[int] = []
    for _ in range(rng.randint(*STACKED_LINES)):
        counts.append(min(rng.choice(WORDS_PER_STACKED_LINE), max_words - sum(counts)))
    return [n for n in counts if n > 0] or [1]


@functools.lru_cache(maxsize=8)
def _generator(style: SceneStyle, split: str) -> SceneGenerator:
    return SceneGenerator(style, split)


def render_scene(seed: int, style: SceneStyle = MIXED, split: str = "train") -> Scene:
    """The scene of a seed."""
    return _generator(style, split).render(seed)


@dataclass(frozen=True)
class Options:
    """The command line."""

    seed: int
    count: int
    style: str
    split: str
    backgrounds: str | None
    out: Path | None
    clean: bool
    columns: int
    speed: bool

    @classmethod
    def parse(cls, arguments: list[str] | None) -> Options:
        p = argparse.ArgumentParser(
            "python -m spotter.data.synth.scene",
            description="Synthetic scenes: a contact sheet, or how fast they are made.",
        )
        p.add_argument("--seed", type=int, default=0)
        p.add_argument("--count", type=int, default=24)
        p.add_argument("--style", choices=sorted(STYLES), default="mixed")
        p.add_argument("--split", choices=("train", "held_out"), default="train")
        p.add_argument("--backgrounds", metavar="FOLDER", help="photographs without text")
        p.add_argument("--out", type=Path, metavar="FILE", help="contact sheet to write (.png)")
        p.add_argument("--clean", action="store_true", help="no annotation on the contact sheet")
        p.add_argument("--columns", type=int, default=4)
        p.add_argument("--speed", action="store_true", help="print scenes per second on one core")
        options = cls(**vars(p.parse_args(arguments)))
        if not (options.speed or options.out):
            p.error("nothing to do: give --out or --speed")
        if options.count < 1 or options.columns < 1:
            p.error("--count and --columns must be at least 1")
        return options


def main(arguments: list[str] | None = None) -> int:
    options = Options.parse(arguments)
    cv2.setNumThreads(1)
    seeds = range(options.seed, options.seed + options.count)
    try:
        style = replace(STYLES[options.style], backgrounds=options.backgrounds)
        generator = SceneGenerator(style, options.split)
        if options.speed:
            print(_speed(generator, seeds))
        if options.out:
            scenes = [generator.render(seed) for seed in seeds]
            sheet = contact_sheet(
                [(scene.image, scene.regions) for scene in scenes], options.columns, options.clean
            )
            if not cv2.imwrite(str(options.out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
                raise OSError(f"{options.out} cannot be written.")
    except (ImportError, RuntimeError, ValueError, OSError, cv2.error) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _speed(generator: SceneGenerator, seeds: range) -> str:
    for seed in range(10**6, 10**6 + len(seeds) // 2):  # fills the caches
        generator.render(seed)
    start = time.process_time()
    words = sum(len(generator.render(seed).regions) for seed in seeds)
    seconds = time.process_time() - start
    return f"{len(seeds) / seconds:.1f} scenes/s, {words / len(seeds):.1f} words per scene"


if __name__ == "__main__":
    sys.exit(main())
