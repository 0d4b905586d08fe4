"""Is this the published model? Compares every tensor recorded from the published code with ours.

    python -m spotter.evaluation.parity CASE     (CASE.npz and CASE.json)

The golden weights are generated from the case's seed (`golden_weights.py` and `state_dict_schema.json` in the
same folder).

According to the schema, the decoder's position and character embeddings are identity matrices. The published
constructor sets them so, but then draws every matrix of the head again (Xavier, `_reset_parameters` of
`DynamicHead` in https://github.com/mxin262/SwinTextSpotter), including these three, and `case_public` was
recorded with the result. `constructed_tables` repeats that draw from the seed. If a case does not agree with
it, identity matrices are tried.
"""

from __future__ import annotations

import argparse
import json
import runpy
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from spotter.config import SpotterConfig, official
from spotter.convert import convert_state
from spotter.model.spotter import SwinTextSpotter
from spotter.tracing.recorder import Hook, record_activations

TOLERANCE = 1e-3  # of a tensor's largest value
RECORDED_STEPS = 40  # of the decoder, in a case
# Seed with which `case_public` was constructed, found by searching the random numbers of small seeds for the
# tables: those of seed 0 contain all three, in the order of the published head.
CONSTRUCTOR_SEED = 0
DRAWN_BEFORE = 266_177_642  # numbers the constructor draws before it redraws the head's matrices
CHUNK = 2**22  # numbers skipped at a time
DECODERS = {  # published name -> module of RecognitionConversion
    "det0": "up_detection1",
    "det1": "up_detection2",
    "det2": "output_block",
    "rec0": "up_recognition1",
    "rec1": "up_recognition2",
}
SAMPLED_VALUES = 4096  # of a large tensor, in a case


@dataclass(frozen=True)
class Options:
    """The command line."""

    case: Path


@dataclass(frozen=True)
class Difference:
    """One compared tensor."""

    name: str
    absolute: float
    relative: float  # to the largest value of the golden tensor
    agrees: bool


def constructed_tables(schema: dict) -> dict[str, Tensor]:
    """The schema's tensors of kind "identity" as the published constructor sets them, by published key."""
    generator = torch.Generator().manual_seed(CONSTRUCTOR_SEED)
    remaining, chunk = DRAWN_BEFORE, torch.empty(CHUNK)
    while remaining:
        chunk[:remaining].uniform_(generator=generator)
        remaining -= min(remaining, len(chunk))
    tables = {}
    for key, entry in schema.items():
        if not key.startswith("head.") or entry["kind"] == "buffer-fixed" or len(entry["shape"]) < 2:
            continue
        matrix = torch.empty(entry["shape"])
        torch.nn.init.xavier_uniform_(matrix, generator=generator)
        if entry["kind"] == "identity":
            tables[key] = matrix
    return tables


def golden_model(folder: Path, seed: int, proposals: int) -> SwinTextSpotter:
    """The official model with the golden weights of a seed and `constructed_tables`.

    proposals: number of top proposals that are read.
    """
    golden_weights = runpy.run_path(str(folder / "golden_weights.py"))["golden_weights"]
    schema = json.loads((folder / "state_dict_schema.json").read_text())
    published = {key: torch.from_numpy(value) for key, value in golden_weights(schema, seed).items()}
    model = SwinTextSpotter(replace(official(), max_proposals=proposals)).eval()
    published |= constructed_tables(schema)
    published |= {key: torch.tensor(0) for key in schema if key.endswith("num_batches_tracked")}
    with torch.no_grad():
        convert_state(published, model)
    return model


def module_input(inputs: tuple, output: Any) -> Any:
    return inputs[0]


def module_output(inputs: tuple, output: Any) -> Any:
    return output


def parity_hooks(config: SpotterConfig) -> list[Hook]:
    """Hooks named like the golden tensors; "swin" and "fpn" record one tensor per level."""
    hooks = [
        Hook("swin", "fpn", module_input),
        Hook("fpn", "fpn", module_output),
        Hook("rec.roi_features", "conversion", module_input),
        Hook("rec.a0", "conversion.stem", module_output),
        Hook("rc.a2", "conversion.down1", module_output),
        Hook("rc.a3", "conversion.down2", module_output),
        Hook("rc.encoder_out", f"conversion.encoder.{config.conversion_layers - 1}", module_output),
        Hook("rec.tlsam", "two_level", module_output),
        Hook("rec.masked_features", "mask_gate", module_output),
    ]
    hooks += [Hook(f"dilated.{i}.branch", f"dilated.{i}", module_output) for i in range(4)]
    for name, module in DECODERS.items():
        hooks += [
            Hook(f"rc.k_decoder_{name}.in", f"conversion.{module}", module_input),
            Hook(f"rc.k_decoder_{name}.out", f"conversion.{module}", module_output),
        ]
    return hooks


