"""Sample pictures of the Read tab and their stored results.

    python -m spotter.tabs.shared.samples pictures

writes assets/samples/*.jpg but for the street, truth.json (their true words) and README.md, from files of
scikit-image and from the scene generator.

    python -m spotter.tabs.shared.samples words

reads them with the spotter and writes words.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image

from spotter.images import read_image
from spotter.language import tr
from spotter.resources import ASSETS
from spotter.tabs.shared.overlay import MIN_SCORE
from spotter.words_json import model_entry, photo_entry, words_json, write_json

if TYPE_CHECKING:
    from spotter.data.synth.scene import Scene
    from spotter.types import GroundTruth, Word

FOLDER = ASSETS / "samples"
WORDS = FOLDER / "words.json"
TRUTH = FOLDER / "truth.json"
PHOTOS = ("brick.png", "coffee.png", "rocket.jpg")  # of scikit-image; backgrounds of the rendered words


@dataclass(frozen=True)
class Sample:
    """A sample picture."""

    file: str
    # A file of scikit-image, style and seed of a rendered scene, or None: a photo whose true words were
    # written down by hand.
    source: str | tuple[str, int] | None

    @property
    def path(self) -> Path:
        return FOLDER / self.file

    @property
    def caption(self) -> str:
        return captions()[self.file]

    @property
    def credit(self) -> str:
        return credits()[self.file]


SAMPLES = (
    Sample("launch.jpg", ("easy", 116)),
    Sample("street.jpg", None),
    Sample("wall.jpg", ("easy", 108)),
    Sample("saucer.jpg", ("curved", 106)),
    Sample("page.jpg", "page.png"),
    Sample("cat.jpg", "chelsea.png"),
)


def captions() -> dict[str, str]:
    return {
        "launch.jpg": tr("Launch (rendered)"),
        "wall.jpg": tr("Wall (rendered)"),
        "saucer.jpg": tr("Curves (rendered)"),
        "street.jpg": tr("Street"),
        "page.jpg": tr("Page"),
        "cat.jpg": tr("No words"),
    }


def credits() -> dict[str, str]:
    return {
        "launch.jpg": rendered(tr("a SpaceX photo (public domain)")),
        "wall.jpg": rendered(tr("bricks (CC0Textures, CC0)")),
        "saucer.jpg": rendered(tr("a photo by R. Michetti (CC0)")),
        "street.jpg": tr("Photo: OpenCV (samples of the text module), Apache License 2.0."),
        "page.jpg": tr("Scanned page: scikit-image, BSD-3-Clause."),
        "cat.jpg": tr("Photo: Stefan van der Walt, CC0; from scikit-image."),
    }


def rendered(background: str) -> str:
    return tr(
        "Rendered, not photographed: words set by this project's scene generator, in fonts kept out of "
        "training, over {background}.",
        background=background,
    )


def stored_results(sha256: str | None) -> dict:
    """The stored words of all samples (`--json` format); {} if they were read with other weights."""
    if not WORDS.is_file():
        return {}
    results = json.loads(WORDS.read_text(encoding="utf-8"))
    return results if results["model"]["sha256"] == sha256 else {}


def stored_truth(source: str | Path) -> list[tuple[str, np.ndarray]] | None:
    """Text and polygon (P, 2), in pixels, of each true word of a sample; None if unknown."""
    sample = next((sample for sample in SAMPLES if sample.path == Path(source)), None)
    if sample is None or not TRUTH.is_file():
        return None
    words = json.loads(TRUTH.read_text(encoding="utf-8")).get(sample.file)
    return None if words is None else [(word["text"], np.array(word["polygon"])) for word in words]


def page_entry(image: np.ndarray, words: list[Word], seconds: float, card: dict) -> dict:
    """The entries of a photo (H, W, 3) and of the model in the `--json` format."""
    return {**photo_entry(image, words, seconds), "model": model_entry(card)}


def write_words(weights: str) -> None:
    """Reads all samples and writes words.json. Raises WeightsError."""
    from spotter.predictor import load_spotter

    spotter = load_spotter(weights)
    images = {}
    for sample in SAMPLES:
        image = read_image(sample.path)
        start = time.perf_counter()
        words = spotter.spot(image, threshold=MIN_SCORE)
        images[sample.file] = photo_entry(image, words, time.perf_counter() - start)
        print(f"{sample.file}: {len(words)} words")
    write_json(WORDS, words_json(spotter.card, images))


def write_pictures() -> None:
    """Writes the pictures, truth.json and README.md."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    before, truth = json.loads(TRUTH.read_text(encoding="utf-8")), {}
    for sample in SAMPLES:
        if sample.source is None:
            truth[sample.file] = before[sample.file]
            continue
        if isinstance(sample.source, str):
            image = read_image(str(files("skimage") / "data" / sample.source))
        else:
            scene = render(*sample.source)
            image, truth[sample.file] = scene.image, truth_entry(scene.regions)
        Image.fromarray(image).save(sample.path, quality=92)
    write_json(TRUTH, truth)
    lines = [f"| `{sample.file}` | {sample.credit} |" for sample in SAMPLES]
    (FOLDER / "README.md").write_text("\n".join([README, *lines, ""]), encoding="utf-8")


def truth_entry(regions: list[GroundTruth]) -> list[dict]:
    """The legible words of a scene for truth.json; polygons in pixels of the scene."""
    legible = [region for region in regions if region.text and not region.ignore]
    return [
        {"text": region.text, "polygon": np.round(region.polygon.astype(float), 1).tolist()}
        for region in legible
    ]


README = """# Sample pictures

`python -m spotter.tabs.shared.samples pictures` makes them, `python -m spotter.tabs.shared.samples words`
reads them with the built-in weights and stores the results in `words.json`. `truth.json` holds the true
words. `street.jpg` is `scenetext05.jpg` of opencv_contrib; all other photos are part of scikit-image. If the
scene generator changes, the same seeds give other scenes.

| file | source and licence |
|---|---|"""


def render(style: str, seed: int) -> Scene:
    """Renders a scene of words over one of PHOTOS, (600, 800, 3) uint8 RGB."""
    from spotter.data.synth.backgrounds import Backgrounds
    from spotter.data.synth.scene import SceneGenerator
    from spotter.data.synth.style import STYLES

    changes: dict[str, dict[str, Any]] = {
        "easy": {"text_height": (24, 90), "words": (4, 10), "degradation": 0.2},
        "curved": {
            "text_height": (28, 80),
            "words": (3, 7),
            "degradation": 0.3,
            "curved": 0.7,
            "negatives": 0.0,
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        for photo in PHOTOS:
            shutil.copy(str(files("skimage") / "data" / photo), folder)
        scene_style = replace(STYLES[style], height=600, width=800, **changes[style])
        return SceneGenerator(scene_style, "held_out", backgrounds=Backgrounds(folder, "train")).render(seed)


@dataclass(frozen=True)
class Options:
    """The command line."""

    what: Literal["pictures", "words"]
    weights: str


def parse(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m spotter.tabs.shared.samples", description="Make the sample pictures or read them."
    )
    parser.add_argument("what", choices=("pictures", "words"), nargs="?", default="words")
    parser.add_argument("--weights", default="nano", metavar="W", help="nano or a .safetensors file (nano)")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: list[str] | None = None) -> int:
    from spotter.weights import WeightsError

    options = parse(arguments)
    try:
        if options.what == "pictures":
            write_pictures()
        else:
            write_words(options.weights)
    except (WeightsError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
