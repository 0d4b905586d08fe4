"""Reads the words on images: `python -m spotter IMAGE_OR_FOLDER...`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from tqdm import tqdm

from spotter.draw import draw_words
from spotter.images import ImageError, read_image
from spotter.words_json import photo_entry, words_json, write_json

if TYPE_CHECKING:
    from spotter.predictor import Spotter

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm"}
INTERRUPTED = 130  # exit code, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 2 when an input could not be read or an output not be written, the others still done."""
    options = _options(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # texts and file names of any kind on any terminal
    try:
        return _run(options)
    except KeyboardInterrupt:  # before the first image; later ones are in `_run`
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as in "| head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(options: argparse.Namespace) -> int:
    paths, complaints = find_images(options.inputs)
    names = name_images(paths)
    for sentence in complaints:
        print(sentence, file=sys.stderr)
    if not paths:
        return 2
    try:
        _check_outputs(paths, names, options)
        spotter = _load(options)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    code = 2 if complaints else 0
    entries = {}
    try:
        for path, name in zip(tqdm(paths, unit="image", file=sys.stderr), names, strict=True):
            try:
                entries[name] = _read(spotter, path, name, options)
            except Exception as error:  # whatever one image brings about, the others are still done
                tqdm.write(f"{path}: {_sentence(error)}", file=sys.stderr)
                code = 2
                continue
            if not options.json:
                tqdm.write(_lines(name, entries[name]))
    except KeyboardInterrupt:
        code = INTERRUPTED
    if options.json:
        try:
            write_json(options.json, words_json(spotter.card, entries))
        except OSError as error:
            print(f"{options.json} cannot be written: {error.strerror}.", file=sys.stderr)
            return 2
    return code


def find_images(inputs: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The images to read, each once, and a sentence for every input that gives none.

    A file is taken whatever its name, the files of a folder by their suffix.
    """
    found: dict[str, Path] = {}
    complaints = []
    for path in inputs:
        try:
            files = sorted(filter(_looks_like_an_image, path.iterdir())) if path.is_dir() else [path]
        except OSError as error:
            complaints.append(f"{path}: The folder cannot be opened: {error.strerror}.")
            continue
        if not files:
            complaints.append(f"{path}: There is no image in this folder.")
        for file in files:
            found.setdefault(os.path.abspath(file), file)
    return list(found.values()), complaints


def _looks_like_an_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def name_images(paths: Sequence[Path]) -> list[str]:
    """A different name for each file: the file's own, behind as many folders as tell it from the others."""
    parts = [Path(os.path.abspath(path)).parts[1:] for path in paths]
    taken = [1] * len(paths)
    while True:
        names = ["/".join(part[-count:]) for part, count in zip(parts, taken, strict=True)]
        times = Counter(names)
        short = [i for i, name in enumerate(names) if times[name] > 1 and taken[i] < len(parts[i])]
        if not short:
            return names
        for i in short:
            taken[i] += 1


def drawing_path(folder: Path, name: str) -> Path:
    """Where the drawing of an image goes; the suffix stays, so that photo.jpg and photo.png do not meet."""
    return folder / f"{name}.png"


def _check_outputs(paths: Sequence[Path], names: Sequence[str], options: argparse.Namespace) -> None:
    """Raises ValueError in one sentence where an output cannot be written or would replace an input."""
    outputs = [drawing_path(options.draw, name) for name in names] if options.draw else []
    if options.json:
        outputs.append(options.json)
        if options.json.is_dir() or not options.json.absolute().parent.is_dir():
            raise ValueError(f"{options.json} cannot be written: give a file in a folder that exists.")
    inputs = {os.path.realpath(path) for path in paths}
    for output in outputs:
        if os.path.realpath(output) in inputs:
            raise ValueError(f"{output} is one of the images: choose another place to write to.")
    if options.draw:
        try:
            options.draw.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{options.draw} cannot be made a folder: {error.strerror}.") from error


def _load(options: argparse.Namespace) -> Spotter:
    """Raises ValueError in one sentence."""
    from spotter import load_spotter  # late: takes seconds, which a wrong file name need not wait for

    try:
        return load_spotter(options.weights, options.device)
    except ValueError as error:
        raise ValueError(_sentence(error)) from error
    except Exception as error:  # a device that is not there, too little memory
        place = f" on {options.device}" if options.device else ""
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ValueError(f"The spotter cannot be loaded{place}: {reason}.") from error


def _read(spotter: Spotter, path: Path, name: str, options: argparse.Namespace) -> dict:
    """The image's entry of the JSON format; draws it where asked."""
    image = read_image(path)
    start = time.perf_counter()
    words = spotter.spot(image, threshold=options.threshold, short_side=options.short_side)
    entry = photo_entry(image, words, time.perf_counter() - start)
    if options.draw:
        out = drawing_path(options.draw, name)
        partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(draw_words(image, words)).save(partial, format="PNG")
            partial.replace(out)
        except OSError as error:
            raise OSError(f"The drawing {out} cannot be written: {error.strerror}.") from error
        finally:
            partial.unlink(missing_ok=True)
    return entry


def _sentence(error: Exception) -> str:
    """The error's message on one line."""
    message = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, (ImageError, ValueError, OSError)):
        return message
    return f"The words could not be read ({type(error).__name__}: {message})."


def _lines(name: str, entry: dict) -> str:
    """The words of an image for people: their score and text, a line each."""
    words = entry["words"]
    head = f"{name}: {len(words)} word{'' if len(words) == 1 else 's'}"
    return "\n".join([head, *(f"  {word['score']:.2f}  {word['text']}" for word in words)])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m spotter", description=__doc__)
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IMAGE_OR_FOLDER")
    parser.add_argument("--weights", default="nano", metavar="W", help="nano or a .safetensors file (nano)")
    parser.add_argument(
        "--threshold", type=_share, metavar="0..1", help="smallest score of a word (the weights' own)"
    )
    parser.add_argument(
        "--short-side", type=_pixels, metavar="N", help="pixels images are scaled to (the weights' own)"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the words to this file, print none")
    parser.add_argument("--draw", type=Path, metavar="FOLDER", help="write images with the words drawn in")
    parser.add_argument("--device", metavar="D", help="cpu, cuda, ... (a GPU where there is one)")
    return parser.parse_args(arguments)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1")
    return value


def _pixels(text: str) -> int:
    if not text.isdecimal() or not 32 <= int(text) <= 4096:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 32 to 4096")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
