"""`python -m spotter.evaluation`, with a stub in place of the spotter."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import spotter
from spotter.evaluation.__main__ import main
from spotter.types import Word

QUAD = [[0, 0], [40, 0], [40, 10], [0, 10]]


class StubSpotter:
    """Finds one word per image, its text from the image's brightness; records its calls."""

    def __init__(self):
        self.calls = []

    def spot(self, image, **options):
        self.calls.append((image.shape, options))
        return [Word("w0", QUAD, [0, 0, 40, 10], f"w0rd{round(image.mean() / 10)}", 0.9, 0.8)]


@pytest.fixture
def stub(monkeypatch):
    stub = StubSpotter()
    monkeypatch.setattr(spotter, "load_spotter", lambda weights, known_words=True: stub, raising=False)
    return stub


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    for i, text in enumerate(["w0rd0", "word1", "missed"]):  # correct, correct with a lexicon, wrong
        Image.new("RGB", (64, 32), (10 * i,) * 3).save(tmp_path / f"images/img_{i}.png")
        (tmp_path / f"gt/gt_img_{i}.txt").write_text(f"0,0,40,0,40,10,0,10,{text}")
    return tmp_path


def error_of(capsys, arguments):
    """The last line on standard error of a call that must return 2."""
    assert main(list(map(str, arguments))) == 2
    return capsys.readouterr().err.splitlines()[-1]


def rows(output):
    """{name: [precision, recall, H-mean]} of the printed table."""
    lines = [line.split() for line in output.splitlines()[1:-2]]
    return {" ".join(words[:-3]): [float(word) for word in words[-3:]] for words in lines}


def test_table_and_report(folder, stub, capsys, tmp_path):
    (folder / "words.txt").write_text("\ufeffword1\nw0rd0\n", encoding="utf-8")
    options = ["--lexicon", str(folder / "words.txt"), "--json", str(tmp_path / "out.json")]
    assert main([str(folder), *options]) == 0
    output = capsys.readouterr().out
    assert rows(output) == {
        "detection": [100, 100, 100],
        "end-to-end": [33.3, 33.3, 33.3],
        "end-to-end, lexicon": [66.7, 66.7, 66.7],
    }
    assert "seconds per image, 3 images, 3 words" in output
    report = json.loads((tmp_path / "out.json").read_text())
    assert (report["weights"], report["images"]) == ("nano", 3)
    assert report["end_to_end_lexicon"]["matched"] == 2
    assert stub.calls == [((32, 64, 3), {})] * 3


def test_options_reach_the_spotter(folder, stub, capsys):
    main([str(folder), "--limit", "2", "--threshold", "0.25", "--short-side", "320"])
    assert stub.calls == [((32, 64, 3), {"threshold": 0.25, "short_side": 320})] * 2
    assert rows(capsys.readouterr().out) == {"detection": [100] * 3, "end-to-end": [50] * 3}


def test_images_are_rotated_upright(folder, stub):
    exif = Image.Exif()
    exif[274] = 6  # orientation: a quarter turn
    Image.new("RGB", (64, 32)).save(folder / "images/img_0.png", exif=exif)
    main([str(folder), "--limit", "1"])
    assert stub.calls[0][0] == (64, 32, 3)


def test_wordfreq_lexicon(folder, stub, capsys):
    pytest.importorskip("wordfreq")
    (folder / "gt/gt_img_0.txt").write_text("0,0,40,0,40,10,0,10,word")
    main([str(folder), "--limit", "1", "--lexicon", "wordfreq"])
    assert rows(capsys.readouterr().out)["end-to-end, lexicon"] == [100] * 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--limit", "0"], "argument --limit: 0 is not a whole number above 0"),
        (["--short-side", "wide"], "argument --short-side: wide is not a whole number above 0"),
    ],
)
def test_bad_options(folder, stub, capsys, options, sentence):
    with pytest.raises(SystemExit) as stop:
        main([str(folder), *options])
    assert stop.value.code == 2
    assert capsys.readouterr().err.rstrip().endswith(sentence)
    assert stub.calls == []


def test_bad_lexicon(folder, stub, capsys):
    sentence = "The lexicon missing.txt cannot be read: No such file or directory."
    assert error_of(capsys, [folder, "--lexicon", "missing.txt"]) == sentence
    assert stub.calls == []


def test_missing_folder(stub, capsys, tmp_path):
    assert "has no folder images/" in error_of(capsys, [tmp_path / "nowhere"])


def test_no_images(stub, capsys, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "gt").mkdir()
    assert "holds no .jpeg, .jpg, .png, .webp image" in error_of(capsys, [tmp_path])


def test_broken_image(folder, stub, capsys):
    (folder / "images/img_1.png").write_bytes(b"not a picture")
    sentence = error_of(capsys, [folder])
    assert "img_1.png: The file is not an image" in sentence


def test_broken_weights(folder, capsys, monkeypatch):
    def load(weights, known_words):
        raise RuntimeError("header\n  too large")

    monkeypatch.setattr(spotter, "load_spotter", load, raising=False)
    sentence = error_of(capsys, [folder, "--weights", "x.safetensors"])
    assert sentence == "The weights x.safetensors cannot be loaded: header too large"


def test_report_that_cannot_be_written(folder, stub, capsys):
    assert "cannot be written" in error_of(capsys, [folder, "--json", folder / "none/out.json"])


@pytest.fixture
def generator():
    pytest.importorskip("faker")
    synth = pytest.importorskip("spotter.data.synth.scene")
    try:
        from spotter.data.synth.style import EASY

        return synth.SceneGenerator(EASY, split="held_out")
    except RuntimeError as error:
        pytest.skip(str(error))


def test_synthetic_scenes(generator, stub, capsys):
    main(["synthetic", "--count", "2", "--seed", "7", "--style", "easy"])
    scenes = [generator.render(seed) for seed in (7, 8)]
    assert [shape for shape, _ in stub.calls] == [scene.image.shape for scene in scenes]
    words = sum(not region.ignore for scene in scenes for region in scene.regions)
    assert f"2 images, {words} words" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--style", "baroque"], "There is no style baroque; expected one of "),
        (["--backgrounds", "nowhere"], "no photograph of the held_out split in nowhere"),
    ],
)
def test_scenes_that_cannot_be_rendered(generator, stub, capsys, options, sentence):
    assert error_of(capsys, ["synthetic", *options]).startswith(sentence)


def test_as_a_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "spotter.evaluation", str(tmp_path / "nowhere")],
        cwd=Path(spotter.__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "has no folder images/" in done.stderr


def test_false_positives_on_photographs_without_text(tmp_path, stub, capsys):
    from spotter.data.synth.backgrounds import is_held_out

    names = [f"{k}.png" for k in range(40)]
    for name in names:
        Image.new("RGB", (64, 32)).save(tmp_path / name)
    count = sum(is_held_out(name) for name in names)
    assert 0 < count < 40
    main([str(tmp_path), "--without-text"])
    assert capsys.readouterr().out.endswith(f"1.00 words per image, {count} images without text\n")
    main([str(tmp_path), "--without-text", "--limit", "1"])
    assert "1 images" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert "holds no photograph" in error_of(capsys, [tmp_path / "empty", "--without-text"])
