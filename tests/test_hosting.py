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
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from spotter.tabs.shared import environment
from spotter.tabs.shared.fonts import FILES
from tests.servers import running

ROOT = Path(__file__).resolve().parent.parent
DOCKER = ROOT / ".docker"
START_TIMEOUT = 120  # seconds
PREFIX = "/words"  # of the addresses outside of a proxy


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
            env={"PATH": os.environ["PATH"], "TMPDIR": str(folder), "SPOTTER_PORT": str(port)} | environment,
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
    assert given <= {f"{environment.PREFIX}{field}".upper() for field in environment.Environment.model_fields}
    assert (DOCKER / compose["services"]["app"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / compose["services"]["app"]["build"]["dockerfile"]).is_file()


@pytest.fixture(scope="module")
def container(instructions, tmp_path_factory):
    """The address and the home of the app, started as in a container, behind a proxy that removes PREFIX."""
    values, home = dict(instructions), tmp_path_factory.mktemp("home")
    command = json.loads(values["CMD"])
    command[0] = str(Path(sys.executable).with_name(command[0]))
    environment = dict(each.split("=") for each in shlex.split(values["ENV"])) | {"HOME": str(home)}
    with started(command, environment | {"SPOTTER_ROOT_PATH": PREFIX}, home) as url:
        yield url, home


def test_the_command_of_the_image_starts_and_is_healthy(instructions, container):
    url, home = container
    check = re.search(r"CMD (\[.*\])", dict(instructions)["HEALTHCHECK"])[1]
    check = json.loads(check.replace("http://127.0.0.1:7860", url))
    subprocess.run([sys.executable, *check[1:]], check=True)
    assert (home / ".local/share/swintextspotter/annotation.db").is_file()


def proxy(url: str) -> Starlette:
    """What a reverse proxy does, as in spotter/tabs/README.md."""

    async def forward(request: Request) -> StreamingResponse:
        headers = [(name, value) for name, value in request.headers.items() if name != "accept-encoding"]
        path = request.url.path.removeprefix(PREFIX)
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=START_TIMEOUT))
            call = client.stream(
                request.method,
                f"{url}{path}",
                params=request.query_params,
                headers=headers,
                content=await request.body(),
            )
            answer = await stack.enter_async_context(call)
            body = _ending(answer.aiter_raw(), stack.pop_all())
        return StreamingResponse(body, answer.status_code, answer.headers)

    return Starlette(routes=[Route(f"{PREFIX}/{{path:path}}", forward, methods=["GET", "POST"])])


async def _ending(parts: AsyncIterator[bytes], stack: AsyncExitStack) -> AsyncIterator[bytes]:
    async with stack:
        async for part in parts:
            yield part


def test_the_page_works_behind_a_proxy_with_a_prefix(container):
    with (
        running(proxy(container[0])) as outside,
        httpx.Client(base_url=f"{outside}{PREFIX}/", timeout=START_TIMEOUT) as browser,
    ):
        page = browser.get("").text
        for address in re.findall(r'src="(/[^"]*)"', page):
            assert address.startswith(f"{PREFIX}/"), address
        there = browser.get("", headers={"Accept-Language": "ko"})
        assert there.headers["location"].startswith(f"{PREFIX}/ko")
        assert browser.get("ko").is_success
        assert browser.get(f"fonts/{FILES[400]}").headers["content-type"] == "font/woff2"

        config = browser.get("config").json()
        assert config["root"] == f"{outside}{PREFIX}"
        event = next(each for each in config["dependencies"] if each["api_name"] == "show_sample")
        gallery = event["targets"][0][0]
        sent = {"fn_index": event["id"], "session_hash": "s", "data": [], "trigger_id": gallery}
        sent |= {"event_data": {"index": 0, "value": None}}
        origin = {"Origin": outside}  # as a browser sends it
        joined = browser.post("gradio_api/queue/join", json=sent, headers=origin)
        assert joined.is_success, joined.text
        with browser.stream("GET", "gradio_api/queue/data", params={"session_hash": "s"}) as events:
            messages = (json.loads(line[6:]) for line in events.iter_lines() if line.startswith("data: "))
            done = next(each for each in messages if each["msg"] == "process_completed")
        assert done["success"], done
        photo = done["output"]["data"][0]["photo"]["url"]
        assert photo.startswith(f"{outside}{PREFIX}/")
        assert httpx.get(photo).headers["content-type"] == "image/jpeg"


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
