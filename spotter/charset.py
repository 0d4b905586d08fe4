"""Characters <-> class ids; id 0 starts and ends a word."""

from __future__ import annotations

import torch
from torch import Tensor


class Charset:
    """The characters of a reader, in the order of their ids from 1.

    A character may have two ids, like '~' in the published list: both decode to it, it encodes to the first.
    """

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self._ids = {character: characters.index(character) + 1 for character in characters}

    def encode(self, text: str, steps: int) -> Tensor:
        """(steps,) int64: the ids of the text, the end sign, then -1. Raises ValueError on an unknown
        character or a text of more than steps - 1 characters.
        """
        unknown = sorted(set(text) - set(self.characters))
        if unknown:
            raise ValueError(f"the reader does not know {''.join(unknown)!r}")
        if len(text) >= steps:
            raise ValueError(f"a text of {len(text)} characters is longer than {steps - 1}")
        ids = torch.full((steps,), -1)
        ids[: len(text) + 1] = torch.tensor([*(self._ids[c] for c in text), 0])
        return ids

    def decode(self, ids: list[int]) -> str:
        """The characters up to the first end sign."""
        text = []
        for i in ids:
            if i <= 0:
                break
            text.append(self.characters[i - 1])
        return "".join(text)
