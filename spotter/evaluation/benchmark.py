"""How fast is it, and how much memory does it take?

    python -m spotter.evaluation.benchmark [--image F] [--peers easyocr,rapidocr] [--json OUT]

Every part runs in a process of its own. Figures hold for a machine with nothing else to do; where it is
busy, the table says so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from spotter.config import SpotterConfig, nano
from spotter.evaluation import peers
from spotter.evaluation.peers import INSTALL
from spotter.images import ImageError, read_image
from spotter.model.spotter import SwinTextSpotter
from spotter.predictor import Spotter, load_spotter
from spotter.types import Reading, Regions, Spotting, Word
from spotter.weights import WeightsError, save_weights, weights_path
from spotter.words_json import write_json

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
GOLDEN_SEED = 7
WIDTH, HEIGHT = 1280, 720
OFFICIAL_SIDE = 640  # pixels of the square image the official spotter reads
OFFICIAL_WORDS = 12
OFFICIAL_RUNS = 3
NANO_WORDS = 30  # read unless a threshold is given: about as many as on a busy street
DENSE_SEED = 3
PARTS = ("nano", "official", "page")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    value: float | None  # None: not measured
    unit: str = ""
    most: float | None = None  # what it must stay below
    least: float | None = None  # what it must reach
    note: str = ""

    @property
    def verdict(self) -> str:
        """ "ok", "NOT MET", or "" where nothing is asked."""
        if self.value is None or (self.most is None and self.least is None):
            return ""
        high = self.most is not None and self.value > self.most
        low = self.least is not None and self.value < self.least
        return "NOT MET" if high or low else "ok"


def table(rows: Sequence[Row]) -> str:
    """A line each: name, value, what is asked, whether it is met, note."""
    lines = []
    for row in rows:
        value = "skipped" if row.value is None else f"{row.value:.2f} {row.unit}"
        limit = f"<= {row.most:g}" if row.most is not None else ""
        limit = f">= {row.least:g}" if row.least is not None else limit
        lines.append(f"{row.name:44}{value:>12}  {limit:7} {row.verdict:8}{row.note}".rstrip())
    return "\n".join(lines)


# What runs in a process of its own ------------------------------------------------------------------------


def in_fresh_process(function: Callable[..., dict], threads: int, **arguments: object) -> dict:
    """A function of this module, called with JSON arguments by a new Python. Raises RuntimeError."""
    code = (
        "import json, sys; from spotter.evaluation import benchmark; "
        f"print(json.dumps(benchmark.{function.__name__}(**json.loads(sys.argv[1]))))"
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
    reader = peers.peer(peer, threads)

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


def same_words(a: Sequence[Word], b: Sequence[Word], pixels: float = 1.0) -> bool:
    """Whether texts are equal and boxes differ by less than a pixel, in the order of the scores."""
    return [word.text for word in a] == [word.text for word in b] and all(
        np.abs(np.subtract(x.box, y.box)).max() < pixels for x, y in zip(a, b, strict=True)
    )


# The published order of things ----------------------------------------------------------------------------


class PublishedOrder:
    """A spotter's network run as the published code runs it, in place of `Spotter.model`.

    All kept regions are converted and read, twins too, and only then compared with the threshold; words are
    decoded one after another, the features projected anew at every character. Nothing else differs.
    """

    def __init__(self, model: SwinTextSpotter) -> None:
        self.network, self.config = model, model.config

    def __call__(self, images: list[Tensor], threshold: float | None = None) -> Spotting:
        """As `SwinTextSpotter.forward`, for one image."""
        network = self.network
        threshold = self.config.score_threshold if threshold is None else threshold
        detection = network.detect(images)
        regions = network.keep(detection, -1.0, drop_twins=False)
        reader, network.reader = network.reader, Keep()
        try:  # everything before the decoder, of all regions
            conversion, masked = network.read(detection.levels, regions)
        finally:
            network.reader = reader
        reading = self.read_word_by_word(masked)
        twin = (regions.proposal_index[:, None] == regions.proposal_index[None]).tril(-1).any(1)
        chosen = (regions.scores > threshold) & ~twin
        return Spotting(
            detection,
            Regions(**{name: value[chosen] for name, value in vars(regions).items()}),
            type(conversion)(**{name: value[chosen] for name, value in vars(conversion).items()}),
            Reading(**{name: value[chosen] for name, value in vars(reading).items()}),
        )

    def read_word_by_word(self, features: Tensor) -> Reading:
        """Masked features (R, C, H, W) -> Reading of R regions."""
        reader = self.network.reader
        encoded = reader.encode(features)
        steps = reader.max_steps
        ids = torch.zeros(len(encoded), steps, dtype=torch.long)
        probabilities = torch.zeros(len(encoded), steps, reader.classes)
        attentions = torch.zeros(len(encoded), steps, encoded.shape[1])
        for r in range(len(encoded)):
            word = encoded[r : r + 1]
            hidden = word.new_zeros(1, reader.hidden)
            previous = torch.zeros(1, dtype=torch.long)
            for step in range(steps):
                attention = reader.attention(hidden, reader.attention.key(word))
                context = torch.bmm(attention[:, None], word).squeeze(1)
                embedding = reader.embedding(reader.character_code[previous])
                hidden = reader.gru(torch.cat([embedding, context], 1), hidden)
                probability = reader.classify(hidden).softmax(-1)
                previous = probability.argmax(-1)
                ids[r, step], probabilities[r, step] = previous[0], probability[0]
                attentions[r, step] = attention[0]
                if previous[0] == 0:
                    break
        return Reading(ids, probabilities, attentions, encoded)


class Keep(torch.nn.Module):
    """Stands in for the reader: hands on what the reader would get."""

    def forward(self, features: Tensor, given: Tensor | None = None, stop_early: bool = True) -> Tensor:
        return features


# The page -------------------------------------------------------------------------------------------------


def measure_first_paint(weights: str, visits: int = 3) -> float:
    """Seconds from the call of the page to its first content in Chromium, median; the server is up before.

    Raises RuntimeError in one sentence where it cannot be measured.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise RuntimeError("playwright is not installed: pip install playwright") from error
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("there is no Chromium (name it in CHROMIUM)")
    if not (ROOT / "app.py").is_file():
        raise RuntimeError("app.py is not here")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    folder = tempfile.TemporaryDirectory(prefix="benchmark-")  # not the person's own corrections
    database = f"sqlite:///{folder.name}/annotation.db"
    server = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port), "--weights", weights, "--database", database],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(url, server)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            seconds = []
            for _ in range(visits):
                page = browser.new_context().new_page()
                page.goto(url)
                page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
                seconds.append(
                    page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
                )
                page.context.close()
            browser.close()
        return statistics.median(seconds) / 1000
    finally:
        server.terminate()
        server.wait(timeout=20)
        folder.cleanup()


