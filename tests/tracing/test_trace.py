"""Looking at the network changes nothing, and what was seen is what the network computed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from spotter.config import nano
from spotter.model.proposals import grids, laid
from spotter.model.spotter import SwinTextSpotter
from spotter.model.two_level import REGIONS_AT_ONCE, TwoLevelBlock, TwoLevelBlocks
from spotter.predictor import Spotter
from spotter.tracing import trace_cache, trace_file
from spotter.tracing.trace import TAPS, Trace, by_region, modules_at, tapped

THRESHOLD = 0.05  # as in conftest.py


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("threshold", [THRESHOLD, 1.0])
def test_traced_words_are_the_untraced_ones(tiny_spotter, photographs, index, threshold):
    photo = photographs[index]
    assert tiny_spotter.trace(photo, threshold).words == tiny_spotter.spot(photo, threshold)


def test_a_trace_holds_what_the_network_returned(tiny_spotter, photographs, trace):
    with torch.inference_mode():
        found = tiny_spotter.model([tiny_spotter.resize(photographs[0])], THRESHOLD)
    boxes, features = found.detection.stages[-1].boxes[0], found.detection.stages[-1].proposal_features[0]
    np.testing.assert_array_equal(trace.boxes[-1], boxes.numpy())
    np.testing.assert_allclose(trace.proposal_features[-1], features.numpy(), atol=2e-3)
    np.testing.assert_array_equal(trace.class_logits[0], found.detection.stages[0].class_logits[0].numpy())
    for level, kept in zip(found.detection.levels, trace.levels, strict=True):
        np.testing.assert_allclose(kept, level[0].numpy(), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(trace.m3, found.conversion.m3.mean(1).numpy(), atol=1e-3)
    np.testing.assert_array_equal(trace.ids, found.reading.ids.numpy())


def test_stage_0_is_the_learnable_boxes(tiny_spotter, trace):
    height, width = trace.image.shape[:2]
    times = grids(width, height)  # 4:3
    assert times == (2, 1)
    expected = laid(tiny_spotter.model.proposals.boxes.detach(), times).numpy() * [
        width,
        height,
        width,
        height,
    ]
    np.testing.assert_allclose(trace.boxes[0], expected, atol=1e-3)


def test_levels_differ_by_the_dilated_blocks(tiny_spotter, trace):
    plain = [torch.from_numpy(level[None].astype(np.float32)) for level in trace.plain_levels]
    with torch.inference_mode():
        widened = tiny_spotter.model.widen(plain)
    for level, kept in zip(widened, trace.levels, strict=True):
        np.testing.assert_allclose(kept, level[0].numpy(), atol=2e-2)


def test_words_go_with_their_regions(trace):
    best = 1 / (1 + np.exp(-trace.class_logits[-1].max(-1)))  # kept for its better class
    for i, word in enumerate(trace.words):
        assert word.score == pytest.approx(best[trace.proposal[i]], abs=1e-4)
        text = trace.ids[i][: len(word.text)]
        assert [trace.config.characters[j - 1] for j in text] == list(word.text)
        np.testing.assert_array_equal(trace.top_ids[i, : len(text), 0], text)
    for name in ("partners", "attention"):
        values = getattr(trace, name).astype(np.float32)
        sums = values.sum((-2, -1)) if name == "attention" else values.sum(-1)
        np.testing.assert_allclose(sums, 1, atol=5e-3)
    np.testing.assert_allclose(trace.two_level.astype(np.float32).sum(-1), 1, atol=5e-3)


def test_every_array_has_a_row_for_each_word(trace, empty_trace):
    for one in (trace, empty_trace):
        for name in (
            "mask_k",
            "related",
            "roi_features",
            "m1",
            "m2",
            "m3",
            "converted",
            "masked",
            "reader_map",
        ):
            assert len(getattr(one, name)) == len(one.words)
        for name in ("two_level", "attention", "ids", "top_ids", "top_probabilities", "proposal"):
            assert len(getattr(one, name)) == len(one.words)


@pytest.mark.parametrize("regions", [0, 1, REGIONS_AT_ONCE + 2])
@torch.inference_mode()
def test_two_level_attention_goes_with_its_region(regions):
    torch.manual_seed(0)
    model = torch.nn.ModuleDict({"two_level": TwoLevelBlocks(TwoLevelBlock(8, 2, 2), TwoLevelBlock(8, 2, 2))})
    features = torch.randn(regions, 4, 6, 8)
    tap = [tap for tap in TAPS if tap.name == "two_level"]

    def weights(x: torch.Tensor) -> np.ndarray:
        with tapped(model, tap) as kept:
            model["two_level"](x)
        return by_region(kept["two_level"], 2, len(x))

    of_all = weights(features)
    assert of_all.shape == (regions, 2, 6 if regions else 1, 4, 4 + 9)
    for i in range(regions):
        np.testing.assert_allclose(of_all[i : i + 1], weights(features[i : i + 1]), atol=2e-3)


def test_hooks_are_gone_afterwards_and_see_their_own_thread_only(tiny_spotter, photographs):
    model = tiny_spotter.model
    with tapped(model) as kept:
        other = threading.Thread(target=tiny_spotter.spot, args=(photographs[1], 1.0))
        other.start()
        other.join()
        assert not any(kept.values())
    assert not any(module._forward_hooks for tap in TAPS for module in modules_at(model, tap.module))


def least_seconds(function) -> float:
    """Of this process's processor time: others may keep the machine busy."""
    seconds = []
    for _ in range(2):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds)


