"""A picture of many scenes with their ground truth."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from spotter.types import GroundTruth

ZOOM = 2  # of scenes with annotations
LEGIBLE, IGNORED, CENTRE = (40, 255, 40), (255, 60, 60), (255, 0, 255)  # colours, RGB


def contact_sheet(
    scenes: Sequence[tuple[np.ndarray, list[GroundTruth]]], columns: int, clean: bool = False
) -> np.ndarray:
    """Images (H, W, 3) uint8 RGB of one size in a grid, with their regions unless `clean`."""
    pictures = [image if clean else annotated(image, regions) for image, regions in scenes]
    pictures += [np.full_like(pictures[0], 255)] * (-len(pictures) % columns)
    rows = [np.hstack(pictures[i : i + columns]) for i in range(0, len(pictures), columns)]
    return np.vstack(rows)


def annotated(image: np.ndarray, regions: list[GroundTruth], zoom: int = ZOOM) -> np.ndarray:
    """(zoom * H, zoom * W, 3) uint8 RGB: with polygons (green; red is ignored), texts and centres."""
    image = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    for region in regions:
        colour = IGNORED if region.ignore else LEGIBLE
        points = np.round(region.polygon * zoom * 16).astype(np.int32)
        cv2.polylines(image, [points], True, colour, 1, cv2.LINE_AA, 4)
        cv2.circle(image, tuple(np.round(region.polygon[0] * zoom).astype(int).tolist()), 3, colour, -1)
        for x, y in region.centres if region.centres is not None else []:
            cv2.circle(image, (round(float(x) * zoom), round(float(y) * zoom)), 1, CENTRE, -1)
        x, y = region.polygon.min(0) * zoom
        corner = max(0, int(x)), max(9, int(y) - 2)
        for text_colour, thickness in (((0, 0, 0), 3), ((255, 255, 0), 1)):
            cv2.putText(
                image,
                region.text,
                corner,
                cv2.FONT_HERSHEY_SIMPLEX,
                0.4,
                text_colour,
                thickness,
                cv2.LINE_AA,
            )
    return image