def wait_until_up(url: str, server: subprocess.Popen, seconds: float = 120) -> None:
    """Raises RuntimeError when the server ends or says nothing in time."""
    give_up = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < give_up:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the app does not start")


# The table ------------------------------------------------------------------------------------------------


def photograph(folder: Path, given: Path | None) -> tuple[Path, str]:
    """The image to read, 1280 x 720 unless it is given, and what it is. Raises ImageError."""
    if given is not None:
        height, width = read_image(given).shape[:2]
        return given, f"{given.name}, {width} x {height}"
    try:
        from spotter.training.synth import DENSE, SceneGenerator

        picture = SceneGenerator(DENSE, "held_out").render(DENSE_SEED).image
        what = "a rendered street full of words"
    except (ImportError, RuntimeError):  # the packages or fonts for rendering are missing
        picture, what = (
            read_image(ROOT / "assets" / "samples" / "wall.jpg"),
            "assets/samples/wall.jpg, enlarged",
        )
    path = folder / "photograph.png"
    Image.fromarray(picture).resize((WIDTH, HEIGHT)).save(path)
    return path, f"{what}, {WIDTH} x {HEIGHT}"


def random_weights(folder: Path) -> Path:
    """The nano spotter without any training but for its mask code."""
    from spotter.training.fit_masks import fit_mask_code, word_masks

    torch.manual_seed(0)
    model = SwinTextSpotter(nano()).eval()
    model.mask_code.load_state_dict(fit_mask_code(word_masks(2000, seed=0)).state_dict())
    path = folder / "nano.safetensors"
    save_weights(model, path, {"name": "nano, random"})
    return path


def nano_rows(weights: str, image: Path, options: argparse.Namespace, keep: int | None) -> list[Row]:
    arguments = {"weights": weights, "image": str(image), "threshold": options.threshold, "keep": keep}
    two = in_fresh_process(measure_spotter, options.threads, runs=options.runs, **arguments)
    one = in_fresh_process(measure_spotter, 1, runs=options.runs, **arguments)
    importing, _ = measure_import("import spotter")
    networks, networks_cpu = measure_import(
        "from spotter import load_spotter"
    )  # torch comes with the first use
    kind = "bfloat16" if two["bfloat16"] else "float32"
    note = f"{two['words']} words, {kind}; the first image {two['first_seconds']:.2f} s"
    return [
        Row(f"image -> words, {options.threads} threads", two["seconds"], "s", most=1.0, note=note),
        Row("  CPU time, 1 thread", one["cpu_seconds"], "s"),
        Row("  peak resident memory", two["peak_bytes"] / 2**30, "GiB", most=1.5),
        Row("loading the weights", two["load_seconds"], "s", most=2.0),
        Row("import spotter", importing, "s", most=3.0),
        Row(
            "  with torch and timm",
            networks,
            "s",
            note=f"at the first spotter; CPU time {networks_cpu:.2f} s",
        ),
    ]


