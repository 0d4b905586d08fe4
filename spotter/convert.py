"""Converts a published checkpoint (detectron2 `.pth`, state dict under `model`) to safetensors, by one table.

python -m spotter.convert PUBLISHED.pth OUT.safetensors
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from spotter.config import official
from spotter.convert_options import parse
from spotter.model.spotter import SwinTextSpotter
from spotter.weights import WeightsError, save_weights

# Published name -> ours; the first match counts. {i} is a number, {rest} the remainder, None: not needed.
NAMES: list[tuple[str, str | None]] = [
    ("backbone.fpn_lateral{i+2}.{rest}", "fpn.lateral.{i}.{rest}"),
    ("backbone.fpn_output{i+2}.{rest}", "fpn.output.{i}.{rest}"),
    ("backbone.bottom_up.patch_embed.{rest}", "backbone.stem.{rest}"),
    # computed from the window
    ("backbone.bottom_up.layers.{i}.blocks.{j}.attn.relative_position_index", None),
    ("backbone.bottom_up.layers.{i}.blocks.{j}.{rest}", "backbone.stages.{i}.{j}.{rest}"),
    ("backbone.bottom_up.layers.{i}.downsample.{rest}", "backbone.merges.{i}.{rest}"),
    ("backbone.bottom_up.norm{i}.{rest}", "backbone.norms.{i}.{rest}"),
    ("pos_embeddings.weight", "proposals.features"),
    ("init_proposal_boxes.weight", "proposals.boxes"),
    ("mask_encoding.components", "mask_code.components"),
    ("mask_encoding.explained_variances", "mask_code.explained_variance"),
    ("mask_encoding.means", "mask_code.mean"),
    ("head.head_series.{i}.self_attn.in_proj_{rest}", "stages.{i}.attention.qkv.{rest}"),
    ("head.head_series.{i}.self_attn.out_proj.{rest}", "stages.{i}.attention.out.{rest}"),
    (
        "head.head_series.{i}.inst_interact.dynamic_layer.{rest}",
        "stages.{i}.interaction.dynamic_conv.filters.{rest}",
    ),
    ("head.head_series.{i}.inst_interact.out_layer.{rest}", "stages.{i}.interaction.project.{rest}"),
    ("head.head_series.{i}.inst_interact.norm3.{rest}", "stages.{i}.interaction.norm.{rest}"),
    ("head.head_series.{i}.inst_interact.{rest}", "stages.{i}.interaction.dynamic_conv.{rest}"),
    ("head.head_series.{i}.cls_module.{rest}", "stages.{i}.classify.{rest}"),
    ("head.head_series.{i}.class_logits.{rest}", "stages.{i}.classify.9.{rest}"),
    ("head.head_series.{i}.reg_module.{rest}", "stages.{i}.regress.{rest}"),
    ("head.head_series.{i}.bboxes_delta.{rest}", "stages.{i}.regress.9.{rest}"),
    ("head.head_series.{i}.mask_module.{rest}", "stages.{i}.encode_mask.{rest}"),
    ("head.head_series.{i}.mask_logits.{rest}", "stages.{i}.encode_mask.9.{rest}"),
    ("head.head_series.{i}.{rest}", "stages.{i}.{rest}"),
    ("head.rec_stage.encoder_layer.{rest}", None),  # an unused duplicate of the encoder's layers
    ("head.rec_stage.pos_encoder.pe", None),  # computed from the sizes
    ("head.rec_stage.self_attn.in_proj_{rest}", "conversion.attention.qkv.{rest}"),
    ("head.rec_stage.self_attn.out_proj.{rest}", "conversion.attention.out.{rest}"),
    ("head.rec_stage.inst_interact.dynamic_layer.{rest}", "conversion.dynamic_conv.filters.{rest}"),
    ("head.rec_stage.inst_interact.{rest}", "conversion.dynamic_conv.{rest}"),
    (
        "head.rec_stage.transformer_encoder.layers.{i}.self_attn.in_proj_{rest}",
        "conversion.encoder.{i}.attention.qkv.{rest}",
    ),
    (
        "head.rec_stage.transformer_encoder.layers.{i}.self_attn.out_proj.{rest}",
        "conversion.encoder.{i}.attention.out.{rest}",
    ),
    ("head.rec_stage.transformer_encoder.layers.{i}.{rest}", "conversion.encoder.{i}.{rest}"),
    ("head.rec_stage.TLSAM.{i}.pool_layers.0.{rest}", "two_level.{i}.pool.{rest}"),
    ("head.rec_stage.TLSAM.{i}.attn.relative_position_bias_table", "two_level.{i}.attention.fine_bias"),
    (
        "head.rec_stage.TLSAM.{i}.attn.relative_position_bias_table_to_windows.0",
        "two_level.{i}.attention.coarse_bias",
    ),
    ("head.rec_stage.TLSAM.{i}.attn.relative_position_index", None),
    ("head.rec_stage.TLSAM.{i}.attn.relative_position_index_0", None),
    ("head.rec_stage.TLSAM.{i}.attn.proj.{rest}", "two_level.{i}.attention.out.{rest}"),
    ("head.rec_stage.TLSAM.{i}.attn.{rest}", "two_level.{i}.attention.{rest}"),
    ("head.rec_stage.TLSAM.{i}.{rest}", "two_level.{i}.{rest}"),
    ("head.cnn.{i*3}.{rest}", "conversion.stem.{i}.0.{rest}"),
    ("head.cnn.{i*3+1}.{rest}", "conversion.stem.{i}.1.{rest}"),
    ("head.rec_stage.k_encoder.{i-1}.{rest}", "conversion.down{i}.{rest}"),
    ("head.rec_stage.k_decoder_det.2.{j+1}.{rest}", "conversion.output_block.block.{j}.{rest}"),
    ("head.rec_stage.k_decoder_det.{i-1}.4.{rest}", "conversion.up_detection{i}.last.{rest}"),
    ("head.rec_stage.k_decoder_det.{i-1}.{j+1}.{rest}", "conversion.up_detection{i}.block.{j}.{rest}"),
    ("head.rec_stage.k_decoder_rec.{i-1}.{j+1}.{rest}", "conversion.up_recognition{i}.block.{j}.{rest}"),
    ("head.rec_stage.seq_decoder.seq_encoder.0.{rest}", "reader.conv.{rest}"),
    ("head.rec_stage.seq_decoder.x_onehot.weight", "reader.x_code"),
    ("head.rec_stage.seq_decoder.y_onehot.weight", "reader.y_code"),
    ("head.rec_stage.seq_decoder.seq_decoder.embedding.weight", "reader.character_code"),
    ("head.rec_stage.seq_decoder.seq_decoder.word_linear.{rest}", "reader.embedding.{rest}"),
    ("head.rec_stage.seq_decoder.seq_decoder.attn.v", "reader.attention.v"),
    ("head.rec_stage.seq_decoder.seq_decoder.attn.attn.bias", "reader.attention.query.bias"),
    (
        "head.rec_stage.seq_decoder.seq_decoder.attn.attn.weight",
        "reader.attention.query.weight+reader.attention.key.weight",
    ),
    ("head.rec_stage.seq_decoder.seq_decoder.rnn.{rest}", "reader.gru.{rest}"),
    ("head.rec_stage.seq_decoder.seq_decoder.out.{rest}", "reader.classify.{rest}"),
    ("head.rec_stage.{rest}", "conversion.{rest}"),
    ("head.conv.{i}.{rest}", "dilated.{i}.layers.{rest}"),
]


def _solve(expression: str, number: int) -> tuple[str, int] | None:
    """The variable of e.g. "i*3+1" and its value for which the expression equals `number`; None if there is
    none.
    """
    parts = re.fullmatch(r"(\w)(?:\*(\d+))?([+-]\d+)?", expression)
    assert parts is not None, expression
    variable, factor, offset = parts.groups()
    value, remainder = divmod(number - int(offset or 0), int(factor or 1))
    return None if remainder or value < 0 else (variable, value)


def _match(template: str, key: str) -> dict[str, object] | None:
    """The values of the template's fields in a published key, or None if it does not match."""
    fields = re.findall(r"\{([^}]+)\}", template)
    pattern = (
        re.escape(re.sub(r"\{([^}]+)\}", "\0", template)).replace(re.escape("\0"), "\0").replace("\\\0", "\0")
    )
    for name in fields:
        pattern = pattern.replace("\0", "(.+)" if name == "rest" else r"(\d+)", 1)
    found = re.fullmatch(pattern, key)
    if not found:
        return None
    values: dict[str, object] = {}
    for name, text in zip(fields, found.groups(), strict=True):
        if name == "rest":
            values[name] = text
            continue
        solved = _solve(name, int(text))
        if solved is None:
            return None
        values[solved[0]] = solved[1]
    return values


