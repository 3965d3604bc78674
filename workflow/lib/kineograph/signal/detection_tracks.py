"""Which detections of a camera's frames are one person going on: numbers for reading and drawing them in 2D."""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray, IntArray

MIN_OVERLAP = 0.3
"""Boxes that overlap less (intersection over union) are other people, as in rtmlib's PoseTracker."""
LONGEST_GAP_FRAMES = 10
"""Somebody who was not seen for longer gets a new number."""


def numbered(bbox_px: FloatArray) -> IntArray:
    """Numbers of the people, from 0 in the order in which they appear.

    Parameters
    ----------
    bbox_px : (F, D, 4) array
        x0, y0, x1, y1 of each detection, px; NaN where there is none. They are taken in single precision, as files keep them.

    Returns
    -------
    (F, D) array
        The number of each detection; -1 where there is none.
    """
    bbox_px = bbox_px.astype(np.float32).astype(float)
    number = np.full(bbox_px.shape[:2], -1)
    last_box, last_seen, names = np.zeros((0, 4)), np.zeros(0, int), np.zeros(0, int)
    following = 0
    for frame, boxes in enumerate(bbox_px):
        recent = frame - last_seen <= LONGEST_GAP_FRAMES
        last_box, last_seen, names = last_box[recent], last_seen[recent], names[recent]
        here = np.flatnonzero(np.isfinite(boxes).all(axis=-1))
        known, seen = _closest_pairs(_overlaps(last_box, boxes[here]))
        number[frame, here[seen]] = names[known]
        last_box[known], last_seen[known] = boxes[here[seen]], frame
        new = np.delete(here, seen)
        fresh = np.arange(following, following + len(new))
        number[frame, new] = fresh
        following += len(new)
        last_box = np.concatenate([last_box, boxes[new]])
        last_seen, names = np.append(last_seen, np.full(len(new), frame)), np.append(names, fresh)
    return number


def _overlaps(first: FloatArray, second: FloatArray) -> FloatArray:
    """Intersection over union of boxes (n, 4) with boxes (m, 4), (n, m)."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=-1)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=-1) for boxes in (first, second)]
    ratio: FloatArray = common / np.maximum(areas[0][:, None] + areas[1][None] - common, 1e-9)
    return ratio


def _closest_pairs(overlaps: FloatArray) -> tuple[list[int], list[int]]:
    """Rows and columns of the pairs that overlap enough, the largest overlap first, each row and column in one pair."""
    left = overlaps.copy()
    rows, columns = [], []
    while left.size and left.max() >= MIN_OVERLAP:
        row, column = np.unravel_index(left.argmax(), left.shape)
        rows.append(int(row))
        columns.append(int(column))
        left[row], left[:, column] = -1, -1
    return rows, columns
