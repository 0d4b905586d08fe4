"""The pool: what it holds, when it replaces it, and the batches it makes of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spotter.charset import Charset
from spotter.data import scene_pool
from spotter.data.curriculum import SceneKind
from spotter.data.data_config import AugmentationConfig, PoolConfig, RendererConfig
from spotter.data.renderers import (
    RenderedScene,
    Renderers,
    RenderingError,
)
from spotter.data.rendering_worker import scene_bytes
from spotter.data.scene_pool import ScenePool
from spotter.data.synth.scene import SceneGenerator
from spotter.data.synth.style import EASY
from spotter.data.targets import Batch, make_targets, words_on_host
from spotter.data.word_arrays import encode_words
from spotter.data.word_augmentation import rasterise_batch
from spotter.ops.polygons import rasterise
from spotter.types import GroundTruth

CHARSET, STEPS = Charset("abc"), 4
PLAIN = AugmentationConfig(
    affine_probability=0,
    colour_probability=0,
    contrast_probability=0,
    gamma_probability=0,
    blur_probability=0,
    noise_probability=0,
    cutout_probability=0,
)


SMALL, WIDE = SceneKind(0, 64, 64, dense=False), SceneKind(0, 128, 32, dense=False)


def regions_of(number: int) -> list[GroundTruth]:
    """Scene n has n % 3 words and an ignored region."""
    polygons = [np.array([[8, y], [40, y], [40, y + 12], [8, y + 12]], np.float32) for y in (0, 16)]
    polygons.append(np.array([[50, 4], [60, 4], [60, 24]], np.float32))
    centres = np.array([[16, 6], [32, 6]], np.float32)
    words = [GroundTruth(p, "ab", centres=centres + p[0] - (8, 0)) for p in polygons[: number % 3]]
    return [*words, GroundTruth(polygons[2], "", ignore=True)]


class FakeRenderers:
    """Renders at once, in this process, at most `limit` scenes for each `request`. Images have the value of
    their number.
    """

    def __init__(self, shares: dict[SceneKind, float], limit: int = 1000) -> None:
        self.shares, self.kinds, self.steps, self.limit = shares, tuple(shares), STEPS, limit
        self.scenes = self.errors = self.deaths = self.next_number = 0
        self.tasks: list[tuple[SceneKind, int]] = []
        self.error: RenderingError | None = None

    def request(self, room: dict[SceneKind, int]) -> None:
        for kind, share in self.shares.items():
            under_way = sum(k == kind for k, _ in self.tasks)
            for _ in range(min(room[kind] - under_way, self.limit) if share else 0):
                self.tasks.append((kind, self.next_number))
                self.next_number += 1

    def finished(self) -> Iterator[RenderedScene]:
        if self.error:
            raise self.error
        while self.tasks:
            kind, number = self.tasks.pop(0)
            self.scenes += 1
            words, text_map = encode_words(regions_of(number), kind.width, kind.height, CHARSET, STEPS)
            image = np.full((3, kind.height, kind.width), number % 256, np.uint8)
            yield RenderedScene(kind, number, image, text_map, words)

    def wait(self, timeout: float) -> None:
        pass

    def state(self) -> dict[str, int]:
        return {"next_number": self.next_number}

    def load_state(self, state: dict[str, int]) -> None:
        self.next_number = state["next_number"]


def pool_of(
    scenes: int,
    augmentation: AugmentationConfig = PLAIN,
    shares: dict[SceneKind, float] | None = None,
    limit: int = 1000,
    device: str = "cpu",
    **config: int,
) -> ScenePool:
    """A pool with room for this number of scenes in total."""
    shares = shares or {SMALL: 1.0}
    memory = 1 + sum(scene_bytes(kind) * share for kind, share in shares.items()) * scenes
    return ScenePool(
        FakeRenderers(shares, limit),
        device,
        PoolConfig(
            gigabytes=(memory / sum(shares.values()) + 1) / 1e9,
            augmentation=augmentation,
            **{"shows": 4} | config,
        ),
    )


def numbers(batch: Batch) -> list[int]:
    return batch.images[:, 0, 0, 0].tolist()


def filled(pool: ScenePool) -> ScenePool:
    pool.wait_until_ready(10**6, timeout=10)
    return pool


def tensors(batch: Batch) -> list[torch.Tensor]:
    names = ("boxes", "masks", "ignore_boxes", "text", "centres")
    return [batch.images, batch.text_maps, *(getattr(t, f) for t in batch.targets for f in names)]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small images do not need more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# Capacity and filling


def test_a_new_pool_is_empty():
    pool = pool_of(3)
    assert pool.ready(SMALL) == 0
    assert pool.capacity(SMALL) == 3
    with pytest.raises(ValueError, match="holds 0 scenes"):
        pool.sample(SMALL, 1, "all")


def test_memory_is_shared_out():
    pool = pool_of(40, shares={SMALL: 3.0, WIDE: 1.0})
    assert (pool.capacity(SMALL), pool.capacity(WIDE)) == (30, 10)
    used = sum(t.numel() * t.element_size() for s in pool._shelves.values() for t in (s.images, s.text_maps))
    assert used <= 1e9 * pool.config.gigabytes + 1
    assert used > 0.95e9 * pool.config.gigabytes


def test_too_little_memory_is_refused():
    with pytest.raises(ValueError, match="too few"):
        pool_of(1, shares={SMALL: 1.0, WIDE: 0.01})


def test_filling_stops_when_the_pool_is_full_of_fresh_scenes():
    pool = pool_of(5)
    assert pool.fill() == 0
    assert pool.fill() == 5
    assert pool.ready(SMALL) == 5
    for _ in range(3):
        assert pool.fill() == 0
    assert pool.renderers.next_number == 5


def test_each_kind_has_its_own_room():
    pool = filled(pool_of(8, shares={SMALL: 1.0, WIDE: 1.0}, shows=1))
    assert (pool.ready(SMALL), pool.ready(WIDE)) == (4, 4)
    pool.sample(WIDE, 2, "all")
    pool.fill()
    assert pool.renderers.tasks == [(WIDE, 8), (WIDE, 9)]
    pool.fill()
    assert sorted(numbers(pool.sample(SMALL, 4, "all"))) == [0, 1, 2, 3]


def test_scenes_are_replaced_after_their_shows_and_not_before():
    pool = filled(pool_of(4, shows=3))
    for _ in range(2):
        pool.sample(SMALL, 4, "all")
        pool.fill()
    assert pool.renderers.next_number == 4
    shown = numbers(pool.sample(SMALL, 2, "all"))
    pool.fill()
    assert pool.fill() == 2
    assert sorted(numbers(pool.sample(SMALL, 4, "all"))) == sorted({0, 1, 2, 3} - set(shown) | {4, 5})


def test_scenes_continue_to_be_shown_when_rendering_is_slow():
    pool = pool_of(4, shows=1, limit=0)
    pool.renderers.limit = 4
    filled(pool)
    pool.renderers.limit = 0
    for _ in range(10):
        assert sorted(numbers(pool.sample(SMALL, 4, "all"))) == [0, 1, 2, 3]
        pool.fill()
    pool.renderers.limit = 1
    pool.fill()
    pool.fill()
    assert 4 in numbers(pool.sample(SMALL, 4, "all"))


def test_waiting_ends_when_nothing_is_rendered():
    pool = pool_of(4, limit=0)
    with pytest.raises(RenderingError, match="holds 0 scenes per kind after 0 seconds instead of 2"):
        pool.wait_until_ready(2, timeout=0)


def test_waiting_raises_what_ended_the_rendering():
    pool = pool_of(4)
    pool.renderers.error = RenderingError("The fonts are gone.")
    with pytest.raises(RenderingError, match="fonts are gone"):
        pool.wait_until_ready(1, timeout=100)


# Sampling


def test_scenes_of_a_batch_are_different():
    pool = filled(pool_of(30, shows=100))
    for _ in range(20):
        assert len(set(numbers(pool.sample(SMALL, 10, "all")))) == 10


def test_all_scenes_are_shown_about_equally_often():
    pool = filled(pool_of(20, shows=100))
    counts = Counter(n for _ in range(50) for n in numbers(pool.sample(SMALL, 4, "all")))
    assert len(counts) == 20
    assert max(counts.values()) - min(counts.values()) <= 5  # 10 each; at random alone about 11 apart


def test_a_plain_batch_is_what_was_rendered():
    pool = filled(pool_of(3))
    batch = pool.sample(SMALL, 3, "reading")
    assert batch.task == "reading"
    assert batch.images.shape == (3, 3, 64, 64)
    assert batch.images.dtype == torch.uint8
    assert batch.words == 3
    for b, number in enumerate(numbers(batch)):
        expected, text_map = make_targets(regions_of(number), 64, 64, CHARSET, STEPS, 28)
        found = batch.targets[b]
        assert (batch.images[b] == number).all()
        assert np.array_equal(batch.text_maps[b].numpy(), text_map)
        assert found.image_size == (64, 64)
        for name in ("boxes", "masks", "ignore_boxes", "text"):
            values = getattr(found, name), getattr(expected, name)
            assert torch.equal(*values), name
            assert values[0].dtype == values[1].dtype, name
        assert torch.equal(found.centres.nan_to_num(-1), expected.centres.nan_to_num(-1))


def test_an_augmented_batch_is_consistent():
    pool = filled(pool_of(12, AugmentationConfig()))
    batch = pool.sample(SMALL, 12, "all")
    assert batch.words > 0
    for target in batch.targets:
        words = len(target.boxes)
        assert target.masks.shape == (words, 28, 28)
        assert target.text.shape == (words, STEPS)
        assert target.centres.shape == (words, STEPS, 2)
        assert ((target.boxes >= 0) & (target.boxes <= 64)).all()
        for box, mask, centre in zip(target.boxes, target.masks, target.centres[:, :2].mean(1), strict=True):
            assert mask.float().mean() > 0.4  # a rectangle, tilted a little
            assert ((centre > box[:2]) & (centre < box[2:])).all()


def test_masks_are_those_of_the_outlines_in_their_clipped_boxes(monkeypatch):
    seen = []

    def recorded(*arguments: object) -> torch.Tensor:
        seen.append(arguments)
        return rasterise_batch(*arguments)

    monkeypatch.setattr(scene_pool, "rasterise_batch", recorded)
    pool = filled(pool_of(3, replace(AugmentationConfig(), rotation=20, max_cut=50)))
    masks = torch.cat([target.masks for target in pool.sample(SMALL, 3, "all").targets])
    ((polygons, boxes, size),) = seen
    assert len(masks) > 0
    for mask, polygon, box in zip(masks, polygons, boxes, strict=True):
        assert np.array_equal(mask.numpy(), rasterise(polygon.numpy(), box.numpy(), size))


def test_batches_depend_on_the_seed_and_continue_from_a_checkpoint():
    first, second, other = (filled(pool_of(12, AugmentationConfig())) for _ in range(3))
    other.generator.manual_seed(1)
    batches = [pool.sample(SMALL, 6, "all") for pool in (first, second, other)]
    assert all(
        torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(*map(tensors, batches[:2]), strict=True)
    )
    assert not torch.equal(batches[0].images, batches[2].images)
    other.load_state(first.state())
    assert other.renderers.next_number == first.renderers.next_number
    other._shelves[SMALL].shows[:] = first._shelves[SMALL].shows
    assert torch.equal(first.sample(SMALL, 6, "all").images, other.sample(SMALL, 6, "all").images)


def test_the_host_never_reads_from_the_device():
    """The device "meta" has no values that could be read; noise, whose generator it lacks, is left out."""
    augmentation = replace(AugmentationConfig(), noise_probability=0, cutout_probability=1)
    pool = filled(pool_of(12, augmentation, device="meta"))
    batch = pool.sample(SMALL, 12, "all")
    assert batch.images.device.type == batch.targets[0].masks.device.type == "meta"
    assert batch.words > 0
    for words, target in zip(words_on_host(batch.targets), batch.targets, strict=True):
        assert words.text.tolist() == [[1, 2, 0, -1]] * len(target.boxes)
        assert words.known.tolist() == [[True, True, False, False]] * len(target.boxes)


def test_report():
    pool = filled(pool_of(6, shows=2))
    pool.report()
    nothing = pool.report()
    assert nothing.scenes_rendered == nothing.words_rendered == nothing.words_shown == 0
    assert np.isnan(nothing.shows)
    assert nothing.fill == 1
    words = 0
    for _ in range(4):
        words += pool.sample(SMALL, 6, "all").words
        pool.fill()
        pool.fill()
    rendered, rendered_words = pool.renderers.scenes - 6, pool._words_rendered - 6
    report = pool.report()
    assert rendered == 12
    assert report.shows == 2
    assert report.scenes_shown / report.scenes_rendered == pytest.approx(24 / rendered)
    assert report.words_shown / report.words_rendered == pytest.approx(words / rendered_words)


# With real workers


class RenderEasy:
    """Scenes of the real renderer."""

    def __call__(self, kind: SceneKind, number: int) -> tuple[np.ndarray, list[GroundTruth]]:
        style = replace(EASY, width=kind.width, height=kind.height, negatives=0.0)
        scene = SceneGenerator(style, "train").render(random.Random(number).getrandbits(48))
        return scene.image, scene.regions


def test_a_pool_of_rendered_scenes(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[2]))  # workers import this module
    kind = SceneKind(0, 160, 128, dense=False)
    charset = Charset("".join(map(chr, range(33, 127))))
    with Renderers(RenderEasy(), {kind: 1.0}, charset, 20, RendererConfig(workers=1)) as renderers:
        pool = ScenePool(renderers, "cpu", PoolConfig(gigabytes=4 * scene_bytes(kind) / 1e9, shows=1))
        pool.wait_until_ready(4, timeout=120)
        batch = pool.sample(kind, 4, "all")
        assert batch.images.float().std() > 5
        assert (batch.text_maps == 1).any()
        assert batch.words > 0
        assert any((target.text[:, 0] > 0).any() for target in batch.targets)
        rendered = renderers.scenes
        for _ in range(1000):
            pool.fill()
            if renderers.scenes >= rendered + 4:  # in the places of those that were shown
                break
            renderers.wait(0.5)
        assert renderers.scenes >= rendered + 4
        assert pool.ready(kind) == 4
        assert pool.report().errors == 0