def our_names(key: str) -> list[str] | None:
    """Our names of a published key: none (not needed), one, or two (the tensor is split along its columns).

    Returns None for an unknown key.
    """
    for template, ours in NAMES:
        values = _match(template, key)
        if values is not None:
            return [] if ours is None else [name.format(**values) for name in ours.split("+")]
    return None


def convert_state(published: dict[str, Tensor], model: SwinTextSpotter) -> None:
    """Copies a published state dict into the model. Raises WeightsError with the first key that fails."""
    missing = dict(model.state_dict())
    for key, tensor in published.items():
        names = our_names(key)
        if names is None or any(name not in missing for name in names):
            raise WeightsError(
                f"The checkpoint has the unknown key {key!r}; is it a SwinTextSpotter checkpoint (Swin-T)?"
            )
        widths = [missing[name].shape[1] for name in names] if len(names) > 1 else None
        parts = (
            tensor.split(widths, 1)
            if widths and tensor.ndim == 2 and sum(widths) == tensor.shape[1]
            else [tensor] * len(names)
        )
        for name, part in zip(names, parts, strict=True):
            target = missing.pop(name)
            if part.shape != target.shape:
                raise WeightsError(
                    f"{key!r} has shape {tuple(part.shape)}, but {name!r} needs {tuple(target.shape)}."
                )
            target.copy_(part)
    if missing:
        raise WeightsError(
            f"The checkpoint lacks {sorted(missing)[0]!r} ({len(missing)} tensors are missing)."
        )


def read_published(path: Path) -> dict[str, Tensor]:
    """The state dict of a published checkpoint, memory-mapped. Raises WeightsError if it is invalid."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except FileNotFoundError as error:
        raise WeightsError(f"There is no file {path}.") from error
    except Exception as error:
        raise WeightsError(f"{path} is not a checkpoint that can be read safely (weights only).") from error
    state = content.get("model") if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise WeightsError(f"{path} has no state dict under 'model'.")
    for key, tensor in state.items():
        if not tensor.isfinite().all():
            raise WeightsError(f"{key!r} in {path} holds values that are not finite.")
    return state


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 2 if the checkpoint is unusable or the output cannot be written."""
    options = parse(arguments)
    try:
        published = read_published(options.published)
        model = SwinTextSpotter(official())
        with torch.no_grad():
            convert_state(published, model)
        card = {"name": options.published.stem, "data": "published checkpoint, converted"}
        save_weights(model, options.out, card)
    except WeightsError as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, SafetensorError) as error:
        print(f"{options.out} cannot be written: {error}.", file=sys.stderr)
        return 2
    print(f"wrote {options.out}: {sum(p.numel() for p in model.parameters()) / 1e6:.1f} million parameters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
