"""Seconds, CPU seconds and memory of spotters and peers, each measured in a process of its own."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch

from spotter.config import SpotterConfig
from spotter.evaluation import baselines
from spotter.evaluation.reference_inference import PublishedOrder, same_words
from spotter.images import read_image
from spotter.predictor import Spotter, load_spotter

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
GOLDEN_SEED = 7


def in_fresh_process(function: Callable[..., dict], threads: int, **arguments: object) -> dict:
    """A function of this module, called with JSON arguments by a new Python. Raises RuntimeError."""
    code = (
        "import json, sys; from spotter.evaluation import stopwatch; "
        f"print(json.dumps(stopwatch.{function.__name__}(**json.loads(sys.argv[1]))))"
    )
    limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(arguments | {"threads": threads})],
        env=os.environ | limits | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{function.__name__} failed: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def measure_import(statement: str) -> tuple[float, float]:
    """Seconds and CPU seconds of an import in a new Python."""
    code = (
        f"import time; t, c = time.perf_counter(), time.process_time(); {statement}; "
        "print(time.perf_counter() - t, time.process_time() - c)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, cpu = map(float, done.stdout.split())
    return seconds, cpu


def measure_spotter(
    weights: str, image: str, threads: int, runs: int, threshold: float | None = None, keep: int | None = None
) -> dict:
    """Seconds to load, and from image file to words (median after a first run); peak bytes.

    `keep`: the threshold is chosen such that this many regions are read.
    """
    torch.set_num_threads(threads)
    start = time.perf_counter()
    spotter = load_spotter(weights, "cpu")
    loading = time.perf_counter() - start
    if keep is not None:
        threshold = threshold_for(spotter, read_image(image), keep)
    start = time.perf_counter()
    spotter.spot(image, threshold)
    first = time.perf_counter() - start
    seconds, cpu, words = repeat(lambda: spotter.spot(image, threshold), runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "load_seconds": loading,
        "first_seconds": first,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_bytes": peak,
        "words": len(words),
        "bfloat16": spotter.bfloat16,
    }


def measure_official(image: str, threads: int, runs: int, words: int, side: int) -> dict:
    """The official spotter with the golden weights: seconds an image in the published order and in ours.

    `ours` computes as the published order does, in float32; `shipped` is what `load_spotter` gives here.
    """
    from spotter.evaluation.parity import golden_model

    torch.set_num_threads(threads)
    model = golden_model(GOLDEN, GOLDEN_SEED, SpotterConfig().keep)
    picture = cv2.resize(read_image(image), (side, side), interpolation=cv2.INTER_AREA)
    card = {"name": "official"}
    ours, shipped = Spotter(model, card, "cpu", bfloat16=False), Spotter(model, card, "cpu")
    published = Spotter(model, card, "cpu", bfloat16=False)
    published.model = PublishedOrder(model)
    threshold = threshold_for(ours, picture, words, side)
    found, seconds, cpu = {}, {}, {}
    for spotter in (ours, shipped):  # warms up the published order too, which has the same layers
        spotter.spot(picture, threshold, side)
    for name, spotter in {"published": published, "ours": ours, "shipped": shipped}.items():
        seconds[name], cpu[name], found[name] = repeat(
            lambda s=spotter: s.spot(picture, threshold, side), runs
        )
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "words": len(found["published"]),
        "characters": statistics.mean(len(word.text) for word in found["published"]),
        "same_words": same_words(found["published"], found["ours"]),
        "shipped_words": len(found["shipped"]),
        "shipped_bfloat16": shipped.bfloat16,
    }


def measure_peer(peer: str, image: str, threads: int, runs: int) -> dict:
    """CPU seconds an image of another text reader, after a first run."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    picture = read_image(image)
    reader = baselines.peer(peer, threads)

    def read() -> list:
        return reader.read(picture)

    read()
    seconds, cpu, words = repeat(read, runs)
    return {"seconds": seconds, "cpu_seconds": cpu, "words": len(words)}


def repeat(run: Callable[[], list], runs: int) -> tuple[float, float, list]:
    """Median seconds and median CPU seconds of some runs, and what the last one returned."""
    seconds, cpu = [], []
    for _ in range(runs):
        start, start_cpu = time.perf_counter(), time.process_time()
        result = run()
        cpu.append(time.process_time() - start_cpu)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), statistics.median(cpu), result


@torch.inference_mode()
def threshold_for(spotter: Spotter, image: np.ndarray, words: int, short_side: int | None = None) -> float:
    """The threshold at which this many regions of an image (H, W, 3) are read."""
    with torch.autocast("cpu", torch.bfloat16, enabled=spotter.bfloat16):
        detection = spotter.model.detect([spotter.resize(image, short_side)])
        scores = spotter.model.keep(detection, -1.0).scores.sort(descending=True).values
    if len(scores) <= words:
        return -1.0
    return float((scores[words - 1] + scores[words]) / 2)
