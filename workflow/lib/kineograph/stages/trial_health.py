"""What one trial says about its calibration: which cameras agree, where the others stand, and what else may be wrong."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from kineograph.geometry.bundle_adjustment import adjust, residuals_px, triangulate
from kineograph.geometry.focal_length import focal_ratio_that_fits
from kineograph.geometry.projection import project
from kineograph.geometry.rig_agreement import agreeing_cameras, exchange_that_fits, pair_disagreement_px
from kineograph.model.camera import Camera, Rig
from kineograph.model.shapes import BoolArray, FloatArray, IntArray, finite
from kineograph.model.sightings import Sightings
from kineograph.stages.refine_calibration import GROSS_PX, OUTSTANDING, adjusted, median_error_px, outstanding

MOST_POINTS = 500
"""Of the points of a trial, for saying what a camera's move changes in its picture."""
MOST_POSE_POINTS = 300
"""Of the points of a trial, for finding where one camera would have to be: six numbers need no more."""
WARN_SHIFT_PX = 6.0
"""A camera that would have to be moved by so much in its image, and much more than the others, was moved."""
APART_PX = 3.0
"""Disagreement that is no larger is not worth moving a camera for."""
MIRRORED = 0.5
"""A view is mirrored if it then disagrees with the others by less than this part of what it does as it is."""
LENS_AS_WELL = 1.15
"""A focal length explains a view if it leaves at most so many times what another pose of the camera leaves, which has six numbers
to fit instead of one ..."""
LENS_BETTER = 0.6
"""... and at most this part of what the calibration leaves ..."""
LENS_RATIO = 1.02
"""... and is another one."""


@dataclass(frozen=True)
class TrialHealth:
    """What one trial says about the calibration.

    Attributes
    ----------
    trial : str
        Its name.
    disagreement_px : (C, C) array
        Of pairs of views, median, px.
    bias_px : (C, 2) array
        Median residual of each camera (x to the right, y down), px, from points that the agreeing cameras make.
    residual_px : (C,) array
        Median length of its residuals, px.
    typical_px : float
        Median residual of all agreeing cameras from the plain linear triangulation, px: the figure that refinement lowers.
    fit : dict of str to Camera
        Where each agreeing camera would have to be to fit best.
    shift_px : dict of str to float
        By how much that moves what it sees.
    misfits : dict of str to tuple of Camera and float
        The cameras that do not agree: the pose that fits best, and the median residual that is left there, px.
    exchanged : dict of str to str
        Camera -> the camera whose calibration fits it, where an exchange explains the disagreement.
    mirrored : dict of str to float
        The cameras whose views agree with the others' once mirrored: the disagreement that is left, px.
    focal_ratio : dict of str to float
        The cameras whose views another focal length explains as well as another pose does: that length relative to the given.
    points_m : (N, 3) array
        Some of the trial's points.
    rise_m : (F, 3) array
        From the feet to the head, in each frame that shows both, m.
    """

    trial: str
    disagreement_px: FloatArray
    bias_px: FloatArray
    residual_px: FloatArray
    typical_px: float = float("nan")
    fit: dict[str, Camera] = field(default_factory=dict)
    shift_px: dict[str, float] = field(default_factory=dict)
    misfits: dict[str, tuple[Camera, float]] = field(default_factory=dict)
    exchanged: dict[str, str] = field(default_factory=dict)
    mirrored: dict[str, float] = field(default_factory=dict)
    focal_ratio: dict[str, float] = field(default_factory=dict)
    points_m: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))
    rise_m: FloatArray = field(default_factory=lambda: np.zeros((0, 3)))


