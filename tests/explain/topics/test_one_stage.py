"""What one stage does with one proposal."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotter.explain.topics import one_stage


@pytest.fixture(params=[1, 2])
def stage(request) -> int:
    return request.param


def test_it_computes_what_the_trace_has(tiny_spotter, trace, stage):
    proposal = int(trace.proposal_index[0])
    run = one_stage.run_stage(tiny_spotter, trace, stage, proposal)
    assert run.score == pytest.approx(float(trace.scores[stage - 1, proposal]), abs=0.02)
    assert run.box == pytest.approx(trace.boxes[stage, proposal], abs=0.5)
    assert run.after == pytest.approx(trace.proposal_features[stage, proposal].astype(float), abs=0.02)


def test_the_filters_give_what_follows(tiny_spotter, trace, stage):
    run = one_stage.run_stage(tiny_spotter, trace, stage, 0)
    raw = run.cells.reshape(len(run.cells), -1).T @ run.first_filter  # (bins, D)
    norm, once = tiny_spotter.model.stages[stage - 1].interaction.dynamic_conv.norm1, run.filtered_once
    with torch.no_grad():
        expected = torch.nn.functional.elu(norm(torch.from_numpy(raw))).numpy()
    np.testing.assert_allclose(once.reshape(len(once), -1).T, expected, atol=0.02)


def test_the_first_feature_is_learned_plus_the_photo(tiny_spotter, trace):
    learned = tiny_spotter.model.proposals.features.detach().numpy()
    repeated = np.tile(learned, (len(trace.proposal_features[0]) // len(learned), 1))
    rest = trace.proposal_features[0].astype(np.float32) - one_stage.image_feature(trace)
    assert rest == pytest.approx(repeated, abs=0.02)


def test_it_is_drawn_with_an_alternative_text(tiny_spotter, trace, stage):
    run = one_stage.run_stage(tiny_spotter, trace, stage, 1)
    picture, alt = one_stage.draw_stage_inside(trace, run, stage, 1)
    assert picture.width > 400
    assert f"Stage {stage} on proposal 1" in alt


def test_the_cosine_of_a_vector_with_itself_is_one():
    assert one_stage.cosine(np.array([3.0, 4.0]), np.array([6.0, 8.0])) == pytest.approx(1)
    assert one_stage.cosine(np.zeros(2), np.zeros(2)) == 0
