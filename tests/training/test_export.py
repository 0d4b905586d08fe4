"""Exported weights and their model card."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest
import torch

from spotter.data.data_config import DataConfig, StageConfig
from spotter.training import trainer
from spotter.training.card import curve
from spotter.training.export import averaged_model, interpolate, main
from spotter.training.initialisation import load_and_extend
from spotter.training.train_config import TrainConfig
from spotter.training.trainer import Trainer
from spotter.weights import load_weights, save_weights


@pytest.fixture(scope="module")
def run(tiny_config, tiny_file, tmp_path_factory):
    """The folder of a run of three steps, which trained the pyramid alone."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    config = TrainConfig(
        model=tiny_config,
        steps=3,
        workers=0,
        start_from=str(tiny_file),
        heads=0,
        stages=(StageConfig("characters", scene=96, large=0.0, features=1.0),),
        data=DataConfig(megapixels=4 * 96**2 / 1e6),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "LOG_EVERY", 1)
        Trainer(config, folder).run(progress=False)
    return folder


def test_weights_and_card(run, tmp_path, capsys):
    report = tmp_path / "clear words.json"
    report.write_text(json.dumps({"images": 1, "detection": {"hmean": 0.5}, "end_to_end": {"hmean": 0.25}}))
    out = tmp_path / "small.safetensors"
    options = ["--figures", str(report), "--notes", "short", "--command", "train"]
    options += ["--temperature", "1.5", "--power", "4"]
    experiments = tmp_path / "experiments.txt"
    experiments.write_text("larger boxes: worse\n\n  smaller ones: .1 in place of .2  \n", encoding="utf-8")
    options += ["--experiments", str(experiments)]
    assert main([str(run), str(out), *options]) == 0
    assert "trained on" in capsys.readouterr().out
    model, card = load_weights(out)
    assert (model.config.reading_temperature, model.config.reading_power) == (1.5, 4)
    assert (card["name"], card["steps"], card["notes"], card["command"]) == ("small", 3, "short", "train")
    assert card["experiments"] == ["larger boxes: worse", "smaller ones: .1 in place of .2"]
    assert card["figures"]["clear words"]["end_to_end"]["hmean"] == 0.25
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    average = state["average"]["module.reader.conv.weight"]
    torch.testing.assert_close(model.reader.conv.weight.data, average, atol=1e-3, rtol=1e-3)  # half precision


def test_weights_of_a_run_are_exported_again_with_their_card(run, tmp_path, tiny_file, capsys):
    """As after a run on a rented GPU, from which only snapshots came back."""
    snapshot, out = tmp_path / "snapshot.safetensors", tmp_path / "out.safetensors"
    assert main([str(run), str(snapshot)]) == 0
    options = ["--notes", "short", "--started-from", "a mean", "--power", "2"]
    assert main([str(snapshot), str(out), *options]) == 0
    before, after = load_weights(snapshot), load_weights(out)
    assert after[0].config.reading_power == 2
    changed = {"name": "out", "notes": "short", "started_from": "a mean", "sha256": after[1]["sha256"]}
    assert after[1] == before[1] | changed
    for name, value in before[0].state_dict().items():
        assert value.equal(after[0].state_dict()[name])
    capsys.readouterr()
    assert main([str(tiny_file), str(out)]) == 2
    assert "no model card of a run" in capsys.readouterr().err


