"""MediaPipe's pose detector: one person, with the centre of the hips and the size and turn of the body.

Source: Bazarevsky et al. 2020 (arXiv:2006.10204) and the MediaPipe graph `pose_detection_cpu.pbtxt`
(https://github.com/google-ai-edge/mediapipe): anchors of strides 8, 16, 32, 32, 32 with two boxes each, scores through a
sigmoid, weighted non-maximum suppression, keypoint 0 the middle of the hips, keypoint 1 a point at the edge of the body's circle.
"""

from __future__ import annotations

import numpy as np

from kineograph.catalog.models import ModelCard
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import Detector
from kineograph.pose.images import Image
from kineograph.pose.regions import as_input, letterbox, overlap
from kineograph.pose.session import Session

ONE_PERSON = True
ANCHOR_GRIDS = ((8, 2), (16, 2), (32, 6))
"""Stride and number of anchors a cell."""
BODY_MARGIN = 1.25
"""A body's square is this much larger than the circle that the detector gives."""
VALUES = 12
"""A box of four values and four keypoints of two."""


def load(session: Session, card: ModelCard) -> Detector:
    """The detector of a card."""
    session.check_input(card.input_px)
    anchors = _anchors(card.input_px)
    shapes = list(session.output_shapes.values())
    if len(shapes) != 2 or shapes[0][1:] != (len(anchors), VALUES):
        raise session.refuse(f"outputs (batch, {len(anchors)}, {VALUES}) and (batch, {len(anchors)}, 1)", str(shapes))
    return BlazePoseDetector(session, card, anchors)


class BlazePoseDetector:
    """MediaPipe's pose detector."""

    def __init__(self, session: Session, card: ModelCard, anchors: FloatArray) -> None:
        self.session = session
        self.card = card
        self.anchors = anchors * np.asarray(card.input_px)
        self.min_score = float(card.parameters.get("min_score", 0.5))
        self.max_overlap = float(card.parameters.get("max_overlap", 0.3))

    def detect(self, image: Image) -> FloatArray:
        """The regions of the people in a picture, (n, 5), best first: squares turned so that the body stands upright."""
        boxed, scale, shift = letterbox(image, self.card.input_px, 0, centred=True)
        values, logits = self.session.run(as_input([boxed], self.card.mean, self.card.std, rgb=True))
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0].astype(float), -80, 80)))
        likely = scores >= self.min_score
        people = self._merge(values[0][likely].astype(float), scores[likely], self.anchors[likely])
        points = (people.reshape(-1, 2, 2) - shift) / scale
        return body_regions(points[:, 0], points[:, 1])

    def _merge(self, values: FloatArray, scores: FloatArray, anchors: FloatArray) -> FloatArray:
        """Hip centre and body point (n, 4), px of the input, the overlapping boxes of each person averaged by score."""
        centre, size = values[:, :2] + anchors, values[:, 2:4]
        boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
        points = (values[:, 4:8].reshape(-1, 2, 2) + anchors[:, None]).reshape(-1, 4)
        order = np.argsort(-scores, kind="stable")
        people = []
        while len(order):
            same = overlap(boxes[order[0]], boxes[order]) > self.max_overlap
            same[0] = True
            people.append(np.average(points[order[same]], axis=0, weights=scores[order[same]]))
            order = order[~same]
        return np.array(people).reshape(-1, 4)


def body_regions(centre_px: FloatArray, edge_px: FloatArray) -> FloatArray:
    """Square regions (n, 5) around bodies.

    Parameters
    ----------
    centre_px : (n, 2) array
        Middle of the hips.
    edge_px : (n, 2) array
        A point above it on the circle around the body; it tells the size and the turn.
    """
    arrow = edge_px - centre_px
    side = 2 * BODY_MARGIN * np.hypot(arrow[:, 0], arrow[:, 1])
    angle = np.pi / 2 - np.arctan2(-arrow[:, 1], arrow[:, 0])
    return np.column_stack([centre_px, side, side, angle])


def _anchors(size_px: tuple[int, int]) -> FloatArray:
    """The anchors' centres (n, 2), as fractions of the input."""
    centres = []
    for stride, number in ANCHOR_GRIDS:
        x, y = np.meshgrid((np.arange(size_px[0] // stride) + 0.5), (np.arange(size_px[1] // stride) + 0.5))
        grid = np.stack([x, y], axis=-1).reshape(-1, 2) * stride / np.asarray(size_px)
        centres.append(np.repeat(grid, number, axis=0))
    return np.concatenate(centres)
