"""How certain poses are that were found frame by frame, and how noisy their markers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry.forward_kinematics import STILL, MarkerModel
from kineograph.geometry.pose_fit import CHUNK_FRAMES
from kineograph.geometry.scaled_tree import scaled_tree
from kineograph.model.shapes import FloatArray

ROUNDS = 4
FIRST_NOISE_M = 0.015
LEAST_FREE = 0.1
SIZE_STEP = 0.01
"""Marker places are linear in a body's size, so that any step does."""


def frame_uncertainty(
    model: MarkerModel,
    x: FloatArray,
    observed_m: FloatArray,
    weight: FloatArray,
    spread: FloatArray,
    pinned: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Standard deviations of weighted least-squares poses, from the noise that their residuals show.

    The estimate's error is its sensitivity to markers times their noise, and to the values that coordinates are pulled to times
    how far from them they naturally are (a sandwich of the weights; White 1980, doi:10.2307/1912934).

    Parameters
    ----------
    model : MarkerModel
        n free coordinates, M markers.
    x : (F, n) array
        The poses.
    observed_m : (F, M, 3) array
        Measured markers, m.
    weight : (F, M) array
        Their weights in the fit; 0 where missing.
    spread : (n,) array
        Natural spread of each coordinate; infinite where there is none.
    pinned : (n,) array
        Weight, in the units of `weight` times m^2, with which the fit pulled coordinates to a value.

    Returns
    -------
    sd : (F, n) array
        rad or m.
    noise_m : (M,) array
        Standard deviation of a coordinate of each marker, m.
    """
    noise = np.full(len(model.markers), FIRST_NOISE_M)
    parts = [slice(start, start + CHUNK_FRAMES) for start in range(0, len(x), CHUNK_FRAMES)]
    present = weight > 0
    sd = np.empty(x.shape)
    for last in [False] * (ROUNDS - 1) + [True]:
        squares, used = np.zeros(len(noise)), np.zeros(len(noise))
        typical = np.sqrt(np.mean(np.square(noise)))
        # springs as weak as the spread says against markers of that noise, and the fit's own
        spring = np.where(pinned > 0, pinned, np.square(typical / spread) * np.median(weight[present]))
        for part in parts:
            places, jacobian = model.linearised(x[part])
            flat = jacobian.reshape(*jacobian.shape[:2], -1)
            each = np.repeat(weight[part], 3, axis=1)[:, None, :]
            inverse = np.linalg.inv((flat * each) @ flat.swapaxes(1, 2) + np.diag(spring + 1e-9))
            gain = inverse @ (flat * each)
            off = np.where(present[part][..., None], places - observed_m[part], 0.0)
            squares += np.square(off).sum(axis=(0, 2))
            used += (gain * flat).sum(axis=1).reshape(len(places), -1, 3).sum(axis=(0, 2))
            if last:
                of_markers = np.square(gain) @ np.repeat(np.square(noise), 3)
                free = np.where(np.isfinite(spread), spring * np.where(np.isfinite(spread), spread, 0.0), 0.0)
                sd[part] = np.sqrt(of_markers + np.square(inverse * free).sum(axis=2))
        samples = 3.0 * present.sum(axis=0)
        noise = np.sqrt(squares / np.maximum(samples - used, np.maximum(LEAST_FREE * samples, 1.0)))
    return sd, noise


@dataclass(frozen=True)
class Lasting:
    """What is off through a whole trial, so that frames can't tell each other of it.

    Attributes
    ----------
    marker_m2 : (M,) array
        Variance of a coordinate of each marker's lasting error, m^2.
    size : float
        Standard deviation of each body's size, relative.
    spread : (n,) array
        Standard deviation of each coordinate's mean around the value that it is pulled to, rad or m.
    """

    marker_m2: FloatArray
    size: float
    spread: FloatArray


def lasting_uncertainty(
    model: MarkerModel, x: FloatArray, precision: FloatArray, spring: FloatArray, pulled: FloatArray, lasting: Lasting
) -> FloatArray:
    """Variance (F, n) that poses have from errors that last too long for frames to tell each other of them.

    Parameters
    ----------
    model : MarkerModel
        n free coordinates, M markers.
    x : (F, n) array
        The poses.
    precision : (F, M) array
        Weights of the fit, 1/m^2.
    spring : (F, n) array
        What holds each coordinate besides, 1/rad^2 or 1/m^2.
    pulled : (n,) array
        Each frame's share of the pull on the coordinates' means, in the same units.
    lasting : Lasting
        The errors.
    """
    variance = np.empty(x.shape)
    diagonal = np.arange(x.shape[1])
    resized = _resized(model)
    of_value = np.where(pulled > 0, pulled * np.where(pulled > 0, lasting.spread, 0.0), 0.0)
    for start in range(0, len(x), CHUNK_FRAMES):
        part = slice(start, start + CHUNK_FRAMES)
        places, jacobian = model.linearised(x[part])
        flat = jacobian.reshape(*jacobian.shape[:2], -1)
        weighted = flat * np.repeat(precision[part], 3, axis=1)[:, None, :]
        system = weighted @ flat.swapaxes(1, 2)
        system[:, diagonal, diagonal] += spring[part] + pulled + 1e-9
        inverse = np.linalg.inv(system)
        gain = inverse @ weighted
        moved = np.stack([(other.places(x[part]) - places).reshape(len(places), -1) for other in resized], axis=2)
        variance[part] = np.square(gain) @ np.repeat(lasting.marker_m2, 3)
        variance[part] += np.square(gain @ moved).sum(axis=2) * (lasting.size / SIZE_STEP) ** 2
        variance[part] += np.square(inverse * of_value).sum(axis=2)
    return variance


def _resized(model: MarkerModel) -> list[MarkerModel]:
    """The model with one body larger at a time, of the bodies that carry markers or what carries them."""
    joints, carrying = model.tree.joints, set[int]()
    for carrier in model.marker_joint:
        at = int(carrier)
        while at != STILL:
            carrying.add(at)
            at = joints[at].parent
    found = []
    for number in sorted(carrying):
        factors = np.ones((len(joints), 3))
        factors[number] += SIZE_STEP
        found.append(MarkerModel(scaled_tree(model.tree, factors), model.markers))
    return found
