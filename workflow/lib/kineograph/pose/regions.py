"""Where in a picture a person is: oriented boxes, and the pictures cut out along them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kineograph.model.shapes import FloatArray
from kineograph.pose.images import Image

# A region is a row (centre x, centre y, width, height, angle): px and rad, the angle turning the box clockwise on screen.


def regions_from_boxes(boxes_px: FloatArray) -> FloatArray:
    """Upright regions (n, 5) of boxes x0, y0, x1, y1 (n, 4)."""
    centre = (boxes_px[:, :2] + boxes_px[:, 2:]) / 2
    size = boxes_px[:, 2:] - boxes_px[:, :2]
    return np.concatenate([centre, size, np.zeros((len(boxes_px), 1))], axis=1)


def boxes_of_points(position_px: FloatArray, confidence: FloatArray, min_confidence: float) -> FloatArray:
    """The boxes x0, y0, x1, y1 (n, 4) around the confident points of each person (n, K, 2); NaN where there is none."""
    shown = (confidence >= min_confidence) & np.isfinite(position_px).all(axis=-1)
    masked = np.where(shown[..., None], position_px, np.nan)
    empty = ~shown.any(axis=1)
    masked[empty] = 0.0
    boxes = np.concatenate([np.nanmin(masked, axis=1), np.nanmax(masked, axis=1)], axis=1)
    boxes[empty] = np.nan
    return boxes


def overlap(box: FloatArray, others: FloatArray) -> FloatArray:
    """Intersection over union of one box (4,) with others (n, 4)."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:], others[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(others[:, 2:] - others[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    ratio: FloatArray = common / np.maximum(areas - common, 1e-9)
    return ratio


def suppress(boxes_px: FloatArray, scores: FloatArray, max_overlap: float) -> list[int]:
    """Indices of the boxes (n, 4) left by non-maximum suppression, best first.

    Boxes count their last pixel, as in rtmlib: width = x1 - x0 + 1.
    """
    areas = np.prod(boxes_px[:, 2:] - boxes_px[:, :2] + 1, axis=1)
    order = np.argsort(scores)[::-1]
    kept = []
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(int(first))
        low = np.maximum(boxes_px[first, :2], boxes_px[rest, :2])
        high = np.minimum(boxes_px[first, 2:], boxes_px[rest, 2:])
        common = np.prod(np.maximum(high - low + 1, 0), axis=1)
        order = rest[common / (areas[first] + areas[rest] - common) <= max_overlap]
    return kept


def letterbox(image: Image, size_px: tuple[int, int], fill: int, *, centred: bool) -> tuple[Image, float, FloatArray]:
    """Shrink a picture to fit a network's input, keeping its shape, and fill the rest.

    Parameters
    ----------
    image : (H, W, 3) array
        The picture.
    size_px : tuple of int
        Width and height of the input, px.
    fill : int
        Grey value of the rest.
    centred : bool
        True to put the picture in the middle, false for the top left.

    Returns
    -------
    boxed : (h, w, 3) array
        The input.
    scale : float
        Pixels of the input that one pixel of the picture becomes.
    shift : (2,) array
        Where the picture's top left corner is in the input, px.
    """
    width, height = size_px
    if image.shape[:2] == (height, width):
        return image, 1.0, np.zeros(2)
    scale = min(height / image.shape[0], width / image.shape[1])
    rounded = round if centred else int
    inner = (rounded(image.shape[1] * scale), rounded(image.shape[0] * scale))
    shift = np.array([(width - inner[0]) // 2, (height - inner[1]) // 2]) if centred else np.zeros(2, int)
    boxed = np.full((height, width, 3), fill, np.uint8)
    small = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if centred else cv2.INTER_LINEAR)
    boxed[shift[1] : shift[1] + inner[1], shift[0] : shift[0] + inner[0]] = small
    return boxed, scale, shift.astype(float)


def as_input(images: list[Image], mean: tuple[float, ...], std: tuple[float, ...], *, rgb: bool) -> NDArray[np.float32]:
    """Pictures of one size as a network's input (N, 3, H, W) float32: channels turned, mean subtracted, divided by std.

    A pixel has 256 values, so each channel's are looked up: they are those of the division in float64, rounded once, as rtmlib
    has them, without a float64 copy of the picture. `mean` and `std` are in the order of the channels after the turn.
    """
    turn = slice(None, None, -1) if rgb else slice(None)
    table = ((np.arange(256)[:, None] - np.asarray(mean)) / np.asarray(std)).astype(np.float32)[:, turn]
    batch = np.empty((len(images), 3, *(images[0].shape[:2] if images else (0, 0))), np.float32)
    for place, image in zip(batch, images, strict=True):
        values = cv2.LUT(image, np.ascontiguousarray(table[:, None]))
        place[:] = values.transpose(2, 0, 1)[turn]
    return batch
