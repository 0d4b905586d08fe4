"""Eight people write into one PostgreSQL at once; the server is started here, where it is installed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psycopg
import pytest

from annotation.region import Region
from annotation.store.records import VersionConflict
from annotation.store.store import Store

WRITERS, SAVES = 8, 4  # saves of each
START_SECONDS = 60
BOX = [[1, 1], [50, 1], [50, 50]]


def programs() -> Path | None:
    """The folder of the newest server on this machine; Debian keeps them out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    here = shutil.which("initdb")
    return found[-1].parent if found else here and Path(here).parent


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of an empty database."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    user = {"user": "postgres"} if os.getuid() == 0 else {}  # it refuses to run as root
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="postgresql"))  # pytest's are not for other users
    if user:
        shutil.chown(folder, "postgres")
    data = str(folder / "data")
    initdb = [bin_folder / "initdb", "--pgdata", data, "--username", "me", "--auth", "trust", "--no-sync"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder), "fsync": "off"}
    command = [bin_folder / "postgres", "-D", data, "-p", str(port)]
    command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **user)
    try:
        url = f"postgresql://me@127.0.0.1:{port}/postgres"
        wait_for(url, process, folder / "log")
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # ends connections that are still open, too
        process.wait(timeout=START_SECONDS)
        shutil.rmtree(folder)


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)


def test_eight_writers_at_once_lose_nothing(server, tmp_path, picture):
    """All of them add words to the same photo, and photos of their own."""
    with Store(server, images=tmp_path / "images") as store:
        project = store.ensure_project("p")
        shared = store.add_image(project, picture(), "shared.jpg")[0].id
    start = Barrier(WRITERS)

    def write(writer: int) -> None:
        with Store(server, images=tmp_path / "images") as store:
            start.wait()
            for number in range(SAVES):
                name = f"{writer}-{number}"
                image, is_new = store.add_image(project, picture(1 + writer * SAVES + number), name)
                assert is_new
                store.save_regions(image.id, image.version, [Region(BOX, name, "a")], name)
                while True:  # as the page does after a conflict: with the words of the others
                    version, words = store.image(shared).version, store.regions(shared)
                    try:
                        store.save_regions(shared, version, [*words, Region(BOX, name, name)], f"w{writer}")
                        break
                    except VersionConflict:
                        continue

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    names = {f"{writer}-{number}" for writer in range(WRITERS) for number in range(SAVES)}
    with Store(server, images=tmp_path / "images") as store:
        assert {region.text for region in store.regions(shared)} == names
        assert store.image(shared).version == len(names)
        others = [image for image in store.image_list(project) if image.id != shared]
        assert {image.name for image in others} == names
        assert all([r.text for r in store.regions(image.id)] == [image.name] for image in others)
