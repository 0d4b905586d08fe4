"""`python -m spotter` with a stub that finds one word, and with a real spotter."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import spotter
from spotter import reading
from spotter.__main__ import main
from spotter.formats import DOCUMENTS, TABLES, table_format
from spotter.images import accepted, count_pages
from spotter.read_options import BROKEN_PIPE
from spotter.results import TableFile
from spotter.types import Character, Word

ROOT = Path(spotter.__file__).parents[1]
QUAD = [[1.0, 2.0], [41.0, 2.0], [41.0, 12.0], [1.0, 12.0]]
WORD = Word("w0", QUAD, [1.0, 2.0, 41.0, 12.0], "Chloé", 0.93, 0.88, [Character("C", 0.97)])


class OneWordSpotter:
    """Finds the same word in every image and records its calls."""

    card = {"name": "nano", "sha256": "3f2a", "trained_images": 240_000, "data": "rendered"}  # noqa: RUF012

    def __init__(self):
        self.calls = []
        self.loaded = []
        self.batches = []
        self.fails_at = None

    def spot_batch(self, images, threshold=None, short_side=None):
        self.calls += [(image.shape, threshold, short_side) for image in images]
        self.batches.append(len(images))
        if len(self.calls) == self.fails_at:
            raise RuntimeError("no\n memory")
        return [[WORD] for _ in images]


@pytest.fixture
def one_word(monkeypatch) -> OneWordSpotter:
    stub = OneWordSpotter()

    def load(weights, device, known_words=True):
        stub.loaded.append((weights, device, known_words))
        return stub

    monkeypatch.setattr(spotter, "load_spotter", load, raising=False)
    return stub


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two folders with images of the same name, one with other files too."""
    for name, size in (("a/photo.jpg", (64, 32)), ("b/photo.jpg", (60, 40)), ("b/other.PNG", (20, 30))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", size).save(tmp_path / name)
    (tmp_path / "b/notes.txt").write_text("no image")
    (tmp_path / "b/.hidden.jpg").write_text("no image")
    (tmp_path / "b/deeper.jpg").mkdir()
    return tmp_path


def run(*arguments) -> int:
    return main([str(argument) for argument in arguments])


def visible(folder: Path) -> list[str]:
    """Names in a folder, but for the one of the settings."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_prints_the_words_of_each_image(folder, one_word, capsys):
    assert run(folder / "a/photo.jpg", folder / "b/other.PNG") == 0
    output = capsys.readouterr()
    assert output.out == "photo.jpg: 1 word\n  0.93  Chloé\nother.PNG: 1 word\n  0.93  Chloé\n"
    assert "2/2" in output.err
    assert one_word.loaded == [("nano", None, True)]
    assert one_word.calls == [((32, 64, 3), None, None), ((30, 20, 3), None, None)]


def test_options_reach_the_spotter(folder, one_word, capsys):
    options = ["--weights", "w.safetensors", "--threshold", "0.25", "--short-side", "320", "--device", "cpu"]
    assert run(folder / "a", *options) == 0
    assert one_word.loaded == [("w.safetensors", "cpu", True)]
    assert one_word.calls == [((32, 64, 3), 0.25, 320)]


def test_json(folder, one_word, capsys):
    out = folder / "out.json"
    assert run(folder / "a", folder / "b", "--json", out) == 0
    assert capsys.readouterr().out == ""
    content = json.loads(out.read_text(encoding="utf-8"))
    settings = {"threshold": None, "short_side": None, "known_words": True}
    assert content["model"] == {
        "name": "nano",
        "sha256": "3f2a",
        "trained_images": 240_000,
        "settings": settings,
    }
    assert list(content["images"]) == ["a/photo.jpg", "other.PNG", "b/photo.jpg"]
    entry = content["images"]["b/photo.jpg"]
    assert entry.pop("seconds") >= 0
    assert entry == {
        "width": 60,
        "height": 40,
        "words": [
            {
                "id": "w0",
                "polygon": QUAD,
                "box": [1, 2, 41, 12],
                "text": "Chloé",
                "score": 0.93,
                "reading_score": 0.88,
                "characters": [{"text": "C", "score": 0.97}],
            }
        ],
    }
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b", "out.json"]  # no partial files


def test_drawings_of_images_with_the_same_name(folder, one_word):
    out = folder / "drawn/here"
    assert run(folder / "a", folder / "b", "--draw", out) == 0
    files = {str(path.relative_to(out)): Image.open(path).size for path in out.rglob("*") if path.is_file()}
    assert files == {"a/photo.jpg.png": (64, 32), "b/photo.jpg.png": (60, 40), "other.PNG.png": (20, 30)}
    assert Image.open(out / "a/photo.jpg.png").getextrema() != ((0, 0),) * 3


def test_unreadable_images_do_not_stop_the_others(folder, one_word, capsys):
    (folder / "b/notes.jpg").write_text("no image")
    out = folder / "out.json"
    assert run(folder / "nowhere.jpg", folder / "b", folder / "a", "--json", out) == 2
    lines = [
        line for line in capsys.readouterr().err.replace("\r", "\n").splitlines() if "image/s" not in line
    ]
    sentences = [line.strip() for line in lines if line.strip() and "it/s" not in line]
    assert [sentence for sentence in sentences if "Left out" not in sentence] == [
        f"{folder}/nowhere.jpg: The image file does not exist; check its name and place.",
        f"{folder}/b/notes.jpg: The file is not an image that can be read; choose {accepted()}.",
    ]
    assert list(json.loads(out.read_text())["images"]) == ["other.PNG", "b/photo.jpg", "a/photo.jpg"]


def test_a_failure_of_the_spotter_does_not_stop_the_others(folder, one_word, capsys):
    one_word.fails_at = 2
    assert run(folder / "a", folder / "b") == 2
    output = capsys.readouterr()
    assert "other.PNG: The words could not be read (RuntimeError: no memory)." in output.err
    assert len(one_word.calls) == 3
    assert output.out.count("1 word") == 2


def test_a_folder_without_images(folder, one_word, capsys):
    (folder / "empty").mkdir()
    assert run(folder / "empty") == 2
    assert capsys.readouterr().err == f"{folder}/empty: There is no image in this folder.\n"
    assert one_word.loaded == []


def test_pages_are_read_and_drawn_one_by_one(folder, one_word, capsys):
    pages = [Image.new("L", (40, 20 + i)) for i in range(2)]
    pages[0].save(folder / "scan.tif", save_all=True, append_images=pages[1:])
    assert run(folder / "scan.tif", "--draw", folder / "drawn") == 0
    assert [shape for shape, *_ in one_word.calls] == [(20, 40, 3), (21, 40, 3)]
    assert capsys.readouterr().out.startswith("scan-page-1.tif: 1 word")
    names = ["scan-page-1.tif.png", "scan-page-2.tif.png"]
    assert sorted(path.name for path in (folder / "drawn").iterdir()) == names


def test_files_of_a_folder_that_are_left_out_are_named(folder, one_word, capsys):
    assert run(folder / "b") == 0
    assert f"{folder}/b: Left out, not images by their names: notes.txt." in capsys.readouterr().err


@pytest.mark.parametrize("length", [244, 251, 255])
def test_drawings_of_long_names(folder, one_word, capsys, length):
    photo = folder / ("x" * (length - 4) + ".jpg")
    (folder / "a/photo.jpg").rename(photo)
    is_short = length + len(".png") <= 255
    assert run(photo, "--draw", folder / "drawn") == (0 if is_short else 2)
    error = capsys.readouterr().err
    assert "Errno" not in error
    assert ("cannot be written: File name too long." in error) != is_short


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--json", "{}/none/out.json"], "give a file in a folder that exists"),
        (["--json", "{}"], "give a file in a folder that exists"),
        (["--json", "{}/b/../a/photo.jpg"], "is one of the images"),
        (["--draw", "{}/a/photo.jpg"], "cannot be created"),
    ],
)
def test_outputs_that_cannot_be_written(folder, one_word, capsys, options, sentence):
    before = (folder / "a/photo.jpg").read_bytes()
    assert run(folder / "a", *(option.format(folder) for option in options)) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert len(error.splitlines()) == 1
    assert one_word.calls == []
    assert (folder / "a/photo.jpg").read_bytes() == before


def test_a_drawing_does_not_replace_an_input(folder, one_word, capsys):
    (folder / "a/photo.jpg").rename(folder / "a/other.PNG.png")
    assert run(folder / "a", folder / "b/other.PNG", "--draw", folder / "a") == 2
    assert "is one of the images" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [["--threshold", "2"], ["--threshold", "high"], ["--short-side", "0"], ["--short-side", "9999"], []],
)
def test_invalid_options(folder, one_word, capsys, options):
    with pytest.raises(SystemExit) as stop:
        run(*([folder / "a", *options] if options else []))
    assert stop.value.code == 2
    assert one_word.loaded == []


def test_the_network_alone(folder, one_word):
    assert run(folder / "a", "--without-known-words") == 0
    assert one_word.loaded == [("nano", None, False)]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("There are no weights 'x'."), "There are no weights 'x'."),
        (RuntimeError("no\ndevice"), "The spotter cannot be loaded on cuda: no device."),
        (MemoryError(), "The spotter cannot be loaded on cuda: MemoryError."),
    ],
)
def test_weights_that_cannot_be_loaded(folder, capsys, monkeypatch, error, message):
    def load(weights, device, known_words=True):
        raise error

    monkeypatch.setattr(spotter, "load_spotter", load, raising=False)
    assert run(folder / "a", "--device", "cuda") == 2
    assert capsys.readouterr().err.splitlines() == [message]


def test_an_interrupted_run_writes_its_results(folder, one_word, monkeypatch):
    read_image, seen = reading.read_image, []

    def interrupted_at_the_second(path, page):
        seen.append(path)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return read_image(path, page)

    monkeypatch.setattr(reading, "read_image", interrupted_at_the_second)
    assert run(folder / "a", folder / "b", "--json", folder / "out.json") == 130
    assert list(json.loads((folder / "out.json").read_text())["images"]) == ["a/photo.jpg"]


def names_in(path: Path) -> list[str]:
    return [json.loads(line)["image"] for line in path.read_text().splitlines()]


def test_folders_inside_are_read_and_named_by_their_place(folder, one_word, capsys):
    assert run(folder, "--recursive", "-o", folder / "out.jsonl") == 0
    assert names_in(folder / "out.jsonl") == ["a/photo.jpg", "b/other.PNG", "b/photo.jpg"]
    assert f"{folder}: Left out, not images by their names: b/notes.txt." in capsys.readouterr().err


def test_several_images_at_once(folder, one_word, capsys):
    assert run(folder / "a", folder / "b", "--batch", "2") == 0
    assert one_word.batches == [2, 1]
    assert capsys.readouterr().out.count("1 word") == 3


def test_of_a_batch_that_fails_the_others_are_read(folder, one_word, capsys):
    one_word.fails_at = 3  # the batch; then its images one by one
    assert run(folder / "a", folder / "b", "--batch", "3") == 0
    assert one_word.batches == [3, 1, 1, 1]
    assert capsys.readouterr().out.count("1 word") == 3


@pytest.mark.parametrize("name", [*TABLES, *DOCUMENTS])
def test_a_run_goes_on_where_another_ended(folder, one_word, capsys, name):
    out = folder / "out"
    if name in DOCUMENTS:
        out.mkdir()
    assert run(folder / "a/photo.jpg", "-o", out, "--format", name) == 0
    before = len(one_word.calls)
    assert run(folder / "a/photo.jpg", folder / "b/other.PNG", "-o", out, "--format", name, "--resume") == 0
    assert one_word.calls[before:] == [((30, 20, 3), None, None)]
    assert "1 was read before and is left out." in capsys.readouterr().err
    if name in TABLES:
        assert [photo.name for _, photo in table_format(name).read(out)] == ["photo.jpg", "other.PNG"]
    else:
        assert len(visible(out)) == 2


def test_a_killed_run_is_gone_on_with(folder, one_word, capsys):
    out, journal = folder / "out.json", folder / "out.json.partial"
    assert run(folder / "a", "-o", folder / "lines.jsonl") == 0
    (folder / "lines.jsonl").rename(journal)
    with journal.open("a") as stream:
        stream.write('{"image": "cut')
    arguments = [folder / "a", folder / "b/other.PNG", "-o", out]
    assert run(*arguments) == 2
    assert "out.json.partial holds what an interrupted run has read" in capsys.readouterr().err
    assert run(*arguments, "--resume") == 0
    assert list(json.loads(out.read_text())["images"]) == ["photo.jpg", "other.PNG"]
    assert not journal.exists()


def test_results_of_other_weights_are_not_mixed(folder, one_word, capsys, monkeypatch):
    assert run(folder / "a", "-o", folder / "out.csv") == 0
    before = (folder / "out.csv").read_bytes()
    monkeypatch.setattr(one_word, "card", {"name": "other", "sha256": "0"}, raising=False)
    assert run(folder / "b", "-o", folder / "out.csv", "--resume") == 2
    assert "was read with the weights nano: use the same" in capsys.readouterr().err
    assert (folder / "out.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["jsonl", "csv", "hocr", "txt"])
@pytest.mark.parametrize(
    ("first", "then", "sentence"),
    [
        ([], ["--without-known-words"], "with known words:"),
        (["--without-known-words"], [], "with no known words:"),
        (["--threshold", "0.5"], ["--short-side", "640"], "with threshold 0.5, no short side:"),
    ],
)
def test_results_of_other_settings_are_not_mixed(folder, one_word, capsys, name, first, then, sentence):
    out = folder / "out"
    if name in DOCUMENTS:
        out.mkdir()
    assert run(folder / "a", "-o", out, "--format", name, *first) == 0
    assert run(folder / "b", "-o", out, "--format", name, "--resume", *then) == 2
    assert f"was read {sentence} use the same to go on" in capsys.readouterr().err
    assert len(one_word.calls) == 1
    assert run(folder / "b", "-o", out, "--format", name, "--resume", *first) == 0


def test_a_folder_whose_settings_are_damaged_is_left_alone(folder, one_word, capsys):
    out = folder / "out"
    out.mkdir()
    (out / ".spotter-read.json").write_text("[")
    assert run(folder / "a", "-o", out, "--format", "txt", "--resume") == 2
    assert ".spotter-read.json is damaged; choose another folder." in capsys.readouterr().err


def test_a_foreign_file_is_not_gone_on_with(folder, one_word, capsys):
    (folder / "out.json").write_text('{"images": [1]}')
    assert run(folder / "a", "-o", folder / "out.json", "--resume") == 2
    assert "was not written by `spotter read`" in capsys.readouterr().err


def test_standard_output(folder, one_word, capfdbinary):
    for name in TABLES:
        assert run(folder / "a", "--format", name, "-o", "-") == 0
        assert b"photo.jpg" in capfdbinary.readouterr().out
    assert run(folder / "a", "--format", "txt") == 0
    assert capfdbinary.readouterr().out == "Chloé\n".encode()
    assert not (Path.cwd() / "-").exists()


def test_many_photos_need_a_folder(folder, one_word, capsys):
    assert run(folder / "b", "--format", "hocr") == 2
    assert "give a folder with -o" in capsys.readouterr().err


def test_one_photo_becomes_one_file(folder, one_word):
    assert run(folder / "a", "--format", "pdf", "-o", folder / "words.pdf") == 0
    assert (folder / "words.pdf").read_bytes().startswith(b"%PDF")


def test_pages_stay_together_in_a_pdf_and_apart_in_hocr(folder, one_word):
    pages = [Image.new("L", (40, 20)) for _ in range(3)]
    pages[0].save(folder / "a/scan.tif", save_all=True, append_images=pages[1:])
    for name, files in (
        ("pdf", ["photo.pdf", "scan.pdf"]),
        ("hocr", ["photo.hocr", *(f"scan-page-{i}.hocr" for i in (1, 2, 3))]),
    ):
        assert run(folder / "a", "--format", name, "-o", folder / name) == 0
        assert visible(folder / name) == files
    assert count_pages(folder / "pdf/scan.pdf") == 3


def test_photos_of_the_same_name_keep_their_endings(folder, one_word):
    (folder / "b/other.jpg").write_bytes((folder / "a/photo.jpg").read_bytes())
    assert run(folder / "b", "--format", "txt", "-o", folder / "out") == 0
    assert visible(folder / "out") == ["other.PNG.txt", "other.jpg.txt", "photo.txt"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-o", "out"], "give the --format of out"),
        (["--resume"], "--resume needs a file or folder"),
        (["--json", "a.json", "-o", "b.json"], "give one of them"),
        (["--batch", "0"], "0 is not a whole number above 0"),
    ],
)
def test_options_that_do_not_fit_together(folder, one_word, capsys, options, sentence):
    with pytest.raises(SystemExit) as stop:
        run(folder / "a", *options)
    assert stop.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_device_is_not_replaced(folder, one_word, capsys):
    assert run(folder / "a", "--json", "/dev/stdout") == 2
    assert capsys.readouterr().err == "/dev/stdout is not a regular file; use - for standard output.\n"
    assert one_word.loaded == []


def test_a_full_disk(folder, one_word, capsys, monkeypatch):
    def add(self, photo, image, words):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(TableFile, "add", add)
    assert run(folder / "a", folder / "b", "-o", folder / "out.json") == 2
    assert "The output cannot be written: No space left on device." in capsys.readouterr().err
    assert len(one_word.calls) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="file names are Unicode elsewhere")
def test_a_file_name_that_is_not_utf8(folder, one_word, capsys):
    name = os.fsdecode(b"caf\xe9.jpg")
    (folder / "a/photo.jpg").rename(folder / "a" / name)
    assert run(folder / "a", "--json", folder / "out.json") == 0
    assert list(json.loads((folder / "out.json").read_text(encoding="utf-8"))["images"]) == [name]
    assert run(folder / "a") == 0


def test_as_a_command(tiny_file, tmp_path):
    Image.new("RGB", (64, 48), (90, 120, 30)).save(tmp_path / "photo.png")
    options = f"--device cpu --threshold 0 --weights {tiny_file}"
    done = subprocess.run(
        [sys.executable, "-m", "spotter", tmp_path / "photo.png", tmp_path / "none.png", *options.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stdout.startswith("photo.png: ")
    assert len(done.stdout.splitlines()) > 1
    assert f"{tmp_path}/none.png: The image file does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_output_ends_without_traceback(tiny_file, tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "photo.png")
    process = subprocess.Popen(
        [sys.executable, "-m", "spotter", tmp_path / "photo.png", "--weights", tiny_file],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.close()
    with process.stderr:
        assert "Traceback" not in process.stderr.read()
    assert process.wait() == BROKEN_PIPE
