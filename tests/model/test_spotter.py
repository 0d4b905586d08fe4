"""The whole forward pass: what is kept, what is read, and shapes from end to end."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from spotter.charset import Charset
from spotter.model.spotter import PIXEL_MEAN, SwinTextSpotter
from spotter.ops.polygons import rasterise
from spotter.ops.rois import rotate_quarter_turns, boxes_to_rois
from spotter.types import Detection, Regions, StageOutput


@pytest.fixture(scope="module")
def images(photographs) -> list[torch.Tensor]:
    """Three images of one size, (3, 96, 128)."""
    tensors = [torch.from_numpy(photographs[i]).permute(2, 0, 1).float() for i in (0, 2)]
    tensors = [t[:, ::2, ::2] for t in tensors]
    return [*tensors, tensors[0].flip(2)]


@pytest.fixture(scope="module")
def detection(tiny_model, images) -> Detection:
    with torch.no_grad():
        return tiny_model.detect(images)


def with_scores(detection: Detection, text: torch.Tensor, none: torch.Tensor) -> Detection:
    """The detection with other scores of the last stage, (B, N) each."""
    logits = torch.stack([text, none], 2).logit()
    last = replace(detection.stages[-1], class_logits=logits)
    return replace(detection, stages=[*detection.stages[:-1], last])


@pytest.fixture(scope="module")
def ladder(detection) -> Detection:
    """Scores of text fall from 0.95 with the proposal's number, those of none are low."""
    text = torch.linspace(0.95, 0.2, 16).repeat(3, 1)
    return with_scores(detection, text, torch.full_like(text, 0.01))


def rows(regions: Regions, image: int) -> torch.Tensor:
    return torch.nonzero(regions.image_index == image).squeeze(1)


@pytest.mark.parametrize(("threshold", "count"), [(-1.0, 16), (0.4, 11), (0.93, 1), (0.95001, 0), (1.0, 0)])
@torch.no_grad()
def test_keep_by_threshold(tiny_model, ladder, threshold, count):
    regions = tiny_model.keep(ladder, threshold)
    for image in range(3):
        mine = rows(regions, image)
        assert regions.proposal_index[mine].tolist() == list(range(count))
        assert (regions.scores[mine] > threshold).all()
        assert regions.boxes[mine].equal(ladder.stages[-1].boxes[image, :count])
        vectors = ladder.stages[-1].mask_vector[image, :count]
        torch.testing.assert_close(regions.mask_k[mine], tiny_model.mask_code.decode(vectors))
    assert regions.related.shape == (3 * count, 32)


@torch.no_grad()
def test_keep_takes_the_best(tiny_model, detection):
    few = SwinTextSpotter(replace(tiny_model.config, keep=5)).eval()
    text = torch.linspace(0.2, 0.95, 16).repeat(3, 1)
    regions = few.keep(with_scores(detection, text, torch.full_like(text, 0.01)), -1.0)
    assert regions.proposal_index.tolist() == [15, 14, 13, 12, 11] * 3


@torch.no_grad()
def test_twins_are_dropped(tiny_model, detection):
    text, none = torch.full((3, 16), 0.1), torch.full((3, 16), 0.05)
    text[:, 3], none[:, 3] = 0.9, 0.8
    text[:, 5], none[:, 5] = 0.6, 0.7  # the better score stays, of whichever class
    twice = with_scores(detection, text, none)
    regions = tiny_model.keep(twice, 0.4)
    assert regions.proposal_index.tolist() == [3, 5] * 3
    torch.testing.assert_close(regions.scores, torch.tensor([0.9, 0.7] * 3))
    published = tiny_model.keep(twice, 0.4, drop_twins=False)
    assert published.proposal_index.tolist() == [3, 3, 5, 5] * 3


