"""The network run in the order of the published code, to compare ours with: the same words, later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spotter.model.spotter import SwinTextSpotter
from spotter.types import Reading, Regions, Spotting, Word


class PublishedOrder:
    """A spotter's network run as the published code runs it, in place of `Spotter.model`.

    All kept regions are converted and read, twins too, and only then compared with the threshold; words are
    decoded one after another, the features projected anew at every character. Nothing else differs.
    """

    def __init__(self, model: SwinTextSpotter) -> None:
        self.network, self.config = model, model.config

    def __call__(self, images: list[Tensor], threshold: float | None = None) -> Spotting:
        """As `SwinTextSpotter.forward`, for one image."""
        network = self.network
        threshold = self.config.score_threshold if threshold is None else threshold
        detection = network.detect(images)
        regions = network.keep(detection, -1.0, drop_twins=False)
        reader, network.reader = network.reader, Keep()
        try:  # everything before the decoder, of all regions
            conversion, masked = network.read(detection.levels, regions)
        finally:
            network.reader = reader
        reading = self.read_word_by_word(masked)
        twin = (regions.proposal_index[:, None] == regions.proposal_index[None]).tril(-1).any(1)
        chosen = (regions.scores > threshold) & ~twin
        return Spotting(
            detection,
            Regions(**{name: value[chosen] for name, value in vars(regions).items()}),
            type(conversion)(**{name: value[chosen] for name, value in vars(conversion).items()}),
            Reading(**{name: value[chosen] for name, value in vars(reading).items()}),
        )

    def read_word_by_word(self, features: Tensor) -> Reading:
        """Masked features (R, C, H, W) -> Reading of R regions."""
        reader = self.network.reader
        encoded = reader.encode(features)
        steps = reader.max_steps
        ids = torch.zeros(len(encoded), steps, dtype=torch.long)
        probabilities = torch.zeros(len(encoded), steps, reader.classes)
        attentions = torch.zeros(len(encoded), steps, encoded.shape[1])
        for r in range(len(encoded)):
            word = encoded[r : r + 1]
            hidden = word.new_zeros(1, reader.hidden)
            previous = torch.zeros(1, dtype=torch.long)
            for step in range(steps):
                attention = reader.attention(hidden, reader.attention.key(word))
                context = torch.bmm(attention[:, None], word).squeeze(1)
                embedding = reader.embedding(reader.character_code[previous])
                hidden = reader.gru(torch.cat([embedding, context], 1), hidden)
                probability = reader.classify(hidden).softmax(-1)
                previous = probability.argmax(-1)
                ids[r, step], probabilities[r, step] = previous[0], probability[0]
                attentions[r, step] = attention[0]
                if previous[0] == 0:
                    break
        return Reading(ids, probabilities, attentions, encoded)


class Keep(torch.nn.Module):
    """Stands in for the reader: hands on what the reader would get."""

    def forward(self, features: Tensor, given: Tensor | None = None, stop_early: bool = True) -> Tensor:
        return features


def same_words(a: Sequence[Word], b: Sequence[Word], pixels: float = 1.0) -> bool:
    """Whether texts are equal and boxes differ by less than a pixel, in the order of the scores."""
    return [word.text for word in a] == [word.text for word in b] and all(
        np.abs(np.subtract(x.box, y.box)).max() < pixels for x, y in zip(a, b, strict=True)
    )
