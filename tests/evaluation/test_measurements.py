"""Measurements are complete; their values depend on the machine."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotter.evaluation.measurements import in_fresh_process, measure_spotter, median_times, threshold_for


def test_threshold_for_a_number_of_regions(tiny_spotter, photographs):
    with torch.inference_mode():
        resized = tiny_spotter.resize(photographs[0])
        for words in (1, 4):
            threshold = threshold_for(tiny_spotter, photographs[0], words)
            assert len(tiny_spotter.model([resized], threshold).regions.scores) == words


def test_measures_in_a_fresh_process(tiny_file, photo):
    arguments = {"weights": str(tiny_file), "image": str(photo), "runs": 2, "regions": 3}
    found = in_fresh_process(measure_spotter, 1, **arguments)
    assert found["words"] <= 3
    assert found["peak_bytes"] > 2**26
    assert (
        min(
            found[name]
            for name in ("load_seconds", "seconds", "cpu_seconds", "trace_cpu_seconds", "first_seconds")
        )
        > 0
    )


def test_failing_process_raises_its_last_line(photo):
    arguments = {"weights": "nowhere", "image": str(photo), "runs": 1}
    with pytest.raises(RuntimeError, match=r"measure_spotter failed: .*There are no weights 'nowhere'"):
        in_fresh_process(measure_spotter, 1, **arguments)


def test_median_times_returns_the_last_result():
    results = iter([[1], [2], [3]])
    seconds, cpu, last = median_times(lambda: next(results), 3)
    assert last == [3]
    assert seconds >= 0
    assert np.isfinite(cpu)
