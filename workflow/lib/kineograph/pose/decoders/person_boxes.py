"""Box detectors of the RTMPose family: YOLOX and RTMDet.

Both shrink the picture into the top left of a grey input, and put out either boxes after their own non-maximum
suppression, (1, n, 5), or raw cells of strides 8, 16, 32, (1, cells, 5 + classes). Source of the conventions and
thresholds: rtmlib 0.0.16 (https://github.com/Tau-J/rtmlib), `YOLOX` and `RTMDet`.
"""

from __future__ import annotations

import numpy as np

from kineograph.catalog.models import ModelCard
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import Detector
from kineograph.pose.images import Image
from kineograph.pose.regions import as_input, letterbox, regions_from_boxes
from kineograph.pose.session import Session

GREY = 114
STRIDES = (8, 16, 32)
PERSON = 0


def load(session: Session, card: ModelCard) -> Detector:
    """The detector of a card."""
    session.check_input(card.input_px)
    return PersonBoxes(session, card)


class PersonBoxes:
    """A YOLOX or RTMDet network."""

    def __init__(self, session: Session, card: ModelCard) -> None:
        self.session = session
        self.card = card
        self.min_score = float(card.parameters.get("min_score", 0.3))
        self.min_score_raw = float(card.parameters.get("min_score_raw", 0.7))
        self.max_overlap = float(card.parameters.get("max_overlap", 0.45))

    def detect(self, image: Image) -> FloatArray:
        """The regions of the people in a picture, (n, 5), best first."""
        boxed, scale, _ = letterbox(image, self.card.input_px, GREY, centred=False)
        output = self.session.run(as_input([boxed], self.card.mean, self.card.std, rgb=False))[0][0].astype(float)
        if output.shape[-1] == 5:
            found = output[output[:, 4] > self.min_score]
            boxes, scores = found[:, :4] / scale, found[:, 4]
        else:
            boxes, scores = self._raw_boxes(output, scale)
        order = np.argsort(-scores, kind="stable")
        return regions_from_boxes(boxes[order])

    def _raw_boxes(self, cells: FloatArray, scale: float) -> tuple[FloatArray, FloatArray]:
        """Boxes (px of the picture) and scores of the raw cells (cells, 5 + classes), after non-maximum suppression.

        Boxes of the class 0, people, only.
        """
        width, height = self.card.input_px
        corner, stride = [], []
        for step in STRIDES:
            x, y = np.meshgrid(np.arange(width // step), np.arange(height // step))
            corner.append(np.stack([x, y], axis=-1).reshape(-1, 2))
            stride.append(np.full((corner[-1].shape[0], 1), step))
        steps = np.concatenate(stride)
        centre = (cells[:, :2] + np.concatenate(corner)) * steps
        half = np.exp(cells[:, 2:4]) * steps / 2
        scores = cells[:, 4] * cells[:, 5 + PERSON]
        likely = scores > self.min_score_raw
        boxes = np.concatenate([centre - half, centre + half], axis=1)[likely] / scale
        kept = suppress(boxes, scores[likely], self.max_overlap)
        return boxes[kept], scores[likely][kept]


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
