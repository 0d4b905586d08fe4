"""Two steps of a tiny run on several processes; each rank writes its parameters into the run's folder.

python -m torch.distributed.run --nproc-per-node 2 tests/training/ddp_run.py WEIGHTS FOLDER
"""

import sys
from pathlib import Path

import torch

from spotter.data.data_config import DataConfig, StageConfig
from spotter.training.distributed import get_rank, process_group
from spotter.training.train_config import OptimiserConfig, TrainConfig
from spotter.training.trainer import Trainer
from spotter.weights import load_weights

if __name__ == "__main__":
    weights, folder = sys.argv[1:]
    torch.set_num_threads(1)
    with process_group("cpu") as device:
        # The clocks of the processes differ: only rank 0 finds that checkpoint and snapshot are due.
        minutes = 0.0 if get_rank() == 0 else 1e9
        config = TrainConfig(
            model=load_weights(weights)[0].config,
            steps=2,
            start_from=weights,
            heads=0,
            stages=(StageConfig("scenes", scene=160, large=0.0),),
            data=DataConfig(megapixels=2 * 160**2 / 1e6),
            optimiser=OptimiserConfig(1e-2, warmup=0.0),
            device=device,
            workers=0,
            checkpoint_minutes=minutes,
            snapshots=str(Path(folder) / "snapshots"),
            snapshot_minutes=minutes,
        )
        trainer = Trainer(config, Path(folder))
        trainer.run(progress=False)
        found = {
            "parameters": dict(trainer.training.named_parameters()),
            "average": dict(trainer.average.named_parameters()),
            "counts": [trainer.world_size, trainer.step, trainer.next_batch, trainer.images],
        }
        torch.save(found, trainer.folder / f"rank{trainer.rank}.pt")