@torch.no_grad()
def test_regions_below_the_threshold_take_part_in_relate(tiny_model, ladder):
    """Kept by score, not read: their features still change those of the words."""
    low = 15
    before = tiny_model.keep(ladder, 0.4)
    features = ladder.stages[-1].proposal_features.clone()
    features[:, low] += 1
    last = replace(ladder.stages[-1], proposal_features=features)
    after = tiny_model.keep(replace(ladder, stages=[last]), 0.4)
    assert low not in before.proposal_index
    assert before.scores.equal(after.scores)
    assert ((after.related - before.related).abs().amax(1) > 1e-5).all()
    fewer = SwinTextSpotter(replace(tiny_model.config, keep=11)).eval()
    fewer.load_state_dict(tiny_model.state_dict())
    without = fewer.keep(ladder, 0.4)
    assert without.proposal_index.equal(before.proposal_index)
    assert ((without.related - before.related).abs().amax(1) > 1e-5).all()


@torch.no_grad()
def test_regions_beyond_the_kept_take_no_part(tiny_model, ladder):
    few = SwinTextSpotter(replace(tiny_model.config, keep=11)).eval()
    few.load_state_dict(tiny_model.state_dict())
    features = ladder.stages[-1].proposal_features.clone()
    features[:, 15] += 1
    changed = replace(ladder, stages=[replace(ladder.stages[-1], proposal_features=features)])
    assert few.keep(changed, 0.4).related.equal(few.keep(ladder, 0.4).related)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
@torch.no_grad()
def test_thresholding_before_or_after_reading_is_the_same(tiny_model, images, part):
    everything = tiny_model(images, -1.0)
    threshold = everything.regions.scores.quantile(part).item()
    words = tiny_model(images, threshold)
    chosen = everything.regions.scores > threshold
    assert 0 < chosen.sum() < len(chosen)
    assert words.regions.proposal_index.equal(everything.regions.proposal_index[chosen])
    steps = words.reading.ids.shape[1]
    assert words.reading.ids.equal(everything.reading.ids[chosen][:, :steps])
    assert (everything.reading.ids[chosen][:, steps:] == 0).all()
    for gate in ("m1", "m2", "m3", "features"):
        expected = getattr(everything.conversion, gate)[chosen]
        torch.testing.assert_close(getattr(words.conversion, gate), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("iou", "kept"), [(1.0, [0, 1, 2, 3]), (0.6, [0, 1, 3]), (0.3, [0, 3]), (0.0, [0, 3])]
)
@torch.no_grad()
def test_non_maximum_suppression(tiny_model, images, iou, kept):
    """Regions in the order of falling score; the second overlaps the first by half, the third the second
    more, the last one lies in another image.
    """
    everything = tiny_model(images[:2], -1.0).regions
    boxes = torch.tensor([[0, 0, 30, 10], [10, 0, 40, 10], [11, 0, 41, 10], [0, 0, 30, 10]]).float()
    regions = Regions(
        image_index=torch.tensor([0, 0, 0, 1]),
        proposal_index=torch.arange(4),
        scores=torch.tensor([0.9, 0.8, 0.7, 0.6]),
        boxes=boxes,
        mask_k=everything.mask_k[:4],
        related=everything.related[:4],
        rois=everything.rois[:4],
    )
    model = SwinTextSpotter(replace(tiny_model.config, nms_iou=iou))
    assert model.suppress(regions).proposal_index.tolist() == kept


@torch.no_grad()
def test_suppression_before_or_after_the_threshold_is_the_same(tiny_model, images):
    model = SwinTextSpotter(replace(tiny_model.config, nms_iou=0.3)).eval()
    model.load_state_dict(tiny_model.state_dict())
    everything = model(images, -1.0).regions
    assert len(everything.scores) < len(tiny_model(images, -1.0).regions.scores)
    threshold = everything.scores.median().item()
    some = model(images, threshold).regions
    assert some.proposal_index.equal(everything.proposal_index[everything.scores > threshold])


@torch.no_grad()
def test_words_of_the_tiny_spotter_differ(tiny_model, images):
    """What the other tests compare would agree by chance if all words were the same."""
    charset = Charset(tiny_model.config.characters)
    words = {charset.decode(row) for row in tiny_model(images).reading.ids.tolist()}
    assert len({len(word) for word in words}) > 2


