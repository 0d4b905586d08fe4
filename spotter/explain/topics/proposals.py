"""Where the search starts: the learnable boxes as they were before training and as they are now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from spotter.explain.canvas import (
    LIGHT_GREEN,
    ORANGE,
    SKY,
    arrow,
    corners_of,
    label,
    legend,
    linked,
    outline,
    photo_canvas,
)

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace


def starting_boxes(trace: Trace, grid: tuple[int, int] | None) -> np.ndarray:
    """(N, 4) cx, cy, w, h in 0..1 of the photo, the boxes before any training: `Proposals` of the model with
    nothing learnt. Without a grid all are the whole image.
    """
    from spotter.model.proposals import Proposals, laid

    count = trace.boxes.shape[1] if grid is None else trace.config.proposals
    boxes = laid(Proposals(count, 1, grid).boxes.detach(), grids(trace) if grid else (1, 1)).numpy()
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)


def grids(trace: Trace) -> tuple[int, int]:
    """Columns and rows of the parts of the photo over each of which the learned boxes are laid."""
    from spotter.model import proposals

    height, width = trace.levels[0].shape[1:]  # as the network saw it
    return proposals.grids(width, height) if trace.config.proposal_grid else (1, 1)


def proposal_of(trace: Trace, word: int | None) -> int:
    """The proposal that became a word; the one with the best score on a photo without words."""
    return int(trace.scores[-1].argmax() if word is None else trace.proposal[word])


def to_pixels(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """(N, 4) cx, cy, w, h in 0..1 -> (N, 4) xyxy in pixels."""
    centre, size = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([centre - size / 2, centre + size / 2], 1) * [width, height, width, height]


def learned_boxes(trace: Trace) -> np.ndarray:
    """(N, 4) cx, cy, w, h in 0..1, as learned."""
    height, width = trace.image.shape[:2]
    boxes = trace.boxes[0] / [width, height, width, height]
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)


def draw_proposals(
    trace: Trace, start: np.ndarray, chosen: int, which: str, width: int = 900
) -> tuple[Image.Image, str]:
    """All boxes over the photo, the chosen one marked. `which`: "start" or "published" (as in `start`),
    "learned", or "moves" (arrows between both).
    """
    height_px, width_px = trace.image.shape[:2]
    picture, scale = photo_canvas(trace.image, width, dim=0.45)
    draw = ImageDraw.Draw(picture, "RGBA")
    before = to_pixels(start, width_px, height_px) * scale
    after = trace.boxes[0] * scale
    boxes = after if which in ("learned", "moves") else before
    words = set(trace.proposal.tolist())
    for i in sorted(range(len(boxes)), key=lambda i: i in words):  # those that become words on top
        if i == chosen:
            continue
        if which == "moves":
            arrow(draw, centre(before[i]), centre(after[i]), LIGHT_GREEN if i in words else SKY)
        elif i in words:
            outline(draw, corners_of(boxes[i]), LIGHT_GREEN, 2)
        else:
            draw.rectangle(tuple(boxes[i]), outline=(*SKY, 110))
    if which == "moves":
        outline(draw, corners_of(before[chosen]), ORANGE, 1, 0.7)
        arrow(draw, centre(before[chosen]), centre(after[chosen]), ORANGE, 3)
    outline(draw, corners_of(boxes[chosen]), ORANGE, 3)
    label(draw, (boxes[chosen][0], boxes[chosen][1] - 30), f"proposal {chosen}")
    shape = f"boxes ({len(boxes)}, 4) · features ({len(boxes)}, {trace.proposal_features.shape[2]})"
    legend(draw, shape, boxes[chosen])
    what = {
        "start": "before training",
        "published": "as the published ones began",
        "learned": "as learned",
        "moves": "as arrows from start to learned",
    }[which]
    linked(picture, "photo")
    return picture, f"{len(boxes)} proposal boxes over the photo, {what}; proposal {chosen} is marked."


def centre(box: np.ndarray) -> np.ndarray:
    """(4,) xyxy -> (2,)."""
    return (box[:2] + box[2:]) / 2


def proposal_at(trace: Trace, place: list[float], width: int = 900) -> int:
    """The learned box whose centre is nearest to a place (x, y) of the picture."""
    scale = min(1.0, width / trace.image.shape[1])
    centres = (trace.boxes[0, :, :2] + trace.boxes[0, :, 2:]) / 2 * scale
    return int(((centres - place) ** 2).sum(1).argmin())


def describe(trace: Trace, start: np.ndarray, chosen: int) -> str:
    """The formula of the first box with its numbers, as Markdown with LaTeX."""
    height, width = trace.image.shape[:2]
    cx, cy, w, h = learned_boxes(trace)[chosen]
    x1, y1, x2, y2 = trace.boxes[0, chosen]
    moved = np.abs(learned_boxes(trace) - start)
    words = [i for i, proposal in enumerate(trace.proposal.tolist()) if proposal == chosen]
    fate = (
        f"On this photo it ends as word {words[0] + 1}, **{plain(trace.words[words[0]].text)}**."
        if words
        else f"On this photo it ends as background (score {trace.scores[-1, chosen]:.2f})."
    )
    grid, times = trace.config.proposal_grid, max(grids(trace))
    begin = (
        f"These weights began with a grid of {grid[0]} × {grid[1]} boxes, a choice of this project that "
        "learns faster; the published ones all began as the whole image, (0.5, 0.5, 1, 1)."
        if grid
        else "All began as the whole image, (0.5, 0.5, 1, 1), as published."
    )
    if times > 1:
        begin += (
            f" The {trace.config.proposals} learned boxes are laid {times} times side by side over this "
            f"long photo, which makes {trace.boxes.shape[1]}."
        )
    return (
        f"Proposal {chosen} as learned, in parts of the image:\n\n"
        f"$$(c_x, c_y, w, h) = ({cx:.3f},\\ {cy:.3f},\\ {w:.3f},\\ {h:.3f})$$\n\n"
        f"$$x_1 = (c_x - \\tfrac{{w}}{{2}})\\,W = ({cx:.3f} - {w / 2:.3f}) \\cdot {width} = {x1:.0f}$$\n\n"
        f"$$y_1 = (c_y - \\tfrac{{h}}{{2}})\\,H = ({cy:.3f} - {h / 2:.3f}) \\cdot {height} = {y1:.0f}$$\n\n"
        f"so the first box is {x2 - x1:.0f} × {y2 - y1:.0f} pixels. {fate}\n\n{begin} On average "
        f"training moved the centres by {moved[:, :2].mean():.3f} of the image and changed the sides by "
        f"{moved[:, 2:].mean():.3f}."
    )


def plain(text: str) -> str:
    """Text read from a photo, made harmless inside Markdown and between dollar signs."""
    return "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in text) or "(no text)"
