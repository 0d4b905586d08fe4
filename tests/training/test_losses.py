"""Detection and recognition losses, compared with the published criterion and with results by hand."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from spotter.data.targets import Targets
from spotter.training import losses as module
from spotter.training.losses import (
    LossWeights,
    count_boxes,
    detection_losses,
    dice_loss,
    in_ignored_region,
    recognition_loss,
)
from spotter.types import Conversion, StageOutput

GOLDEN = Path(__file__).parents[1] / "golden"
UNWEIGHTED = LossWeights(1, 1, 1, 1, 1)
TERMS = [field.name for field in dataclasses.fields(LossWeights)]


@pytest.fixture(scope="module")
def golden():
    return {key: torch.from_numpy(np.asarray(value)) for key, value in np.load(GOLDEN / "losses.npz").items()}


@pytest.fixture
def golden_stage(golden):
    leaves = [golden[f"pred.{n}"].clone().requires_grad_() for n in ("class_logits", "boxes", "mask_vectors")]
    return StageOutput(*leaves, proposal_features=torch.zeros(2, 24, 1))


@pytest.fixture
def golden_targets(golden):
    return [
        Targets(
            golden[f"target.{i}.boxes"],
            golden[f"target.{i}.masks"],
            tuple(golden[f"target.{i}.image_size_wh"].tolist()),
        )
        for i in range(2)
    ]


def no_words(**fields):
    return Targets(torch.zeros(0, 4), torch.zeros(0, 28, 28, dtype=torch.uint8), (448, 320), **fields)


def first_words(target, count):
    return dataclasses.replace(target, boxes=target.boxes[:count], masks=target.masks[:count])


def gradients(losses, stage):
    leaves = (stage.class_logits, stage.boxes, stage.mask_vector)
    return torch.autograd.grad(sum(value.sum() for value in losses.values()), leaves)


def assert_same(losses, expected):
    for name in TERMS:
        torch.testing.assert_close(losses[name], expected[name], rtol=1e-5, atol=1e-6, msg=name)


def test_match_equals_the_published_one(golden, golden_stage, golden_targets, golden_code):
    _, matches = detection_losses([golden_stage], golden_targets, golden_code)
    for i, pair in enumerate(matches):
        assert torch.stack(pair, 1).tolist() == golden[f"match.{i}"].tolist()


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("classification", "loss_ce"),
        ("l1", "loss_bbox"),
        ("giou", "loss_giou"),
        ("mask", "loss_feat"),
        ("dice", "loss_dice"),
    ],
)
def test_losses_equal_the_published_ones(golden, golden_stage, golden_targets, golden_code, name, published):
    losses, _ = detection_losses([golden_stage], golden_targets, golden_code, UNWEIGHTED)
    torch.testing.assert_close(losses[name][0], golden[f"loss.{published}"], rtol=1e-4, atol=0)
    weighted, _ = detection_losses([golden_stage], golden_targets, golden_code)
    assert (weighted[name] / losses[name]).item() == pytest.approx(getattr(LossWeights(), name))


def test_stages_are_matched_independently(golden_stage, golden_targets, golden_code):
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    other = StageOutput(
        golden_stage.class_logits[:, order] * 0.5,
        golden_stage.boxes[:, order] + 4,
        golden_stage.mask_vector[:, order] + 1,
        golden_stage.proposal_features,
    )
    both, matches = detection_losses([other, golden_stage], golden_targets, golden_code)
    for position, stage in enumerate((other, golden_stage)):
        alone, alone_matches = detection_losses([stage], golden_targets, golden_code)
        assert_same({name: value[position : position + 1] for name, value in both.items()}, alone)
    for pair, alone_pair in zip(matches, alone_matches, strict=True):
        assert torch.stack(pair).equal(torch.stack(alone_pair))


def test_batch_is_the_sum_of_its_images(golden_stage, golden_targets, golden_code):
    batch, _ = detection_losses([golden_stage], golden_targets, golden_code)
    parts = []
    for i, target in enumerate(golden_targets):
        stage = StageOutput(*(value[i : i + 1] for value in vars(golden_stage).values()))
        losses, _ = detection_losses([stage], [target], golden_code)
        parts.append({name: value * len(target.boxes) / 8 for name, value in losses.items()})
    assert_same(batch, {name: parts[0][name] + parts[1][name] for name in TERMS})


def test_without_words_only_the_background_counts(golden_stage, golden_code):
    losses, matches = detection_losses([golden_stage] * 2, [no_words(), no_words()], golden_code)
    assert all(len(index) == 0 for pair in matches for index in pair)
    assert (losses["classification"] > 0).all()
    assert all((losses[name] == 0).all() for name in TERMS[1:])
    grads = gradients(losses, golden_stage)  # all three are in the graph, as DDP requires
    assert all(grad.isfinite().all() for grad in grads)
    assert (grads[1] == 0).all()


def test_batch_with_an_image_without_words(golden_stage, golden_targets, golden_code):
    _, matches = detection_losses([golden_stage], [no_words(), golden_targets[1]], golden_code)
    assert [len(pair[0]) for pair in matches] == [0, 5]


def test_one_word(golden_stage, golden_targets, golden_code):
    targets = [first_words(golden_targets[0], 1), no_words()]
    losses, matches = detection_losses([golden_stage], targets, golden_code)
    assert [pair[1].tolist() for pair in matches] == [[0], []]
    grads = gradients(losses, golden_stage)
    assert all(grad.isfinite().all() for grad in grads)
    assert grads[1].any(-1).sum() == 1  # one box has a gradient


def test_more_words_than_proposals(golden_stage, golden_targets, golden_code):
    stage = StageOutput(*(value[:, :2] for value in vars(golden_stage).values()))
    losses, matches = detection_losses([stage] * 3, golden_targets, golden_code)
    assert [len(pair[0]) for pair in matches] == [2, 2]
    assert all(value.shape == (3,) and value.isfinite().all() for value in losses.values())


def test_perfect_prediction_has_no_loss(golden_targets, golden_code):
    target = golden_targets[0]
    logits = torch.full((1, 4, 2), -20.0)
    logits[0, :3, 0] = 20
    boxes = torch.cat([target.boxes, torch.tensor([[0.0, 0.0, 9.0, 9.0]])])[None]
    vectors = torch.cat([golden_code.encode(target.masks), torch.zeros(1, 60)])[None]
    losses, _ = detection_losses([StageOutput(logits, boxes, vectors, boxes)], [target], golden_code)
    for name in ("classification", "l1", "giou", "mask"):
        assert losses[name].item() == pytest.approx(0, abs=1e-5), name


def test_gradients_are_finite_for_extreme_predictions(golden_targets, golden_code):
    stage = StageOutput(
        torch.tensor([1e4, -1e4]).repeat(2, 24, 1).requires_grad_(),
        torch.full((2, 24, 4), 50.0).requires_grad_(),  # boxes without area
        torch.full((2, 24, 60), 1e3).requires_grad_(),
        torch.zeros(2, 24, 1),
    )
    losses, _ = detection_losses([stage], golden_targets, golden_code)
    assert all(value.isfinite().all() for value in losses.values())
    assert all(grad.isfinite().all() for grad in gradients(losses, stage))


def test_predictions_that_are_not_finite_do_not_stop_the_matching(golden_stage, golden_targets, golden_code):
    boxes = golden_stage.boxes.detach().clone()
    boxes[0, 0] = math.nan
    _, matches = detection_losses(
        [dataclasses.replace(golden_stage, boxes=boxes)], golden_targets, golden_code
    )
    assert 0 not in matches[0][0]


def test_losses_stay_float32_under_autocast(golden_stage, golden_targets, golden_code):
    plain, _ = detection_losses([golden_stage], golden_targets, golden_code)
    with torch.autocast("cpu", torch.bfloat16):
        cast, _ = detection_losses([golden_stage], golden_targets, golden_code)
    assert all(value.dtype == torch.float32 for value in cast.values())
    assert_same(cast, plain)


def test_unmatched_proposals_in_ignored_regions_are_left_out(golden_code):
    logits = torch.zeros(1, 3, 2, requires_grad=True)
    boxes = torch.tensor([[[0.0, 0, 10, 10], [2.0, 2, 12, 12], [60.0, 60, 70, 70]]], requires_grad=True)
    vectors = torch.zeros(1, 3, 60, requires_grad=True)
    mask = torch.ones(1, 28, 28, dtype=torch.uint8)
    target = Targets(boxes[0, :1].detach(), mask, (100, 100), torch.tensor([[0.0, 0.0, 20.0, 20.0]]))
    losses, matches = detection_losses([StageOutput(logits, boxes, vectors, vectors)], [target], golden_code)
    assert matches[0][0].tolist() == [0]
    has_gradient = torch.autograd.grad(losses["classification"].sum(), logits)[0][0].any(-1)
    assert has_gradient.tolist() == [True, False, True]  # matched, ignored, background


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ([0, 0, 10, 10], True),
        ([15, 0, 24, 10], True),  # 5 / 9 inside
        ([15, 0, 25, 10], False),  # exactly half
        ([0, 0, 40, 40], False),  # the region is inside the proposal
        ([50, 50, 60, 60], False),
        ([5, 5, 5, 5], False),  # no area
    ],
)
def test_in_ignored_region(box, expected):
    regions = torch.tensor([[0.0, 0.0, 20.0, 20.0], [0.0, 0.0, 0.0, 0.0]])  # the second is padding
    assert in_ignored_region(torch.tensor([box], dtype=torch.float32), regions).tolist() == [expected]
    assert in_ignored_region(torch.tensor([box], dtype=torch.float32), regions[:0]).tolist() == [False]


def test_dice_by_hand():
    masks = torch.tensor([[1.0, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]])
    probabilities = torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 1], [0.5, 0.5, 0, 0], [0, 0, 0, 0]])
    # Third: overlap 1, squares 0.5 and 2.
    assert dice_loss(probabilities, masks).tolist() == pytest.approx([0, 1, 1 - 2 / 2.5, 1])


def test_count_boxes(monkeypatch, golden_targets):
    assert count_boxes(golden_targets) == 8
    assert count_boxes([no_words()]) == 1
    # Two processes, the other one with 2 boxes.
    monkeypatch.setattr(module.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(module.dist, "get_world_size", lambda: 2)
    monkeypatch.setattr(module.dist, "all_reduce", lambda total: total.add_(2))
    assert count_boxes(golden_targets) == 5


def test_recognition_loss_by_hand():
    probabilities = torch.full((2, 4, 3), 0.25)
    probabilities[..., 1] = 0.5
    text = torch.tensor([[1, 0, -1], [2, 1, 0]])
    # Word 1: 1/2 and 1/4; word 2: 1/4, 1/2, 1/4. The fourth step belongs to neither.
    expected = 0.2 * (3 + 5) * math.log(2) / 2
    assert recognition_loss(probabilities.log(), text).item() == pytest.approx(expected)


def test_padding_has_no_recognition_loss():
    logits = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(0)).requires_grad_()
    text = torch.tensor([[3, 0, -1, -1], [1, 2, 0, -1]])
    recognition_loss(logits.log_softmax(-1), text).backward()
    assert logits.grad.any(-1).tolist() == [
        [True, True, False, False, False],
        [True, True, True, False, False],
    ]


@pytest.mark.parametrize("steps", [0, 4])
def test_recognition_loss_without_regions_keeps_its_graph(steps):
    logits = torch.zeros(0, 5, 7, requires_grad=True)
    loss = recognition_loss(logits, torch.zeros(0, steps, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad is not None


def conversion(gates, features):
    """Of one word; `gates`: three rows of cells, each the same in all channels; `features`: (1, C, 2, 4)."""
    maps = [torch.tensor(row)[None, None].expand(1, 2, -1, -1) for row in gates]
    return Conversion(*maps, features)


WORD_ON_THE_LEFT = torch.tensor([[[1.0, 1, 0, 0]] * 4])
ROI, BOX = torch.tensor([[2.0, 1, 4, 2, 0]]), torch.tensor([[0.0, 0, 4, 2]])


@pytest.mark.parametrize(
    ("around", "on", "energy", "expected"),
    [
        (0.0, 1.0, 0.0, 0.0),
        (0.0, 0.2, 0.0, 0.0),  # what gates let through on the word does not matter
        (0.5, 1.0, 0.0, 1.5),
        (0.0, 1.0, 3.0, 1.0),  # as strong around the word as on it
        (1.0, 1.0, 6.0, 5.0),
    ],
)
def test_background_is_what_gates_and_features_have_around_the_word(around, on, energy, expected):
    row = [on, on, around, around]
    features = torch.full((1, 2, 2, 4), 3.0)
    features[..., 2:] = energy
    found = module.background_loss(
        conversion([[row], [row], [row] * 2], features), ROI, BOX, WORD_ON_THE_LEFT
    )
    assert found.item() == pytest.approx(expected, abs=2e-3)


def test_background_of_a_word_that_fills_its_box_is_0():
    features = torch.ones(1, 2, 2, 4, requires_grad=True)
    loss = module.background_loss(
        conversion([[[1.0] * 4] * 2] * 3, features), ROI, BOX, torch.ones_like(WORD_ON_THE_LEFT)
    )
    loss.backward()
    assert loss.item() == 0
    assert not features.grad.any()


def test_background_loss_lowers_the_surroundings_only():
    features = torch.ones(1, 2, 2, 4, requires_grad=True)
    module.background_loss(conversion([[[1.0] * 4] * 2] * 3, features), ROI, BOX, WORD_ON_THE_LEFT).backward()
    assert (features.grad[..., 2:] > 0).all()
    assert not features.grad[..., :2].any()
