"""The commands of `python -m annotation`."""

from __future__ import annotations

import errno
import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from annotation.__main__ import main, parse
from annotation.formats import FORMATS

ROOT = Path(__file__).parents[2]


def test_command_line(tmp_path, picture, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["export", "out"]) == 1
    assert capsys.readouterr().err == "There is no such database.\n"
    (tmp_path / "in").mkdir()
    (tmp_path / "in/photo.jpg").write_bytes(picture())
    (tmp_path / "in/tasks.json").write_text(json.dumps([task()]))
    assert main(["import", "in/tasks.json"]) == 0
    assert "images: 1 added" in capsys.readouterr().out
    assert (tmp_path / "annotation.db").is_file()
    for form in FORMATS:
        assert main(["export", form, "--format", form]) == 0
        assert main(["import", form, "--format", form, "--database", f"sqlite:///{form}.db"]) == 0
        assert capsys.readouterr().err == ""
    assert main(["export", "coco", "--format", "coco"]) == 1
    assert main(["export", "x", "--project", "nobody's"]) == 1
    assert main(["import", "in/tasks.json", "--images", "nowhere"]) == 1
    assert main(["import", "nowhere"]) == 1
    assert main(["import", "in/tasks.json", "--database", "nonsense"]) == 1
    assert capsys.readouterr().err.count("\n") == 5
    with pytest.raises(SystemExit) as caught:
        main(["import", "in", "--format", "voc"])
    assert caught.value.code == 2


@pytest.mark.parametrize("command", ["import", "export"])
@pytest.mark.parametrize("trouble", ["torn", "locked", "full"])
def test_trouble_of_the_machine_is_one_sentence(
    store, image_id, tmp_path, capsys, monkeypatch, command, trouble
):
    """A torn database, another program that does not let go of it, a full disk."""

    def fail(*_, **__):
        if trouble == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        said = "database disk image is malformed" if trouble == "torn" else "database is locked"
        raise OperationalError("SELECT secret", {}, sqlite3.OperationalError(said))

    (tmp_path / "tasks.json").write_text(json.dumps([task()]))
    (tmp_path / "photo.jpg").write_bytes(store.image_path(store.image(image_id)).read_bytes())
    monkeypatch.setattr("annotation.store.store.Store.read", fail)
    url = f"sqlite:///{tmp_path}/{'new' if command == 'import' else 'annotation'}.db"
    path = tmp_path / ("tasks.json" if command == "import" else "out")
    assert main([command, str(path), "--database", url]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "secret" not in captured.err
    assert not (tmp_path / "new.db").exists()
    assert not (tmp_path / "out").exists()


def test_names_of_any_kind_on_any_terminal(tmp_path, picture):
    (tmp_path / "咖啡.jpg").write_bytes(picture())
    (tmp_path / "tasks.json").write_text(json.dumps([{"data": {"image": "咖啡.jpg"}}]))
    done = subprocess.run(
        [sys.executable, "-m", "annotation", "import", tmp_path, "--database", f"sqlite:///{tmp_path}/a.db"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u5496\\u5561.jpg: It has no annotation." in done.stdout
