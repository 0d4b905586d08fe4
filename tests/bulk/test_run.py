"""Bulk reading on a cluster of two machines, one of which fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pyarrow.parquet
import pytest
import torch

from spotter.bulk.errors import BulkError
from spotter.bulk.options import parse
from spotter.bulk.parts import SCHEMA, Settings
from spotter.bulk.reader import Reader
from spotter.bulk.sources import Source, find_source, load
from spotter.predictor import load_spotter
from spotter.words_json import model_version
from tests.bulk.photos import encode, write_tar

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'ray[data]'")
pytest.importorskip("ray.cluster_utils")

from spotter.bulk import run as bulk_run  # noqa: E402  # after the check for Ray

THRESHOLD = 0.05  # random weights have low scores
MEMORY = 100 * 2**20  # bytes of objects of a machine
TIMEOUT = 240  # seconds
ATTEMPTS = 3


class Holder:
    def is_there(self) -> bool:
        return True


class Machines:
    """Two, with a core each. That of the first one is taken until the second one fails."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # else all others come first
        self.folder = tempfile.mkdtemp(prefix="ray")  # pytest's are too long for names of sockets
        self.cluster = Cluster()
        quickly = {"health_check_period_ms": 500}  # finds out that a machine has failed
        self.add(include_dashboard=False, temp_dir=self.folder, _system_config=quickly)
        ray.init(self.cluster.address, log_to_driver=False, logging_level="error")
        self.holder = ray.remote(num_cpus=1)(Holder).remote()
        ray.get(self.holder.is_there.remote())
        self.second = self.add()

    def add(self, **options):
        for _ in range(ATTEMPTS):
            try:
                return self.cluster.add_node(num_cpus=1, object_store_memory=MEMORY, **options)
            except Exception:  # it waits for 30 seconds
                continue
        pytest.skip("Ray does not start: this machine is too busy.")

    def fail(self) -> None:
        """The second machine."""
        ray.kill(self.holder)
        self.cluster.remove_node(self.second, allow_graceful=False)

    def end(self) -> None:
        ray.shutdown()
        self.cluster.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def machines():
    found = Machines()
    yield found
    found.end()


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """Photos, a bad one, and a shard."""
    folder = tmp_path_factory.mktemp("many")
    for seed in range(12):
        (folder / f"{seed}.jpg").write_bytes(encode(seed))
    (folder / "bad.jpg").write_bytes(b"no photo")
    write_tar(folder / "shard.tar", {f"{seed}.jpg": encode(seed) for seed in range(12, 14)})
    return folder


@pytest.fixture(scope="module")
def options(tiny_file):
    """Of the command line."""

    def make(source: Path, out: Path, *more: str) -> list[str]:
        given = ["--weights", str(tiny_file), "--threshold", str(THRESHOLD), "--part", "2"]
        return [str(source), str(out), *given, "--short-side", "384", *more]

    return make


