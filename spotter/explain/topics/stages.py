"""The refinement stages: boxes that move to words, scores that rise, and self-attention of proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import (
    LIGHT_GREEN,
    ORANGE,
    PINK,
    SKY,
    arrow,
    corners_of,
    label,
    legend,
    linked,
    outline,
    photo_canvas,
)
from spotter.explain.charts import curve
from spotter.explain.layers import Drawing
from spotter.language import tr
from spotter.ops.boxes import box_iou

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

MIN_SCORE = 0.05  # of boxes that are drawn, after stage 0
ATTENDED = 5  # proposals shown of those that one attends to
PICTURE_WIDTH = 860


def iou_with_final(trace: Trace, proposals: np.ndarray) -> np.ndarray:
    """(S + 1, P) IoU of each proposal's box at every stage with its own final box; the last row is 1."""
    path = trace.boxes[:, proposals].astype(np.float64)
    return box_iou(path, path[-1:])


def attended_proposals(
    trace: Trace, stage: int, proposal: int, count: int = ATTENDED
) -> list[tuple[int, float]]:
    """The proposals that one attends to most in the self-attention of a stage (1..S), except itself, and
    their weights.
    """
    weights = trace.stage_attention[stage - 1, proposal].astype(np.float64).copy()
    weights[proposal] = -1
    order = np.argsort(-weights, kind="stable")[: min(count, len(weights) - 1)]
    return [(int(i), float(weights[i])) for i in order]


def draw_stage(
    trace: Trace, proposal: int, stage: int, show: frozenset[str] = frozenset(), width: int = PICTURE_WIDTH
) -> tuple[Image.Image, str]:
    """The boxes after a stage (0: as learned) over the photo.

    `show`: layers, "others" (all boxes, by score), "arrows" (movement of the words), "path" (earlier boxes of
    the proposal), "attended" (proposals it attends to).
    """
    picture, scale = photo_canvas(trace.image, width, dim=0.35)
    draw = Drawing(picture, "RGBA")
    boxes = trace.boxes * scale
    centres = (boxes[..., :2] + boxes[..., 2:]) / 2  # (S + 1, N, 2)
    scores = trace.scores[stage - 1] if stage else np.full(boxes.shape[1], np.nan)
    words = set(trace.proposal_index.tolist())
    if "others" in show:
        for i in range(boxes.shape[1]):
            opacity = 0.3 if stage == 0 else float(scores[i])
            if i != proposal and opacity >= MIN_SCORE:
                colour = LIGHT_GREEN if i in words else SKY
                outline(draw, corners_of(boxes[stage, i]), colour, 2, opacity)
    if "arrows" in show and stage:
        for i in words - {proposal}:
            arrow(draw, centres[stage - 1, i], centres[stage, i], LIGHT_GREEN)
    if "path" in show:
        for s in range(stage):
            outline(draw, corners_of(boxes[s, proposal]), ORANGE, 2, 0.5 + 0.4 * s / max(stage, 1))
        for s in range(min(stage, 2)):  # later ones are too close together for their numbers
            label(draw, tuple(boxes[s, proposal, 2:] - [0, 12]), f"{s}", 16, ORANGE)
    if "attended" in show and stage:
        for other, weight in attended_proposals(trace, stage, proposal):
            thickness = 1 + round(12 * weight)
            start, end = centres[stage - 1, proposal], centres[stage - 1, other]
            draw.line([tuple(start), tuple(end)], fill=(*PINK, 230), width=thickness)
            outline(draw, corners_of(boxes[stage - 1, other]), PINK, 1, 0.8)
            label(draw, tuple(end), f"{weight:.2f}", 16)
    if stage:
        arrow(draw, centres[stage - 1, proposal], centres[stage, proposal], ORANGE, 3)
    outline(draw, corners_of(boxes[stage, proposal]), ORANGE, 4)
    if stage == 0:
        title, score = tr("stage 0: the learned boxes"), tr("no score yet")
    else:
        title = tr("after stage {stage} of {count}", stage=stage, count=len(boxes) - 1)
        score = tr("score {score:.2f}", score=scores[proposal])
    shape = tr("boxes {shape}", shape=trace.boxes[stage].shape)
    legend(draw, f"{title} · {shape}", boxes[stage, proposal])
    name = tr("proposal {number}", number=proposal)
    label(draw, (boxes[stage, proposal, 0], boxes[stage, proposal, 1] - 30), f"{name}, {score}")
    linked(picture, "photo")
    return picture, tr(
        "Boxes over the photo, {title}; proposal {proposal} is marked, {score}.",
        title=title,
        proposal=proposal,
        score=score,
    )


def draw_iou(trace: Trace, proposal: int, stage: int) -> tuple[Image.Image, str]:
    """IoU with the final box over the stages: thin for all words, thick for the chosen proposal."""
    values = iou_with_final(trace, np.array([proposal, *trace.proposal_index.tolist()]))
    lines = [(values[:, i], SKY, 1) for i in range(1, values.shape[1])]
    lines.append((values[:, 0], ORANGE, 4))
    picture = curve(
        lines,
        np.arange(len(values)),
        tr("IoU with its own final box"),
        tr("stage (0: the learned box)"),
        marker=stage,
        marker_text=f"{values[stage, 0]:.2f}",
    )
    numbers = ", ".join(f"{v:.2f}" for v in values[:, 0])
    return picture, tr(
        "IoU of proposal {proposal}'s box with its final box, from stage 0 on: {numbers}.",
        proposal=proposal,
        numbers=numbers,
    )


def deltas(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(4,) dx, dy, dw, dh, the regression output that moves `before` to `after` (xyxy both): `apply_deltas`
    of the model inverted.
    """
    size = np.maximum(before[2:] - before[:2], 1e-6)
    move = ((after[:2] + after[2:]) - (before[:2] + before[2:])) / 2 / size * 2
    return np.concatenate([move, np.log(np.maximum(after[2:] - after[:2], 1e-6) / size)])
