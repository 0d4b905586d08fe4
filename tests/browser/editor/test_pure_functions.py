"""The pure functions of the editor: geometry.js, bands.js, regions.js and history.js."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.browser.editor.words import arch, box, word

pytestmark = pytest.mark.browser


def shoelace(points) -> float:
    pairs = zip(points, points[1:] + points[:1], strict=True)
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs) / 2


@pytest.mark.parametrize("seed", range(40))
def test_the_halves_of_a_cut_cover_the_whole_area(evaluate, seed):
    """Any polygon, anywhere: what the halves cover together is what there was."""
    rng = np.random.default_rng(seed)
    if seed % 2:
        angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 17)))
        points = [[400 + 180 * math.cos(a), 300 + 60 * math.sin(a)] for a in angles]
    else:
        turn, shape = rng.uniform(-0.7, 0.7), np.array(arch(0, 0, rng.uniform(80, 200), rng.uniform(20, 60)))
        turned = shape @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        points = (turned + 300).tolist()
    t = float(rng.uniform(0.1, 0.9))
    left, right = evaluate("makeCutter(v[0]).parts(v[1])", points, t)
    whole = abs(shoelace(points))
    assert math.isclose(abs(shoelace(left)) + abs(shoelace(right)), whole, rel_tol=1e-6)
    assert min(p[0] for p in left) <= min(p[0] for p in right) + 40


def test_points_are_clamped_and_rounded(evaluate):
    points = evaluate(
        "clampPoints([[NaN, 1], [Infinity, 2], [-1e9, 5.06], [1e308, -0.04], [3.14159, 2]], v[0])",
        {"width": 100, "height": 50},
    )
    assert points == [[0, 5.1], [100, 0], [3.1, 2]]


@pytest.mark.parametrize(
    ("text", "t", "halves"),
    [
        ("HELLO", 0.4, ["HE", "LLO"]),
        ("two words", 0.8, ["two", "words"]),
        ("a b c", 0.7, ["a b", "c"]),
        ("x", 0.2, ["", "x"]),
        ("", 0.5, ["", ""]),
        ("e\u0301e\u0301", 0.5, ["e\u0301", "e\u0301"]),
        ("👩\u200d👩\u200d👧ab", 0.34, ["👩\u200d👩\u200d👧", "ab"]),
        ("مرحبا", 0.4, ["با", "مرح"]),
    ],
)
def test_texts_are_split_at_the_nearest_space(evaluate, text, t, halves):
    assert evaluate("splitText(v[0], v[1])", text, t) == halves


def test_reading_order_is_line_by_line(evaluate):
    words = [
        word(i, box(x, y, x + 50, y + 20), "")
        for i, (x, y) in enumerate([(200, 104), (10, 50), (10, 100), (90, 96)])
    ]
    assert evaluate("readingOrder(v[0]).map((r) => r.id)", words) == ["w1", "w2", "w3", "w0"]


def test_the_halves_of_a_band_merge_to_the_band(evaluate):
    whole = arch(300, 300, 150, 50)
    merged = evaluate(
        """(() => {
            const parts = makeCutter(v[0]).parts(0.5).map((p) => clampPoints(p, v[1]));
            return mergeShapes(parts[0], parts[1], 200);
        })()""",
        whole,
        {"width": 800, "height": 600},
    )
    assert math.isclose(abs(shoelace(merged)), abs(shoelace(whole)), rel_tol=0.01)
    assert len(merged) <= 16


@pytest.mark.parametrize("turns", range(4))
def test_the_band_of_a_quad_does_not_depend_on_its_first_corner(evaluate, turns):
    quad = box(10, 10, 110, 40)
    lines = evaluate("bandOf(v[0])", quad[turns:] + quad[:turns])
    assert lines == {"top": [[10, 10], [110, 10]], "bottom": [[10, 40], [110, 40]]}


def test_undo_and_redo_go_through_the_steps(evaluate):
    script = """(() => {
        const changed = addStep(addStep(newHistory(["a"]), ["a", "b"], "add"), ["b"], "remove");
        const back = undo(changed), start = undo(back.history), forth = redo(start.history);
        return [back.label, start.label, start.history.now, forth.label, forth.history.now,
                undo(start.history)];
    })()"""
    assert evaluate(script) == ["remove", "add", ["a"], "add", ["a", "b"], None]


def test_a_new_step_ends_redo(evaluate):
    undone = 'undo(addStep(newHistory(["a"]), ["b"], "first")).history'
    assert evaluate(f'redo(addStep({undone}, ["c"], "second"))') is None


def test_rewriting_changes_a_region_in_the_whole_history(evaluate):
    script = """(() => {
        const one = { id: "one" }, two = { id: "two" };
        const history = undo(addStep(newHistory([one]), [one, two], "add")).history;
        const { now, past, future } = rewriteHistory(history, (r) => (r === one ? { id: "new" } : r));
        return [now, past, future, now[0] === future[0].regions[0]];
    })()"""
    assert evaluate(script) == [
        [{"id": "new"}],
        [],
        [{"regions": [{"id": "new"}, {"id": "two"}], "label": "add"}],
        True,
    ]
