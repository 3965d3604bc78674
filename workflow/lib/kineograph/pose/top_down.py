"""People cut out of pictures for networks that look at one person at a time, and their keypoints put back.

Crop and rounding are those of rtmlib 0.0.16 (https://github.com/Tau-J/rtmlib, `bbox_xyxy2cs` and `top_down_affine`), so that the
network sees the same pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kineograph.catalog.models import ModelCard
from kineograph.model.shapes import FloatArray
from kineograph.pose.decoders._interfaces import Poses
from kineograph.pose.images import Image
from kineograph.pose.regions import as_input, boxes_of_points, regions_from_boxes

BOX_PADDING = 1.25
"""How much larger than a person's box the crop is, where the card does not say."""
TRACKED_CONFIDENCE = 0.3
TRACKED_MARGIN = 1.25
"""The box for the next frame is that of the confident keypoints, this much larger."""


@dataclass(frozen=True)
class Crops:
    """The N people of several pictures, cut out.

    Attributes
    ----------
    pixels : (N, 3, H, W) array
        The network's input.
    centre, size : (N, 2) array
        Where each crop is in its picture, px.
    people : list of int
        How many of them each picture has.
    """

    pixels: NDArray[np.float32]
    centre: FloatArray
    size: FloatArray
    people: list[int]

    def poses(self, fraction: FloatArray, confidence: FloatArray) -> list[Poses]:
        """The poses of each picture, from keypoints (N, K, 2) as fractions of the crop and their confidences (N, K)."""
        position = fraction * self.size[:, None] + self.centre[:, None] - self.size[:, None] / 2
        position[confidence <= 0] = np.nan
        following = regions_to_follow(position, confidence)
        ends = np.cumsum(self.people)[:-1]
        parts = (np.split(array, ends) for array in (position, confidence, following))
        return [Poses(*part) for part in zip(*parts, strict=True)]


def cut_out(images: Sequence[Image], regions: Sequence[FloatArray], card: ModelCard) -> Crops:
    """The people in the upright regions (n, 5) of each picture, in the shape of the network's input."""
    flat = np.concatenate([np.zeros((0, 5)), *regions])
    size = _shaped(flat[:, 2:4] * float(card.parameters.get("box_padding", BOX_PADDING)), card.input_px)
    people = [len(found) for found in regions]
    shown = [image for image, number in zip(images, people, strict=True) for _ in range(number)]
    crops = [_crop(image, flat[i, :2], size[i], card.input_px) for i, image in enumerate(shown)]
    rgb = card.parameters.get("channels", "bgr") == "rgb"
    return Crops(as_input(crops, card.mean, card.std, rgb=rgb), flat[:, :2], size, people)


def regions_to_follow(position_px: FloatArray, confidence: FloatArray) -> FloatArray:
    """Where to look for people (n, K, 2) in the next frame, (n, 5)."""
    following = regions_from_boxes(boxes_of_points(position_px, confidence, TRACKED_CONFIDENCE))
    following[:, 2:4] *= TRACKED_MARGIN
    return following


def _shaped(size: FloatArray, input_px: tuple[int, int]) -> FloatArray:
    """Sizes (n, 2) widened to the shape of the network's input."""
    ratio = input_px[0] / input_px[1]
    wide = size[:, 0] > size[:, 1] * ratio
    shaped: FloatArray = np.where(
        wide[:, None],
        np.stack([size[:, 0], size[:, 0] / ratio], axis=1),
        np.stack([size[:, 1] * ratio, size[:, 1]], axis=1),
    )
    return shaped


def _crop(image: Image, centre: FloatArray, size: FloatArray, input_px: tuple[int, int]) -> Image:
    """The picture around `centre`; the transform is taken through three points, as rtmlib takes it, to the same rounding."""
    width, height = input_px
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
