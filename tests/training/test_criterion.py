"""The training module: which regions are read, in which orientation, and what the losses reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from spotter.data.targets import Batch, Targets
from spotter.model.spotter import SwinTextSpotter
from spotter.ops.rois import boxes_to_rois
from spotter.training.criterion import TrainingSpotter, match_words, reading_orientation
from spotter.training.train_config import LossConfig
from spotter.types import Regions
from spotter.weights import load_weights

NAN = torch.nan


@pytest.mark.parametrize("cut", [False, True])
def test_recognition_loss_reaches_the_proposals(tiny_file, batch, cut, monkeypatch):
    """Through Recognition Conversion only."""
    model, _ = load_weights(tiny_file)
    if cut:
        attend = model.conversion.attend
        monkeypatch.setattr(model.conversion, "attend", lambda features: attend(features).detach())
    training = TrainingSpotter(model).train()
    losses = training(batch)
    assert losses["recognition"] > 0
    losses["recognition"].backward()
    gradient = model.proposals.features.grad
    reached = gradient is not None and bool(gradient.any())
    assert reached != cut
    assert model.backbone.stem.conv1.weight.grad.any()  # through the image in any case
    assert model.stages[-1].regress[-1].weight.grad is None  # boxes are detached


@pytest.mark.parametrize("short_side", [160, 400])
def test_cropped_proposals_are_as_dense_as_on_a_photograph(tiny_file, short_side):
    model, _ = load_weights(tiny_file)
    model.config = replace(model.config, short_side=short_side)
    size = torch.tensor([[200.0, 160.0]]).repeat(2, 1)
    boxes, features = model.proposals([torch.zeros(2, model.config.channels, 40, 50)], size)
    found = [TrainingSpotter(model).crop_proposals(boxes, features, size) for _ in range(20)]
    if short_side == 160:  # no larger than the scene
        assert all(torch.equal(b, boxes) and torch.equal(f, features) for b, f in found)
        return
    wide = (boxes[0, 0, 2:] - boxes[0, 0, :2]).tolist()
    for crop, its_features in found:
        assert crop.shape[:2] == its_features.shape[:2]
        assert torch.equal(crop[0], crop[1])
        centre = (crop[0, :, :2] + crop[0, :, 2:]) / 2
        assert (centre >= 0).all()
        assert (centre <= size[0]).all()
        larger = (crop[0, 0, 2:] - crop[0, 0, :2]).tolist()
        assert larger[0] / wide[0] == pytest.approx(larger[1] / wide[1])
        assert 1 <= larger[0] / wide[0] <= 400 / 160
    assert len({crop.shape[1] for crop, _ in found}) > 3
    # The crop lies anywhere, not always in the same corner.
    assert len({tuple(its[0, 0].tolist()) for _, its in found}) > 3


@pytest.mark.parametrize("predicted", [0.0, 1.0])
def test_gradients_are_finite_with_true_and_predicted_boxes(tiny_file, batch, predicted):
    """Centres of unknown characters are NaN; none of it may reach the boxes."""
    model, _ = load_weights(tiny_file)
    training = TrainingSpotter(model, LossConfig(predicted=predicted, minimum_iou=-1.0)).train()
    sum(training(batch).values()).backward()
    assert all(p.grad.isfinite().all() for p in training.parameters() if p.grad is not None)


@pytest.mark.parametrize("task", ["all", "reading"])
@pytest.mark.parametrize("predicted", [0.0, 1.0])
def test_words_are_read_in_predicted_boxes_in_every_task(tiny_file, batch, task, predicted, monkeypatch):
    """As they will be read: a reader trained on true boxes only fails on detected ones."""
    model, _ = load_weights(tiny_file)
    training = TrainingSpotter(model, LossConfig(predicted=predicted, minimum_iou=-1.0))
    calls = {}

    def record(name):
        real = getattr(model, name)

        def call(*arguments, **options):
            calls[name] = arguments, real(*arguments, **options)
            return calls[name][1]

        monkeypatch.setattr(model, name, call)

    record("refine")
    record("read")
    training(replace(batch, task=task))
    detected = calls["refine"][1][-1].boxes.flatten(0, 1)
    read = calls["read"][0][1].boxes
    assert len(read) > 1
    assert [bool((detected == box).all(1).any()) for box in read] == [predicted == 1] * len(read)


@pytest.mark.parametrize(("side", "level"), [(40, 0), (220, 0), (230, 1), (300, 1)])
def test_characters_are_classified_on_the_level_their_word_is_read_from(tiny_file, batch, side, level):
    model, _ = load_weights(tiny_file)
    assert model.config.recognition_canonical == 448
    training = TrainingSpotter(model)
    box = torch.tensor([[2.0, 3.0, 2 + side, 3 + side]])
    centres = torch.full((1, model.config.max_steps, 2), torch.nan)
    centres[0, 0] = torch.tensor([side / 2, side / 2])
    text = torch.full((1, model.config.max_steps), -1)
    text[0, :2] = torch.tensor([5, 0])
    word = Targets(box, torch.ones(1, 28, 28, dtype=torch.uint8), (320, 320), text=text, centres=centres)
    levels = [
        torch.randn(1, model.config.channels, 80 // 2**i, 80 // 2**i, requires_grad=True) for i in range(4)
    ]
    one = Batch(batch.images[:1], [word], torch.zeros(1, 80, 80, dtype=torch.uint8), "features")
    training.dense_losses(levels, one)["characters"].backward()
    assert [i for i, cells in enumerate(levels) if cells.grad is not None and cells.grad.any()] == [level]


def test_character_positions_are_rotated_with_the_word(tiny_model):
    """In the RoI of a word that runs down or up, its characters are side by side."""
    training = TrainingSpotter(tiny_model)
    vertical = [20.0, 60.0, 80.0, 20.0]
    rois = torch.tensor([[30.0, 30.0, 40.0, 20.0, 0], [*vertical, torch.pi / 2], [*vertical, -torch.pi / 2]])
    centres = torch.full((3, 3, 2), torch.nan)
    centres[0, 0] = torch.tensor([20.0, 25.0])  # a quarter to the right, a quarter down
    centres[1:, :2] = torch.tensor([[25.0, 40.0], [25.0, 80.0]])  # both three quarters to the right
    positions = training.character_positions(centres, rois)
    height, width = tiny_model.config.reader_size
    expected = torch.full((3, 3, 2), NAN)
    expected[0, 0] = torch.tensor([0.25, 0.25])
    expected[1, :2] = torch.tensor([[0.25, 0.25], [0.75, 0.25]])
    expected[2, :2] = torch.tensor([[0.75, 0.75], [0.25, 0.75]])
    torch.testing.assert_close(positions / torch.tensor([width, height]), expected, equal_nan=True)


def target(*texts: tuple[int, ...]) -> Targets:
    """Words of up to three characters; the first character's centre is known."""
    count = len(texts)
    text = torch.full((count, 3), -1)
    centres = torch.full((count, 3, 2), NAN)
    for row, ids in enumerate(texts):
        text[row, : len(ids)] = torch.tensor(ids)
        centres[row, 0] = 1.0
    masks = torch.zeros(count, 28, 28, dtype=torch.uint8)
    return Targets(torch.zeros(count, 4), masks, (100, 100), text=text, centres=centres)


