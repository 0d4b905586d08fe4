"""Content of the lesson deck: one function per page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spotter.explain import picked_points, roi_sampling
from spotter.explain.canvas import tiles
from spotter.explain.page_layout import Page
from spotter.explain.polygon_text import words_read
from spotter.explain.topics import (
    conversion,
    conversion_steps,
    hmean,
    levels,
    masks,
    matching,
    reading,
    roi_align,
    stages,
    two_level,
    two_stage_comparison,
    windows,
)
from spotter.explain.topics.overview import draw_overview

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

NO_WORDS = "No words were found on this photo, so this page has no content."


@dataclass(frozen=True)
class Lesson:
    """The photo and word that the pages explain."""

    spotter: Spotter
    trace: Trace
    word: int | None  # index into trace.words; None on a photo without words
    truth: str  # true words, one per line
    progress: Callable[..., Any]

    @property
    def text(self) -> str:
        """The text of the word."""
        return "" if self.word is None else self.trace.words[self.word].text or "(no text)"

    @property
    def point(self) -> np.ndarray:
        """(2,) the middle of the word or of the photo, pixels of the trace's image."""
        name = picked_points.MIDDLE if self.word is None else picked_points.WORD
        point = picked_points.point_of(self.trace, self.word, name)
        assert point is not None, "both names are points of every photo"
        return point


def swin_page(lesson: Lesson) -> Page:
    trace = lesson.trace
    pictures, spread = [], []
    for stage, block in windows.block_list(trace.config.depths)[:2]:
        at = windows.token_window(trace, stage, block, lesson.point)
        weights = windows.attention(lesson.spotter, trace, at)
        pictures.append(windows.draw_photo(trace, at, weights)[0])
        spread.append(windows.effective_count(weights.mean(0)))
    size = trace.config.window
    return Page(
        "Swin: attention within windows",
        "section 3.1",
        f"A token attends only to the {size} × {size} tokens of its own window; the next block shifts the "
        "windows, which connects neighbouring windows. Left: a plain block. Right: the shifted block after "
        "it. "
        "Below: the heads of the shifted block. The attention of the marked token is spread as if over "
        f"{spread[0]:.0f} and {spread[1]:.0f} tokens.",
        [tiles(pictures, 2), windows.draw_heads(trace, at, weights)[0]],
        formula=r"$A = \mathrm{softmax}\left(QK^\top / \sqrt{d} + B + M\right)$",
    )


def levels_page(lesson: Lesson) -> Page:
    from spotter.explain.layer_table import layers_of

    trace = lesson.trace
    layers = layers_of(lesson.spotter, trace)
    picture = levels.draw_levels(trace, lesson.point, lesson.word, True, "energy", layers)[0]
    total = levels.count_text(sum(layer.multiply_adds for layer in layers))
    shapes = [[levels.shape_text(shape) for _, shape in layer.outputs] for layer in layers]
    return Page(
        "The feature pyramid",
        "section 3.1",
        "Four maps of the same photo, each with half the resolution of the one before; RoI features of a box "
        "come "
        "from the level that suits its size. The table has the shapes of all layers for this photo "
        f"({total} multiply-adds in total).",
        [picture],
        [
            ("" if i else layer.name, line)
            for layer, outputs in zip(layers, shapes, strict=True)
            for i, line in enumerate(lines_of(outputs))
        ],
        formula=r"$k = \left\lfloor 4 + \log_2 (\sqrt{w\,h} / 224) \right\rfloor, \quad 2 \leq k \leq 5$",
    )


def lines_of(shapes: Sequence[str], room: int = 54) -> list[str]:
    """Joins shapes to lines of at most `room` characters without breaking one."""
    lines = [""]
    for shape in shapes:
        if lines[-1] and len(lines[-1]) + 1 + len(shape) > room:
            lines.append("")
        lines[-1] = f"{lines[-1]} {shape}".strip()
    return lines


def roi_page(lesson: Lesson) -> Page:
    trace = lesson.trace
    box = roi_sampling.box_of(trace, lesson.word)
    still = roi_sampling.pool_box(trace, box)
    channel, middle = roi_sampling.strongest_channel(still), trace.config.roi_size // 2
    return Page(
        "RoIAlign: features of a box",
        "section 3.2",
        "RoIAlign samples between cells, so its output changes smoothly when the box is shifted; RoIPool "
        "first "
        "rounds the box to whole cells, so its output stays constant and then jumps. The curve is measured "
        "on "
        "the features of this photo.",
        [
            roi_align.draw_map(trace, still, channel, middle, middle)[0],
            roi_align.draw_changes(trace, box, 0.0, 0)[0],
        ],
    )


