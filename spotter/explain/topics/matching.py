"""Which proposal is assigned to which word: the matching of training, on this photo.

Costs and assignment are the functions the network was trained with (`spotter.ops.matching`), not copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import (
    LIGHT_GREEN,
    ORANGE,
    TEXT_SIZE,
    colour_bar,
    corners_of,
    label,
    linked,
    outline,
    photo_canvas,
    tiles,
)
from spotter.explain.charts import cell_at, matrix
from spotter.explain.layers import Drawing
from spotter.explain.polygon_text import parse_outlines
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.model.mask_code import MaskCode
    from spotter.tracing.trace import Trace

TERMS = ("classification", "l1", "giou", "mask")
PUBLISHED = (2.0, 5.0, 2.0, 2.0)  # weights of TERMS
MAX_ROWS, MAX_COLUMNS = 20, 10  # of the picture
PHOTO_WIDTH, LINE = 480, 21  # pixels, of the picture of a pair and of a label's height
CHEAPEST = 3  # proposals shown per word besides the assigned ones


@dataclass(frozen=True)
class Matching:
    """N proposals of one stage against G true words."""

    names: list[str]  # (G,) of the words
    terms: dict[str, np.ndarray]  # name -> (N, G), unweighted
    weights: tuple[float, ...]  # in the order of TERMS
    total: np.ndarray  # (N, G) weighted sum
    optimal: list[tuple[int, int]]  # (proposal, word) of the cheapest assignment
    greedy: list[tuple[int, int]]  # the cheapest pair first, then the cheapest of the rest, ...
    probability: np.ndarray  # (N,) of being text
    stage: int
    boxes: np.ndarray  # (G, 4) xyxy of the words, pixels of the resized image
    suppressed: bool  # whether the network drops overlapping regions (the published one does not)

    @property
    def centres(self) -> np.ndarray:
        """(G, 2) of the words."""
        return (self.boxes[:, :2] + self.boxes[:, 2:]) / 2

    def cost(self, pairs: list[tuple[int, int]]) -> float:
        return float(sum(self.total[pair] for pair in pairs))

    def nearest(self, box: np.ndarray) -> int:
        """The true word whose centre is nearest to that of a box (4,) xyxy, pixels of the resized image."""
        return int(np.square(self.centres - (box[:2] + box[2:]) / 2).sum(1).argmin())

    def shown(self, word: int) -> tuple[list[int], list[int]]:
        """Proposals (rows) and words (columns) to show: a word and those around it; the proposals assigned to
        them either way, then the cheapest of each.
        """
        distance = np.square(self.centres - self.centres[word]).sum(1)
        columns = sorted(int(g) for g in np.argsort(distance, kind="stable")[:MAX_COLUMNS])
        rows = {p for p, g in [*self.optimal, *self.greedy] if g in columns}
        for rank in range(CHEAPEST):
            for g in columns:
                if len(rows) < MAX_ROWS:
                    rows.add(int(np.argsort(self.total[:, g], kind="stable")[rank]))
        part = self.total[:, columns]
        return sorted(rows, key=lambda p: (int(part[p].argmin()), float(part[p].min()))), columns


def match_words(
    trace: Trace, code: MaskCode, truth: str, stage: int, weights: tuple[float, ...] = PUBLISHED
) -> Matching | None:
    """Matches the proposals after a stage (1..S) with the true words; None if `truth` has no valid line."""
    import torch

    from spotter.ops.matching import MatchWeights, hungarian_match, match_costs
    from spotter.ops.polygons import rasterise

    words = [(text, polygon / trace.scale) for text, polygon in parse_outlines(truth)]
    if not words:
        return None
    boxes = np.stack([np.concatenate([p.min(0), p.max(0)]) for _, p in words]).astype(np.float32)
    masks = np.stack([rasterise(p, box, code.size) for (_, p), box in zip(words, boxes, strict=True)])
    costs = match_costs(
        torch.from_numpy(trace.class_logits[stage - 1]),
        torch.from_numpy(trace.boxes[stage]),
        torch.from_numpy(trace.mask_vectors[stage - 1]),
        torch.from_numpy(boxes),
        code.encode(torch.from_numpy(masks)).detach().cpu(),
        torch.tensor(trace.image.shape[1::-1]),
        MatchWeights(*weights),
    )
    rows, columns = hungarian_match(costs.total)
    optimal = list(zip(rows.tolist(), columns.tolist(), strict=True))
    total = costs.total.numpy()
    return Matching(
        names=[text or tr("word {number}", number=i + 1) for i, (text, _) in enumerate(words)],
        terms={name: getattr(costs, name).numpy() for name in TERMS},
        weights=tuple(weights),
        total=total,
        optimal=optimal,
        greedy=assign_greedily(total),
        probability=trace.scores[stage - 1],
        stage=stage,
        boxes=boxes,
        suppressed=trace.config.nms_iou < 1,
    )


def assign_greedily(cost: np.ndarray) -> list[tuple[int, int]]:
    """The cheapest pair of (N, G), then the cheapest of those that share nothing with it, and so on."""
    remaining, pairs = np.where(np.isfinite(cost), cost, 1e6), []
    for _ in range(min(cost.shape)):
        row, column = divmod(int(remaining.argmin()), remaining.shape[1])
        pairs.append((row, column))
        remaining[row], remaining[:, column] = np.inf, np.inf
    return pairs


def draw_matching(matching: Matching, word: int, cell: tuple[int, int]) -> tuple[Image.Image, str]:
    """The cost matrix around a word; `cell`: the chosen pair (proposal, word)."""
    rows, columns = matching.shown(word)
    at = {
        pair: (rows.index(pair[0]), columns.index(pair[1])) for pair in pairs_within(matching, rows, columns)
    }
    marks = [(*at[pair], "optimal") for pair in matching.optimal if pair in at]
    marks += [(*at[pair], "greedy") for pair in matching.greedy if pair in at]
    chosen = (rows.index(cell[0]), columns.index(cell[1])) if cell[0] in rows and cell[1] in columns else None
    names = [matching.names[g] for g in columns]
    part = matching.total[np.ix_(rows, columns)]
    picture = matrix(part, row_names(rows), names, marks, chosen)
    bar = colour_bar(f"{part.min():.2f}", f"{part.max():.2f}", tr("cost, lower is better"), 320)
    return tiles([picture, bar], 1), tr(
        "Cost of {rows} proposals (rows) for {columns} of {words} words (columns); "
        "frames mark the cheapest assignment, crosses the greedy one.",
        rows=len(rows),
        columns=len(names),
        words=len(matching.names),
    )


def draw_pair(trace: Trace, matching: Matching, pair: tuple[int, int]) -> tuple[Image.Image, str]:
    """The boxes of a pair (proposal, word) on the photo."""
    proposal, word = pair
    picture, scale = photo_canvas(trace.image, PHOTO_WIDTH, dim=0.35)
    draw = Drawing(picture, "RGBA")
    box, true = trace.boxes[matching.stage, proposal] * scale, matching.boxes[word] * scale
    outline(draw, corners_of(true), LIGHT_GREEN, 3)
    outline(draw, corners_of(box), ORANGE, 3)
    name = tr("proposal {number}", number=proposal)
    label(draw, (box[0], box[1] - LINE), name, TEXT_SIZE, ORANGE)
    label(draw, (true[0], true[3]), matching.names[word], TEXT_SIZE, LIGHT_GREEN)
    alt = tr(
        "The photo with the box of proposal {proposal} after stage {stage}, and that of the true word "
        "{word}.",
        proposal=proposal,
        stage=matching.stage,
        word=matching.names[word],
    )
    return linked(picture, "photo"), alt


def pairs_within(matching: Matching, rows: list[int], columns: list[int]) -> set[tuple[int, int]]:
    return {(p, g) for p, g in [*matching.optimal, *matching.greedy] if p in rows and g in columns}


def row_names(rows: list[int]) -> list[str]:
    return [tr("proposal {number}", number=p) for p in rows]


def pair_at(matching: Matching, word: int, point: list[float]) -> tuple[int, int] | None:
    """(proposal, word) nearest to a point (x, y) of the picture of `draw_matching`; None if it is empty."""
    rows, columns = matching.shown(word)
    cell = cell_at(point, row_names(rows), len(columns))
    return None if cell is None else (rows[cell[0]], columns[cell[1]])
