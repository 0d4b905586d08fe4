"""Traces on disk, as .npz that is read without pickle: the first paint of the app needs no computation.

The level maps, nine tenths of a trace, are stored in 32 steps between the lowest and the highest value of
each channel.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from spotter.config import SpotterConfig
from spotter.explain.trace import Trace
from spotter.types import Character, Word

LEVELS = ("plain_levels", "levels")
STEPS = 31


def save(trace: Trace, path: Path) -> None:
    """Writes `path` (.npz)."""
    words = [asdict(word) for word in trace.words]
    text = json.dumps({"words": words, "model": trace.model, "config": trace.config.to_json()})
    arrays = {"text": np.array(text)}
    for field in fields(trace):
        value = getattr(trace, field.name)
        if field.name in LEVELS:
            for i, level in enumerate(value):
                arrays[f"{field.name}.{i}"], arrays[f"{field.name}.{i}.range"] = to_bytes(level)
        elif isinstance(value, np.ndarray):
            arrays[field.name] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(partial, **arrays)
    partial.replace(path)


def load(path: Path) -> Trace:
    """Raises KeyError, ValueError or OSError when the file holds no trace."""
    with np.load(path, allow_pickle=False) as file:
        text = json.loads(str(file["text"]))
        values: dict = {
            "words": [read_word(word) for word in text["words"]],
            "model": text["model"],
            "config": SpotterConfig.from_json(text["config"]),
        }
        for field in fields(Trace):
            if field.name in LEVELS:
                names = [f"{field.name}.{i}" for i in range(4)]
                values[field.name] = [from_bytes(file[name], file[f"{name}.range"]) for name in names]
            elif field.name not in values:
                values[field.name] = file[field.name]
    return Trace(**values)


def read_word(entry: dict) -> Word:
    return Word(**{**entry, "characters": [Character(**character) for character in entry["characters"]]})


def to_bytes(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(C, h, w) -> uint8 of the same shape and (2, C) float32: lowest value and step of each channel."""
    flat = level.reshape(len(level), -1).astype(np.float32)
    low = flat.min(1)
    step = np.maximum(flat.max(1) - low, 1e-6) / STEPS
    coded = np.round((flat - low[:, None]) / step[:, None]).astype(np.uint8)
    return coded.reshape(level.shape), np.stack([low, step])


def from_bytes(coded: np.ndarray, low_and_step: np.ndarray) -> np.ndarray:
    """The inverse of `to_bytes`, float16, up to half a step."""
    low, step = low_and_step[:, :, None, None]
    return (coded * step + low).astype(np.float16)
