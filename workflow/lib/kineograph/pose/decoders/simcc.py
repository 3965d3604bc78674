"""RTMPose: one person a crop, keypoints as the maxima of a profile along x and one along y (SimCC).

Source: Jiang et al. 2023 (arXiv:2303.07399), Li et al. 2022 (arXiv:2107.03332); crop, normalisation and score as in
rtmlib 0.0.16 (https://github.com/Tau-J/rtmlib), `RTMPose`. The score of a keypoint is the mean of its two maxima; it is
no probability and can exceed 1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kineograph.catalog.models import ModelCard
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import PoseEstimator, Poses
from kineograph.pose.images import Image
from kineograph.pose.regions import as_input, boxes_of_points, regions_from_boxes
from kineograph.pose.session import Session

TRACKED_CONFIDENCE = 0.3
TRACKED_MARGIN = 1.25
"""The box for the next frame is that of the confident keypoints, this much larger."""


def load(session: Session, card: ModelCard) -> PoseEstimator:
    """The pose estimator of a card.

    Raises
    ------
    InputError
        Where the network has not two outputs (batch, K, 2 * width) and (batch, K, 2 * height).
    """
    session.check_input(card.input_px)
    shapes = list(session.output_shapes.values())
    split = float(card.parameters.get("split_ratio", 2.0))
    wanted = [round(side * split) for side in card.input_px]
    lengths = [shape[-1] for shape in shapes]
    if len(shapes) != 2 or any(
        isinstance(have, int) and have != want for have, want in zip(lengths, wanted, strict=True)
    ):
        raise session.refuse(f"two outputs (batch, K, {wanted[0]}) and (batch, K, {wanted[1]})", str(shapes))
    return SimCC(session, card)


class SimCC:
    """An RTMPose network."""

    def __init__(self, session: Session, card: ModelCard) -> None:
        self.session = session
        self.card = card
        self.padding = float(card.parameters.get("box_padding", 1.25))
        self.split = float(card.parameters.get("split_ratio", 2.0))

    def estimate(self, image: Image, regions: FloatArray) -> Poses:
        """The poses of the people in upright regions (n, 5), all crops in one batch."""
        centre = regions[:, :2]
        size = self._input_shaped(regions[:, 2:4] * self.padding)
        crops = [self._crop(image, centre[i], size[i]) for i in range(len(regions))]
        profile_x, profile_y = self.session.run(as_input(crops, self.card.mean, self.card.std, rgb=False))
        place = np.stack([profile_x.argmax(axis=-1), profile_y.argmax(axis=-1)], axis=-1).astype(np.float32)
        confidence = (0.5 * (profile_x.max(axis=-1) + profile_y.max(axis=-1))).astype(float)
        inside = place / self.split / np.asarray(self.card.input_px) * size[:, None]
        position = inside + centre[:, None] - size[:, None] / 2
        position[confidence <= 0] = np.nan
        boxes = boxes_of_points(position, confidence, TRACKED_CONFIDENCE)
        following = regions_from_boxes(boxes)
        following[:, 2:4] *= TRACKED_MARGIN
        return Poses(position, confidence, following)

    def _input_shaped(self, size: FloatArray) -> FloatArray:
        """Sizes (n, 2) widened to the shape of the network's input."""
        ratio = self.card.input_px[0] / self.card.input_px[1]
        wide = size[:, 0] > size[:, 1] * ratio
        shaped: FloatArray = np.where(
            wide[:, None],
            np.stack([size[:, 0], size[:, 0] / ratio], axis=1),
            np.stack([size[:, 1] * ratio, size[:, 1]], axis=1),
        )
        return shaped

    def _crop(self, image: Image, centre: FloatArray, size: FloatArray) -> Image:
        """The picture around `centre`; the transform is taken through three points, as rtmlib takes it, to the same rounding."""
        width, height = self.card.input_px
        source = _corner(centre, size[0] / 2)
        target = _corner(np.array([width / 2, height / 2]), width / 2)
        transform = cv2.getAffineTransform(source, target)
        return cv2.warpAffine(image, transform, (width, height), flags=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _corner(centre: FloatArray, half: float) -> NDArray[np.float32]:
    """A place, the one above it, and the one left of that, (3, 2), each rounded before the next is taken from it."""
    points = np.zeros((3, 2), np.float32)
    points[0] = centre
    points[1] = centre - np.array([0, half])
    down = points[0] - points[1]
    points[2] = points[1] + np.array([-down[1], down[0]], np.float32)
    return points
