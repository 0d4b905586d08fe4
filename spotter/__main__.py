"""Reads the words on images: `python -m spotter IMAGE_OR_FOLDER...`."""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from tqdm import tqdm

from spotter.draw import draw_words
from spotter.images import ImageError, read_image
from spotter.inputs import Photo, describe_left_out, find_images, name_images, split_pages
from spotter.words_json import photo_entry, words_json, write_json

if TYPE_CHECKING:
    from spotter.predictor import Spotter

MIN_SHORT_SIDE, MAX_SHORT_SIDE = 32, 4096  # pixels: one cell of the coarsest level; memory
INTERRUPTED = 130  # exit code, by the convention of shells


@dataclass(frozen=True)
class Options:
    """The command line."""

    inputs: list[Path]  # images and folders of images
    weights: str
    threshold: float | None  # None: the weights' own, as for the short side
    short_side: int | None  # pixels
    json: Path | None
    draw: Path | None  # folder
    device: str | None


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 2 if an input cannot be read or an output not be written; the others are still
    processed.
    """
    options = parse(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # any text and file name on any terminal
    try:
        return run(options)
    except KeyboardInterrupt:  # before the first image; later ones are handled in `run`
        return INTERRUPTED
    except BrokenPipeError:  # the reader of the output has gone, as in "| head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def run(options: Options) -> int:
    """Reads all images; returns the exit code."""
    paths, errors = find_images(options.inputs)
    for sentence in [*errors, *describe_left_out(options.inputs)]:
        print(sentence, file=sys.stderr)
    if not paths:
        return 2
    photos, notes = split_pages(paths, name_images(paths))
    for sentence in notes:
        print(sentence, file=sys.stderr)
    try:
        _check_outputs(paths, [photo.name for photo in photos], options)
        spotter = _load(options)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    code = 2 if errors else 0
    entries = {}
    try:
        for photo in tqdm(photos, unit="image", file=sys.stderr):
            try:
                entries[photo.name] = _read(spotter, photo, options)
            except Exception as error:  # whatever one image causes, the others are still read
                place = f"{photo.path}, page {photo.page}" if photo.page > 1 else str(photo.path)
                tqdm.write(f"{place}: {_sentence(error)}", file=sys.stderr)
                code = 2
                continue
            if not options.json:
                tqdm.write(_summary(photo.name, entries[photo.name]))
    except KeyboardInterrupt:
        code = INTERRUPTED
    if options.json:
        try:
            write_json(options.json, words_json(spotter.card, entries))
        except OSError as error:
            print(f"{options.json} cannot be written: {error.strerror}.", file=sys.stderr)
            return 2
    return code


def drawing_path(folder: Path, name: str) -> Path:
    """The file of an image's drawing; the suffix is kept, so that photo.jpg and photo.png do not collide."""
    return folder / f"{name}.png"


def _check_outputs(paths: Sequence[Path], names: Sequence[str], options: Options) -> None:
    """Raises ValueError with one sentence if an output cannot be written or would replace an input."""
    outputs = [drawing_path(options.draw, name) for name in names] if options.draw else []
    if options.json:
        outputs.append(options.json)
        if options.json.is_dir() or not options.json.absolute().parent.is_dir():
            raise ValueError(f"{options.json} cannot be written: give a file in a folder that exists.")
    inputs = {os.path.realpath(path) for path in paths}
    for output in outputs:
        if os.path.realpath(output) in inputs:
            raise ValueError(f"{output} is one of the images: choose another output.")
    if options.draw:
        try:
            options.draw.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{options.draw} cannot be created: {error.strerror}.") from error


def _load(options: Options) -> Spotter:
    """Raises ValueError with one sentence."""
    from spotter import load_spotter  # takes seconds, so only after the checks

    try:
        return load_spotter(options.weights, options.device)
    except ValueError as error:
        raise ValueError(_sentence(error)) from error
    except Exception as error:  # a missing device, too little memory
        place = f" on {options.device}" if options.device else ""
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ValueError(f"The spotter cannot be loaded{place}: {reason}.") from error


def _read(spotter: Spotter, photo: Photo, options: Options) -> dict:
    """The image's entry of the JSON format; writes its drawing if requested."""
    image = read_image(photo.path, photo.page)
    start = time.perf_counter()
    words = spotter.spot(image, threshold=options.threshold, short_side=options.short_side)
    entry = photo_entry(image, words, time.perf_counter() - start)
    if options.draw:
        out = drawing_path(options.draw, photo.name)
        partial = out.with_name(f".{os.getpid()}.partial")  # short: a name may be as long as allowed
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


def _summary(name: str, entry: dict) -> str:
    """The words of an image as text: one line per word, with score."""
    words = entry["words"]
    head = f"{name}: {len(words)} word{'' if len(words) == 1 else 's'}"
    return "\n".join([head, *(f"  {word['score']:.2f}  {word['text']}" for word in words)])


def parse(arguments: list[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m spotter", description=__doc__)
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IMAGE_OR_FOLDER")
    parser.add_argument("--weights", default="nano", metavar="W", help="nano or a .safetensors file (nano)")
    parser.add_argument(
        "--threshold", type=_score, metavar="0..1", help="minimum score of a word (the weights' own)"
    )
    parser.add_argument(
        "--short-side", type=_pixels, metavar="N", help="pixels images are resized to (the weights' own)"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the words to this file, print none")
    parser.add_argument("--draw", type=Path, metavar="FOLDER", help="write images with the words drawn in")
    parser.add_argument("--device", metavar="D", help="cpu, cuda, ... (a GPU if there is one)")
    return Options(**vars(parser.parse_args(arguments)))


def _score(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 1")
    return value


def _pixels(text: str) -> int:
    if not text.isdecimal() or not MIN_SHORT_SIDE <= int(text) <= MAX_SHORT_SIDE:
        raise argparse.ArgumentTypeError(
            f"{text} is not a whole number from {MIN_SHORT_SIDE} to {MAX_SHORT_SIDE}"
        )
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
