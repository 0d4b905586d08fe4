"""Inference in the order of the published code, as a reference: the same words, slower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from spotter.model.reader import END, Reader
from spotter.model.spotter import SwinTextSpotter
from spotter.types import Conversion, Reading, Spotting, Word

PerRegion = TypeVar("PerRegion", Conversion, Reading)


class ReferenceInference(SwinTextSpotter):
    """A model that shares the layers of another one and runs them in the published order.

    All top proposals are converted and read, duplicates too, before the score threshold is applied; words
    are decoded one after another.
    """

    def __init__(self, model: SwinTextSpotter) -> None:
        nn.Module.__init__(self)
        vars(self).update(vars(model))

    def forward(self, images: list[Tensor], threshold: float | None = None) -> Spotting:
        """As `SwinTextSpotter.forward`, for one image."""
        threshold = self.config.score_threshold if threshold is None else threshold
        detection = self.detect(images)
        regions = self.select_regions(detection, -1.0, deduplicate=False)
        conversion, features = self.gated_features(self.pool_regions(detection.levels, regions), regions)
        reading = read_word_by_word(self.reader, features)
        duplicate = (regions.proposal_index[:, None] == regions.proposal_index[None]).tril(-1).any(1)
        selected = (regions.scores > threshold) & ~duplicate
        return Spotting(
            detection,
            regions[selected],
            select_rows(conversion, selected),
            select_rows(reading, selected),
        )


def select_rows(values: PerRegion, selected: Tensor) -> PerRegion:
    """The rows of all fields where `selected` (R,) bool is True."""
    return replace(values, **{field.name: getattr(values, field.name)[selected] for field in fields(values)})


def read_word_by_word(reader: Reader, features: Tensor) -> Reading:
    """Masked features (R, C, H, W) -> Reading; as published, keys are computed again at every step."""
    encoded = reader.encode(features)
    count, steps = len(encoded), reader.max_steps
    ids = torch.zeros(count, steps, dtype=torch.long)
    probabilities = torch.zeros(count, steps, reader.classes)
    attentions = torch.zeros(count, steps, encoded.shape[1])
    for r in range(count):
        word = encoded[r : r + 1]
        hidden = word.new_zeros(1, reader.hidden)
        previous = torch.full((1,), END)
        for step in range(steps):
            embedding = reader.embedding(reader.character_code[previous])
            hidden, attention = reader.step(hidden, embedding, reader.attention.key(word), word)
            probability = reader.softmax(reader.classify(hidden))
            previous = reader.argmax(probability)
            ids[r, step], probabilities[r, step] = previous[0], probability[0]
            attentions[r, step] = attention[0]
            if previous[0] == END:
                break
    return Reading(ids, probabilities, attentions, encoded)


def same_words(a: Sequence[Word], b: Sequence[Word], pixels: float = 1.0) -> bool:
    """Whether words have equal texts and boxes that differ by less than `pixels`, in the given order."""
    return [word.text for word in a] == [word.text for word in b] and all(
        np.abs(np.subtract(x.box, y.box)).max() < pixels for x, y in zip(a, b, strict=True)
    )
