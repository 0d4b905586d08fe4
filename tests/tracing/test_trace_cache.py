"""The values cached for a trace."""

from __future__ import annotations

import gc
from dataclasses import dataclass, replace

import numpy as np

from spotter.tracing import trace_cache


def test_a_value_is_computed_once(trace):
    trace = replace(trace)
    assert trace_cache.get(trace, "key") is None
    assert trace_cache.cached(trace, "key", lambda: 3) == 3
    assert trace_cache.cached(trace, "key", lambda: 4) == 3
    assert trace_cache.put(trace, "key", 5) == 5
    assert trace_cache.get(trace, "key") == 5


def test_the_least_recently_used_value_is_dropped(trace):
    trace = replace(trace)
    for i in range(trace_cache.MAX_ITEMS):
        trace_cache.put(trace, i, i)
    assert trace_cache.get(trace, 0) == 0  # now used more recently than 1
    trace_cache.put(trace, "one more", 1)
    assert list(trace_cache.cache_of(trace)) == [*range(2, trace_cache.MAX_ITEMS), 0, "one more"]


def test_values_are_dropped_with_their_trace(trace):
    copy = replace(trace)
    trace_cache.put(copy, "key", 3)
    key = id(copy)
    assert key in trace_cache._caches
    del copy
    gc.collect()
    assert key not in trace_cache._caches


def test_trace_id(trace):
    first, second = replace(trace), replace(trace)
    assert trace_cache.trace_id(first) == trace_cache.trace_id(first)
    assert trace_cache.trace_id(first) != trace_cache.trace_id(second)


def test_the_size_of_all_cached_arrays(trace):
    @dataclass
    class Both:
        array: np.ndarray
        name: str

    trace, array = replace(trace), np.zeros(10, np.float32)
    assert trace_cache.cached_bytes(trace) == 0
    trace_cache.put(trace, "one", array)
    trace_cache.put(trace, "several", [array, {"a": array, "b": (array, "text")}, Both(array, "text"), 3])
    assert trace_cache.cached_bytes(trace) == 5 * 40
