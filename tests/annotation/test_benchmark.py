"""The benchmark of the store."""

from __future__ import annotations

import sys

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
        *(f"search {text}" for text in ("word7", "nowhere", "é")),
        "open, change a word, save",
        "statistics",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--per-image", "0"], ["--regions", "x"], ["--folder", "nowhere"]])
def test_invalid_options(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("python -m annotation.benchmark: error: ")


def test_without_playwright(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    assert main(["--browser"]) == 1
    assert capsys.readouterr().err == (
        "python -m annotation.benchmark: error: --browser needs playwright: pip install playwright.\n"
    )


def test_without_chromium(capsys, monkeypatch, tmp_path):
    pytest.importorskip("playwright.sync_api")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "chromium"))
    assert main(["--browser"]) == 1
    assert "--browser needs Chromium: install it" in capsys.readouterr().err