@pytest.mark.parametrize("count", [1, 2])
@torch.no_grad()
def test_an_image_without_text_is_empty_everywhere(tiny_model, images, count):
    out = tiny_model(images[:count], 1.0)
    assert all(len(value) == 0 for value in vars(out.regions).values())
    assert out.regions.mask_k.shape == (0, 28, 28)
    assert out.conversion.m1.shape == (0, 32, 2, 4)
    assert out.conversion.features.shape == (0, 32, 8, 16)
    assert out.reading.ids.shape == (0, 0)
    assert out.reading.probabilities.shape == (0, 0, 95)
    assert out.reading.attention.shape == (0, 0, 64)


@torch.no_grad()
def test_an_image_without_text_beside_one_with(tiny_model, detection):
    text = torch.linspace(0.95, 0.2, 16).repeat(3, 1)
    text[1] = 0.1
    mixed = with_scores(detection, text, torch.full_like(text, 0.01))
    regions = tiny_model.keep(mixed, 0.4)
    assert regions.image_index.tolist() == [0] * 11 + [2] * 11
    _, reading = tiny_model.read(mixed.levels, regions)
    assert len(reading.ids) == 22


@torch.no_grad()
def test_batch_is_single(tiny_model, images):
    batch = tiny_model(images, 0.5)
    for i, image in enumerate(images):
        single, mine = tiny_model([image], 0.5), rows(batch.regions, i)
        for stage, alone in zip(batch.detection.stages, single.detection.stages, strict=True):
            for name in StageOutput.__dataclass_fields__:
                torch.testing.assert_close(
                    getattr(stage, name)[i], getattr(alone, name)[0], atol=1e-4, rtol=1e-5
                )
        assert batch.regions.proposal_index[mine].equal(single.regions.proposal_index)
        torch.testing.assert_close(batch.regions.scores[mine], single.regions.scores, atol=1e-5, rtol=0)
        torch.testing.assert_close(batch.regions.mask_k[mine], single.regions.mask_k, atol=1e-5, rtol=0)
        torch.testing.assert_close(batch.conversion.m3[mine], single.conversion.m3, atol=1e-5, rtol=0)
        ids = batch.reading.ids[mine]
        steps = single.reading.ids.shape[1]
        assert ids[:, :steps].equal(single.reading.ids)
        assert not ids[:, steps:].any()


@torch.no_grad()
def test_boxes_pass_to_the_next_stage_detached(tiny_model, images):
    seen = []
    handle = tiny_model.stages[1].register_forward_pre_hook(lambda _, args: seen.append(args))
    with torch.enable_grad():
        stages = tiny_model.detect(images[:1]).stages
    handle.remove()
    _, boxes, features = seen[0]
    assert boxes.equal(stages[0].boxes)
    assert not boxes.requires_grad
    assert features.requires_grad


@pytest.mark.parametrize("threshold", [0.4, 0.38])
@torch.no_grad()
def test_mask_k_closes_the_gate_outside_of_the_word(tiny_model, detection, threshold):
    """Cells below the threshold reach the reader as zeros, whatever they hold."""
    model = SwinTextSpotter(replace(tiny_model.config, mask_threshold=threshold)).eval()
    model.load_state_dict(tiny_model.state_dict())
    regions = tiny_model.keep(detection, -1.0)
    mask_k = torch.full((len(regions.boxes), 28, 28), 0.39)
    mask_k[:, :14] = 0.41
    seen = []
    model.reader.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    model.read(detection.levels, replace(regions, mask_k=mask_k))
    cells = seen[0].abs().sum(1)
    assert (cells[:, :4] > 0).all()
    assert (cells[:, 4:] > 0).all() == (threshold == 0.38)
    assert (cells[:, 4:] == 0).all() == (threshold == 0.4)


