"""The generated weights under which the golden outputs were recorded, by key and shape, on every machine.

>>> weights = golden_weights(json.load(open("state_dict_schema.json")), seed=7)
"""

import math
import zlib

import numpy as np


def generate(key: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """One tensor of the published checkpoint layout, float64, from a generator seeded by seed and key."""
    rng = np.random.default_rng(zlib.crc32(f"{seed}:{key}".encode()))

    def normal(scale):
        return rng.standard_normal(shape) * scale

    last = key.rsplit(".", 1)[-1]
    if key == "init_proposal_boxes.weight":  # cx, cy, w, h in 0..1
        centre, size = rng.uniform(0.15, 0.85, (shape[0], 2)), rng.uniform(0.05, 0.4, (shape[0], 2))
        return np.concatenate([centre, size], 1)
    if key == "mask_encoding.components":  # orthonormal rows
        return np.linalg.qr(rng.standard_normal((shape[1], shape[0])))[0].T
    if key == "mask_encoding.explained_variances":
        return np.sort(rng.uniform(5, 400, shape))[::-1].copy()
    if key == "mask_encoding.means":
        return normal(1.0)
    if last == "running_mean":
        return normal(0.05)
    if last == "running_var":
        return rng.uniform(0.5, 1.5, shape)
    if len(shape) <= 1:
        return 1 + normal(0.1) if last == "weight" else normal(0.02)
    if "relative_position_bias" in key:
        return normal(0.5)
    gain = 0.15 if "bboxes_delta" in key else 4.0 if "seq_decoder.seq_decoder" in key else 1.0
    return normal(gain / math.sqrt(math.prod(shape[1:])))


def golden_weights(schema: dict, seed: int) -> dict[str, np.ndarray]:
    """All tensors of kind 'generated', float32.

    'identity' tensors are eye matrices; 'buffer-fixed' ones follow from the architecture.
    """
    return {
        key: np.ascontiguousarray(generate(key, tuple(entry["shape"]), seed)).astype(np.float32)
        for key, entry in schema.items()
        if entry["kind"] == "generated"
    }
