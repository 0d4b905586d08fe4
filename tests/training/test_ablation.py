"""The ablation's variants, jobs and table."""

import json
import runpy
import sys
from dataclasses import replace
from unittest.mock import patch

import pytest
import torch

from spotter.config import PRESETS
from spotter.model.conversion import PlainFeatures, RecognitionConversion
from spotter.model.mask_fitting import word_masks
from spotter.model.spotter import SwinTextSpotter
from spotter.training import ablation
from spotter.training.ablation import VARIANTS, main, plan_jobs, run_command, table, variant_config


@pytest.mark.parametrize("variant", VARIANTS)
def test_variant_differs_only_in_its_parts(tiny_config, variant):
    config = variant_config(tiny_config, variant)
    model = SwinTextSpotter(config)
    parts = VARIANTS[variant]
    kind = RecognitionConversion if "recognition_conversion" in parts else PlainFeatures
    assert type(model.conversion) is kind
    assert len(model.dilated) == (4 if "dilations" in parts else 0)
    assert len(model.two_level) == (1 if "two_level_blocks" in parts else 0)
    unchanged = {name: getattr(tiny_config, name) for name in (*ablation.PARTS_OFF, "name")}
    assert replace(config, **unchanged) == tiny_config
    with torch.no_grad():
        found = model.eval()([torch.zeros(3, 64, 64)], threshold=-1.0)
    assert found.conversion.m3.shape[2:] == tiny_config.recognition_roi


def test_all_is_the_preset(tiny_config):
    assert replace(variant_config(tiny_config, "all"), name="tiny") == tiny_config


def test_jobs_are_ordered_by_seed(tmp_path):
    jobs = plan_jobs(tmp_path, 2)
    assert [job.variant for job in jobs] == [*VARIANTS, *VARIANTS]
    assert [job.seed for job in jobs] == [0] * len(VARIANTS) + [1] * len(VARIANTS)
    assert len({job.folder for job in jobs}) == len(jobs)


def test_table():
    found = {variant: [] for variant in VARIANTS}
    assert "| base | 78.9 / 55.7 |" in table(found)
    found["base"] = [{"synthetic": [50.0, 10.0]}, {"synthetic": [60.0, 14.0]}]
    lines = table(found).splitlines()
    assert "synthetic, 2 seeds" in lines[0]
    assert "| base | 55.0 ± 5.0 / 12.0 ± 2.0 | 78.9 / 55.7 |" in lines
    assert "| base + dilated | - / - | - |" in lines


@pytest.mark.filterwarnings("ignore:.* found in sys.modules:RuntimeWarning:runpy")
def test_command_trains_evaluates_and_continues(tmp_path, monkeypatch, tiny_config, capsys):
    """Completed jobs are not repeated."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(PRESETS, "nano", lambda: tiny_config)
    monkeypatch.setattr("spotter.training.initialisation.word_masks", few_masks)
    monkeypatch.setattr(ablation, "VARIANTS", {"base": (), "all": VARIANTS["all"]})
    options = ["--minutes", "5", "--scenes", "1", "--folder", str(tmp_path / "runs")]
    options += ["--set", "steps=1", "workers=0", "stages.characters.until=0.01", "data.megapixels=0.01"]
    monkeypatch.setattr(ablation, "run_command", run_here)
    assert main(options) == 0
    output = capsys.readouterr().out
    assert "1 of 2: base, seed 0" in output
    assert "| all |" in output
    figures = json.loads((tmp_path / "runs/all-0/figures.json").read_text())
    assert len(figures["synthetic"]) == 2
    assert main(options) == 0
    again = capsys.readouterr().out
    assert "1 of 2" not in again
    assert again.strip() == output[output.index("| variant") :].strip()


def few_masks(count: int, **options) -> torch.Tensor:
    return word_masks(200, **options)


def run_here(command: list[str]) -> None:
    """Runs `python -m MODULE ...` in this process, where the libraries are loaded already."""
    assert command[:2] == [sys.executable, "-m"]
    module, *arguments = command[2:]
    with patch.object(sys, "argv", [module, *arguments]), pytest.raises(SystemExit) as stop:
        runpy.run_module(module, run_name="__main__")
    assert not stop.value.code


def test_a_command_that_fails_gives_its_last_line():
    run_command([sys.executable, "-c", ""])
    with pytest.raises(ValueError, match=r"^no such photo$"):
        run_command([sys.executable, "-c", "import sys; sys.exit('Reading\\nno such photo')"])


def test_unknown_recipe_gives_one_sentence(tmp_path, capsys):
    assert main(["--recipe", "nowhere", "--folder", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("There is no recipe 'nowhere'")


@pytest.mark.parametrize("options", [["--seeds", "0"], ["--minutes", "0"]])
def test_bad_options(options, capsys):
    with pytest.raises(SystemExit) as stop:
        main(options)
    assert stop.value.code == 2
    assert "must be at least 1" in capsys.readouterr().err
