"""Processes are found again, and told from others with their id."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from annotation.rounds import process
from annotation.rounds.process import Process, spawn, start_time, this_process


def wait_for(condition) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_this_process_is_alive():
    mine = this_process()
    assert mine.is_alive()
    assert not Process(mine.host, mine.pid, "another time").is_alive()
    assert Process("elsewhere", 1, "").is_alive()


def test_a_process_that_has_ended():
    child = subprocess.Popen([sys.executable, "-c", ""])
    pid = child.pid
    wait_for(lambda: start_time(pid) == "")  # a zombie counts as ended
    child.wait()
    assert start_time(pid) == ""


def test_where_there_is_no_proc(monkeypatch, tmp_path):
    monkeypatch.setattr(process, "BOOT_ID", tmp_path / "none")
    assert start_time(os.getpid()) == start_time(os.getpid()) != ""
    assert start_time(2**22 - 1) == ""


@pytest.fixture
def module(tmp_path, monkeypatch):
    code = "import sys, time; print('began', sys.argv[1:], flush=True); time.sleep(60)"
    (tmp_path / "sleeper.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "sleeper"


def test_it_begins_when_it_is_noted(module, tmp_path):
    noted = []
    spawn(module, ["--round", "7"], tmp_path, noted.append)
    (child,) = noted
    assert child.is_alive()
    wait_for(lambda: process.last_line(tmp_path) == "began ['--round', '7']")
    command = Path(f"/proc/{child.pid}/cmdline")
    assert not command.exists() or b"--round" not in command.read_bytes()  # everybody can read those
    assert os.getpriority(os.PRIO_PROCESS, child.pid) >= 10
    assert os.getsid(child.pid) != os.getsid(0)  # it outlives this process and its terminal
    child.terminate()
    wait_for(lambda: not child.is_alive())
    child.terminate()  # nothing happens


def test_nothing_begins_that_is_not_noted(module, tmp_path):
    noted = []

    def refuse(child):
        noted.append(child)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        spawn(module, [], tmp_path, refuse)
    wait_for(lambda: not noted[0].is_alive())
    assert process.last_line(tmp_path) == ""


def test_the_last_line(tmp_path):
    assert process.last_line(tmp_path) == ""
    (tmp_path / process.LOG).write_bytes(b"one\n\xff\x1b[31mtwo\n\n")
    assert process.last_line(tmp_path).endswith("[31mtwo")
