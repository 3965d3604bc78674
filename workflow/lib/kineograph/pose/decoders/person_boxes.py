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
from kineograph.pose.regions import as_input, letterbox, regions_from_boxes, suppress
from kineograph.pose.session import Session

GREY = 114
STRIDES = (8, 16, 32)
PERSON = 0
"""The class of people in COCO; a card for animals names others in `classes`."""
BOX_VALUES = 5


def load(session: Session, card: ModelCard) -> Detector:
    """The detector of a card.

    Raises
    ------
    InputError
        Where the network's first output is neither boxes (batch, n, 5) nor raw cells with a score a class.
    """
    session.check_input(card.input_px)
    classes = [int(number) for number in card.parameters.get("classes", [PERSON])]
    cells = sum((card.input_px[0] // step) * (card.input_px[1] // step) for step in STRIDES)
    shape = next(iter(session.output_shapes.values()))
    if len(shape) == 3 and not isinstance(shape[2], int):
        shape = session.probed_shapes()[0]
    boxes = len(shape) == 3 and shape[2] == BOX_VALUES
    raw = len(shape) == 3 and isinstance(shape[2], int) and shape[2] > BOX_VALUES + max(classes)
    if not boxes and not (raw and (shape[1] == cells or not isinstance(shape[1], int))):
        raise session.refuse(
            f"a first output of boxes (batch, n, {BOX_VALUES}) or of raw cells "
            f"(batch, {cells}, {BOX_VALUES + max(classes) + 1} or more)",
            str(list(session.output_shapes.values())),
        )
    return PersonBoxes(session, card, classes)


class PersonBoxes:
    """A YOLOX or RTMDet network."""

    def __init__(self, session: Session, card: ModelCard, classes: list[int]) -> None:
        self.session = session
        self.classes = classes
        self.card = card
        self.min_score = float(card.parameters.get("min_score", 0.3))
        self.min_score_raw = float(card.parameters.get("min_score_raw", 0.7))
        self.max_overlap = float(card.parameters.get("max_overlap", 0.45))

    def detect(self, image: Image) -> FloatArray:
        """The regions of the people in a picture, (n, 5), best first."""
        boxed, scale, _ = letterbox(image, self.card.input_px, GREY, centred=False)
        output = self.session.run(as_input([boxed], self.card.mean, self.card.std, rgb=False))[0][0].astype(float)
        if output.shape[-1] == BOX_VALUES:
            found = output[output[:, 4] > self.min_score]
            boxes, scores = found[:, :4] / scale, found[:, 4]
        else:
            boxes, scores = self._raw_boxes(output, scale)
        order = np.argsort(-scores, kind="stable")
        return regions_from_boxes(boxes[order])

    def _raw_boxes(self, cells: FloatArray, scale: float) -> tuple[FloatArray, FloatArray]:
        """Boxes (px of the picture) and scores of the raw cells (cells, 5 + classes), after non-maximum suppression.

        Boxes of the card's classes only, each class by itself.
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
        boxes = np.concatenate([centre - half, centre + half], axis=1) / scale
        found_boxes, found_scores = [np.zeros((0, 4))], [np.zeros(0)]
        for number in self.classes:
            scores = cells[:, 4] * cells[:, BOX_VALUES + number]
            likely = scores > self.min_score_raw
            kept = suppress(boxes[likely], scores[likely], self.max_overlap)
            found_boxes.append(boxes[likely][kept])
            found_scores.append(scores[likely][kept])
        return np.concatenate(found_boxes), np.concatenate(found_scores)