def test_legible_matched_words_of_all_images():
    targets = [target((4, 0), (-1,)), target(), target((5, 6, 0))]
    matches = [
        (torch.tensor([7, 8]), torch.tensor([1, 0])),  # proposals 7 and 8 with words 1 (illegible) and 0
        (torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long)),
        (torch.tensor([9]), torch.tensor([0])),
    ]
    found = match_words(targets, matches)
    assert found.image.tolist() == [0, 2]
    assert found.proposal.tolist() == [8, 9]
    assert found.word.tolist() == [0, 2]
    assert found.lengths.tolist() == [2, 3]
    assert found.known.tolist() == [[True, False, False]] * 2


@pytest.mark.parametrize(
    ("centres", "orientation"),
    [
        ([[0, 0], [5, 1], [9, 2]], 0),
        ([[0, 0], [1, 5], [2, 9]], 1),
        ([[2, 9], [1, 5], [NAN, NAN]], 2),
        ([[9, 2], [5, 1], [0, 0]], 0),
        ([[3, 3], [NAN, NAN], [NAN, NAN]], 0),
        ([[NAN, NAN], [NAN, NAN], [NAN, NAN]], 0),
    ],
)
def test_reading_orientation(centres, orientation):
    assert reading_orientation(torch.tensor([centres], dtype=torch.float32)).tolist() == [orientation]
    assert reading_orientation(torch.zeros(0, 3, 2)).tolist() == []


