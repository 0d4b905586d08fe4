"""The average of a run -> weights to ship (half precision) with their model card.

    python -m spotter.training.export runs/nano assets/weights/nano.safetensors --figures report.json ...

Figures are reports of `python -m spotter.evaluation ... --json`, each named after its file, or those of
`spotter.evaluation.targets`; what is read badly is the report of `spotter.evaluation.error_analysis`.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from spotter.config import SpotterConfig
from spotter.model.spotter import SwinTextSpotter
from spotter.training.card import make_card
from spotter.training.initialisation import TrainingError, grown
from spotter.weights import WeightsError, load_weights, save_weights

LARGEST = 25_000_000  # bytes of weights that may be committed


def averaged_model(folder: Path) -> tuple[SwinTextSpotter, dict]:
    """The averaged spotter of a run and the run's counts. Raises TrainingError in one sentence."""
    try:
        state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
        settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TrainingError(f"{folder} holds no run: {Path(error.filename).name} is missing.") from error
    model = SwinTextSpotter(SpotterConfig.from_json(json.loads(state["config"])))
    average = {k.removeprefix("module."): v for k, v in state["average"].items() if k.startswith("module.")}
    model.load_state_dict(average)
    return model.eval(), {**state["counts"], "settings": settings}


def mix(model: SwinTextSpotter, weights: str, share: float) -> None:
    """Makes of the model the weighted mean with other weights, of which `share` (0..1) is taken: a run that
    began with weights forgets less of what these knew (Wortsman et al. 2022, robust fine-tuning). Blocks that
    the weights do not have stay the run's.

    Raises TrainingError where the weights are of another network, WeightsError where there are none.
    """
    grown(weights, model.config)  # whether they fit
    state, other = model.state_dict(), load_weights(weights)[0].state_dict()
    mean = {
        n: t.lerp(other[n].to(t), share) if n in other and t.is_floating_point() else t
        for n, t in state.items()
    }
    model.load_state_dict(mean)


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m spotter.training.export", description=__doc__.splitlines()[0])
    p.add_argument("run", type=Path, help="folder of a run")
    p.add_argument("out", type=Path, help="file to write (.safetensors)")
    p.add_argument("--figures", type=Path, nargs="*", default=[], help="reports of spotter.evaluation (JSON)")
    p.add_argument("--mistakes", type=Path, help="report of spotter.evaluation.error_analysis (JSON)")
    p.add_argument("--notes", default="", help="what the weights are good for")
    p.add_argument("--experiments", type=Path, help="text file: what was tried and came out, a line each")
    p.add_argument(
        "--temperature",
        type=float,
        help="of the readings, from spotter.evaluation.calibration; default: of the initial weights, or 1",
    )
    p.add_argument("--power", type=float, help="of the readings, from there as well")
    p.add_argument("--mix", metavar="W", help="weights to take the mean with, such as those it began with")
    p.add_argument("--share", type=float, default=0.5, help="of these in the mean (0.5)")
    p.add_argument("--command", default="", help="the command that trained it")
    o = p.parse_args(arguments)
    calibration = {"reading_temperature": o.temperature, "reading_power": o.power}
    calibration = {name: value for name, value in calibration.items() if value is not None}
    if not all(value > 0 for value in calibration.values()):
        p.error("--temperature and --power must be above 0.")
    if not 0 <= o.share <= 1:
        p.error("--share must be from 0 to 1.")
    try:
        model, counts = averaged_model(o.run)
        if o.mix:
            mix(model, o.mix, o.share)
        model.config = replace(model.config, **calibration)
        figures = {}
        for path in o.figures:
            report = json.loads(path.read_text(encoding="utf-8"))
            figures |= {path.stem: report} if "images" in report else report  # of several sets
        text = o.experiments.read_text(encoding="utf-8", errors="replace") if o.experiments else ""
        experiments = [line.strip() for line in text.splitlines() if line.strip()]
        card = make_card(
            o.out.stem, counts, counts["settings"], o.run, figures, o.notes, experiments, o.command
        )
        if o.mistakes:
            card |= json.loads(o.mistakes.read_text(encoding="utf-8"))
        save_weights(model, o.out, card, half=True)
    except (TrainingError, WeightsError, OSError, json.JSONDecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    size = o.out.stat().st_size
    print(f"wrote {o.out}: {size / 1e6:.1f} MB, {counts['images']} images seen")
    if size > LARGEST:
        print(f"that is more than {LARGEST / 1e6:.0f} MB: too large to be committed", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