def examine_trial(rig: Rig, sightings: Sightings) -> TrialHealth:
    """What one trial's sightings say about each camera of the rig."""
    image = sightings.image_px
    disagreement = pair_disagreement_px(rig.cameras, image)
    agree = agreeing_cameras(disagreement, GROSS_PX)
    compared = np.isfinite(disagreement).any(axis=0)
    odd = np.flatnonzero(compared & ~agree)
    weight = np.where(agree, sightings.seen, 0.0)
    points = triangulate(rig.cameras, image, weight, rounds=5)
    residual = residuals_px(rig.cameras, points, image)
    which = np.flatnonzero(agree)
    agreeing = _of_cameras(sightings, which)
    health = TrialHealth(
        sightings.trials[0],
        disagreement,
        np.full((len(rig), 2), np.nan),
        np.full(len(rig), np.nan),
        median_error_px([rig.cameras[index] for index in which], agreeing) if len(which) else float("nan"),
        points_m=points[finite(points)][:MOST_POINTS],
        rise_m=_rise_m(points, sightings),
    )
    for index in range(len(rig)):
        known = finite(residual[:, index])
        if known.any():
            health.bias_px[index] = np.median(residual[known, index], axis=0)
            health.residual_px[index] = np.median(np.linalg.norm(residual[known, index], axis=-1))
    exchange = exchange_that_fits(rig.cameras, image, GROSS_PX) if len(odd) else None
    if exchange is not None:
        changed = np.flatnonzero(exchange != np.arange(len(rig)))
        health.exchanged.update({rig.names[index]: rig.names[exchange[index]] for index in changed})
        return health
    apart = apart_by_pairs(disagreement, agree)
    best = adjusted([rig.cameras[index] for index in which], agreeing, free=apart[which] if apart.any() else None)
    for index, camera in zip(which.tolist(), best, strict=True):
        health.fit[camera.name] = camera
        health.shift_px[camera.name] = shift_px(rig.cameras[index], camera, health.points_m)
    outside = [rig.names.index(name) for name in outstanding(health.shift_px, WARN_SHIFT_PX)]
    for index in [*odd.tolist(), *outside] if agree.sum() >= 2 else []:
        _explain(health, rig, sightings, agree, index)
    return health


def _rise_m(points_m: FloatArray, sightings: Sightings) -> FloatArray:
    """From the mean of the feet to the mean of the head (F, 3), in each frame in which points (N, 3) of both are known."""
    frames, row = np.unique(sightings.frame, return_inverse=True)
    means = []
    for end in (1, -1):
        chosen = finite(points_m) & (sightings.end == end)
        total, count = np.zeros((len(frames), 3)), np.zeros(len(frames))
        np.add.at(total, row[chosen], points_m[chosen])
        np.add.at(count, row[chosen], 1)
        means.append(np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], np.nan))
    rise: FloatArray = means[0] - means[1]
    return rise[finite(rise)]


def apart_by_pairs(disagreement_px: FloatArray, agree: BoolArray) -> BoolArray:
    """The cameras (C,) that disagree with all others much more than those with each other; of two cameras, neither.

    They are then looked for with the others where the calibration has them, so that these don't share the error.
    """
    left, apart = agree.copy(), np.zeros_like(agree)
    while left.sum() > 2:
        worst, most = -1, OUTSTANDING
        for index in np.flatnonzero(left).tolist():
            others = left & (np.arange(len(left)) != index)
            own = _typical(disagreement_px[index, others])
            rest = _typical(disagreement_px[np.ix_(others, others)].ravel())
            if np.isfinite(rest) and APART_PX < own < np.inf and own > most * rest:
                worst, most = index, own / max(rest, 1e-9)
        if worst < 0:
            break
        left[worst], apart[worst] = False, True
    return apart


def explain_as_well(health: TrialHealth, rig: Rig, sightings: Sightings, names: Collection[str]) -> None:
    """Ask of these cameras as well whether their focal length is another, as it is in another trial of the session."""
    agree = agreeing_cameras(health.disagreement_px, GROSS_PX)
    for name in sorted(set(names) - set(health.focal_ratio) - set(health.mirrored)):
        if not health.exchanged and agree.sum() >= 2:
            _explain(health, rig, sightings, agree, rig.names.index(name))


