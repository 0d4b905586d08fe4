"""What CRAFT and a CRNN make of the sample photos, stored for machines where they are not installed.

`python -m spotter.tabs.look_inside.two_stage_results` runs them (the extra `two-way` of this project).
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotter.evaluation.two_stage import Strip, TwoStage, read_quads, spot_in_two_stages
from spotter.explain.crop_looseness import rectangle
from spotter.explain.topics.true_outlines import TrueWord
from spotter.images import read_image
from spotter.resources import ASSETS
from spotter.tabs.shared.samples import SAMPLES, stored_truth
from spotter.tracing.trace_cache import cached
from spotter.tracing.trace_file import decode_image, encode_image

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

FOLDER = ASSETS / "two_stage"
MAX_DIFFERENCE = 12  # of 255: decoders of JPEG and resizing round differently


@dataclass(frozen=True)
class StoredResult:
    result: TwoStage
    true: list[TrueWord]  # [] for photos without annotated words


def stored_result(trace: Trace) -> StoredResult | None:
    """For a trace of a sample, whichever way the photo came; None for other photos."""
    return cached(trace, "stored two stages", lambda: (find_result(trace),))[0]


def find_result(trace: Trace) -> StoredResult | None:
    height, width = trace.image.shape[:2]
    for sample in SAMPLES:
        file = FOLDER / f"{sample.path.stem}.npz"
        if not file.is_file() or not shows(trace.image, sample.path):
            continue
        stored = load(file, sample.path)
        size = np.array([width, height])
        strips = [replace(strip, quad=strip.quad * size) for strip in stored.result.strips]
        return replace(stored, result=replace(stored.result, strips=strips))
    return None


def shows(image: np.ndarray, path: Path) -> bool:
    """Whether an image (H, W, 3) is a photo, resized as the spotter does it."""
    photo = read_image(path)
    (height, width), (own_height, own_width) = image.shape[:2], photo.shape[:2]
    if abs(width * own_height - height * own_width) > max(width, height):
        return False
    way = cv2.INTER_AREA if width < own_width else cv2.INTER_LINEAR
    resized = cv2.resize(photo, (width, height), interpolation=way)
    return int(cv2.absdiff(resized, image).max()) <= MAX_DIFFERENCE


@lru_cache(maxsize=len(SAMPLES))
def load(file: Path, photo: Path) -> StoredResult:
    """Quads are parts of the photo's size, 0..1."""
    with np.load(file, allow_pickle=False) as stored:
        text = json.loads(str(stored["text"]))
        maps = [decode_image(stored[name]).astype(np.float32) / 255 for name in ("region", "affinity")]
        strips = [
            Strip(np.array(entry["quad"]), decode_image(stored[f"strip{i}"]), entry["text"], entry["score"])
            for i, entry in enumerate(text["strips"])
        ]
    true = [
        TrueWord(word, polygon, read)
        for (word, polygon), read in zip(stored_truth(photo) or [], text["true"], strict=True)
    ]
    return StoredResult(TwoStage(maps[0], maps[1], strips), true)


def save(file: Path, image: np.ndarray, result: TwoStage, true: list[str]) -> None:
    """`image`: on which the two networks ran; `true`: the CRNN's readings of the true outlines."""
    size = np.array(image.shape[1::-1])
    entries: list[dict[str, Any]] = [
        {
            "quad": np.round(strip.quad / size, 5).tolist(),
            "text": strip.text,
            "score": round(strip.score, 4),
        }
        for strip in result.strips
    ]
    pictures = {
        name: (values.clip(0, 1) * 255).round().astype(np.uint8)
        for name, values in (("region", result.region), ("affinity", result.affinity))
    }
    pictures |= {f"strip{i}": strip.pixels for i, strip in enumerate(result.strips)}
    arrays: dict[str, Any] = {
        name: encode_image(pixels, "JPEG", quality=80) for name, pixels in pictures.items()
    }
    text = json.dumps({"strips": entries, "true": true}, ensure_ascii=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, text=np.array(text), **arrays)


def main() -> int:
    from spotter.predictor import load_spotter

    spotter = load_spotter("nano")
    for sample in SAMPLES:
        photo = read_image(sample.path)
        image = spotter.resize(photo).permute(1, 2, 0).numpy().round().astype(np.uint8)
        try:
            result = spot_in_two_stages(image)
        except ImportError as error:
            print(error, file=sys.stderr)
            return 2
        scale = image.shape[1] / photo.shape[1]
        outlines = [rectangle(polygon * scale) for _, polygon in stored_truth(sample.path) or []]
        read = [strip.text if strip else "" for strip in read_quads(image, outlines)]
        file = FOLDER / f"{sample.path.stem}.npz"
        save(file, image, result, read)
        print(f"{file.name}: {len(result.strips)} words, {file.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
