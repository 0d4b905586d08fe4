"""Readers that know more characters than the usual ones: own characters of a project, such as accented
letters or Hangul syllables. Output layer and embedding grow; what they hold of known characters stays.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor

from spotter.config import own_characters
from spotter.model.reader import Reader
from spotter.model.spotter import SwinTextSpotter

UNLEARNT = -3.0  # added to the logits of new characters: at first, known ones are read as before
RATE = 20.0  # learning rate of own characters, relative to that of the rest: they begin with nothing


def extend_characters(model: SwinTextSpotter, characters: str) -> SwinTextSpotter:
    """A copy of a model that also reads the rest of `characters`, which begin with the model's.

    A letter with an accent starts as the letter without it, any other character as the mean of those known.
    """
    known = model.config.classes
    if len(characters) + 1 == known:
        return model
    extended = SwinTextSpotter(replace(model.config, characters=characters))
    state = model.state_dict()
    like = [_base_class(c, model.config.characters) for c in characters[known - 1 :]]
    grown = extended.reader.state_dict()
    code = torch.eye(len(characters) + 1)
    code[:known, :known] = state["reader.character_code"]
    grown["character_code"] = code
    embedding = state["reader.embedding.weight"]
    of_known = state["reader.character_code"] @ embedding.T  # (known, embedding), without the bias
    grown["embedding.weight"] = torch.cat([embedding, _start(of_known, like).T], 1)
    for name, offset in (("classify.weight", 0.0), ("classify.bias", UNLEARNT)):
        rows = state[f"reader.{name}"]
        grown[name] = torch.cat([rows, _start(rows, like) + offset])
    names = ("character_code", "embedding.weight", "classify.weight", "classify.bias")
    extended.load_state_dict(state | {f"reader.{name}": grown[name] for name in names})
    return extended.train(model.training)


def _start(rows: Tensor, like: Iterable[int | None]) -> Tensor:
    """The rows with which new classes start; `like`: the known class that each resembles."""
    mean = rows.mean(0)
    return torch.stack([mean if i is None else rows[i] for i in like])


def _base_class(character: str, known: str) -> int | None:
    """The class of a letter without its accents; None if it is not known."""
    base = unicodedata.normalize("NFD", character)[0]
    return known.index(base) + 1 if base in known else None


class OwnRows:
    """While a reader with own characters is trained, their rows learn at RATE times the learning rate, and
    those of the usual characters stay as they are, bit for bit.
    """

    def __init__(self, reader: Reader, characters: str, optimizer: torch.optim.Optimizer) -> None:
        """Does nothing without own characters."""
        own = set(own_characters(characters))
        self.ids = torch.tensor([i for i, c in enumerate(characters, 1) if c in own], dtype=torch.long)
        # With the dimension of the classes; the bias of the embedding belongs to all of them.
        self.parameters = [
            (reader.character_code, 0),
            (reader.embedding.weight, 1),
            (reader.embedding.bias, None),
            (reader.classify.weight, 0),
            (reader.classify.bias, 0),
        ]
        self.before: list[Tensor] = []
        if len(self.ids):
            optimizer.register_step_pre_hook(self.remember)
            optimizer.register_step_post_hook(self.correct)

    def remember(self, *_: object) -> None:
        self.before = [parameter.detach().clone() for parameter, _ in self.parameters]

    @torch.no_grad()
    def correct(self, *_: object) -> None:
        for (parameter, dim), before in zip(self.parameters, self.before, strict=True):
            if dim is not None:
                ids = self.ids.to(parameter.device)
                step = parameter.index_select(dim, ids) - before.index_select(dim, ids)
                before.index_add_(dim, ids, step, alpha=RATE)
            parameter.copy_(before)
