"""A training step on a pretended GPU, and on a real one if there is one: losses and gradients equal those on
the CPU, and synchronisations are few.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from spotter.data.data_config import DataConfig, StageConfig
from spotter.data.datasets import BatchDataset
from spotter.data.targets import Batch, Targets
from spotter.ops.roi_align import set_roi_align_backend
from spotter.training import losses as losses_module
from spotter.training.criterion import TrainingSpotter
from spotter.training.losses import count_boxes
from spotter.training.train_config import LossConfig
from tests.pretend_gpu import DEVICE, PretendGPU, values_of

TASKS = ["features", "reading", "all"]
# Proposal boxes, matching costs, words that are read in a wrong orientation.
SYNCHRONISATIONS = {"features": 1, "reading": 3, "all": 3}


@pytest.fixture(autouse=True)
def random_state():
    with torch.random.fork_rng():
        yield
    set_roi_align_backend("auto")


@pytest.fixture(scope="module")
def batch(tiny_config) -> Batch:
    """Two scenes with words, one of them with an ignored region."""
    stages, two = (StageConfig("scenes", scene=160, large=0.0),), DataConfig(megapixels=2 * 160**2 / 1e6)
    data = BatchDataset(tiny_config, stages, two)
    found = next(b for b in (data[k, 0.0] for k in range(20)) if b.words >= 4)
    first, *others = found.targets
    first = replace(first, ignore_boxes=torch.tensor([[0.0, 0.0, 60.0, 60.0]]))
    return replace(found, targets=[first, *others])


@pytest.fixture(scope="module")
def training(tiny_model) -> TrainingSpotter:
    """With vertical words, some in a wrong orientation, and random crops of photographs."""
    torch.manual_seed(3)
    model = copy.deepcopy(tiny_model)
    model.config = replace(model.config, vertical_aspect_ratio=0.5, short_side=200)
    return TrainingSpotter(model, LossConfig(wrong_way=0.5)).train()


def moved(batch: Batch, device: torch.device) -> Batch:
    return replace(
        batch,
        images=batch.images.to(device),
        targets=[target.to(device) for target in batch.targets],
        text_maps=batch.text_maps.to(device),
    )


def step(training: TrainingSpotter, batch: Batch) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Losses and gradients by name."""
    training.zero_grad()
    torch.manual_seed(5)
    losses = training(batch)
    sum(losses.values()).backward()
    gradients = {name: p.grad for name, p in training.named_parameters() if p.grad is not None}
    return {name: value.detach() for name, value in losses.items()}, gradients


def assert_same_step(found: tuple, expected: tuple) -> None:
    """Losses within 1e-4; gradients within 3 %, because rounding may switch a ReLU."""
    assert found[0].keys() == expected[0].keys()
    assert found[1].keys() >= expected[1].keys()
    for name, value in expected[0].items():
        torch.testing.assert_close(found[0][name], value, rtol=1e-4, atol=1e-5, msg=name)
    whole = max(gradient.norm() for gradient in expected[1].values())
    for name, gradient in found[1].items():
        other = expected[1].get(name, torch.zeros_like(gradient))
        assert (gradient - other).norm() <= 0.03 * other.norm() + 1e-4 * whole, name


def on_pretended_gpu(training: TrainingSpotter, batch: Batch, steps: int = 2) -> tuple[tuple, PretendGPU]:
    """The last of some equal steps, and the counts of that step."""
    with PretendGPU() as gpu:
        for _ in range(steps):  # in the first one constants are copied
            other = copy.deepcopy(training).to(DEVICE)
            there = moved(batch, DEVICE)
            gpu.synchronisations.clear()
            gpu.launches.clear()
            losses, gradients = step(other, there)
    return tuple({k: values_of(v) for k, v in each.items()} for each in (losses, gradients)), gpu


@pytest.mark.parametrize("task", TASKS)
def test_step_on_a_pretended_gpu(training, batch, task):
    batch = replace(batch, task=task)
    expected = step(copy.deepcopy(training), batch)
    found, gpu = on_pretended_gpu(training, batch)
    assert_same_step(found, expected)
    assert len(gpu.synchronisations) <= SYNCHRONISATIONS[task], gpu.synchronisations


@pytest.mark.parametrize("backend", ["grid_sample", "torchvision"])
def test_step_with_another_roi_align(training, batch, backend):
    expected = step(copy.deepcopy(training), batch)
    set_roi_align_backend(backend)
    found, gpu = on_pretended_gpu(training, batch)
    assert_same_step(found, expected)
    assert len(gpu.synchronisations) <= SYNCHRONISATIONS["all"]