def test_interpolation_with_other_weights(run, tmp_path, tiny_file, capsys):
    out = tmp_path / "mixed.safetensors"
    model = load_weights(tiny_file)[0]
    for parameter in model.parameters():
        parameter.data += 1
    save_weights(model, tmp_path / "other.safetensors", {"name": "other"})
    other, average = model.state_dict(), averaged_model(run)[0].state_dict()
    for share in (0.0, 0.25, 1.0):
        assert (
            main([str(run), str(out), "--mix", str(tmp_path / "other.safetensors"), "--share", str(share)])
            == 0
        )
        for name, value in load_weights(out)[0].state_dict().items():
            if not value.is_floating_point():  # counters of BatchNorm
                continue
            expected = share * other[name] + (1 - share) * average[name]
            torch.testing.assert_close(value, expected.to(value), atol=2e-3, rtol=2e-3)
    capsys.readouterr()
    assert main([str(run), str(out), "--mix", "nano"]) == 2
    assert capsys.readouterr().err == "The weights nano do not fit tiny: their max_steps differ.\n"
    assert main([str(run), str(out), "--mix", "nowhere"]) == 2
    assert "There are no weights 'nowhere'" in capsys.readouterr().err


def test_blocks_missing_in_the_other_weights_are_unchanged(tiny_file, tiny_config):
    model = load_and_extend(str(tiny_file), replace(tiny_config, two_level_blocks=2))
    for parameter in model.parameters():
        parameter.data += 1
    before = {name: value.clone() for name, value in model.state_dict().items()}
    interpolate(model, str(tiny_file), 0.5)
    after = model.state_dict()
    added = [name for name in before if name.startswith("two_level.1.")]
    assert len(added) > 4
    assert all(after[name].equal(before[name]) for name in added)
    torch.testing.assert_close(after["two_level.0.pool.bias"], before["two_level.0.pool.bias"] - 0.5)


def test_card_is_json_without_nan(run, tmp_path):
    out = tmp_path / "w.safetensors"
    assert main([str(run), str(out)]) == 0

    def refuse(name: str):
        raise AssertionError(f"{name} is not JSON")

    card = json.loads(out.with_suffix(".json").read_text(), parse_constant=refuse)
    assert [row["images"] for row in card["curve"]] == [row["images"] for row in curve(run)]
    assert card["curve"][0]["recognition"] is None  # not computed when the pyramid is trained alone
    assert max(row["characters"] for row in card["curve"]) > 0


@pytest.mark.parametrize("missing", ["checkpoint.pt", "settings.json"])
def test_folder_without_a_run(run, tmp_path, capsys, missing):
    for name in {"checkpoint.pt", "settings.json"} - {missing}:
        (tmp_path / name).write_bytes((run / name).read_bytes())
    assert main([str(tmp_path), str(tmp_path / "w.safetensors")]) == 2
    assert f"{missing} is missing" in capsys.readouterr().err


def test_calibration_of_the_initial_weights_is_kept(tiny_model, tiny_config, tmp_path):
    """Unless another one is given: a score of 0.9 keeps its meaning from one export to the next."""
    start, folder, out = tmp_path / "start.safetensors", tmp_path / "run", tmp_path / "out.safetensors"
    calibrated = copy.deepcopy(tiny_model)
    calibrated.config = replace(tiny_config, reading_temperature=1.25, reading_power=3.0)
    save_weights(calibrated, start, {})
    stages = (StageConfig("characters", scene=96, large=0.0, features=1.0),)
    config = TrainConfig(
        tiny_config,
        steps=1,
        workers=0,
        start_from=str(start),
        heads=0,
        stages=stages,
        snapshots=str(tmp_path / "s"),
    )
    Trainer(config, folder).run(progress=False)
    Trainer(replace(config, steps=2), folder, resume=True).run(progress=False)
    assert main([str(folder), str(out), "--power", "4"]) == 0
    for path, power in ((out, 4.0), (tmp_path / "s/nano-a.safetensors", 3.0)):
        model = load_weights(path)[0].config
        assert (model.reading_temperature, model.reading_power) == (1.25, power)


@pytest.mark.parametrize("name", ["--temperature", "--power"])
def test_calibration_must_be_positive(run, tmp_path, capsys, name):
    with pytest.raises(SystemExit) as stop:
        main([str(run), str(tmp_path / "w.safetensors"), name, "0"])
    assert stop.value.code == 2
    assert "must be above 0" in capsys.readouterr().err
