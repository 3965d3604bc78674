"""MoveNet MultiPose: people as peaks of a map of their centres, each with a box and 17 keypoints (COCO's), used as a detector.

Source: TensorFlow's graph of the model and its description (https://www.tensorflow.org/hub/tutorials/movenet). The network
gives maps of a quarter of the input's size: of centres (a peak is a person), of the place of each keypoint as seen from a
centre, of each keypoint wherever one is, and of the rest to a quarter pixel. A keypoint is the maximum of its own map, inside
the person's box, near the place that the centre gives. The graph stops at six people; here only `min_score` limits them.
"""

from __future__ import annotations

import cv2
import numpy as np

from kineograph.catalog.models import ModelCard
from kineograph.errors import InputError
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import Detector
from kineograph.pose.decoders.blazepose_detector import body_regions
from kineograph.pose.images import Image
from kineograph.pose.regions import as_input, letterbox, overlap, regions_from_boxes
from kineograph.pose.session import Session

STRIDE = 4
MULTIPLE = 32
"""The input's sides are multiples of this, px."""
CHANNELS = {"centre": 1, "box_offset": 2, "box_size": 2, "place": 34, "heatmap": 17, "offset": 34}
KEYPOINTS = 17
PEAK_WINDOW = 5
SPREAD = 0.3
"""A keypoint's map is weighed by exp(-d^2 / (0.3 * shorter side of the map)), d from the place that the centre gives."""
SHOWN = 0.127
"""Keypoints with a lower score count for nothing; the graph's own threshold."""
SHOULDERS, HIPS = [5, 6], [11, 12]
REACH = 1.2
"""The circle around the body is this much larger than the distance of the farthest keypoint, which is an ankle, an eye or a
raised wrist. On the demo of one person the circle is then as large as that of BlazePose's detector (ratio 1.00 in the median, 5th
to 95th percentile 0.87-1.10) and that which its landmarks give for the next frame (1.02, 0.92-1.11)."""
REGIONS = ("turned", "boxes")

People = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""Scores (n,), boxes (n, 4), keypoints (n, 17, 2) and their scores (n, 17)."""


def load(session: Session, card: ModelCard) -> Detector:
    """The detector of a card.

    Raises
    ------
    InputError
        Where the network has other outputs, or the card asks for other regions than there are.
    """
    session.check_input(card.input_px)
    found = {name: shape[1] for name, shape in session.output_shapes.items() if len(shape) == 4}
    if found != CHANNELS:
        raise session.refuse(f"maps with these channels: {CHANNELS}", str(session.output_shapes))
    if card.parameters.get("regions", REGIONS[0]) not in REGIONS:
        raise InputError(
            f"the model card {card.path} can't be used",
            expected=f"parameters.regions, one of {', '.join(REGIONS)}",
            found=str(card.parameters["regions"]),
            hint="'turned' for networks that take squares around the hips, 'boxes' for those that take upright boxes",
        )
    return MoveNet(session, card)


class MoveNet:
    """A MoveNet MultiPose network."""

    def __init__(self, session: Session, card: ModelCard) -> None:
        self.session = session
        self.card = card
        self.min_score = float(card.parameters.get("min_score", 0.3))
        self.max_overlap = float(card.parameters.get("max_overlap", 0.7))
        self.looks = [float(look) for look in card.parameters.get("looks", [1.0])]
        self.turned = card.parameters.get("regions", REGIONS[0]) == "turned"

    def detect(self, image: Image) -> FloatArray:
        """The regions of the people in a picture, (n, 5), best first."""
        looks = [self._look(image, size) for size in self.looks]
        scores, boxes, points, confidence = (np.concatenate(parts) for parts in zip(*looks, strict=True))
        kept: list[int] = []
        for person in np.argsort(-scores, kind="stable"):
            if not kept or overlap(boxes[person], boxes[kept]).max() <= self.max_overlap:
                kept.append(int(person))
        return turned_regions(points[kept], confidence[kept]) if self.turned else regions_from_boxes(boxes[kept])

    def _look(self, image: Image, size: float) -> People:
        """The people that the network sees in a picture shrunk to that part of the card's input, in px of the picture."""
        width, height = self.card.input_px
        inner = fitting(image, (round(width * size), round(height * size)))
        boxed, scale, shift = letterbox(image, inner, 0, centred=True)
        outputs = self.session.run(as_input([boxed], self.card.mean, self.card.std, rgb=True))
        maps = {key: value[0].astype(float) for key, value in zip(self.session.output_shapes, outputs, strict=True)}
        scores, boxes, points, confidence = people(maps, self.min_score)
        return scores, (boxes * STRIDE - np.tile(shift, 2)) / scale, (points * STRIDE - shift) / scale, confidence


