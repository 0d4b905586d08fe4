"""PDF documents that show the photo and can be searched: its words lie over it, invisible."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from io import BytesIO

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from spotter.formats.photo_words import PhotoWords
from spotter.formats.reading_order import lines
from spotter.pdf import DPI, POINTS_PER_INCH
from spotter.types import Word

FONT = b"Helvetica"  # one of the 14 that every reader has
DESCENT = 0.2  # of the height of a word: its letters below the line
JPEG_QUALITY = 90
INVISIBLE = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE


def render_page(image: np.ndarray, photo: PhotoWords) -> tuple[bytes, list[str]]:
    """A document with this page. A photo has `pdf.DPI` pixels per inch."""
    scale = POINTS_PER_INCH / DPI
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(photo.width * scale, photo.height * scale)
    jpeg = BytesIO()
    Image.fromarray(image).save(jpeg, "JPEG", quality=JPEG_QUALITY)
    jpeg.seek(0)
    picture = pypdfium2.PdfImage.new(document)
    picture.load_jpeg(jpeg, inline=True)
    picture.set_matrix(pypdfium2.PdfMatrix().scale(photo.width * scale, photo.height * scale))
    page.insert_obj(picture)
    for line in lines(photo.words):
        for word in line:
            _add_word(document, page, word, photo.height, scale)
    page.gen_content()
    return _bytes(document), []


def join(pages: Sequence[bytes]) -> bytes:
    """One document with the pages of all."""
    document = pypdfium2.PdfDocument.new()
    for page in pages:
        with pypdfium2.PdfDocument(page) as other:
            document.import_pages(other)
    return _bytes(document)


def _bytes(document: pypdfium2.PdfDocument) -> bytes:
    stream = BytesIO()
    document.save(stream)
    document.close()
    return stream.getvalue()


def _add_word(
    document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, word: Word, height: int, scale: float
) -> None:
    centre, along, down = _frame(word)
    size = 2 * float(np.linalg.norm(down))
    handle = pdfium.FPDFPageObj_NewTextObj(document, FONT, size)
    text = ctypes.create_string_buffer(f"{word.text} \0".encode("utf-16-le"))
    pdfium.FPDFText_SetText(handle, ctypes.cast(text, ctypes.POINTER(ctypes.c_ushort)))
    pdfium.FPDFTextObj_SetTextRenderMode(handle, INVISIBLE)
    edges = [ctypes.c_float() for _ in range(4)]
    pdfium.FPDFPageObj_GetBounds(handle, *edges)
    width = edges[2].value - edges[0].value
    if width <= 0 or size <= 0:  # no character that the font has
        pdfium.FPDFPageObj_Destroy(handle)
        return
    start = centre - along + down * (1 - 2 * DESCENT)
    x, y = 2 * along / width, down / (size / 2)  # pixels per unit of the text; PDF's y runs up
    matrix = pypdfium2.PdfMatrix(
        x[0] * scale,
        -x[1] * scale,
        -y[0] * scale,
        y[1] * scale,
        start[0] * scale,
        (height - start[1]) * scale,
    )
    item = pypdfium2.PdfObject(handle, pdf=document)
    item.set_matrix(matrix)
    page.insert_obj(item)


def _frame(word: Word) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the word's rectangle: the centre, half its length along the text and half its height, in pixels."""
    (x, y), (width, height), angle = cv2.minAreaRect(np.array(word.polygon, np.float32))
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    if height > width and len(word.text) > 1:
        width, height, along = height, width, np.array([-along[1], along[0]])
    if along[0] < 0:
        along = -along
    return np.array([x, y]), along * width / 2, np.array([-along[1], along[0]]) * height / 2
