"""Two steps of a tiny run on several processes; each rank leaves its parameters in the run's folder.

python -m torch.distributed.run --nproc-per-node 2 tests/training/ddp_run.py WEIGHTS FOLDER
"""

import sys
from pathlib import Path

import torch

from spotter.training.dataset import Curriculum
from spotter.training.start import Settings
from spotter.training.train import Trainer, distributed
from spotter.weights import load_weights

if __name__ == "__main__":
    weights, folder = sys.argv[1:]
    torch.set_num_threads(1)
    settings = Settings(
        config=load_weights(weights)[0].config,
        folder=Path(folder),
        steps=2,
        learning_rate=1e-2,
        warmup=1,
        workers=0,
        start_from=weights,
        heads=0,
        curriculum=Curriculum(size=2, scene=160),
    )
    with distributed():
        trainer = Trainer(settings)
        trainer.run(progress=False)
        found = {
            "parameters": dict(trainer.training.named_parameters()),
            "average": dict(trainer.average.named_parameters()),
            "counts": [trainer.world, trainer.step, trainer.next_batch, trainer.images],
        }
        torch.save(found, settings.folder / f"rank{trainer.rank}.pt")
