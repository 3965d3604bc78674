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
DARK = 40
"""Grey of a picture that shows nothing."""
FARTHEST_DRAWN_PX = 30_000
"""OpenCV draws lines in 16 bits; a point of somebody almost beside the camera projects farther out."""
JPEG_QUALITY = 85


def draw_person(image: Image, position_px: FloatArray, skeleton: Skeleton, *, participant: bool, scale: float) -> None:
    """Draw the skeleton of one detection (K, 2): coloured by side for a participant, grey for anybody else."""
    for (first, second), (start, stop) in _drawn_bones(position_px, skeleton).items():
        sides = {skeleton.side(first), skeleton.side(second)}
        side = sides.pop() if len(sides) == 1 else "middle"
        colour = COLOURS_BGR[side] if participant else BYSTANDER_BGR
        cv2.line(image, start, stop, (0, 0, 0), max(round(7 * scale), 3), cv2.LINE_AA)
        cv2.line(image, start, stop, colour, max(round(4 * scale), 1), cv2.LINE_AA)


def _drawn_bones(
    position_px: FloatArray, skeleton: Skeleton
) -> dict[tuple[str, str], tuple[tuple[int, int], tuple[int, int]]]:
    """The ends of each bone whose keypoints (K, 2) are both there, in whole pixels."""
    found = {}
    for bone in skeleton.bones:
        if not set(bone) <= set(skeleton.keypoints):
            continue
        ends = position_px[[skeleton.index(name) for name in bone]]
        if np.isfinite(ends).all() and np.abs(ends).max() < FARTHEST_DRAWN_PX:
            (x0, y0), (x1, y1) = np.round(ends).astype(int).tolist()
            found[bone] = ((x0, y0), (x1, y1))
    return found


def draw_projection(image: Image, position_px: FloatArray, *, scale: float, bones: Skeleton | None = None) -> None:
    """Draw the projections of the final points (K, 2) as white rings, or as the thin white lines of a skeleton."""
    if bones is not None:
        for start, stop in _drawn_bones(position_px, bones).values():
            cv2.line(image, start, stop, PROJECTION_BGR, max(round(1.5 * scale), 1), cv2.LINE_AA)
        return
    for place in position_px[np.isfinite(position_px).all(axis=-1)]:
        centre = tuple(int(value) for value in np.round(place))
        cv2.circle(image, centre, round(8 * scale), (0, 0, 0), round(4 * scale), cv2.LINE_AA)
        cv2.circle(image, centre, round(8 * scale), PROJECTION_BGR, round(2 * scale), cv2.LINE_AA)


def label(image: Image, text: str, scale: float) -> None:
    """Write a line of text into the upper left corner, white with a dark edge."""
    edge = max(round(3 * scale), 1)
    shifts = [(x, y) for x in (-edge, 0, edge) for y in (-edge, 0, edge)]
    for (x, y), colour in [*((shift, (0, 0, 0)) for shift in shifts), ((0, 0), (255, 255, 255))]:
        place = (round(16 * scale) + x, round(44 * scale) + y)
        width = max(round(2 * scale), 1)
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 1.2 * scale, colour, width, cv2.LINE_AA)


def empty_picture(size_px: tuple[int, int]) -> Image:
    """A dark picture, for trials without videos."""
    return np.full((size_px[1], size_px[0], 3), DARK, np.uint8)


def reduced(image: Image, height_px: int) -> tuple[Image, float]:
    """The picture at no more than this height, and the scale; sizes stay in proportion."""
    scale = min(height_px / image.shape[0], 1.0)
    if scale == 1.0:
        return image, scale
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False), scale


def write_strip(path: Path, tiles: Sequence[Image]) -> None:
    """Write pictures side by side as a JPEG, atomically."""
    resized = [
        cv2.resize(
            tile, (round(tile.shape[1] * TILE_HEIGHT_PX / tile.shape[0]), TILE_HEIGHT_PX), interpolation=cv2.INTER_AREA
        )
        for tile in tiles
    ]
    write_bytes(path, jpeg(np.hstack(resized), JPEG_QUALITY))


def jpeg(image: Image, quality: int) -> bytes:
    """The picture as a JPEG file."""
    written, buffer = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not written:
        raise RuntimeError(f"OpenCV could not encode a picture of {image.shape}")
    return bytes(buffer.tobytes())
