"""Measures speed and memory.

    python -m spotter.evaluation.benchmark [--image F] [--peers easyocr,rapidocr] [--json OUT]

Every part runs in a process of its own. The results are for an idle machine; the output warns if it is busy.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from PIL import Image

from spotter.config import nano
from spotter.evaluation import baselines
from spotter.evaluation.arguments import INSTALL
from spotter.evaluation.benchmark_options import NANO_WORDS, Options, parse
from spotter.evaluation.first_paint import measure_first_paint
from spotter.evaluation.measurements import (
    GOLDEN,
    in_fresh_process,
    measure_baseline,
    measure_import,
    measure_official,
    measure_spotter,
)
from spotter.images import read_image
from spotter.model.spotter import SwinTextSpotter
from spotter.resources import ASSETS
from spotter.weights import WeightsError, save_weights, weights_path
from spotter.words_json import write_json

WIDTH, HEIGHT = 1280, 720
OFFICIAL_SIDE = 640  # pixels of the square image that the official spotter reads
OFFICIAL_WORDS = 12
OFFICIAL_RUNS = 3  # maximum: each takes seconds
BASELINE_RUNS = 3  # maximum
DENSE_SEED = 3
BUSY = 0.5  # load average


@dataclass(frozen=True)
class Measurement:
    """One line of the table."""

    name: str
    value: float | None  # None: not measured
    unit: str = ""
    maximum: float | None = None  # required
    minimum: float | None = None  # required
    note: str = ""

    @property
    def verdict(self) -> str:
        """ "ok", "NOT MET", or "" without a requirement."""
        if self.value is None or (self.maximum is None and self.minimum is None):
            return ""
        high = self.maximum is not None and self.value > self.maximum
        low = self.minimum is not None and self.value < self.minimum
        return "NOT MET" if high or low else "ok"


def table(measurements: Sequence[Measurement]) -> str:
    """One line each: name, value, requirement, whether it is met, note."""
    lines = []
    for each in measurements:
        value = "skipped" if each.value is None else f"{each.value:.2f} {each.unit}"
        limit = f"<= {each.maximum:g}" if each.maximum is not None else ""
        limit = f">= {each.minimum:g}" if each.minimum is not None else limit
        lines.append(f"{each.name:44}{value:>12}  {limit:7} {each.verdict:8}{each.note}".rstrip())
    return "\n".join(lines)


def benchmark_image(folder: Path, given: Path | None) -> tuple[Path, str]:
    """The image to read, 1280 x 720 unless it is given, and its description. Raises ImageError."""
    if given is not None:
        height, width = read_image(given).shape[:2]
        return given, f"{given.name}, {width} x {height}"
    try:
        from spotter.data.synth.scene import SceneGenerator
        from spotter.data.synth.style import DENSE

        pixels = SceneGenerator(DENSE, "held_out").render(DENSE_SEED).image
        description = "a rendered street full of words"
    except (ImportError, RuntimeError):  # the packages or fonts for rendering are missing
        pixels = read_image(ASSETS / "samples" / "wall.jpg")
        description = "assets/samples/wall.jpg, enlarged"
    path = folder / "photograph.png"
    Image.fromarray(pixels).resize((WIDTH, HEIGHT)).save(path)
    return path, f"{description}, {WIDTH} x {HEIGHT}"


def random_weights(folder: Path) -> Path:
    """The nano preset without training, except for its fitted mask code."""
    from spotter.model.mask_fitting import fit_mask_code, word_masks

    torch.manual_seed(0)
    model = SwinTextSpotter(replace(nano(), reading_threshold=0.0)).eval()  # it cannot read
    model.mask_code.load_state_dict(fit_mask_code(word_masks(2000, seed=0)).state_dict())
    path = folder / "nano.safetensors"
    save_weights(model, path, {"name": "nano, random"})
    return path


def measure_nano(weights: str, image: Path, options: Options) -> list[Measurement]:
    arguments = {
        "weights": weights,
        "image": str(image),
        "runs": options.runs,
        "threshold": options.threshold,
        "regions": NANO_WORDS if options.threshold is None else None,
    }
    parallel = in_fresh_process(measure_spotter, options.threads, **arguments)
    single = in_fresh_process(measure_spotter, 1, **arguments)
    importing, _ = measure_import("import spotter")
    # torch is imported with the first use
    networks, networks_cpu = measure_import("from spotter import load_spotter")
    kind = "bfloat16" if parallel["bfloat16"] else "float32"
    note = f"{parallel['words']} words, {kind}; the first image {parallel['first_seconds']:.2f} s"
    return [
        Measurement(
            f"image -> words, {options.threads} threads", parallel["seconds"], "s", maximum=1.0, note=note
        ),
        Measurement("  CPU time, 1 thread", single["cpu_seconds"], "s"),
        Measurement(
            "  CPU time of a trace, relative",
            single["trace_cpu_seconds"] / single["cpu_seconds"],
            "x",
            maximum=2.0,
        ),
        Measurement("  peak resident memory", parallel["peak_bytes"] / 2**30, "GiB", maximum=1.5),
        Measurement("loading the weights", parallel["load_seconds"], "s", maximum=2.0),
        Measurement("import spotter", importing, "s", maximum=3.0),
        Measurement(
            "  with torch and timm",
            networks,
            "s",
            note=f"at the first spotter; CPU time {networks_cpu:.2f} s",
        ),
    ]


def measure_official_preset(image: Path, options: Options) -> list[Measurement]:
    if not GOLDEN.is_dir():
        return [Measurement("official size", None, note="the golden weights (tests/golden) are missing")]
    found = in_fresh_process(
        measure_official,
        options.threads,
        image=str(image),
        runs=min(options.runs, OFFICIAL_RUNS),
        words=OFFICIAL_WORDS,
        side=OFFICIAL_SIDE,
    )
    seconds, cpu, words = found["seconds"], found["cpu_seconds"], found["words"]
    equal = "the same words" if found["same_words"] else "OTHER WORDS"
    kind = "bfloat16" if found["default_bfloat16"] else "float32"
    size = f"{OFFICIAL_SIDE} x {OFFICIAL_SIDE}, golden weights, {words} words"
    length = f"{found['characters']:.0f} characters per word: early stopping hardly contributes"
    return [
        Measurement("official, published order, float32", seconds["reference"], "s", note=size),
        Measurement(
            "official, this project, float32",
            seconds["float32"],
            "s",
            note=f"{equal}; CPU time {cpu['reference'] / cpu['float32']:.2f} x",
        ),
        Measurement("  speed-up", seconds["reference"] / seconds["float32"], "x", note=length),
        Measurement(
            f"official, this project, {kind}",
            seconds["default"],
            "s",
            note=f"{found['default_words']} words",
        ),
        Measurement(
            "  speed-up",
            seconds["reference"] / seconds["default"],
            "x",
            minimum=4.0,
            note=f"by default; CPU time {cpu['reference'] / cpu['default']:.2f} x",
        ),
    ]


def measure_peer(peer: str, image: Path, options: Options) -> Measurement:
    name = f"{peer}, CPU time, 1 thread"
    if not baselines.is_installed(peer):
        return Measurement(name, None, note=f"not installed: {INSTALL[peer]}")
    runs = min(options.runs, BASELINE_RUNS)
    try:
        found = in_fresh_process(measure_baseline, 1, name=peer, image=str(image), runs=runs)
    except RuntimeError as error:
        return Measurement(name, None, note=str(error))
    return Measurement(name, found["cpu_seconds"], "s", note=f"{found['words']} words")


def measure_page(weights: str) -> Measurement:
    try:
        return Measurement("first paint of the page", measure_first_paint(weights), "s", maximum=2.0)
    except Exception as error:  # no browser, or one that does not start
        return Measurement("first paint of the page", None, note=str(error).splitlines()[0])


def describe_machine() -> str:
    """Processor count, versions, and whether the machine is busy."""
    load = os.getloadavg()[0]
    text = f"{os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}"
    return text + (f"; BUSY (load {load:.1f}): times are too long" if load > BUSY else "")


def run(options: Options, folder: Path) -> None:
    """Prints each part as soon as it is measured. Raises ValueError, RuntimeError or OSError."""
    measurements: list[Measurement] = []

    def show(*more: Measurement) -> None:
        measurements.extend(more)
        print(table(more), flush=True)

    image, description = benchmark_image(folder, options.image)
    weights = options.weights
    try:
        weights_path(weights)
    except WeightsError:
        if weights != "nano":
            raise
        weights = str(random_weights(folder))
        description += "; RANDOM weights"
    if options.threshold is None:
        description += f"; threshold set for {NANO_WORDS} regions"
    print(f"image: {description}", flush=True)
    if "nano" in options.parts:
        show(*measure_nano(weights, image, options))
    for peer in options.peers:
        show(measure_peer(peer, image, options))
    if "page" in options.parts:
        show(measure_page(weights))
    if "official" in options.parts:
        show(*measure_official_preset(image, options))
    if options.json:
        content = {"machine": describe_machine(), "image": description, "threads": options.threads}
        rows = [asdict(each) | {"verdict": each.verdict} for each in measurements]
        write_json(options.json, content | {"rows": rows})


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    print(describe_machine(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(options, Path(folder))
        except (ValueError, RuntimeError, OSError) as error:
            print(error, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
