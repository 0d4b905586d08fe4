"""A trace: the words of an image and the activations that the views explain them with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from spotter.config import SpotterConfig
from spotter.types import Word


@dataclass(frozen=True)
class Trace:
    """What the network computed for one image.

    N proposals, S stages, W words, C channels, T decoder steps. Boxes are xyxy in pixels of `image`; `words`
    are in pixels of the original image: multiply pixels of `image` by `scale`.
    """

    image: np.ndarray  # (h, w, 3) uint8 RGB, resized for the network, without padding
    scale: np.ndarray  # (2,) float64, pixels of the original per pixel of `image`, along x and y
    words: list[Word]
    card: dict[str, Any]  # name, sha256, trained_images of the weights
    config: SpotterConfig
    fpn_levels: list[np.ndarray]  # P2..P5 of the FPN, (C, h/4, w/4) .. (C, h/32, w/32) float16
    levels: list[np.ndarray]  # with the output of the dilated blocks added, same shapes
    boxes: np.ndarray  # (S + 1, N, 4) float32; 0: the learnable boxes
    class_logits: np.ndarray  # (S, N, 2) float32, class 0 is text
    mask_vectors: np.ndarray  # (S, N, 60) float32
    proposal_features: np.ndarray  # (S + 1, N, C) float16; 0: the learnable features plus the image's
    stage_attention: np.ndarray  # (S, N, N) float16, self-attention, mean over the heads; rows sum to 1
    proposal_index: np.ndarray  # (W,) int64
    rois: np.ndarray  # (W, 5) float32, the rectangles that were read; see spotter.ops.rois
    mask_k: np.ndarray  # (W, 28, 28) float16 probabilities over the word's box
    attended_features: np.ndarray  # (W, C) float32, proposal features as Recognition Conversion gets them
    roi_features: np.ndarray  # (W, C, H, W) float16, RoIAlign for Recognition Conversion
    m1: np.ndarray  # (W, H/4, W/4) float16, mean of the gate over the channels, 0..1
    m2: np.ndarray  # (W, H/2, W/2) float16
    m3: np.ndarray  # (W, H, W) float16
    # Energy: root mean square over the channels
    conversion_energy: np.ndarray  # (W, H, W) float16, after Recognition Conversion
    masked_energy: np.ndarray  # (W, H, W) float16, after two-level attention and maskK
    reader_energy: np.ndarray  # (W, 2h, 2w) float16, after the reader's convolution, before its max-pool
    two_level_attention: np.ndarray  # (W, blocks, windows, cells, cells + 9) float16, mean over the heads
    decoder_attention: np.ndarray  # (W, T, h, w) float16
    ids: np.ndarray  # (W, T) int16, 0 from the end sign on
    top_ids: np.ndarray  # (W, T, 8) int16, most probable characters of each step, descending
    top_probabilities: np.ndarray  # (W, T, 8) float16

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        values = [getattr(self, field.name) for field in fields(self)]
        arrays = [a for v in values for a in (v if isinstance(v, list) else [v]) if isinstance(a, np.ndarray)]
        return sum(array.nbytes for array in arrays)

    @property
    def scores(self) -> np.ndarray:
        """(S, N) float32, probability of text after each stage."""
        return 1 / (1 + np.exp(-self.class_logits[..., 0]))

    def box(self, word: int) -> np.ndarray:
        """(4,) float32 xyxy, the box of a word, pixels of `image`."""
        return self.boxes[-1, self.proposal_index[word]]

    def polygon(self, word: int) -> np.ndarray:
        """(P, 2) float64, outline of a word, pixels of `image`."""
        return np.asarray(self.words[word].polygon) / self.scale

    @property
    def padded_size(self) -> tuple[int, int]:
        """Height and width of `image` after padding, as the backbone gets it."""
        from spotter.model.spotter import STRIDE  # imports torch, which stored traces are shown without

        height, width = self.image.shape[:2]
        return -(-height // STRIDE) * STRIDE, -(-width // STRIDE) * STRIDE
