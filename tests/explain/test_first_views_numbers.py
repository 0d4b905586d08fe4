"""The numbers of the first four views: windows, receptive fields, levels, and what is cut out of them."""

from __future__ import annotations

import gc
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from spotter.explain import (
    canvas,
    charts,
    gap_between_words,
    gradient_field,
    layer_table,
    picked_points,
    roi_sampling,
    theoretical_field,
)
from spotter.explain.topics import levels, receptive_field, roi_align, windows
from spotter.model.backbone import shifted_window_mask
from spotter.tracing import trace_cache
from spotter.types import Word

BLOCKS = [(0, 0), (1, 0), (1, 1), (2, 0), (3, 0)]  # of the tiny spotter


def word_at(x: float, y: float, width: float = 20, height: float = 10, text: str = "A") -> Word:
    box = [x, y, x + width, y + height]
    polygon = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
    return Word("w0", polygon, box, text, 0.9, 0.9)


# --- places and what is kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3, 4", (3, 4)), ("3 4.5", (3, 4.5)), ("99999,99999", (127, 95)), ("1;2", (1, 2))],
)
def test_a_place_is_read_and_kept_inside(trace, text, expected):
    assert picked_points.place_of(trace, 0, text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", None, "x, y", "-1, 3", "1", "1, 2, 3", "nan, 1", "<b>", "٣, 4x"])
def test_what_is_no_place_is_none(trace, text):
    assert picked_points.place_of(trace, 0, text) is None


def test_places_of_a_photo_without_words(empty_trace):
    assert picked_points.choices(empty_trace, None) == [picked_points.MIDDLE]
    assert picked_points.place_of(empty_trace, None, picked_points.WORD) == pytest.approx([64, 48])
    assert picked_points.show_place(empty_trace, [float("nan"), 1e9]) == "0, 95"


def test_the_blank_is_the_one_to_the_nearest_word_apart(trace):
    near, far, over = word_at(60, 20), word_at(200, 150), word_at(25, 22)
    known = replace(trace, words=[word_at(20, 20), far, near, over], scale=np.ones(2))
    found = picked_points.blank_beside(known, 0)
    assert found.other == 2
    assert found.width == pytest.approx(20, abs=1.5)  # the mean of what is about nearest
    assert found.middle == pytest.approx([50, 25], abs=1)
    assert picked_points.blank_beside(replace(known, words=known.words[:1]), 0) is None


def test_what_is_kept_goes_with_its_trace(trace):
    other = replace(trace, words=[])
    assert trace_cache.once(other, "key", lambda: 3) == 3
    assert trace_cache.once(other, "key", lambda: 4) == 3
    for i in range(trace_cache.MOST):
        trace_cache.keep(other, i, i)
    assert trace_cache.kept(other, "key") is None  # the least used went first
    name = id(other)
    assert name in trace_cache._shelves
    del other
    gc.collect()
    assert name not in trace_cache._shelves


# --- what is linked


def test_panels_go_along_into_tiles():
    small = canvas.linked(Image.new("RGB", (20, 10)), "photo", (0.5, 0.5))
    other = canvas.linked(Image.new("RGB", (20, 10)), "bins", box=(2, 3, 12, 8))
    picture = canvas.tiles([canvas.titled(small, "a"), other], 1, gap=6)
    first, second = canvas.panels_of(picture)
    assert first == canvas.Panel("photo", (0, 24, 20, 34), cell=(0.5, 0.5))
    assert second == canvas.Panel("bins", (2, 43, 12, 48))
    assert canvas.panels_of(small)[0].box == (0, 0, 20, 10)


def test_the_same_place_is_linked_on_every_level(tiny_spotter, trace):
    found = layer_table.steps_of(tiny_spotter, replace(trace))
    picture = levels.draw_levels(trace, np.array([70.0, 50.0]), 0, True, "energy", found)[0]
    panels = canvas.panels_of(picture)
    height, width = trace.image.shape[:2]
    assert {panel.link for panel in panels} == {"photo"}
    assert [panel.cell for panel in panels] == [(s / width, s / height) for s in (4, 8, 16, 32)]
    for panel in panels:
        x1, y1, x2, y2 = panel.box
        assert (x2 - x1) / (y2 - y1) == pytest.approx(width / height, rel=0.01)


def test_a_bin_is_linked_to_its_part_of_the_box(trace):
    one = roi_sampling.cut_one(trace, np.array([30, 20, 58, 48], np.float32))
    bins = canvas.panels_of(roi_align.draw_bins(trace, one, one, 0, 3, 3)[0])
    assert [panel.link for panel in bins] == ["bins"] * 4
    (box,) = canvas.panels_of(roi_align.draw_map(trace, one, 0, 3, 3)[0])
    x1, y1, x2, y2 = box.box
    assert x2 - x1 == pytest.approx(y2 - y1)  # of a square box
    assert box.cell == bins[0].cell == (1 / 7, 1 / 7)


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((-8, 8), list(range(-8, 9, 2))),
        ((0, 6), [0, 1, 2, 3, 4, 5, 6]),
        ((0, 440), [0, 100, 200, 300, 400]),
        ((1, 60), [10, 20, 30, 40, 50, 60]),
        ((0, 0.5), [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        ((3, 3), [3]),
    ],
)
def test_ticks_are_round_numbers(ends, ticks):
    assert charts.nice_ticks(np.linspace(*ends, 33)) == ticks


@pytest.mark.parametrize(("value", "top"), [(0.764, 0.8), (76.4, 80), (1, 1), (1.1, 2), (0, 1e-9)])
def test_an_axis_ends_at_a_round_number(value, top):
    assert charts.nice_top(value) == pytest.approx(top)


# --- 1: windows


@pytest.mark.parametrize(
    ("length", "window", "shift"), [(24, 8, 0), (24, 8, 4), (23, 8, 4), (30, 7, 3), (5, 7, 3)]
)
def test_partners_are_those_of_the_models_mask(length, window, shift):
    """Along one axis: the mask of the model over a map one window high."""
    padded = -(-length // window) * window
    for token in range(length):
        found = theoretical_field.window_places(token, length, window, shift)
        assert len(found) == window
        assert (token, True) in found
        if shift:
            mask = shifted_window_mask(window, padded, window, shift)  # one row of windows
            rolled = (token - shift) % padded
            row = (window - shift - 1) * window  # the first row band, past which the mask's rows change
            seen = mask[rolled // window][row + rolled % window, row : row + window] == 0
            assert [together for _, together in found] == seen.tolist()


@pytest.mark.parametrize(("stage", "block"), BLOCKS)
def test_attention_is_what_the_block_computes(tiny_spotter, trace, stage, block):
    at = windows.partners(trace, stage, block, np.array([70.0, 50.0]))
    weights = windows.attention(tiny_spotter, trace, at)
    assert weights.shape == (trace.config.heads[stage], trace.config.window**2)
    np.testing.assert_allclose(weights.sum(1), 1, atol=2e-3)
    assert (weights[:, at.masked & ~at.padding] == 0).all()
    side = trace.config.window
    own = at.rows[at.place // side], at.columns[at.place % side]
    assert own == at.token
    x, y = 70 // at.stride, 50 // at.stride
    assert at.token == (y, x)


def test_masked_partners_come_from_the_other_side(trace):
    at = windows.partners(trace, 1, 1, np.array([0.0, 0.0]))
    side, shift = trace.config.window, trace.config.window // 2
    assert at.masked.sum() == side * side - shift * shift
    alt = windows.draw_photo(trace, at, np.full((2, side * side), 0.1))[1]
    assert f"{int((at.masked & ~at.padding).sum())} of them masked" in alt
    assert not windows.partners(trace, 1, 0, np.array([0.0, 0.0])).masked.any()


def test_tokens_are_kept_with_a_new_trace_and_computed_for_a_stored_one(tiny_spotter, photographs):
    traced = tiny_spotter.trace(photographs[0], 1.0)
    kept = trace_cache.kept(traced, "tokens")
    computed = windows.tokens_of(tiny_spotter, replace(traced))  # nothing is kept with a copy
    assert len(kept) == len(computed) == sum(traced.config.depths)
    for (stage, _), mine, again in zip(windows.blocks(traced.config.depths), kept, computed, strict=True):
        assert mine.shape[-1] == traced.config.embed_dim * 2**stage
        np.testing.assert_allclose(mine, again, atol=2e-2)  # the stored photo is rounded to bytes


def test_attention_of_the_same_window_is_not_computed_again(tiny_spotter, trace, monkeypatch):
    at = windows.partners(trace, 1, 1, np.array([40.0, 40.0]))
    first = windows.attention(tiny_spotter, trace, at)
    monkeypatch.setattr(windows, "window_attention", None)
    np.testing.assert_array_equal(windows.attention(tiny_spotter, trace, at), first)


@pytest.mark.parametrize(("stage", "block"), BLOCKS)
@pytest.mark.parametrize("place", [(0.0, 0.0), (70.0, 50.0), (127.0, 95.0)])
def test_a_partner_is_linked_to_its_place_on_the_photo(trace, stage, block, place):
    """Also in windows of a rolled map, which lie on the photo in several pieces."""
    at = windows.partners(trace, stage, block, np.array(place))
    weights = np.full((2, len(at.masked)), 0.1)
    picture, side = windows.draw_photo(trace, at, weights)[0], len(at.rows)
    panels = [panel for panel in canvas.panels_of(picture) if panel.link == "window"]
    for row in range(side):
        for column in range(side):
            u, v = (column + 0.5) / side, (row + 0.5) / side
            (own,) = [p for p in panels if p.part[0] <= u < p.part[2] and p.part[1] <= v < p.part[3]]
            x, y = (
                own.box[i]
                + (w - own.part[i]) / (own.part[i + 2] - own.part[i]) * (own.box[i + 2] - own.box[i])
                for i, w in enumerate((u, v))
            )
            assert (int(y // at.stride), int(x // at.stride)) == (at.rows[row], at.columns[column])
    heads = canvas.panels_of(windows.draw_heads(trace, at, weights)[0])
    assert [panel.link for panel in heads] == ["window"] * 3  # the photo and two heads


@pytest.mark.parametrize(("stage", "block"), BLOCKS)
@pytest.mark.parametrize("place", [(0.0, 0.0), (70.0, 50.0), (127.0, 95.0)])
def test_reach_is_exactly_where_the_gradient_is(tiny_spotter, trace, stage, block, place):
    """The gradient of the token after the block is there in the whole rectangle, and only there."""
    at = windows.partners(trace, stage, block, np.array(place))
    model, seen = tiny_spotter.model, []
    hook = model.backbone.stages[stage][block].register_forward_hook(lambda m, i, o: seen.append(o))
    with torch.enable_grad():
        batch = model.pad([trace_cache.network_image(tiny_spotter, trace.image)])[0].requires_grad_()
        model.backbone(batch)
        hook.remove()
        # random weights along the channels: their plain sum is next to constant behind a LayerNorm
        mix = torch.linspace(-1, 1, seen[0].shape[-1])
        (slope,) = torch.autograd.grad((seen[0][0, at.token[0], at.token[1]] * mix).sum(), batch)
    size = slope[0].abs().sum(0)[: trace.image.shape[0], : trace.image.shape[1]].numpy()
    ys, xs = np.nonzero(size > size.max() * 1e-12)
    assert [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1] == windows.reach(trace, at).tolist()


def test_padding_that_is_looked_at_is_told(trace):
    """Attention that is even over what is not masked counts as even, padding or not."""
    at = next(
        at
        for stage, block in BLOCKS
        for at in [windows.partners(trace, stage, block, np.array([127.0, 95.0]))]
        if (at.padding & ~at.masked).any()
    )
    free = ~at.masked
    weights = np.tile(free / free.sum(), (2, 1))
    weights[1, np.flatnonzero(at.padding & free)[0]] *= 1.01
    text = windows.describe(trace, at, weights)
    assert f"{int((free & at.padding).sum())} of which it looks at too" in text
    assert f"{int((free & ~at.padding).sum())} it can see" in text
    assert "nearly evenly over all of them" in text
    assert "| padding |" in text


def test_attention_spread_over_all_counts_all():
    assert windows.effective(np.full(64, 1 / 64)) == pytest.approx(64)
    assert windows.effective(np.eye(64)[3]) == pytest.approx(1)


# --- 2: receptive field


def test_the_dilated_block_alone_sees_15_cells(tiny_spotter):
    assert len(theoretical_field.dilated_cells((2, 4, 1))) == 15
    assert theoretical_field.dilated_cells((1, 1, 1)) == set(range(-3, 4))
    assert len(theoretical_field.dilated_cells((4, 4, 4))) == 7  # with holes
    block = tiny_spotter.model.dilated[0]
    for dilations, cells in (((2, 4, 1), 15), ((1, 1, 1), 7), ((3, 6, 2), None)):
        other = gradient_field.with_dilations(block, dilations)
        with torch.enable_grad():
            level = torch.randn(1, 32, 41, 41, requires_grad=True)
            out = other(level)
            (slope,) = torch.autograd.grad(out[0, :, 20, 20].sum(), level)
        assert out.shape == level.shape
        rows = set((torch.nonzero(slope.abs().sum((0, 1, 3)))[:, 0] - 20).tolist())
        assert rows == theoretical_field.dilated_cells(dilations)
        assert cells is None or len(rows) == cells


def test_other_dilations_leave_the_model_as_it_was(tiny_spotter, trace):
    block = tiny_spotter.model.dilated[1]
    before = [(layer.dilation, layer.padding) for layer in block.layers if hasattr(layer, "dilation")]
    fields = gradient_field.fields_of(tiny_spotter, trace, 1, (5, 6), [(1, 1, 1), (2, 4, 1), None])
    after = [(layer.dilation, layer.padding) for layer in block.layers if hasattr(layer, "dilation")]
    assert before == after
    assert before[0] == ((2, 2), (2, 2))
    assert set(gradient_field.variants_kept(trace, 1, (5, 6))) == {(1, 1, 1), (2, 4, 1), None}
    assert gradient_field.variants_kept(trace, 1, (5, 7)) == []
    assert not np.array_equal(fields[0].heat, fields[1].heat)
    assert all(parameter.grad is None for parameter in tiny_spotter.model.parameters())


def test_the_trained_dilations_are_the_models_own_level(tiny_spotter, trace):
    model, block = tiny_spotter.model, tiny_spotter.model.dilated[2]
    with torch.inference_mode():
        levels_ = model.fpn(
            model.backbone(model.pad([trace_cache.network_image(tiny_spotter, trace.image)])[0])
        )
        mine = gradient_field.widened(levels_[2], block, trace.config.dilations)
        np.testing.assert_array_equal(mine, model.widen(levels_)[2])


@pytest.mark.parametrize("level", range(4))
def test_no_gradient_outside_the_theoretical_field(tiny_spotter, trace, level):
    cell = receptive_field.cell_at(trace, level, np.array([20.0, 70.0]))
    for variant in ((2, 4, 1), None):
        gradient = gradient_field.gradients(tiny_spotter, trace.image, level, cell, [variant])[0]
        x1, y1, x2, y2 = (int(v) for v in receptive_field.theoretical(trace, level, cell, variant))
        inside = np.zeros(gradient.shape, bool)
        inside[y1:y2, x1:x2] = True
        assert gradient[inside].max() > 0
        assert gradient[~inside].max(initial=0) < gradient.max() * 1e-12


def test_squares_hold_their_share():
    gradient = np.zeros((96, 128), np.float32)
    gradient[40:44, 60:64] = 1.0  # the cell itself
    gradient[0, 0] = 0.1
    field = gradient_field.to_field(gradient, 0, (10, 15))
    assert field.side(0.5) == 4
    assert field.side(0.99) == 4
    assert field.side(1.0) == 124
    assert field.heat.sum() == pytest.approx(1)
    assert field.within[-1] == pytest.approx(1)
    nothing = gradient_field.to_field(np.zeros((8, 8), np.float32), 0, (0, 0))
    assert nothing.side(0.5) == 0


def test_the_average_counts_every_photo_the_same(tiny_spotter, trace, photographs):
    one = gradient_field.fields_of(tiny_spotter, trace, 2, (2, 3), [None])[0]
    told = []
    both = gradient_field.fields_of(
        tiny_spotter, trace, 2, (2, 3), [None], [photographs[1]], lambda part, desc: told.append((part, desc))
    )[0]
    assert both.heat.sum() == pytest.approx(1, abs=1e-4)
    assert not np.array_equal(one.heat, both.heat)
    assert [part for part, _ in told] == [0, 0.5]
    other = gradient_field.to_field(
        gradient_field.gradients(tiny_spotter, stretched(photographs[1], trace), 2, (2, 3), [None])[0],
        2,
        (2, 3),
    )
    np.testing.assert_allclose(both.heat, (one.heat + other.heat) / 2, atol=1e-7)
    assert receptive_field.other_photos(trace, [photographs[0], photographs[1]])[0] is photographs[1]


def stretched(photo: np.ndarray, trace) -> np.ndarray:
    import cv2

    return cv2.resize(photo, trace.image.shape[1::-1], interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("text", ["", None, "2-4", "2-4-1-1", "0-1-1", "17-1-1", "a-b-c", "1--1-1", "-1-1-1"])
def test_what_is_no_list_of_dilations_is_none(text):
    assert gradient_field.parse_dilations(text, 3) is None


def test_dilations_are_read():
    assert gradient_field.parse_dilations(" 3-6-1 ", 3) == (3, 6, 1)
    assert gradient_field.parse_dilations("1, 2, 3", 3) == (1, 2, 3)


def test_the_verdict_follows_the_numbers():
    assert "next to no difference" in receptive_field.verdict((100, 101), (400, 400))
    assert "core and at its edge" in receptive_field.verdict((200, 100), (400, 300))
    assert "not its edge" in receptive_field.verdict((200, 100), (300, 300))
    assert "faint" in receptive_field.verdict((100, 100), (500, 300))
    assert "narrower" in receptive_field.verdict((50, 100), (300, 300))


def test_the_blank_is_bridged_when_the_square_touches_both_words(trace):
    known = replace(trace, words=[word_at(20, 40), word_at(60, 40)], scale=np.ones(2))
    beside = picked_points.blank_beside(known, 0)
    cell = receptive_field.cell_at(known, 0, beside.middle)
    need = gap_between_words.needed_side(known, 0, cell, (0, 1))
    assert 20 <= need <= 24
    for side, answer in ((need, "yes"), (need - 4, "only faintly")):
        within = np.zeros(80)
        within[side // 2 - 1 :] = 0.6
        within[60:] = 1.0
        field = gradient_field.Field(np.full((24, 32), 1 / 768, np.float32), within)
        text = gap_between_words.describe_blank(known, 0, cell, [field], [None], 0, beside)
        assert f"without the block: {answer}" in text
    on = gradient_field.Field(np.full((24, 32), 1 / 768, np.float32), within).share_in(
        gap_between_words.word_mask(known, 0)
    )
    assert on == pytest.approx(200 / (96 * 128), rel=0.2)


# --- 3: levels and steps


def test_principal_components_of_a_known_map():
    ramp = np.linspace(-1, 1, 30 * 20, dtype=np.float32).reshape(30, 20)
    features = np.stack([3 * ramp, -ramp, np.zeros_like(ramp), 0.01 * np.sign(ramp)])
    parts, shares = levels.principal_components(features)
    assert parts.shape == (30, 20, 3)
    assert shares[0] > 0.99
    assert abs(np.corrcoef(parts[..., 0].ravel(), ramp.ravel())[0, 1]) > 0.999
    one = levels.principal_components(np.ones((5, 1, 1), np.float32))[0]
    assert np.isfinite(one).all()


def test_the_levels_share_one_scale_of_energy(trace):
    high = levels.highest_energy(trace, True)
    assert high == pytest.approx(
        max(np.sqrt((x.astype(float) ** 2).mean(0)).max() for x in trace.levels), 0.01
    )
    for level in range(4):
        colours, note = levels.map_of(trace, level, True, "energy")
        values = levels.energy_of(trace, level, True)
        assert (colours == canvas.colourise(values, 0, high)).all()
        assert note == f"energy {values.min():.2f} to {values.max():.2f}"


@pytest.mark.parametrize(
    ("side", "level"), [(20, 0), (111, 0), (112, 1), (223, 1), (224, 2), (448, 3), (5000, 3)]
)
def test_level_rule(side, level):
    value, found = levels.rule(np.array([10.0, 10, 10 + side, 10 + side]))
    assert found == level
    assert min(max(int(np.floor(value)), 2), 5) == level + 2


@pytest.mark.parametrize(("canonical", "at"), [(224.0, None), (2.0, 3)])
def test_levels_of_stages_and_reader_are_told(trace, canonical, at):
    known = replace(trace, config=replace(trace.config, recognition_canonical=canonical))
    stages = levels.rule(known.box(0))[1]
    told = [levels.cut_from(known, 0, level).removeprefix("  ← the word's") for level in range(4)]
    if at is None:
        assert told == [" level" if i == stages else "" for i in range(4)]
    else:
        assert at != stages
        names = {stages: ", for the stages", at: ", for the reader"}
        assert told == [names.get(i, "") for i in range(4)]
    text = levels.describe_rule(known, 0)
    assert f"The stages cut it out of **P{stages + 2}**" in text
    reader = f"The reader cuts it out of **P{(stages if at is None else at) + 2}**"
    assert reader + ("." if at is None else f": its rule has {canonical:.0f} in place of 224") in text


def test_a_tilted_word_is_read_from_the_level_of_its_own_rectangle(trace):
    """Its box is large, the rectangle along it has the height of its letters."""
    boxes, rois = trace.boxes.copy(), trace.rois.copy()
    boxes[-1, trace.proposal[0]] = [0, 0, 240, 220]  # P4 by the rule
    rois[0] = [120, 110, 300, 30, np.radians(40)]  # P2
    tilted = replace(trace, boxes=boxes, rois=rois)
    told = [levels.cut_from(tilted, 0, level) for level in range(4)]
    assert told == ["  ← the word's, for the reader", "", "  ← the word's, for the stages", ""]
    text = levels.describe_rule(tilted, 0)
    assert "cut it out of **P4**" in text
    assert "The reader cuts it out of **P2**, in a rectangle along the word, 300 × 30 pixels" in text


def test_multiply_adds_are_those_of_pytorchs_counter(tiny_spotter, trace):
    from torch.utils.flop_counter import FlopCounterMode

    found = layer_table.steps_of(tiny_spotter, replace(trace))  # nothing another spotter counted before
    image = trace_cache.network_image(tiny_spotter, trace.image)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        tiny_spotter.model([image], min(word.score for word in trace.words) - 1e-4)
    assert sum(step.multiply_adds for step in found) == counter.get_total_flops() // 2
    own = next(step for step in found if step.name == "P3: output 3 × 3")
    channels, height, width = trace.levels[1].shape
    assert own.multiply_adds == 9 * channels * channels * height * width
    assert own.outputs == (("", (1, channels, height, width)),)
    assert own.nbytes == 4 * channels * height * width


def test_steps_are_in_the_order_of_the_data_with_real_shapes(tiny_spotter, trace):
    found = layer_table.steps_of(tiny_spotter, replace(trace))
    names = [step.name for step in found]
    assert names[0] == "Photo"
    assert names[-1] == "Reader"
    assert names.index("Swin stage 4") < names.index("P2: lateral 1 × 1") < names.index("Stage 1")
    assert len(names) == len(set(names))
    shapes = {step.name: dict(step.outputs) for step in found}
    assert shapes["Kept regions"]["maskK"] == (len(trace.words), 28, 28)
    assert shapes["Stage 2"]["boxes"] == (1, *trace.boxes.shape[1:])
    assert shapes["RoIAlign for reading"][""] == trace.roi_features.shape
    for module in tiny_spotter.model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_steps_of_a_photo_without_words(tiny_spotter, empty_trace):
    found = {step.name: step for step in layer_table.steps_of(tiny_spotter, empty_trace)}
    assert dict(found["Kept regions"].outputs)["boxes"] == (0, 4)
    assert "0 regions" in levels.describe_steps(list(found.values()))


def test_sizes_are_readable():
    assert levels.size_text(12) == "12 B"
    assert levels.size_text(3_686_400) == "3.69 MB"
    assert levels.count_text(1_500_000_000) == "1.5 G"
    assert levels.count_text(7) == "7"


# --- 4: RoIAlign and RoIPool


def test_roi_align_glides_and_roi_pool_jumps(trace):
    """Halving the nudge halves what RoIAlign changes at most; RoIPool's jumps stay as high."""
    box = np.array(
        [30.3, 25.7, 75.1, 55.2], np.float32
    )  # inside: beyond the map RoIAlign's samples count as 0
    jumps = {}
    for step in (0.25, 0.125):
        shifts = np.arange(-4, 4 + step / 2, step)
        moves = np.zeros((len(shifts), 4), np.float32)
        moves[:, [0, 2]] = shifts[:, None]
        found = roi_sampling.cut(trace, box[None] + moves)
        jumps[step] = [np.linalg.norm(np.diff(v.reshape(len(v), -1), axis=0), axis=1) for v in found]
    (align, pool), (fine_align, fine_pool) = jumps[0.25], jumps[0.125]
    assert fine_align.max() < 0.6 * align.max()
    assert fine_pool.max() > 0.99 * min(pool[pool > 0].min(), pool.max())
    assert fine_pool.max() > 3 * fine_align.max()
    assert (fine_pool == 0).mean() > 0.8  # it stands still,
    assert (fine_align > 0).mean() > 0.9  # the other does not
    glide, jump = roi_sampling.steps_between(trace, box, 0)
    assert jump.max() > glide.max()
    assert roi_sampling.changes(trace, box, np.zeros(1))[0] == pytest.approx([0])


@pytest.mark.parametrize("samples", [1, 2])
def test_the_weighted_sum_of_a_bins_cells_is_the_networks_value(trace, samples):
    known = replace(trace, config=replace(trace.config, roi_samples=samples))
    one = roi_sampling.cut_one(known, roi_sampling.box_of(known, 1) + np.float32(0.3))
    for row, column in ((0, 0), (3, 4), (6, 6)):
        taps, sampled = roi_sampling.taps_of(known, one, row, column)
        assert len(sampled) == samples**2
        values = known.levels[one.level].astype(np.float32)
        total = sum(tap.weight * values[:, tap.row, tap.column] for tap in taps)
        np.testing.assert_allclose(total, one.align[:, row, column], atol=1e-4)


def test_roi_pool_takes_the_cells_it_is_said_to(trace):
    known = replace(trace, levels=[np.zeros_like(level) for level in trace.levels])
    box = np.array([21.9, 30.1, 61.0, 52.2], np.float32)
    x1, y1, x2, y2 = roi_sampling.pooled_box(roi_sampling.cut_one(known, box)).astype(int)
    known.levels[0][0] = 1
    known.levels[0][0, y1:y2, x1:x2] = 0
    assert roi_sampling.cut_one(known, box).pool[0].max() == 0  # nothing outside
    known.levels[0][0, y2 - 1, x2 - 1] = 5
    assert roi_sampling.cut_one(known, box).pool[0, -1, -1] == 5  # all inside


def test_without_words_the_surest_proposal_inside_the_photo_is_cut_out(empty_trace):
    boxes, logits = empty_trace.boxes.copy(), empty_trace.class_logits.copy()
    boxes[-1, :2] = [[-20, 5, 30, 40], [10, 20, 50, 45]]
    logits[-1, :, 0] = -5
    logits[-1, :2, 0] = [4, 1]
    known = replace(empty_trace, boxes=boxes, class_logits=logits)
    assert roi_sampling.box_of(known, None).tolist() == [10, 20, 50, 45]


def test_boxes_outside_and_empty_ones_are_drawn(trace, empty_trace):
    assert roi_sampling.box_of(empty_trace, None).shape == (4,)
    for box in ([-50, -50, -20, -20], [500, 500, 600, 600], [10, 10, 14, 14], [-30, 20, 300, 60]):
        one = roi_sampling.cut_one(trace, np.array(box, np.float32))
        assert roi_align.draw_map(trace, one, 0, 3, 3)[0].size[0] > 0
        assert roi_align.draw_bins(trace, one, one, 0, 3, 3)[0].size[0] > 0


# --- the sentence that bad input gets


@pytest.mark.parametrize(
    ("number", "values", "sentence"),
    [
        (1, [0, "nowhere"], "This is no place"),
        (2, [0, "nowhere", "2-4-1", "1-1-1", 1], "This is no place"),
        (2, [0, picked_points.WORD, "2-4", "1-1-1", 1], "These are no dilations"),
        (2, [0, picked_points.WORD, "2-4-1", "<b>", 1], "These are no dilations"),
        (3, ["energy", True, "0 < x"], "This is no place"),
    ],
)
def test_bad_input_gets_one_sentence(tiny_spotter, trace, number, values, sentence):
    import gradio as gr

    from spotter.tabs.look_inside.view import Scene
    from spotter.tabs.look_inside.views import registered

    module = next(module for module in registered() if number == module.NUMBER)
    with gr.Blocks(analytics_enabled=False):
        view = module.build()
    drawn = view.draw(Scene(trace, 0, lambda: tiny_spotter), *values)
    assert len(drawn) == len(view.outputs)
    assert sum(isinstance(value, str) and value.startswith(sentence) for value in drawn) == 1
