"""Train a spotter.

python -m spotter.training --preset nano --minutes 60 [--resume] [--data FOLDER ...]
torchrun --nproc-per-node 2 -m spotter.training ...        (the same on two processes)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import torch

from spotter.config import PRESETS
from spotter.memory import KEPT_IN_TRAINING, keep_freed_memory
from spotter.training.dataset import Curriculum
from spotter.training.start import Settings, TrainingError
from spotter.training.train import Trainer, distributed
from spotter.weights import WeightsError


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m spotter.training", description=__doc__.splitlines()[0])
    p.add_argument("--preset", choices=sorted(PRESETS), default="nano")
    p.add_argument("--name", default="nano", help="name of the run; its folder is runs/NAME")
    p.add_argument("--minutes", type=float, default=60.0, help="stop after so many minutes")
    p.add_argument(
        "--steps", type=int, default=10_000, help="steps of the whole run (end of the learning rate's cosine)"
    )
    p.add_argument("--resume", action="store_true", help="continue the run from its checkpoint")
    p.add_argument(
        "--start-from", metavar="W", help="weights to begin with: built-in name or .safetensors file"
    )
    p.add_argument(
        "--data", nargs="*", default=[], metavar="FOLDER", help="annotated photographs (ICDAR 2015 form)"
    )
    p.add_argument(
        "--photographs", type=float, default=0.3, help="share of annotated photographs, with --data"
    )
    p.add_argument("--backgrounds", metavar="FOLDER", help="photographs behind rendered text")
    p.add_argument("--fonts", metavar="FOLDER", help="more fonts, those of Fontsource (`make .venv/fonts`)")
    p.add_argument("--learning-rate", type=float, default=1e-3)
    p.add_argument("--batch", type=int, default=8, help="images a step and process")
    p.add_argument("--scene", type=int, default=320, help="pixels a side of a scene")
    p.add_argument("--large", type=float, default=0.0, help="share of batches with large scenes")
    p.add_argument("--large-scene", type=int, default=640, help="pixels a side of a large scene")
    p.add_argument(
        "--features", type=int, default=0, metavar="BATCHES", help="train only the pyramid at first"
    )
    p.add_argument(
        "--pyramid", type=float, default=0.0, help="share of the later batches that train only the pyramid"
    )
    p.add_argument(
        "--reading", type=float, default=0.0, help="share of batches without the detector's losses"
    )
    p.add_argument("--easy", type=int, default=0, metavar="BATCHES", help="only easy scenes at first")
    p.add_argument("--mixed", type=int, default=1, metavar="BATCHES", help="few easy scenes from here on")
    p.add_argument("--workers", type=int, default=1, help="processes that render ahead")
    p.add_argument("--threads", type=int, default=1, help="threads of the computation")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--device", default="cpu")
    return p


def main(arguments: list[str] | None = None) -> int:
    o = parser().parse_args(arguments)
    keep_freed_memory(KEPT_IN_TRAINING)
    torch.set_num_threads(o.threads)
    cv2.setNumThreads(1)
    settings = Settings(
        config=PRESETS[o.preset](),
        folder=Path("runs") / o.name,
        minutes=o.minutes,
        steps=o.steps,
        learning_rate=o.learning_rate,
        workers=o.workers,
        backgrounds=o.backgrounds,
        fonts=o.fonts,
        data=tuple(o.data),
        start_from=o.start_from,
        device=o.device,
        curriculum=Curriculum(
            size=o.batch,
            features_until=o.features,
            pyramid=o.pyramid,
            reading=o.reading,
            mixed_from=o.easy,
            mixed_full=o.mixed,
            scene=o.scene,
            large=o.large,
            large_scene=o.large_scene,
            photographs=o.photographs if o.data else 0.0,
            seed=o.seed,
        ),
    )
    try:
        with distributed():
            trainer = Trainer(settings, o.resume)
            trainer.run()
    except (TrainingError, WeightsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
