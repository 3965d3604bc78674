"""What the methods of triangulation take and give."""

from __future__ import annotations

from dataclasses import dataclass

from kineograph.model.shapes import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Limits:
    """What a point must keep to.

    Attributes
    ----------
    max_error_px : float
        dlt: largest mean reprojection error accepted; robust: mean reprojection error at the largest noise that can be
        learnt, px.
    min_cameras : int
        Fewest cameras accepted.
    max_gap_frames : int
        Longest gap that the temporal solution fills.
    fps_hz : float
        Frame rate of the common clock.
    """

    max_error_px: float
    min_cameras: int
    max_gap_frames: int
    fps_hz: float


@dataclass(frozen=True)
class Solved:
    """Points of all participants before gaps are filled.

    Attributes
    ----------
    position_m : (F, P, K, 3) array
        m, NaN where missing.
    covariance_m2 : (F, P, K, 3, 3) array
        m^2, NaN where missing.
    error_px : (F, P, K) array
        Mean distance of the projections from the image points used, px.
    used : (F, P, K, C) array of bool
        The cameras used.
    origin : (F, P, K) array of int
        See :class:`~kineograph.model.points.Origin`.
    """

    position_m: FloatArray
    covariance_m2: FloatArray
    error_px: FloatArray
    used: BoolArray
    origin: IntArray


@dataclass(frozen=True)
class Learnt:
    """What the robust method found out about the keypoints.

    Attributes
    ----------
    noise_px : (P, K, C) array
        Standard deviation of each image coordinate, px.
    largest_noise_px : float
        No noise is learnt to be larger, px.
    limbs : tuple of str
        Names of the G limbs.
    swapped : (F, P, G, C) array of bool
        Where left and right were exchanged.
    overruled : (F, P, K) array of bool
        Where cameras agree on a place that the body can't have got to, and the movement around was taken instead.
    frame_covariance_m2 : (F, P, K, 3, 3) array
        Covariance of each frame by itself, m^2: what the cameras tell without the movement around.
    """

    noise_px: FloatArray
    largest_noise_px: float
    limbs: tuple[str, ...]
    swapped: BoolArray
    overruled: BoolArray
    frame_covariance_m2: FloatArray
