"""Beam search: the most probable readings of a region; the decoder by itself goes for one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from spotter.model.reader import END, Reader

REGIONS_AT_ONCE = 16  # limits the memory


@dataclass(frozen=True)
class Candidate:
    """One reading of a region."""

    ids: list[int]  # of its characters, without the end sign
    logs: list[float]  # log-probability of each character
    log_probability: float  # of the whole, with the end sign


def beam_search(reader: Reader, encoded: Tensor, width: int) -> list[list[Candidate]]:
    """The `width` most probable readings of each region that the search finds, the best first.

    encoded: (R, P, C + width + height), from `Reader.encode`.
    """
    parts = encoded.split(REGIONS_AT_ONCE) if len(encoded) else []
    return [found for part in parts for found in _search(reader, part, width)]


def _search(reader: Reader, encoded: Tensor, width: int) -> list[list[Candidate]]:
    keys = reader.attention.key(encoded)  # (R, P, A); bfloat16 under autocast
    with torch.autocast(encoded.device.type, enabled=False):
        regions = torch.arange(len(encoded), device=encoded.device)[:, None]
        embeddings = reader.embedding(reader.character_code)
        totals = encoded.new_full((len(encoded), width), -torch.inf)
        totals[:, 0] = 0  # the empty beginning; the other beams are free
        hidden = encoded.new_zeros(*totals.shape, reader.hidden)
        ids = torch.full((*totals.shape, reader.max_steps), END, device=encoded.device)
        logs = encoded.new_zeros(ids.shape)
        previous = ids[:, :, 0]
        ended = torch.zeros_like(previous, dtype=torch.bool)
        for step in range(reader.max_steps):
            row, beam = torch.nonzero(~ended & totals.isfinite(), as_tuple=True)
            if not len(row):
                break
            state, _ = reader.step(
                hidden[row, beam], embeddings[previous[row, beam]], keys[row], encoded[row]
            )
            hidden[row, beam] = state
            log = encoded.new_full((*totals.shape, reader.classes), -torch.inf)
            log[..., END] = 0  # what has ended goes on with end signs
            log[row, beam] = reader.classify(state).log_softmax(-1)
            totals, best = (totals[:, :, None] + log).flatten(1).topk(width)
            source, previous = best // reader.classes, best % reader.classes
            hidden, ids, logs, ended = (values[regions, source] for values in (hidden, ids, logs, ended))
            ids[:, :, step] = previous
            logs[:, :, step] = log[regions, source, previous]
            ended = ended | (previous == END)
    lengths = (ids != END).sum(2)
    return [
        [Candidate(i[:n], c[:n], total) for i, c, n, total in zip(*beams, strict=True) if total > -torch.inf]
        for beams in zip(ids.tolist(), logs.tolist(), lengths.tolist(), totals.tolist(), strict=True)
    ]
