"""The training loop: one process or many (`torchrun`), on CPUs or GPUs, stoppable at any time, resumable."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from pickle import UnpicklingError

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from spotter.data.batch_loader import RenderingProcessError, load_batches
from spotter.data.datasets import BatchDataset
from spotter.data.pooled_batches import PooledBatches
from spotter.data.targets import Batch
from spotter.ops.roi_align import set_roi_align_backend
from spotter.predictor import fast_bfloat16
from spotter.training.cuda_graphs import use_cuda_graphs
from spotter.training.initialisation import TrainingError, build, parameter_groups, seen_before
from spotter.training.report import RunReport
from spotter.training.snapshots import Snapshots
from spotter.training.train_config import OptimiserConfig, TrainConfig

LOG_EVERY = 20  # steps; losses stay on the device until then
HEADS_LEARNING_RATE = 5e-3
MAX_DEATHS = 5  # of rendering processes, before the run ends


def learning_rate_factor(progress: float, optimiser: OptimiserConfig) -> float:
    """Linear warm-up, then a cosine from 1 to `final`; progress: of the run, 0..1."""
    warmup, final = optimiser.warmup, optimiser.final
    if progress < warmup:
        return max(final, progress / warmup)
    done = min(1.0, (progress - warmup) / (1 - warmup))
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done))


class Trainer:
    """Holds the state of a run: model, average, optimiser, and the number of the next batch."""

    def __init__(self, config: TrainConfig, folder: Path, resume: bool = False) -> None:
        """`folder`: of the run, for checkpoint.pt, log.csv and settings.json.

        Raises TrainingError when there is nothing to resume or a checkpoint does not fit, ValueError or
        OSError in one sentence when the data cannot be read.
        """
        self.config, self.folder = config, folder
        self.rank = dist.get_rank() if dist.is_initialized() else 0
        self.world = dist.get_world_size() if dist.is_initialized() else 1
        self.device = torch.device(config.device)
        self.checkpoint = folder / "checkpoint.pt"
        if resume and not self.checkpoint.is_file():
            raise TrainingError(f"There is no checkpoint to resume in {folder}.")
        if not resume and self.checkpoint.exists():
            raise TrainingError(
                f"{folder} holds a run already: continue it with --resume or name another folder."
            )
        self.dataset = BatchDataset(config.model, config.stages, config.data, config.sources, config.seed)
        self.dataset.scenes.check()
        if self.device.type == "cuda":
            torch.set_float32_matmul_precision("high")
        set_roi_align_backend(config.roi_align)
        self.training = build(config).to(self.device)
        o = config.optimiser
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.training, o.weight_decay), lr=o.learning_rate, betas=o.betas, fused=True
        )
        self.average = AveragedModel(self.training.model, multi_avg_fn=self.moving_average)
        if config.cuda_graphs and self.device.type == "cuda" and self.world == 1:
            use_cuda_graphs(self.training.model.backbone)
        self.step, self.next_batch = 0, 0
        self.images, self.words, self.seconds = 0, 0, 0.0  # with those of the initial weights
        self.spent = 0.0  # seconds of this run
        self.sums: dict[str, Tensor] = {}  # of the losses since the last line of the log
        self.counts: dict[str, int] = {}  # in how many steps each loss was computed since then
        self.pool: PooledBatches | None = None
        self.pool_state: dict = {}
        if resume:
            self.load()
        elif config.start_from:
            self.images, self.words, self.seconds = seen_before(config.start_from)
        self.progress = 0.0 if config.steps else self.spent / max(60 * config.minutes, 1e-9)
        if config.start_from and config.heads and not resume:
            self.warm_up_auxiliary_heads()
        self.wrapped: nn.Module = self.training
        if self.world > 1:
            ids = [self.device.index] if self.device.type == "cuda" else None
            self.wrapped = DistributedDataParallel(self.training, ids, find_unused_parameters=True)
        if self.rank == 0:
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(config.to_json(), indent=1)
            (folder / "settings.json").write_text(text, encoding="utf-8")

    def moving_average(self, average: list[Tensor], now: list[Tensor], _: Tensor) -> None:
        """Exponential moving average in place; short at first, to forget the untrained network soon."""
        warm = (1 + self.step) / (10 + self.step)
        torch._foreach_lerp_(average, now, 1 - min(self.config.optimiser.ema, warm))

    def autocast(self) -> torch.autocast:
        enabled = fast_bfloat16(self.device) if self.config.bfloat16 is None else self.config.bfloat16
        cached = not self.config.cuda_graphs  # a graph would hold on to cached casts
        return torch.autocast(self.device.type, torch.bfloat16, enabled=enabled, cache_enabled=cached)

    def warm_up_auxiliary_heads(self) -> None:
        """Trains only the auxiliary heads on the frozen pyramid of the initial weights: weights hold no such
        heads, and the gradients of new ones would spoil the pyramid.
        """
        c = self.config
        last = replace(c.stages[-1], until=1.0, features=1.0)
        dataset = BatchDataset(c.model, (last,), c.data, c.sources, c.seed)
        started = time.monotonic()
        heads = [*self.training.text_head.parameters(), *self.training.character_head.parameters()]
        optimizer = torch.optim.AdamW(heads, lr=HEADS_LEARNING_RATE)
        source = islice(load_batches(dataset, 0, 1, self.config.rendering_processes(), lambda _: 0.0), c.heads)
        self.training.eval()
        for batch in tqdm(source, "auxiliary heads", c.heads, disable=self.rank > 0, mininterval=5):
            batch = batch.to(self.device)
            with self.autocast():
                with torch.no_grad():
                    levels = self.training.model.look(batch.images)[0]
                loss = sum(self.training.dense_losses(levels, batch).values())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        seconds = time.monotonic() - started
        self.spent, self.seconds = self.spent + seconds, self.seconds + seconds

    def state(self) -> dict:
        names = ("step", "next_batch", "images", "words", "seconds", "spent")
        state = {
            "training": self.training.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "config": json.dumps(self.training.model.config.to_json()),  # with the weights' calibration
            "counts": {name: getattr(self, name) for name in names},
        }
        if self.pool is not None:
            state["pool"] = self.pool.state()
        if self.device.type == "cuda":
            state["cuda_random"] = torch.cuda.get_rng_state(self.device)
        return state

    def save(self) -> None:
        """Write the checkpoint; a crash meanwhile leaves the old one whole."""
        if self.rank == 0:
            partial = self.checkpoint.with_suffix(".partial")
            torch.save(self.state(), partial)
            partial.replace(self.checkpoint)

    def load(self) -> None:
        try:
            state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        except (UnpicklingError, RuntimeError, EOFError, ValueError) as error:
            raise TrainingError(f"{self.checkpoint} is damaged or no checkpoint of a run.") from error
        try:
            self.training.load_state_dict(state["training"])
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

    def run(self, progress: bool = True) -> bool:
        """Train until the budget is used up or a signal asks to stop; then write the checkpoint.

        Returns False when it was a signal.

        Raises TrainingError on a loss that is not finite; the last good checkpoint stays.
        """
        with catch_stop_signals() as asked, self.source() as next_batch:
            self._run(next_batch, progress, asked)
        return not asked

    @contextmanager
    def source(self) -> Iterator[Callable[[], Batch]]:
        """What gives one batch after the other, on the device."""
        c = self.config
        first = self.next_batch + self.rank
        if c.pool.shows:
            workers = c.rendering_processes()
            with PooledBatches(self.dataset, c.pool, self.device, first, self.world, workers) as pool:
                self.pool = pool
                if self.pool_state:
                    pool.load_state(self.pool_state)
                pool.prepare(self.progress_at(first))
                yield lambda: pool.next(self.progress_at)
                self.pool_state = pool.state()
            self.pool = None
        else:
            with closing(self.stream()) as stream:
                yield lambda: next(stream).to(self.device)

    def stream(self) -> Generator[Batch, None, None]:
        """The batches of this process, each rendered for one step. Rendering processes that die are replaced:
        a batch is the same whoever renders it.

        Raises TrainingError when they die again and again, ValueError when the data cannot be read.
        """
        workers = self.config.rendering_processes()
        for death in range(MAX_DEATHS):
            first = self.next_batch + self.rank
            try:
                yield from load_batches(self.dataset, first, self.world, workers, self.progress_at)
            except RenderingProcessError as error:
                tqdm.write(f"{error}; rendering goes on with new ones ({death + 1} of {MAX_DEATHS}).")
        raise TrainingError(f"The rendering processes died {MAX_DEATHS} times: is there too little memory?")

    def progress_at(self, number: int) -> float:
        """Progress of the run, 0..1, for which batch `number` is made: exact with a budget in steps."""
        if self.config.steps:
            return number // self.world / self.config.steps
        return self.progress

    def _run(self, next_batch: Callable[[], Batch], progress: bool, asked: list[int]) -> None:
        c = self.config
        started = saved = snapped = time.monotonic()
        before = self.seconds, self.spent
        snapshots = Snapshots(Path(c.snapshots)) if c.snapshots and self.rank == 0 else None
        report = RunReport(self.device, (self.step, self.words))
        self.training.part = report.part
        self.training.train()
        bar = tqdm(total=1.0, unit="run", disable=None if progress and not self.rank else True, mininterval=5)
        while True:
            now = time.monotonic()
            self.seconds, self.spent = (value + now - started for value in before)
            self.progress = self.step / c.steps if c.steps else self.spent / max(60 * c.minutes, 1e-9)
            if self.should_stop(bool(asked)):
                break
            report.begin_step()
            with report.part("data"):
                batch = next_batch()
            self.update(batch, report)
            bar.update(min(self.progress, 1.0) - bar.n)
            if self.step % LOG_EVERY == 0:
                self.log(self.fetch_losses())
            if progress and self.rank == 0 and report.is_due():
                tqdm.write(report.line(self))
            if now - saved > 60 * c.checkpoint_minutes:
                self.log(self.fetch_losses())
                self.save()
                saved = now
            if snapshots and now - snapped > 60 * c.snapshot_minutes:
                self.log(self.fetch_losses())
                snapshots.write(self)
                snapped = now
        bar.close()
        if progress and self.rank == 0:
            print(f"{self.step} steps, {self.words:,} words, {self.spent / 60:.1f} minutes: {self.folder}")
        self.log(self.fetch_losses())
        self.save()
        if snapshots:
            snapshots.write(self)

    def should_stop(self, asked: bool) -> bool:
        """Whether the budget is used up or any process was asked to stop. All processes stop at the same step
        and agree on the progress.
        """
        if self.world > 1:
            both = torch.tensor([float(asked), self.progress], device=self.device)
            dist.all_reduce(both, dist.ReduceOp.MAX)
            any_asked, self.progress = both.tolist()
            asked = any_asked > 0
        return asked or self.progress >= 1

    def update(self, batch: Batch, report: RunReport | None = None) -> None:
        """One step. A gradient that is not finite changes nothing; nothing here waits for a GPU."""
        o = self.config.optimiser
        part = (report or RunReport(self.device)).part
        rate = o.learning_rate * learning_rate_factor(self.progress, o)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with part("forward"), self.autocast():
            losses = self.wrapped(batch)
            total = sum(losses.values())
        with part("backward"):
            self.optimizer.zero_grad(set_to_none=True)
            total.backward()
        with part("optimiser"):
            norm = nn.utils.clip_grad_norm_(self.training.parameters(), o.clip)
            # As GradScaler does: the fused optimiser then leaves parameters and moments as they are.
            self.optimizer.found_inf = (~norm.isfinite()).float()
            self.optimizer.step()
            self.average.update_parameters(self.training.model)
        self.add_losses(losses | {"total": total, "gradient": norm})
        self.step += 1
        self.next_batch += self.world
        self.images += len(batch.images) * self.world
        self.words += batch.words * self.world

    @torch.no_grad()
    def add_losses(self, losses: dict[str, Tensor]) -> None:
        """Adds losses of one step to the sums, on the device."""
        for name, value in losses.items():
            value = value.detach().float()
            self.sums[name] = self.sums[name] + value if name in self.sums else value
            self.counts[name] = self.counts.get(name, 0) + 1

    def fetch_losses(self) -> dict[str, float]:
        """Mean losses since the last call, {} after no step; in one copy from the device.

        Raises TrainingError when a loss, of any process, was not finite.
        """
        if not self.sums:
            return {}
        values = torch.stack(list(self.sums.values())).tolist()
        means = {name: value / self.counts[name] for name, value in zip(self.sums, values, strict=True)}
        self.sums, self.counts = {}, {}
        if not self.all_finite(means["total"]):
            bad = [name for name, value in means.items() if not math.isfinite(value)]
            raise TrainingError(
                f"The loss is not finite at or before step {self.step} "
                f"({', '.join(bad) or 'another process'}). The last good checkpoint is {self.checkpoint}; "
                "resume it with a lower learning rate."
            )
        return means

    def all_finite(self, total: float) -> bool:
        flag = torch.tensor(float(not math.isfinite(total)), device=self.device)
        if self.world > 1:
            dist.all_reduce(flag)
        return not bool(flag)

    def log(self, means: dict[str, float]) -> None:
        """A line of log.csv; columns are those of the first line."""
        if self.rank or not means:
            return
        path = self.folder / "log.csv"
        row = {
            "step": self.step,
            "images": self.images,
            "words": self.words,
            "minutes": round(self.seconds / 60, 2),
            "learning_rate": self.optimizer.param_groups[0]["lr"],
        }
        names = ["text_map", "characters", "classification", "l1", "giou", "mask", "dice", "recognition"]
        row |= {
            name: round(means.get(name, math.nan), 4)
            for name in [*names, "guided_attention", "seen_characters", "total", "gradient"]
        }
        columns = list(row)
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                columns = next(csv.reader(file), columns)
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
            if not file.tell():
                writer.writeheader()
            writer.writerow(row)


@contextmanager
def catch_stop_signals() -> Iterator[list[int]]:
    """SIGINT and SIGTERM are collected in the list instead of ending the process, so that the step under way
    is finished first. Outside the main thread, where Python allows no handler, nothing is collected.
    """
    asked: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        numbers = ()
    before = {number: signal.signal(number, lambda received, _: asked.append(received)) for number in numbers}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def distributed(device: str) -> Iterator[str]:
    """Joins the processes that `torchrun` started, through NCCL on GPUs and gloo on CPUs; yields the device
    of this process. A single process gets back its device.
    """
    if not dist.is_torchelastic_launched():
        yield device
        return
    gpu = device.startswith("cuda")
    if gpu:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if gpu else "gloo")
    try:
        yield device
    finally:
        dist.destroy_process_group()