@pytest.mark.parametrize(("quarters", "lying"), [(1, [8.0, 52.0, 80.0, 76.0]), (3, [16.0, 20.0, 88.0, 44.0])])
@torch.no_grad()
def test_an_upright_word_is_read_as_if_it_lay(tiny_model, detection, quarters, lying):
    """Turned, a box gives what the same pyramid, turned, gives of the box that lies."""
    levels = [cells[..., : 24 // 2**i, : 24 // 2**i] for i, cells in enumerate(detection.levels)]
    regions = tiny_model.keep(detection, -1.0)
    count = len(regions.boxes)
    mask_k = torch.zeros(count, 28, 28)
    mask_k[:, 3:20, 5:18] = 1
    upright = torch.tensor([[20.0, 8.0, 44.0, 80.0]]).expand(count, 4)
    level = boxes_to_rois(upright)
    turned = rotate_quarter_turns(level, torch.full((count,), quarters))
    one = replace(regions, boxes=upright, mask_k=mask_k, rois=turned)
    boxes = torch.tensor([lying]).expand(count, 4)
    other = replace(regions, boxes=boxes, mask_k=mask_k.rot90(quarters, (1, 2)), rois=boxes_to_rois(boxes))
    conversion, reading = tiny_model.read(levels, one)
    around = [cells.rot90(quarters, (2, 3)) for cells in levels]
    expected_conversion, expected = tiny_model.read(around, other)
    torch.testing.assert_close(conversion.m3, expected_conversion.m3, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(reading.probabilities, expected.probabilities, atol=1e-3, rtol=1e-3)
    as_it_is = tiny_model.read(levels, replace(one, rois=level))[0]
    assert not torch.allclose(as_it_is.m3, conversion.m3, atol=1e-3)


def quarters_of(rois: torch.Tensor) -> list[int]:
    return [round(float(angle) / (torch.pi / 2)) % 4 for angle in rois[:, 4]]


@pytest.mark.parametrize(
    ("times", "ways"), [(None, [0, 0, 0]), (2.0, [0, 0, 1, 3, 0]), (1e-3, [0, 1, 3] * 3)]
)
@torch.no_grad()
def test_tall_boxes_are_kept_in_each_way(tiny_model, detection, times, ways):
    model = SwinTextSpotter(replace(tiny_model.config, recognition_tall=times))
    boxes = torch.tensor([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 19.0], [0.0, 0.0, 9.0, 18.0]])
    regions = tiny_model.keep(detection, -1.0)
    first = Regions(*(getattr(regions, name)[:3] for name in Regions.__dataclass_fields__))
    first = replace(first, boxes=boxes, proposal_index=torch.arange(3))
    kept = model.along_words(first)
    assert quarters_of(kept.rois) == ways
    rows = kept.proposal_index
    assert rows.tolist() == sorted(rows.tolist())
    assert kept.boxes.equal(boxes[rows])
    assert kept.mask_k.equal(first.mask_k[rows])
    none = Regions(*(getattr(regions, name)[:0] for name in Regions.__dataclass_fields__))
    assert len(model.along_words(none).rois) == 0


@pytest.mark.parametrize("tilt", [None, 0.6])
@torch.no_grad()
def test_the_roi_of_a_tilted_word_follows_it(tiny_model, detection, tilt):
    """A word that runs down, 60 degrees, has an RoI tilted the other way, which is tall: of its three ways
    one runs along the word. A level word has its box.
    """
    model = SwinTextSpotter(replace(tiny_model.config, recognition_tilt=tilt, recognition_tall=1.25))
    cos, sin = 0.5, 0.75**0.5
    corner = np.array([[-60, -12], [60, -12], [60, 12], [-60, 12]]) @ [[cos, sin], [-sin, cos]] + 100
    box = np.concatenate([corner.min(0), corner.max(0)])
    mask = torch.from_numpy(rasterise(corner, box, 28)).float()
    regions = tiny_model.keep(detection, -1.0)
    first = Regions(*(getattr(regions, name)[:2] for name in Regions.__dataclass_fields__))
    boxes = torch.tensor([box.tolist(), [0.0, 0.0, 40.0, 10.0]])
    masks = torch.stack([mask, torch.ones_like(mask)])
    kept = model.along_words(replace(first, boxes=boxes, mask_k=masks, proposal_index=torch.arange(2)))
    degrees = torch.rad2deg(kept.rois[:, 4]).tolist()
    assert kept.proposal_index.tolist() == [0, 0, 0, 1]
    assert degrees == pytest.approx([-30, 60, -120, 0] if tilt else [0, 90, -90, 0], abs=1)
    torch.testing.assert_close(kept.rois[3], torch.tensor([20.0, 5, 40, 10, 0]))


@pytest.mark.parametrize(("canonical", "level"), [(224.0, 2), (448.0, 1), (1e4, 0)])
@torch.no_grad()
def test_reader_cuts_by_its_own_rule(tiny_model, images, detection, canonical, level):
    """Of a box of 224 x 224 pixels only one level changes what is read; the stages' rule stays."""
    model = SwinTextSpotter(replace(tiny_model.config, recognition_canonical=canonical)).eval()
    model.load_state_dict(tiny_model.state_dict())
    regions = tiny_model.keep(detection, -1.0)
    boxes = torch.tensor([[0.0, 0.0, 224.0, 224.0]]).expand(len(regions.boxes), 4)
    regions = replace(regions, boxes=boxes, rois=boxes_to_rois(boxes))
    before = model.read(detection.levels, regions)[0].m3
    changed = []
    for i in range(4):
        levels = [cells + (i == j) for j, cells in enumerate(detection.levels)]
        changed.append(not model.read(levels, regions)[0].m3.equal(before))
    assert changed == [i == level for i in range(4)]
    again = model.detect(images)
    assert again.stages[-1].proposal_features.equal(detection.stages[-1].proposal_features)


def test_pad_normalises_and_keeps_the_sizes(tiny_model):
    mean = torch.tensor(PIXEL_MEAN)[:, None, None]
    batch, sizes = tiny_model.pad([mean.expand(3, 33, 20), mean.expand(3, 10, 64) + 58.395])
    assert batch.shape == (2, 3, 64, 64)
    assert sizes.tolist() == [[20, 33], [64, 10]]
    assert not batch[0].any()
    torch.testing.assert_close(batch[1, 0, :10], torch.ones(10, 64))
    assert not batch[1, :, 10:].any()


@torch.no_grad()
def test_shapes_of_the_official_preset(golden_model):
    """The shape table of the architecture, for an image of 320 x 448 pixels; three regions are read."""
    seen = {}

    def see(name, module):
        return module.register_forward_hook(lambda _, args, out: seen.update({name: (args[0], out)}))

    c = golden_model.conversion
    parts = {"a1": c.enter, "a2": c.down1, "a3": c.down2, "two_level": golden_model.two_level}
    handles = [see(name, module) for name, module in parts.items()]
    detection = golden_model.detect([torch.full((3, 320, 448), 90.0)])
    regions = golden_model.keep(detection, -1.0)
    regions = Regions(*(getattr(regions, name)[:3] for name in Regions.__dataclass_fields__))
    conversion, reading = golden_model.read(detection.levels, regions, torch.ones(3, 2, dtype=torch.long))
    for handle in handles:
        handle.remove()
    assert [tuple(p.shape) for p in detection.levels] == [
        (1, 256, 80, 112),
        (1, 256, 40, 56),
        (1, 256, 20, 28),
        (1, 256, 10, 14),
    ]
    assert len(detection.stages) == 6
    for stage in detection.stages:
        assert stage.class_logits.shape == (1, 300, 2)
        assert stage.boxes.shape == (1, 300, 4)
        assert stage.mask_vector.shape == (1, 300, 60)
        assert stage.proposal_features.shape == (1, 300, 256)
    assert seen["a1"][0].shape == seen["a1"][1].shape == (3, 256, 28, 28)
    assert seen["a2"][1].shape == conversion.m2.shape == (3, 256, 14, 14)
    assert seen["a3"][1].shape == conversion.m1.shape == (3, 256, 7, 7)
    assert conversion.m3.shape == conversion.features.shape == (3, 256, 28, 28)
    assert seen["two_level"][1].shape == (3, 28, 28, 256)
    assert reading.probabilities.shape == (3, 2, 107)
    assert reading.attention.shape == (3, 2, 256)
