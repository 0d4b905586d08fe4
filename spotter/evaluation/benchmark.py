"""How fast is it, and how much memory does it take?

    python -m spotter.evaluation.benchmark [--image F] [--peers easyocr,rapidocr] [--json OUT]

Every part runs in a process of its own. Figures hold for a machine with nothing else to do; where it is
busy, the table says so.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from PIL import Image

from spotter.config import nano
from spotter.evaluation import baselines
from spotter.evaluation.baselines import INSTALL
from spotter.evaluation.first_paint import measure_first_paint
from spotter.evaluation.stopwatch import (
    GOLDEN,
    ROOT,
    in_fresh_process,
    measure_import,
    measure_official,
    measure_peer,
    measure_spotter,
)
from spotter.images import ImageError, read_image
from spotter.model.spotter import SwinTextSpotter
from spotter.weights import WeightsError, save_weights, weights_path
from spotter.words_json import write_json

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


def photograph(folder: Path, given: Path | None) -> tuple[Path, str]:
    """The image to read, 1280 x 720 unless it is given, and what it is. Raises ImageError."""
    if given is not None:
        height, width = read_image(given).shape[:2]
        return given, f"{given.name}, {width} x {height}"
    try:
        from spotter.data.synth.scene import DENSE, SceneGenerator

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
    from spotter.model.mask_fitting import fit_mask_code, word_masks

    torch.manual_seed(0)
    model = SwinTextSpotter(replace(nano(), reading_threshold=0.0)).eval()  # it cannot read
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
    if not baselines.installed(peer):
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
