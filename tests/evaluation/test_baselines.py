"""Other readers beside ours. What needs a peer's package skips where it is not installed."""

import numpy as np
import pytest
from PIL import Image

from spotter.data.icdar import write_ground_truth
from spotter.evaluation import baselines
from spotter.evaluation.__main__ import main
from spotter.evaluation.baselines import NEEDED, installed, ours, peer, peer_table
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


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_a_peer_that_is_missing(name, monkeypatch, folder, tiny_file, capsys):
    monkeypatch.setattr(baselines, "installed", lambda _: False)
    with pytest.raises(ImportError, match=f"{name} is not installed: pip install {name}"):
        peer(name)
    with pytest.raises(SystemExit) as stop:
        main([str(folder), "--weights", str(tiny_file), "--peers", name])
    assert stop.value.code == 2
    assert f"{name} is not installed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("where", "names", "says"),
    [
        ("synthetic", "rapidocr", "compares on photographs"),
        (None, "abbyy", "abbyy is none of"),
    ],
)
def test_what_cannot_be_compared(where, names, says, folder, tiny_file, capsys):
    with pytest.raises(SystemExit) as stop:
        main([where or str(folder), "--weights", str(tiny_file), "--peers", names])
    assert stop.value.code == 2
    assert says in capsys.readouterr().err


def test_our_line(tiny_spotter, tiny_file):
    mine = ours(tiny_spotter, tiny_file)
    report = evaluate(mine.read, [(np.full((64, 96, 3), 200, np.uint8), [])])
    table = peer_table([(mine, report)])
    assert "| ours | tiny |" in table
    assert f"{tiny_file.stat().st_size / 1e6:.1f} MB" in table
    assert table.endswith("1 images, one thread")


@pytest.mark.skipif(not installed("rapidocr"), reason="rapidocr is not installed")
def test_rapidocr_reads():
    import cv2

    image = np.full((120, 400, 3), 255, np.uint8)
    cv2.putText(image, "HELLO", (40, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 5)
    reader = peer("rapidocr")
    assert "HELLO" in [word.text for word in reader.read(image)]
    assert reader.read(np.full((80, 80, 3), 255, np.uint8)) == []
    assert reader.parameters > 1e6
