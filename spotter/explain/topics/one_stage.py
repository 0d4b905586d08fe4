"""Inside one refinement stage: what it does with one proposal, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import (
    ORANGE,
    PINK,
    blend_map,
    colourise,
    corners_of,
    crop,
    grow,
    label,
    linked,
    outline,
    photo_canvas,
    tiles,
    titled,
)
from spotter.explain.layers import Drawing
from spotter.explain.topics.stages import attended_proposals
from spotter.language import tr
from spotter.tracing.trace_cache import cached

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

SIDE = 150  # pixels of a small picture
PHOTO_WIDTH = 315
SIGNED = "coolwarm"  # colours of numbers of both signs: blue below zero, red above
MARGIN = 0.35  # of the box, shown around it


@dataclass(frozen=True)
class StageRun:
    """What a stage computed for one proposal; C channels, D of the filters, s x s bins."""

    before: np.ndarray  # (C,) proposal feature that comes in
    attended: np.ndarray  # (C,) after self-attention among the proposals
    cells: np.ndarray  # (C, s, s) RoI features of the box that comes in
    first_filter: np.ndarray  # (C, D) written by the proposal feature
    second_filter: np.ndarray  # (D, C)
    filtered_once: np.ndarray  # (D, s, s)
    filtered_twice: np.ndarray  # (C, s, s)
    after: np.ndarray  # (C,) the next proposal feature
    score: float  # probability of text
    box: np.ndarray  # (4,) xyxy, pixels of the network's input
    mask: np.ndarray  # (28, 28) probabilities over the box


def run_stage(spotter: Spotter, trace: Trace, stage: int, proposal: int) -> StageRun:
    """Runs a stage (1..S) of the network again, on what came in when the photo was traced."""
    return cached(trace, ("one stage", stage, proposal), lambda: compute(spotter, trace, stage, proposal))


def compute(spotter: Spotter, trace: Trace, stage: int, proposal: int) -> StageRun:
    import torch

    from spotter.explain.topics.windows import autocast
    from spotter.model.elu import elu
    from spotter.tracing.recorder import Hook, record_activations

    module, path = spotter.model.stages[stage - 1], f"stages.{stage - 1}"
    convolution = f"{path}.interaction.dynamic_conv"
    hooks = [
        Hook("attended", f"{path}.norm1", lambda inputs, output: output[0, proposal].float()),
        Hook("cells", f"{path}.interaction", lambda inputs, output: inputs[1][proposal].float()),
        Hook("filters", f"{convolution}.filters", lambda inputs, output: output[proposal].float()),
        Hook("once", f"{convolution}.norm1", lambda inputs, output: elu(output[proposal].float())),
        Hook("twice", f"{convolution}.norm2", lambda inputs, output: elu(output[proposal].float())),
    ]

    def on_device(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(spotter.device)[None]

    levels = [on_device(level) for level in trace.levels]
    boxes, features = on_device(trace.boxes[stage - 1]), on_device(trace.proposal_features[stage - 1])
    with record_activations(spotter.model, hooks) as found, torch.inference_mode(), autocast(spotter):
        output = module(levels, boxes, features)
        mask = spotter.model.mask_code.decode(output.mask_vector[0, proposal].float())
    values = {name: recorded[0].cpu().numpy() for name, recorded in found.items()}
    side, channels = trace.config.roi_size, features.shape[2]
    first, second = np.split(values["filters"], 2)

    def as_map(cells: np.ndarray) -> np.ndarray:
        """(s * s, K) -> (K, s, s)."""
        return cells.T.reshape(-1, side, side)

    return StageRun(
        before=trace.proposal_features[stage - 1, proposal].astype(np.float32),
        attended=values["attended"],
        cells=as_map(values["cells"]),
        first_filter=first.reshape(channels, -1),
        second_filter=second.reshape(-1, channels),
        filtered_once=as_map(values["once"]),
        filtered_twice=as_map(values["twice"]),
        after=output.proposal_features[0, proposal].float().cpu().numpy(),
        score=float(output.class_logits[0, proposal, 0].float().sigmoid()),
        box=output.boxes[0, proposal].float().cpu().numpy(),
        mask=mask.float().cpu().numpy(),
    )


def image_feature(trace: Trace) -> np.ndarray:
    """(C,) float32: each level of the pyramid averaged over all its cells, and the four added up."""
    return np.sum([level.astype(np.float32).mean((1, 2)) for level in trace.fpn_levels], axis=0)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Of the angle between two vectors; 1: the same direction."""
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))