@torch.no_grad()
def our_tensors(model: SwinTextSpotter, image: Tensor, golden_boxes: Tensor) -> dict[str, Tensor]:
    """Our tensor for every golden name; regions in the golden order. `image`: (3, H, W) uint8."""
    with record_activations(model, parity_hooks(model.config)) as activations:
        detection = model.detect([image.float()])
        regions = model.select_regions(detection, threshold=-1.0, deduplicate=False)
        _, reading = model.read(detection.levels, regions, stop_early=False)
    found = {name: values[0] for name, values in activations.items()}
    found |= {f"swin.stage{i + 2}": level for i, level in enumerate(found.pop("swin"))}
    found |= {f"fpn.p{i + 2}": level for i, level in enumerate(found.pop("fpn"))}
    map_features = reading.encoded[..., : model.config.channels]  # without position codes
    found["rec.seq_encoder"] = map_features.mT.unflatten(2, model.reader.size)
    width, height = detection.image_sizes[0].tolist()
    limit = regions.boxes.new_tensor([width, height, width, height])
    boxes = regions.boxes.clamp(min=0).minimum(limit)

    distance = torch.cdist(golden_boxes, boxes, p=1)
    order: list[int] = []
    for row in distance:  # one to one: a proposal selected for both classes has two equal boxes
        row = row.clone()
        row[order] = torch.inf
        order.append(int(row.argmin()))
    per_region = ("rec.", "rc.")
    ours = {name: t[order] if name.startswith(per_region) else t for name, t in found.items()}
    ours["rc.encoder_out"] = ours["rc.encoder_out"].transpose(0, 1)  # golden: (49, R, C)
    ours["rec.tlsam"] = ours["rec.tlsam"].flatten(1, 2)
    ours["fpn.p6"] = F.max_pool2d(ours["fpn.p5"], 1, 2)
    for i, stage in enumerate(detection.stages):
        ours |= {
            f"stage.{i}.class_logits": stage.class_logits,
            f"stage.{i}.boxes": stage.boxes,
            f"stage.{i}.mask_vector": stage.mask_vector,
            f"stage.{i}.proposal_features": stage.proposal_features,
        }
    return ours | {
        "final.scores": regions.scores[order],
        "final.boxes": boxes[order],
        "final.text": reading.ids[order],
        "decoder.first_word.probabilities": reading.probabilities[order[0], :RECORDED_STEPS],
        "decoder.first_word.attention": reading.attention[order[0], :RECORDED_STEPS],
    }


def compare(case: Path) -> tuple[str, list[Difference]]:
    """Which decoder tables were used, and all tensors of CASE.npz in its order.

    Raises:
        FileNotFoundError: the case or its weights are missing.
        ValueError: a tensor has another shape.
    """
    facts = json.loads(case.with_suffix(".json").read_text())
    golden = np.load(case.with_suffix(".npz"))
    model = golden_model(case.parent, facts["seed"], facts["kept_proposals"])
    found = list(differences(model, golden, facts["shapes"]))
    if all(d.agrees for d in found):
        return "as constructed", found
    with torch.no_grad():
        for table in (model.reader.x_code, model.reader.y_code, model.reader.character_code):
            table.copy_(torch.eye(len(table)))
    return "identity matrices", list(differences(model, golden, facts["shapes"]))


def differences(model: SwinTextSpotter, golden: np.lib.npyio.NpzFile, shapes: dict) -> Iterator[Difference]:
    """One per golden tensor, in the case's order. Raises ValueError if a shape differs."""
    ours = our_tensors(model, torch.from_numpy(golden["image"]), torch.from_numpy(golden["final.boxes"]))
    for name in golden.files:
        if name == "image":
            continue
        truth, found = golden[name], ours[name].numpy()
        shape = shapes.get(name)
        if shape is not None and list(found.shape) != shape:
            raise ValueError(f"{name} has shape {list(found.shape)}, not {shape}")
        if found.shape != truth.shape:  # every n-th value was recorded
            found = found.reshape(-1)[:: max(1, found.size // SAMPLED_VALUES)]
        absolute = float(np.abs(found - truth).max())
        relative = absolute / max(float(np.abs(truth).max()), 1e-12)
        exact = name == "final.text"
        yield Difference(name, absolute, relative, absolute == 0 if exact else relative <= TOLERANCE)


def parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        "python -m spotter.evaluation.parity",
        description="Compares every tensor recorded from the published code with this model's.",
    )
    parser.add_argument("case", type=Path, help="golden case, with or without .npz")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        tables, found = compare(options.case)
    except (OSError, ValueError) as error:
        print(f"The golden case cannot be used: {error}", file=sys.stderr)
        return 2
    for d in found:
        verdict = "ok" if d.agrees else "DIFFERS"
        print(f"{d.name:36} absolute {d.absolute:9.2e}  relative {d.relative:9.2e}  {verdict}")
    agreeing = sum(d.agrees for d in found)
    print(f"{agreeing} of {len(found)} tensors agree (decoder tables: {tables})")
    return 0 if agreeing == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
