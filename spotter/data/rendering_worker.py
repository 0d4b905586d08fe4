"""The worker processes of `renderers`: they render scenes into shared memory."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import cv2
import numpy as np
import torch

from spotter.charset import Charset
from spotter.data.curriculum import SceneKind
from spotter.data.targets import MAP_STRIDE
from spotter.data.word_arrays import WordArrays, encode_words
from spotter.types import GroundTruth

SIGNALS = signal.SIGINT, signal.SIGTERM

Render = Callable[[SceneKind, int], tuple[np.ndarray, list[GroundTruth]]]


@dataclass(frozen=True)
class Failure:
    """The answer of a worker that cannot render a scene, or cannot start."""

    sentence: str
    at_start: bool = False


def scene_bytes(kind: SceneKind) -> int:
    """Bytes of the image and the text map of one scene."""
    return kind.height * kind.width * 3 + (kind.height // MAP_STRIDE) * (kind.width // MAP_STRIDE)


def slot_arrays(slot: Any, kind: SceneKind) -> tuple[np.ndarray, np.ndarray]:
    """The image (3, H, W) and the text map (H/4, W/4) in a slot, both uint8."""
    pixels = kind.height * kind.width * 3
    memory = np.frombuffer(slot, np.uint8)
    text_map = memory[pixels : scene_bytes(kind)].reshape(kind.height // MAP_STRIDE, -1)
    return memory[:pixels].reshape(3, kind.height, kind.width), text_map


def run_worker(connection: Connection, slots: list[Any], job: bytes, niceness: int) -> None:
    """The worker process: renders the requested scenes until the pipe ends, as it does with the parent.

    job: pickled render function, kinds, charset and number of ids per text.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # the training process ends its workers itself
    os.nice(niceness)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    with suppress(EOFError, OSError):  # the training process has closed the pipe, or is dead
        _answer_requests(connection, slots, job)
    os._exit(0)  # at once: unloading the libraries takes seconds


def _answer_requests(connection: Connection, slots: list[Any], job: bytes) -> None:
    try:
        render, kinds, charset, steps = pickle.loads(job)
    except Exception as error:
        connection.send(Failure(_sentence(error), at_start=True))
        return
    while True:
        slot, kind, number = connection.recv()
        answer: WordArrays | Failure
        try:
            answer = _render(render, kinds[kind], number, charset, steps, slots[slot])
        except Exception as error:
            answer = Failure(_sentence(error))
        connection.send(answer)


def _render(
    render: Render, kind: SceneKind, number: int, charset: Charset, steps: int, slot: Any
) -> WordArrays:
    """Renders a scene into a slot and returns its words."""
    image, regions = render(kind, number)
    if image.shape != (kind.height, kind.width, 3) or image.dtype != np.uint8:
        raise ValueError(
            f"an image of shape {image.shape} and type {image.dtype} was rendered instead of "
            f"{(kind.height, kind.width, 3)} uint8"
        )
    words, text_map = encode_words(regions, kind.width, kind.height, charset, steps)
    pixels, cells = slot_arrays(slot, kind)
    pixels[:] = image.transpose(2, 0, 1)
    cells[:] = text_map
    return words


def _sentence(error: Exception) -> str:
    return str(error) or type(error).__name__
