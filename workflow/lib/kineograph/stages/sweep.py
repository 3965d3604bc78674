"""How joint angles and points depend on a choice: each variant against the result as it is, and the jackknife over cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.model.coordinates import Coordinates
from kineograph.model.shapes import FloatArray

LEGS_FLEXION = ("hip_flexion_r", "hip_flexion_l", "knee_angle_r", "knee_angle_l", "ankle_angle_r", "ankle_angle_l")
"""Coordinates that are shown where they are there, by the names of the Pose2Sim and Rajagopal models."""
MORE_SHOWN = 3
FEWEST = 3
"""Cameras that must be left out, each in turn, for a jackknife."""


@dataclass(frozen=True)
class Change:
    """A coordinate under other settings; angles in degrees, translations in m.

    Attributes
    ----------
    mean, minimum, maximum : float
        Of the coordinate over the trial; NaN where it has no value.
    time_of_maximum_s : float
        When it is largest, s.
    rms_difference, largest_difference : float
        To the result as it is, over the frames that both have.
    frames : int
        Frames with a value.
    """

    mean: float
    minimum: float
    maximum: float
    time_of_maximum_s: float
    rms_difference: float
    largest_difference: float
    frames: int


def on_times_of(base: Coordinates, other: Coordinates) -> FloatArray:
    """The values of `other` (deg or m) at the times and in the order of `base`, (F, Q); NaN where it has none.

    Other settings of the synchronization move the frames: values between two frames are then drawn straight.
    """
    same = len(base.time_s) == len(other.time_s) and np.allclose(base.time_s, other.time_s)
    values = np.full((len(base.time_s), len(base.names)), np.nan)
    for column, name in enumerate(base.names):
        if name in other.names:
            track = other.values_deg_m[:, other.names.index(name)]
            if same:
                values[:, column] = track
            elif len(track):
                values[:, column] = np.interp(base.time_s, other.time_s, track, left=np.nan, right=np.nan)
    return values


def differences(base: Coordinates, values: FloatArray) -> FloatArray:
    """`values` (F, Q) less those of `base`, deg or m; the short way round for angles."""
    difference: FloatArray = values - base.values_deg_m
    turned: FloatArray = np.where(base.rotational, (difference + 180.0) % 360.0 - 180.0, difference)
    return turned


def changes(base: Coordinates, values: FloatArray) -> list[Change]:
    """What other settings make of each coordinate of `base`.

    Parameters
    ----------
    base : Coordinates
        The result as it is.
    values : (F, Q) array
        From :func:`on_times_of`.
    """
    difference = differences(base, values)
    found = []
    for column in range(len(base.names)):
        track, off = values[:, column], difference[:, column]
        there, both = np.isfinite(track), np.isfinite(off)
        if not there.any():
            nan = float("nan")
            found.append(Change(nan, nan, nan, nan, nan, nan, 0))
            continue
        rms = float(np.sqrt(np.mean(off[both] ** 2))) if both.any() else float("nan")
        largest = float(np.abs(off[both]).max()) if both.any() else float("nan")
        top = float(base.time_s[np.nanargmax(track)])
        low, high = float(np.nanmin(track)), float(np.nanmax(track))
        found.append(Change(float(np.nanmean(track)), low, high, top, rms, largest, int(there.sum())))
    return found


def jackknife_sd(estimates: FloatArray) -> FloatArray:
    """The jackknife's standard deviation of a result, from the results without each of n observations in turn.

    sqrt((n - 1) / n * sum (x_i - mean)^2) (Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 11; Efron & Stein
    1981, doi:10.1214/aos/1176345462, show that it is on average too large rather than too small). Here the observations are
    the cameras. Errors that are the same in all of them do not show in it.

    Parameters
    ----------
    estimates : (N, ...) array
        The results without each observation.

    Returns
    -------
    (...) array
        In the units of `estimates`; NaN where any of them is NaN, or N is under 3.
    """
    count = len(estimates)
    if count < FEWEST:
        return np.full(estimates.shape[1:], np.nan)
    sd: FloatArray = np.sqrt((count - 1) / count * ((estimates - estimates.mean(axis=0)) ** 2).sum(axis=0))
    return sd


def angles_jackknife_sd(base: Coordinates, without_each: Sequence[FloatArray]) -> FloatArray:
    """The same of coordinates (F, Q), deg or m, from their values without each camera."""
    return jackknife_sd(np.array([differences(base, values) for values in without_each]))


def points_jackknife_sd_m(without_each: Sequence[FloatArray]) -> FloatArray:
    """The same of points (F, P, K), m: over all axes, from their positions (F, P, K, 3) without each camera."""
    length: FloatArray = np.sqrt((jackknife_sd(np.array(without_each)) ** 2).sum(axis=-1))
    return length


def shown_coordinates(asked: Sequence[str], spread_deg: Mapping[str, float]) -> list[str]:
    """The angles that are shown: those asked for, or the legs' flexions and those that change the most.

    Parameters
    ----------
    asked : sequence of str
        What the configuration names; those that the models lack are left out.
    spread_deg : dict of str to float
        The models' angles, and how much each changes.
    """
    if asked:
        return [name for name in asked if name in spread_deg]
    legs = [name for name in LEGS_FLEXION if name in spread_deg]
    others = [name for name, spread in spread_deg.items() if name not in legs and spread > 0]
    return legs + sorted(others, key=lambda name: -spread_deg[name])[:MORE_SHOWN]
