"""Slides about the detector: its stages, and its masks and matching."""

from __future__ import annotations

import numpy as np

from spotter.explain.canvas import tiles
from spotter.explain.deck.lesson import Lesson, no_words
from spotter.explain.deck.slide import Slide
from spotter.explain.equations import agreeing, in_brackets, signed
from spotter.explain.topics import masks, matching, stages
from spotter.language import tr

SHOWN = frozenset({"others", "arrows", "path"})  # of the boxes of a stage
COEFFICIENTS = 10  # of those of a mask
PICTURE_WIDTH = 620  # pixels, of a stage


def stages_slide(lesson: Lesson) -> Slide:
    trace, count = lesson.trace, len(lesson.trace.scores)
    own = int(trace.scores[-1].argmax()) if lesson.word is None else int(trace.proposal_index[lesson.word])
    boxes = [
        stages.draw_stage(trace, own, stage, SHOWN, PICTURE_WIDTH)[0]
        for stage in sorted({0, 1, count // 2, count})
    ]
    curve, alt = stages.draw_iou(trace, own, count)
    values = stages.iou_with_final(trace, np.array([own]))[:, 0]
    return Slide(
        tr("Detector: {count} stages refine {boxes} boxes", count=count, boxes=trace.boxes.shape[1]),
        tr("Paper, section {section}", section="3.2"),
        [
            tr(
                "The network starts from learned boxes, without anchors, and corrects each of them {count} "
                "times. Proposal {own} is marked; its IoU with the final box goes {values}.",
                count=count,
                own=own,
                values=" → ".join(f"{value:.2f}" for value in values),
            ),
            tr(
                "These weights do not yet suppress duplicates, so boxes that overlap a more confident one "
                "are dropped."
            )
            if trace.config.nms_iou < 1
            else tr("Each word gets exactly one box: there is no non-maximum suppression."),
        ],
        correction(trace.boxes[0, own].astype(float), trace.boxes[1, own].astype(float)),
        [(tiles([*boxes], 2), alt), (curve, alt)],
    )


def correction(before: np.ndarray, after: np.ndarray) -> list[str]:
    """The first stage's correction of a box (4,) xyxy: of its centre and of its width."""
    delta, width = stages.deltas(before, after), before[2] - before[0]
    centre = [(before[0] + before[2]) / 2, delta[0] / 2, width]
    texts, moved = agreeing(lambda c, d, s: c + d * s, centre, (0, 3, 0), 0)
    sides, scaled = agreeing(lambda s, f: s * f, [width, float(np.exp(delta[2]))], (0, 2), 0)
    return [
        rf"$c_1 = c_0 + \frac{{d_x}}{{2}}\,w_0 = {texts[0]} {signed(texts[1])} \cdot {texts[2]} = {moved}$",
        rf"$w_1 = w_0\,e^{{d_w}} = {sides[0]} \cdot {sides[1]} = {scaled}$",
    ]


def shapes_slide(lesson: Lesson) -> Slide:
    trace, code = lesson.trace, lesson.spotter.model.mask_code
    title, section = tr("Detector: masks and matching"), tr("Paper, section {section}", section="3.2")
    if lesson.word is None:
        return Slide(title, section, [no_words()])
    coded = masks.code_polygon(trace, code, trace.polygon(lesson.word))
    kept = min(COEFFICIENTS, len(coded.ious))
    first = ",\\ ".join(f"{value:z.2f}" for value in coded.coefficients[:3])
    formulas = [
        r"$\hat m = \sigma\left(\mu + \sum_i a_i\,\sqrt{v_i}\; u_i\right)$",
        rf"$a = ({first},\ \ldots)$",
    ]
    pictures = [masks.draw_masks(trace, coded, kept, lesson.word, columns=3)]
    found = matching.match_words(trace, code, lesson.truth, len(trace.scores))
    if found is not None:
        shown = found.nearest(trace.box(lesson.word))
        pair = next((pair for pair in found.optimal if pair[1] == shown), found.optimal[0])
        pictures.append(matching.draw_matching(found, shown, pair))
        formulas += cost(found, pair)
    return Slide(
        title,
        section,
        [
            tr(
                "The mask of a word is {count} numbers (PCA). From {kept} of them “{text}” comes back with "
                "an IoU of {some:.2f}, from all with {all:.2f}.",
                count=len(coded.ious),
                kept=kept,
                text=lesson.text,
                some=coded.ious[kept - 1],
                all=coded.ious[-1],
            ),
            tr(
                "In training each true word is assigned exactly one proposal, such that the total cost is "
                "minimal (frames in the matrix)."
            ),
        ],
        formulas,
        pictures,
    )


def cost(found: matching.Matching, pair: tuple[int, int]) -> list[str]:
    """The cost of a pair (proposal, word), with its numbers."""
    terms = [float(found.terms[name][pair]) for name in matching.TERMS]
    values, total = agreeing(
        lambda *each: sum(w * v for w, v in zip(found.weights, each, strict=True)), terms, [2] * len(terms), 2
    )
    products = [rf"{w:g}\cdot {in_brackets(v)}" for w, v in zip(found.weights, values, strict=True)]
    return [
        r"$C = \lambda_c C_{cls} + \lambda_l C_{L1} + \lambda_g C_{giou} + \lambda_m C_{mask}$",
        rf"$= {' + '.join(products)} = {total}$",
    ]
