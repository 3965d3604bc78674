"""What a detector and a pose estimator must be able to do."""

from __future__ import annotations

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
    """Finds the keypoints of people whose regions are known."""

    def estimate(self, image: Image, regions: FloatArray) -> Poses:
        """The poses in n regions (n, 5) of a picture."""
