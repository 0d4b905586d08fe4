"""Rendered scenes in the memory of the training device, each shown several times with augmentation.

Images and text maps are on the device, the geometry of the words is on the host: so the host knows how many
words a batch has and never waits for the device.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spotter.data.augmentation import draw_parameters
from spotter.data.curriculum import SceneKind
from spotter.data.data_config import PoolConfig
from spotter.data.image_augmentation import augment_images, augment_text_maps
from spotter.data.renderers import RenderedScene, Renderers, RenderingError
from spotter.data.rendering_worker import scene_bytes
from spotter.data.targets import MAP_STRIDE, Batch, HostWords, Targets
from spotter.data.word_arrays import WordArrays, concatenate
from spotter.data.word_augmentation import AugmentedWords, augment_words, draw_cutouts, rasterise_batch
from spotter.ops.device import to_device


@dataclass(frozen=True)
class PoolReport:
    """Counts since the last report; rates are per second."""

    scenes_rendered: float
    words_rendered: float
    scenes_shown: float
    words_shown: float  # that are trained on
    shows: float  # times that scenes were shown per rendered scene; NaN if none was rendered
    fill: float  # 0..1, part of the pool that holds scenes
    errors: int  # scenes that could not be rendered since the start
    deaths: int  # of worker processes since the start


class ScenePool:
    """Scenes of each kind on a device, filled by `renderers` and sampled for training.

    A scene is replaced only after it was shown `shows` times, and scenes are rendered only when there is room
    for them. When rendering is slower than training, scenes are shown more often.
    """

    def __init__(
        self,
        renderers: Renderers,
        device: torch.device | str,
        config: PoolConfig,
        shares: Mapping[SceneKind, float] | None = None,
        seed: int = 0,
        mask_size: int = 28,
    ) -> None:
        """shares: of each kind in the scenes of the pool, positive; None: those of the renderers; mask_size:
        of the targets, cells per side.

        Raises ValueError when the memory is too small for one scene of each kind.
        """
        self.renderers, self.device = renderers, torch.device(device)
        self.config, self.augmentation, self.mask_size = config, config.augmentation, mask_size
        self.generator = torch.Generator().manual_seed(seed)
        shares = shares or renderers.shares
        memory = round(1e9 * config.gigabytes)
        per_share = memory / sum(shares[kind] * scene_bytes(kind) for kind in renderers.kinds)
        self._shelves = {
            kind: _Shelf(kind, int(per_share * shares[kind]), self.device) for kind in renderers.kinds
        }
        if not all(shelf.capacity for shelf in self._shelves.values()):
            raise ValueError(
                f"{config.gigabytes:g} GB are too few for a scene of each kind: make pool.gigabytes larger."
            )
        self._words_rendered = self._scenes_shown = self._words_shown = 0
        self._last_report = self._counts()

    def fill(self) -> int:
        """Adds the finished scenes and requests others, without waiting; returns how many were added.

        Raises RenderingError when no scenes can be rendered any more.
        """
        added = 0
        for scene in self.renderers.finished():
            self._shelves[scene.kind].put(scene)
            self._words_rendered += int((~scene.words.ignore).sum())
            added += 1
        self.renderers.request({kind: shelf.room(self.config.shows) for kind, shelf in self._shelves.items()})
        return added

    def ready(self, kind: SceneKind) -> int:
        """Number of scenes of a kind that can be sampled."""
        return self._shelves[kind].filled

    def capacity(self, kind: SceneKind) -> int:
        """Maximum number of scenes of a kind."""
        return self._shelves[kind].capacity

    def wait_until_ready(self, minimum: int, timeout: float) -> None:
        """Fills the pool until it holds `minimum` scenes of each kind that is rendered, or all that fit.

        Raises RenderingError when no scenes can be rendered, or after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        kinds = [kind for kind, share in self.renderers.shares.items() if share]
        while True:
            self.fill()
            if all(self.ready(kind) >= min(minimum, self.capacity(kind)) for kind in kinds):
                return
            if (left := deadline - time.monotonic()) <= 0:
                counts = ", ".join(str(self.ready(kind)) for kind in kinds)
                raise RenderingError(
                    f"The pool holds {counts} scenes per kind after {timeout:g} seconds instead of {minimum}."
                )
            self.renderers.wait(left)

    def sample(self, kind: SceneKind, count: int, task: str) -> Batch:
        """A batch of `count` different scenes on the device, each augmented; task: of the batch.

        Raises ValueError when the pool holds fewer scenes of the kind.
        """
        shelf, size = self._shelves[kind], (kind.width, kind.height)
        slots = shelf.draw(count, self.config.candidates, self.generator)
        parameters = draw_parameters(count, size, self.augmentation, self.generator)
        scene_words, image = concatenate([shelf.words[slot] for slot in slots])
        words = augment_words(scene_words, image, parameters.matrices.numpy(), size, self.augmentation)
        cutouts = draw_cutouts(words, count, size, self.augmentation, self.generator)
        index = to_device(torch.from_numpy(slots), self.device)
        with torch.no_grad():
            batch = Batch(
                images=augment_images(shelf.images[index], parameters, cutouts),
                targets=self._targets(words, count, size),
                text_maps=augment_text_maps(shelf.text_maps[index], parameters.matrices, words.ignore_maps),
                task=task,
            )
        shelf.shows[slots] += 1
        self._scenes_shown += count
        self._words_shown += batch.words
        return batch

    def state(self) -> dict[str, Any]:
        """State of a checkpoint, without the scenes: they are rendered again."""
        return {"generator": self.generator.get_state(), "renderers": self.renderers.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Resumes a run with new scenes; to be called before the first `fill`."""
        self.generator.set_state(state["generator"].cpu())  # a checkpoint may be loaded to a GPU
        self.renderers.load_state(state["renderers"])

    def report(self) -> PoolReport:
        """Counts since the last report, or since the start."""
        counts = self._counts()
        seconds, scenes, words, scenes_shown, words_shown = (counts - self._last_report).tolist()
        self._last_report = counts
        seconds = max(seconds, 1e-9)
        shelves = self._shelves.values()
        return PoolReport(
            scenes_rendered=scenes / seconds,
            words_rendered=words / seconds,
            scenes_shown=scenes_shown / seconds,
            words_shown=words_shown / seconds,
            shows=scenes_shown / scenes if scenes else float("nan"),
            fill=sum(shelf.filled for shelf in shelves) / sum(shelf.capacity for shelf in shelves),
            errors=self.renderers.errors,
            deaths=self.renderers.deaths,
        )

    def _counts(self) -> np.ndarray:
        """(5,) seconds, scenes and words rendered, scenes and words shown, since the start."""
        rendered = self.renderers.scenes, self._words_rendered
        return np.array([time.monotonic(), *rendered, self._scenes_shown, self._words_shown])

    def _targets(self, words: AugmentedWords, count: int, size: tuple[int, int]) -> list[Targets]:
        """The targets of `count` images on the device, with their `HostWords`."""

        def split(values: Tensor, image: np.ndarray) -> tuple[Tensor, ...]:
            return values.split(np.bincount(image, minlength=count).tolist())

        def on_device(array: np.ndarray) -> Tensor:
            return to_device(torch.from_numpy(array), self.device)

        boxes = on_device(words.boxes)
        masks = rasterise_batch(on_device(words.words.polygons), boxes, self.mask_size)
        columns = {
            "boxes": split(boxes, words.image),
            "masks": split(masks, words.image),
            "image_size": [size] * count,
            "ignore_boxes": split(on_device(words.ignore_boxes), words.ignore_image),
            "text": split(on_device(words.words.text).long(), words.image),
            "centres": split(on_device(words.words.centres), words.image),
        }
        rows = zip(*columns.values(), strict=True)  # one per image
        targets = [Targets(**dict(zip(columns, row, strict=True))) for row in rows]
        texts = split(torch.from_numpy(words.words.text).long(), words.image)
        known = split(torch.from_numpy(~np.isnan(words.words.centres[..., 0])), words.image)
        for target, *on_host in zip(targets, texts, known, strict=True):
            target.words = HostWords(*on_host)
        return targets


class _Shelf:
    """The scenes of one kind."""

    def __init__(self, kind: SceneKind, capacity: int, device: torch.device) -> None:
        width, height = kind.width, kind.height
        self.capacity = capacity
        self.images = torch.empty(capacity, 3, height, width, dtype=torch.uint8, device=device)
        self.text_maps = torch.empty(
            capacity, height // MAP_STRIDE, width // MAP_STRIDE, dtype=torch.uint8, device=device
        )
        self.words: list[WordArrays] = []  # of the filled slots
        self.shows = np.zeros(capacity, np.int64)

    @property
    def filled(self) -> int:
        return len(self.words)

    def room(self, shows: int) -> int:
        """Number of slots that are free or hold a scene that was shown `shows` times."""
        return self.capacity - int((self.shows[: self.filled] < shows).sum())

    def put(self, scene: RenderedScene) -> None:
        """Copies a scene to a free slot, or over the scene shown most."""
        if self.filled < self.capacity:
            slot = self.filled
            self.words.append(scene.words)
        else:
            slot = int(self.shows.argmax())
            self.words[slot] = scene.words
        device = self.images.device
        self.images[slot] = to_device(torch.from_numpy(scene.image), device)
        self.text_maps[slot] = to_device(torch.from_numpy(scene.text_map), device)
        self.shows[slot] = 0

    def draw(self, count: int, candidates: int, generator: torch.Generator) -> np.ndarray:
        """(count,) different slots: of `candidates` times as many random ones, those shown least."""
        if count > self.filled:
            raise ValueError(f"the pool holds {self.filled} scenes of this kind, not {count}")
        drawn = torch.randperm(self.filled, generator=generator)[: count * candidates].numpy()
        return drawn[np.argsort(self.shows[drawn], kind="stable")[:count]]
