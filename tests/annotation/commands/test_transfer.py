"""Parts of a project on the command line. Import and export as a whole are in test_main.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotation.__main__ import main, parse
from annotation.archive import pack
from annotation.commands.transfer import Export
from annotation.region import Region
from annotation.store.store import Store

BOX = [[1.0, 1.0], [20.0, 1.0], [20.0, 10.0]]


@pytest.fixture
def url(tmp_path, picture, monkeypatch) -> str:
    """A database with a photo that ann has done, and one that bob works on; the folder is empty."""
    url = f"sqlite:///{tmp_path}/a.db"
    with Store(url) as store:
        project = store.ensure_project("default")
        for i, who in enumerate(("ann", "bob")):
            image, _ = store.add_image(project, picture(i), f"{who}.jpg")
            store.save_regions(image.id, 0, [Region(BOX, "word")], who)
            if who == "ann":
                store.set_state(image.id, "done", who)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return url


def test_parse():
    arguments = ["--state", "done", "in work", "--by", "ann", "--since", "2026-11-01"]
    command = parse(["export", "out", *arguments])
    assert isinstance(command, Export)
    assert (command.state, command.by, command.since) == (["done", "in work"], "ann", "2026-11-01")
    with pytest.raises(SystemExit):
        parse(["export", "out", "--state", "skipped"])


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["ann.jpg", "bob.jpg"]),
        (["--state", "done", "approved"], ["ann.jpg"]),
        (["--by", "bob"], ["bob.jpg"]),
        (["--since", "2020-01-01"], ["ann.jpg", "bob.jpg"]),
        (["--since", "2020-01-01", "--by", "ann", "--state", "done"], ["ann.jpg"]),
    ],
    ids=" ".join,
)
def test_filters(url, capsys, arguments, names):
    assert main(["export", "out", "--database", url, *arguments]) == 0
    assert sorted(path.name for path in Path("out/images").iterdir()) == names
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"images: {len(names)}, regions: {len(names)}"
    assert [line.startswith("only images that are: ") for line in lines[1:]] == [True] * bool(arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "2999-01-01"], "No image fits the filter (changed since 2999-01-01 00:00 UTC); nothing"),
        (["--state", "approved"], "No image fits the filter (approved); nothing was exported."),
        (["--by", "zoe"], "zoe has not worked in this project; these have: ann, bob."),
        (["--since", "yesterday"], "'yesterday' is not a date; write it as 2026-11-01."),
    ],
    ids=" ".join,
)
def test_nothing_that_fits_is_a_sentence_and_no_folder(url, capsys, arguments, message):
    assert main(["export", "out", "--database", url, *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(message)
    assert captured.err.count("\n") == 1
    assert list(Path().iterdir()) == []


def test_a_csv_file(url, capsys):
    assert main(["export", "words.csv", "--format", "csv", "--database", url, "--state", "done"]) == 0
    assert [path.name for path in Path().iterdir()] == ["words.csv"]
    assert "ann.jpg" in Path("words.csv").read_text(encoding="utf-8-sig")


def test_a_zip_archive_as_the_app_exports_it(url, picture, tmp_path, capsys):
    main(["export", "out", "--format", "coco", "--database", url])
    pack(Path("out"), tmp_path / "signs.zip")
    capsys.readouterr()
    main(["import", str(tmp_path / "signs.zip"), "--database", f"sqlite:///{tmp_path}/b.db"])
    assert "images: 2 added, 0 already there" in capsys.readouterr().out
    (tmp_path / "bad.zip").write_bytes(b"no archive")
    assert main(["import", str(tmp_path / "bad.zip"), "--database", f"sqlite:///{tmp_path}/b.db"]) == 1
    assert "The zip archive is damaged" in capsys.readouterr().err
