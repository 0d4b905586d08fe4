"""Data classes that all packages share. Image coordinates are pixels, x to the right and y down.

Words and ground truth are in pixels of the original image with its EXIF orientation applied; tensors of the
model are in pixels of the resized image. Each field's comment gives its shape.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # words and stored traces are shown before torch is loaded
    from torch import Tensor


@dataclass(frozen=True)
class Character:
    """One recognised character."""

    text: str
    score: float  # probability, 0..1, calibrated by the model's temperature and power


@dataclass(frozen=True)
class Word:
    """One word of an image, as in the `--json` format of the command line."""

    id: str  # "w0", "w1", ... by descending score
    polygon: list[list[float]]  # [[x, y], ...], at least 3 points, clockwise, not closed
    box: list[float]  # x1, y1, x2, y2
    text: str
    score: float  # of the detection
    reading_score: float  # geometric mean of the characters' probabilities
    characters: list[Character] = field(default_factory=list)
    network_text: str | None = None  # what the network alone reads, if known words changed it

    def to_dict(self) -> dict[str, Any]:
        """As in the `--json` format: lists, texts and numbers only; without `network_text` if it is None."""
        values = asdict(self)
        if self.network_text is None:
            del values["network_text"]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Word:
        """The inverse of `to_dict`, for trusted values."""
        return cls(**{**values, "characters": [Character(**each) for each in values["characters"]]})


@dataclass(frozen=True)
class DrawnReading:
    """The text of a region that a person drew."""

    text: str
    reading_score: float  # geometric mean of the characters' probabilities
    characters: list[Character]
    overlap: float  # IoU of the drawn box with the best proposal
    network_text: str | None = None  # as in Word


@dataclass(frozen=True)
class GroundTruth:
    """One annotated region of an image: a word, or a do-not-care region."""

    polygon: np.ndarray  # (P, 2) float32, 3 <= P <= 16, clockwise, not closed
    text: str  # "" if illegible
    ignore: bool = False  # do not care: neither a false negative nor, if detected, a false positive
    # (len(text), 2) float32, centre of each character; only rendered scenes have them
    centres: np.ndarray | None = None

    @property
    def box(self) -> np.ndarray:
        """(4,) float32, x1, y1, x2, y2."""
        return np.concatenate([self.polygon.min(0), self.polygon.max(0)]).astype(np.float32)


@dataclass(frozen=True)
class StageOutput:
    """Output of one refinement stage for N proposals per image (paper, section 3.2)."""

    class_logits: Tensor  # (B, N, 2), class 0 is text
    boxes: Tensor  # (B, N, 4) xyxy, pixels of the resized image, not clipped
    mask_vector: Tensor  # (B, N, 60), coefficients of maskK
    proposal_features: Tensor  # (B, N, C)


@dataclass(frozen=True)
class Conversion:
    """Output of Recognition Conversion for R regions (paper, section 3.3)."""

    m1: Tensor  # (R, C, H/4, W/4), 0..1
    m2: Tensor  # (R, C, H/2, W/2), 0..1
    m3: Tensor  # (R, C, H, W), 0..1
    features: Tensor  # (R, C, H, W), recognition features r3 after the last convolution block

    @property
    def gates(self) -> tuple[Tensor, Tensor, Tensor]:
        """M1, M2 and M3."""
        return self.m1, self.m2, self.m3


@dataclass(frozen=True)
class Reading:
    """Output of the decoder for R regions, one character per step; S steps."""

    ids: Tensor  # (R, S) int64, 0 from the end of the word on
    probabilities: Tensor  # (R, S, classes)
    attention: Tensor  # (R, S, h*w) over the positions of the reader's map, row by row
    encoded: Tensor  # (R, h*w, C + w + h): the reader's map and its position codes


@dataclass(frozen=True)
class Detection:
    """Output of the detector for B images."""

    levels: list[Tensor]  # P2..P5 with dilated context, (B, C, H/stride, W/stride)
    stages: list[StageOutput]  # one per stage
    image_sizes: Tensor  # (B, 2) width, height in pixels of each resized image, without padding


@dataclass(frozen=True)
class Regions:
    """R regions to be read, of all images of the batch."""

    image_index: Tensor  # (R,) int64
    proposal_index: Tensor  # (R,) int64
    scores: Tensor  # (R,) of the detection
    boxes: Tensor  # (R, 4) xyxy, pixels of the resized image, not clipped
    mask_k: Tensor  # (R, 28, 28) probabilities, over the box
    attended_features: Tensor  # (R, C) proposal features after the self-attention of Recognition Conversion
    rois: Tensor  # (R, 5) rotated rectangles to be read, see ops.rois

    @classmethod
    def from_boxes(
        cls,
        boxes: Tensor,
        mask_k: Tensor,
        attended_features: Tensor,
        *,
        image_index: Tensor | None = None,
        proposal_index: Tensor | None = None,
        scores: Tensor | None = None,
        rois: Tensor | None = None,
    ) -> Regions:
        """Regions of given boxes (R, 4).

        By default all are of the first image, from proposals 0..R-1, with score 1, and read in their boxes.
        """
        import torch

        from spotter.ops.rois import boxes_to_rois

        zeros = torch.zeros(len(boxes), dtype=torch.long, device=boxes.device)
        return cls(
            image_index=zeros if image_index is None else image_index,
            proposal_index=torch.arange(len(boxes), device=boxes.device)
            if proposal_index is None
            else proposal_index,
            scores=torch.ones(len(boxes), device=boxes.device) if scores is None else scores,
            boxes=boxes,
            mask_k=mask_k,
            attended_features=attended_features,
            rois=boxes_to_rois(boxes) if rois is None else rois,
        )

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, index: Tensor | slice) -> Regions:
        """The regions that a mask (R,) bool, indices (K,) int64 or a slice select."""
        return Regions(**{name: value[index] for name, value in vars(self).items()})


@dataclass(frozen=True)
class Spotting:
    """Everything the forward pass of the model returns."""

    detection: Detection
    regions: Regions
    conversion: Conversion
    reading: Reading