@pytest.fixture(scope="module")
def finished(machines, many, options, tmp_path_factory) -> tuple[Path, int, int, str]:
    """Results of a run during which a machine failed, how many parts there were then, exit code, output."""
    out = tmp_path_factory.mktemp("results") / "out"
    command = [
        sys.executable,
        "-m",
        "spotter.bulk",
        *options(many, out, "--address", machines.cluster.address),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        killer = threading.Timer(TIMEOUT, process.kill)
        killer.start()
        while not (parts := list(out.glob("part-*"))) and process.poll() is None:
            time.sleep(0.05)
        machines.fail()
        output, _ = process.communicate()
        killer.cancel()
    return out, len(parts), process.returncode, output


@pytest.fixture(scope="module")
def expected(many, options) -> list[dict]:
    """What one process reads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    given = parse(options(many, Path("out")))
    spotter = load_spotter(given.weights, "cpu")
    settings = Settings(model_version(spotter.card), given.threshold, given.short_side, True)
    source = find_source(str(many))
    images = load(source.folder, [*source.photos, *source.shards], frozenset(), None)
    table = pyarrow.Table.from_pylist(Reader(spotter, settings, 1).read(list(images)), SCHEMA)
    torch.set_num_threads(threads)
    return in_order(table.to_pylist())


def in_order(rows: list[dict]) -> list[dict]:
    return sorted(rows, key=lambda row: (row["image_id"], row["page"], row["word"] or 0))


def read_rows(out: Path) -> list[dict]:
    return in_order(pyarrow.parquet.read_table(out).to_pylist())


@pytest.mark.slow
def test_a_machine_that_fails_changes_nothing(finished, expected):
    """Takes a while: machines start, and each imports torch."""
    out, written, code, output = finished
    assert 0 < written < 8, output  # it failed in mid-run
    assert "15 images" in output
    assert code == 2  # for bad.jpg
    assert read_rows(out) == expected


@pytest.mark.slow
def test_goes_on_after_a_crash_and_reads_nothing_twice(machines, finished, many, options, expected, tmp_path):
    """The process that was started with the command cannot be killed at a chosen part: parts are removed."""
    out = shutil.copytree(finished[0], tmp_path / "out")
    kept, *lost = sorted(out.glob("part-*"))[:3]
    for part in lost:
        part.unlink()
    (out / ".partial-part-1.parquet").write_bytes(b"half")
    known, before = pyarrow.parquet.read_table(out)["image_id"].unique(), kept.stat().st_mtime_ns
    command = [sys.executable, "-m", "spotter.bulk", *options(many, out, "--resume")]
    command += ["--address", machines.cluster.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    assert f"{len(known)} files were read before and are left out." in done.stderr
    assert f"{15 - len(known)} images" in done.stdout
    assert kept.stat().st_mtime_ns == before
    assert read_rows(out) == expected


def test_the_forecast():
    assert bulk_run.forecast(600, 300) == "2.00 images per second; 10,000,000 would take 57.9 days."


def test_the_plan_leaves_out_what_is_done():
    source = Source("folder", ["a", "b", "c"], ["in/s.tar", "t.tar"])
    done = {"b", "in/s.tar/x/1.jpg", "t.tar"}
    assert list(bulk_run.plan(source, done, 1)) == [
        {"paths": ["a"], "skip": [""]},
        {"paths": ["c"], "skip": [""]},
        {"paths": ["in/s.tar"], "skip": ["", "in/s.tar/x/1.jpg"]},
        {"paths": ["t.tar"], "skip": ["", "t.tar"]},
    ]
    assert list(bulk_run.plan(Source("folder", [], []), set(), 1)) == []


def test_a_part_ends_by_its_bytes(source, monkeypatch):
    monkeypatch.setattr(bulk_run, "PART_BYTES", 1)
    items = pyarrow.Table.from_pylist([{"paths": ["a.jpg", "bad.jpg"], "skip": [""]}])
    loaded = list(bulk_run.PartLoader(str(source), 64, None)(items))
    assert [table["images"].to_pylist()[0][0]["image_id"] for table in loaded] == ["a.jpg", "bad.jpg"]


def test_results_among_the_photos(source, options):
    with pytest.raises(BulkError, match="is inside of"):
        bulk_run.run(parse(options(source, source / "out")))
    with pytest.raises(BulkError, match="is inside of"):
        bulk_run.run(parse(options(source, source)))


def test_a_cluster_that_is_not_there(source, options, tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise ConnectionError("no answer.")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(BulkError, match=r"The Ray cluster at 127\.0\.0\.1:1 cannot be used: no answer\."):
        bulk_run.run(parse(options(source, tmp_path / "out", "--address", "127.0.0.1:1")))


@pytest.mark.parametrize("more", [[], ["--without-known-words"]])
def test_known_words_reach_the_readers(tiny_spotter, source, options, tmp_path, monkeypatch, more):
    loaded: list[bool] = []

    def load_tiny(weights, device, known_words=True):
        loaded.append(known_words)
        return tiny_spotter

    monkeypatch.setattr("spotter.predictor.load_spotter", load_tiny)
    monkeypatch.setattr("spotter.decoding.decode_apart", lambda: None)
    given = parse(options(source, tmp_path / "out", *more))
    settings = Settings(model_version(tiny_spotter.card), 0.05, None, given.known_words)
    bulk_run.PartReader(given.weights, settings, str(tmp_path / "out"), "cpu", 1)
    assert loaded == [not more]
