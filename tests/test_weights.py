"""Weights on disk and back, and files that are not weights."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from spotter.weights import RENAMED_MODULES, WeightsError, checksum, load_weights, save_weights, weights_path


@pytest.fixture
def copy(tiny_file, tmp_path) -> Path:
    """Weights without a card, to be damaged."""
    path = tmp_path / "copy.safetensors"
    path.write_bytes(tiny_file.read_bytes())
    return path


@pytest.fixture
def state(tiny_file) -> dict[str, torch.Tensor]:
    return load_file(tiny_file)


def config_of(model) -> dict[str, str]:
    return {"config": json.dumps(model.config.to_json())}


def load_error(path: Path) -> str:
    """The message of `load_weights`, which must be one sentence."""
    with pytest.raises(WeightsError) as error:
        load_weights(path)
    message = str(error.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("half", [False, True])
def test_round_trip(tiny_model, tmp_path, half):
    path = tmp_path / "deep" / "w.safetensors"
    card = save_weights(tiny_model, path, {"name": "tiny", "figures": {"hmean": 0.5}, "notes": ["ă"]}, half)
    model, read_card = load_weights(str(path))
    assert (
        read_card
        == card
        == {"name": "tiny", "figures": {"hmean": 0.5}, "notes": ["ă"], "sha256": checksum(path)}
    )
    assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) == card
    assert model.config == tiny_model.config
    assert not model.training
    assert [p.name for p in path.parent.iterdir() if "partial" in p.name] == []
    for name, tensor in tiny_model.state_dict().items():
        found = model.state_dict()[name]
        assert found.dtype == tensor.dtype
        assert found.equal(tensor.half().to(tensor.dtype) if half else tensor), name


def test_half_precision_takes_half_the_space(tiny_model, tiny_file, tmp_path):
    save_weights(tiny_model, tmp_path / "half.safetensors", {}, half=True)
    sizes = [path.stat().st_size for path in (tmp_path / "half.safetensors", tiny_file)]
    assert sizes[0] < 0.6 * sizes[1]


def test_old_module_names_are_loaded(state, tiny_model, tmp_path):
    old_names = {new: old for old, new in RENAMED_MODULES.items()}
    old_state = {}
    for name, tensor in state.items():
        prefix = next((new for new in old_names if name.startswith(new)), None)
        old_state[name if prefix is None else old_names[prefix] + name.removeprefix(prefix)] = tensor
    assert old_state.keys() != state.keys()
    save_file(old_state, tmp_path / "old.safetensors", config_of(tiny_model))
    model, _ = load_weights(tmp_path / "old.safetensors")
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, state[name], rtol=0, atol=0)


def test_the_file_is_readable_by_others(tiny_file):
    assert tiny_file.stat().st_mode & 0o777 == 0o644


def test_loaded_weights_are_independent_of_the_file(tiny_model, copy):
    model, _ = load_weights(copy)
    copy.write_bytes(b"\0" * copy.stat().st_size)
    assert model.reader.conv.weight.equal(tiny_model.reader.conv.weight)


def test_without_a_card_there_are_name_and_checksum(copy):
    assert load_weights(copy)[1] == {"name": "copy", "sha256": checksum(copy)}


def test_a_card_of_another_file_is_an_error(copy):
    copy.with_suffix(".json").write_text(json.dumps({"sha256": "0" * 64}), encoding="utf-8")
    assert "sha256 differs" in load_error(copy)


@pytest.mark.parametrize("card", ["", "{", "[]", "3", '"text"', b"\xff\xfe"])
def test_an_invalid_card(copy, card):
    copy.with_suffix(".json").write_bytes(card if isinstance(card, bytes) else card.encode())
    assert "model card" in load_error(copy)


@pytest.mark.parametrize("name", ["nowhere", "/nowhere/w.safetensors", "", ".", "\0"])
def test_missing_weights(name):
    assert load_error(name).startswith("There are no weights ")


def test_built_in_weights_are_preferred(tiny_file, monkeypatch):
    monkeypatch.setattr("spotter.weights.FOLDER", tiny_file.parent)
    assert weights_path("tiny") == tiny_file
    assert "(tiny)" in load_error("nowhere")


class Harmful:
    def __reduce__(self):
        return eval, ("__import__('pathlib').Path('was_run').touch()",)


GARBAGE = {
    "empty": b"",
    "one byte": b"\0",
    "text": b"these are not weights",
    "zeros": bytes(4096),
    "endless header": b"\xff" * 64,
    "header alone": (2).to_bytes(8, "little") + b"{}",
    "tensor beyond the end": (70).to_bytes(8, "little")
    + json.dumps({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}).ljust(70).encode(),
    "pickle": pickle.dumps(Harmful()),
}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    assert "not a weights file of this project" in load_error(path)
    assert not (tmp_path / "was_run").exists()


def test_a_checkpoint_of_torch_is_not_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"model": Harmful()}, "w.safetensors")
    assert "not a weights file of this project" in load_error(Path("w.safetensors"))
    assert not (tmp_path / "was_run").exists()


def test_a_truncated_file(copy):
    copy.write_bytes(copy.read_bytes()[:-100])
    assert "not a weights file of this project" in load_error(copy)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"format": "pt"},
        {"config": "{"},
        {"config": "[]"},
        {"config": "null"},
        {"config": '{"colour": "red"}'},
        {"config": '{"channels": "many"}'},
        {"config": '{"stage_heads": 7}'},
        {"config": '{"stage_heads": 0}'},
        {"config": '{"stem": "slab"}'},
        {"config": '{"channels": 1000000000}'},
    ],
)
def test_an_invalid_config(state, tmp_path, metadata):
    save_file(state, tmp_path / "w.safetensors", metadata)
    assert "not a weights file of this project" in load_error(tmp_path / "w.safetensors")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite(state, tiny_model, tmp_path, value):
    state["fpn.lateral.0.bias"][3] = value
    save_file(state, tmp_path / "w.safetensors", config_of(tiny_model))
    assert "'fpn.lateral.0.bias' in w.safetensors holds values" in load_error(tmp_path / "w.safetensors")


@pytest.mark.parametrize("change", ["extra", "missing", "shape", "rank"])
def test_tensors_that_do_not_fit(state, tiny_model, tmp_path, change):
    name = "fpn.lateral.0.bias"
    if change == "extra":
        name = "teacher.weight"
        state[name] = torch.zeros(3)
    elif change == "missing":
        del state[name]
    elif change == "shape":
        state[name] = torch.zeros(31)
    else:
        state[name] = torch.zeros(32, 1)
    path = tmp_path / "w.safetensors"
    save_file(state, path, config_of(tiny_model))
    message = load_error(path)
    assert repr(name) in message
    assert path.name in message
