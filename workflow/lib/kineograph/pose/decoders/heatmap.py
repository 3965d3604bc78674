"""ViTPose and others with a heatmap a keypoint: one person a crop, keypoints as the maxima, refined between cells.

Source: Xu et al. 2022 (arXiv:2204.12484); the refinement is DARK with unbiased data processing: a Newton step on the logarithm of
the smoothed heatmap (Zhang et al. 2020, doi:10.1109/CVPR42600.2020.00712; Huang et al. 2020, doi:10.1109/CVPR42600.2020.00574),
with the constants of rtmlib 0.0.16 (https://github.com/Tau-J/rtmlib), `ViTPose`. The score is the heatmap's maximum.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from kineograph.catalog.models import ModelCard
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import PoseEstimator, Poses
from kineograph.pose.images import Image
from kineograph.pose.session import Session
from kineograph.pose.top_down import cut_out

BLUR_CELLS = 11
SMALLEST, LARGEST = 0.001, 50.0
"""Bounds of the smoothed heatmap before its logarithm."""


def load(session: Session, card: ModelCard) -> PoseEstimator:
    """The pose estimator of a card.

    Raises
    ------
    InputError
        Where the network has not one output (batch, K, h, w) of the shape of its input.
    """
    session.check_input(card.input_px)
    shapes = session.probed_shapes()
    width, height = card.input_px
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise session.refuse("one output of heatmaps (batch, K, height, width)", str(shapes))
    count, rows, columns = shapes[0][1:]
    if isinstance(rows, int) and isinstance(columns, int) and rows * width != columns * height:
        raise session.refuse(f"heatmaps of the shape of the input, {width}:{height}", str(shapes))
    return Heatmaps(session, card, count if isinstance(count, int) else None)


class Heatmaps:
    """A network that gives a heatmap a keypoint."""

    def __init__(self, session: Session, card: ModelCard, n_keypoints: int | None) -> None:
        self.session = session
        self.card = card
        self.n_keypoints = n_keypoints

    def estimate(self, images: Sequence[Image], regions: Sequence[FloatArray]) -> list[Poses]:
        """The poses of the people in upright regions (n, 5) of each picture, all crops in one batch."""
        crops = cut_out(images, regions, self.card)
        heatmaps = self.session.run(crops.pixels)[0]
        place = maxima(heatmaps)
        last_cell = np.array(heatmaps.shape[:1:-1]) - 1
        return crops.poses(place / last_cell, heatmaps.max(axis=(-1, -2)).astype(float))


def maxima(heatmaps: NDArray[np.float32]) -> FloatArray:
    """Where the heatmaps (N, K, h, w) are highest, (N, K, 2), in fractional columns and rows."""
    height, width = heatmaps.shape[2:]
    row, column = np.divmod(heatmaps.reshape(*heatmaps.shape[:2], -1).argmax(axis=-1), width)
    blurred = np.empty(heatmaps.shape, np.float32)
    for target, source in zip(blurred.reshape(-1, height, width), heatmaps.reshape(-1, height, width), strict=True):
        cv2.GaussianBlur(source, (BLUR_CELLS, BLUR_CELLS), 0, dst=target)
    log = np.log(np.clip(blurred, SMALLEST, LARGEST)).astype(float)
    person, keypoint = np.ogrid[: heatmaps.shape[0], : heatmaps.shape[1]]

    def at(right: int, down: int) -> FloatArray:
        value: FloatArray = log[
            person, keypoint, np.clip(row + down, 0, height - 1), np.clip(column + right, 0, width - 1)
        ]
        return value

    centre = at(0, 0)
    slope = np.stack([at(1, 0) - at(-1, 0), at(0, 1) - at(0, -1)], axis=-1) / 2
    xx, yy = at(1, 0) - 2 * centre + at(-1, 0), at(0, 1) - 2 * centre + at(0, -1)
    xy = (at(1, 1) - at(1, 0) - at(0, 1) + 2 * centre - at(-1, 0) - at(0, -1) + at(-1, -1)) / 2
    tiny = np.finfo(np.float32).eps
    xx, yy = xx + tiny, yy + tiny
    determinant = xx * yy - xy * xy
    safe = np.where(determinant == 0, np.inf, determinant)
    step = np.stack([yy * slope[..., 0] - xy * slope[..., 1], xx * slope[..., 1] - xy * slope[..., 0]], axis=-1)
    return np.stack([column, row], axis=-1) - step / safe[..., None]