def draw_stage_inside(trace: Trace, run: StageRun, stage: int, proposal: int) -> tuple[Image.Image, str]:
    """The eight steps, in the order in which they are computed."""
    high = max(float(np.abs(values).max()) for values in (run.before, run.attended, run.after))
    first_high = float(np.abs(run.first_filter).max())
    side, dim = run.cells.shape[1], run.first_filter.shape[1]
    box = trace.boxes[stage - 1, proposal]
    seen = linked(crop(trace.image, box, SIDE, SIDE), "bins", (1 / side, 1 / side))
    steps = [
        titled(
            feature_picture(run.before, high),
            tr("1  f_prop comes in"),
            tr("{number} numbers", number=len(run.before)),
        ),
        titled(
            draw_partners(trace, stage, proposal),
            tr("2  self-attention"),
            tr("pink: what it attends to most"),
        ),
        titled(feature_picture(run.attended, high), tr("3  f_prop, attended"), tr("red above 0, blue below")),
    ]
    filters = [
        titled(
            signed(run.first_filter.T, first_high, SIDE),
            tr("4  writes filter 1"),
            f"{len(run.before)} × {dim}",
        ),
        titled(
            signed(run.second_filter, float(np.abs(run.second_filter).max()), SIDE),
            tr("   and filter 2"),
            f"{dim} × {len(run.before)}",
        ),
        titled(seen, tr("5  its box"), tr("pooled to {side} × {side} bins", side=side)),
        titled(
            bins(run.cells),
            tr("   RoI features"),
            tr("{side} × {side} × {channels}, energy", side=side, channels=len(run.cells)),
        ),
    ]
    results = [
        titled(bins(run.filtered_once), tr("6  times filter 1"), f"{side} × {side} × {dim}"),
        titled(bins(run.filtered_twice), tr("   times filter 2"), f"{side} × {side} × {len(run.before)}"),
        titled(feature_picture(run.after, high), tr("7  the next f_prop"), tr("all bins to one feature")),
        titled(
            draw_move(trace, run, stage, proposal), tr("8  box and mask"), tr("white before, orange after")
        ),
    ]
    picture = tiles([tiles(steps, 3), tiles(filters, 4), tiles(results, 4)], 1)
    before = f"{trace.scores[stage - 2, proposal]:.2f}" if stage > 1 else tr("none")
    return picture, tr(
        "Stage {stage} on proposal {proposal} in eight steps: its feature, self-attention, two filters of "
        "{channels} by {dim}, the {side} by {side} bins of its box before and after them, the next "
        "feature, and the box it predicts; score {before} before, {after:.2f} after.",
        stage=stage,
        proposal=proposal,
        channels=len(run.before),
        dim=dim,
        side=side,
        before=before,
        after=run.score,
    )


def feature_picture(values: np.ndarray, high: float) -> Image.Image:
    """A feature (C,) as a square of numbers, row by row."""
    rows = max(1, int(np.sqrt(len(values))))
    columns = -(-len(values) // rows)
    square = np.full(rows * columns, np.nan, np.float32)
    square[: len(values)] = values
    return signed(square.reshape(rows, columns), high, SIDE)


def signed(values: np.ndarray, high: float, side: int) -> Image.Image:
    """Numbers (h, w) of both signs, from -`high` to `high`, as a square picture."""
    picture = Image.fromarray(colourise(values, -high, high, SIGNED))
    picture = picture.resize((side, side), Image.Resampling.NEAREST)
    rows, columns = values.shape
    return linked(picture, f"numbers {rows} {columns}", (1 / columns, 1 / rows), values=values)


def bins(features: np.ndarray) -> Image.Image:
    """Energy of the bins of a box, (K, s, s)."""
    energy = np.sqrt(np.square(features).mean(0))
    side = len(energy)
    picture = grow(colourise(energy, 0, float(energy.max())), SIDE)
    return linked(picture, "bins", (1 / side, 1 / side), values=energy)


def draw_partners(trace: Trace, stage: int, proposal: int) -> Image.Image:
    """The photo with the proposal, and those it attends to most."""
    picture, scale = photo_canvas(trace.image, PHOTO_WIDTH, dim=0.35)
    draw = Drawing(picture, "RGBA")
    boxes = trace.boxes[stage - 1] * scale
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    for other, weight in attended_proposals(trace, stage, proposal):
        draw.line([*map(tuple, middles[[proposal, other]])], fill=(*PINK, 230), width=1 + round(10 * weight))
        outline(draw, corners_of(boxes[other]), PINK, 1)
        label(draw, tuple(middles[other]), f"{weight:.2f}", 11)
    outline(draw, corners_of(boxes[proposal]), ORANGE, 2)
    return picture.resize((round(picture.width * SIDE / picture.height), SIDE), Image.Resampling.BILINEAR)


def draw_move(trace: Trace, run: StageRun, stage: int, proposal: int) -> Image.Image:
    """The box before and after, around the place it is at, with the mask that the stage predicts."""
    before = trace.boxes[stage - 1, proposal]
    corner, end = np.minimum(before[:2], run.box[:2]), np.maximum(before[2:], run.box[2:])
    room = MARGIN * np.maximum(end - corner, 8)
    view = np.concatenate([corner - room, end + room])
    zoom = SIDE / (view[2:] - view[:2])
    picture = crop(trace.image, view, SIDE, SIDE)
    x1, y1, x2, y2 = (int(v) for v in ((run.box.reshape(2, 2) - view[:2]) * zoom).ravel())
    inner = (max(x1, 0), max(y1, 0), min(x2, SIDE), min(y2, SIDE))
    if inner[2] - inner[0] > 1 and inner[3] - inner[1] > 1:
        part = picture.crop(inner)
        picture.paste(blend_map(part, run.mask, 1.0, 0.5), inner[:2])
    draw = Drawing(picture, "RGBA")
    for box, colour in ((before, (255, 255, 255)), (run.box, ORANGE)):
        outline(draw, corners_of((box - np.tile(view[:2], 2)) * np.tile(zoom, 2)), colour, 2)
    return picture


def partner_weights(trace: Trace, stage: int, proposal: int) -> tuple[float, float]:
    """How much of its attention a proposal gives to itself, and to its five strongest partners."""
    weights = trace.stage_attention[stage - 1, proposal].astype(np.float32)
    return float(weights[proposal]), sum(weight for _, weight in attended_proposals(trace, stage, proposal))
