"""Traces on disk: .npz files without pickle, so that the app's first page needs no computation.

A trace of a 960 x 720 photo with 50 words takes 17 MB of memory and 3 MB on disk. Its maps, nine tenths of
it, are stored as greyscale JPEG with a flat quantisation table, so that one number, `step`, sets how far
they are rounded. Attention weights are rounded to 255 steps of their square root, mask vectors to float16;
the image (lossless WebP) and everything else are stored exactly.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_LZMA, ZipFile

import numpy as np
from PIL import Image

from spotter.config import SpotterConfig
from spotter.tracing.trace import Trace
from spotter.types import Character, Word

LEVELS = ("fpn_levels", "levels")
ATTENTION = ("stage_attention", "two_level_attention", "decoder_attention")
ROI_STEP = 3  # of 255; RoI features are read again, so they are rounded less than maps that are only shown
STEPS = (6, 8, 10, 13, 16, 20, 25, 32, 40, 50)  # of 255, for the level maps
COLUMNS = 8  # maps per row of the JPEG, which is at most 65,535 pixels high
MIN_SPAN = 1e-6  # avoids division by the range of a constant map


def save(trace: Trace, path: Path, step: int = STEPS[0]) -> None:
    """Writes `path` (.npz). Level maps are rounded to about `step` / 255 of their range."""
    words = [asdict(word) for word in trace.words]
    metadata = json.dumps({"words": words, "card": trace.card, "config": trace.config.to_json()})
    arrays = {"text": np.array(metadata)}
    for field in fields(trace):
        name, value = field.name, getattr(trace, field.name)
        if name in LEVELS:
            for i, level in enumerate(value):
                arrays |= encode_maps(f"{name}.{i}", level, step)
        elif name == "roi_features":
            arrays |= encode_maps(name, value, ROI_STEP)
        elif name == "image":
            arrays[name] = encode_image(value, "WEBP", lossless=True)
        elif name == "mask_vectors":
            arrays[name] = value.astype(np.float16)
        elif name in ATTENTION:
            arrays[name] = np.round(np.sqrt(value.astype(np.float32)) * 255).astype(np.uint8)
        elif isinstance(value, np.ndarray):
            arrays[name] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    with ZipFile(partial, "w", ZIP_LZMA) as file:  # a third smaller than numpy's deflate
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    partial.replace(path)


def save_within(trace: Trace, path: Path, limit: int, steps: Sequence[int] = STEPS) -> int:
    """Writes `path` with the finest of `steps` that needs at most `limit` bytes; returns that step.

    Raises ValueError if none does, and leaves no file.
    """
    for step in steps:
        save(trace, path, step)
        if path.stat().st_size <= limit:
            return step
    size = path.stat().st_size
    path.unlink()
    raise ValueError(f"The trace takes {size / 1e6:.1f} MB even with the coarsest maps.")


def load(path: Path) -> Trace:
    """Raises KeyError, TypeError, ValueError or OSError if the file is not a trace."""
    with np.load(path, allow_pickle=False) as file:
        metadata = json.loads(str(file["text"]))
        values: dict[str, Any] = {
            "words": [parse_word(word) for word in metadata["words"]],
            "card": metadata["card"],
            "config": SpotterConfig.from_json(metadata["config"]),
            "image": decode_image(file["image"]),
            "mask_vectors": file["mask_vectors"].astype(np.float32),
            "roi_features": decode_maps(file, "roi_features"),
        }
        for name in ATTENTION:
            values[name] = np.square(file[name] / np.float32(255)).astype(np.float16)
        for name in LEVELS:
            values[name] = [decode_maps(file, f"{name}.{i}") for i in range(4)]
        for field in fields(Trace):
            if field.name not in values:
                values[field.name] = file[field.name]
    return Trace(**values)


def parse_word(entry: dict[str, Any]) -> Word:
    return Word(**{**entry, "characters": [Character(**character) for character in entry["characters"]]})


def encode_maps(name: str, maps: np.ndarray, step: int) -> dict[str, np.ndarray]:
    """Maps (..., C, h, w) as arrays of the file: a JPEG, the shape, each channel's minimum and range."""
    *_, height, width = maps.shape
    flat = maps.reshape(-1, height, width).astype(np.float32)
    if not len(flat):
        return {f"{name}.shape": np.array(maps.shape), name: np.zeros(0, np.uint8)}
    channels = maps.shape[-3]  # their ranges differ; those of levels and words do not
    channel = np.arange(len(flat)) % channels
    low = np.array([flat[channel == c].min() for c in range(channels)])
    span = np.array([flat[channel == c].max() for c in range(channels)]) - low
    span = np.maximum(span, MIN_SPAN)
    grey = (flat - low[channel, None, None]) / span[channel, None, None] * 255
    rows = -(-len(flat) // COLUMNS)
    sheet = np.zeros((rows * COLUMNS, height, width), np.uint8)
    sheet[: len(flat)] = np.round(grey)
    sheet = sheet.reshape(rows, COLUMNS, height, width).swapaxes(1, 2).reshape(rows * height, -1)
    return {
        name: encode_image(sheet, "JPEG", qtables=[[step] * 64], optimize=True),
        f"{name}.shape": np.array(maps.shape),
        f"{name}.range": np.stack([low, span]).astype(np.float32),
    }


def decode_maps(file: np.lib.npyio.NpzFile, name: str) -> np.ndarray:
    """Inverse of `encode_maps`: float16, up to the rounding."""
    shape = tuple(int(size) for size in file[f"{name}.shape"])
    *_, channels, height, width = shape
    count = int(np.prod(shape[:-2]))
    if not count:
        return np.zeros(shape, np.float16)
    sheet = decode_image(file[name]).reshape(-1, height, COLUMNS, width).swapaxes(1, 2)
    grey = sheet.reshape(-1, height, width)[:count].reshape(-1, channels, height, width)
    low, span = file[f"{name}.range"][:, :, None, None]
    return (grey * (span / np.float32(255)) + low).astype(np.float16).reshape(shape)


def encode_image(pixels: np.ndarray, file_format: str, **options: Any) -> np.ndarray:
    """The bytes of an image file, uint8."""
    data = BytesIO()
    Image.fromarray(pixels).save(data, file_format, **options)
    return np.frombuffer(data.getvalue(), np.uint8)


def decode_image(data: np.ndarray) -> np.ndarray:
    return np.array(Image.open(BytesIO(data.tobytes())))