def _explain(health: TrialHealth, rig: Rig, sightings: Sightings, agree: BoolArray, index: int) -> None:
    """Why a camera does not fit: its pictures are mirrored; else its focal length is another; else it stands elsewhere."""
    name, others = rig.names[index], agree & (np.arange(len(rig)) != index)
    mirrored_px = _mirrored_px(rig, sightings, others, index)
    if mirrored_px < min(GROSS_PX, MIRRORED * _typical(health.disagreement_px[index, others])):
        health.mirrored[name] = mirrored_px
        return
    pose = None
    if not agree[index]:
        pose = health.misfits[name] = _best_pose(rig, sightings, others, index)
    ratio = _other_lens(rig, sightings, others, index, pose)
    if ratio is not None:
        health.focal_ratio[name] = ratio


def _of_cameras(sightings: Sightings, which: IntArray) -> Sightings:
    """The sightings of some of the cameras."""
    names = tuple(sightings.cameras[index] for index in which)
    image, mirrored = (values[:, which] for values in (sightings.image_px, sightings.mirrored_px))
    return replace(sightings, cameras=names, filmed=sightings.filmed[:, which], image_px=image, mirrored_px=mirrored)


def _mirrored_px(rig: Rig, sightings: Sightings, others: BoolArray, index: int) -> float:
    """The disagreement of a camera's views with the others', px, if its pictures were mirrored."""
    image = sightings.image_px.copy()
    image[:, index] = sightings.mirrored_px[:, index]
    return _typical(pair_disagreement_px(rig.cameras, image)[index, others])


def _typical(values: FloatArray) -> float:
    """The median of the known values; infinity without any."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("inf")


def _best_pose(rig: Rig, sightings: Sightings, others: BoolArray, index: int) -> tuple[Camera, float]:
    """Where a camera would have to be to agree with the others, and the median residual that is left, px."""
    which = np.append(np.flatnonzero(others), index)
    cameras = [rig.cameras[other] for other in which]
    image = sightings.image_px[:, which]
    telling = image[np.isfinite(image[..., 0]).sum(axis=1) > 1]
    telling = telling[:: max(1, len(telling) // MOST_POSE_POINTS)]
    free = np.arange(len(which)) == len(which) - 1
    for _ in range(3):
        cameras = list(adjust(cameras, telling, np.isfinite(telling[..., 0]).astype(float), free=free).cameras)
    return cameras[-1], _left_px(cameras[-1], _points_of(rig, sightings, others), image[:, -1])


def _other_lens(
    rig: Rig, sightings: Sightings, others: BoolArray, index: int, pose: tuple[Camera, float] | None
) -> float | None:
    """The focal length, relative to the given one, that explains a view as well as another pose does; None without one."""
    if others.sum() < 2:
        return None
    camera, image = rig.cameras[index], sightings.image_px[:, index]
    points = _points_of(rig, sightings, others)
    ratio = focal_ratio_that_fits(camera, points, image)
    left = _left_px(camera.zoomed(ratio), points, image)
    if max(ratio, 1 / ratio) < LENS_RATIO or left > LENS_BETTER * _left_px(camera, points, image):
        return None
    other_pose = pose or _best_pose(rig, sightings, others, index)
    return ratio if left <= LENS_AS_WELL * other_pose[1] else None


def _points_of(rig: Rig, sightings: Sightings, cameras: BoolArray) -> FloatArray:
    """The points (N, 3), m, that some of the cameras (C,) make."""
    return triangulate(rig.cameras, sightings.image_px, np.where(cameras, sightings.seen, 0.0), rounds=5)


def _left_px(camera: Camera, points_m: FloatArray, image_px: FloatArray) -> float:
    """Median distance of what a camera saw (N, 2) from where points (N, 3) project, px."""
    left = np.linalg.norm(image_px - project(camera, points_m), axis=-1)
    known = left[np.isfinite(left)]
    return float(np.median(known)) if known.size else float("inf")


def shift_px(first: Camera, second: Camera, points_m: FloatArray) -> float:
    """By how much two poses of a camera differ in what they see of the points, median, px."""
    shift = np.linalg.norm(project(first, points_m) - project(second, points_m), axis=-1)
    known = shift[np.isfinite(shift)]
    return float(np.median(known)) if known.size else float("inf")
