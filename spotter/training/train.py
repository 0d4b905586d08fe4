"""The training loop: one process or many (`torchrun`), stoppable at any time, resumable bit for bit in its
data order.
"""

from __future__ import annotations

import csv
import json
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import asdict, replace
from functools import partial
from itertools import islice
from pickle import UnpicklingError

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from spotter.predictor import fast_bfloat16
from spotter.training.dataset import Batches, batches
from spotter.training.start import Settings, TrainingError, build, parameter_groups, seen_before

LOG_EVERY = 20  # steps
HEADS_LEARNING_RATE = 5e-3


def learning_rate_factor(step: int, warmup: int, steps: int) -> float:
    """Linear warm-up, then a cosine from 1 to 0.01."""
    if step < warmup:
        return (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, steps - warmup))
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))


def moving_average(decay: float, average: list[Tensor], now: list[Tensor], count: Tensor) -> None:
    """Exponential moving average in place; short at first, so that it soon forgets the untrained network."""
    warm = (1 + float(count)) / (10 + float(count))
    torch._foreach_lerp_(average, now, 1 - min(decay, warm))


class Trainer:
    """Holds the state of a run: model, average, optimizer, and the number of the next batch."""

    def __init__(self, settings: Settings, resume: bool = False) -> None:
        """Raises TrainingError when there is nothing to resume or a checkpoint does not fit."""
        self.settings = s = settings
        self.rank = dist.get_rank() if dist.is_initialized() else 0
        self.world = dist.get_world_size() if dist.is_initialized() else 1
        self.device = torch.device(s.device)
        self.checkpoint = s.folder / "checkpoint.pt"
        if resume and not self.checkpoint.is_file():
            raise TrainingError(f"There is no checkpoint to resume in {s.folder}.")
        if not resume and self.checkpoint.exists():
            raise TrainingError(
                f"{s.folder} holds a run already: continue it with --resume or name another folder."
            )
        self.training = build(s).to(self.device)
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.training, s.weight_decay), lr=s.learning_rate, betas=(0.9, 0.98), fused=True
        )
        self.average = AveragedModel(self.training.model, multi_avg_fn=partial(moving_average, s.ema))
        self.step, self.next_batch, self.images, self.words, self.seconds = 0, 0, 0, 0, 0.0
        if resume:
            self.load()
        elif s.start_from:
            self.images, self.words, self.seconds = seen_before(s.start_from)
        c = s.config
        self.dataset = Batches(
            s.curriculum, c.characters, c.max_steps, c.mask_size, s.backgrounds, s.data, s.fonts
        )
        if s.start_from and not resume:
            self.learn_heads()
        self.wrapped = (
            DistributedDataParallel(self.training, find_unused_parameters=True)
            if self.world > 1
            else self.training
        )
        if self.rank == 0:
            s.folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(asdict(s), indent=1, default=str)
            (s.folder / "settings.json").write_text(text, encoding="utf-8")

    def learn_heads(self) -> None:
        """The auxiliary heads learn, alone, to tell what the pyramid of the weights to begin with shows:
        weights hold no such heads, and the gradients of new ones would spoil the pyramid.
        """
        s = self.settings
        dataset = copy(self.dataset)
        dataset.curriculum = replace(s.curriculum, features_until=0, pyramid=1.0)
        heads = [*self.training.text_head.parameters(), *self.training.character_head.parameters()]
        optimizer = torch.optim.AdamW(heads, lr=HEADS_LEARNING_RATE)
        source = islice(batches(dataset, 0, 1, s.workers), s.heads)
        self.training.eval()
        for batch in tqdm(source, "auxiliary heads", s.heads, disable=self.rank > 0, mininterval=5):
            with torch.autocast(self.device.type, torch.bfloat16, enabled=fast_bfloat16(self.device)):
                with torch.no_grad():
                    levels = self.training.model.look(list(batch.images))[0]
                loss = sum(self.training.dense_losses(levels, batch).values())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

    def state(self) -> dict:
        return {
            "training": self.training.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "counts": {
                "step": self.step,
                "next_batch": self.next_batch,
                "images": self.images,
                "words": self.words,
                "seconds": self.seconds,
            },
        }

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
            raise TrainingError(f"The checkpoint in {self.settings.folder} is of another network.") from error
        if not self.training.model.mask_code.fitted:
            raise TrainingError("The checkpoint's mask code is all zero; it was never fitted.")
        torch.set_rng_state(state["random"].cpu())
        for name, value in state["counts"].items():
            setattr(self, name, value)

    def run(self, progress: bool = True) -> bool:
        """Train until the minutes or the steps are over, or a signal asks to stop; then write the checkpoint.

        Returns False when it was a signal.

        Raises TrainingError on a loss that is not finite; the last good checkpoint stays.
        """
        with signals_noted() as asked:
            self._run(progress, asked)
        return not asked

    def _run(self, progress: bool, asked: list[int]) -> None:
        s = self.settings
        started = saved = time.monotonic()
        before = self.seconds
        source = batches(self.dataset, self.next_batch + self.rank, self.world, s.workers)
        self.training.train()
        sums: dict[str, list[float]] = {}  # of the steps that had this loss
        bar = tqdm(
            total=s.steps,
            initial=self.step,
            unit="step",
            disable=not progress or self.rank > 0,
            mininterval=5,
        )
        while self.step < s.steps:
            now = time.monotonic()
            self.seconds = before + now - started
            if self.should_stop(bool(asked) or now - started > 60 * s.minutes):
                break
            batch = next(source)
            losses = self.update(batch)
            for name, value in losses.items():
                sums.setdefault(name, []).append(value)
            if self.step % LOG_EVERY == 0:
                means = {name: sum(values) / len(values) for name, values in sums.items()}
                self.log(means)
                bar.set_postfix(
                    {k: f"{v:.2f}" for k, v in means.items() if k in ("recognition", "giou", "characters")}
                )
                sums = {}
            bar.update()
            if now - saved > 60 * s.checkpoint_minutes:
                self.save()
                saved = now
        bar.close()
        self.save()

    def should_stop(self, mine: bool) -> bool:
        """Whether any process has to stop: all must stop at the same step."""
        if self.world == 1:
            return mine
        flag = torch.tensor(float(mine))
        dist.all_reduce(flag)
        return bool(flag > 0)

    def update(self, batch) -> dict[str, float]:
        """One step; returns the losses and their total."""
        s = self.settings
        factor = learning_rate_factor(self.step, s.warmup, s.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = s.learning_rate * factor
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast_bfloat16(self.device)):
            losses = self.wrapped(batch)
        total = sum(losses.values())
        values = {name: float(value.detach()) for name, value in losses.items()} | {
            "total": float(total.detach())
        }
        if not self.all_finite(total):
            bad = [name for name, value in values.items() if not math.isfinite(value)]
            raise TrainingError(
                f"The loss is not finite at step {self.step} ({', '.join(bad) or 'another process'}). "
                f"The last good checkpoint is {self.checkpoint}; resume it with a lower learning rate."
            )
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = nn.utils.clip_grad_norm_(self.training.parameters(), s.clip)
        if math.isfinite(float(norm)):
            self.optimizer.step()
        self.average.update_parameters(self.training.model)
        self.step += 1
        self.next_batch += self.world
        self.images += len(batch.images) * self.world
        self.words += batch.words * self.world
        return values | {"gradient": float(norm)}

    def all_finite(self, total: Tensor) -> bool:
        flag = (~torch.isfinite(total.detach())).float().cpu()
        if self.world > 1:
            dist.all_reduce(flag)
        return not bool(flag)

    def log(self, means: dict[str, float]) -> None:
        """A line of log.csv; columns are those of the first line."""
        if self.rank:
            return
        path = self.settings.folder / "log.csv"
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
def signals_noted() -> Iterator[list[int]]:
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


def distributed(backend: str = "gloo"):
    """Joins the processes that `torchrun` started; a context that does nothing for a single process."""
    if not dist.is_torchelastic_launched():
        return nullcontext()
    dist.init_process_group(backend)

    class Group:
        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None:
            dist.destroy_process_group()

    return Group()
