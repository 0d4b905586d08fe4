"""Seconds, CPU seconds and memory of spotters and other readers, each measured in a process of its own."""

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
from typing import Any

import cv2
import numpy as np
import torch

from spotter.config import SpotterConfig
from spotter.evaluation.baselines import load_baseline
from spotter.evaluation.reference_inference import ReferenceInference, same_words
from spotter.images import read_image
from spotter.predictor import Spotter, load_spotter

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
GOLDEN_SEED = 7


def in_fresh_process(function: Callable[..., dict], threads: int, **arguments: Any) -> dict[str, Any]:
    """Calls a function of a module with JSON arguments in a new Python. Raises RuntimeError."""
    code = (
        f"import json, sys; from {function.__module__} import {function.__name__} as measure; "
        "print(json.dumps(measure(**json.loads(sys.argv[1]))))"
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
    weights: str,
    image: str,
    threads: int,
    runs: int,
    threshold: float | None = None,
    regions: int | None = None,
) -> dict[str, Any]:
    """Seconds to load, from image file to words (median, after a first run) and to a trace; peak bytes
    without the trace.

    `regions`: the threshold is chosen such that this many regions are read.
    """
    torch.set_num_threads(threads)
    start = time.perf_counter()
    spotter = load_spotter(weights, "cpu")
    loading = time.perf_counter() - start
    if regions is not None:
        threshold = threshold_for(spotter, read_image(image), regions)
    start = time.perf_counter()
    spotter.spot(image, threshold)
    first = time.perf_counter() - start
    seconds, cpu, words = median_times(lambda: spotter.spot(image, threshold), runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    _, trace_cpu, _ = median_times(lambda: spotter.trace(image, threshold).words, runs)
    return {
        "load_seconds": loading,
        "first_seconds": first,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "trace_cpu_seconds": trace_cpu,
        "peak_bytes": peak,
        "words": len(words),
        "bfloat16": spotter.bfloat16,
    }


def measure_official(image: str, threads: int, runs: int, words: int, side: int) -> dict[str, Any]:
    """The official preset with the golden weights, on the image resized to side x side pixels: seconds per
    image of the published code's order ("reference"), of this project's in float32 ("float32") and of what
    `load_spotter` returns on this machine ("default").
    """
    from spotter.evaluation.parity import golden_model

    torch.set_num_threads(threads)
    model = golden_model(GOLDEN, GOLDEN_SEED, SpotterConfig().max_proposals)
    resized = cv2.resize(read_image(image), (side, side), interpolation=cv2.INTER_AREA)
    card = {"name": "official"}
    spotters = {
        "reference": Spotter(ReferenceInference(model), card, "cpu", bfloat16=False),
        "float32": Spotter(model, card, "cpu", bfloat16=False),
        "default": Spotter(model, card, "cpu"),
    }
    threshold = threshold_for(spotters["float32"], resized, words, side)
    found, seconds, cpu = {}, {}, {}
    for name in ("float32", "default"):  # warms up the reference too, which has the same layers
        spotters[name].spot(resized, threshold, side)
    for name, spotter in spotters.items():

        def spot(spotter: Spotter = spotter) -> list:
            return spotter.spot(resized, threshold, side)

        seconds[name], cpu[name], found[name] = median_times(spot, runs)
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "words": len(found["reference"]),
        "characters": statistics.mean(len(word.text) for word in found["reference"]),
        "same_words": same_words(found["reference"], found["float32"]),
        "default_words": len(found["default"]),
        "default_bfloat16": spotters["default"].bfloat16,
    }


def measure_baseline(name: str, image: str, threads: int, runs: int) -> dict[str, Any]:
    """CPU seconds per image of another text reader, after a first run."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    pixels = read_image(image)
    baseline = load_baseline(name, threads)
    baseline.read(pixels)
    seconds, cpu, words = median_times(lambda: baseline.read(pixels), runs)
    return {"seconds": seconds, "cpu_seconds": cpu, "words": len(words)}


def median_times(run: Callable[[], list], runs: int) -> tuple[float, float, list]:
    """Median seconds, median CPU seconds, and the last run's result."""
    seconds, cpu = [], []
    result = []
    for _ in range(runs):
        start, start_cpu = time.perf_counter(), time.process_time()
        result = run()
        cpu.append(time.process_time() - start_cpu)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), statistics.median(cpu), result


@torch.inference_mode()
def threshold_for(spotter: Spotter, image: np.ndarray, regions: int, short_side: int | None = None) -> float:
    """The threshold at which this many regions of an image (H, W, 3) are read."""
    with torch.autocast("cpu", torch.bfloat16, enabled=spotter.bfloat16):
        detection = spotter.model.detect([spotter.resize(image, short_side)])
        scores = spotter.model.select_regions(detection, -1.0).scores.sort(descending=True).values
    if len(scores) <= regions:
        return 0.0
    return float((scores[regions - 1] + scores[regions]) / 2)
