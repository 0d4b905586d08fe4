"""Stored traces come back equal, up to the rounding of the maps."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from spotter.tracing import trace_file
from spotter.tracing.trace import Trace


@pytest.mark.parametrize("step", [trace_file.STEPS[0], 2])
def test_round_trip(trace, empty_trace, tmp_path, step):
    for one in (trace, empty_trace):
        trace_file.save(one, tmp_path / "trace.npz", step)
        back = trace_file.load(tmp_path / "trace.npz")
        assert back.words == one.words
        assert back.config == one.config
        assert back.card == one.card
        for name in trace_file.LEVELS:
            for level, loaded in zip(getattr(one, name), getattr(back, name), strict=True):
                assert_rounded(level, loaded, step)
        assert_rounded(one.roi_features, back.roi_features, trace_file.ROI_STEP)
        for name in trace_file.ATTENTION:
            roots = [np.sqrt(getattr(t, name).astype(np.float32)) for t in (one, back)]
            assert roots[0].shape == roots[1].shape
            np.testing.assert_allclose(*roots, atol=0.6 / 255)
        np.testing.assert_allclose(back.mask_vectors, one.mask_vectors, rtol=1e-3, atol=1e-6)
        rounded = ("roi_features", "mask_vectors", *trace_file.ATTENTION)
        for field in fields(Trace):
            value, read = getattr(one, field.name), getattr(back, field.name)
            if isinstance(value, np.ndarray):
                assert read.dtype == value.dtype
                if field.name not in rounded:
                    np.testing.assert_array_equal(read, value)


def assert_rounded(maps: np.ndarray, loaded: np.ndarray, step: int) -> None:
    """Equal up to the rounding of a JPEG with a flat table: about half a step of 255 on average."""
    assert loaded.shape == maps.shape
    assert loaded.dtype == np.float16
    if maps.size:
        last = (maps.shape[-1], maps.shape[-2], maps.shape[-3])
        rows = maps.astype(np.float32).reshape(-1, last[2], last[1] * last[0])
        span = np.ptp(rows.swapaxes(0, 1).reshape(last[2], -1), 1)[None, :, None]
        error = (loaded.astype(np.float32).reshape(rows.shape) - rows) / np.maximum(span, 1e-6) * 255
        assert np.sqrt(np.square(error).mean()) <= 0.4 * step + 0.6


def test_save_within_uses_the_finest_step_that_fits(trace, tmp_path):
    file = tmp_path / "trace.npz"
    trace_file.save(trace, file, 13)
    coarse = file.stat().st_size
    assert trace_file.save_within(trace, file, coarse) == 13
    assert file.stat().st_size <= coarse
    with pytest.raises(ValueError, match="even with the coarsest maps"):
        trace_file.save_within(trace, file, 1000)
    assert not file.exists()


def test_loading_and_drawing_need_no_torch(trace, tmp_path):
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