def stages_page(lesson: Lesson) -> Page:
    trace = lesson.trace
    count = len(trace.scores)
    own = int(trace.scores[-1].argmax()) if lesson.word is None else int(trace.proposal_index[lesson.word])
    shown = sorted({0, 1, 2, count // 2, count})
    show = frozenset({"others", "arrows", "path"})
    boxes = [stages.draw_stage(trace, own, stage, show, 620)[0] for stage in shown]
    values = stages.iou_with_final(trace, np.array([own]))[:, 0]
    return Page(
        f"Detector: {count} stages refine {trace.boxes.shape[1]} boxes",
        "section 3.2",
        f"The network starts from learned boxes and refines them {count} times. Proposal {own} is marked; "
        "the IoU of its box with the final one is "
        + ", ".join(f"{v:.2f}" for v in values)
        + ". There are no anchors; each word should get exactly one box. "
        + (
            "These weights do not yet suppress duplicates, so boxes that overlap a more confident one are "
            "dropped."
            if trace.config.nms_iou < 1
            else "There is no non-maximum suppression."
        ),
        [tiles([*boxes, stages.draw_iou(trace, own, count)[0]], 3)],
        formula=r"$c' = c + \frac{1}{2} d\, w, \qquad w' = w\, e^{d_w}$",
    )


def shapes_page(lesson: Lesson) -> Page:
    trace, code = lesson.trace, lesson.spotter.model.mask_code
    title, paper = "Detector: masks and matching", "section 3.2"
    if lesson.word is None:
        return Page(title, paper, NO_WORDS, [])
    coded = masks.code_polygon(trace, code, trace.polygon(lesson.word))
    kept = min(10, len(coded.ious))
    pictures = [masks.draw_masks(trace, coded, kept, lesson.word, columns=3)[0]]
    found = matching.match_words(trace, code, lesson.truth, len(trace.scores))
    if found is not None:
        shown = found.nearest(trace.box(lesson.word))
        pair = next((pair for pair in found.optimal if pair[1] == shown), found.optimal[0])
        pictures.append(matching.draw_matching(found, shown, pair)[0])
    return Page(
        title,
        paper,
        f"maskK, the mask of a word, has {len(coded.ious)} coefficients. Reconstructed from {kept} of them, "
        f'"{lesson.text}" has an IoU of {coded.ious[kept - 1]:.2f}; from all of them, {coded.ious[-1]:.2f}. '
        "In training each true word is assigned exactly one proposal, such that the total cost is minimal "
        "(frames in the cost matrix).",
        pictures,
        formula=r"$\hat m = \sigma\left(\mu + \sum_{i=1}^{k} a_i\,\sqrt{v_i}\; u_i\right) \qquad "
        r"C = \lambda_c C_{cls} + \lambda_l C_{L1} + \lambda_g C_{giou} + \lambda_m C_{mask}$",
    )


def conversion_page(lesson: Lesson) -> Page:
    from spotter.explain.interventions import GATES, gate_off, mask_off, reread

    trace, title, paper = lesson.trace, "Recognition Conversion", "section 3.3"
    if lesson.word is None:
        return Page(title, paper, NO_WORDS, [])
    whole = reread(lesson.spotter, trace, lesson.word)
    without = reread(lesson.spotter, trace, lesson.word, [*map(gate_off, GATES), mask_off()])
    found = conversion.gradients(lesson.spotter, trace, lesson.word)
    steps = conversion_steps.convert_word(lesson.spotter, trace, lesson.word)
    polygon = conversion.true_polygon(trace, lesson.word, lesson.truth)
    return Page(
        title,
        paper,
        "The gates M1 to M3 come from detection features and multiply the features of the reader, so that "
        "the recognition loss flows back through them into the detector. "
        f"{conversion_steps.summarise(trace, lesson.word, steps, polygon)} "
        f'With all gates and maskK the network reads "{whole.text}", without any of them "{without.text}". '
        f"The gradient of the recognition loss at the proposal feature is {found['none'][0]:.3g}; with "
        f"detached gates it is {found['all'][0]:.3g}.",
        [
            conversion_steps.draw_steps(trace, lesson.word, steps, polygon)[0],
            conversion.draw_gradients(found)[0],
        ],
        formula=r"$r_1 = a_3 \odot M_1, \quad r_2 = (E_u(r_1) + a_2) \odot M_2, \quad "
        r"r_3 = (E_u(r_2) + a_1) \odot M_3, \quad M_i = \sigma(d_i)$",
    )


def reader_page(lesson: Lesson) -> Page:
    trace, title, paper = lesson.trace, "Recognition, one character per step", "section 3.4"
    if lesson.word is None:
        return Page(title, paper, NO_WORDS, [])
    word = trace.words[lesson.word]
    share = float(two_level.coarse_share(trace, lesson.word, 0).mean())
    return Page(
        title,
        paper,
        "In two-level attention every cell attends to the cells of its own window and to pooled cells of the "
        "windows "
        f"around it ({share:.0%} of the attention here). Then the decoder attends to one position after "
        f"another and "
        f'predicts a character each time: "{lesson.text}", reading score {word.reading_score:.2f}.',
        [
            reading.draw_attention(trace, lesson.word, 0)[0],
            reading.draw_alternatives(trace, lesson.word, 0)[0],
        ],
        formula=r"$e_i = v^\top \tanh(W_h h + W_f f_i), \quad \alpha = \mathrm{softmax}(e), \quad "
        r"c = \sum_i \alpha_i f_i, \quad h' = \mathrm{GRU}([y, c], h)$",
    )


def two_stage_page(lesson: Lesson) -> Page:
    trace, title, paper = lesson.trace, "Why one network?", "section 1"
    if lesson.word is None:
        return Page(title, paper, NO_WORDS, [])
    loose = two_stage_comparison.LOOSE
    installed = not two_stage_comparison.missing_packages()
    found = two_stage_comparison.run_two_stage(trace, lesson.progress) if installed else None
    measured = two_stage_comparison.looseness(lesson.spotter, trace, lesson.truth)
    content = two_stage_comparison.crop_content(trace, lesson.word, loose)
    pictures = [
        two_stage_comparison.draw_heat(trace, found),
        two_stage_comparison.draw_inputs(trace, found, lesson.word, loose),
        two_stage_comparison.draw_looseness(measured, loose),
    ]
    return Page(
        title,
        paper,
        "Two networks in a row: one marks words, a box is cropped, the other reads all that lies in it. What "
        "the first gets wrong the second cannot undo, and neighbours and background come along. Cropped "
        f'{loose:g} times as large, {content.word:.0%} of the crop is "{lesson.text}", {content.others:.0%} '
        "are other words. Our reader gets features that its own mask has cut. The curve shows how well all "
        "words of the photo are read in looser and looser crops.",
        [drawn[0] for drawn in pictures if drawn is not None],
    )


def results_page(lesson: Lesson) -> Page:
    trace = lesson.trace
    found = hmean.evaluate_photo(trace, lesson.truth, 0.5, trace.config.score_threshold)
    s, e = found.detection, found.end_to_end
    known = lesson.truth != words_read(trace)
    note = "" if known else " No ground truth: the predicted words are used instead."
    return Page(
        "Results on this photo",
        "section 4",
        f"Words with a score of at least {trace.config.score_threshold:g}: {s.found}; true words: {s.true}. "
        f"Detection: precision {s.precision:.2f}, recall {s.recall:.2f}, H-mean {s.hmean:.2f}. End-to-end: "
        f"precision {e.precision:.2f}, recall {e.recall:.2f}, H-mean {e.hmean:.2f}." + note,
        [draw_overview(trace, lesson.word)[0], hmean.draw_evaluation(trace, found, True)[0]],
        formula=r"$P = \mathrm{correct} / \mathrm{predicted}, \qquad R = \mathrm{correct} / \mathrm{true}, "
        r"\qquad "
        r"H = 2PR / (P + R)$",
    )


PAGES = (
    two_stage_page,
    swin_page,
    levels_page,
    roi_page,
    stages_page,
    shapes_page,
    conversion_page,
    reader_page,
    results_page,
)
