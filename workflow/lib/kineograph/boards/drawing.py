"""Drawing what a calibration rests on: the corners that a lens was computed from, and known points with their reprojections."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import cv2
import numpy as np

from kineograph.model.shapes import FloatArray, finite
from kineograph.pose.images import Image

SEEN_BGR = (66, 228, 240)
WRONG_BGR = (0, 94, 213)
REPROJECTED_BGR = (233, 180, 86)
"""Yellow, vermilion and sky blue of Okabe and Ito's palette, which colour-blind people can tell apart."""


def draw_views(image: Image, corner_px: FloatArray, *, left_out: bool, scale: float) -> None:
    """Draw the corners (N, 2) of one view as dots with a line around them."""
    known = corner_px[finite(corner_px)].round().astype(np.int32)
    if not len(known):
        return
    colour = WRONG_BGR if left_out else SEEN_BGR
    cv2.polylines(image, [cv2.convexHull(known.reshape(-1, 1, 2))], True, colour, max(1, round(scale)), cv2.LINE_AA)
    for place in known.tolist():
        cv2.circle(image, place, round(4 * scale), colour, -1, cv2.LINE_AA)


def draw_points(
    image: Image,
    seen_px: FloatArray,
    reprojected_px: FloatArray,
    names: Sequence[str],
    left_out: Collection[str],
    *,
    named: bool,
    scale: float,
) -> None:
    """Draw known points (N, 2) as rings where they were seen and as crosses where they project; `left_out` in another colour."""
    thick = max(1, round(2 * scale))
    for seen, reprojected, name in zip(seen_px, reprojected_px, names, strict=True):
        colour = WRONG_BGR if name in left_out else SEEN_BGR
        centre = _place(seen)
        cv2.circle(image, centre, round(10 * scale), (0, 0, 0), thick + 2, cv2.LINE_AA)
        cv2.circle(image, centre, round(10 * scale), colour, thick, cv2.LINE_AA)
        if np.isfinite(reprojected).all():
            cv2.drawMarker(
                image, _place(reprojected), (0, 0, 0), cv2.MARKER_CROSS, round(16 * scale), thick + 2, cv2.LINE_AA
            )
            cv2.drawMarker(
                image, _place(reprojected), REPROJECTED_BGR, cv2.MARKER_CROSS, round(16 * scale), thick, cv2.LINE_AA
            )
        if named:
            at = (centre[0] + round(14 * scale), centre[1] - round(8 * scale))
            for ink, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
                cv2.putText(
                    image, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.7 * scale, ink, round(width * scale) or 1, cv2.LINE_AA
                )


def _place(value: FloatArray) -> tuple[int, int]:
    return round(float(value[0])), round(float(value[1]))
