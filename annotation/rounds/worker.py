"""The process that runs a round: prepares its photos, trains, judges.

    python -m annotation.rounds.worker --database URL --round ID        (or the same under torchrun)

job.json lies in the round's folder; progress, changes, weights and result are written there, the result last.
SIGTERM ends it after the current step or image; the same command then continues.
"""

from __future__ import annotations

import argparse
import errno
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import cv2
import torch
import torch.distributed as dist

from annotation.rounds.config import RoundConfig
from annotation.rounds.cross_validation import CrossValidation
from annotation.rounds.finetune import cores
from annotation.rounds.memory_limit import limit_memory
from annotation.rounds.records import Job
from annotation.rounds.reporting import Reporter, StopRequested
from annotation.rounds.round_folder import RoundFolder, rounds_folder
from annotation.rounds.stages import RoundStages
from annotation.store.store import Store
from spotter.data.renderers import RenderingError
from spotter.language import tr
from spotter.memory import RETAINED_IN_TRAINING, retain_freed_memory
from spotter.training.distributed import get_rank, get_world_size, process_group
from spotter.training.errors import TrainingError
from spotter.training.stop_signals import catch_stop_signals

OUT_OF_MEMORY = ("allocate memory", "out of memory", "MemoryError")  # in messages of PyTorch


def round_config(job: Job) -> RoundConfig:
    """Raises TypeError if a setting is unknown."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in job.config.items()}
    return RoundConfig(**values)


def run_round(folder: RoundFolder, database: str, job: Job, device: str, reporter: Reporter) -> None:
    """Runs or continues a round. Raises StopRequested, or an error in one sentence (see `main`)."""
    if folder.verdict() is not None:  # it was killed just before it said so
        return
    kind = CrossValidation if job.folds else RoundStages
    stages = kind(folder, job, round_config(job), device, reporter)
    first = get_rank() == 0
    if first:
        with Store(database) as store:
            stages.prepare(store)
    if get_world_size() > 1:
        dist.barrier()
    if not stages.train():
        raise StopRequested
    if first:
        stages.judge()


def explain(error: BaseException, gigabytes: float) -> str:
    """What went wrong, in one sentence."""
    text = str(error)
    if isinstance(error, MemoryError) or any(each in text for each in OUT_OF_MEMORY):
        return tr(
            "There is too little memory: the round may use {number:g} GB (max_gigabytes of its settings).",
            number=gigabytes,
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return tr("The disk is full; make room, then resume the round.")
    if isinstance(error, TrainingError | RenderingError | ValueError | OSError):
        return text
    first = text.splitlines()[0] if text else "no message"
    return tr("The round failed ({kind}: {message}).", kind=type(error).__name__, message=first)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m annotation.rounds.worker", description="Runs a round.")
    parser.add_argument("--database", required=True, metavar="URL")
    parser.add_argument("--round", required=True, type=int, metavar="ID")
    options = parser.parse_args(arguments)
    folder = RoundFolder(rounds_folder(options.database) / str(options.round))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    gigabytes = RoundConfig.max_gigabytes
    with catch_stop_signals() as signals:
        reporter = Reporter(folder, signals)
        try:
            job = folder.job()
            gigabytes = round_config(job).max_gigabytes
            if device == "cpu":  # CUDA reserves address space far beyond what it uses
                limit_memory(gigabytes)
            retain_freed_memory(RETAINED_IN_TRAINING)
            torch.set_num_threads(cores())
            cv2.setNumThreads(1)
            with process_group(device) as device:
                run_round(folder, options.database, job, device, reporter)
        except StopRequested:
            reporter.end("stopped", tr("Stopped; the round can be resumed."))
            return 0
        except Exception as error:
            traceback.print_exc()
            sentence = explain(error, gigabytes)
            print(sentence, file=sys.stderr)
            reporter.end("failed", sentence)
            return 1
        reporter.end("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
