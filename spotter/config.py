"""Presets of the architecture, and every number in which models may differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

# Pixels that a user may ask for: one cell of the coarsest level; memory.
MIN_SHORT_SIDE, MAX_SHORT_SIDE = 32, 4096
PRINTABLE = "".join(chr(code) for code in range(33, 127))
# Character list of the published English checkpoints: space to '~', then eleven signs.
OFFICIAL_CHARACTERS = " " + PRINTABLE + "ˋˊ﹒ˀ˜ˇˆ˒‑´~"
# Old field names in weights and traces that were written before the fields were renamed.
RENAMED_FIELDS = {
    "recognition_tilt": "min_rect_area_ratio",
    "recognition_tall": "vertical_aspect_ratio",
    "keep": "max_proposals",
    "sure_score": "confident_score",
    "most_enlarged": "max_upscale",
}


def own_characters(characters: Iterable[str]) -> str:
    """Those of other languages than English, unknown to published readers, in this order, each once."""
    return "".join(c for c in dict.fromkeys(characters) if c not in OFFICIAL_CHARACTERS)


@dataclass(frozen=True)
class SpotterConfig:
    """Sizes and thresholds of a spotter. Defaults are the published ones (SwinTextSpotter, Swin-T)."""

    name: str = "official"
    # Swin
    stem: str = "patch"  # "patch": 4x4 patches; "conv": two 3x3 convolutions of stride 2
    embed_dim: int = 96
    depths: tuple[int, ...] = (2, 2, 6, 2)
    heads: tuple[int, ...] = (3, 6, 12, 24)
    window: int = 7
    drop_path: float = 0.2
    # FPN and dilated block
    channels: int = 256
    dilations: tuple[int, ...] = (2, 4, 1)  # (): no dilated blocks
    dilated_channels: int = 256  # width inside the dilated block
    # Proposals and stages
    proposals: int = 300
    proposal_grid: tuple[int, int] | None = None  # (columns, rows) the boxes start on; None: the whole image
    # On long images the grid is tiled: one tile covers at least this share of the long side, measured in
    # short sides. 0.58 gives three tiles on 1280 x 720, which finds more words than two or four.
    min_grid_coverage: float = 0.58
    max_grid_repeats: int = 4  # the cost of the stages' attention is quadratic in the proposals
    stages: int = 6
    stage_heads: int = 8
    dynamic_dim: int = 64
    feedforward: int = 2048
    roi_size: int = 7
    roi_samples: int = 2  # per axis of a bin, in every RoIAlign
    # maskK
    mask_size: int = 28
    mask_coefficients: int = 60
    # Recognition Conversion and reader
    recognition_conversion: bool = True  # False: the reader gets the RoI's features, gated by maskK alone
    recognition_roi: tuple[int, int] = (28, 28)  # (height, width) of a1
    recognition_canonical: float = 224.0  # pixels; a box of this side is read from P4 (FPN, equation 1)
    # A word is read in the smallest rotated rectangle around its maskK if its area is below this fraction of
    # the axis-aligned rectangle's; otherwise, and with None, in its box, as published.
    min_rect_area_ratio: float | None = None
    # RoIs with height / width above this ratio are also read rotated by +-90 degrees; None: none are, as
    # published.
    vertical_aspect_ratio: float | None = None
    conversion_layers: int = 3
    conversion_heads: int = 4
    two_level_blocks: int = 3
    two_level_window: int = 7
    two_level_heads: int = 8
    reader_size: tuple[int, int] = (16, 16)  # (height, width) of the map the decoder attends to
    reader_hidden: int = 256
    reader_attention: int = 256  # width of the energy
    reader_embedding: int = 256
    max_steps: int = 100
    characters: str = OFFICIAL_CHARACTERS
    # Inference
    max_proposals: int = 100  # per image
    mask_threshold: float = 0.4
    score_threshold: float = 0.4
    # Regions below this reading score are discarded unless their detection score reaches `confident_score`.
    reading_threshold: float = 0.0  # 0: none are, as published
    confident_score: float = 1.0
    nms_iou: float = 1.0  # maximum IoU with a better region; 1: no suppression, as published
    # Minimum IoU for a proposal to stand in for a drawn region; equals `minimum_iou` in training.
    min_drawn_iou: float = 0.5
    # Calibration of the characters' probabilities, temperature first; fitted by evaluation.calibration.
    reading_temperature: float = 1.0
    reading_power: float = 1.0  # above 1: a word is correct only if all of its characters are
    # Weight of known words when the network is not sure of its reading; 0: the network alone, as published.
    known_word_weight: float = 0.0
    # The score of such a reading: its probability among the candidates to the first power, times the mean
    # probability of its characters to the second; also fitted.
    candidate_power: float = 1.0
    character_power: float = 0.0
    short_side: int = 1000
    long_side: int = 1824
    max_upscale: float | None = None  # maximum upscaling factor of images; None: no limit
    # A second pass over the image at this scale, relative to the first, for large words; None: one pass, as
    # published.
    coarse_scale: float | None = None
    coarse_min_height: float = 32.0  # of the words of the second pass, in pixels of the first pass's image

    @property
    def classes(self) -> int:
        """Classes of the reader: the characters and index 0, which starts and ends a word."""
        return len(self.characters) + 1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> SpotterConfig:
        """Accepts RENAMED_FIELDS by their old names, and defaults for missing fields. Raises TypeError on an
        unknown field.
        """
        fields: dict[str, Any] = {}
        for name, value in values.items():
            fields[RENAMED_FIELDS.get(name, name)] = tuple(value) if isinstance(value, list) else value
        return cls(**fields)


def official() -> SpotterConfig:
    """The published sizes; 144 million parameters."""
    return SpotterConfig()


def nano() -> SpotterConfig:
    """The small spotter that trains and runs on two CPU cores; sizes from measurements (see its model
    card).
    """
    return SpotterConfig(
        name="nano",
        stem="conv",
        embed_dim=32,
        depths=(2, 4, 6, 2),
        heads=(2, 4, 8, 16),
        window=8,
        drop_path=0.0,
        channels=64,
        dilated_channels=32,
        proposals=300,  # 100 on a coarser grid missed most words; repeated on long images
        proposal_grid=(20, 15),
        dynamic_dim=32,
        feedforward=256,
        roi_samples=1,
        recognition_roi=(16, 32),
        recognition_canonical=448.0,  # long words have large boxes and small letters
        min_rect_area_ratio=0.6,  # reached at 8 degrees by long words, at 20 by short ones
        vertical_aspect_ratio=1.25,  # a grid of 16 rows is too coarse for the letters of a vertical word
        conversion_layers=1,
        two_level_blocks=2,
        two_level_window=4,
        reader_size=(8, 32),
        reader_hidden=128,
        reader_attention=64,
        reader_embedding=64,
        max_steps=32,
        characters=PRINTABLE,
        max_proposals=300,  # an image may hold 100 words, each with near-duplicates that NMS drops
        score_threshold=0.27,
        reading_threshold=0.05,
        confident_score=0.45,
        nms_iou=0.5,  # its scores do not yet suppress duplicate proposals
        short_side=960,
        long_side=1706,
        max_upscale=4 / 3,  # small images would get larger letters than any in training
        coarse_scale=0.375,  # few words in training are over 64 pixels high
        known_word_weight=0.4,
        candidate_power=1.4,
        character_power=0.45,
    )


def small() -> SpotterConfig:
    """`nano` with a wider backbone, more of it at fine resolution, and a larger reader: to train on a GPU."""
    return replace(
        nano(),
        name="small",
        embed_dim=48,
        depths=(6, 8, 3, 1),
        heads=(3, 6, 12, 24),
        channels=80,
        dilated_channels=40,
        two_level_blocks=4,
        reader_hidden=160,
        reader_attention=96,
    )


PRESETS = {"official": official, "nano": nano, "small": small}
