"""What is too large for a trace: parts of the network run again on its photo when a view asks, and kept while
the trace lives.
"""

from __future__ import annotations

import secrets
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from spotter.predictor import Spotter
    from spotter.tracing.trace import Trace

Value = TypeVar("Value")
MOST = 96  # values kept with a trace; the largest, the tokens of all Swin blocks, are about 12 MB of nano
_lock = Lock()
_shelves: dict[int, OrderedDict[Hashable, object]] = {}  # by id of the trace, the least used value first


def shelf_of(trace: Trace) -> OrderedDict[Hashable, object]:
    """All that is kept with a trace."""
    with _lock:
        if id(trace) not in _shelves:
            _shelves[id(trace)] = OrderedDict()
            weakref.finalize(trace, _shelves.pop, id(trace), None)
        return _shelves[id(trace)]


def kept(trace: Trace, key: Hashable) -> object | None:
    """What was computed under this key, None if nothing was."""
    shelf = shelf_of(trace)
    with _lock:
        if key in shelf:
            shelf.move_to_end(key)
        return shelf.get(key)


def keep(trace: Trace, key: Hashable, value: Value) -> Value:
    """Keeps a value as long as the trace lives, at the cost of the least used one when there are many."""
    shelf = shelf_of(trace)
    with _lock:
        shelf[key] = value
        shelf.move_to_end(key)
        while len(shelf) > MOST:
            shelf.popitem(last=False)
    return value


def once(trace: Trace, key: Hashable, make: Callable[[], Value]) -> Value:
    """The value kept under the key, made now if there is none."""
    found = kept(trace, key)
    return keep(trace, key, make()) if found is None else found


def name_of(trace: Trace) -> str:
    """What tells a trace from every other one; it says nothing of the trace."""
    return once(trace, "name", lambda: secrets.token_hex(8))


def network_image(spotter: Spotter, image: np.ndarray) -> Tensor:
    """(h, w, 3) uint8 of a trace -> (3, h, w) float32 0..255: what the network was given."""
    import torch

    return torch.from_numpy(image).permute(2, 0, 1).float().to(spotter.device)


def padded_size(image: np.ndarray) -> tuple[int, int]:
    """Height and width of the (h, w, 3) image after padding, which the backbone sees."""
    from spotter.model.spotter import STRIDE

    height, width = image.shape[:2]
    return -(-height // STRIDE) * STRIDE, -(-width // STRIDE) * STRIDE
