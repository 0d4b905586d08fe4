"""The numbers that the views of Look inside show."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotter.explain.interventions import GATES, off, read_changed, reread, word_region
from spotter.explain.polygon_text import parse_outlines, show_outlines, words_read
from spotter.explain.topics import conversion, masks, matching, proposals, reading, stages
from spotter.ops.matching import MatchWeights, match, match_costs
from spotter.ops.polygons import rasterise


def test_learned_boxes_are_the_parameter(tiny_spotter, trace):
    times = proposals.grids(trace)
    assert times == (2, 1)  # the photo is 4:3
    boxes = tiny_spotter.model.proposals.boxes.detach().numpy()
    parts = [(boxes + np.float32([x, 0, 0, 0])) / [2, 1, 2, 1] for x in (0, 1)]
    expected = np.concatenate(parts)
    np.testing.assert_allclose(proposals.learned_boxes(trace), expected, atol=1e-5)
    start = proposals.starting_boxes(trace, trace.config.proposal_grid)
    np.testing.assert_allclose(start, expected, atol=1e-6)  # nothing was trained
    whole = proposals.starting_boxes(trace, None)
    np.testing.assert_array_equal(whole, np.tile(np.float32([0.5, 0.5, 1, 1]), (len(expected), 1)))


def test_iou_curve_ends_at_1_and_is_an_iou(trace):
    values = stages.iou_with_final(trace, np.arange(trace.boxes.shape[1]))
    np.testing.assert_allclose(values[-1], 1)
    assert (values >= 0).all()
    assert (values <= 1 + 1e-9).all()
    square = np.array([0.0, 0, 2, 2])
    assert stages.iou(square, np.array([1.0, 0, 3, 2])) == pytest.approx(1 / 3)


def test_deltas_give_the_next_box(trace):
    from spotter.model.stage import apply_deltas

    before, after = trace.boxes[0], trace.boxes[1]
    said = np.stack([stages.deltas(a, b) for a, b in zip(before, after, strict=True)])
    again = apply_deltas(torch.from_numpy(before), torch.from_numpy(said)).numpy()
    np.testing.assert_allclose(again, after, atol=1e-2)


def test_partners_are_the_strongest_of_the_row(trace):
    found = stages.partners(trace, 1, 3)
    weights = trace.partners[0, 3].astype(float).copy()
    weights[3] = -1
    assert [weight for _, weight in found] == sorted(weights, reverse=True)[: len(found)]
    assert 3 not in [i for i, _ in found]


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
    rows, columns = match(costs.total)
    assert found.optimal == list(zip(rows.tolist(), columns.tolist(), strict=True))
    assert found.cost(found.optimal) <= found.cost(found.greedy) + 1e-6
    parts = sum(w * found.terms[name] for w, name in zip(weights, matching.TERMS, strict=True))
    np.testing.assert_allclose(parts, found.total, rtol=1e-4, atol=1e-4)


def test_greedy_can_lose():
    cost = np.array([[1.0, 2.0], [1.5, 9.0]])
    assert matching.assign_greedily(cost) == [(0, 0), (1, 1)]
    assert [tuple(pair) for pair in torch.stack(match(torch.tensor(cost)), 1).tolist()] == [(0, 1), (1, 0)]


def test_a_click_on_a_cell_finds_its_pair(tiny_spotter, trace):
    from spotter.explain.charts import CELL, matrix_origin

    found = matching.match_words(trace, tiny_spotter.model.mask_code, words_read(trace, 0), 2)
    rows, columns = found.shown(0)
    left, top = matrix_origin(matching.row_names(rows))
    assert matching.pair_at(found, 0, [left + CELL[0] * 1.5, top + CELL[1] * 2.5]) == (rows[2], columns[1])
    assert matching.pair_at(found, 0, [-50, 99_999]) == (rows[-1], columns[0])


def test_mask_iou_rises_with_the_coefficients(tiny_spotter, trace):
    curved = np.array(
        [[10, 30], [40, 10], [80, 8], [110, 28], [104, 44], [78, 26], [42, 28], [18, 46]], float
    )
    coded = masks.code_polygon(trace, tiny_spotter.model.mask_code, curved)
    assert coded.ious[-1] > coded.ious[0]
    smooth = np.convolve(coded.ious, np.ones(5) / 5, "valid")
    assert (np.diff(smooth) > -0.02).all()
    logits = lambda p: np.log(p / (1 - p))  # noqa: E731
    target = logits(np.clip(coded.mask, 0.03, 0.97))
    errors = [float(np.square(logits(one.clip(1e-6, 1 - 1e-6)) - target).sum()) for one in coded.decoded]
    assert (np.diff(errors) <= 1e-2 * errors[0]).all()  # every component helps, exactly: they are orthogonal


def test_outlines_survive_as_text_and_nonsense_is_left_out():
    words = [("CAFE 12", np.array([[1, 2], [30, 2], [30, 9]])), ("", np.array([[1, 2], [5, 2], [5, 9]]))]
    back = parse_outlines(show_outlines(words) + "\nno points\n1,2 3,4\nx: 1,1 1,1 1,1\nnan,1 inf,2 3,3")
    assert [text for text, _ in back] == ["CAFE 12", ""]
    np.testing.assert_array_equal(back[0][1], words[0][1])


def test_an_unchanged_rereading_reads_the_same(tiny_spotter, trace):
    for i, word in enumerate(trace.words):
        again = reread(tiny_spotter, trace, i)
        assert again.text == word.text
        steps = again.reading.probabilities.shape[1]
        best = again.reading.probabilities[0].max(1).values.numpy()
        np.testing.assert_allclose(best, trace.top_probabilities[i, :steps, 0], atol=5e-3)


def test_gates_that_change_nothing_change_nothing(tiny_spotter, trace, longest):
    whole = reread(tiny_spotter, trace, longest).reading.probabilities
    same = {gate: lambda value: value * 1.0 for gate in GATES}
    np.testing.assert_array_equal(reread(tiny_spotter, trace, longest, same).reading.probabilities, whole)
    assert not torch.equal(reread(tiny_spotter, trace, longest, {"M2": off}).reading.probabilities, whole)


def test_all_off_is_reading_the_ungated_features(tiny_spotter, trace, longest):
    """The same sums written out: no gate, no maskK."""
    model, part = tiny_spotter.model, tiny_spotter.model.conversion
    found = reread(tiny_spotter, trace, longest, dict.fromkeys(GATES, off), mask=False)
    with torch.inference_mode():
        cells = torch.from_numpy(trace.roi_features[longest][None].astype(np.float32))
        a1 = part.enter(cells)
        a2 = part.down1(a1)
        r2 = part.up_recognition1(part.down2(a2), a2.shape[2:]) + a2
        r3 = part.up_recognition2(r2, a1.shape[2:]) + a1
        features = part.leave(r3, a1.shape[2:])
        features = model.two_level(features.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        expected = model.reader(features)
    np.testing.assert_array_equal(found.reading.ids, expected.ids)
    np.testing.assert_allclose(found.reading.probabilities, expected.probabilities, atol=1e-5)


def test_no_hook_is_left_behind(tiny_spotter, trace):
    regions, cells = word_region(tiny_spotter, trace, 0)
    with pytest.raises(ZeroDivisionError):
        read_changed(tiny_spotter.model, regions, cells, {"M3": lambda gate: 1 / 0})
    for module in tiny_spotter.model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks


def test_the_gradient_reaches_the_proposal_only_through_the_gates(tiny_spotter, trace, longest):
    found = conversion.gradients(tiny_spotter, trace, longest)
    assert found["none"][0] > 0
    assert found["all"][0] == 0
    assert found["all"][1] > 0
    assert all(parameter.grad is None for parameter in tiny_spotter.model.parameters())


def test_leakage_of_known_gates(trace):
    from dataclasses import replace

    mask = np.zeros((1, 28, 28), np.float16)
    mask[:, :, :14] = 1
    gate = np.full((1, 8, 16), 0.2, np.float16)
    gate[:, :, :8] = 0.8
    known = replace(trace, mask_k=mask, m3=gate, m2=1 - gate)
    leak = conversion.leakage(known, 0, "m3")
    assert (leak.inside, leak.outside, leak.iou) == pytest.approx((0.8, 0.2, 1.0), abs=1e-3)
    assert conversion.leakage(known, 0, "m2").iou == pytest.approx(0.0)
    assert conversion.leakage(replace(known, mask_k=np.ones_like(mask)), 0, "m3") is None


def shifted(trace, word: int, shift: float) -> str:
    """The word's outline as a true line, moved to the right by a part of its width."""
    polygon = np.asarray(trace.words[word].polygon)
    return show_outlines([("true", polygon + np.array([shift * np.ptp(polygon[:, 0]), 0]))])