@pytest.mark.slow
def test_a_trace_costs_at_most_twice_a_reading():
    torch.manual_seed(0)
    spotter = Spotter(SwinTextSpotter(replace(nano(), reading_threshold=0.0)), {}, "cpu")
    photo = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    plain = least_seconds(lambda: spotter.spot(photo, 0.0, 256))
    assert least_seconds(lambda: spotter.trace(photo, 0.0, 256)) <= 2 * plain


@pytest.mark.slow
def test_a_trace_of_the_small_spotter_is_small():
    torch.manual_seed(0)
    spotter = Spotter(SwinTextSpotter(replace(nano(), reading_threshold=0.0)), {}, "cpu")
    photo = np.random.default_rng(0).integers(0, 255, (720, 1280, 3), np.uint8)
    trace = spotter.trace(photo, threshold=0.0)
    assert len(trace.words) >= 60  # of 100; a proposal kept for both classes counts once
    assert trace.boxes.shape[1] == 900
    assert trace.nbytes < 100e6
    kept = sum(tokens.nbytes for tokens in trace_cache.kept(trace, "tokens"))
    assert trace.nbytes + kept < 150e6  # half of what a user may take


@pytest.mark.parametrize("step", [trace_file.STEPS[0], 2])
def test_a_stored_trace_is_the_same_but_for_rounded_maps(trace, empty_trace, tmp_path, step):
    for one in (trace, empty_trace):
        trace_file.save(one, tmp_path / "trace.npz", step)
        back = trace_file.load(tmp_path / "trace.npz")
        assert back.words == one.words
        assert back.config == one.config
        assert back.model == one.model
        for name in trace_file.LEVELS:
            for level, kept in zip(getattr(one, name), getattr(back, name), strict=True):
                assert_rounded(level, kept, step)
        assert_rounded(one.roi_features, back.roi_features, trace_file.ROI_STEP)
        for name in trace_file.WEIGHTS:
            roots = [np.sqrt(getattr(t, name).astype(np.float32)) for t in (one, back)]
            assert roots[0].shape == roots[1].shape
            np.testing.assert_allclose(*roots, atol=0.6 / 255)
        np.testing.assert_allclose(back.mask_vectors, one.mask_vectors, rtol=1e-3, atol=1e-6)
        rounded = ("roi_features", "mask_vectors", *trace_file.WEIGHTS)
        for field in fields(Trace):
            value, read = getattr(one, field.name), getattr(back, field.name)
            if isinstance(value, np.ndarray):
                assert read.dtype == value.dtype
                if field.name not in rounded:
                    np.testing.assert_array_equal(read, value)


def assert_rounded(maps: np.ndarray, kept: np.ndarray, step: int) -> None:
    """Equal up to the rounding of a JPEG with a flat table: about half a step of 255, in the mean."""
    assert kept.shape == maps.shape
    assert kept.dtype == np.float16
    if maps.size:
        last = (maps.shape[-1], maps.shape[-2], maps.shape[-3])
        rows = maps.astype(np.float32).reshape(-1, last[2], last[1] * last[0])
        span = np.ptp(rows.swapaxes(0, 1).reshape(last[2], -1), 1)[None, :, None]
        error = (kept.astype(np.float32).reshape(rows.shape) - rows) / np.maximum(span, 1e-6) * 255
        assert np.sqrt(np.square(error).mean()) <= 0.4 * step + 0.6


def test_a_stored_trace_is_as_fine_as_fits(trace, tmp_path):
    file = tmp_path / "trace.npz"
    trace_file.save(trace, file, 13)
    coarse = file.stat().st_size
    assert trace_file.save_within(trace, file, coarse) == 13
    assert file.stat().st_size <= coarse
    with pytest.raises(ValueError, match="even with the coarsest maps"):
        trace_file.save_within(trace, file, 1000)
    assert not file.exists()


def test_a_stored_trace_is_read_without_torch(trace, tmp_path):
    trace_file.save(trace, tmp_path / "trace.npz")
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from spotter.explain.topics.overview import draw_overview\n"
        "from spotter.tracing.trace_file import load\n"
        f"draw_overview(load(Path({str(tmp_path / 'trace.npz')!r})), 0)\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_pickled_trace_is_refused(tmp_path):
    np.savez(tmp_path / "evil.npz", text=np.array([{"words": []}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        trace_file.load(tmp_path / "evil.npz")
