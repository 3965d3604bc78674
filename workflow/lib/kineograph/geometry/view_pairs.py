"""How well pairs of views agree at given times of their cameras, and how that changes with the cameras' clocks.

Two views of a point agree with the cameras' epipolar geometry at the same instant only. The residual of that agreement
(Sampson distance) also has parts that say nothing about time: small errors of the calibration make it depend smoothly on
where the point is in the two images, and each keypoint has its own bias. For each pair of cameras these are taken out by
regression, in each stretch of the trial by itself. What remains is proportional to the keypoints' speed, with the offset as
the slope.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from kineograph.geometry.epipolar import sampson_distance_px
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.signal.resampling import sample
from kineograph.signal.robust import median_of_few, median_of_known

FEWEST_FRAMES = 12
"""Keypoints that two cameras share in fewer frames than this, of a stretch or a lag, are not compared."""
SPREAD_LIMIT_PX = 30.0
"""Residuals over this are taken as this: another person, or a failed keypoint."""
MOST_NOISE = 0.9
"""Most of the square of slopes that is taken for noise."""
HUBER = 1.345

Pair = tuple[int, int]


class ViewPairs:
    """How well pairs of views agree, for given clocks of their cameras.

    Clocks are an array (2, C) in frames: how much later than the views say each camera was in the middle of the trial, and by
    how much more at its end. At frame g of the trial, camera c is at ``g - clocks[0, c] - u * clocks[1, c]`` of its view, where
    u goes from -1 at the trial's first frame to 1 at its last.

    Parameters
    ----------
    views : list of (F, K, 2) arrays
        A person as each camera shows them, undistorted and smoothed, px, NaN where not confident; all at one frame rate.
    matrices : dict of (int, int) to (3, 3) array
        Fundamental matrix of each pair of cameras to be compared.
    step_frames : float
        Frames before and after over which a keypoint's speed is taken. Over one frame it would be mostly noise: slopes too
        steep, so that refinement hardly moves and believes itself sure.
    """

    def __init__(self, views: Sequence[FloatArray], matrices: dict[Pair, FloatArray], step_frames: float) -> None:
        self.views = views
        self.matrices = matrices
        self.step_frames = step_frames
        self.half = max((max(len(view) for view in views) - 1) / 2, 0.5)

    def restricted(self, cameras: BoolArray) -> ViewPairs:
        """Only the pairs of these cameras (C,)."""
        kept = {pair: matrix for pair, matrix in self.matrices.items() if cameras[pair[0]] and cameras[pair[1]]}
        return ViewPairs(self.views, kept, self.step_frames)

    def restricted_to(self, chosen: Sequence[Pair]) -> ViewPairs:
        """Only these pairs."""
        return ViewPairs(self.views, {pair: self.matrices[pair] for pair in chosen}, self.step_frames)

    def of_camera(self, camera: int) -> ViewPairs:
        """Only the pairs of one camera."""
        return self.restricted_to([pair for pair in self.matrices if camera in pair])

    def place(self, frame: FloatArray) -> FloatArray:
        """Where frames are in the trial: -1 at its first, 1 at its last."""
        return frame / self.half - 1

    def seen(self, camera: int, clocks: FloatArray, frame: FloatArray, step: float = 0.0) -> FloatArray:
        """The camera's view (frames, K, 2) at frames of the trial, were it `step` frames later than its clock says."""
        own = frame - clocks[0, camera] - self.place(frame) * clocks[1, camera] - step
        return sample(self.views[camera], own)

    def distances_px(self, clocks: FloatArray, stretches: Sequence[FloatArray]) -> dict[Pair, float]:
        """The mean distance from agreement of each pair that shares keypoints, px, with all that calibration does to it."""
        found = {}
        frame = np.concatenate(stretches)
        views = {camera: self.seen(camera, clocks, frame) for pair in self.matrices for camera in pair}
        for pair, matrix in self.matrices.items():
            distance = np.abs(sampson_distance_px(matrix, views[pair[0]], views[pair[1]]))
            known = distance[np.isfinite(distance)]
            if known.size:
                found[pair] = float(np.minimum(known, SPREAD_LIMIT_PX).mean())
        return found

    def disagreement_px(self, clocks: FloatArray, stretches: Sequence[FloatArray]) -> float:
        """Mean size of what geometry leaves of the residuals, over all pairs and stretches, px; NaN of nothing."""
        sums, total = 0.0, 0
        for frame in stretches:
            views = {camera: self.seen(camera, clocks, frame) for pair in self.matrices for camera in pair}
            for pair, matrix in self.matrices.items():
                first, second = (views[camera] for camera in pair)
                rest = explained(sampson_distance_px(matrix, first, second), places(matrix, first, second))
                size = np.minimum(np.abs(rest[np.isfinite(rest)]), SPREAD_LIMIT_PX)
                sums, total = sums + float(size.sum()), total + size.size
        return sums / total if total else math.nan

    def normal_equations(self, clocks: FloatArray, frame: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Normal matrix (2C, 2C) of small changes of the clocks, and the right side by pair (pairs, 2C), from one stretch.

        The residual of a pair is linear in small changes of its two clocks, with the keypoints' image speed as slope. What noise
        adds to the squares of the slopes is taken out again by the products of residuals and their second derivatives (Newton's
        method in place of Gauss's): otherwise steps would be too short, and standard errors too small.
        """
        count = len(self.views)
        normal, right = np.zeros((2 * count, 2 * count)), np.zeros((len(self.matrices), 2 * count))
        cameras = {camera for pair in self.matrices for camera in pair}
        h = self.step_frames
        steps = (-2 * h, -h, 0.0, h, 2 * h)
        at = {step: {camera: self.seen(camera, clocks, frame, step) for camera in cameras} for step in steps}
        now = at[0.0]
        for row, ((i, j), matrix) in enumerate(self.matrices.items()):
            where = places(matrix, now[i], now[j])
            distance = sampson_distance_px(matrix, now[i], now[j])
            residual = explained(distance, where)
            if np.isfinite(residual).sum() < FEWEST_FRAMES:
                continue
            moved = {
                step: (
                    sampson_distance_px(matrix, at[step][i], now[j]),
                    sampson_distance_px(matrix, now[i], at[step][j]),
                )
                for step in (-2 * h, -h, h, 2 * h)
            }
            slopes = [explained((moved[h][n] - moved[-h][n]) / (2 * h), where) for n in range(2)]
            bends = [(moved[2 * h][n] + moved[-2 * h][n] - 2 * distance) / (4 * h**2) for n in range(2)]
            good = np.isfinite(residual) & np.all([np.isfinite(item) for item in (*slopes, *bends)], axis=0)
            if good.sum() < FEWEST_FRAMES:
                continue
            place = np.broadcast_to(self.place(frame)[:, None], good.shape)[good]
            r, slope = residual[good], np.stack([item[good] for item in slopes])
            design = np.concatenate([slope, slope * place])
            weight = _huber(r) / _scale(r) ** 2
            inner = (design * weight) @ design.T
            bend = np.stack([item[good] for item in bends]) * r * weight
            noise = np.concatenate([bend, bend * place**2]).sum(axis=1)
            size = np.diag(inner)
            inner[np.diag_indices(4)] = size + np.clip(noise, -MOST_NOISE * size, 0.0)
            columns = [i, j, count + i, count + j]
            normal[np.ix_(columns, columns)] += inner
            right[row, columns] -= (design * weight) @ r
        return normal, right


def places(matrix: FloatArray, first: FloatArray, second: FloatArray) -> FloatArray:
    """Where points are (frames, K, 3), px: in the first image, and along the epipolar line in the second.

    Not both places in the second image: across the line, it is the residual itself that they tell.
    """
    normal = first @ matrix[:2, :2].T + matrix[:2, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    along = second[..., 1] * normal[..., 0] - second[..., 0] * normal[..., 1]
    return np.concatenate([first, along[..., None]], axis=-1)


def explained(residual: FloatArray, places: FloatArray) -> FloatArray:
    """Residuals (frames, K) without each keypoint's mean and what depends linearly on its places (frames, K, 3), px."""
    result = centred(residual)
    there = np.isfinite(result) & np.isfinite(places).all(axis=-1)
    if there.sum() < FEWEST_FRAMES:
        return result
    counts = np.maximum(there.sum(axis=0), 1)[:, None]
    means = np.where(there[..., None], places, 0.0).sum(axis=0) / counts
    columns = (places - means)[there] / 1000
    values = result[there]
    weight, rest = np.ones(len(values)), values
    for _ in range(2):
        weighted = columns * weight[:, None]
        normal = weighted.T @ columns
        ridge = np.eye(len(normal)) * (1e-9 * np.trace(normal) + 1e-12)
        rest = values - columns @ np.linalg.solve(normal + ridge, weighted.T @ values)
        weight = _huber(rest)
    result[there] = rest
    return result


def centred(residual: FloatArray) -> FloatArray:
    """The residual (F, K) without each keypoint's median; NaN for keypoints that are seen in too few frames."""
    median, count = median_of_known(residual, axis=0)
    return residual - np.where(count < FEWEST_FRAMES, np.nan, median)


def _scale(residual: FloatArray) -> float:
    return max(1.4826 * median_of_few(np.abs(residual)), 1e-9)


def _huber(residual: FloatArray) -> FloatArray:
    """Huber's weights of residuals (N,)."""
    weight: FloatArray = np.minimum(1.0, HUBER * _scale(residual) / np.maximum(np.abs(residual), 1e-12))
    return weight
