"""Inference in the published order gives the same words."""

from __future__ import annotations

import pytest
import torch

from spotter.evaluation.measurements import threshold_for
from spotter.evaluation.reference_inference import ReferenceInference, same_words
from spotter.predictor import Spotter
from spotter.tracing.recorder import Hook, record_activations


@pytest.mark.parametrize("words", [0, 1, 5, 1000])
def test_reference_inference_gives_the_same_words(tiny_model, tiny_spotter, photographs, words):
    reference = Spotter(ReferenceInference(tiny_model), tiny_spotter.card, "cpu", bfloat16=False)
    threshold = threshold_for(tiny_spotter, photographs[0], words) if words else 1.0
    theirs, ours = (spotter.spot(photographs[0], threshold) for spotter in (reference, tiny_spotter))
    assert len(theirs) == len(ours)
    assert same_words(theirs, ours)
    for a, b in zip(theirs, ours, strict=True):
        assert a.score == pytest.approx(b.score, abs=2e-4)
        assert a.reading_score == pytest.approx(b.reading_score, abs=2e-4)


@torch.inference_mode()
def test_reference_inference_reads_all_top_proposals(tiny_model, tiny_spotter, photographs):
    reference = ReferenceInference(tiny_model)
    with record_activations(reference, [Hook("read", "reader.conv", lambda i, o: len(o))]) as activations:
        found = reference([tiny_spotter.resize(photographs[0])], threshold=1.0)
    assert activations["read"] == [tiny_model.config.max_proposals]
    assert len(found.regions) == len(found.reading.ids) == len(found.conversion.m1) == 0


def test_reference_inference_shares_the_layers(tiny_model):
    reference = ReferenceInference(tiny_model)
    assert reference.config is tiny_model.config
    pairs = zip(reference.named_parameters(), tiny_model.named_parameters(), strict=True)
    assert all(name == other and a is b for (name, a), (other, b) in pairs)


def test_words_that_differ(tiny_spotter, photographs):
    words = tiny_spotter.spot(photographs[0], 0.0)
    assert len(words) > 1
    assert same_words(words, words)
    assert not same_words(words, words[:-1])
    assert not same_words(words, words[::-1])
