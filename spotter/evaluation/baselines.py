"""Other text readers, measured on the same images with the same metric: `python -m spotter.evaluation
FOLDER --peers rapidocr,easyocr`. Each runs on one thread with its own built-in weights and returns words.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotter.evaluation.arguments import INSTALL
from spotter.evaluation.evaluate import Report
from spotter.evaluation.two_stage import PACKAGES, WIDTH_THRESHOLD, load_reader
from spotter.types import Word

if TYPE_CHECKING:
    from spotter.predictor import Spotter

REQUIRED_PACKAGES = {"rapidocr": ("rapidocr", "onnxruntime", "onnx"), "easyocr": PACKAGES}


@dataclass(frozen=True)
class Baseline:
    """A text reader to compare with, or this project's spotter."""

    name: str
    settings: str
    read: Callable[[np.ndarray], list[Word]]  # (H, W, 3) uint8 RGB -> words in pixels of the image
    parameters: int
    weights_bytes: int


def load_baseline(name: str, threads: int = 1) -> Baseline:
    """Another reader. Raises ImportError in one sentence if it is not installed."""
    if not is_installed(name):
        raise ImportError(f"{name} is not installed: {INSTALL[name]}.")
    return {"rapidocr": load_rapidocr, "easyocr": load_easyocr}[name](threads)


def is_installed(name: str) -> bool:
    """Whether all packages that another reader needs are installed."""
    return all(importlib.util.find_spec(package) for package in REQUIRED_PACKAGES[name])


def this_project(
    spotter: Spotter, weights: Path, read: Callable[[np.ndarray], list[Word]] | None = None
) -> Baseline:
    """This project's spotter. `read` replaces `spotter.spot`, for other settings than the model's."""
    parameters = sum(p.numel() for p in spotter.model.parameters())
    name = spotter.card.get("name", "")
    return Baseline("this project", name, read or spotter.spot, parameters, weights.stat().st_size)


def load_rapidocr(threads: int) -> Baseline:
    """PP-OCR's detector and recogniser in onnxruntime; RapidOCR itself splits lines into words."""
    import onnx
    import rapidocr

    limits = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": threads for kind in ("intra", "inter")}
    engine = rapidocr.RapidOCR(params=limits | {"Global.log_level": "warning"})
    files = sorted((Path(rapidocr.__file__).parent / "models").glob("*.onnx"))
    parameters = sum(int(np.prod(t.dims)) for file in files for t in onnx.load(file).graph.initializer)

    def read(image: np.ndarray) -> list[Word]:
        result = engine(np.ascontiguousarray(image[:, :, ::-1]), return_word_box=True)
        lines = result.word_results if result.txts else ()  # without text it holds a placeholder
        return [_word(quad, text, score) for line in lines for text, score, quad in line]

    size = sum(file.stat().st_size for file in files)
    return Baseline("rapidocr", "return_word_box=True", read, parameters, size)


def load_easyocr(threads: int) -> Baseline:
    """CRAFT and a CRNN; `width_ths=0.05` splits lines into words."""
    import easyocr_en_models
    import torch

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    folder = Path(easyocr_en_models.__file__).parent / "models"
    reader = load_reader()
    networks = (reader.detector, reader.recognizer)
    parameters = sum(p.numel() for network in networks for p in network.parameters())

    def read(image: np.ndarray) -> list[Word]:
        return [
            _word(quad, text, score)
            for quad, text, score in reader.readtext(image, width_ths=WIDTH_THRESHOLD)
        ]

    size = sum(file.stat().st_size for file in folder.glob("*.pth"))
    return Baseline("easyocr", f"width_ths={WIDTH_THRESHOLD}", read, parameters, size)


def _word(quad: Sequence[Sequence[float]], text: str, score: float) -> Word:
    points = np.asarray(quad, np.float64)
    return Word("w", points.tolist(), [*points.min(0), *points.max(0)], text, float(score), float(score), [])


def comparison_table(rows: Sequence[tuple[Baseline, Report]]) -> str:
    """Markdown, one row per reader: H-means in percent, CPU seconds per image on one thread, also relative to
    the first reader, and size.
    """
    lines = [
        "| reader | settings | detection H | end-to-end H | CPU s/image | relative | parameters | weights |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for reader, report in rows:
        relative = report.cpu_seconds / max(rows[0][1].cpu_seconds, 1e-9)
        lines.append(
            f"| {reader.name} | {reader.settings} | {100 * report.detection.hmean:.1f} "
            f"| {100 * report.end_to_end.hmean:.1f} | {report.cpu_seconds:.2f} | {relative:.1f} "
            f"| {reader.parameters / 1e6:.1f} million | {reader.weights_bytes / 1e6:.1f} MB |"
        )
    images = rows[0][1].images if rows else 0
    return "\n".join([*lines, "", f"{images} images, one thread"])
