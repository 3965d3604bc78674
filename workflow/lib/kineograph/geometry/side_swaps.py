"""Left and right exchanged by a network: in which cameras and frames, decided over segments of time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kineograph.geometry.pixel_refinement import odds_of, robust_cost
from kineograph.geometry.triangulation import reproject
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.robust import median_of_known
from kineograph.signal.two_states import decide

FRAME_COST = 9.0
"""What a swapped frame of a limb must gain, in squared units of the noise: as much as a keypoint that is off by three times
its noise. A swap is rare; residuals that lean to the other side by less are a calibration's bias."""
CHANGE_COST = 9.0
"""What each beginning and end of a swap must gain."""
WINDOW_FRAMES = 9
"""Where half of the cameras or fewer agree, the point is looked for where it was in so many frames around."""

Limb = tuple[tuple[int, int], ...]
"""The left and the right keypoint of each pair of a limb."""


def find_swaps(
    image_px: FloatArray,
    confidence: FloatArray,
    projection: FloatArray,
    sigma_px: FloatArray,
    position_m: FloatArray,
    limbs: Sequence[Limb],
) -> BoolArray:
    """In which frames and cameras a person's left and right limb are exchanged.

    For each camera, the limb's keypoints are compared with the projections of their own and of the other side's points.
    What the exchange gains, less what it costs, is decided on over time.

    Parameters
    ----------
    image_px : (F, K, C, 2) array
        Undistorted image points, px, NaN where missing.
    confidence : (F, K, C) array
        0 where the image point must not be used.
    projection : (C, 3, 4) array
        Projection matrices.
    sigma_px : (K, C) array
        The noise of each coordinate, px.
    position_m : (F, K, 3) array
        Where the points are, from :func:`reference_track`, m; NaN where not known (which decides nothing).
    limbs : sequence of tuples of pairs
        G limbs, each the (left, right) indices of its keypoints.

    Returns
    -------
    (F, G, C) array of bool
    """
    frames, _, cameras = confidence.shape
    gain = np.zeros((frames, len(limbs), cameras))
    for index, limb in enumerate(limbs):
        for pair in limb:
            for here, other in (pair, pair[::-1]):
                odds = odds_of(confidence[:, here])
                costs = [
                    _cost(image_px[:, here], reproject(projection, position_m[:, k]), sigma_px[k], odds)
                    for k in (here, other)
                ]
                difference = np.where(confidence[:, here] > 0, costs[0] - costs[1], 0.0)
                gain[:, index] += np.where(np.isfinite(difference), difference, 0.0)
    decided = decide((gain - FRAME_COST).reshape(frames, -1), CHANGE_COST)
    return decided.reshape(gain.shape)


def reference_track(position_m: FloatArray, used: BoolArray, seen: BoolArray) -> FloatArray:
    """Points that most of the cameras agree on; where they don't, the median of those in the frames around.

    Parameters
    ----------
    position_m : (F, K, 3) array
        m, NaN where missing.
    used, seen : (F, K, C) array of bool
        The cameras that agree, and those that show the keypoint.

    Returns
    -------
    (F, K, 3) array
        m, NaN where nothing is known.
    """
    agreed = 2 * used.sum(axis=-1) > seen.sum(axis=-1)
    sure = np.where(agreed[..., None], position_m, np.nan)
    frame, keypoint = np.nonzero(~np.isfinite(sure[..., 0]))
    if not len(frame):
        return sure
    around = frame[:, None] + np.arange(WINDOW_FRAMES) - WINDOW_FRAMES // 2
    inside = (around >= 0) & (around < len(sure))
    near = sure[np.clip(around, 0, len(sure) - 1), keypoint[:, None]]
    near[~inside] = np.nan
    track = sure.copy()
    track[frame, keypoint] = median_of_known(near, axis=1)[0]
    return track


def exchange(values: FloatArray, swapped: BoolArray, limbs: Sequence[Limb]) -> FloatArray:
    """The values (F, K, C, ...) with left and right exchanged where a limb is swapped (F, G, C)."""
    result = values.copy()
    for index, limb in enumerate(limbs):
        frame, camera = np.nonzero(swapped[:, index])
        for left, right in limb:
            result[frame, left, camera] = values[frame, right, camera]
            result[frame, right, camera] = values[frame, left, camera]
    return result


def _cost(image_px: FloatArray, projected_px: FloatArray, sigma_px: FloatArray, odds: FloatArray) -> FloatArray:
    """How ill image points (F, C, 2) fit projections (F, C, 2)."""
    squared = np.square((image_px - projected_px) / sigma_px[:, None]).sum(axis=-1)
    return robust_cost(squared, odds)[0]
