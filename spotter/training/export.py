"""Exports the averaged weights of a run in half precision, with their model card.

    python -m spotter.training.export runs/nano assets/weights/nano.safetensors --figures report.json ...

In place of a run's folder, its weights may be given, as `spotter.training.snapshots` joins them.
Figures are reports of `python -m spotter.evaluation ... --json`, each named after its file, or those of
`spotter.evaluation.targets`; --mistakes takes the report of `spotter.evaluation.error_analysis`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from spotter.config import SpotterConfig
from spotter.model.spotter import SwinTextSpotter
from spotter.training.card import make_card
from spotter.training.errors import TrainingError
from spotter.training.export_options import Options, parse
from spotter.training.initialisation import load_and_extend
from spotter.weights import WeightsError, load_weights, save_weights, stored_names

MAX_BYTES = 25_000_000  # of weights that may be committed


def averaged_model(folder: Path) -> tuple[SwinTextSpotter, dict[str, Any]]:
    """The averaged spotter of a run, and the run's counts and settings. Raises TrainingError."""
    try:
        state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
        settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TrainingError(f"{folder} holds no run: {Path(error.filename).name} is missing.") from error
    model = SwinTextSpotter(SpotterConfig.from_json(json.loads(state["config"])))
    average = {k.removeprefix("module."): v for k, v in state["average"].items() if k.startswith("module.")}
    model.load_state_dict(average)
    return model.eval(), {**state["counts"], "settings": settings}


def model_and_card(run: Path, name: str) -> tuple[SwinTextSpotter, dict[str, Any]]:
    """The averaged spotter of a run, given by its folder or by its weights, and the model card.

    Raises TrainingError, WeightsError or OSError.
    """
    if run.is_file():
        model, card = load_weights(run)
        if "trained_images" not in card:
            raise TrainingError(f"{run} has no model card of a run beside it.")
        return model, {**card, "name": name}
    model, counts = averaged_model(run)
    return model, make_card(name, counts, counts["settings"], run)


def interpolate(model: SwinTextSpotter, weights: str, share: float) -> None:
    """Interpolates the model with other weights: (1 - share) * model + share * other. A fine-tuned model then
    forgets less of its initial weights (Wortsman et al. 2022, robust fine-tuning). Blocks that the other
    weights do not have are unchanged; characters that they do not know are mixed with what those start with.

    Raises TrainingError if the weights are of another network, WeightsError if there are none.
    """
    other = load_and_extend(weights, model.config).state_dict()  # raises if they do not fit
    state, stored = model.state_dict(), stored_names(weights)
    mean = {
        n: t.lerp(other[n].to(t), share) if n in stored and t.is_floating_point() else t
        for n, t in state.items()
    }
    model.load_state_dict(mean)


def export(options: Options) -> int:
    """Writes the weights and their card; returns the number of images they were trained on.

    Raises TrainingError, WeightsError, OSError or JSONDecodeError.
    """
    model, card = model_and_card(options.run, options.out.stem)
    if options.mix:
        interpolate(model, options.mix, options.share)
    model.config = replace(model.config, **options.calibration)
    figures: dict[str, Any] = {}
    for path in options.figures:
        report = json.loads(path.read_text(encoding="utf-8"))
        figures |= {path.stem: report} if "images" in report else report  # of one set, or of several
    text = ""
    if options.experiments:
        text = options.experiments.read_text(encoding="utf-8", errors="replace")
    card |= {
        "figures": figures,
        "notes": options.notes,
        "experiments": [line.strip() for line in text.splitlines() if line.strip()],
        "command": options.command,
    }
    if options.started_from:
        card["started_from"] = options.started_from
    if options.mistakes:
        card |= json.loads(options.mistakes.read_text(encoding="utf-8"))
    save_weights(model, options.out, card, half=True)
    return card["trained_images"]


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        images = export(options)
    except (TrainingError, WeightsError, OSError, json.JSONDecodeError) as error:
        print(error, file=sys.stderr)
        return 2
    size = options.out.stat().st_size
    print(f"wrote {options.out}: {size / 1e6:.1f} MB, trained on {images} images")
    if size > MAX_BYTES:
        print(f"that is more than {MAX_BYTES / 1e6:.0f} MB: too large to be committed", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
