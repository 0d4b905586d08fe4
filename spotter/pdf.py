"""Draws pages of PDF documents, in a process of its own.

PDFium is a large C++ library that reads untrusted files here: a page that crashes it, or takes too much time
or memory, ends that process and not the app. It may not be called from several threads either.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec

DPI = 200  # lower-case letters of 8 points are about 11 pixels high
POINTS_PER_INCH = 72  # the unit of a page's size
MAX_PIXELS = 16_000_000  # of a page: A3 has 7.7 million at 200 dpi; a larger page is drawn smaller
SECONDS = 20  # per page
MAX_MEMORY = 2**31  # bytes
SIGNATURE = b"%PDF-"
NEEDS_PASSWORD = 4  # PDFium's FPDF_ERR_PASSWORD


class PdfError(ValueError):
    """A document that cannot be drawn; the message is one sentence for the person who chose it."""


def fault_error(fault: str) -> PdfError:
    from spotter.language import tr  # this file is also a program, which does not find our packages

    sentences = {
        "missing": tr("PDF documents cannot be read here; save the pages as PNG or JPEG and try again."),
        "slow": tr(
            "The page takes more than {seconds} seconds to draw; save it as PNG or JPEG and add that.",
            seconds=SECONDS,
        ),
        "password": tr("The PDF is protected with a password; save it without one and try again."),
        "damaged": tr("The PDF is damaged; save it again, or save its pages as PNG or JPEG."),
    }
    return PdfError(sentences[fault])


def is_installed() -> bool:
    """Whether documents can be drawn: not on a machine that only trains."""
    try:
        return find_spec("pypdfium2") is not None
    except ImportError:  # of a finder that hides it
        return False


def is_pdf(data: bytes) -> bool:
    return SIGNATURE in data[:1024]


def count_pages(data: bytes) -> int:
    """Raises PdfError."""
    return _run(data, 0)[0]["pages"]


def draw_page(data: bytes, number: int) -> tuple[int, int, bytes]:
    """(width, height, RGB pixels row by row) of a page, the first is 1. Raises PdfError."""
    header, pixels = _run(data, number)
    width, height, stride = header["width"], header["height"], header["stride"]
    rows = (pixels[i * stride : i * stride + 3 * width] for i in range(height))
    return width, height, b"".join(rows)


def _run(data: bytes, number: int) -> tuple[dict, bytes]:
    """What the process has answered, see `_answer`. Raises PdfError."""
    if not is_installed():
        raise fault_error("missing")
    # -P: else this folder would come first among the places of modules, and its types.py hide Python's.
    command = [sys.executable, "-P", __file__, str(number)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=True)
    except subprocess.TimeoutExpired as error:
        raise fault_error("slow") from error
    except subprocess.CalledProcessError as error:  # PDFium has crashed, or the memory was not enough
        raise fault_error("damaged") from error
    line, _, pixels = done.stdout.partition(b"\n")
    header = json.loads(line)
    if fault := header.get("fault"):
        raise fault_error(fault)
    return header, pixels


def _answer(data: bytes, number: int) -> tuple[dict, bytes]:
    """The number of pages, and the pixels of one unless `number` is 0."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        if len(document) == 0:
            return {"fault": "damaged"}, b""
        header: dict = {"pages": len(document)}
        if number == 0:
            return header, b""
        document.init_forms()  # so that what was filled in is drawn
        page = document[number - 1]
        width, height = page.get_size()  # points
        scale = min(DPI / POINTS_PER_INCH, (MAX_PIXELS / (width * height)) ** 0.5)
        bitmap = page.render(scale=scale, rev_byteorder=True)
    except pypdfium2.PdfiumError as error:
        return {"fault": "password" if error.err_code == NEEDS_PASSWORD else "damaged"}, b""
    header |= {"width": bitmap.width, "height": bitmap.height, "stride": bitmap.stride}
    return header, bytes(bitmap.buffer)


def _main() -> None:
    with suppress(ImportError):  # there is no such module on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    header, pixels = _answer(sys.stdin.buffer.read(), int(sys.argv[1]))
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + pixels)


if __name__ == "__main__":
    _main()
