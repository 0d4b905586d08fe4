"""The reader, one character a step: where it looks, what else it considered, and what follows a forced
character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from spotter.explain.canvas import ORANGE, blend_map, colour_bar, tiles, titled
from spotter.explain.charts import bars
from spotter.explain.topics.proposals import plain
from spotter.explain.word_crop import turn_note, word_photo

if TYPE_CHECKING:
    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

END_NAME = "end"
ALTERNATIVES = 5
WIDTH = 620


def steps(trace: Trace, word: int) -> int:
    """Steps the reader took for a word, the end sign's included."""
    return min(len(trace.words[word].text) + 1, trace.ids.shape[1])


def name_of(trace: Trace, index: int) -> str:
    """What stands for a class of the reader."""
    return END_NAME if index == 0 else trace.config.characters[index - 1]


def step_names(trace: Trace, word: int) -> list[tuple[str, int]]:
    return [(f"{t + 1}  {name_of(trace, int(trace.ids[word, t]))}", t) for t in range(steps(trace, word))]


def draw_attention(trace: Trace, word: int, step: int) -> tuple[Image.Image, str]:
    """The attention of one step over the word's crop, and of all steps as a strip."""
    photo = word_photo(trace, word, WIDTH)
    weights = trace.attention[word, step].astype(np.float32)
    height, width = weights.shape
    character = name_of(trace, int(trace.ids[word, step]))
    y, x = np.unravel_index(weights.argmax(), weights.shape)
    about = [f"strongest at column {x + 1}, row {y + 1}: {weights.max():.2f}", turn_note(trace, word)]
    large = titled(
        blend_map(photo, weights, float(weights.max()), 0.65),
        f'step {step + 1}: "{character}", attention ({height} × {width}), sums to {weights.sum():.2f}',
        "; ".join(filter(None, about)),
    )
    small = (photo.width // 5, max(24, photo.height // 5))
    thumb = photo.resize(small)
    strip = []
    for t in range(min(steps(trace, word), 20)):
        looks = trace.attention[word, t].astype(np.float32)
        small = blend_map(thumb, looks, float(looks.max()))
        if t == step:
            ImageDraw.Draw(small).rectangle(
                (0, 0, small.width - 1, small.height - 1), outline=ORANGE, width=3
            )
        strip.append(titled(small, name_of(trace, int(trace.ids[word, t]))))
    bar = colour_bar("0", f"{weights.max():.2f}", "attention of this step", 300)
    place = f"strongest at column {x + 1} of {width}"
    alt = f"Where the reader looks for character {step + 1}, {character}: {place}."
    return tiles([large, bar, tiles(strip, 5, 8)], 1), alt


def draw_alternatives(trace: Trace, word: int, step: int) -> tuple[Image.Image, str]:
    """The best characters of one step with their probabilities."""
    found = [
        (name_of(trace, int(i)), float(p))
        for i, p in zip(trace.top_ids[word, step], trace.top_probabilities[word, step], strict=True)
    ][:ALTERNATIVES]
    rows = [(name, p, f"{p:.4f}" if p >= 1e-4 else f"{p:.1e}") for name, p in found]
    picture = bars(rows, f"step {step + 1}: best {len(rows)} of {trace.config.classes} classes", strong=0)
    return picture, "; ".join(f"{name} {text}" for name, _, text in rows)


def force(spotter: Spotter, trace: Trace, word: int, step: int, index: int) -> tuple[list[int], list[float]]:
    """Ids and probabilities of the word when class `index` is fed at `step` whatever was read there.

    The steps before keep what was read; every later step reads for itself, fed with what the one before it
    read.
    """
    import torch

    from spotter.explain.interventions import reread

    ids = [int(i) for i in trace.ids[word, :step]] + [index]
    while True:
        given = torch.tensor([[*ids, 0]], device=spotter.device)[:, : trace.config.max_steps]
        probabilities = reread(spotter, trace, word, given=given).reading.probabilities[0].float()
        if ids[-1] == 0 or len(ids) >= trace.config.max_steps:
            taken = torch.tensor(ids, device=probabilities.device)
            return ids, probabilities[: len(ids)].gather(1, taken[:, None])[:, 0].tolist()
        ids.append(int(probabilities[len(ids)].argmax()))


def least_reading(trace: Trace, word: int) -> str:
    """What the word's reading score has to be."""
    least, sure, score = trace.config.reading_threshold, trace.config.sure_score, trace.words[word].score
    if not least:
        return ""
    if score >= sure:
        return f" Found as surely ({score:.2f}, at least {sure:g}), it is a word whatever is read in it."
    return f" Below {least:g} it would be no word, as it was not found surely ({score:.2f}, below {sure:g})."


def describe(trace: Trace, word: int, step: int) -> str:
    """The formula of the step with its numbers, Markdown with LaTeX."""
    weights = trace.attention[word, step].astype(np.float32)
    p = float(trace.top_probabilities[word, step, 0])
    before = name_of(trace, int(trace.ids[word, step - 1])) if step else "start"
    characters, config = trace.words[word].characters, trace.config
    temperature, power = config.reading_temperature, config.reading_power
    product = " · ".join(f"{c.score:.2f}" for c in characters)
    calibrated = ""
    if temperature != 1 or power != 1:
        calibrated = (
            f"Before a score is told, the logits are divided by a temperature of {temperature:g} and $p$ is "
            f"raised to the power {power:g} (a word is right only when all of its characters are), both "
            "fitted so that scores say how often readings are right"
            + (f": this $p$ becomes {characters[step].score:.2f}. " if step < len(characters) else ". ")
        )
    score = (
        f"The word's reading score is the geometric mean of its characters', {product}: "
        f"**{trace.words[word].reading_score:.3f}**." + least_reading(trace, word)
        if characters
        else "Nothing was read, so the word's reading score is **0**."
    )
    return (
        "$$e_i = v^\\top \\tanh(W_h h + W_f f_i), \\qquad \\alpha = \\mathrm{softmax}(e)$$\n\n"
        "$$c = \\sum_i \\alpha_i f_i, \\qquad h' = \\mathrm{GRU}([y, c],\\, h)$$\n\n"
        f"Here $y$ is the character before, **{plain(before)}**, $i$ runs over {weights.size} places, "
        f"$\\max_i \\alpha_i = {weights.max():.3f}$, and the answer has $p = {p:.4f}$. "
        f"{calibrated}{score}"
    )


def describe_forced(
    trace: Trace, word: int, step: int, index: int, ids: list[int], probabilities: list[float]
) -> str:
    """What was read with the forced character, beside the reading as it was; Markdown."""
    text = [name_of(trace, i) for i in ids if i]
    read = trace.words[word].text
    later = "".join(text[step + 1 :])
    verdict = "the rest stays as it was" if later == read[step + 1 :] else "**later characters change**"
    marked = (
        "".join(f"<u>**{plain(c)}**</u>" if t == step else plain(c) for t, c in enumerate(text))
        or "(no text)"
    )
    after = ", ".join(
        f"{name_of(trace, i)} {p:.2f}"
        for i, p in zip(ids[step + 1 :], probabilities[step + 1 :], strict=True)
    )
    return (
        f"Forced **{plain(name_of(trace, index))}** at step {step + 1} (the reader gave it p = "
        f"{probabilities[step]:.2g}): "
        f"{marked} instead of **{plain(read)}**; {verdict}. Afterwards it reads: "
        f"{plain(after) if after else 'nothing'}."
    )
