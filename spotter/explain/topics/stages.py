"""The six refinement stages: boxes that move to words, scores that rise, and who looks at whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

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

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

LEAST_SCORE = 0.05  # boxes fainter than this are not drawn after the first stage
PARTNERS = 5
PICTURE_WIDTH = 860


def iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """IoU of boxes that broadcast, both (..., 4) xyxy: (...)."""
    corner1, corner2 = np.maximum(box[..., :2], others[..., :2]), np.minimum(box[..., 2:], others[..., 2:])
    overlap = (corner2 - corner1).clip(0).prod(-1)
    areas = (box[..., 2:] - box[..., :2]).prod(-1) + (others[..., 2:] - others[..., :2]).prod(-1)
    return overlap / np.maximum(areas - overlap, 1e-9)


def iou_with_final(trace: Trace, proposals: np.ndarray) -> np.ndarray:
    """(S + 1, P) IoU of each proposal's box at every stage with its own last box; ends at 1."""
    path = trace.boxes[:, proposals].astype(np.float64)
    return iou(path, path[-1:])


def partners(trace: Trace, stage: int, proposal: int, count: int = PARTNERS) -> list[tuple[int, float]]:
    """The proposals that one looks at most in a stage's self-attention (1..S), itself left out, and their
    weights.
    """
    weights = trace.partners[stage - 1, proposal].astype(np.float64).copy()
    weights[proposal] = -1
    order = np.argsort(-weights, kind="stable")[: min(count, len(weights) - 1)]
    return [(int(i), float(weights[i])) for i in order]


def draw_stage(
    trace: Trace, proposal: int, stage: int, show: frozenset[str] = frozenset(), width: int = PICTURE_WIDTH
) -> tuple[Image.Image, str]:
    """The boxes after a stage (0: as learned) over the photo; `show`: layers, see LAYERS of the view."""
    picture, scale = photo_canvas(trace.image, width, dim=0.35)
    draw = ImageDraw.Draw(picture, "RGBA")
    boxes = trace.boxes * scale
    centres = (boxes[..., :2] + boxes[..., 2:]) / 2  # (S + 1, N, 2)
    scores = trace.scores[stage - 1] if stage else np.full(boxes.shape[1], np.nan)
    words = set(trace.proposal.tolist())
    if "others" in show:
        for i in range(boxes.shape[1]):
            opacity = 0.3 if stage == 0 else float(scores[i])
            if i != proposal and opacity >= LEAST_SCORE:
                colour = LIGHT_GREEN if i in words else SKY
                outline(draw, corners_of(boxes[stage, i]), colour, 2, opacity)
    if "arrows" in show and stage:
        for i in words - {proposal}:
            arrow(draw, centres[stage - 1, i], centres[stage, i], LIGHT_GREEN)
    if "path" in show:
        for s in range(stage):
            outline(draw, corners_of(boxes[s, proposal]), ORANGE, 2, 0.5 + 0.4 * s / max(stage, 1))
        for s in range(min(stage, 2)):  # later ones lie too close together for their numbers
            label(draw, tuple(boxes[s, proposal, 2:] - [0, 12]), f"{s}", 16, ORANGE)
    if "partners" in show and stage:
        for other, weight in partners(trace, stage, proposal):
            thickness = 1 + round(12 * weight)
            start, end = centres[stage - 1, proposal], centres[stage - 1, other]
            draw.line([tuple(start), tuple(end)], fill=(*PINK, 230), width=thickness)
            outline(draw, corners_of(boxes[stage - 1, other]), PINK, 1, 0.8)
            label(draw, tuple(end), f"{weight:.2f}", 16)
    if stage:
        arrow(draw, centres[stage - 1, proposal], centres[stage, proposal], ORANGE, 3)
    outline(draw, corners_of(boxes[stage, proposal]), ORANGE, 4)
    title = "stage 0: the learned boxes" if stage == 0 else f"after stage {stage} of {len(boxes) - 1}"
    legend(draw, f"{title} · boxes {trace.boxes[stage].shape}", boxes[stage, proposal])
    score = "no score yet" if stage == 0 else f"score {scores[proposal]:.2f}"
    label(draw, (boxes[stage, proposal, 0], boxes[stage, proposal, 1] - 30), f"proposal {proposal}, {score}")
    linked(picture, "photo")
    return picture, f"Boxes over the photo, {title}; proposal {proposal} is marked, {score}."


