"""`python -m annotation.rounds simulate`; the simulation itself is tested in tests/annotation/rounds."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PIL import Image

from annotation.__main__ import INTERRUPTED
from annotation.commands.simulate import summary
from annotation.rounds.__main__ import main
from annotation.rounds.simulation import Step

STEPS = [
    Step("random", 0, 0, 0, 0.30, False),
    Step("random", 0, 1, 25, 0.40, True),
    Step("mask", 0, 0, 0, 0.30, False),
    Step("mask", 0, 1, 20, 0.42, True),
]


@pytest.fixture
def data(tmp_path, picture):
    for part in ("images", "gt"):
        (tmp_path / "data" / part).mkdir(parents=True)
    (tmp_path / "data/images/a.jpg").write_bytes(picture(0))
    (tmp_path / "data/gt/gt_a.txt").write_text("10,10,70,10,70,30,10,30,WORD\n")
    return tmp_path / "data"


def test_steps_table_csv_and_chart(data, tmp_path, monkeypatch, capsys):
    given = []

    def simulate(photographs, plan, load, config, done):
        given.append((len(photographs), plan, config.steps, done))
        yield from STEPS

    monkeypatch.setattr("annotation.commands.simulate.simulate", simulate)
    files = ["--csv", str(tmp_path / "s.csv"), "--chart", str(tmp_path / "s.png")]
    assert main(["simulate", str(data), "--orders", "random", "mask", "--seeds", "1", *files]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "order\tseed\tround\tphotos\tend-to-end H\tpromoted",
        "random\t0\t0\t0\t0.300\t",
        "random\t0\t1\t25\t0.400\tpromoted",
    ]
    assert lines[-1] == "mask reaches 0.400, random's figure of 25 photos: with 20 photos"
    ((count, plan, steps, done),) = given
    assert (count, plan.orders, plan.rounds, plan.photos) == (1, ["random", "mask"], 8, 25)
    assert (steps, done) == (None, set())
    rows = [line.split(",")[:6] for line in (tmp_path / "s.csv").read_text().splitlines()]
    assert rows[1:3] == [["random", "0", "0", "0", "0.3", "False"], ["random", "0", "1", "25", "0.4", "True"]]
    with Image.open(tmp_path / "s.png") as chart:
        assert chart.format == "PNG"


def test_what_is_complete_is_not_repeated(data, tmp_path, monkeypatch, capsys):
    """A simulation that was stopped in the second order goes on with it."""
    given = []

    def simulate(photographs, plan, load, config, done):
        given.append((config.steps, done))
        yield from (step for step in STEPS if (step.order, step.seed) not in done)

    monkeypatch.setattr("annotation.commands.simulate.simulate", simulate)
    command = ["simulate", str(data), "--orders", "random", "mask", "--seeds", "1", "--rounds", "1"]
    command += ["--steps", "40", "--csv", str(tmp_path / "s.csv")]
    assert main(command) == 0
    whole, output = (tmp_path / "s.csv").read_text(), capsys.readouterr().out
    (tmp_path / "s.csv").write_text("\n".join(whole.splitlines()[:-1]) + "\n")
    assert main(command) == 0
    assert given == [(40, set()), (40, {("random", 0)})]
    assert (tmp_path / "s.csv").read_text() == whole
    assert capsys.readouterr().out == output
    assert main([*command, "--photos", "5"]) == 1
    assert (
        capsys.readouterr().err.strip().endswith("s.csv was made with other settings; choose another name.")
    )
    assert (tmp_path / "s.csv").read_text() == whole


@pytest.mark.parametrize("content", ["hello\n", "order,seed\nrandom,0\n", "\udcff"])
def test_a_file_with_something_else_stays(data, tmp_path, capsys, content):
    (tmp_path / "notes.csv").write_text(content, errors="surrogateescape")
    assert main(["simulate", str(data), "--csv", str(tmp_path / "notes.csv")]) == 1
    assert "holds no figures of a simulation; choose another name." in capsys.readouterr().err
    assert (tmp_path / "notes.csv").read_text(errors="surrogateescape") == content


def test_sigterm_removes_what_is_temporary(data, monkeypatch):
    folders = []

    def simulate(photographs, plan, load, config, done):
        with TemporaryDirectory() as folder:
            folders.append(Path(folder))
            yield STEPS[0]
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("annotation.commands.simulate.simulate", simulate)
    assert main(["simulate", str(data)]) == INTERRUPTED
    assert not folders[0].exists()
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{data}", "--rounds", "0"), "--rounds must be at least 1."),
        (("{data}", "--limit", "0"), "--limit must be at least 1."),
        (("{data}", "--weights", "nowhere"), "There are no weights 'nowhere'"),
        (("{data}", "--steps", "0"), "--steps must be at least 1."),
        (
            ("{data}", "--csv", "{data}/images/a.jpg"),
            "holds no figures of a simulation; choose another name.",
        ),
        (("{data}", "--chart", "{data}/images/a.jpg"), "already exists; choose another name."),
        (("{data}/images",), "has no folder images/"),
        (("{data}",), "There are 0 photos to correct besides 1 test photos; a round needs 10."),
    ],
)
def test_a_wrong_request_is_one_sentence(data, capsys, arguments, message):
    assert main(["simulate", *(argument.format(data=data) for argument in arguments)]) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert len(captured.err.splitlines()) == 1


def test_summary_of_steps():
    assert list(summary(STEPS)) == [
        "photos         random           mask",
        "     0  0.300 ± 0.000  0.300 ± 0.000",
        "    20                 0.420 ± 0.000",
        "    25  0.400 ± 0.000",
        "mask reaches 0.400, random's figure of 25 photos: with 20 photos",
    ]
    assert list(summary(STEPS[:1]))[-1].split() == ["0", "0.300", "±", "0.000"]
    assert list(summary([])) == ["photos"]
