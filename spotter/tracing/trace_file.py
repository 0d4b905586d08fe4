"""Traces on disk, as .npz that is read without pickle: the first paint of the app needs no computation.

A trace of a 960 x 720 photo with 50 words takes 17 MB of memory and 3 MB on disk. The maps, nine tenths of
it, are stored as grey JPEG pictures whose quantisation table is flat, so one number, `step`, says how far
they are rounded; weights of attention are rounded to 255 steps of their root, mask vectors to float16; the
photo is kept as it is (lossless WebP), and so is everything else.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_LZMA, ZipFile

import numpy as np
from PIL import Image

from spotter.config import SpotterConfig
from spotter.tracing.trace import Trace
from spotter.types import Character, Word

LEVELS = ("fpn_levels", "levels")
ATTENTION = ("stage_attention", "two_level_attention", "decoder_attention")
ROI_STEP = 3  # of 255; what the reader gets is rounded less than what is only looked at
STEPS = (6, 8, 10, 13, 16, 20, 25, 32, 40, 50)  # of 255, for the level maps
COLUMNS = 8  # maps beside each other in a picture; a JPEG is at most 65,535 pixels high


def save(trace: Trace, path: Path, step: int = STEPS[0]) -> None:
    """Writes `path` (.npz); the level maps are rounded to about `step` of 255 parts of their range."""
    words = [asdict(word) for word in trace.words]
    text = json.dumps({"words": words, "card": trace.card, "config": trace.config.to_json()})
    arrays = {"text": np.array(text)}
    for field in fields(trace):
        name, value = field.name, getattr(trace, field.name)
        if name in LEVELS:
            for i, level in enumerate(value):
                arrays |= coded_maps(f"{name}.{i}", level, step)
        elif name == "roi_features":
            arrays |= coded_maps(name, value, ROI_STEP)
        elif name == "image":
            arrays[name] = encoded(value, "WEBP", lossless=True)
        elif name == "mask_vectors":
            arrays[name] = value.astype(np.float16)
        elif name in ATTENTION:
            arrays[name] = np.round(np.sqrt(value.astype(np.float32)) * 255).astype(np.uint8)
        elif isinstance(value, np.ndarray):
            arrays[name] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    with ZipFile(partial, "w", ZIP_LZMA) as file:  # a third smaller than what numpy itself writes
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    partial.replace(path)


def save_within(trace: Trace, path: Path, limit: int, steps: Sequence[int] = STEPS) -> int:
    """Writes `path` with the finest of `steps` that needs no more than `limit` bytes, and returns that step.

    Raises ValueError when none does; then there is no file.
    """
    for step in steps:
        save(trace, path, step)
        if path.stat().st_size <= limit:
            return step
    size = path.stat().st_size
    path.unlink()
    raise ValueError(f"The trace takes {size / 1e6:.1f} MB even with the coarsest maps.")


def load(path: Path) -> Trace:
    """Raises KeyError, ValueError or OSError when the file holds no trace."""
    with np.load(path, allow_pickle=False) as file:
        text = json.loads(str(file["text"]))
        values: dict = {
            "words": [read_word(word) for word in text["words"]],
            "card": text["card"],
            "config": SpotterConfig.from_json(text["config"]),
            "image": decoded(file["image"]),
            "mask_vectors": file["mask_vectors"].astype(np.float32),
            "roi_features": maps_of(file, "roi_features"),
        }
        for name in ATTENTION:
            values[name] = np.square(file[name] / np.float32(255)).astype(np.float16)
        for name in LEVELS:
            values[name] = [maps_of(file, f"{name}.{i}") for i in range(4)]
        for field in fields(Trace):
            if field.name not in values:
                values[field.name] = file[field.name]
    return Trace(**values)


def read_word(entry: dict) -> Word:
    return Word(**{**entry, "characters": [Character(**character) for character in entry["characters"]]})


def coded_maps(name: str, maps: np.ndarray, step: int) -> dict[str, np.ndarray]:
    """Maps (..., h, w) as entries of the file: the picture, its shape, and the lowest value and range."""
    *_, height, width = maps.shape
    flat = maps.reshape(-1, height, width).astype(np.float32)
    if not len(flat):
        return {f"{name}.shape": np.array(maps.shape), name: np.zeros(0, np.uint8)}
    # Channels differ in range by their nature, words do not: the last axis before the map is the channel.
    channel = np.arange(len(flat)) % maps.shape[-3]
    low = np.array([flat[channel == c].min() for c in range(maps.shape[-3])])
    span = np.array([flat[channel == c].max() for c in range(maps.shape[-3])]) - low
    span = np.maximum(span, 1e-6)
    grey = (flat - low[channel, None, None]) / span[channel, None, None] * 255
    rows = -(-len(flat) // COLUMNS)
    sheet = np.zeros((rows * COLUMNS, height, width), np.uint8)
    sheet[: len(flat)] = np.round(grey)
    sheet = sheet.reshape(rows, COLUMNS, height, width).swapaxes(1, 2).reshape(rows * height, -1)
    picture = encoded(sheet, "JPEG", qtables=[[step] * 64], optimize=True)
    return {
        name: picture,
        f"{name}.shape": np.array(maps.shape),
        f"{name}.range": np.stack([low, span]).astype(np.float32),
    }


def maps_of(file: np.lib.npyio.NpzFile, name: str) -> np.ndarray:
    """The inverse of `coded_maps`, float16, up to the rounding."""
    shape = tuple(int(size) for size in file[f"{name}.shape"])
    *_, channels, height, width = shape
    count = int(np.prod(shape[:-2]))
    if not count:
        return np.zeros(shape, np.float16)
    sheet = decoded(file[name]).reshape(-1, height, COLUMNS, width).swapaxes(1, 2)
    grey = sheet.reshape(-1, height, width)[:count].reshape(-1, channels, height, width)
    low, span = file[f"{name}.range"][:, :, None, None]
    return (grey * (span / np.float32(255)) + low).astype(np.float16).reshape(shape)


def encoded(pixels: np.ndarray, form: str, **options) -> np.ndarray:
    """A picture file as uint8."""
    data = BytesIO()
    Image.fromarray(pixels).save(data, form, **options)
    return np.frombuffer(data.getvalue(), np.uint8)


def decoded(data: np.ndarray) -> np.ndarray:
    return np.array(Image.open(BytesIO(data.tobytes())))
