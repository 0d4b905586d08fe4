"""The forward pass: which regions are selected, how they are read, and shapes from end to end."""

import copy
from dataclasses import replace

import pytest
import torch

from spotter.charset import Charset
from spotter.model.spotter import PIXEL_MEAN, SwinTextSpotter
from spotter.types import Detection, Regions, StageOutput
from tests.pretend_gpu import DEVICE, PretendGPU, pretend, values_of


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


def with_scores(detection: Detection, text: torch.Tensor, background: torch.Tensor) -> Detection:
    """The detection with other scores of both classes after the last stage, (B, N) each."""
    logits = torch.stack([text, background], 2).logit()
    last = replace(detection.stages[-1], class_logits=logits)
    return replace(detection, stages=[*detection.stages[:-1], last])


@pytest.fixture(scope="module")
def falling(detection) -> Detection:
    """Scores of text fall from 0.95 with the index of the proposal; those of background are low."""
    text = torch.linspace(0.95, 0.2, 16).repeat(3, 1)
    return with_scores(detection, text, torch.full_like(text, 0.01))


def rows(regions: Regions, image: int) -> torch.Tensor:
    return torch.nonzero(regions.image_index == image).squeeze(1)


@pytest.mark.parametrize(("threshold", "count"), [(-1.0, 16), (0.4, 11), (0.93, 1), (0.95001, 0), (1.0, 0)])
@torch.no_grad()
def test_regions_need_a_score_above_the_threshold(tiny_model, falling, threshold, count):
    regions = tiny_model.select_regions(falling, threshold)
    for image in range(3):
        mine = rows(regions, image)
        assert regions.proposal_index[mine].tolist() == list(range(count))
        assert (regions.scores[mine] > threshold).all()
        assert regions.boxes[mine].equal(falling.stages[-1].boxes[image, :count])
        vectors = falling.stages[-1].mask_vector[image, :count]
        torch.testing.assert_close(regions.mask_k[mine], tiny_model.mask_code.decode(vectors))
    assert regions.attended_features.shape == (3 * count, 32)


@torch.no_grad()
def test_max_proposals_limits_the_regions(tiny_model, detection):
    few = SwinTextSpotter(replace(tiny_model.config, max_proposals=5)).eval()
    text = torch.linspace(0.2, 0.95, 16).repeat(3, 1)
    regions = few.select_regions(with_scores(detection, text, torch.full_like(text, 0.01)), -1.0)
    assert regions.proposal_index.tolist() == [15, 14, 13, 12, 11] * 3


@torch.no_grad()
def test_each_proposal_is_selected_once(tiny_model, detection):
    text, background = torch.full((3, 16), 0.1), torch.full((3, 16), 0.05)
    text[:, 3], background[:, 3] = 0.9, 0.8
    text[:, 5], background[:, 5] = 0.6, 0.7  # the better score stays, of whichever class
    twice = with_scores(detection, text, background)
    regions = tiny_model.select_regions(twice, 0.4)
    assert regions.proposal_index.tolist() == [3, 5] * 3
    torch.testing.assert_close(regions.scores, torch.tensor([0.9, 0.7] * 3))
    published = tiny_model.select_regions(twice, 0.4, deduplicate=False)
    assert published.proposal_index.tolist() == [3, 3, 5, 5] * 3


@torch.no_grad()
def test_regions_below_the_threshold_take_part_in_attend(tiny_model, falling):
    """They are not read, but their features change those of the words."""
    low = 15
    before = tiny_model.select_regions(falling, 0.4)
    features = falling.stages[-1].proposal_features.clone()
    features[:, low] += 1
    last = replace(falling.stages[-1], proposal_features=features)
    after = tiny_model.select_regions(replace(falling, stages=[last]), 0.4)
    assert low not in before.proposal_index
    assert before.scores.equal(after.scores)
    assert ((after.attended_features - before.attended_features).abs().amax(1) > 1e-5).all()
    fewer = SwinTextSpotter(replace(tiny_model.config, max_proposals=11)).eval()
    fewer.load_state_dict(tiny_model.state_dict())
    without = fewer.select_regions(falling, 0.4)
    assert without.proposal_index.equal(before.proposal_index)
    assert ((without.attended_features - before.attended_features).abs().amax(1) > 1e-5).all()


