"""Which proposal answers for which word: the matching of training, on this photo.

Costs and assignment are the functions the network was trained with (`spotter.ops.matching`), not copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import colour_bar, tiles
from spotter.explain.charts import cell_at, matrix
from spotter.explain.polygon_text import parse_outlines
from spotter.explain.topics.proposals import plain

if TYPE_CHECKING:
    from spotter.model.mask_code import MaskCode
    from spotter.tracing.trace import Trace

TERMS = ("classification", "l1", "giou", "mask")
TITLES = ("class", "box, L1", "box, GIoU", "mask")
PUBLISHED = (2.0, 5.0, 2.0, 2.0)
MOST_ROWS, MOST_COLUMNS = 20, 10


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
    centres: np.ndarray  # (G, 2) of the words, pixels of the resized image
    suppressed: bool  # whether the network drops overlapping regions, as the published one does not

    def cost(self, pairs: list[tuple[int, int]]) -> float:
        return float(sum(self.total[pair] for pair in pairs))

    def nearest(self, box: np.ndarray) -> int:
        """The true word whose centre is nearest to that of a box (4,) xyxy, pixels of the resized image."""
        return int(np.square(self.centres - (box[:2] + box[2:]) / 2).sum(1).argmin())

    def shown(self, word: int) -> tuple[list[int], list[int]]:
        """Proposals (rows) and words (columns) worth showing: a word and those around it; the proposals
        assigned to them either way, then the cheapest of each."""
        distance = np.square(self.centres - self.centres[word]).sum(1)
        columns = sorted(int(g) for g in np.argsort(distance, kind="stable")[:MOST_COLUMNS])
        rows = {p for p, g in [*self.optimal, *self.greedy] if g in columns}
        for rank in range(3):
            for g in columns:
                if len(rows) < MOST_ROWS:
                    rows.add(int(np.argsort(self.total[:, g], kind="stable")[rank]))
        part = self.total[:, columns]
        return sorted(rows, key=lambda p: (int(part[p].argmin()), float(part[p].min()))), columns


def match_words(
    trace: Trace, code: MaskCode, truth: str, stage: int, weights: tuple[float, ...] = PUBLISHED
) -> Matching | None:
    """Matches the proposals after a stage (1..S) with the words written in `truth`; None without a valid
    line.
    """
    import torch

    from spotter.ops.matching import MatchWeights, match, match_costs
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
    optimal = [tuple(pair) for pair in torch.stack(match(costs.total), 1).tolist()]
    total = costs.total.numpy()
    return Matching(
        names=[text or f"word {i + 1}" for i, (text, _) in enumerate(words)],
        terms={name: getattr(costs, name).numpy() for name in TERMS},
        weights=tuple(weights),
        total=total,
        optimal=optimal,
        greedy=assign_greedily(total),
        probability=trace.scores[stage - 1],
        centres=(boxes[:, :2] + boxes[:, 2:]) / 2,
        suppressed=trace.config.nms_iou < 1,
    )


def assign_greedily(cost: np.ndarray) -> list[tuple[int, int]]:
    """The cheapest pair of (N, G), then the cheapest of those that share nothing with it, and so on."""
    left, pairs = np.where(np.isfinite(cost), cost, 1e6), []
    for _ in range(min(cost.shape)):
        pair = tuple(int(v) for v in np.unravel_index(left.argmin(), left.shape))
        pairs.append(pair)
        left[pair[0]], left[:, pair[1]] = np.inf, np.inf
    return pairs


def draw_matching(matching: Matching, word: int, cell: tuple[int, int]) -> tuple[Image.Image, str]:
    """The cost matrix around a word; `cell`: the pair (proposal, word) that is looked at."""
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
    bar = colour_bar(f"{part.min():.2f}", f"{part.max():.2f}", "cost, lower is better", 320)
    return tiles([picture, bar], 1), (
        f"Cost of {len(rows)} proposals (rows) for {len(names)} of {len(matching.names)} words (columns); "
        "frames mark the cheapest assignment, crosses the greedy one."
    )


def pairs_within(matching: Matching, rows: list[int], columns: list[int]) -> set[tuple[int, int]]:
    return {(p, g) for p, g in [*matching.optimal, *matching.greedy] if p in rows and g in columns}


def row_names(rows: list[int]) -> list[str]:
    return [f"proposal {p}" for p in rows]


def pair_at(matching: Matching, word: int, place: list[float]) -> tuple[int, int]:
    """(proposal, word) of a place (x, y) on the picture of `draw_matching`."""
    rows, columns = matching.shown(word)
    row, column = cell_at(place, row_names(rows), len(columns))
    return rows[row], columns[column]


def describe(matching: Matching, cell: tuple[int, int]) -> str:
    """One cell's terms with the formula, and greedy against optimal; Markdown with LaTeX."""
    proposal, word = cell
    p = float(matching.probability[proposal])
    values = {name: float(matching.terms[name][proposal, word]) for name in TERMS}
    parts = [values[name] * weight for name, weight in zip(TERMS, matching.weights, strict=True)]
    factors = [
        f"{weight:g}\\cdot {number(values[n])}" for n, weight in zip(TERMS, matching.weights, strict=True)
    ]
    reasons = (
        f"focal cost of calling it text at p = {p:.2f}, less that of calling it background",
        "L1 distance of the boxes in parts of the image",
        "−GIoU of the boxes, −1 is perfect",
        "−(cosine of the mask vectors + 1) / 2, −1 is perfect",
    )
    lines = [
        f"**Proposal {proposal} for {plain(matching.names[word])}**",
        "",
        "$$C = \\lambda_c C_{cls} + \\lambda_l C_{L1} + \\lambda_g C_{giou} + \\lambda_m C_{mask}$$",
        "",
        f"$$= {' + '.join(factors)} = {matching.total[cell]:.2f}$$",
        "",
        "| term | value | × weight | = | what it is |",
        "|---|--:|--:|--:|---|",
    ]
    for title, name, weight, part, reason in zip(
        TITLES, TERMS, matching.weights, parts, reasons, strict=True
    ):
        lines.append(f"| {title} | {values[name]:.3f} | {weight:g} | {part:.2f} | {reason} |")
    best, quick = matching.cost(matching.optimal), matching.cost(matching.greedy)
    same = set(matching.optimal) == set(matching.greedy)
    verdict = (
        "Here both choose the same pairs. They part when two words want one proposal: with costs (1, 2) and "
        "(1.5, 9) greedy takes 1 and is left with 9, the optimal pairs cost 2 + 1.5."
        if same
        else f"Greedy takes the cheapest pair first and pays {quick - best:.2f} more in total."
    )
    lines += [
        "",
        f"Optimal (frames): total **{best:.2f}**. Greedy (crosses): total **{quick:.2f}**. {verdict}",
        "",
        describe_rivals(matching, word),
    ]
    return "\n".join(lines).replace("| -", "| −").replace("**-", "**−")


def describe_rivals(matching: Matching, word: int) -> str:
    """How far a word's cheapest proposal is from the next one, and what follows from it; Markdown."""
    costs = np.sort(matching.total, axis=0)
    if len(costs) < 2:
        return ""
    gaps = costs[1] - costs[0]
    several = f" (median of all {len(gaps)} words: {np.median(gaps):.2f})" if len(gaps) > 1 else ""
    return (
        f"The second cheapest proposal for {plain(matching.names[word])} costs **{gaps[word]:.2f}** more "
        f"than the cheapest{several}. "
        + (
            "Training rewards telling the two apart, so that each word comes out once; these weights do not "
            "do it well enough yet, and overlapping words are dropped afterwards (non-maximum suppression)."
            if matching.suppressed
            else "That sets them apart, so that each word comes out once, without non-maximum suppression."
        )
    )


def number(value: float) -> str:
    return f"({value:.2f})" if value < 0 else f"{value:.2f}"
