"""COCO with the texts added; `score` and `reading_score` as in `--json`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from spotter.formats.photo_words import PhotoWords
from spotter.ops.polygons import signed_area
from spotter.ops.shapes import to_shapes
from spotter.types import Word

CATEGORIES = [{"id": 1, "name": "text"}]


def coco_annotation(number: int, image: int, polygon: Sequence[Sequence[float]], text: str) -> dict:
    """An annotation with ids `number` and `image`, from 1."""
    xs, ys = zip(*polygon, strict=True)
    return {
        "id": number,
        "image_id": image,
        "category_id": CATEGORIES[0]["id"],
        "segmentation": [[value for point in polygon for value in point]],
        "bbox": [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)],
        "area": float(abs(signed_area(polygon))) or to_shapes([polygon])[0].area,
        "iscrowd": 0,
        "text": text,
    }


class Writer:
    """Holds the annotations until the end: the format has them in a list of their own."""

    def __init__(self, model: dict) -> None:
        self.model = model
        self.images = 0
        self.annotations: list[str] = []

    def begin(self) -> str:
        info = json.dumps({"model": self.model}, ensure_ascii=False)
        return f'{{\n "info": {info},\n "categories": {json.dumps(CATEGORIES)},\n "images": ['

    def add(self, photo: PhotoWords) -> str:
        comma = "," if self.images else ""
        self.images += 1
        for word in photo.words:
            values = coco_annotation(len(self.annotations) + 1, self.images, word.polygon, word.text)
            values |= {"score": word.score, "reading_score": word.reading_score}
            self.annotations.append(json.dumps(values, ensure_ascii=False))
        image = {"id": self.images, "file_name": photo.name, "width": photo.width, "height": photo.height}
        return f"{comma}\n  {json.dumps(image | {'seconds': photo.seconds}, ensure_ascii=False)}"

    def end(self) -> str:
        lines = "".join(f"{',' if i else ''}\n  {line}" for i, line in enumerate(self.annotations))
        return f'\n ],\n "annotations": [{lines}\n ]\n}}\n'


def read(path: Path) -> Iterator[tuple[dict, PhotoWords]]:
    """Without the characters."""
    content = json.loads(path.read_text(encoding="utf-8"))
    found = defaultdict(list)
    for values in content["annotations"]:
        found[values["image_id"]].append(values)
    for image in content["images"]:
        words = [_word(number, values) for number, values in enumerate(found[image["id"]])]
        size = image["width"], image["height"], image["seconds"]
        yield content["info"]["model"], PhotoWords(image["file_name"], *size, words)


def _word(number: int, values: dict) -> Word:
    (flat,) = values["segmentation"]
    x, y, width, height = values["bbox"]
    polygon = [list(point) for point in zip(flat[::2], flat[1::2], strict=True)]
    box = [x, y, x + width, y + height]
    return Word(f"w{number}", polygon, box, values["text"], values["score"], values["reading_score"])
