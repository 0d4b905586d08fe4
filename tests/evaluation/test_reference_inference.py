"""The published order of things gives the same words as ours."""

from __future__ import annotations

import pytest
import torch

from spotter.evaluation.reference_inference import PublishedOrder, same_words
from spotter.evaluation.stopwatch import threshold_for
from spotter.predictor import Spotter


@pytest.mark.parametrize("words", [0, 1, 5, 1000])
def test_published_order_gives_the_same_words(tiny_model, tiny_spotter, photographs, words):
    published = Spotter(tiny_model, tiny_spotter.card, "cpu", bfloat16=False)
    published.model = PublishedOrder(tiny_model)
    threshold = threshold_for(tiny_spotter, photographs[0], words) if words else 1.0
    theirs, ours = (spotter.spot(photographs[0], threshold) for spotter in (published, tiny_spotter))
    assert len(theirs) == len(ours)
    assert same_words(theirs, ours)
    for a, b in zip(theirs, ours, strict=True):
        assert a.score == pytest.approx(b.score, abs=2e-4)
        assert a.reading_score == pytest.approx(b.reading_score, abs=2e-4)
    assert tiny_model.reader is tiny_spotter.model.reader  # put back


@torch.inference_mode()
def test_published_order_reads_every_kept_region(tiny_model, tiny_spotter, photographs):
    seen = []
    published = PublishedOrder(tiny_model)
    read = published.read_word_by_word
    published.read_word_by_word = lambda features: (seen.append(len(features)), read(features))[1]
    found = published([tiny_spotter.resize(photographs[0])], threshold=1.0)
    assert seen == [tiny_model.config.keep]
    assert len(found.regions.scores) == len(found.reading.ids) == len(found.conversion.m1) == 0


def test_words_that_differ(tiny_spotter, photographs):
    words = tiny_spotter.spot(photographs[0], 0.0)
    assert len(words) > 1
    assert same_words(words, words)
    assert not same_words(words, words[:-1])
    assert not same_words(words, words[::-1])
