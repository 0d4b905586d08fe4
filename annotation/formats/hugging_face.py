"""A folder for `datasets.load_dataset`: data/train-*.parquet with the images inside, and the data set's card.

Each image is one row: its file, name, size and state, and the list of its words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from annotation.formats.entries import ExportItem, FormatError
from annotation.formats.export_notes import ExportNotes

FILE = "data/train-00000-of-00001.parquet"
CARD = "README.md"
GROUP_BYTES = 64 * 2**20  # of images per row group, which a reader loads as a whole
MISSING = "This format needs the package pyarrow: pip install pyarrow."
# The same in the card as in the parquet file: the name of a feature, and its type there.
WORD = {
    "id": "string",
    "text": "string",
    "polygon": [["float64"]],  # [[x, y], ...] in pixels
    "illegible": "bool",
    "difficult": "bool",
    "score": "float64",
    "reading_score": "float64",
}
FEATURES: dict[str, Any] = {
    "image": "image",
    "file_name": "string",
    "width": "int32",
    "height": "int32",
    "state": "string",
    "words": [WORD],
}
DESCRIPTION = """
Words on photographs. `words` lists those of each image: `polygon` is [[x, y], ...] in pixels of the image,
clockwise from where the text begins. `illegible` words have no usable text; `difficult` ones can be read with
effort. `score` (of the detection) and `reading_score` are a model's, from 0 to 1, and empty for what a person
drew or typed. `state` says whether a person has confirmed the image (done, or approved by a second person).

```python
from datasets import load_dataset
rows = load_dataset("path/of/this/folder", split="train")
```
"""


def write(folder: Path, name: str, items: Iterable[ExportItem], notes: ExportNotes) -> None:
    """Writes the parquet file and the card; nothing is lost. Raises FormatError without pyarrow."""
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise FormatError(MISSING) from error

    schema = pa.schema([(key, _arrow_type(value)) for key, value in FEATURES.items()])
    count = 0
    (folder / FILE).parent.mkdir()
    with ParquetWriter(folder / FILE, schema) as writer:
        for rows in _groups(items):
            writer.write_table(pa.Table.from_pylist(rows, schema))
            count += len(rows)
    (folder / CARD).write_text(_card(name, count, (folder / FILE).stat().st_size), encoding="utf-8")


def _groups(items: Iterable[ExportItem]) -> Iterator[list[dict]]:
    """Rows, until their images are GROUP_BYTES large."""
    rows: list[dict] = []
    size = 0
    for item in items:
        rows.append(_row(item))
        size += len(rows[-1]["image"]["bytes"])
        if size >= GROUP_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _row(item: ExportItem) -> dict:
    image = item.image
    words = [{key: getattr(region, key) for key in WORD} for region in item.regions]
    return {
        "image": {"bytes": item.source.read_bytes(), "path": item.file},
        "file_name": image.name,
        "width": image.width,
        "height": image.height,
        "state": image.state,
        "words": words,
    }


def _arrow_type(feature: Any) -> Any:
    import pyarrow as pa

    if feature == "image":
        return pa.struct({"bytes": pa.binary(), "path": pa.string()})
    if isinstance(feature, list):
        return pa.list_(_arrow_type(feature[0]))
    if isinstance(feature, dict):
        return pa.struct({key: _arrow_type(value) for key, value in feature.items()})
    return pa.bool_() if feature == "bool" else getattr(pa, feature)()


def _card(name: str, count: int, size: int) -> str:
    """The card, whose head is YAML; JSON is YAML too, so names need no quoting of our own."""
    split = {"name": "train", "num_bytes": size, "num_examples": count}
    head = {
        "pretty_name": name,
        "dataset_info": {
            "features": [_yaml_feature(key, value) for key, value in FEATURES.items()],
            "splits": [split],
        },
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*"}]}],
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    return "\n".join(["---", *lines, "---", "", f"# {name}", DESCRIPTION])


def _yaml_feature(name: str, feature: Any) -> dict:
    return {"name": name} | _yaml_type(feature)


def _yaml_type(feature: Any) -> dict:
    """As `datasets` writes its features into a card."""
    if isinstance(feature, list):
        inner = feature[0]
        if isinstance(inner, dict):
            return {"list": [_yaml_feature(key, value) for key, value in inner.items()]}
        return {"list": inner if isinstance(inner, str) else _yaml_type(inner)}
    return {"dtype": feature}