@pytest.mark.parametrize("wrong", [0.0, 1.0])
def test_words_in_a_wrong_orientation_are_empty(tiny_model, wrong):
    """Words that run down and up in vertical boxes, and down in a square one; one without known centres; one
    that runs down to the right, with a vertical minimum-area rectangle.
    """
    model = SwinTextSpotter(replace(tiny_model.config, vertical_aspect_ratio=1.25, min_rect_area_ratio=0.6))
    model.mask_code.load_state_dict(tiny_model.mask_code.state_dict())
    training = TrainingSpotter(model, LossConfig(wrong_way=wrong))
    down = torch.tensor([[5.0, 1.0], [5.0, 9.0]])
    steep = torch.tensor([[20.0, 20.0], [60.0, 80.0]])
    centres = torch.stack([down, down.flip(0), down, torch.full((2, 2), NAN), steep]).repeat(20, 1, 1)
    boxes = torch.tensor([[0.0, 0, 5, 10]] * 2 + [[0.0, 0, 10, 10]] + [[0.0, 0, 5, 10], [10.0, 10, 70, 90]])
    masks = torch.ones(5, 28, 28)
    y, x = torch.meshgrid(torch.arange(28), torch.arange(28), indexing="ij")
    masks[4] = ((x - y).abs() < 5).float()
    zeros = torch.zeros(100, dtype=torch.long)
    regions = Regions(
        zeros,
        zeros,
        zeros,
        boxes.repeat(20, 1),
        masks.repeat(20, 1, 1),
        zeros,
        boxes_to_rois(boxes).repeat(20, 1),
    )
    text = torch.tensor([[4, 5, 0, -1]]).expand(100, 4)
    rois, ids, positions = (
        each.unflatten(0, (20, 5)) for each in training.sample_orientations(regions, text, centres)
    )
    degrees = torch.rad2deg(rois[..., 4]).round().int()
    along = round(float(np.degrees(np.arctan2(8, 6))))  # of the last box's diagonal
    found = [set(column.tolist()) for column in degrees.T]
    # The word in the square box and the one without centres are not rotated.
    assert found[2:4] == [{0}, {0}]
    assert ids[:, 2:4].eq(text[0]).all()
    if not wrong:
        assert found[:2] == [{90}, {-90}]
        assert [abs(angle - along) < 3 for angle in found[4]] == [True]
        assert ids.eq(text[0]).all()
        return
    assert found[:2] == [{0, -90}, {0, 90}]
    assert all(min(abs(angle - along + 90), abs(angle - along + 180)) < 3 for angle in found[4])
    assert len(found[4]) == 2
    for row in (0, 1, 4):
        assert (ids[:, row] == torch.tensor([0, -1, -1, -1])).all()
        assert positions[:, row].isnan().all()


def test_background_loss_has_its_weight_and_reaches_the_gates(tiny_file, batch):
    model, _ = load_weights(tiny_file)
    found = []
    for weight in (0.0, 1.0, 0.5):
        torch.manual_seed(0)  # which boxes are read, and how they are jittered
        losses = TrainingSpotter(model, LossConfig(background=weight)).eval()(batch)
        found.append(losses.get("background"))
    assert found[0] is None
    assert found[2].item() == pytest.approx(found[1].item() / 2)
    assert torch.autograd.grad(found[1], model.conversion.up_detection2.last.weight)[0].any()