def official_rows(image: Path, options: argparse.Namespace) -> list[Row]:
    if not GOLDEN.is_dir():
        return [Row("official size", None, note="the golden weights (tests/golden) are not here")]
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
    shipped = "bfloat16" if found["shipped_bfloat16"] else "float32"
    size = f"{OFFICIAL_SIDE} x {OFFICIAL_SIDE}, golden weights, {words} words"
    length = f"{found['characters']:.0f} characters a word: stopping early has next to no part in it"
    return [
        Row("official, published order, float32", seconds["published"], "s", note=size),
        Row(
            "official, our order, float32",
            seconds["ours"],
            "s",
            note=f"{equal}; CPU time {cpu['published'] / cpu['ours']:.2f} x",
        ),
        Row("  times as fast", seconds["published"] / seconds["ours"], "x", note=length),
        Row(
            f"official, our order, {shipped}", seconds["shipped"], "s", note=f"{found['shipped_words']} words"
        ),
        Row(
            "  times as fast",
            seconds["published"] / seconds["shipped"],
            "x",
            least=4.0,
            note=f"as it is used; CPU time {cpu['published'] / cpu['shipped']:.2f} x",
        ),
    ]


def peer_row(peer: str, image: Path, runs: int) -> Row:
    name = f"{peer}, CPU time, 1 thread"
    if not peers.installed(peer):
        return Row(name, None, note=f"not installed: {INSTALL[peer]}")
    try:
        found = in_fresh_process(measure_peer, 1, peer=peer, image=str(image), runs=runs)
    except RuntimeError as error:
        return Row(name, None, note=str(error))
    return Row(name, found["cpu_seconds"], "s", note=f"{found['words']} words")


def page_row(weights: str) -> Row:
    try:
        return Row("first paint of the page", measure_first_paint(weights), "s", most=2.0)
    except Exception as error:  # no browser, or one that does not start
        return Row("first paint of the page", None, note=str(error).splitlines()[0])


def machine() -> str:
    """Processor count, versions, and whether something else is running."""
    busy = os.getloadavg()[0]
    text = f"{os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}"
    return text + (f"; BUSY (load {busy:.1f}): times are too long" if busy > 0.5 else "")


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    print(machine(), flush=True)
    rows: list[Row] = []

    def show(*more: Row) -> None:
        rows.extend(more)
        print(table(more), flush=True)

    with tempfile.TemporaryDirectory() as folder:
        try:
            image, what = photograph(Path(folder), options.image)
            weights, keep = str(options.weights), NANO_WORDS if options.threshold is None else None
            try:
                weights_path(weights)
            except WeightsError:
                if weights != "nano":
                    raise
                weights = str(random_weights(Path(folder)))
                what += "; RANDOM weights"
            if keep is not None:
                what += f"; threshold set for {keep} regions"
            print(f"image: {what}", flush=True)
            if "nano" in options.parts:
                show(*nano_rows(weights, image, options, keep))
            for peer in options.peers:
                show(peer_row(peer, image, min(options.runs, 3)))
            if "page" in options.parts:
                show(page_row(weights))
            if "official" in options.parts:
                show(*official_rows(image, options))
            if options.json:
                content = {"machine": machine(), "image": what, "threads": options.threads}
                rows_json = [asdict(row) | {"verdict": row.verdict} for row in rows]
                write_json(options.json, content | {"rows": rows_json})
        except (ImageError, WeightsError, RuntimeError, OSError) as error:
            print(error, file=sys.stderr)
            return 2
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m spotter.evaluation.benchmark", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--image", type=Path, metavar="F", help="photo to read (a rendered one)")
    parser.add_argument("--weights", default="nano", metavar="W", help="nano or a .safetensors file")
    parser.add_argument(
        "--threshold", type=float, help=f"smallest score of a word (such that {NANO_WORDS} are read)"
    )
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads of the computation (2)")
    parser.add_argument("--runs", type=int, default=9, metavar="N", help="runs a median is taken of (9)")
    parser.add_argument("--peers", type=_names(INSTALL), default=[], help=f"others: {','.join(INSTALL)}")
    parser.add_argument(
        "--parts", type=_names(PARTS), default=list(PARTS), help=f"what to measure ({','.join(PARTS)})"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the table to this file too")
    options = parser.parse_args(arguments)
    if options.threads < 1 or options.runs < 1:
        parser.error("--threads and --runs must be 1 or more")
    return options


def _names(known: Sequence[str] | dict) -> Callable[[str], list[str]]:
    """Parses names with commas between them."""

    def split(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(known)}")
        return names

    return split


if __name__ == "__main__":
    sys.exit(main())
