"""Beam search finds what the decoder gives, and readings that are more probable."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from spotter.model.beam_search import REGIONS_AT_ONCE, beam_search
from spotter.model.reader import Reader

CLASSES, STEPS = 4, 3


@pytest.fixture(scope="module")
def reader() -> Reader:
    torch.manual_seed(4)
    reader = Reader(8, (3, 5), 12, 7, 5, CLASSES, STEPS).eval()
    with torch.no_grad():
        for layer in (reader.conv, reader.embedding, reader.classify, reader.attention.key):
            layer.weight.mul_(6)
    return reader


@pytest.fixture(scope="module")
def encoded(reader) -> torch.Tensor:
    features = torch.randn(REGIONS_AT_ONCE + 2, 8, 4, 8, generator=torch.Generator().manual_seed(0)) * 2
    with torch.no_grad():
        return reader.encode(features)


@torch.no_grad()
def all_readings(reader: Reader, encoded: torch.Tensor) -> dict[tuple[int, ...], float]:
    """Every reading of one region with its log-probability."""
    found = {}
    for length in range(STEPS + 1):
        for ids in itertools.product(range(1, CLASSES), repeat=length):
            given = torch.tensor([[*ids, 0][:STEPS]])
            logs = reader.read_given(encoded, given).probabilities[0].log()
            found[ids] = sum(float(log[i]) for log, i in zip(logs, given[0], strict=True))
    return found


@pytest.mark.parametrize("regions", [0, 1])
@torch.no_grad()
def test_a_wide_search_finds_everything(reader, encoded, regions):
    results = beam_search(reader, encoded[:regions], 100)
    assert len(results) == regions
    for i, candidates in enumerate(results):
        expected = all_readings(reader, encoded[i : i + 1])
        assert math.fsum(math.exp(value) for value in expected.values()) == pytest.approx(1, abs=1e-4)
        found = {tuple(c.ids): c.log_probability for c in candidates}
        assert found == pytest.approx(expected, abs=1e-3)
        assert [c.log_probability for c in candidates] == sorted(found.values(), reverse=True)
        assert all(len(c.ids) == len(c.logs) for c in candidates)


@torch.no_grad()
def test_a_beam_of_one_is_the_decoder(reader, encoded):
    results = beam_search(reader, encoded, 1)
    assert len({len(candidates[0].ids) for candidates in results}) > 1
    for i, (candidate,) in enumerate(results):
        ids = torch.tensor([[*candidate.ids, 0][:STEPS]])
        reading = reader.read_given(encoded[i : i + 1], ids)
        assert reading.ids.equal(ids)
        best = reading.probabilities[0].amax(1).log()
        assert candidate.log_probability == pytest.approx(float(best.sum()), abs=1e-3)
        assert candidate.logs == pytest.approx(best[: len(candidate.ids)].tolist(), abs=1e-3)


@torch.no_grad()
def test_other_regions_do_not_matter(reader, encoded):
    (alone,) = beam_search(reader, encoded[-1:], 5)
    together = beam_search(reader, encoded, 5)[-1]
    assert [c.ids for c in alone] == [c.ids for c in together]
