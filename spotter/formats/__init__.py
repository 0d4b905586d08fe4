"""The formats in which `spotter read` writes words. Those of annotations are in `annotation.formats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotter.formats.documents import DocumentFormat
    from spotter.formats.tables import TableFormat

TABLES = ("json", "jsonl", "csv", "coco")  # one file for all photos
DOCUMENTS = ("txt", "icdar", "hocr", "alto", "page", "pdf")  # a file for each photo


def table_format(name: str) -> TableFormat:
    """One of TABLES. Imported late, as below: `--help` needs none."""
    from spotter.formats import coco, csv_table, json_lines, one_json
    from spotter.formats.tables import TableFormat

    module = {"json": one_json, "jsonl": json_lines, "csv": csv_table, "coco": coco}[name]
    return TableFormat(module.Writer, module.read)


def document_format(name: str) -> DocumentFormat:
    """One of DOCUMENTS."""
    from spotter.formats import alto, hocr, icdar, page_xml, plain_text, searchable_pdf
    from spotter.formats.documents import DocumentFormat

    return {
        "txt": DocumentFormat(".txt", plain_text.render, plain_text.join),
        "icdar": DocumentFormat(".txt", icdar.render, prefix="gt_"),
        "hocr": DocumentFormat(".hocr", hocr.render),
        "alto": DocumentFormat(".xml", alto.render),
        "page": DocumentFormat(".xml", page_xml.render),
        "pdf": DocumentFormat(".pdf", searchable_pdf.render_page, searchable_pdf.join),
    }[name]
