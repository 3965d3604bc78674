"""MediaPipe's pose landmarks (BlazePose GHUM): 33 keypoints of one person in a turned square.

Source: Bazarevsky et al. 2020 (arXiv:2006.10204) and the MediaPipe graphs `tensors_to_pose_landmarks_and_segmentation.pbtxt`
and `refine_landmarks_from_heatmap_calculator.cc` (https://github.com/google-ai-edge/mediapipe): the regressed landmarks are
moved to the centre of mass of a 7x7 window of their heatmap where that reaches 0.5. Without it they are 13-20 px worse on
the demo. The confidence of a keypoint is the smaller of its visibility and presence, times the network's belief that there is
a person at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from kineograph.catalog.models import ModelCard
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import PoseEstimator, Poses
from kineograph.pose.decoders.blazepose_detector import body_regions
from kineograph.pose.images import Image
from kineograph.pose.regions import as_input
from kineograph.pose.session import Session

LANDMARKS = 39
"""33 keypoints, two that tell where the body is in the next frame (its hip centre and edge), and four unused."""
KEYPOINTS = 33
CENTRE, EDGE = 33, 34
VALUES = 5
"""x, y, z, visibility, presence."""
WINDOW = 7
HEATMAP_MINIMUM = 0.5
SHRINK_LIMIT = 0.5
"""A crop that shrinks the picture more than this is taken from a picture shrunk first, against aliasing."""


def load(session: Session, card: ModelCard) -> PoseEstimator:
    """The pose estimator of a card."""
    session.check_input(card.input_px)
    shapes = session.output_shapes
    wanted = {"landmarks": (LANDMARKS * VALUES,), "presence": (1,)}
    if (
        any(name not in shapes or shapes[name][1:] != shape for name, shape in wanted.items())
        or "heatmap" not in shapes
    ):
        raise session.refuse(
            f"outputs landmarks (batch, {LANDMARKS * VALUES}), presence (batch, 1), heatmap", str(shapes)
        )
    return BlazePoseLandmarks(session, card)


class BlazePoseLandmarks:
    """A BlazePose landmark network."""

    def __init__(self, session: Session, card: ModelCard) -> None:
        self.session = session
        self.card = card
        self.side = card.input_px[0]
        self.n_keypoints: int | None = KEYPOINTS

    def estimate(self, images: Sequence[Image], regions: Sequence[FloatArray]) -> list[Poses]:
        """The poses of the people in regions (n, 5) of each picture.

        Regions that are no squares come from a box detector, which knows neither the hips nor the turn of the body: they are
        looked at twice, the second time where the first look saw the body.
        """
        people = [len(found) for found in regions]
        shown = [image for image, number in zip(images, people, strict=True) for _ in range(number)]
        flat = np.concatenate([np.zeros((0, 5)), *regions])
        square = flat[:, 2] == flat[:, 3]
        if not square.all():
            upright = flat.copy()
            upright[:, 2:4] = flat[:, 2:4].max(axis=1, keepdims=True) * 1.25
            first = self._look(shown, upright)
            flat = np.where(square[:, None], flat, first.region)
        seen = self._look(shown, flat)
        ends = np.cumsum(people)[:-1]
        parts = (np.split(array, ends) for array in (seen.position_px, seen.confidence, seen.region))
        return [Poses(*part) for part in zip(*parts, strict=True)]

    def _look(self, images: list[Image], regions: FloatArray) -> Poses:
        """The poses in one region (N, 5) of each of N pictures."""
        crops = [self._crop(image, region) for image, region in zip(images, regions, strict=True)]
        outputs = self.session.run(as_input(crops, self.card.mean, self.card.std, rgb=True))
        named = dict(zip(self.session.output_shapes, outputs, strict=True))
        landmarks = named["landmarks"].reshape(-1, LANDMARKS, VALUES).astype(float)
        inside = refine(landmarks[..., :2], named["heatmap"].astype(float), self.side)
        position = np.stack(
            [_undo(self._transform(region), points) for region, points in zip(regions, inside, strict=True)]
        )
        sure = 1 / (1 + np.exp(-landmarks[..., 3:5]))
        confidence = sure.min(axis=-1) * named["presence"].astype(float)
        return Poses(
            position[:, :KEYPOINTS],
            confidence[:, :KEYPOINTS],
            body_regions(position[:, CENTRE], position[:, EDGE]),
        )

    def _transform(self, region: FloatArray) -> FloatArray:
        """The 2x3 transform from the picture to the crop, for coordinates that count from pixel corners."""
        x, y, side, _, angle = region
        scale = self.side / side
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * scale
        shift = self.side / 2 - turn @ np.array([x, y])
        return np.column_stack([turn, shift])

    def _crop(self, image: Image, region: FloatArray) -> Image:
        scale = self.side / region[2]
        if scale < SHRINK_LIMIT:
            factor = scale / SHRINK_LIMIT
            image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
            region = np.concatenate([region[:4] * factor, region[4:]])
        matrix = self._transform(region)
        matrix[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5  # OpenCV's coordinates count from pixel centres
        size = (self.side, self.side)
        return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)  # type: ignore[return-value]


def _undo(transform: FloatArray, points: FloatArray) -> FloatArray:
    """Points (L, 2) of a crop in the picture that `transform` (2, 3) made the crop from."""
    back: FloatArray = (points - transform[:, 2]) @ np.linalg.inv(transform[:, :2]).T
    return back


def refine(points: FloatArray, logits: FloatArray, side: int) -> FloatArray:
    """Move landmarks to the centre of mass of their heatmaps nearby.

    Parameters
    ----------
    points : (n, L, 2) array
        Landmarks, px of the crop.
    logits : (n, L, h, w) array
        Heatmaps before their sigmoid.
    side : int
        Width of the crop, px.

    Returns
    -------
    (n, L, 2) array
        px of the crop; landmarks outside it, or whose heatmap stays under 0.5 nearby, are left as they are.
    """
    people, landmarks, height, width = logits.shape
    cell = side / width
    start = np.floor(points / cell).astype(int)
    offsets = np.arange(WINDOW) - WINDOW // 2
    column, row = start[..., 0, None] + offsets, start[..., 1, None] + offsets
    in_column, in_row = (column >= 0) & (column < width), (row >= 0) & (row < height)
    index = np.ogrid[:people, :landmarks]
    window = logits[
        index[0][..., None, None],
        index[1][..., None, None],
        np.clip(row, 0, height - 1)[..., :, None],
        np.clip(column, 0, width - 1)[..., None, :],
    ]
    mass = np.where(in_row[..., :, None] & in_column[..., None, :], 1 / (1 + np.exp(-window)), 0.0)
    total = mass.sum(axis=(-1, -2))
    safe = np.maximum(total, 1e-12)
    x = (mass.sum(axis=-2) * column).sum(axis=-1) / safe
    y = (mass.sum(axis=-1) * row).sum(axis=-1) / safe
    inside = ((start >= 0) & (start < [width, height])).all(axis=-1)
    sure = inside & (mass.max(axis=(-1, -2)) >= HEATMAP_MINIMUM)
    return np.where(sure[..., None], np.stack([x, y], axis=-1) * cell, points)
