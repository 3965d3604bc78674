"""RTMPose and RTMW: one person a crop, keypoints as the maxima of a profile along x and one along y (SimCC).

Source: Jiang et al. 2023 (arXiv:2303.07399), Jiang et al. 2024 (arXiv:2407.08634), Li et al. 2022 (arXiv:2107.03332); crop,
normalisation and score as in rtmlib 0.0.16 (https://github.com/Tau-J/rtmlib), `RTMPose`. The score of a keypoint is the mean of
its two maxima; it is no probability and can exceed 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.catalog.models import ModelCard
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import PoseEstimator, Poses
from kineograph.pose.images import Image
from kineograph.pose.session import Session
from kineograph.pose.top_down import cut_out


def load(session: Session, card: ModelCard) -> PoseEstimator:
    """The pose estimator of a card.

    Raises
    ------
    InputError
        Where the network has not two outputs (batch, K, 2 * width) and (batch, K, 2 * height).
    """
    session.check_input(card.input_px)
    split = float(card.parameters.get("split_ratio", 2.0))
    wanted = [round(side * split) for side in card.input_px]
    shapes = session.probed_shapes()
    fits = len(shapes) == 2 and all(
        len(shape) == 3 and (shape[2] == length or not isinstance(shape[2], int))
        for shape, length in zip(shapes, wanted, strict=True)
    )
    if not fits or shapes[0][1] != shapes[1][1]:
        raise session.refuse(f"two outputs (batch, K, {wanted[0]}) and (batch, K, {wanted[1]})", str(shapes))
    count = shapes[0][1]
    return SimCC(session, card, count if isinstance(count, int) else None)


class SimCC:
    """An RTMPose network."""

    def __init__(self, session: Session, card: ModelCard, n_keypoints: int | None) -> None:
        self.session = session
        self.card = card
        self.n_keypoints = n_keypoints
        self.split = float(card.parameters.get("split_ratio", 2.0))

    def estimate(self, images: Sequence[Image], regions: Sequence[FloatArray]) -> list[Poses]:
        """The poses of the people in upright regions (n, 5) of each picture, all crops in one batch."""
        crops = cut_out(images, regions, self.card)
        profile_x, profile_y = self.session.run(crops.pixels)
        place = np.stack([profile_x.argmax(axis=-1), profile_y.argmax(axis=-1)], axis=-1).astype(np.float32)
        confidence = (0.5 * (profile_x.max(axis=-1) + profile_y.max(axis=-1))).astype(float)
        return crops.poses(place / self.split / np.asarray(self.card.input_px), confidence)
