"""RTMO: the people in a whole picture and their keypoints at once, without a detector.

Source: Lu et al. 2023 (arXiv:2312.07526); input, thresholds and suppression as in rtmlib 0.0.16
(https://github.com/Tau-J/rtmlib), `RTMO`. The score of a keypoint is the network's own, between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.catalog.models import ModelCard
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import PoseEstimator, Poses
from kineograph.pose.images import Image
from kineograph.pose.regions import as_input, letterbox, regions_from_boxes, suppress
from kineograph.pose.session import Session

ONE_STAGE = True
"""It needs no detector and looks at every picture anew."""
GREY = 114


def load(session: Session, card: ModelCard) -> PoseEstimator:
    """The pose estimator of a card.

    Raises
    ------
    InputError
        Where the network has not the outputs boxes (batch, n, 5) and keypoints (batch, n, K, 3).
    """
    session.check_input(card.input_px)
    shapes = list(session.output_shapes.values())
    fits = len(shapes) == 2 and len(shapes[0]) == 3 and len(shapes[1]) == 4
    if fits and not all(isinstance(axis, int) for axis in (shapes[0][2], *shapes[1][2:])):
        shapes = session.probed_shapes()
    if not fits or shapes[0][2] != 5 or shapes[1][3] != 3:
        raise session.refuse("two outputs: boxes (batch, n, 5) and keypoints (batch, n, K, 3)", str(shapes))
    count = shapes[1][2]
    return RTMO(session, card, count if isinstance(count, int) else None)


class RTMO:
    """An RTMO network."""

    def __init__(self, session: Session, card: ModelCard, n_keypoints: int | None) -> None:
        self.session = session
        self.card = card
        self.n_keypoints = n_keypoints
        self.min_score = float(card.parameters.get("min_score", 0.7))
        self.max_overlap = float(card.parameters.get("max_overlap", 0.45))

    def estimate(self, images: Sequence[Image], regions: Sequence[FloatArray]) -> list[Poses]:
        """The poses of all people in each picture; `regions` say nothing to a network that looks at whole pictures."""
        boxed = [letterbox(image, self.card.input_px, GREY, centred=False) for image in images]
        batch = as_input([picture for picture, _, _ in boxed], self.card.mean, self.card.std, rgb=False)
        boxes, keypoints = self.session.run(batch)
        return [
            self._people(found.astype(float), points.astype(float), scale)
            for found, points, (_, scale, _) in zip(boxes, keypoints, boxed, strict=True)
        ]

    def _people(self, boxes: FloatArray, keypoints: FloatArray, scale: float) -> Poses:
        """The people of one picture, from boxes (n, 5) and keypoints (n, K, 3) in pixels of the input."""
        likely = np.flatnonzero(boxes[:, 4] > self.min_score)
        kept = likely[suppress(boxes[likely, :4] / scale, boxes[likely, 4], self.max_overlap)]
        position, confidence = keypoints[kept, :, :2] / scale, keypoints[kept, :, 2]
        return Poses(position, confidence, regions_from_boxes(boxes[kept, :4] / scale))
