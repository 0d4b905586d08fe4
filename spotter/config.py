"""The presets of the one architecture. The only place with model numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

PRINTABLE = "".join(chr(code) for code in range(33, 127))
# Character list of the published English checkpoints: space to '~', then eleven signs.
OFFICIAL_CHARACTERS = " " + PRINTABLE + "ˋˊ﹒ˀ˜ˇˆ˒‑´~"


@dataclass(frozen=True)
class SpotterConfig:
    """Sizes of a spotter. Defaults are the published ones (SwinTextSpotter, Swin-T)."""

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
    stages: int = 6
    stage_heads: int = 8
    dynamic_dim: int = 64
    feedforward: int = 2048
    roi_size: int = 7
    roi_samples: int = 2  # along either axis of a bin, of every RoIAlign
    # maskK
    mask_size: int = 28
    mask_coefficients: int = 60
    # Recognition Conversion and reader
    recognition_conversion: bool = True  # False: the reader sees the RoI's features, gated by maskK alone
    recognition_roi: tuple[int, int] = (28, 28)  # (height, width) of a1
    recognition_canonical: float = 224.0  # pixels; a box of this side is read from P4 (FPN, equation 1)
    # Words are read in the smallest rectangle around their maskK, at any angle, where that has less than so
    # many times the area of the level one.
    recognition_tilt: float | None = None  # None: in its box, as published
    # RoIs more than so many times as tall as wide are read down and up as well.
    recognition_tall: float | None = None  # None: none are, as published
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
    keep: int = 100
    mask_threshold: float = 0.4
    score_threshold: float = 0.4
    # Regions with a smaller reading_score are no words, unless their score is at least `sure_score`.
    reading_threshold: float = 0.0  # 0: all are, as published
    sure_score: float = 1.0
    nms_iou: float = 1.0  # regions that overlap a better one by more are dropped; 1: none, as published
    # Of the characters' probabilities, one after the other; fitted by evaluation.calibration.
    reading_temperature: float = 1.0
    reading_power: float = 1.0  # above 1: a word is right only when all of its characters are
    short_side: int = 1000
    long_side: int = 1824
    most_enlarged: float | None = None  # images are made at most so many times as large; None: no limit

    @property
    def classes(self) -> int:
        """Classes of the reader: the characters and index 0, which starts and ends a word."""
        return len(self.characters) + 1

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict) -> SpotterConfig:
        """Raises TypeError on an unknown field."""
        return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})


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
        proposals=300,  # 100 on a coarser grid missed most words; laid more than once over a long image
        proposal_grid=(20, 15),
        dynamic_dim=32,
        feedforward=256,
        roi_samples=1,
        recognition_roi=(16, 32),
        recognition_canonical=448.0,  # long words have large boxes and small letters
        recognition_tilt=0.6,  # from 8 degrees of long words to 20 of short ones
        recognition_tall=1.25,  # a grid of 16 rows is too coarse for the letters of an upright word
        conversion_layers=1,
        two_level_blocks=2,
        two_level_window=4,
        reader_size=(8, 32),
        reader_hidden=128,
        reader_attention=64,
        reader_embedding=64,
        max_steps=32,
        characters=PRINTABLE,
        keep=300,  # a scene may hold 100 words, and each has neighbours that are dropped later
        score_threshold=0.27,
        reading_threshold=0.05,
        sure_score=0.45,
        nms_iou=0.5,  # its scores do not tell the one proposal of a word from its neighbours yet
        short_side=960,
        long_side=1706,
        most_enlarged=4 / 3,  # it has learnt no letters larger than that makes those of small images
    )


def small() -> SpotterConfig:
    """`nano` with a wider backbone, more of it at fine resolution, and a larger reader, for those who have a
    GPU to train it and the time to read with it.
    """
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
