"""Weights on disk: safetensors with the config in its metadata, and a model card (JSON) next to it. Nothing
is unpickled.
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
from spotter.language import tr
from spotter.model.spotter import SwinTextSpotter
from spotter.resources import ASSETS

FOLDER = ASSETS / "weights"
# Old module names in weights that were written before the modules were renamed.
RENAMED_MODULES = {"conversion.enter.": "conversion.stem.", "conversion.leave.": "conversion.output_block."}


class WeightsError(ValueError):
    """Unusable weights; the message is one sentence for the user."""


def weights_path(weights: str | Path) -> Path:
    """The file of built-in weights ("nano") or a path. Raises WeightsError if it does not exist."""
    built_in = FOLDER / f"{weights}.safetensors"
    path = built_in if built_in.is_file() else Path(weights)
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.safetensors"))) or tr("none")
        raise WeightsError(
            tr(
                "There are no weights {weights!r}: give a .safetensors file or a built-in name ({known}).",
                weights=str(weights),
                known=known,
            )
        )
    return path


def checksum(path: Path) -> str:
    """The sha256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save_weights(model: SwinTextSpotter, path: Path, card: dict, half: bool = False) -> dict:
    """Writes the model and its card (`path` with .json); returns the card with the checksum. `half`: as
    float16.
    """
    state = {
        name: (tensor.half() if half and tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in model.state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file(state, partial, {"config": json.dumps(model.config.to_json())})
    partial.chmod(0o644)  # safetensors makes it private
    partial.replace(path)
    card = {**card, "sha256": checksum(path)}
    path.with_suffix(".json").write_text(
        json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return card


def current_name(name: str) -> str:
    """The name of a stored tensor in today's `state_dict`."""
    for old, new in RENAMED_MODULES.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name


def stored_names(weights: str | Path) -> set[str]:
    """The names of the tensors in weights. Raises WeightsError if there are none."""
    with safe_open(weights_path(weights), "pt") as file:
        return {current_name(name) for name in file.keys()}  # noqa: SIM118  # not a dict


def load_weights(weights: str | Path) -> tuple[SwinTextSpotter, dict]:
    """The model in evaluation mode (float32) and its card. Raises WeightsError with one sentence.

    Tensors are copied part by part, so that memory stays well below twice that of the model. If there is a
    card, its sha256 must be that of the file; otherwise the card has only name and sha256.
    """
    path = weights_path(weights)
    digest = checksum(path)
    card_file = path.with_suffix(".json")
    try:
        card = json.loads(card_file.read_text(encoding="utf-8")) if card_file.is_file() else {}
    except ValueError as error:
        raise WeightsError(tr("The model card {file} is not valid JSON.", file=card_file)) from error
    if not isinstance(card, dict):
        raise WeightsError(tr("The model card {file} is not a JSON object.", file=card_file))
    if card.get("sha256", digest) != digest:
        raise WeightsError(
            tr(
                "{file} is not the file described by its model card (sha256 differs); download it again.",
                file=path.name,
            )
        )
    try:
        with safe_open(path, "pt") as file:
            config = json.loads((file.metadata() or {})["config"])
            stored_names = {current_name(name): name for name in file.keys()}  # noqa: SIM118  # not a dict
        model = SwinTextSpotter(SpotterConfig.from_json(config))
    except Exception as error:  # not a safetensors file, or an invalid config
        raise WeightsError(
            tr("{file} is not a weights file of this project (.safetensors with its config).", file=path.name)
        ) from error
    state = model.state_dict()
    if mismatched := set(stored_names) ^ set(state):
        raise WeightsError(
            tr(
                "{file} does not fit the architecture at {name!r}.",
                file=path.name,
                name=sorted(mismatched)[0],
            )
        )
    # The file is mapped into memory: reopening it for each part releases the pages read before.
    for _, part in groupby(sorted(stored_names), lambda name: name.split(".")[:2]):
        with safe_open(path, "pt") as file, torch.no_grad():
            for name in part:
                tensor = file.get_tensor(stored_names[name])
                if tensor.shape != state[name].shape:
                    raise WeightsError(
                        tr(
                            "{name!r} in {file} has shape {shape}.",
                            name=name,
                            file=path.name,
                            shape=tuple(tensor.shape),
                        )
                    )
                if not tensor.isfinite().all():
                    raise WeightsError(
                        tr("{name!r} in {file} holds values that are not finite.", name=name, file=path.name)
                    )
                state[name].copy_(tensor)
    return model.eval(), {"name": path.stem, **card, "sha256": digest}