@pytest.mark.parametrize("task", TASKS)
def test_launches_do_not_grow_with_the_number_of_images(training, batch, task):
    """No loop over the images: twelve take hardly more kernels than two."""
    batch = replace(batch, task=task)
    many = replace(
        batch,
        images=batch.images.repeat(6, 1, 1, 1),
        targets=batch.targets * 6,
        text_maps=batch.text_maps.repeat(6, 1, 1),
    )
    few, more = (sum(on_pretended_gpu(training, b, 1)[1].launches.values()) for b in (batch, many))
    assert more < 1.05 * few


def test_targets_made_on_the_device(training, batch):
    """One more synchronisation: the host has to copy the words."""
    expected = step(copy.deepcopy(training), batch)
    with PretendGPU() as gpu:
        other = copy.deepcopy(training).to(DEVICE)
        there = moved(batch, DEVICE)
        for target in there.targets:
            target.words = None
        step(other, moved(batch, DEVICE))
        gpu.synchronisations.clear()
        found = step(other, there)
    assert len(gpu.synchronisations) == SYNCHRONISATIONS["all"] + 1
    assert values_of(found[0]["recognition"]).item() == pytest.approx(
        expected[0]["recognition"].item(), rel=1e-3
    )


@pytest.mark.parametrize("task", TASKS)
def test_images_without_words(training, batch, task):
    target = Targets(
        torch.zeros(0, 4),
        torch.zeros(0, 28, 28, dtype=torch.uint8),
        (160, 160),
        text=torch.zeros(0, 8, dtype=torch.long),
        centres=torch.zeros(0, 8, 2),
    )
    empty = replace(batch, task=task, targets=[target] * 2)
    expected = step(copy.deepcopy(training), empty)
    assert_same_step(on_pretended_gpu(training, empty)[0], expected)


def test_targets_keep_a_copy_of_the_words_on_the_host(batch):
    target = batch.targets[0]
    with PretendGPU() as gpu:
        there = target.to(DEVICE, non_blocking=True)
        assert gpu.synchronisations == []
        for name in ("boxes", "masks", "ignore_boxes", "text", "centres"):
            assert getattr(there, name).device == DEVICE
            torch.testing.assert_close(
                values_of(getattr(there, name)), getattr(target, name), equal_nan=True, msg=name
            )
    assert there.image_size == target.image_size
    assert there.words.text.equal(target.text)
    assert there.words.known.equal(~target.centres[..., 0].isnan())
    assert replace(there, boxes=there.boxes).words is None  # they may be different words
    found = Targets(target.boxes, target.masks, (160, 160)).to("cpu")
    assert (found.words, found.text) == (None, None)


def test_boxes_are_counted_on_the_device(batch, monkeypatch):
    """Two processes that exchange their counts on their GPUs."""
    monkeypatch.setattr(losses_module.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(losses_module.dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(losses_module.dist, "all_reduce", lambda total: total.add_(2))
    with PretendGPU() as gpu:
        count = count_boxes(batch.targets, DEVICE)
        assert count.device == DEVICE
        assert gpu.synchronisations == []
    assert values_of(count).item() == (batch.words + 2) / 2


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_step_on_a_gpu(training, batch, task, bfloat16):
    """Finite; losses without random numbers equal those on the CPU."""
    batch = replace(batch, task=task)
    expected, _ = step(copy.deepcopy(training), batch)
    device = torch.device("cuda", 0)
    other, there = copy.deepcopy(training).to(device), moved(batch, device)
    with torch.autocast("cuda", torch.bfloat16, enabled=bfloat16):
        losses, gradients = step(other, there)
    assert losses.keys() == expected.keys()
    assert all(value.isfinite() for value in losses.values())
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    for name in ("text_map", "characters"):
        assert losses[name].item() == pytest.approx(expected[name].item(), rel=0.05 if bfloat16 else 0.01)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_gpu_has_no_more_synchronisations_than_the_pretended_one(training, batch, recwarn):
    device = torch.device("cuda", 0)
    other, there = copy.deepcopy(training).to(device), moved(batch, device)
    step(other, there)
    torch.cuda.set_sync_debug_mode("warn")
    try:
        step(other, there)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    waits = [str(w.message) for w in recwarn if "called a synchronizing" in str(w.message)]
    assert len(waits) <= SYNCHRONISATIONS["all"], waits
