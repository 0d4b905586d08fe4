"""The files for Docker, and the app as it starts in a container and on a Hugging Face Space."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from spotter.tabs.shared.environment import PREFIX, Environment

ROOT = Path(__file__).resolve().parent.parent
DOCKER = ROOT / ".docker"
START_TIMEOUT = 120  # seconds


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile."""
    lines = (DOCKER / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def started(command: list[str], environment: dict[str, str], folder: Path):
    """The address of an app, once it answers; its output is in folder/output."""
    port = free_port()
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "TMPDIR": str(folder), f"{PREFIX}PORT": str(port)} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + START_TIMEOUT
        while True:
            assert process.poll() is None, (folder / "output").read_text()
            assert time.monotonic() < end, "the app does not answer"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
                break
            except OSError:
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def test_the_files_of_the_image_exist(instructions):
    for name, value in instructions:
        if name == "COPY":
            *sources, _ = value.split()
            assert all((ROOT / source).exists() for source in sources)
    python = next(value for name, value in instructions if name == "FROM")
    assert python.startswith("python:3.")


def test_the_environment_of_the_files_is_known(instructions):
    compose = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    given = set(compose["services"]["app"]["environment"])
    given |= {value.partition("=")[0] for name, value in instructions if name == "ENV"}
    assert given <= {f"{PREFIX}{field}".upper() for field in Environment.model_fields}
    assert (DOCKER / compose["services"]["app"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / compose["services"]["app"]["build"]["dockerfile"]).is_file()


def test_the_command_of_the_image_starts_and_is_healthy(instructions, tmp_path):
    values = dict(instructions)
    command = json.loads(values["CMD"])
    command[0] = str(Path(sys.executable).with_name(command[0]))
    environment = dict(each.split("=") for each in shlex.split(values["ENV"]))
    with started(command, environment | {"HOME": str(tmp_path)}, tmp_path) as url:
        check = re.search(r"CMD (\[.*\])", values["HEALTHCHECK"])[1]
        check = json.loads(check.replace("http://127.0.0.1:7860", url))
        subprocess.run([sys.executable, *check[1:]], check=True)
    assert (tmp_path / ".local/share/swintextspotter/annotation.db").is_file()


def test_a_space_without_a_home_starts(tmp_path):
    (tmp_path / "file").touch()
    space = {"SPACE_ID": "a/b", "SPACE_HOST": "a-b.hf.space", "HOME": str(tmp_path / "file")}
    space["SPOTTER_AUTH"] = "ann:secret"  # without logins, it is a demo, which needs no home
    with started([sys.executable, str(ROOT / "app.py")], space, tmp_path) as url:
        page = urllib.request.Request(url, headers={"Host": "a-b.hf.space"})
        assert b"gradio" in urllib.request.urlopen(page).read()
        stranger = urllib.request.Request(url, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="421"):
            urllib.request.urlopen(stranger)
    assert "cannot be created" in (tmp_path / "output").read_text()
