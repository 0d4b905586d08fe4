"""Scenes rendered by worker processes ahead of the training that shows them.

The training process requests each scene by its kind and number over a pipe to one worker, which writes it
into one of its slots of shared memory. So workers never wait for each other, and one that is killed loses
only the scenes requested from it.
"""

from __future__ import annotations

import atexit
import multiprocessing
import pickle
import signal
import time
import warnings
import weakref
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import connection as connections
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawArray
from typing import Any

import numpy as np

from spotter.charset import Charset
from spotter.data.curriculum import SceneKind
from spotter.data.data_config import RendererConfig
from spotter.data.rendering_worker import SIGNALS, Failure, Render, run_worker, scene_bytes, slot_arrays
from spotter.data.word_arrays import WordArrays

SPAWN = multiprocessing.get_context("spawn")


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


class Renderers:
    """Worker processes that render the scenes that `request` asks for; `finished` collects them.

    A worker that dies is replaced with a warning, and a scene that cannot be rendered is skipped with a
    warning per cause; `RenderingError` is raised when that is all that happens. The workers end with
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
        """Starts the workers.

        render: picklable, and deterministic in kind and number; shares: of each kind in what is rendered, any
        positive numbers; steps: ids per text.

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

        Raises ValueError for a kind that is not in `kinds`, a negative share, or no positive one.
        """
        if unknown := set(shares) - set(self.kinds):
            raise ValueError(f"unknown kinds of scenes: {unknown}")
        if min(shares.values(), default=0) < 0 or max(shares.values(), default=0) <= 0:
            raise ValueError(f"shares must not be negative and one must be positive: {list(shares.values())}")
        self.shares = {kind: float(shares.get(kind, 0)) for kind in self.kinds}

    def state(self) -> dict[str, int]:
        """State of a checkpoint, for a run that is resumed with new scenes."""
        return {"next_number": self.next_number}

    def load_state(self, state: dict[str, int]) -> None:
        """Continues with the scene numbers of `state`; to be called before the first `request`."""
        self.next_number = state["next_number"]

    def request(self, room: Mapping[SceneKind, int] | None = None) -> None:
        """Requests scenes, numbered consecutively, from workers with free slots.

        room: maximum of each kind that may be under way (requested and not collected); None: any number.
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
        """The scenes that are finished, without waiting. A scene is valid until the iterator advances.

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
        """The kind that is furthest behind its share."""
        total = sum(self.shares[kind] for kind in kinds)
        for kind in kinds:
            self._credits[kind] += self.shares[kind] / total
        chosen = max(kinds, key=self._credits.__getitem__)
        self._credits[chosen] -= 1
        return chosen

    def _received(self, worker: _Worker, message: WordArrays | Failure) -> Iterator[RenderedScene]:
        """Yields the scene that a message announces, if it does, and frees its slot afterwards."""
        if isinstance(message, Failure) and message.at_start:
            raise RenderingError(f"The rendering workers cannot start: {message.sentence}")
        if isinstance(message, Failure):
            worker.tasks.popleft()
            self._count_error(message.sentence)
            return
        task = worker.tasks[0]
        kind = self.kinds[task.kind]
        self.scenes += 1
        self._errors_in_a_row = self._deaths_in_a_row = 0
        try:
            yield RenderedScene(kind, task.number, *slot_arrays(worker.slots[task.slot], kind), message)
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
        """Starts a new process for a dead worker; the scenes requested from it are skipped."""
        worker.connection.close()
        _join(worker.process, time.monotonic() + self.config.close_timeout)
        code = worker.process.exitcode or 0
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
            target=run_worker,
            args=(theirs, slots, self._job, self.config.niceness),
            name="renderer",
            daemon=True,
        )
        with _blocked_signals():
            process.start()
        theirs.close()  # so that the pipe ends with the worker
        return process, ours


@dataclass(frozen=True)
class _Task:
    """A scene requested from a worker."""

    slot: int
    kind: int  # index
    number: int


@dataclass(eq=False)
class _Worker:
    slots: list[Any]  # shared memory, anonymous: it is freed with the last process that uses it
    process: BaseProcess
    connection: Connection
    tasks: deque[_Task] = field(default_factory=deque)  # in the order in which they are done

    def request(self, kind: int, number: int) -> None:
        """Requests a scene in a free slot; there must be one."""
        taken = {task.slot for task in self.tasks}
        task = _Task(next(slot for slot in range(len(self.slots)) if slot not in taken), kind, number)
        self.tasks.append(task)
        with suppress(OSError):  # from a dead worker, which `finished` replaces
            self.connection.send((task.slot, task.kind, task.number))


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
