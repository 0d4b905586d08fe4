"""What is evaluated on: pictures (H, W, 3) uint8 RGB with their true regions, one at a time.

Rendered scenes are of the held-out split: none of their fonts, words and backgrounds is seen in training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from spotter.data.icdar import IMAGE_ENDINGS, Sample
from spotter.evaluation.metrics import Lexicon
from spotter.images import ImageError, read_image
from spotter.types import GroundTruth

Pictures = Iterator[tuple[np.ndarray, list[GroundTruth]]]

FIRST_SEED = 10_000  # of rendered scenes
GENERIC_WORDS = 90_000  # size of ICDAR 2015's generic lexicon


def photographs(chosen: Sequence[Sample]) -> Pictures:
    """Annotated photographs, upright. Raises ImageError, with the file's name, on one that cannot be read."""
    for sample in chosen:
        try:
            yield read_image(sample.image), sample.regions
        except ImageError as error:
            raise ImageError(f"{sample.image}: {error}") from error


def without_text(folder: Path) -> list[Sample]:
    """The photographs of a folder that were kept out of training (see `training.backgrounds`), without words.

    Raises ValueError when there is none.
    """
    from spotter.data.synth.backgrounds import is_held_out

    files = sorted(f for f in folder.glob("*") if f.suffix.lower() in IMAGE_ENDINGS)
    held_out = [Sample(file, []) for file in files if is_held_out(file.name)]
    if not held_out:
        raise ValueError(f"{folder} holds no photograph (.jpg or .png) that is kept out of training.")
    return held_out


def rendered(
    styles: Sequence[str], count: int, backgrounds: str | None = None, seed: int = FIRST_SEED
) -> Pictures:
    """`count` scenes, of one style after the other in turn.

    Raises:
        ValueError: there is no such style, or a package or the fonts for rendering are missing.
        FileNotFoundError: the folder of backgrounds holds no photograph of the held-out split.
    """
    try:
        from spotter.data.synth.scene import STYLES, SceneGenerator  # late: needs the packages for training

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


def lexicon_of(name: str) -> Lexicon:
    """The lexicon of a file (a word a line), or `wordfreq`: the most frequent English words.

    Raises ValueError in one sentence when there is none.
    """
    if name == "wordfreq":
        try:
            from wordfreq import top_n_list  # an optional dependency
        except ImportError as error:
            raise ValueError("The lexicon wordfreq needs a package: pip install wordfreq.") from error
        return Lexicon(top_n_list("en", GENERIC_WORDS))
    try:
        return Lexicon(Path(name).read_text(encoding="utf-8-sig").splitlines())
    except OSError as error:
        raise ValueError(f"The lexicon {name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"The lexicon {name} is not UTF-8 text; expected one word a line.") from error
    except ValueError as error:
        raise ValueError(f"The lexicon {name} holds no word; expected one word a line.") from error
