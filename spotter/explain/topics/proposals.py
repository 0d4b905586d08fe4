"""Where detection starts: the learnable boxes before training and as learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

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
from spotter.explain.layers import Drawing
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

DOT = 8  # pixels, radius of the mark where all centres are


def starting_boxes(trace: Trace, grid: tuple[int, int] | None) -> np.ndarray:
    """(N, 4) cx, cy, w, h in 0..1 of the photo, the boxes before any training: `Proposals` of the model with
    nothing learnt. Without a grid all are the whole image.
    """
    from spotter.model.proposals import initial_boxes, tile_boxes

    count = trace.boxes.shape[1] if grid is None else trace.config.proposals
    boxes = tile_boxes(initial_boxes(count, grid), grids(trace) if grid else (1, 1)).numpy()
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)


def grids(trace: Trace) -> tuple[int, int]:
    """Columns and rows of tiles of the photo, each of which gets all learned boxes."""
    from spotter.model.proposals import grid_repeats

    height, width = trace.levels[0].shape[1:]  # as the network saw it
    config = trace.config
    if not config.proposal_grid:
        return 1, 1
    return grid_repeats(width, height, config.min_grid_coverage, config.max_grid_repeats)


def proposal_of(trace: Trace, word: int | None) -> int:
    """The proposal that became a word; on a photo without words, the one with the highest score."""
    return int(trace.scores[-1].argmax() if word is None else trace.proposal_index[word])


def to_pixels(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """(N, 4) cx, cy, w, h in 0..1 -> (N, 4) xyxy in pixels."""
    centre, size = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([centre - size / 2, centre + size / 2], 1) * [width, height, width, height]


def learned_boxes(trace: Trace) -> np.ndarray:
    """(N, 4) cx, cy, w, h in 0..1, as learned."""
    height, width = trace.image.shape[:2]
    boxes = trace.boxes[0] / [width, height, width, height]
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1)


def on_the_way(trace: Trace, way: float) -> np.ndarray:
    """(N, 4) cx, cy, w, h in 0..1: the boxes of the published start, moved that part of the way, 0..1, to the
    learned ones. In a straight line: how training moved them is recorded nowhere.
    """
    return (1 - way) * starting_boxes(trace, None) + way * learned_boxes(trace)


def draw_proposals(
    trace: Trace, start: np.ndarray, chosen: int, which: str, width: int = 900
) -> tuple[Image.Image, str]:
    """All boxes over the photo, the chosen one marked. `which`: "start" or "published" (both as in `start`),
    "learned", or "moves" (arrows from start to learned).
    """
    height_px, width_px = trace.image.shape[:2]
    picture, scale = photo_canvas(trace.image, width, dim=0.45)
    draw = Drawing(picture, "RGBA")
    before = to_pixels(start, width_px, height_px) * scale
    after = trace.boxes[0] * scale
    boxes = after if which in ("learned", "moves") else before
    words = set(trace.proposal_index.tolist())
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
    label(draw, (boxes[chosen][0], boxes[chosen][1] - 30), tr("proposal {number}", number=chosen))
    if which == "published" and (boxes == boxes[0]).all():  # all boxes are one, at the border of the picture
        x, y = centre(boxes[chosen])
        draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), fill=ORANGE)
        label(draw, (x + 2 * DOT, y - 14), tr("the centres of all {number} boxes", number=len(boxes)))
    shape = tr(
        "boxes ({number}, 4) · features ({number}, {channels})",
        number=len(boxes),
        channels=trace.proposal_features.shape[2],
    )
    legend(draw, shape, boxes[chosen])
    what = {
        "start": tr("before training"),
        "published": tr("on the way from the published start"),
        "learned": tr("as learned"),
        "moves": tr("as arrows from start to learned"),
    }[which]
    linked(picture, "photo")
    return picture, tr(
        "{number} proposal boxes over the photo, {what}; proposal {chosen} is marked.",
        number=len(boxes),
        what=what,
        chosen=chosen,
    )


def centre(box: np.ndarray) -> np.ndarray:
    """(4,) xyxy -> (2,)."""
    return (box[:2] + box[2:]) / 2


def proposal_at(trace: Trace, point: list[float], width: int = 900) -> int:
    """The learned box whose centre is nearest to a point (x, y) of the picture."""
    scale = min(1.0, width / trace.image.shape[1])
    centres = (trace.boxes[0, :, :2] + trace.boxes[0, :, 2:]) / 2 * scale
    return int(((centres - point) ** 2).sum(1).argmin())
