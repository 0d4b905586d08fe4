"""Weights on disk: safetensors with the config inside and a model card (JSON) beside it. Nothing is
unpickled.
"""

from __future__ import annotations

import hashlib
import json
from itertools import groupby
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from spotter.config import SpotterConfig
from spotter.model.spotter import SwinTextSpotter

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "weights"


class WeightsError(ValueError):
    """Weights that cannot be used; the message is a sentence for the user."""


def weights_path(weights: str | Path) -> Path:
    """The file of built-in weights ("nano") or of a path. Raises WeightsError when there is none."""
    built_in = FOLDER / f"{weights}.safetensors"
    path = built_in if built_in.is_file() else Path(weights)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.safetensors"))) or "none"
        raise WeightsError(
            f"There are no weights {str(weights)!r}: give a .safetensors file or a built-in name ({known})."
        )
    return path


def checksum(path: Path) -> str:
    """sha256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_weights(model: SwinTextSpotter, path: Path, card: dict, half: bool = False) -> dict:
    """Write the model and its card (`path` with .json); returns the card with its checksum. `half`:
    float16.
    """
    state = {
        name: (tensor.half() if half and tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in model.state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file(state, partial, {"config": json.dumps(model.config.to_json())})
    partial.chmod(0o644)  # safetensors lets nobody else read it
    partial.replace(path)
    card = {**card, "sha256": checksum(path)}
    path.with_suffix(".json").write_text(
        json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return card


def load_weights(weights: str | Path) -> tuple[SwinTextSpotter, dict]:
    """The model in evaluation mode (float32) and its card. Raises WeightsError in one sentence.

    The tensors are read and copied part by part, so that memory stays well below twice that of the model.
    A card beside the file must agree with its sha256; a file without a card gets a bare one.
    """
    path = weights_path(weights)
    digest = checksum(path)
    card_file = path.with_suffix(".json")
    try:
        card = json.loads(card_file.read_text(encoding="utf-8")) if card_file.is_file() else {}
    except ValueError as error:
        raise WeightsError(f"The model card {card_file} is no valid JSON.") from error
    if not isinstance(card, dict):
        raise WeightsError(f"The model card {card_file} holds no fields.")
    if card.get("sha256", digest) != digest:
        raise WeightsError(
            f"{path.name} is not the file its model card describes (sha256 differs); fetch it again."
        )
    try:
        with safe_open(path, "pt") as file:
            config = json.loads((file.metadata() or {})["config"])
            names = sorted(file.keys())
        model = SwinTextSpotter(SpotterConfig.from_json(config))
    except Exception as error:  # no safetensors file, or a config from which no spotter can be built
        raise WeightsError(
            f"{path.name} is no weights file of this project (.safetensors with its config)."
        ) from error
    wanted = model.state_dict()
    if unknown := set(names) ^ set(wanted):
        raise WeightsError(f"{path.name} does not fit the architecture at {sorted(unknown)[0]!r}.")
    # The file is mapped into memory: opening it anew for each part lets go of what was read before.
    for _, part in groupby(names, lambda name: name.split(".")[:2]):
        with safe_open(path, "pt") as file, torch.no_grad():
            for name in part:
                tensor = file.get_tensor(name)
                if tensor.shape != wanted[name].shape:
                    raise WeightsError(f"{name!r} in {path.name} has shape {tuple(tensor.shape)}.")
                if not tensor.isfinite().all():
                    raise WeightsError(f"{name!r} in {path.name} holds values that are no finite numbers.")
                wanted[name].copy_(tensor)
    return model.eval(), {"name": path.stem, **card, "sha256": digest}
