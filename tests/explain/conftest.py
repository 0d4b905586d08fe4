"""Traces of the tiny spotter: one with words, one without."""

from __future__ import annotations

import pytest

from spotter.explain.trace import Trace

THRESHOLD = 0.05  # random weights are sure of nothing


@pytest.fixture(scope="session")
def trace(tiny_spotter, photographs) -> Trace:
    trace = tiny_spotter.trace(photographs[0], threshold=THRESHOLD)
    assert len(trace.words) > 2
    return trace


@pytest.fixture(scope="session")
def empty_trace(tiny_spotter, photographs) -> Trace:
    trace = tiny_spotter.trace(photographs[0], threshold=1.0)
    assert trace.words == []
    return trace


@pytest.fixture(scope="session")
def longest(trace) -> int:
    """The word with most characters."""
    return max(range(len(trace.words)), key=lambda i: len(trace.words[i].text))
