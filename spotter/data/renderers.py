"""Worker processes that render scenes ahead of the training that shows them.

The training process asks each worker over a pipe of its own for a scene of a kind and a number, to be written
into one of the worker's slots of shared memory. So workers never wait for each other, and one that is killed
takes nothing with it but the scenes it was asked for.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pickle
import signal
import time
import warnings
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import connection as connections
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawArray
from typing import Any

import cv2
import numpy as np
import torch

from spotter.charset import Charset
from spotter.data.augmentation import POINTS, WordArrays
from spotter.data.curriculum import SceneKind
from spotter.data.data_config import RendererConfig
from spotter.data.targets import MAP_STRIDE, MIN_SIDE, make_targets
from spotter.types import GroundTruth

SPAWN = multiprocessing.get_context("spawn")
SIGNALS = signal.SIGINT, signal.SIGTERM


Render = Callable[[SceneKind, int], tuple[np.ndarray, list[GroundTruth]]]


class RenderingError(RuntimeError):
    """No more scenes can be rendered; the message is one sentence that says why."""


@dataclass
class RenderedScene:
    """One scene. Its arrays lie in shared memory that is used again for the next one."""

    kind: SceneKind
    number: int
    image: np.ndarray  # (3, H, W) uint8 RGB
    text_map: np.ndarray  # (H/4, W/4) uint8: 1 text, 0 none, 255 do not care
    words: WordArrays


def encode_words(
    regions: list[GroundTruth], width: int, height: int, charset: Charset, steps: int
) -> tuple[WordArrays, np.ndarray]:
    """The regions of one image as arrays, and its dense text map, as `dataset.make_targets` draws it.

    Polygons are clamped to the image: beyond it an augmented image shows nothing. Raises ValueError for a
    polygon of more than 16 points.
    """
    regions = [r for r in regions if np.ptp(_clamped(r.polygon, width, height), 0).min() >= MIN_SIDE]
    regions.sort(key=lambda region: region.ignore, reverse=True)  # as in the targets
    targets, text_map = make_targets(regions, width, height, charset, steps, mask_size=1)
    ignored = len(targets.ignore_boxes)
    text = np.full((len(regions), steps), -1, np.int16)
    text[ignored:] = targets.text.numpy()
    centres = np.full((len(regions), steps, 2), np.nan, np.float32)
    centres[ignored:] = targets.centres.numpy()
    polygons = np.empty((len(regions), POINTS, 2), np.float32)
    for row, region in zip(polygons, regions, strict=True):
        points = _clamped(region.polygon, width, height)
        if len(points) > POINTS:
            raise ValueError(f"a polygon of {len(points)} points has more than {POINTS}")
        row[: len(points)], row[len(points) :] = points, points[-1]
    return WordArrays(polygons, text, centres, np.arange(len(regions)) < ignored), text_map


def _clamped(polygon: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.clip(polygon, 0, np.array([width, height], np.float32))


class Renderers:
    """Worker processes that render the scenes they are asked for by `request`; `finished` collects them.

    A worker that dies is replaced with a warning, and a scene that cannot be rendered is skipped with a
    warning per cause; `RenderingError` is raised when nothing else happens any more. The workers end with
    `close`, with the last reference to this object, and with its process, however that ends.
    """

    def __init__(
        self,
        render: Render,
        shares: Mapping[SceneKind, float],
        charset: Charset,
        steps: int,
        config: RendererConfig | None = None,
    ) -> None:
        """Starts the workers. render: picklable, and deterministic in kind and number; shares: of each kind
        in what is rendered, any positive numbers; steps: ids of a text.

        In a script, as with all spawned processes, this needs `if __name__ == "__main__":`.
        """
        self.config = config or RendererConfig()
        self.kinds: tuple[SceneKind, ...] = tuple(shares)
        self.steps = steps
        self.set_shares(shares)
        self.next_number = 0
        self.scenes = self.errors = self.deaths = 0  # counters
        self._errors_in_a_row = self._deaths_in_a_row = 0
        self._reported: set[str] = set()
        self._credits = dict.fromkeys(self.kinds, 0.0)
        self._job = pickle.dumps((render, self.kinds, charset, steps))
        self._workers: list[_Worker] = []
        self._close = weakref.finalize(self, _end, self._workers, self.config.close_timeout)
        atexit.register(self._close)  # before multiprocessing's own handler, which waits for the workers
        slot_bytes = max(scene_bytes(kind) for kind in self.kinds)
        for _ in range(self.config.workers):
            slots = [RawArray("B", slot_bytes) for _ in range(self.config.slots)]
            self._workers.append(_Worker(slots, *self._start(slots)))

    def __enter__(self) -> Renderers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the workers. May be called again."""
        self._close()
        atexit.unregister(self._close)

    def set_shares(self, shares: Mapping[SceneKind, float]) -> None:
        """Changes how much of each kind is rendered from now on; kinds that are missing get none.

        Raises ValueError for a kind that is not in `kinds` and unless a share is positive and none negative.
        """
        if unknown := set(shares) - set(self.kinds):
            raise ValueError(f"unknown kinds of scenes: {unknown}")
        if min(shares.values(), default=0) < 0 or max(shares.values(), default=0) <= 0:
            raise ValueError(f"shares must not be negative and one must be positive: {list(shares.values())}")
        self.shares = {kind: float(shares.get(kind, 0)) for kind in self.kinds}

    def state(self) -> dict[str, int]:
        """What a checkpoint needs for a run that goes on with new scenes."""
        return {"next_number": self.next_number}

    def load_state(self, state: dict[str, int]) -> None:
        """Continues with the scene numbers of `state`; to be called before the first `request`."""
        self.next_number = state["next_number"]

    def request(self, room: Mapping[SceneKind, int] | None = None) -> None:
        """Asks idle workers for scenes, whose numbers count up.

        room: of each kind, how many scenes may be under way (requested and not collected); None: any number.
        """
        under_way = Counter(self.kinds[task.kind] for worker in self._workers for task in worker.tasks)
        # The workers with most free slots first, so that all have something to do.
        for depth in range(self.config.slots):
            for worker in self._workers:
                if len(worker.tasks) > depth:
                    continue
                kinds = [
                    k
                    for k in self.kinds
                    if self.shares[k] and (room is None or under_way[k] < room.get(k, 0))
                ]
                if not kinds:
                    return
                kind = self._next_kind(kinds)
                under_way[kind] += 1
                worker.request(self.kinds.index(kind), self.next_number)
                self.next_number += 1

    def finished(self) -> Iterator[RenderedScene]:
        """The scenes that are finished, without waiting. A scene is valid until the next one is asked for.

        Raises RenderingError when the workers cannot start, or only die or fail.
        """
        for worker in list(self._workers):
            try:
                while worker.connection.poll():
                    yield from self._received(worker, worker.connection.recv())
            except (EOFError, OSError):
                if self._close.alive:
                    self._replace(worker)

    def wait(self, timeout: float) -> None:
        """Waits until `finished` has something to do, for at most `timeout` seconds."""
        connections.wait([worker.connection for worker in self._workers], timeout)

    def _next_kind(self, kinds: list[SceneKind]) -> SceneKind:
        """Takes turns among kinds by their shares."""
        total = sum(self.shares[kind] for kind in kinds)
        for kind in kinds:
            self._credits[kind] += self.shares[kind] / total
        chosen = max(kinds, key=self._credits.__getitem__)
        self._credits[chosen] -= 1
        return chosen

    def _received(self, worker: _Worker, message: WordArrays | _Failure) -> Iterator[RenderedScene]:
        """Yields the scene that a message announces, if it does, and frees its slot afterwards."""
        if isinstance(message, _Failure) and message.at_start:
            raise RenderingError(f"The rendering workers cannot start: {message.sentence}")
        if isinstance(message, _Failure):
            worker.tasks.popleft()
            self._count_error(message.sentence)
            return
        task = worker.tasks[0]
        kind = self.kinds[task.kind]
        self.scenes += 1
        self._errors_in_a_row = self._deaths_in_a_row = 0
        try:
            yield RenderedScene(kind, task.number, *_slot_arrays(worker.slots[task.slot], kind), message)
        finally:
            worker.tasks.popleft()

    def _count_error(self, sentence: str) -> None:
        self.errors += 1
        self._errors_in_a_row += 1
        if self._errors_in_a_row >= self.config.max_errors:
            raise RenderingError(
                f"Rendering failed {self._errors_in_a_row} times without a scene in between, at last with: "
                f"{sentence}"
            )
        if sentence not in self._reported:
            self._reported.add(sentence)
            warnings.warn(f"A scene was skipped: {sentence}", RuntimeWarning, stacklevel=3)

    def _replace(self, worker: _Worker) -> None:
        """A new process for a worker whose process is dead; what it was asked for is skipped."""
        worker.connection.close()
        _join(worker.process, time.monotonic() + self.config.close_timeout)
        code = worker.process.exitcode
        cause = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        at = f"at scene {worker.tasks[0].number}" if worker.tasks else "without a scene"
        ended = f"Rendering worker {self._workers.index(worker)} died {at} ({cause})"
        self.deaths += 1
        self._deaths_in_a_row += 1
        if self._deaths_in_a_row >= self.config.max_deaths:
            raise RenderingError(f"{ended}, the last of {self._deaths_in_a_row} without a scene in between.")
        warnings.warn(f"{ended} and is replaced.", RuntimeWarning, stacklevel=3)
        worker.tasks.clear()
        worker.process, worker.connection = self._start(worker.slots)

    def _start(self, slots: list[Any]) -> tuple[BaseProcess, Connection]:
        """A new worker process and this end of its pipe."""
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(
            target=_work, args=(theirs, slots, self._job, self.config.niceness), name="renderer", daemon=True
        )
        with _blocked_signals():
            process.start()
        theirs.close()  # so that the pipe ends with the worker
        return process, ours