def test_leakage_is_measured_by_the_true_outline_if_there_is_one(trace):
    from dataclasses import replace

    x1, y1, x2, y2 = trace.box(0)
    middle = (x1 + x2) / 2
    left = np.array([[x1, y1], [middle, y1], [middle, y2], [x1, y2]])
    gate = np.full((1, 8, 16), 0.2, np.float16)
    gate[:, :, :8] = 0.8
    known = replace(trace, mask_k=np.ones((1, 28, 28), np.float16), m3=gate)
    leak = conversion.leakage(known, 0, "m3", left)
    assert (leak.inside, leak.outside, leak.iou) == pytest.approx((0.8, 0.2, 1.0), abs=1e-3)
    right = conversion.leakage(known, 0, "m3", left + np.array([middle - x1, 0]))
    assert (right.inside, right.outside, right.iou) == pytest.approx((0.2, 0.8, 0.0), abs=1e-3)


def test_the_true_outline_of_a_word_is_the_one_that_somebody_gave(trace):
    for word in range(3):
        polygon = conversion.true_polygon(trace, word, shifted(trace, word, 0.1))
        expected = trace.polygon(word) + np.array([0.1 * np.ptp(trace.polygon(word)[:, 0]), 0])
        np.testing.assert_allclose(polygon, expected, atol=1)
        assert conversion.true_polygon(trace, word, shifted(trace, word, 9)) is None  # it lies elsewhere
        assert conversion.true_polygon(trace, word, "") is None
        assert conversion.true_polygon(trace, word, words_read(trace, 0)) is None  # nobody corrected it


