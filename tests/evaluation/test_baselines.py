"""Comparison with other readers. Tests that need a reader's package are skipped if it is not installed."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from spotter.data.icdar import write_ground_truth
from spotter.evaluation import baselines
from spotter.evaluation.__main__ import main
from spotter.evaluation.baselines import (
    REQUIRED_PACKAGES,
    comparison_table,
    is_installed,
    load_baseline,
    this_project,
)
from spotter.evaluation.evaluate import evaluate
from spotter.types import GroundTruth


@pytest.fixture
def folder(tmp_path):
    for part in ("images", "gt"):
        (tmp_path / part).mkdir()
    Image.new("RGB", (96, 64), "gray").save(tmp_path / "images" / "img_1.png")
    square = np.array([[4, 4], [40, 4], [40, 20], [4, 20]], np.float32)
    write_ground_truth(tmp_path / "gt" / "gt_img_1.txt", [GroundTruth(square, "word")])
    return tmp_path


@pytest.mark.parametrize("name", sorted(REQUIRED_PACKAGES))
def test_reader_that_is_not_installed(name, monkeypatch, folder, tiny_file, capsys):
    monkeypatch.setattr(baselines, "is_installed", lambda _: False)
    with pytest.raises(ImportError, match=f"{name} is not installed: pip install {name}"):
        load_baseline(name)
    assert main([str(folder), "--weights", str(tiny_file), "--peers", name]) == 2
    assert f"{name} is not installed" in capsys.readouterr().err


def test_rendered_scenes_are_not_compared(tiny_file, capsys):
    assert main(["synthetic", "--weights", str(tiny_file), "--peers", "rapidocr"]) == 2
    assert "compares on photographs" in capsys.readouterr().err


def test_unknown_reader(folder, tiny_file, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(folder), "--weights", str(tiny_file), "--peers", "abbyy"])
    assert stop.value.code == 2
    assert "abbyy is not one of" in capsys.readouterr().err


def test_row_of_this_project(tiny_spotter, tiny_file):
    reader = this_project(tiny_spotter, tiny_file)
    report = evaluate(reader.read, [(np.full((64, 96, 3), 200, np.uint8), [])])
    twice = replace(report, cpu_seconds=2 * report.cpu_seconds)
    table = comparison_table([(reader, report), (reader, twice)])
    assert "| this project | tiny |" in table
    assert [row.split(" | ")[5] for row in table.splitlines()[2:4]] == ["1.0", "2.0"]
    assert f"{tiny_file.stat().st_size / 1e6:.1f} MB" in table
    assert table.endswith("1 images, one thread")


@pytest.mark.skipif(not is_installed("rapidocr"), reason="rapidocr is not installed")
def test_rapidocr_reads():
    import cv2

    image = np.full((120, 400, 3), 255, np.uint8)
    cv2.putText(image, "HELLO", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 5)
    reader = load_baseline("rapidocr")
    assert "HELLO" in [word.text for word in reader.read(image)]
    assert reader.read(np.full((80, 80, 3), 255, np.uint8)) == []
    assert reader.parameters > 1e6
