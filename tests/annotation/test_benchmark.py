"""The benchmark of the store."""

from __future__ import annotations

import pytest

from annotation.benchmark import main


def test_table(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("annotation.benchmark.REPEATS", 1)
    assert main(["--regions", "6", "--per-image", "3", "--folder", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("2 images, 3 regions per image")
    assert [line[:28].strip() for line in lines[2:]] == [
        "open an image",
        *(f"queue by {order}" for order in ("uncertainty", "random", "oldest", "name")),
        "progress",
        "open, change a word, save",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--per-image", "0"], ["--regions", "x"], ["--folder", "nowhere"]])
def test_invalid_options(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("python -m annotation.benchmark: error: ")
