"""Pictures of a camera's frames with what was detected and where the final points project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from kineograph.io.atomic import write_bytes
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import Skeleton
from kineograph.pose.video import Image

COLOURS_BGR = {"right": (0, 159, 230), "left": (233, 180, 86), "middle": (66, 228, 240)}
"""Orange, sky blue and yellow of Okabe and Ito's palette, which colour-blind people can tell apart."""
BYSTANDER_BGR = (170, 170, 170)
PROJECTION_BGR = (255, 255, 255)
TILE_HEIGHT_PX = 900
JPEG_QUALITY = 85


def draw_person(image: Image, position_px: FloatArray, skeleton: Skeleton, *, participant: bool, scale: float) -> None:
    """Draw the skeleton of one detection (K, 2): coloured by side for a participant, grey for anybody else."""
    for first, second in skeleton.bones:
        ends = [
            position_px[skeleton.index(name)] if name in skeleton.keypoints else np.full(2, np.nan)
            for name in (first, second)
        ]
        if not np.isfinite(ends).all():
            continue
        sides = {skeleton.side(first), skeleton.side(second)}
        side = sides.pop() if len(sides) == 1 else "middle"
        colour = COLOURS_BGR[side] if participant else BYSTANDER_BGR
        start, stop = (tuple(int(value) for value in np.round(end)) for end in ends)
        cv2.line(image, start, stop, (0, 0, 0), round(7 * scale), cv2.LINE_AA)
        cv2.line(image, start, stop, colour, round(4 * scale), cv2.LINE_AA)


def draw_projection(image: Image, position_px: FloatArray, *, scale: float) -> None:
    """Draw the projections of the final points (K, 2) as white rings."""
    for place in position_px[np.isfinite(position_px).all(axis=-1)]:
        centre = tuple(int(value) for value in np.round(place))
        cv2.circle(image, centre, round(8 * scale), (0, 0, 0), round(4 * scale), cv2.LINE_AA)
        cv2.circle(image, centre, round(8 * scale), PROJECTION_BGR, round(2 * scale), cv2.LINE_AA)


def label(image: Image, text: str, scale: float) -> None:
    """Write a line of text into the upper left corner."""
    place = (round(16 * scale), round(44 * scale))
    for colour, width in (((0, 0, 0), 6), ((255, 255, 255), 2)):
        cv2.putText(
            image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 1.2 * scale, colour, round(width * scale), cv2.LINE_AA
        )


def empty_picture(size_px: tuple[int, int]) -> Image:
    """A dark picture, for trials without videos."""
    return np.full((size_px[1], size_px[0], 3), 40, np.uint8)


def write_strip(path: Path, tiles: Sequence[Image]) -> None:
    """Write pictures side by side as a JPEG, atomically."""
    resized = [
        cv2.resize(
            tile, (round(tile.shape[1] * TILE_HEIGHT_PX / tile.shape[0]), TILE_HEIGHT_PX), interpolation=cv2.INTER_AREA
        )
        for tile in tiles
    ]
    written, buffer = cv2.imencode(".jpg", np.hstack(resized), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not written:
        raise RuntimeError(f"OpenCV could not encode {path}")
    write_bytes(path, buffer.tobytes())