def fitting(image: Image, most_px: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the smallest input, in multiples of 32 px, for a picture that is shrunk to fit `most_px`."""
    height, width = image.shape[:2]
    scale = min(most_px[0] / width, most_px[1] / height)
    return tuple(MULTIPLE * max(1, int(np.ceil(side * scale / MULTIPLE - 1e-9))) for side in (width, height))  # type: ignore[return-value]


def people(maps: dict[str, FloatArray], min_score: float) -> People:
    """The people that the network's maps show.

    Parameters
    ----------
    maps : dict of (channels, h, w) arrays
        The network's outputs, as in `CHANNELS`.
    min_score : float
        People with a smaller score are left out.

    Returns
    -------
    scores : (n,) array
        The centre's score times the mean score of the keypoints that are shown.
    boxes : (n, 4) array
        x0, y0, x1, y1, in cells of the maps, inside them.
    points : (n, 17, 2) array
        Keypoints x, y, in cells. One that its own map does not show is where the centre has it.
    confidence : (n, 17) array
        Their scores.
    """
    centre = _sigmoid(maps["centre"][0])
    peaks = (centre >= cv2.dilate(centre, np.ones((PEAK_WINDOW, PEAK_WINDOW)))) & (centre >= min_score)
    row, column = np.nonzero(peaks)
    here = np.stack([column, row], axis=1).astype(float)
    extent = np.array(centre.shape[::-1], float)
    middle = here + maps["box_offset"][::-1, row, column].T
    half = np.maximum(maps["box_size"][::-1, row, column].T, 0) / 2
    boxes = np.concatenate([np.clip(middle - half, 0, extent), np.clip(middle + half, 0, extent)], axis=1)
    start = here[:, None] + maps["place"][:, row, column].reshape(KEYPOINTS, 2, len(row)).transpose(2, 0, 1)[..., ::-1]
    points, confidence = _at_their_maxima(maps, boxes, start)
    shown = confidence > SHOWN
    mean = np.where(shown, confidence, 0).sum(axis=1) / np.maximum(shown.sum(axis=1), 1)
    scores = centre[row, column] * mean
    good = scores >= min_score
    return scores[good], boxes[good], points[good], confidence[good]


def _at_their_maxima(
    maps: dict[str, FloatArray], boxes: FloatArray, start: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Keypoints (n, 17, 2) and scores (n, 17) of people with boxes (n, 4), near the places (n, 17, 2) from their centres."""
    heat = _sigmoid(maps["heatmap"])
    keypoints, height, width = heat.shape
    x, y = np.arange(width), np.arange(height)
    in_x = (x >= boxes[:, :1]) & (x < boxes[:, 2:3])
    in_y = (y >= boxes[:, 1:2]) & (y < boxes[:, 3:4])
    near_x = np.exp(-((x - start[..., :1]) ** 2) / (SPREAD * min(height, width))) * in_x[:, None]
    near_y = np.exp(-((y - start[..., 1:]) ** 2) / (SPREAD * min(height, width))) * in_y[:, None]
    weighed = heat * near_y[..., :, None] * near_x[..., None, :]
    flat = weighed.reshape(len(boxes), keypoints, height * width)
    best = flat.argmax(axis=-1) if len(boxes) else np.zeros((0, keypoints), int)
    score = np.take_along_axis(flat, best[..., None], axis=-1)[..., 0]
    row, column = best // width, best % width
    offset = maps["offset"].reshape(keypoints, 2, height, width)[np.arange(keypoints), :, row, column]
    found = np.stack([column, row], axis=-1) + offset[..., ::-1]
    return np.where((score > SHOWN)[..., None], found, start), score


def turned_regions(points: FloatArray, confidence: FloatArray) -> FloatArray:
    """Squares (n, 5) around the hips that hold the whole body, turned so that the shoulders are above the hips.

    As MediaPipe's own detector gives them, so that a pose network made for it needs no second look.

    Parameters
    ----------
    points : (n, 17, 2) array
        COCO keypoints.
    confidence : (n, 17) array
        Their scores; those that are not shown don't widen the square.
    """
    hips, shoulders = points[:, HIPS].mean(axis=1), points[:, SHOULDERS].mean(axis=1)
    up = shoulders - hips
    trunk = np.hypot(up[:, 0], up[:, 1])
    away = np.linalg.norm(points - hips[:, None], axis=-1)
    radius = REACH * np.maximum(np.where(confidence > SHOWN, away, 0).max(axis=1, initial=0), trunk)
    edge = hips + up * (radius / np.maximum(trunk, 1e-9))[:, None]
    return body_regions(hips, edge)


def _sigmoid(values: FloatArray) -> FloatArray:
    result: FloatArray = 1 / (1 + np.exp(-np.clip(values, -80, 80)))
    return result
