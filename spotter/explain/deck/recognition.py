"""Slides about recognition: Recognition Conversion and the reader."""

from __future__ import annotations

import math

import numpy as np

from spotter.explain.deck.lesson import Lesson, no_words
from spotter.explain.deck.slide import Slide
from spotter.explain.equations import agreeing
from spotter.explain.topics import conversion, conversion_steps, reading, two_level
from spotter.language import tr

LEAST_PROBABILITY = 1e-4  # whose logarithm is printed


def conversion_slide(lesson: Lesson) -> Slide:
    from spotter.tracing.interventions import GATES, gate_off, mask_off, reread

    trace, word = lesson.trace, lesson.word
    title, section = tr("Recognition Conversion"), tr("Paper, section {section}", section="3.3")
    if word is None:
        return Slide(title, section, [no_words()])
    whole = reread(lesson.spotter, trace, word)
    without = reread(lesson.spotter, trace, word, [*map(gate_off, GATES), mask_off()])
    gradients = conversion.gradients(lesson.spotter, trace, word)
    steps = conversion_steps.convert_word(lesson.spotter, trace, word)
    polygon = conversion.true_polygon(trace, word, lesson.truth)
    return Slide(
        title,
        section,
        [
            tr(
                "The gates M1 to M3 come from the detector and multiply the features of the reader, so that "
                "the loss of recognition trains the detector, too."
            ),
            conversion_steps.summarise(trace, word, steps, polygon),
            tr(
                "With all gates and maskK it reads “{whole}”, without any of them “{without}”. The gradient "
                "at the proposal feature is {joined:.2g}; with detached gates it is {detached:.2g}.",
                whole=whole.text,
                without=without.text,
                joined=gradients["none"][0],
                detached=gradients["all"][0],
            ),
        ],
        [
            r"$r_1 = a_3 \odot M_1, \quad M_i = \sigma(d_i)$",
            r"$r_2 = (E_u(r_1) + a_2) \odot M_2$",
            r"$r_3 = (E_u(r_2) + a_1) \odot M_3$",
            one_cell(steps),
        ],
        [conversion_steps.draw_steps(trace, word, steps, polygon), conversion.draw_gradients(gradients)],
    )


def one_cell(steps: conversion_steps.Steps) -> str:
    """The first conversion at the strongest cell of r1."""
    cell = np.unravel_index(steps.r[0].argmax(), steps.r[0].shape)
    feature, gate = float(steps.a[0][cell]), float(steps.gates[0][cell])
    texts, result = agreeing(lambda a, m: a * m, [feature, gate], (2, 2), 2)
    return rf"$\mathrm{{max}}\ r_1 = {texts[0]} \cdot {texts[1]} = {result}$"


def reader_slide(lesson: Lesson) -> Slide:
    trace, word = lesson.trace, lesson.word
    title = tr("The reader: one character per step")
    section = tr("Paper, section {section}", section="3.4")
    if word is None:
        return Slide(title, section, [no_words()])
    share = float(two_level.coarse_share(trace, word, 0).mean())
    return Slide(
        title,
        section,
        [
            tr(
                "In two-level attention every cell attends to the cells of its own window and to pooled "
                "cells of the windows around it ({share:.0%} of the attention here).",
                share=share,
            ),
            tr(
                "Then the decoder attends to one position after another and predicts a character each time: "
                "“{text}”, reading score {score:.2f}.",
                text=lesson.text,
                score=trace.words[word].reading_score,
            ),
        ],
        [
            r"$e_i = v^\top \tanh(W_h h + W_f f_i)$",
            r"$\alpha = \mathrm{softmax}(e), \quad c = \sum_i \alpha_i f_i$",
            r"$L_{rec} = -\frac{1}{T} \sum_t \log p_t$",
            loss(lesson, word),
        ],
        [reading.draw_attention(trace, word, 0), reading.draw_alternatives(trace, word, 0)],
    )


def loss(lesson: Lesson, word: int) -> str:
    """The loss with what was read taken as true; the mean of -log p over all steps."""
    count = reading.step_count(lesson.trace, word)
    probabilities = lesson.trace.top_probabilities[word, :count, 0].astype(float).clip(LEAST_PROBABILITY, 1)
    texts, result = agreeing(
        lambda *ps: -sum(map(math.log, ps)) / len(ps), probabilities.tolist(), [2] * count, 2
    )
    shown = texts if count <= 3 else [*texts[:2], None, texts[-1]]
    logs = " + ".join(r"\ldots" if text is None else rf"\log {text}" for text in shown)
    return rf"$= -\frac{{1}}{{{count}}}\,({logs}) = {result}$"
