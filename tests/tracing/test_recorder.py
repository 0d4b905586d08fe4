"""Hooks change nothing, and traces hold what the network computed."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from spotter.config import nano
from spotter.model.proposals import grid_repeats, tile_boxes
from spotter.model.spotter import SwinTextSpotter
from spotter.model.two_level import CHUNK, TwoLevelBlock, TwoLevelBlocks
from spotter.predictor import Spotter
from spotter.tracing import trace_cache
from spotter.tracing.recorder import (
    PER_REGION,
    TRACE_HOOKS,
    Hook,
    find_modules,
    forward_hooks,
    group_by_region,
    network_image,
    record_activations,
)

THRESHOLD = 0.05  # as in conftest.py


def layers() -> nn.Sequential:
    """x -> 2x -> 2x + 1 -> relu."""
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1), nn.ReLU())
    with torch.no_grad():
        model[0].weight.fill_(2)
        model[1].weight.fill_(1)
        model[1].bias.fill_(1)
    return model


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", ["model"]),
        ("1", ["1"]),
        ("*", ["0", "1"]),
        ("*.0", ["0.0", "1.0"]),
        ("*.*", ["0.0", "0.1", "1.0", "1.1"]),
    ],
)
def test_find_modules(path, expected):
    model = nn.Sequential(layers()[:2], layers()[:2])
    names = {module: name or "model" for name, module in model.named_modules()}
    assert [names[module] for module in find_modules(model, path)] == expected


def test_find_modules_at_an_unknown_path():
    with pytest.raises(AttributeError, match="nowhere"):
        find_modules(layers(), "nowhere")


@torch.no_grad()
def test_activations_are_recorded_per_call():
    model = layers()
    hooks = [
        Hook("input", "", lambda inputs, output: inputs[0].item()),
        Hook("all", "*", lambda i, o: o.item()),
    ]
    with record_activations(model, hooks) as activations:
        model(torch.tensor([3.0]))
        model(torch.tensor([-1.0]))
    model(torch.tensor([9.0]))  # not recorded
    assert activations == {"input": [3, -1], "all": [6, 7, 7, -2, -1, 0]}


@torch.no_grad()
def test_a_forward_hook_replaces_an_output():
    model, x = layers(), torch.tensor([3.0])
    with forward_hooks(
        model, [("0", lambda inputs, output: output * 10), ("1", lambda inputs, output: None)]
    ):
        assert model(x).item() == 61
    assert model(x).item() == 7


def test_hooks_are_removed_after_an_error():
    model = layers()
    with pytest.raises(ZeroDivisionError), forward_hooks(model, [("*", lambda inputs, output: 1 / 0)]):
        model(torch.ones(1))
    assert not any(module._forward_hooks for module in model.modules())


def test_hooks_see_their_own_thread_only_and_are_removed(tiny_spotter, photographs):
    model = tiny_spotter.model
    with record_activations(model, TRACE_HOOKS) as activations:
        other = threading.Thread(target=tiny_spotter.spot, args=(photographs[1], 1.0))
        other.start()
        other.join()
        assert not any(activations.values())
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("threshold", [THRESHOLD, 1.0])
def test_traced_words_equal_untraced_words(tiny_spotter, photographs, index, threshold):
    photo = photographs[index]
    assert tiny_spotter.trace(photo, threshold).words == tiny_spotter.spot(photo, threshold)


def test_a_trace_holds_the_outputs_of_the_network(tiny_spotter, photographs, trace):
    with torch.inference_mode():
        found = tiny_spotter.model([tiny_spotter.resize(photographs[0])], THRESHOLD)
    boxes, features = found.detection.stages[-1].boxes[0], found.detection.stages[-1].proposal_features[0]
    np.testing.assert_array_equal(trace.boxes[-1], boxes.numpy())
    np.testing.assert_allclose(trace.proposal_features[-1], features.numpy(), atol=2e-3)
    np.testing.assert_array_equal(trace.class_logits[0], found.detection.stages[0].class_logits[0].numpy())
    for level, traced in zip(found.detection.levels, trace.levels, strict=True):
        np.testing.assert_allclose(traced, level[0].numpy(), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(trace.m3, found.conversion.m3.mean(1).numpy(), atol=1e-3)
    np.testing.assert_array_equal(trace.ids, found.reading.ids.numpy())


def test_traced_gates_and_energies(tiny_spotter, photographs, trace):
    """Those of the maps that the model does not return, from its parts."""
    model = tiny_spotter.model
    with torch.inference_mode():
        found = model([tiny_spotter.resize(photographs[0])], THRESHOLD)
        roi_features = model.pool_regions(found.detection.levels, found.regions)
        conversion, features = model.gated_features(roi_features, found.regions)
    np.testing.assert_allclose(trace.roi_features, roi_features.numpy(), atol=5e-3, rtol=1e-3)
    for name in ("m1", "m2", "m3"):
        np.testing.assert_allclose(getattr(trace, name), getattr(conversion, name).mean(1).numpy(), atol=1e-3)
    for name, values in {"conversion_energy": conversion.features, "masked_energy": features}.items():
        expected = values.square().mean(1).sqrt().numpy()
        np.testing.assert_allclose(getattr(trace, name), expected, atol=5e-3, rtol=1e-3)


def test_stage_0_is_the_learnable_boxes(tiny_spotter, trace):
    height, width = trace.image.shape[:2]
    times = grid_repeats(width, height, 0.58, 4)  # 4:3
    assert times == (2, 1)
    expected = tile_boxes(tiny_spotter.model.proposals.boxes.detach(), times).numpy() * [
        width,
        height,
        width,
        height,
    ]
    np.testing.assert_allclose(trace.boxes[0], expected, atol=1e-3)


def test_levels_differ_by_the_dilated_blocks(tiny_spotter, trace):
    fpn_levels = [torch.from_numpy(level[None].astype(np.float32)) for level in trace.fpn_levels]
    with torch.inference_mode():
        widened = tiny_spotter.model.add_dilated_context(fpn_levels)
    for level, traced in zip(widened, trace.levels, strict=True):
        np.testing.assert_allclose(traced, level[0].numpy(), atol=2e-2)


def test_rows_belong_to_the_words(trace):
    best = 1 / (1 + np.exp(-trace.class_logits[-1].max(-1)))  # of its better class
    for i, word in enumerate(trace.words):
        assert word.score == pytest.approx(best[trace.proposal_index[i]], abs=1e-4)
        text = trace.ids[i][: len(word.text)]
        assert [trace.config.characters[j - 1] for j in text] == list(word.text)
        np.testing.assert_array_equal(trace.top_ids[i, : len(text), 0], text)
    for name in ("stage_attention", "decoder_attention"):
        values = getattr(trace, name).astype(np.float32)
        sums = values.sum((-2, -1)) if name == "decoder_attention" else values.sum(-1)
        np.testing.assert_allclose(sums, 1, atol=5e-3)
    np.testing.assert_allclose(trace.two_level_attention.astype(np.float32).sum(-1), 1, atol=5e-3)


def test_arrays_have_a_row_per_word(trace, empty_trace):
    names = (
        *PER_REGION,
        "mask_k",
        "rois",
        "attended_features",
        "two_level_attention",
        "decoder_attention",
        "ids",
        "top_ids",
        "top_probabilities",
        "proposal_index",
    )
    for one in (trace, empty_trace):
        assert {name: len(getattr(one, name)) for name in names} == dict.fromkeys(names, len(one.words))


@pytest.mark.parametrize("regions", [0, 1, CHUNK + 2])
@torch.inference_mode()
def test_two_level_attention_is_grouped_by_region(regions):
    torch.manual_seed(0)
    model = torch.nn.ModuleDict({"two_level": TwoLevelBlocks(TwoLevelBlock(8, 2, 2), TwoLevelBlock(8, 2, 2))})
    features = torch.randn(regions, 4, 6, 8)
    hooks = [hook for hook in TRACE_HOOKS if hook.name == "two_level_attention"]

    def weights(x: torch.Tensor) -> np.ndarray:
        with record_activations(model, hooks) as activations:
            model["two_level"](x)
        return group_by_region(activations["two_level_attention"], 2, len(x))

    of_all = weights(features)
    assert of_all.shape == (regions, 2, 6 if regions else 1, 4, 4 + 9)
    for i in range(regions):
        np.testing.assert_allclose(of_all[i : i + 1], weights(features[i : i + 1]), atol=2e-3)


def test_network_image_inverts_the_trace(tiny_spotter, photographs, trace):
    found = network_image(trace.image, tiny_spotter.device)
    torch.testing.assert_close(
        found, tiny_spotter.resize(photographs[0]), atol=0.5, rtol=0
    )  # rounded to bytes


@pytest.mark.slow
def test_size_of_a_trace():
    torch.manual_seed(0)
    spotter = Spotter(SwinTextSpotter(replace(nano(), reading_threshold=0.0)), {}, "cpu")
    photo = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    trace = spotter.trace(photo, threshold=0.0)
    assert len(trace.words) >= 60  # of 100; a proposal among the top for both classes counts once
    assert trace.boxes.shape[1] == 900
    assert trace.nbytes < 100e6
    cached = sum(tokens.nbytes for tokens in trace_cache.get(trace, "tokens"))
    assert trace.nbytes + cached < 150e6  # half of a user's limit
