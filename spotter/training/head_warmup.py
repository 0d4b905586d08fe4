"""Trains the auxiliary heads alone, before a run that starts from weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import torch
from tqdm import tqdm

from spotter.data.batch_loader import load_batches
from spotter.data.datasets import BatchDataset
from spotter.training.criterion import TrainingSpotter
from spotter.training.losses import total_loss
from spotter.training.train_config import TrainConfig

LEARNING_RATE = 5e-3
MAX_SHARE = 0.1  # of a budget in minutes


def warm_up_auxiliary_heads(
    training: TrainingSpotter,
    config: TrainConfig,
    device: torch.device,
    autocast: Callable[[], torch.autocast],
    progress: bool,
) -> None:
    """Trains only the auxiliary heads on the frozen pyramid of the initial weights, for `config.heads`
    batches or a tenth of the minutes: weights contain no such heads, and the gradients of untrained ones
    would spoil the pyramid.
    """
    end = math.inf if config.steps else time.monotonic() + MAX_SHARE * 60 * config.minutes
    stage = replace(config.stages[-1], until=1.0, features=1.0)
    dataset = BatchDataset(config.model, (stage,), config.data, config.sources, config.seed)
    heads = [*training.text_head.parameters(), *training.character_head.parameters()]
    optimizer = torch.optim.AdamW(heads, lr=LEARNING_RATE)
    source = islice(load_batches(dataset, 0, 1, config.rendering_processes(), lambda _: 0.0), config.heads)
    training.eval()
    for batch in tqdm(source, "auxiliary heads", config.heads, disable=not progress, mininterval=5):
        batch = batch.to(device)
        with autocast():
            with torch.no_grad():
                levels = training.model.extract_features(batch.images)[0]
            loss = total_loss(training.dense_losses(levels, batch))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if time.monotonic() > end:
            break