@torch.no_grad()
def test_proposals_beyond_the_maximum_take_no_part(tiny_model, falling):
    few = SwinTextSpotter(replace(tiny_model.config, max_proposals=11)).eval()
    few.load_state_dict(tiny_model.state_dict())
    features = falling.stages[-1].proposal_features.clone()
    features[:, 15] += 1
    changed = replace(falling, stages=[replace(falling.stages[-1], proposal_features=features)])
    assert few.select_regions(changed, 0.4).attended_features.equal(
        few.select_regions(falling, 0.4).attended_features
    )


@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
@torch.no_grad()
def test_thresholding_before_or_after_reading_gives_the_same_words(tiny_model, images, part):
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


@torch.no_grad()
def test_suppression_before_or_after_the_threshold_gives_the_same_words(tiny_model, images):
    model = SwinTextSpotter(replace(tiny_model.config, nms_iou=0.3)).eval()
    model.load_state_dict(tiny_model.state_dict())
    everything = model(images, -1.0).regions
    assert len(everything) < len(tiny_model(images, -1.0).regions)
    threshold = everything.scores.median().item()
    some = model(images, threshold).regions
    assert some.proposal_index.equal(everything.proposal_index[everything.scores > threshold])


@torch.no_grad()
def test_words_of_the_tiny_spotter_differ(tiny_model, images):
    """If all words were equal, the other tests would pass by chance."""
    charset = Charset(tiny_model.config.characters)
    words = {charset.decode(row) for row in tiny_model(images).reading.ids.tolist()}
    assert len({len(word) for word in words}) > 2


@pytest.mark.parametrize("count", [1, 2])
@torch.no_grad()
def test_an_image_without_text_gives_empty_outputs(tiny_model, images, count):
    out = tiny_model(images[:count], 1.0)
    assert all(len(value) == 0 for value in vars(out.regions).values())
    assert out.regions.mask_k.shape == (0, 28, 28)
    assert out.conversion.m1.shape == (0, 32, 2, 4)
    assert out.conversion.features.shape == (0, 32, 8, 16)
    assert out.reading.ids.shape == (0, 0)
    assert out.reading.probabilities.shape == (0, 0, 95)
    assert out.reading.attention.shape == (0, 0, 64)


@torch.no_grad()
def test_an_image_without_text_in_a_batch(tiny_model, detection):
    text = torch.linspace(0.95, 0.2, 16).repeat(3, 1)
    text[1] = 0.1
    mixed = with_scores(detection, text, torch.full_like(text, 0.01))
    regions = tiny_model.select_regions(mixed, 0.4)
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


def test_pad_normalises_and_returns_the_sizes(tiny_model):
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
    parts = {"a1": c.stem, "a2": c.down1, "a3": c.down2, "two_level": golden_model.two_level}
    handles = [see(name, module) for name, module in parts.items()]
    detection = golden_model.detect([torch.full((3, 320, 448), 90.0)])
    regions = golden_model.select_regions(detection, -1.0)
    regions = regions[:3]
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


def test_the_tiny_spotter_reads_on_any_device(tiny_model, photographs):
    images = [torch.from_numpy(image).permute(2, 0, 1)[:, :96, :128].float() for image in photographs[:2]]
    with torch.inference_mode():
        expected = tiny_model(images, 0.0)
    with PretendGPU(), torch.no_grad():
        found = copy.deepcopy(tiny_model).to(DEVICE)([pretend(image) for image in images], 0.0)
    assert len(expected.regions.boxes)
    torch.testing.assert_close(values_of(found.regions.boxes), expected.regions.boxes, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(
        values_of(found.reading.probabilities), expected.reading.probabilities, atol=1e-3, rtol=1e-3
    )
