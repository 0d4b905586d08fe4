"""Settings of the training data: stages, scenes and photographs, augmentation, the pool of scenes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from spotter.data.synth.style import CURVED, EASY, MIXED, SceneStyle

SIZE_MULTIPLE = 32  # pixels; the coarsest stride of the network
MIN_SCENE = 64  # pixels


class RecipeError(ValueError):
    """A recipe or an override that cannot be used; the message is a sentence for the user."""


@dataclass(frozen=True)
class StageConfig:
    """One stage of a run. Shares are 0..1."""

    name: str
    until: float = 1.0  # share of the budget at which the stage ends
    scene: int = 352  # pixels; a small scene has this side
    # Share of batches with large scenes, of which a batch has fewer (`DataConfig.megapixels`).
    large: float = 0.95
    large_scene: int = 704  # pixels; a large scene has this side, or this area if it is wide
    features: float = 0.0  # share of batches that train backbone and pyramid alone, on auxiliary losses
    reading: float = 0.0  # share of the other batches that leave out the detector's losses
    easy: float = 0.2  # share of easy scenes among the rendered ones
    photographs: float = 0.0  # share of annotated photographs, if there are any

    def __post_init__(self) -> None:
        for name in ("until", "large", "features", "reading", "easy", "photographs"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"stage {self.name}: {name} must be from 0 to 1.")
        for name in ("scene", "large_scene"):
            if getattr(self, name) < MIN_SCENE or getattr(self, name) % SIZE_MULTIPLE:
                limits = f"a multiple of {SIZE_MULTIPLE} and at least {MIN_SCENE}"
                raise RecipeError(f"stage {self.name}: {name} must be {limits}.")


@dataclass(frozen=True)
class DataConfig:
    """What scenes and photographs look like in training."""

    megapixels: float = 0.25  # per batch and process: two small scenes, or one large scene
    max_words: int = 60  # per scene that trains the detector; fewer than the proposals
    denser: int = 3  # times the words where the detector is not trained: each costs little there
    wide: tuple[float, float] = (1.36, 0.73)  # width and height of every other large scene, times its side
    largest: float = 0.25  # maximum text height in large scenes, as a part of the shorter side
    small: float = 1.6  # `SceneStyle.small` in large scenes: a third of the letters are above 32 pixels
    patience: int = 16  # `SceneStyle.patience` in large scenes: more words in the same time
    shrink: float = 0.8  # `SceneStyle.shrink` in large scenes
    curved: float = 0.35  # share of the rendered scenes, apart from easy ones, in which all text is curved
    painted: float = 0.5  # share of annotated photographs that get rendered words in addition to their own
    mosaics: float = 0.5  # share of large photographs that are four crops side by side
    scales: tuple[float, float] = (0.7, 2.0)  # of photographs; those of 1280 x 720 are read at 1.33
    weights: dict[str, float] = field(default_factory=dict)  # of each data set; default: 1 per photograph
    warmup_style: SceneStyle = dataclasses.replace(EASY, words=(3, 6), text_height=(14, 48))
    easy_style: SceneStyle = dataclasses.replace(
        EASY, words=(5, 14), text_height=(13, 60), lines=0.7, reweighted=0.35
    )
    crowded_style: SceneStyle = dataclasses.replace(
        MIXED, words=(6, 20), text_height=(12, 72), rotated=0.5, lines=0.65, reweighted=0.35, steep=0.4
    )
    curved_style: SceneStyle = dataclasses.replace(
        CURVED, words=(5, 14), lines=0.65, reweighted=0.35, steep=0.4
    )
    # Words rendered on annotated photographs, which are degraded already.
    painted_style: SceneStyle = dataclasses.replace(
        MIXED,
        text_height=(11, 48),
        rotated=0.5,
        curved=0.3,
        degradation=0.3,
        reweighted=0.35,
        steep=0.4,
        patience=16,
        shrink=0.8,
    )


@dataclass(frozen=True)
class AugmentationConfig:
    """Random changes of scenes. Probabilities are per image, lengths are pixels of the augmented image."""

    affine_probability: float = 0.9
    min_scale: float = 0.7  # log-uniform
    max_scale: float = 1.4
    rotation: float = 5.0  # standard deviation, degrees
    max_cut: float = 2.0  # words that extend further than this beyond the image are ignored
    min_word_height: float = 6.0  # lower words are ignored

    colour_probability: float = 0.6
    max_gain: float = 0.2  # brightness: all channels times 1 +- this
    max_channel_gain: float = 0.08  # tint: each channel times 1 +- this
    max_offset: float = 20.0  # all channels plus or minus this, of 255
    contrast_probability: float = 0.4
    min_contrast: float = 0.35  # share of the contrast that is left
    min_level: float = 60.0  # gray level that colours are pulled towards where contrast is reduced
    max_level: float = 190.0
    gamma_probability: float = 0.3
    max_gamma: float = 1.5  # log-uniform between its inverse and this

    blur_probability: float = 0.2
    max_blur: float = 1.0  # standard deviation
    min_blur: float = 0.25  # standard deviation; weaker blur would not be seen and is left out
    noise_probability: float = 0.2
    max_noise: float = 10.0  # standard deviation, of 255

    cutout_probability: float = 0.25
    max_cutouts: int = 6  # rectangles per image
    min_cutout_side: float = 0.15  # share of the height of the word that a rectangle is put on
    max_cutout_side: float = 0.5
    max_hidden: float = 0.3  # share of a word's area that all rectangles together may hide
    max_covered: float = 0.02  # share of the image that all rectangles together may cover


@dataclass(frozen=True)
class RendererConfig:
    """Processes that render scenes ahead."""

    workers: int = 2  # processes
    slots: int = 3  # scenes per worker that are being rendered or wait to be collected
    niceness: int = 5  # added to that of the training process
    max_deaths: int = 5  # of workers in a row without a scene in between, before rendering ends with an error
    max_errors: int = 20  # scenes in a row that fail
    close_timeout: float = 5.0  # seconds that workers get to end before they are killed


@dataclass(frozen=True)
class PoolConfig:
    """A pool of rendered scenes in device memory, each shown several times, augmented on the device."""

    # Times each scene is shown before it may be replaced; 0: no pool, scenes are rendered for each batch.
    shows: int = 0
    gigabytes: float = 12.0  # of device memory for images and text maps
    minimum: int = 64  # scenes of each kind before training begins
    candidates: int = 2  # a batch of n scenes takes those shown least of n times as many random ones
    ahead: float = 0.02  # share of the budget by which scenes of a stage are rendered before it begins
    timeout: float = 300.0  # seconds to wait for scenes, before the run ends with an error
    augmentation: AugmentationConfig = AugmentationConfig()
    renderers: RendererConfig = RendererConfig()
