"""Batches of one training process, rendered ahead by processes of a DataLoader."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterator

import cv2
import torch
from torch.utils.data import DataLoader, Sampler

from spotter.data.datasets import BatchDataset
from spotter.data.targets import Batch

PREFETCH = 6  # batches per rendering process that are rendered ahead


class RenderingProcessError(RuntimeError):
    """A rendering process died; `load_batches` can be called again for the same batches."""


class NumberSampler(Sampler[tuple[int, float]]):
    """(first, progress), (first + step, progress), ... without an end: the batches of one process."""

    def __init__(self, first: int, step: int, progress: Callable[[int], float]) -> None:
        """progress: of the run at a batch's number; called when the batch is requested."""
        self.first, self.step, self.progress = first, step, progress

    def __iter__(self) -> Iterator[tuple[int, float]]:
        number = self.first
        while True:
            yield number, self.progress(number)
            number += self.step


def load_batches(
    dataset: BatchDataset, first: int, step: int, workers: int, progress: Callable[[int], float]
) -> Generator[Batch, None, None]:
    """Batches first, first + step, ...; rendered ahead by `workers` processes (0: in this one), which end
    with the generator.

    Raises:
        RenderingProcessError: a process died; raised within seconds.
        ValueError: a process cannot read its data; one sentence.
    """
    source = iter(
        DataLoader(
            dataset,
            batch_size=None,
            sampler=NumberSampler(first, step, progress),
            num_workers=workers,
            worker_init_fn=_initialise_worker,
            prefetch_factor=PREFETCH if workers else None,
            multiprocessing_context="spawn" if workers else None,
            generator=torch.Generator(),  # its own: the loader's draw must not move the trainer's generator
        )
    )
    if workers and threading.current_thread() is threading.main_thread():
        # The loader's handler would raise in the middle of a training step.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield from source
    except Exception as error:
        text = str(error).strip()
        if "Original Traceback" in text:  # of a process, with the sentence at its end
            raise ValueError(text.splitlines()[-1].partition(": ")[2]) from error
        # A process may die while one of its batches is being received.
        if workers and ("DataLoader worker" in text or isinstance(error, ConnectionError | EOFError)):
            raise RenderingProcessError(f"A rendering process died ({text or 'end of data'})") from error
        raise
    finally:
        if workers:  # now: the garbage collector may keep them until the interpreter ends
            source._shutdown_workers()  # type: ignore[attr-defined]  # of the iterator with processes


def _initialise_worker(_: int) -> None:
    """One thread; and a signal to the whole group is for the trainer, which ends its workers itself."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