def test_leakage_is_told_with_its_numbers_or_why_there_is_none(trace):
    from dataclasses import replace

    truth = shifted(trace, 0, 0.1)
    leak = conversion.leakage(trace, 0, "m2", conversion.true_polygon(trace, 0, truth))
    text = conversion.describe_leakage(trace, 0, truth)
    assert f"| M2 | {leak.inside:.3f} | {leak.outside:.3f} |" in text
    assert "IoU with its true outline" in text
    assert (
        f"{leak.inside:.2f} on the word, {leak.outside:.2f} beside it"
        in conversion.draw_gates(trace, 0, truth)[1]
    )
    full = replace(trace, mask_k=np.ones_like(trace.mask_k))
    assert "No background" in conversion.describe_leakage(full, 0)
    assert "M1 0." in conversion.draw_gates(full, 0)[1]  # the mean, where there is no inside and outside


def test_the_selected_word_is_looked_up_among_the_true_ones(tiny_spotter, trace):
    lines = words_read(trace, 0).splitlines()
    order = [*range(1, len(lines)), 0]  # true words come in an order of their own
    found = matching.match_words(trace, tiny_spotter.model.mask_code, "\n".join(lines[i] for i in order), 1)
    for column, word in enumerate(order):
        polygon = trace.polygon(word)
        box = np.concatenate([polygon.min(0), polygon.max(0)])
        nearest = found.nearest(box)
        assert nearest == column or np.allclose(found.centres[nearest], found.centres[column], atol=1)


def test_the_gap_to_the_next_proposal_is_told(tiny_spotter, trace):
    from dataclasses import replace

    found = matching.match_words(trace, tiny_spotter.model.mask_code, words_read(trace, 0), 1)
    costs = np.sort(found.total[:, 1])
    assert f"costs **{costs[1] - costs[0]:.2f}** more" in matching.describe_rivals(found, 1)
    assert "without non-maximum" in matching.describe_rivals(replace(found, suppressed=False), 1)
    assert "are dropped afterwards" in matching.describe_rivals(replace(found, suppressed=True), 1)


def test_words_that_nobody_would_call_found_are_no_true_words(trace):
    from dataclasses import replace

    words = [replace(trace.words[0], score=0.39, text="low"), replace(trace.words[1], score=0.4, text="sure")]
    assert [text for text, _ in parse_outlines(words_read(replace(trace, words=words)))] == ["sure"]
    assert len(parse_outlines(words_read(replace(trace, words=words), 0))) == 2


def test_the_reading_score_is_the_mean_that_the_text_says(trace, longest):
    from dataclasses import replace

    word = trace.words[longest]
    scores = [character.score for character in word.characters]
    assert np.exp(np.log(scores).mean()) == pytest.approx(word.reading_score, abs=1e-3)
    text = reading.describe(trace, longest, 0)
    assert "geometric mean of its characters', " + " · ".join(f"{s:.2f}" for s in scores) in text
    assert "temperature" not in text
    assert "no word" not in text
    warm = replace(trace, config=replace(trace.config, reading_temperature=1.82, reading_threshold=0.02))
    told = reading.describe(warm, longest, 0)
    assert f"Below 0.02 it would be no word, as it was not found surely ({word.score:.2f}, below 1)" in told
    sure = replace(warm, config=replace(warm.config, sure_score=word.score))
    assert "is a word whatever is read in it" in reading.describe(sure, longest, 0)
    assert "no word" not in reading.describe(sure, longest, 0)
    assert "temperature of 1.82 " in told
    assert "power 1 " in told
    assert f"this $p$ becomes {scores[0]:.2f}" in told
    end = len(scores)
    if end < trace.ids.shape[1]:
        assert "becomes" not in reading.describe(warm, longest, end)


def test_a_forced_character_appears_and_the_rest_reads_on(tiny_spotter, trace, longest):
    text = trace.words[longest].text
    index = trace.config.characters.index("Q") + 1
    for step in range(len(text)):
        ids, probabilities = reading.force(tiny_spotter, trace, longest, step, index)
        assert reading.name_of(trace, ids[step]) == "Q"
        assert ids[:step] == trace.ids[longest, :step].tolist()
        assert len(ids) == len(probabilities)
        assert ids[-1] == 0 or len(ids) == trace.config.max_steps
    ids, _ = reading.force(tiny_spotter, trace, longest, 1, int(trace.ids[longest, 1]))
    assert ids[: len(text)] == trace.ids[longest, : len(text)].tolist()  # as it was read
    ids, _ = reading.force(tiny_spotter, trace, longest, 1, 0)
    assert len(ids) == 2  # forced to end


def test_text_of_a_photo_cannot_break_out_of_markdown():
    assert "<" not in proposals.plain("<img onerror=x>")
    assert "$" not in proposals.plain("a$b$$c")
    assert "|" not in proposals.plain("|")
    assert proposals.plain("") == "(no text)"
