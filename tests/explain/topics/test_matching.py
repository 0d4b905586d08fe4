"""The matching of training on a trace."""

from __future__ import annotations

import numpy as np
import torch

from spotter.explain.polygon_text import parse_outlines, words_read
from spotter.explain.topics import matching
from spotter.ops.matching import MatchWeights, hungarian_match, match_costs
from spotter.ops.polygons import rasterise


def test_matching_is_the_one_of_training(tiny_spotter, trace):
    code, weights = tiny_spotter.model.mask_code, (1.0, 3.0, 2.0, 0.5)
    truth = words_read(trace, 0)
    found = matching.match_words(trace, code, truth, 1, weights)
    polygons = [polygon / trace.scale for _, polygon in parse_outlines(truth)]
    boxes = np.stack([np.concatenate([p.min(0), p.max(0)]) for p in polygons]).astype(np.float32)
    shapes = np.stack([rasterise(p, box) for p, box in zip(polygons, boxes, strict=True)])
    costs = match_costs(
        torch.from_numpy(trace.class_logits[0]),
        torch.from_numpy(trace.boxes[1]),
        torch.from_numpy(trace.mask_vectors[0]),
        torch.from_numpy(boxes),
        code.encode(torch.from_numpy(shapes)),
        torch.tensor([trace.image.shape[1], trace.image.shape[0]]),
        MatchWeights(*weights),
    )
    np.testing.assert_array_equal(found.total, costs.total.numpy())
    rows, columns = hungarian_match(costs.total)
    assert found.optimal == list(zip(rows.tolist(), columns.tolist(), strict=True))
    assert found.cost(found.optimal) <= found.cost(found.greedy) + 1e-6
    parts = sum(w * found.terms[name] for w, name in zip(weights, matching.TERMS, strict=True))
    np.testing.assert_allclose(parts, found.total, rtol=1e-4, atol=1e-4)


def test_greedy_can_lose():
    cost = np.array([[1.0, 2.0], [1.5, 9.0]])
    assert matching.assign_greedily(cost) == [(0, 0), (1, 1)]
    assert [tuple(pair) for pair in torch.stack(hungarian_match(torch.tensor(cost)), 1).tolist()] == [
        (0, 1),
        (1, 0),
    ]


def test_a_click_on_a_cell_finds_its_pair(tiny_spotter, trace):
    from spotter.explain.charts import CELL, matrix_origin

    found = matching.match_words(trace, tiny_spotter.model.mask_code, words_read(trace, 0), 2)
    rows, columns = found.shown(0)
    left, top = matrix_origin(matching.row_names(rows))
    assert matching.pair_at(found, 0, [left + CELL[0] * 1.5, top + CELL[1] * 2.5]) == (rows[2], columns[1])
    assert matching.pair_at(found, 0, [-50, 99_999]) == (rows[-1], columns[0])


def test_the_selected_word_is_looked_up_among_the_true_ones(tiny_spotter, trace):
    lines = words_read(trace, 0).splitlines()
    order = [*range(1, len(lines)), 0]  # true words come in an order of their own
    found = matching.match_words(trace, tiny_spotter.model.mask_code, "\n".join(lines[i] for i in order), 1)
    for column, word in enumerate(order):
        polygon = trace.polygon(word)
        box = np.concatenate([polygon.min(0), polygon.max(0)])
        nearest = found.nearest(box)
        assert nearest == column or np.allclose(found.centres[nearest], found.centres[column], atol=1)


def test_a_pair_is_shown_on_the_photo(tiny_spotter, trace):
    found = matching.match_words(trace, tiny_spotter.model.mask_code, words_read(trace), 1)
    (proposal, word) = found.optimal[0]
    picture, alt = matching.draw_pair(trace, found, (proposal, word))
    assert f"proposal {proposal} after stage 1" in alt
    assert found.names[word] in alt
    np.testing.assert_allclose(found.centres, (found.boxes[:, :2] + found.boxes[:, 2:]) / 2)
    assert picture.size[0] <= matching.PHOTO_WIDTH
