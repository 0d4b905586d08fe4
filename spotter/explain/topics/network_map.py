"""Thumbnails and shapes for the map of the network: what each part computed on this photo, for this word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from spotter.explain.canvas import LIGHT_GREEN, ORANGE, PAPER, SKY, colourise, corners_of
from spotter.explain.layers import Drawing
from spotter.explain.word_crop import word_mask, word_photo
from spotter.language import tr

if TYPE_CHECKING:
    from spotter.tracing.trace import Trace

WIDTH, HEIGHT = 120, 84  # pixels of a thumbnail, about twice its size on the page
MIN_SCORE = 0.05  # of boxes that are drawn


def titles() -> dict[str, str]:
    """Of the parts of the network, in the current language."""
    return {
        "why": tr("Why one network?"),
        "photo": tr("Photo"),
        "swin": "Swin",
        "fpn": tr("Pyramid"),
        "dilated": tr("Dilated block"),
        "proposals": tr("Proposals"),
        "stage": tr("One stage"),
        "stages": tr("Six stages"),
        "matching": tr("Matching"),
        "mask": "maskK",
        "roi": "RoIAlign",
        "a": "a1 a2 a3",
        "d": "d1 d2 d3",
        "m1": "M1",
        "m2": "M2",
        "m3": "M3",
        "r1": "r1",
        "r2": "r2",
        "r3": "r3",
        "attention": tr("Attention, × maskK"),
        "decoder": tr("Decoder"),
        "text": tr("Text"),
        "hmean": tr("Was it right?"),
        "quiz": tr("Ten questions"),
    }


def thumbnails(trace: Trace, word: int | None) -> dict[str, Image.Image]:
    """A small picture per node, all from the trace; nodes of the word are left out without one."""
    pictures = {
        "photo": small_photo(trace),
        "swin": draw_windows(trace),
        "fpn": draw_pyramid(trace.fpn_levels),
        "dilated": draw_pyramid(trace.levels),
        "proposals": draw_boxes(trace, 0, word),
        "stage": draw_attention(trace),
        "stages": draw_boxes(trace, len(trace.scores), word),
    }
    if word is None:
        return pictures
    crop = fitted(word_photo(trace, word, WIDTH))
    return pictures | {
        "roi": heat(energy(trace.roi_features[word])),
        "m1": heat(trace.m1[word], 1.0),
        "m2": heat(trace.m2[word], 1.0),
        "m3": heat(trace.m3[word], 1.0),
        "r3": heat(trace.conversion_energy[word]),
        "mask": heat(word_mask(trace, word), 1.0),
        "attention": heat(trace.masked_energy[word]),
        "decoder": heat(trace.decoder_attention[word, 0]),
        "text": crop,
    }


def shapes(trace: Trace, word: int | None) -> dict[str, str]:
    """What leaves each node, as the network computed it for this photo; of the word for one word."""
    height, width = trace.image.shape[:2]
    proposals, channels = trace.boxes.shape[1], trace.proposal_features.shape[2]

    def four_maps(channels: int | str) -> str:
        return tr("4 maps × {channels}", channels=channels)

    found = {
        "photo": f"3 × {height} × {width}",
        "swin": four_maps(f"{trace.config.embed_dim}…{trace.config.embed_dim * 8}"),
        "fpn": four_maps(trace.fpn_levels[0].shape[0]),
        "dilated": four_maps(trace.levels[0].shape[0]),
        "proposals": f"{proposals} × 4",
        "features": f"{proposals} × {channels}",
        "cells": f"{channels} × {trace.config.roi_size} × {trace.config.roi_size}",
        "stages": f"{proposals} × 4",
        "vector": f"{trace.mask_vectors.shape[2]}",
    }
    if word is None:
        return found
    across, down = trace.decoder_attention.shape[2:]
    return found | {
        "roi": shape_text(trace.roi_features.shape[1:]),
        "m1": shape_text((channels, *trace.m1.shape[1:])),
        "m2": shape_text((channels, *trace.m2.shape[1:])),
        "m3": shape_text((channels, *trace.m3.shape[1:])),
        "f_prop": f"{channels}",
        "mask": shape_text(trace.mask_k.shape[1:]),
        "attention": shape_text((channels, *trace.masked_energy.shape[1:])),
        "decoder": f"{across} × {down}",
        "text": f"{len(trace.words[word].text)}",
    }


def shape_text(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def fitted(picture: Image.Image) -> Image.Image:
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)


def small_photo(trace: Trace, dim: float = 0.0) -> Image.Image:
    """The photo, stretched to a thumbnail; `dim`: how far it is darkened, 0..1."""
    picture = Image.fromarray(trace.image).resize((WIDTH, HEIGHT), Image.Resampling.BOX, reducing_gap=2.0)
    return Image.blend(picture, Image.new("RGB", picture.size, (24, 30, 40)), dim) if dim else picture


def draw_windows(trace: Trace) -> Image.Image:
    """The windows of the first stage that has few enough of them to be seen."""
    picture = small_photo(trace, 0.2)
    draw = Drawing(picture, "RGBA")
    height, width = trace.image.shape[:2]
    step = trace.config.window * 16  # of stage 3: its tokens are 16 pixels wide
    for x in np.arange(step, width, step) * WIDTH / width:
        draw.line([(x, 0), (x, HEIGHT)], fill=(*SKY, 220))
    for y in np.arange(step, height, step) * HEIGHT / height:
        draw.line([(0, y), (WIDTH, y)], fill=(*SKY, 220))
    return picture


def draw_pyramid(levels: list[np.ndarray]) -> Image.Image:
    """The energy of P2..P5, one behind the other, on one scale."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    maps = [energy(level) for level in levels]
    high = max(float(values.max()) for values in maps)
    for i in reversed(range(len(maps))):
        size = WIDTH * (13 - 2 * i) // 16, HEIGHT * (13 - 2 * i) // 16
        colours = Image.fromarray(colourise(maps[i], 0, high)).resize(size, Image.Resampling.BILINEAR)
        picture.paste(colours, (WIDTH - size[0] - WIDTH * (3 - i) // 16, HEIGHT * (3 - i) // 16))
    return picture


def draw_boxes(trace: Trace, stage: int, word: int | None) -> Image.Image:
    """The boxes after a stage (0: as learned); those of words in green, the word's own in orange."""
    picture = small_photo(trace, 0.45)
    draw = Drawing(picture, "RGBA")
    boxes = scaled(trace, stage)
    words = set(trace.proposal_index.tolist())
    own = None if word is None else int(trace.proposal_index[word])
    for i in sorted(range(len(boxes)), key=lambda i: (i in words, i == own)):
        if stage and trace.scores[stage - 1, i] < MIN_SCORE and i not in words:
            continue
        colour, alpha = (ORANGE, 255) if i == own else (LIGHT_GREEN, 255) if i in words else (SKY, 45)
        corners = [tuple(corner) for corner in corners_of(boxes[i])]
        draw.line([*corners, corners[0]], fill=(*colour, alpha), width=2 if i == own else 1)
    return picture


def scaled(trace: Trace, stage: int) -> np.ndarray:
    """(N, 4) boxes after a stage in pixels of a thumbnail."""
    height, width = trace.image.shape[:2]
    return trace.boxes[stage] * np.array([WIDTH / width, HEIGHT / height] * 2)


def draw_attention(trace: Trace) -> Image.Image:
    """Self-attention of the last stage among the proposals that became words, or of the first ones."""
    chosen = trace.proposal_index[:16] if len(trace.proposal_index) > 1 else np.arange(16)
    weights = trace.stage_attention[-1][np.ix_(chosen, chosen)].astype(np.float32)
    return heat(weights)


def energy(features: np.ndarray) -> np.ndarray:
    """(C, h, w) -> (h, w) float32, root mean square over the channels, at most about a thumbnail wide."""
    step = max(1, features.shape[2] // WIDTH)
    return np.sqrt(np.square(features[:, ::step, ::step].astype(np.float32)).mean(0))


def heat(values: np.ndarray, high: float | None = None) -> Image.Image:
    """Values (h, w) in viridis, from 0 to `high` or their maximum."""
    values = values.astype(np.float32)
    picture = Image.fromarray(colourise(values, 0, float(values.max()) if high is None else high))
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)