def draw_iou(trace: Trace, proposal: int, stage: int) -> tuple[Image.Image, str]:
    """IoU with the final box over the stages: all words thin, the chosen proposal thick."""
    values = iou_with_final(trace, np.array([proposal, *trace.proposal.tolist()]))
    lines = [(values[:, i], SKY, 1) for i in range(1, values.shape[1])]
    lines.append((values[:, 0], ORANGE, 4))
    picture = curve(
        lines,
        np.arange(len(values)),
        "IoU with its own final box",
        "stage (0: the learned box)",
        marker=stage,
        marker_text=f"{values[stage, 0]:.2f}",
    )
    numbers = ", ".join(f"{v:.2f}" for v in values[:, 0])
    return picture, f"IoU of proposal {proposal}'s box with its final box, from stage 0 on: {numbers}."


def deltas(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(4,) what the stage's regression said, dx, dy, dw, dh, before its weights 2, 2, 1, 1 divide it."""
    size = np.maximum(before[2:] - before[:2], 1e-6)
    move = ((after[:2] + after[2:]) - (before[:2] + before[2:])) / 2 / size * 2
    return np.concatenate([move, np.log(np.maximum(after[2:] - after[:2], 1e-6) / size)])


def describe(trace: Trace, proposal: int, stage: int) -> str:
    """The formula of this stage with its numbers and the table of all stages, Markdown with LaTeX."""
    values, side = iou_with_final(trace, np.array([proposal]))[:, 0], trace.config.roi_size
    if stage == 0:
        text = (
            "At stage 0 the box is the learned one and has no score. Move the slider, or press Play: every "
            f"stage looks at the {side} × {side} bins that RoIAlign cuts out of the last box, and corrects "
            "the box.\n\n"
        )
    else:
        before, after = (
            trace.boxes[stage - 1, proposal].astype(float),
            trace.boxes[stage, proposal].astype(float),
        )
        dx, dy, dw, dh = deltas(before, after)
        (cx, cy), (w, h) = (before[:2] + before[2:]) / 2, before[2:] - before[:2]
        said = ",\\ ".join(f"{value:z.2f}" for value in (dx, dy, dw, dh))
        text = (
            f"Stage {stage} answers with $(d_x, d_y, d_w, d_h) = ({said})$:\n\n"
            f"$$c_x' = c_x + \\tfrac{{d_x}}{{2}}\\,w = {cx:.0f} {dx / 2:+z.3f} \\cdot {w:.0f} = "
            f"{cx + dx / 2 * w:.0f}$$\n\n"
            f"$$c_y' = c_y + \\tfrac{{d_y}}{{2}}\\,h = {cy:.0f} {dy / 2:+z.3f} \\cdot {h:.0f} = "
            f"{cy + dy / 2 * h:.0f}$$\n\n"
            f"$$w' = w\\,e^{{d_w}} = {w:.0f} \\cdot {np.exp(dw):.2f} = {w * np.exp(dw):.0f}$$\n\n"
            f"$$h' = h\\,e^{{d_h}} = {h:.0f} \\cdot {np.exp(dh):.2f} = {h * np.exp(dh):.0f}$$\n\n"
        )
    rows = ["| stage | score | box x1, y1, x2, y2 | IoU |", "|--:|--:|---|--:|"]
    for s, box in enumerate(trace.boxes[:, proposal]):
        score = f"{trace.scores[s - 1, proposal]:.2f}" if s else "none"
        numbers = ", ".join(f"{v:.0f}" for v in box)
        mark = "**" if s == stage else ""
        rows.append(f"| {mark}{s}{mark} | {score} | {numbers} | {values[s]:.2f} |")
    return text + "\n".join(rows)