@dataclass(frozen=True)
class _Task:
    """What a worker was asked for."""

    slot: int
    kind: int  # index
    number: int


@dataclass(frozen=True)
class _Failure:
    """What a worker answers instead of the words of a scene."""

    sentence: str
    at_start: bool = False


@dataclass(eq=False)
class _Worker:
    slots: list[Any]  # shared memory, anonymous: it is freed with the last process that uses it
    process: BaseProcess
    connection: Connection
    tasks: deque[_Task] = field(default_factory=deque)  # in the order in which they are done

    def request(self, kind: int, number: int) -> None:
        """Asks for a scene in a free slot; there must be one."""
        taken = {task.slot for task in self.tasks}
        task = _Task(next(slot for slot in range(len(self.slots)) if slot not in taken), kind, number)
        self.tasks.append(task)
        with suppress(OSError):  # from a dead worker, which `finished` replaces
            self.connection.send((task.slot, task.kind, task.number))


def scene_bytes(kind: SceneKind) -> int:
    """Size of the image and the text map of one scene."""
    return kind.height * kind.width * 3 + (kind.height // MAP_STRIDE) * (kind.width // MAP_STRIDE)


def _slot_arrays(slot: Any, kind: SceneKind) -> tuple[np.ndarray, np.ndarray]:
    """The image (3, H, W) and the text map (H/4, W/4) in a slot, both uint8."""
    pixels = kind.height * kind.width * 3
    memory = np.frombuffer(slot, np.uint8)
    text_map = memory[pixels : scene_bytes(kind)].reshape(kind.height // MAP_STRIDE, -1)
    return memory[:pixels].reshape(3, kind.height, kind.width), text_map


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Processes started here do not see signals to the whole group; this one gets them afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _join(process: BaseProcess, deadline: float) -> None:
    """Waits for the end of a process until `deadline` (of `time.monotonic`), then kills it."""
    process.join(max(0.0, deadline - time.monotonic()))
    if process.is_alive():
        process.kill()
        process.join()


def _end(workers: list[_Worker], timeout: float) -> None:
    for worker in workers:
        worker.connection.close()  # which ends the worker
    deadline = time.monotonic() + timeout
    for worker in workers:
        _join(worker.process, deadline)
    workers.clear()


def _work(connection: Connection, slots: list[Any], job: bytes, niceness: int) -> None:
    """The worker process: renders what it is asked for until the pipe ends, as it does with the parent."""
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
        connection.send(_Failure(_sentence(error), at_start=True))
        return
    while True:
        slot, kind, number = connection.recv()
        try:
            answer = _render(render, kinds[kind], number, charset, steps, slots[slot])
        except Exception as error:
            answer = _Failure(_sentence(error))
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
    pixels, cells = _slot_arrays(slot, kind)
    pixels[:] = image.transpose(2, 0, 1)
    cells[:] = text_map
    return words


def _sentence(error: Exception) -> str:
    return str(error) or type(error).__name__
