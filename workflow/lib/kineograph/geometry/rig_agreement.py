"""Which cameras of a rig agree on what they saw, pair by pair, and would they if calibrations were exchanged?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from kineograph.geometry.epipolar import fundamental_matrix, sampson_distance_px
from kineograph.geometry.projection import undistort_pixels
from kineograph.model.camera import Camera
from kineograph.model.shapes import BoolArray, FloatArray, IntArray, finite

FEWEST_SHARED = 30
"""Pairs of cameras that share fewer points are not compared."""
MOST_POINTS = 2000
"""Medians of more points say nothing new."""
FARTHEST_PX = 100.0
"""Disagreement beyond this counts no more: it is as wrong as can be."""
MUCH_BETTER = 0.5


def pair_disagreement_px(cameras: Sequence[Camera], image_px: FloatArray) -> FloatArray:
    """Median distance of each pair of views from agreement, (C, C), px: symmetric, NaN where hardly anything is shared.

    Parameters
    ----------
    cameras : sequence of Camera
        C cameras.
    image_px : (N, C, 2) array
        px as in the videos, NaN where not seen.
    """
    return _Pairs(cameras, image_px).disagreement(np.arange(len(cameras)))


def agreeing_cameras(disagreement_px: FloatArray, limit_px: float) -> BoolArray:
    """The cameras that agree with each other, (C,): the best pair, and each that joins it by its median disagreement.

    No camera where even the best pair is beyond the limit.
    """
    number = len(disagreement_px)
    member = np.zeros(number, bool)
    known = np.where(np.isfinite(disagreement_px), disagreement_px, np.inf)
    if not number or known.min() > limit_px:
        return member
    member[list(np.unravel_index(int(known.argmin()), known.shape))] = True
    while not member.all():
        rest = np.flatnonzero(~member)
        typical = np.array([_median(disagreement_px[index, member]) for index in rest])
        if np.min(typical) > limit_px:
            break
        member[rest[typical.argmin()]] = True
    return member


def exchange_that_fits(cameras: Sequence[Camera], image_px: FloatArray, limit_px: float) -> IntArray | None:
    """The exchange of two cameras' calibrations, or of three's in a ring, with which the views agree; None without one.

    Returns
    -------
    (C,) array of int, or None
        For each view the index of the camera whose calibration fits it.
    """
    pairs = _Pairs(cameras, image_px)
    now = pairs.typical(np.arange(len(cameras)))
    for size in (2, 3):
        ways = list(_exchanges(len(cameras), size))
        found = [pairs.typical(way) for way in ways]
        if found and min(found) < min(limit_px, MUCH_BETTER * now):
            return ways[int(np.argmin(found))]
    return None


class _Pairs:
    """The disagreement of views a and b with the calibrations i and j, each computed once."""

    def __init__(self, cameras: Sequence[Camera], image_px: FloatArray) -> None:
        step = max(1, len(image_px) // MOST_POINTS)
        image = image_px[::step]
        self._cameras = cameras
        self._seen = finite(image)
        self._image = image
        self._ideal: dict[tuple[int, int], FloatArray] = {}
        self._known: dict[tuple[int, int, int, int], float] = {}
        self._fundamental: dict[tuple[int, int], FloatArray] = {}

    def disagreement(self, calibration: IntArray) -> FloatArray:
        """(C, C), px, with view a taken for the camera calibration[a]."""
        number = len(calibration)
        result = np.full((number, number), np.nan)
        for a, b in combinations(range(number), 2):
            result[a, b] = result[b, a] = self._of(a, int(calibration[a]), b, int(calibration[b]))
        return result

    def typical(self, calibration: IntArray) -> float:
        """The mean disagreement of all pairs, px."""
        values = self.disagreement(calibration)[np.triu_indices(len(calibration), 1)]
        known = np.minimum(values[np.isfinite(values)], FARTHEST_PX)
        return float(known.mean()) if known.size else float("inf")

    def _of(self, a: int, i: int, b: int, j: int) -> float:
        key = (a, i, b, j)
        if key not in self._known:
            both = self._seen[:, a] & self._seen[:, b]
            value = float("nan")
            if both.sum() >= FEWEST_SHARED:
                if (i, j) not in self._fundamental:
                    self._fundamental[i, j] = fundamental_matrix(self._cameras[i], self._cameras[j])
                first, second = self._ideal_px(a, i)[both], self._ideal_px(b, j)[both]
                value = float(np.median(np.abs(sampson_distance_px(self._fundamental[i, j], first, second))))
            self._known[key] = value
        return self._known[key]

    def _ideal_px(self, view: int, calibration: int) -> FloatArray:
        key = (view, calibration)
        if key not in self._ideal:
            self._ideal[key] = undistort_pixels(self._cameras[calibration], self._image[:, view])
        return self._ideal[key]


def _exchanges(number: int, size: int) -> Iterator[IntArray]:
    """All exchanges of two, or rings of three, among `number` cameras."""
    for members in combinations(range(number), size):
        chosen = np.array(members)
        for turn in range(1, size):
            exchanged = np.arange(number)
            exchanged[chosen] = np.roll(chosen, turn)
            yield exchanged


def _median(values: FloatArray) -> float:
    """The median of the known values; infinity without any."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("inf")
