"""Batches that are rendered for one step each, by processes that are replaced when they die."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing

from tqdm import tqdm

from spotter.data.batch_loader import RenderingProcessError, load_batches
from spotter.data.datasets import BatchDataset
from spotter.data.targets import Batch
from spotter.training.errors import TrainingError

MAX_DEATHS = 5  # of rendering processes, before the run ends


def stream_batches(
    dataset: BatchDataset, first: int, step: int, workers: int, progress: Callable[[int], float]
) -> Generator[Batch, None, None]:
    """Batches first, first + step, ... as `load_batches` returns them: the same ones after a process died.

    Raises TrainingError when processes die again and again, ValueError when the data cannot be read.
    """
    number = first
    for death in range(MAX_DEATHS):
        try:
            with closing(load_batches(dataset, number, step, workers, progress)) as source:
                for batch in source:
                    number += step
                    yield batch
        except RenderingProcessError as error:
            tqdm.write(f"{error}; rendering continues with new ones ({death + 1} of {MAX_DEATHS}).")
    raise TrainingError(f"The rendering processes died {MAX_DEATHS} times: is there too little memory?")
