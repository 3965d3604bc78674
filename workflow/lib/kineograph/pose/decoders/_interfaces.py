"""What a detector and a pose estimator must be able to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kineograph.model.shapes import FloatArray
from kineograph.pose.images import Image


@dataclass(frozen=True)
class Poses:
    """The poses of n people in a picture.

    Attributes
    ----------
    position_px : (n, K, 2) array
        px, NaN where the network gives none.
    confidence : (n, K) array
        The network's own score.
    region : (n, 5) array
        Where to look for each of them in the next frame.
    """

    position_px: FloatArray
    confidence: FloatArray
    region: FloatArray


class Detector(Protocol):
    """Finds people in a picture."""

    def detect(self, image: Image) -> FloatArray:
        """The regions of the people, (n, 5), best first."""


class PoseEstimator(Protocol):
    """Finds the keypoints of people whose regions are known; a one-stage network (``ONE_STAGE``) finds the people as well.

    Attributes
    ----------
    n_keypoints : int or None
        How many keypoints the network gives; None where only running it on people would tell.
    """

    n_keypoints: int | None

    def estimate(self, images: Sequence[Image], regions: Sequence[FloatArray]) -> list[Poses]:
        """The poses in the regions (n, 5) of each picture, all in one batch; a one-stage network looks at whole pictures."""
