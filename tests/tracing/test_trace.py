"""Values derived from a trace."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest


def test_nbytes_counts_all_arrays(trace):
    arrays = [getattr(trace, field.name) for field in fields(trace)]
    expected = sum(a.nbytes for a in arrays if isinstance(a, np.ndarray))
    expected += sum(level.nbytes for level in [*trace.fpn_levels, *trace.levels])
    assert trace.nbytes == expected


def test_scores(trace):
    logits = np.float32([[[0, 9], [np.log(3), 9]]])
    assert replace(trace, class_logits=logits).scores.tolist() == [pytest.approx([0.5, 0.75])]


def test_box_and_polygon_of_a_word(trace):
    known = replace(trace, scale=np.array([2.0, 4.0]))
    np.testing.assert_array_equal(known.box(1), trace.boxes[-1, trace.proposal_index[1]])
    np.testing.assert_allclose(known.polygon(1) * [2, 4], trace.words[1].polygon)


@pytest.mark.parametrize(("size", "padded"), [((32, 64), (32, 64)), ((33, 1), (64, 32))])
def test_padded_size(trace, size, padded):
    assert replace(trace, image=np.zeros((*size, 3), np.uint8)).padded_size == padded
