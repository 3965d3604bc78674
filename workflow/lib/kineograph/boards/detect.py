"""Finding the corners of a checkerboard or ChArUco board in a picture, always in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import cv2
import numpy as np

from kineograph.geometry.board import smallest_spacing_px, square_centres, unmirrored
from kineograph.model.board import BoardPattern
from kineograph.model.shapes import FloatArray
from kineograph.pose.images import Image

SMALLEST_PATTERN = (3, 3)
REFINED_PART = 0.3
"""Half side of the window in which a corner is refined, as a part of the distance to the nearest corner."""
LARGEST_WINDOW_PX = 15


def find_board(image: Image, pattern: BoardPattern) -> FloatArray:
    """The corners (N, 2) of the board, px, in the order that :class:`BoardViews` has; NaN for those that are not seen."""
    grey = _grey(image)
    return _charuco(grey, pattern) if pattern.kind == "charuco" else _checkerboard(grey, pattern)


def looks_mirrored(image: Image, pattern: BoardPattern) -> bool:
    """Whether the board is found in the mirror image only. Of a plain checkerboard this can't be told."""
    if pattern.kind != "charuco":
        return False
    return bool(np.isfinite(find_board(np.ascontiguousarray(image[:, ::-1]), pattern)).any())


def sizes_that_fit(images: Iterable[Image]) -> Counter[tuple[int, int]]:
    """How many of the pictures show a checkerboard of which number of inner corners, the smaller number first.

    A board of which a part is hidden or lies in shade counts as a smaller one.
    """
    found: Counter[tuple[int, int]] = Counter()
    for image in images:
        grey = _grey(image)
        flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_LARGER
        seen, _, meta = cv2.findChessboardCornersSBWithMeta(grey, SMALLEST_PATTERN, flags)
        if seen and meta is not None:
            rows, columns = sorted(meta.shape[:2])
            found[rows, columns] += 1
    return found


def _grey(image: Image) -> Image:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _checkerboard(grey: Image, pattern: BoardPattern) -> FloatArray:
    """By OpenCV's older detector, which is quick, and by its newer one, exhaustively, where the older one finds nothing."""
    found, places = cv2.findChessboardCorners(
        grey, pattern.corners, flags=cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE
    )
    if found:
        spacing = smallest_spacing_px(places.reshape(-1, 2).astype(float), pattern.corners)
        half = int(np.clip(spacing * REFINED_PART, 2, LARGEST_WINDOW_PX))
        stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-3)
        places = cv2.cornerSubPix(grey, places, (half, half), (-1, -1), stop)
    else:
        flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_ACCURACY
        found, places = cv2.findChessboardCornersSB(grey, pattern.corners, flags=flags)
    if not found:
        return np.full((pattern.n_corners, 2), np.nan)
    return _from_black(grey, unmirrored(places.reshape(-1, 2).astype(float), pattern.corners), pattern)


def _from_black(grey: Image, corner_px: FloatArray, pattern: BoardPattern) -> FloatArray:
    """The corners in the order that begins beside a black corner square of the board.

    The corner square beside the first corner is diagonal to the first square between corners, so they have one colour.
    """
    if not pattern.shows_a_half_turn:
        return corner_px
    alike, others = (_brightness(grey, places) for places in square_centres(corner_px, pattern.corners))
    return corner_px if alike < others else corner_px[::-1]


def _brightness(grey: Image, place_px: FloatArray) -> float:
    column, row = np.clip(place_px.round().astype(int).T, 0, [[grey.shape[1] - 1], [grey.shape[0] - 1]])
    return float(grey[row, column].mean())


def _charuco(grey: Image, pattern: BoardPattern) -> FloatArray:
    """With the older arrangement of the markers too (boards with an even number of rows, printed before OpenCV 4.6)."""
    found = [_charuco_corners(grey, pattern, older=older) for older in (False, True)]
    return max(found, key=lambda corners: int(np.isfinite(corners[:, 0]).sum()))


def _charuco_corners(grey: Image, pattern: BoardPattern, *, older: bool) -> FloatArray:
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{pattern.dictionary.upper()}"))
    squares = pattern.corners[0] + 1, pattern.corners[1] + 1
    board = cv2.aruco.CharucoBoard(squares, 1.0, pattern.marker_ratio, dictionary)
    board.setLegacyPattern(older)
    places, numbers, _, _ = cv2.aruco.CharucoDetector(board).detectBoard(grey)
    corners = np.full((pattern.n_corners, 2), np.nan)
    if numbers is not None and len(numbers):
        corners[numbers.ravel()] = places.reshape(-1, 2)
    return corners
