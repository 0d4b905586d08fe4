"""Conversion of published checkpoints, or one sentence that names the key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spotter import convert
from spotter.config import nano, official
from spotter.convert import convert_state, main, our_names, read_published
from spotter.model.spotter import SwinTextSpotter
from spotter.weights import WeightsError, load_weights

ROOT = Path(__file__).resolve().parent.parent
ATTENTION = "head.rec_stage.seq_decoder.seq_decoder.attn.attn.weight"  # two of ours side by side


@pytest.fixture(scope="module")
def ours() -> SwinTextSpotter:
    """Shapes without numbers."""
    return SwinTextSpotter(official()).to("meta")


@pytest.fixture
def published(schema) -> dict[str, torch.Tensor]:
    return {key: torch.zeros(entry["shape"], device="meta") for key, entry in schema.items()}


def test_all_published_keys_are_known(schema):
    assert [key for key in schema if our_names(key) is None] == []


def test_each_tensor_is_the_target_of_one_key(schema, ours):
    targets = [name for key in schema for name in our_names(key)]
    assert len(targets) == len(set(targets))
    assert set(targets) == set(ours.state_dict())


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("backbone.fpn_lateral2.weight", ["fpn.lateral.0.weight"]),
        ("backbone.bottom_up.layers.2.blocks.5.attn.qkv.bias", ["backbone.stages.2.5.attn.qkv.bias"]),
        ("backbone.bottom_up.layers.0.blocks.1.attn.relative_position_index", []),
        ("head.cnn.3.weight", ["conversion.stem.1.0.weight"]),
        ("head.cnn.4.running_var", ["conversion.stem.1.1.running_var"]),
        ("head.rec_stage.encoder_layer.linear1.weight", []),
        (ATTENTION, ["reader.attention.query.weight", "reader.attention.key.weight"]),
        ("backbone.fpn_lateral1.weight", None),
        ("backbone.bottom_up.layers.x.blocks.1.norm1.weight", None),
        ("teacher.fc.weight", None),
        ("", None),
    ],
)
def test_our_names_by_hand(key, names):
    assert our_names(key) == names


def test_convert_state(ours, published):
    convert_state(published, ours)


@pytest.mark.parametrize("key", ["backbone.fpn_lateral3.bias", "mask_encoding.means", ATTENTION])
@pytest.mark.parametrize("shape", [(3,), (3, 5), (2, 2, 2)])
def test_a_misshapen_tensor_is_named(ours, published, key, shape):
    published[key] = torch.zeros(shape, device="meta")
    with pytest.raises(WeightsError) as error:
        convert_state(published, ours)
    assert repr(key) in str(error.value)
    assert str(shape) in str(error.value)


@pytest.mark.parametrize(
    "key",
    [
        "teacher.fc.weight",
        "backbone.bottom_up.norm4.weight",
        "head.head_series.6.norm1.bias",
        "head.rec_stage.TLSAM.0.extra",
    ],
)
def test_an_unknown_key_is_named(ours, published, key):
    published[key] = torch.zeros(4, device="meta")
    with pytest.raises(WeightsError, match="unknown key") as error:
        convert_state(published, ours)
    assert repr(key) in str(error.value)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("backbone.fpn_output5.bias", "fpn.output.3.bias"),
        (ATTENTION, "reader.attention.key.weight"),
        ("head.head_series.0.self_attn.in_proj_weight", "stages.0.attention.qkv.weight"),
    ],
)
def test_a_missing_tensor_is_named(ours, published, key, name):
    del published[key]
    with pytest.raises(WeightsError, match="lacks") as error:
        convert_state(published, ours)
    assert repr(name) in str(error.value)


class Harmful:
    def __reduce__(self):
        return eval, ("__import__('pathlib').Path('was_run').touch()",)


CONTENTS = {
    "code": ({"model": {"a": Harmful()}}, "read safely"),
    "no model": ({"state_dict": {"a": torch.zeros(1)}}, "no state dict under 'model'"),
    "model of numbers": ({"model": {"a": 1}}, "no state dict under 'model'"),
    "no numbers": ({"model": {"a.b": torch.tensor([0.0, float("nan")])}}, "'a.b' in .* that are not finite"),
    "a tensor": (torch.zeros(3), "no state dict under 'model'"),
    "a list": ([1, 2], "no state dict under 'model'"),
    "garbage": (b"garbage", "read safely"),
    "empty": (b"", "read safely"),
    "nothing": (None, "There is no file"),
}


@pytest.mark.parametrize(("content", "message"), CONTENTS.values(), ids=CONTENTS)
def test_files_that_are_not_published_checkpoints(tmp_path, monkeypatch, capsys, content, message):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "published.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(WeightsError, match=message):
        read_published(path)
    assert not (tmp_path / "was_run").exists()


def test_a_missing_checkpoint_ends_with_one_sentence(tmp_path, capsys):
    assert main([str(tmp_path / "none.pth"), str(tmp_path / "out.safetensors")]) == 2
    assert capsys.readouterr().err.startswith("There is no file")
    assert not list(tmp_path.iterdir())


def test_main_writes_weights_and_card(tmp_path, capsys, monkeypatch):
    """Without the tensors of a published checkpoint: it has 144 million parameters."""
    monkeypatch.setattr(convert, "official", nano)
    monkeypatch.setattr(convert, "convert_state", lambda published, model: None)
    torch.save({"model": {}}, tmp_path / "published.pth")
    out = tmp_path / "out.safetensors"
    assert main([str(tmp_path / "published.pth"), str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"wrote {out}: ")
    assert load_weights(out)[1]["name"] == "published"


@pytest.mark.parametrize("name", ["out.pth", "out.json", "out"])
def test_the_output_must_be_called_safetensors(tmp_path, capsys, name):
    with pytest.raises(SystemExit) as stop:
        main([str(tmp_path / "none.pth"), str(tmp_path / name)])
    assert stop.value.code == 2
    assert "must end in .safetensors" in capsys.readouterr().err


def test_an_unwritable_output(tmp_path, capsys, monkeypatch):
    """The folder of the output is a file."""
    monkeypatch.setattr("spotter.convert.read_published", lambda path: {})
    monkeypatch.setattr("spotter.convert.convert_state", lambda published, model: None)
    monkeypatch.setattr("spotter.convert.SwinTextSpotter", lambda config: torch.nn.Linear(1, 1))
    monkeypatch.setattr(torch.nn.Linear, "config", official(), raising=False)
    (tmp_path / "file").touch()
    assert main([str(tmp_path / "a.pth"), str(tmp_path / "file" / "out.safetensors")]) == 2
    message = capsys.readouterr().err
    assert "out.safetensors cannot be written" in message
    assert message.count("\n") == 1


def test_all_values_are_converted(golden_model, published_file):
    """The conversion of all 144 million numbers, from a published file to our model."""
    state = golden_model.state_dict()
    assert sum(p.numel() for p in golden_model.parameters()) == pytest.approx(144e6, rel=0.01)
    for key, tensor in read_published(published_file).items():
        if names := our_names(key):
            found = torch.cat([state[name] for name in names], 1) if len(names) > 1 else state[names[0]]
            assert found.equal(tensor), key


MEASURE = """
import sys, time
from spotter import weights

def status(key):  # kB
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(key + ":"))

before, start = status("VmRSS"), time.perf_counter()
model, _ = weights.load_weights(sys.argv[1])
seconds = time.perf_counter() - start
size = sum(t.numel() * t.element_size() for t in model.state_dict().values())
print((status("VmHWM") - before) * 1024 / size, seconds)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_loading_takes_less_than_twice_the_memory(converted_file):
    command = [sys.executable, "-c", MEASURE, str(converted_file)]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300).stdout
    growth, seconds = map(float, out.split())
    print(f"peak memory {growth:.2f} times the model's, {seconds:.1f} s")
    assert 1 <= growth < 2
