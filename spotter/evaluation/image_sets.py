"""Images to evaluate on, one at a time: (H, W, 3) uint8 RGB with their true regions.

Rendered scenes are of the held-out split: none of their fonts, words and backgrounds is used in training.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from spotter.data.icdar import IMAGE_ENDINGS, AnnotatedImage, read_folder
from spotter.images import ImageError, read_image
from spotter.types import GroundTruth

EvaluationImages = Iterable[tuple[np.ndarray, list[GroundTruth]]]

SYNTHETIC = "synthetic"  # on a command line, in place of a folder: rendered scenes
FIRST_SEED = 10_000  # of rendered scenes
# Held out in BSDS500: Chinese characters on a column, advertising along a race track, numbers of swimmers.
SHOWING_TEXT = {"120093.jpg", "21077.jpg", "370036.jpg"}


def photographs(samples: Sequence[AnnotatedImage]) -> Iterator[tuple[np.ndarray, list[GroundTruth]]]:
    """Annotated photographs, upright. Raises ImageError, with the file's name, if one cannot be read."""
    for sample in samples:
        try:
            yield read_image(sample.image), sample.regions
        except ImageError as error:
            raise ImageError(f"{sample.image}: {error}") from error


def named_images(
    folder: str, count: int, style: str, backgrounds: str | None
) -> tuple[EvaluationImages, int]:
    """At most `count` images of a folder, or `count` scenes if it is SYNTHETIC, and how many there are.

    Raises ValueError or FileNotFoundError as `read_folder` and `rendered_scenes` do.
    """
    if folder == SYNTHETIC:
        return rendered_scenes([style], count, backgrounds), count
    chosen = read_folder(folder)[:count]
    return photographs(chosen), len(chosen)


def photographs_without_text(folder: Path) -> list[AnnotatedImage]:
    """The photographs of a folder that are held out of training (see `data.synth.backgrounds`), no regions.
    Those of BSDS500 that show text are left out.

    Raises ValueError if there is none.
    """
    from spotter.data.synth.backgrounds import is_held_out

    files = sorted(f for f in folder.glob("*") if f.suffix.lower() in IMAGE_ENDINGS)
    held_out = [
        AnnotatedImage(file, []) for file in files if is_held_out(file.name) and file.name not in SHOWING_TEXT
    ]
    if not held_out:
        raise ValueError(f"{folder} holds no photograph (.jpg or .png) that is held out of training.")
    return held_out


def rendered_scenes(
    styles: Sequence[str], count: int, backgrounds: str | None = None, seed: int = FIRST_SEED
) -> Iterator[tuple[np.ndarray, list[GroundTruth]]]:
    """`count` scenes; the styles alternate.

    Raises:
        ValueError: there is no such style, or a package or the fonts for rendering are missing.
        FileNotFoundError: the folder of backgrounds holds no photograph of the held-out split.
    """
    try:
        from spotter.data.synth.scene import SceneGenerator  # late: needs the packages for training
        from spotter.data.synth.style import STYLES

        if unknown := [name for name in styles if name not in STYLES]:
            raise ValueError(f"There is no style {unknown[0]}; expected one of {', '.join(sorted(STYLES))}.")
        generators = [
            SceneGenerator(replace(STYLES[name], backgrounds=backgrounds), split="held_out")
            for name in styles
        ]
    except (ImportError, RuntimeError) as error:
        raise ValueError(f"Scenes cannot be rendered: {error}") from error
    scenes = (generators[i % len(generators)].render(seed + i) for i in range(count))
    return ((scene.image, scene.regions) for scene in scenes)
