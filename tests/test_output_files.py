from __future__ import annotations

import os
from pathlib import Path

import pytest

from spotter.output_files import OutputError, check_output, replacing


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    with replacing(path) as stream:
        stream.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(TypeError), replacing(path) as stream:
        stream.write(b"new" + None)
    assert [path.read_text(), *tmp_path.iterdir()] == ["old", path]


def test_a_link_stays_one(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with replacing(tmp_path / "link") as stream:
        stream.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_what_is_no_regular_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "../../../../../../../dev/null", tmp_path):
        with pytest.raises(OutputError), replacing(path):
            pytest.fail("opened")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("device", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_devices_are_refused_wherever_they_lead(device):
    with pytest.raises(OutputError, match="use - for standard output"):
        check_output(Path(device))
