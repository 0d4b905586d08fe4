"""Values computed after a trace was recorded, cached as long as the trace is alive."""

from __future__ import annotations

import secrets
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import is_dataclass
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from spotter.tracing.trace import Trace

Value = TypeVar("Value")
MAX_ITEMS = 96  # per trace; the largest, the tokens of all Swin blocks, takes about 12 MB with nano
_lock = Lock()
_caches: dict[int, OrderedDict[Hashable, Any]] = {}  # by id of the trace; least recently used first


def cache_of(trace: Trace) -> OrderedDict[Hashable, Any]:
    """The values cached for a trace, least recently used first."""
    with _lock:
        if id(trace) not in _caches:
            _caches[id(trace)] = OrderedDict()
            weakref.finalize(trace, _caches.pop, id(trace), None)
        return _caches[id(trace)]


def get(trace: Trace, key: Hashable) -> Any | None:
    """The cached value; None if there is none."""
    cache = cache_of(trace)
    with _lock:
        if key in cache:
            cache.move_to_end(key)
        return cache.get(key)


def put(trace: Trace, key: Hashable, value: Value) -> Value:
    """Caches a value and returns it; beyond `MAX_ITEMS` the least recently used value is dropped."""
    cache = cache_of(trace)
    with _lock:
        cache[key] = value
        cache.move_to_end(key)
        while len(cache) > MAX_ITEMS:
            cache.popitem(last=False)
    return value


def cached(trace: Trace, key: Hashable, compute: Callable[[], Value]) -> Value:
    """The cached value, computed on the first call."""
    found = get(trace, key)
    return put(trace, key, compute()) if found is None else found


def cached_bytes(trace: Trace) -> int:
    """Size of all arrays cached for a trace."""
    with _lock:
        return sum(map(_array_bytes, _caches.get(id(trace), {}).values()))


def _array_bytes(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        value = value.values()
    elif is_dataclass(value):
        value = vars(value).values()
    elif not isinstance(value, list | tuple):
        return 0
    return sum(map(_array_bytes, value))


def trace_id(trace: Trace) -> str:
    """A random id, unique to the trace."""
    return cached(trace, "id", lambda: secrets.token_hex(8))
