"""Making faces in a picture unrecognizable."""

from __future__ import annotations

import cv2
import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.pose.video import Image

CELLS = 5
"""A head is made of so many cells across: what was between them is not in the picture any more."""


def blur_heads(image: Image, boxes: FloatArray) -> None:
    """Blur the ellipses in these boxes (n, 4: x0, y0, x1, y1, px), in place. What is outside the picture is left aside."""
    height, width = image.shape[:2]
    for box in boxes:
        x0, y0 = (max(int(np.floor(value)), 0) for value in box[:2])
        x1, y1 = min(int(np.ceil(box[2])) + 1, width), min(int(np.ceil(box[3])) + 1, height)
        if x1 - x0 < 2 or y1 - y0 < 2:
            continue
        part = image[y0:y1, x0:x1]
        size = (part.shape[1], part.shape[0])
        coarse = cv2.resize(part, (min(CELLS, size[0]), min(CELLS, size[1])), interpolation=cv2.INTER_AREA)
        blurred = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
        mask = np.zeros(part.shape[:2], np.uint8)
        centre = (int((box[0] + box[2]) / 2) - x0, int((box[1] + box[3]) / 2) - y0)
        axes = (max(int(np.ceil((box[2] - box[0]) / 2)), 1), max(int(np.ceil((box[3] - box[1]) / 2)), 1))
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 255, -1)
        part[mask > 0] = blurred[mask > 0]
