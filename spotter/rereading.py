"""Reads what the network is not sure of once more, with known words (see `known_words`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from spotter.charset import Charset
from spotter.config import SpotterConfig
from spotter.known_words import load_known_words
from spotter.model.beam_search import beam_search
from spotter.model.postprocess import SCORE_DECIMALS, reading_score
from spotter.model.reader import Reader
from spotter.types import Character, DrawnReading, Word

CONFIDENT_READING = 0.95  # reading_score from which the network's own reading is kept
CANDIDATES = 10  # readings that are compared

Read = TypeVar("Read", Word, DrawnReading)


@torch.inference_mode()
def reread(reader: Reader, config: SpotterConfig, words: Sequence[Read], encoded: Tensor) -> list[Read]:
    """The words, of which the unsure ones have the most probable of several readings, and its probability.

    encoded: (W, P, C + width + height), the reader's map of each word. Words stay as the network reads them
    if `config.known_word_weight` is 0, and if a candidate is not ASCII: the list is of plain Latin letters.
    """
    read = list(words)
    unsure = [i for i, word in enumerate(words) if word.reading_score < CONFIDENT_READING]
    if not config.known_word_weight or not unsure:
        return read
    charset = Charset(config.characters)
    for i, found in zip(unsure, beam_search(reader, encoded[unsure], CANDIDATES), strict=True):
        candidates = [(charset.decode(each.ids), each.log_probability) for each in found]
        if all(text.isascii() for text, _ in candidates):
            choice = load_known_words().choose(candidates, words[i].text, config.known_word_weight)
            if choice:
                best, probability = choice
                text, logs = candidates[best][0], found[best].logs
                log = math.log(probability) * config.candidate_power + _mean(logs) * config.character_power
                read[i] = _with_text(words[i], text, logs, math.exp(log))
    return read


def _mean(logs: Sequence[float]) -> float:
    return sum(logs) / max(len(logs), 1)


def _with_text(word: Read, text: str, logs: Sequence[float], probability: float) -> Read:
    """The word with another text; its characters' scores, with `probability` as their geometric mean, keep
    the order of their log-probabilities.
    """
    mean = _mean(logs)
    exponents = [log / mean if mean else 1.0 for log in logs]
    characters = [
        Character(character, round(probability**exponent, SCORE_DECIMALS))
        for character, exponent in zip(text, exponents, strict=True)
    ]
    return replace(
        word,
        text=text,
        reading_score=reading_score(characters),
        characters=characters,
        network_text=None if text == word.text else word.text,
    )
