"""The training loop: one process or many (`torchrun`), on CPUs or GPUs, stoppable at any time, resumable."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from spotter.data.datasets import BatchDataset
from spotter.data.pooled_batches import PooledBatches
from spotter.data.targets import Batch
from spotter.model.spotter import SwinTextSpotter
from spotter.ops.device import has_fast_bfloat16
from spotter.ops.roi_align import set_roi_align_backend
from spotter.training.batch_stream import stream_batches
from spotter.training.checkpoint import read_checkpoint, write_checkpoint
from spotter.training.cuda_graphs import use_cuda_graphs
from spotter.training.distributed import get_rank, get_world_size, maximum_over_processes
from spotter.training.errors import TrainingError
from spotter.training.frozen_parts import freeze_all_but, set_training_mode
from spotter.training.head_warmup import warm_up_auxiliary_heads
from spotter.training.initialisation import build, training_history
from spotter.training.loss_log import LossAverages, append_to_log
from spotter.training.losses import total_loss
from spotter.training.new_characters import OwnRows
from spotter.training.optimisation import (
    MovingAverage,
    build_optimizer,
    learning_rate_factor,
    moving_average_decay,
    step_if_finite,
)
from spotter.training.report import RunReport
from spotter.training.snapshots import Snapshots
from spotter.training.stop_signals import catch_stop_signals
from spotter.training.train_config import TrainConfig

LOG_EVERY = 20  # steps; losses stay on the device until then
COUNTS = ("step", "next_batch", "images", "words", "seconds", "spent")  # in a checkpoint


class Trainer:
    """The state of a run: model, average, optimiser, and the number of the next batch."""

    def __init__(self, config: TrainConfig, folder: Path, resume: bool = False) -> None:
        """`folder`: of the run, for checkpoint.pt, log.csv and settings.json.

        Raises TrainingError if there is nothing to resume or a checkpoint does not fit, ValueError or OSError
        in one sentence if the data cannot be read.
        """
        self.config, self.folder = config, folder
        self.rank, self.world_size = get_rank(), get_world_size()
        self.device = torch.device(config.device)
        self.checkpoint = folder / "checkpoint.pt"
        if resume and not self.checkpoint.is_file():
            raise TrainingError(f"There is no checkpoint to resume in {folder}.")
        if not resume and self.checkpoint.exists():
            raise TrainingError(
                f"{folder} already holds a run: continue it with --resume or name another folder."
            )
        self.dataset = BatchDataset(config.model, config.stages, config.data, config.sources, config.seed)
        self.dataset.scenes.check()
        if self.device.type == "cuda":
            torch.set_float32_matmul_precision("high")
        set_roi_align_backend(config.roi_align)
        self.training = build(config).to(self.device)
        freeze_all_but(self.training, config.train)
        self.optimizer = build_optimizer(self.training, config.optimiser)
        OwnRows(self.training.model.reader, config.model.characters, self.optimizer)
        self.parameters = [p for p in self.training.parameters() if p.requires_grad]
        self.average = MovingAverage(self.training.model)
        if config.cuda_graphs and self.device.type == "cuda" and self.world_size == 1:
            use_cuda_graphs(self.training.model.backbone)
        self.step, self.next_batch = 0, 0
        self.images, self.words, self.seconds = 0, 0, 0.0  # including those of the initial weights
        self.spent = 0.0  # seconds of this run
        self.losses = LossAverages()
        self.pool: PooledBatches | None = None
        self.pool_state: dict[str, Any] = {}
        if resume:
            self.load_state(read_checkpoint(self.checkpoint, self.device))
        elif config.start_from:
            self.images, self.words, self.seconds = training_history(config.start_from)
        self.progress = 0.0 if config.steps else self.spent / max(60 * config.minutes, 1e-9)
        if config.start_from and config.heads and not resume:
            started = time.monotonic()
            warm_up_auxiliary_heads(self.training, config, self.device, self.autocast, self.rank == 0)
            seconds = time.monotonic() - started
            self.spent, self.seconds = self.spent + seconds, self.seconds + seconds
        self.parallel: nn.Module = self.training
        if self.world_size > 1:
            ids = [self.device.index] if self.device.type == "cuda" else None
            self.parallel = DistributedDataParallel(self.training, ids, find_unused_parameters=True)
        if self.rank == 0:
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(config.to_json(), indent=1)
            (folder / "settings.json").write_text(text, encoding="utf-8")

    def autocast(self) -> torch.autocast:
        enabled = has_fast_bfloat16(self.device) if self.config.bfloat16 is None else self.config.bfloat16
        cached = not self.config.cuda_graphs  # a graph would keep references to cached casts
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled, cache_enabled=cached)

    def state(self) -> dict[str, Any]:
        """What a checkpoint contains."""
        state = {
            "training": self.training.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "config": json.dumps(self.training.model.config.to_json()),  # with the weights' calibration
            "counts": {name: getattr(self, name) for name in COUNTS},
        }
        if self.pool is not None:
            state["pool"] = self.pool.state()
        if self.device.type == "cuda":
            state["cuda_random"] = torch.cuda.get_rng_state(self.device)
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Raises TrainingError if the state is of another network."""
        try:
            self.training.load_state_dict(state["training"])
            state["average"].pop("n_averaged", None)  # in checkpoints of earlier versions
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            raise TrainingError(f"The checkpoint in {self.folder} is of another network.") from error
        if not self.training.model.mask_code.fitted:
            raise TrainingError("The checkpoint's mask code is all zero; it was never fitted.")
        torch.set_rng_state(state["random"].cpu())
        if "cuda_random" in state and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["cuda_random"].cpu(), self.device)
        self.pool_state = state.get("pool", {})
        for name, value in state["counts"].items():
            setattr(self, name, value)

    def save(self) -> None:
        """Writes the checkpoint."""
        if self.rank == 0:
            write_checkpoint(self.checkpoint, self.state())

    def run(self, progress: bool = True) -> bool:
        """Trains until the budget is used up or a signal asks to stop; then writes the checkpoint.

        Returns False if it was a signal. `progress`: show it.

        Raises TrainingError if a loss is not finite; the last good checkpoint stays.
        """
        with catch_stop_signals() as signals, self.batches() as next_batch:
            self._run(next_batch, progress, signals)
        return not signals

    @contextmanager
    def batches(self) -> Iterator[Callable[[], Batch]]:
        """Yields a function that returns the next batch, on the device: from the pool or rendered for it."""
        first, step = self.next_batch + self.rank, self.world_size
        workers = self.config.rendering_processes()
        if not self.config.pool.shows:
            with closing(stream_batches(self.dataset, first, step, workers, self.progress_at)) as stream:
                yield lambda: next(stream).to(self.device)
            return
        with PooledBatches(self.dataset, self.config.pool, self.device, first, step, workers) as pool:
            self.pool = pool
            if self.pool_state:
                pool.load_state(self.pool_state)
            pool.prepare(self.progress_at(first))
            yield lambda: pool.next(self.progress_at)
            self.pool_state = pool.state()
        self.pool = None

    def progress_at(self, number: int) -> float:
        """Progress of the run, 0..1, for which batch `number` is made: exact with a budget in steps."""
        if self.config.steps:
            return number // self.world_size / self.config.steps
        return self.progress

    def _run(self, next_batch: Callable[[], Batch], show_progress: bool, signals: Sequence[int]) -> None:
        c = self.config
        started = saved = exported = time.monotonic()
        seconds_before, spent_before = self.seconds, self.spent
        snapshots = Snapshots(Path(c.snapshots), c, self.folder) if c.snapshots and self.rank == 0 else None
        report = RunReport(self.device, self.step, self.words)
        self.training.time_part = report.time_part
        set_training_mode(self.training, c.keep_statistics)
        show_progress = show_progress and self.rank == 0
        bar = tqdm(total=1.0, unit="run", disable=None if show_progress else True, mininterval=5)
        while True:
            now = time.monotonic()
            self.seconds, self.spent = seconds_before + now - started, spent_before + now - started
            self.progress = self.step / c.steps if c.steps else self.spent / max(60 * c.minutes, 1e-9)
            checkpoint_due, snapshot_due = self.agree_on(
                now - saved > 60 * c.checkpoint_minutes,
                snapshots is not None and now - exported > 60 * c.snapshot_minutes,
            )
            if self.should_stop(bool(signals)):
                break
            report.begin_step()
            with report.time_part("data"):
                batch = next_batch()
            self.train_step(batch, report)
            bar.update(min(self.progress, 1.0) - bar.n)
            if self.step % LOG_EVERY == 0:
                self.log()
            if show_progress and report.is_due():
                pool = self.pool.report() if self.pool is not None else ""
                tqdm.write(report.line(self.progress, self.step, self.words, pool))
            if checkpoint_due:
                self.log()
                self.save()
                saved = now
            if snapshot_due:
                self.log()
                exported = now
                if snapshots:
                    self.export(snapshots)
        bar.close()
        if show_progress:
            print(f"{self.step} steps, {self.words:,} words, {self.spent / 60:.1f} minutes: {self.folder}")
        self.log()
        self.save()
        if snapshots:
            self.export(snapshots)

    def agree_on(self, *conditions: bool) -> list[bool]:
        """Whether each condition holds on any process. What processes do together, such as `log`, must not
        depend on the clock of one of them.
        """
        return [value > 0 for value in maximum_over_processes([float(c) for c in conditions], self.device)]

    def should_stop(self, signalled: bool) -> bool:
        """Whether the budget is used up or any process received a signal. All processes stop at the same step
        and agree on the progress.
        """
        any_signalled, self.progress = maximum_over_processes([float(signalled), self.progress], self.device)
        return any_signalled > 0 or self.progress >= 1

    def train_step(self, batch: Batch, report: RunReport | None = None) -> None:
        """One step; a gradient that is not finite changes nothing. The host does not wait for a GPU."""
        config = self.config.optimiser
        time_part = (report or RunReport(self.device)).time_part
        rate = config.learning_rate * learning_rate_factor(self.progress, config)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with time_part("forward"), self.autocast():
            losses = self.parallel(batch)
            total = total_loss(losses)
        with time_part("backward"):
            self.optimizer.zero_grad(set_to_none=True)
            total.backward()
        with time_part("optimiser"):
            norm = nn.utils.clip_grad_norm_(self.parameters, config.clip)
            step_if_finite(self.optimizer, norm)
            self.average.update(moving_average_decay(self.step, config.ema))
        self.losses.add(losses | {"total": total, "gradient": norm})
        self.step += 1
        self.next_batch += self.world_size
        self.images += len(batch.images) * self.world_size
        self.words += batch.words * self.world_size

    def mean_losses(self) -> dict[str, float]:
        """Mean losses since the last call, {} after no step.

        Raises TrainingError if a loss, of any process, was not finite.
        """
        means = self.losses.fetch()
        if not means:
            return {}
        (infinite,) = maximum_over_processes([float(not math.isfinite(means["total"]))], self.device)
        if infinite:
            names = [name for name, value in means.items() if not math.isfinite(value)]
            raise TrainingError(
                f"The loss is not finite at or before step {self.step} "
                f"({', '.join(names) or 'another process'}). The last good checkpoint is {self.checkpoint}; "
                "resume it with a lower learning rate."
            )
        return means

    def log(self) -> None:
        """Appends the mean losses to log.csv. Raises TrainingError as `mean_losses` does."""
        losses = self.mean_losses()
        if self.rank == 0 and losses:
            counts = {
                "step": self.step,
                "images": self.images,
                "words": self.words,
                "minutes": round(self.seconds / 60, 2),
                "learning_rate": self.optimizer.param_groups[0]["lr"],
            }
            append_to_log(self.folder / "log.csv", counts, losses)

    def export(self, snapshots: Snapshots) -> None:
        """Writes a snapshot of the averaged weights."""
        model = cast(SwinTextSpotter, self.average.module)
        snapshots.write(model, {name: getattr(self, name) for name in COUNTS})
