"""The nouns that every package shares. Image coordinates are pixels, x to the right and y down.

Words and ground truth are in pixels of the original image after its EXIF orientation is applied; tensors
of the model are in pixels of the resized image. Each field's comment gives its shape.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # words and stored traces are looked at before torch is there
    from torch import Tensor


@dataclass(frozen=True)
class Character:
    """One character that was read, with its probability, calibrated by the model's temperature and power."""

    text: str
    score: float


@dataclass(frozen=True)
class Word:
    """One word found on an image (the `--json` format of the command line)."""

    id: str  # "w0", "w1", ... in the order of falling score
    polygon: list[list[float]]  # [[x, y], ...], at least 3 points, clockwise, not closed
    box: list[float]  # x1, y1, x2, y2
    text: str
    score: float  # of the detection
    reading_score: float  # geometric mean of the characters' probabilities
    characters: list[Character] = field(default_factory=list)


@dataclass(frozen=True)
class DrawnReading:
    """What is read in a region that a person drew."""

    text: str
    reading_score: float  # geometric mean of the characters' probabilities
    characters: list[Character]
    overlap: float  # IoU of the drawn box with the best proposal's


@dataclass(frozen=True)
class GroundTruth:
    """One true region of an image: a word, or a region marked 'do not care'."""

    polygon: np.ndarray  # (P, 2) float32, 3 <= P <= 16, clockwise, not closed
    text: str  # "" when not legible
    ignore: bool = False  # "do not care": neither a miss nor a false alarm
    centres: np.ndarray | None = (
        None  # (len(text), 2) float32, centre of each character; only rendered scenes know it
    )

    @property
    def box(self) -> np.ndarray:
        """(4,) float32, x1, y1, x2, y2."""
        return np.concatenate([self.polygon.min(0), self.polygon.max(0)]).astype(np.float32)


@dataclass(frozen=True)
class StageOutput:
    """What one refinement stage says of every proposal (paper, section 3.2)."""

    class_logits: Tensor  # (B, N, 2), class 0 is text
    boxes: Tensor  # (B, N, 4) xyxy, pixels of the resized image, not clipped
    mask_vector: Tensor  # (B, N, 60), coefficients of maskK
    proposal_features: Tensor  # (B, N, C)


@dataclass(frozen=True)
class Conversion:
    """What Recognition Conversion makes of R regions (paper, section 3.3)."""

    m1: Tensor  # (R, C, H/4, W/4), 0..1
    m2: Tensor  # (R, C, H/2, W/2), 0..1
    m3: Tensor  # (R, C, H, W), 0..1
    features: Tensor  # (R, C, H, W), recognition features r3 after the last convolution block


@dataclass(frozen=True)
class Reading:
    """What the decoder reads in R regions, one character a step; S steps."""

    ids: Tensor  # (R, S) int64, 0 from the end sign on
    probabilities: Tensor  # (R, S, classes)
    attention: Tensor  # (R, S, h*w) over the positions of the reader's map, row by row
    encoded: Tensor  # (R, h*w, C + w + h): the reader's map and its position codes


@dataclass(frozen=True)
class Detection:
    """What the detector makes of B images."""

    levels: list[Tensor]  # P2..P5 with the dilated blocks' output added, (B, C, H/stride, W/stride)
    stages: list[StageOutput]  # one a stage
    image_sizes: Tensor  # (B, 2) width, height in pixels of each resized image, without padding


@dataclass(frozen=True)
class Regions:
    """R regions to be read, those of all images together."""

    image_index: Tensor  # (R,) int64
    proposal_index: Tensor  # (R,) int64
    scores: Tensor  # (R,) of the detection
    boxes: Tensor  # (R, 4) xyxy, pixels of the resized image, not clipped
    mask_k: Tensor  # (R, 28, 28) probabilities, over the box
    related: Tensor  # (R, C) proposal features after the self-attention of Recognition Conversion
    rois: Tensor  # (R, 5) the rectangles that are read, see model.rotated_roi; the boxes, or along the words


@dataclass(frozen=True)
class Spotting:
    """Everything the forward pass of the model returns."""

    detection: Detection
    regions: Regions
    conversion: Conversion
    reading: Reading
