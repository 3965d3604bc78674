"""A model's shape from noisy markers, the noise learnt with it.

Each marker's variance is the squares that the fit leaves, over the number of values that were free to take them (MacKay 1992,
doi:10.1162/neco.1992.4.3.415); a marker far off counts less, by Student's t (Lange et al. 1989, doi:10.2307/2290063).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.pose_fit import Pull
from kineograph.geometry.shape_bias import lean
from kineograph.geometry.shape_fit import ShapeFit, Shapes, fit_shape
from kineograph.model.shapes import FloatArray

FIRST_NOISE_M = 0.015
LEAST_NOISE_M = 1e-4
"""Of markers that a program made from a model."""
SURE_SAMPLES = 60
"""A marker's own noise counts against all markers' as if that had been seen in so many of its coordinates."""
LEAST_FREE = 0.1
"""Share of a marker's coordinates that no fit takes."""
FAT_TAILS = 5.0
"""Degrees of freedom of Student's t."""
ALIKE_S = 0.2
"""Errors of markers that were filtered last for less."""
MOST_LASTING = 10.0
ROUNDS = 6
STEPS_A_ROUND = 6
LEAN_EVERY = 2


@dataclass(frozen=True)
class MarkerNoise:
    """What markers are off by, in each direction.

    Attributes
    ----------
    sd_m : (M,) array
        m.
    changing : float
        Share of the variance that changes from frame to frame; the rest is markers that sit elsewhere on their bodies, which
        makes no segment longer.
    lasting_frames : float
        So many frames tell as much as one whose errors are its own, since errors last: the prior counts so many times as much.
    """

    sd_m: FloatArray
    changing: float
    lasting_frames: float


@dataclass(frozen=True)
class Learnt:
    """A fit and the noise that it leaves."""

    fit: ShapeFit
    noise: MarkerNoise


def learn_shape(
    shapes: Shapes,
    observed_m: FloatArray,
    relative: FloatArray,
    time_s: FloatArray,
    x: FloatArray,
    pull: Pull,
    before: Learnt | None = None,
) -> Learnt:
    """The likeliest poses and shape, and the noise.

    Parameters
    ----------
    shapes : Shapes
        M markers.
    observed_m : (F, M, 3) array
        m; any number where `relative` is 0.
    relative : (F, M) array
        Precision of each sample against its marker's usual one.
    time_s : (F,) array
        s, ascending; trials far apart.
    x : (F, n) array
        Poses to begin with.
    pull : Pull
        Springs of the poses.
    before : Learnt, optional
        What other frames told, to begin with.
    """
    noise = before.noise if before else MarkerNoise(np.full(len(shapes.markers), FIRST_NOISE_M), 0.0, 1.0)
    shape = before.fit.shape if before else np.zeros(len(shapes.prior_sd))
    leaning, tails = np.zeros_like(shape), np.ones_like(relative)
    for turn in range(ROUNDS // 2 if before else ROUNDS):
        precision = relative * tails / np.square(noise.sd_m)
        if turn % LEAN_EVERY == 0 and (turn or before):
            leaning = noise.changing * lean(shapes, x, shape, observed_m, precision, pull)
        surer = dataclasses.replace(shapes, prior_sd=shapes.prior_sd / np.sqrt(noise.lasting_frames))
        fit = fit_shape(surer, observed_m, precision, x, shape, pull, leaning, steps=STEPS_A_ROUND)
        x, shape = fit.x, fit.shape
        model = shapes.model(shape)
        off = model.places(x) - observed_m
        noise = _noise(model, fit, off, relative * tails, time_s, noise)
        tails = less_if_far(np.square(off).sum(axis=-1), relative / np.square(noise.sd_m))
    return Learnt(dataclasses.replace(fit, covariance=fit.covariance * noise.lasting_frames), noise)


def less_if_far(squares_m2: FloatArray, precision: FloatArray) -> FloatArray:
    """Weights by Student's t of distances squared, for that precision of each direction, 1/m^2."""
    result: FloatArray = (FAT_TAILS + 3) / (FAT_TAILS + squares_m2 * precision)
    return result


def _noise(
    model: MarkerModel, fit: ShapeFit, off_m: FloatArray, scale: FloatArray, time_s: FloatArray, before: MarkerNoise
) -> MarkerNoise:
    squares = (np.square(off_m).sum(axis=-1) * scale).sum(axis=0)
    taken = (fit.taken_m2 * scale).sum(axis=0) / np.square(before.sd_m)
    samples = 3.0 * (scale > 0).sum(axis=0)
    free = np.maximum(samples - taken, LEAST_FREE * samples)
    common = squares.sum() / free.sum()
    own = (squares + SURE_SAMPLES * common) / (free + SURE_SAMPLES)
    on_body = np.einsum("fmji,fmj->fmi", model.bodies(fit.x), off_m)
    lasting = np.square(on_body.mean(axis=0)).sum(axis=-1) * len(off_m)
    changing = 1 - float((lasting / own).sum() / (np.square(on_body).sum(axis=(0, 2)) / own).sum())
    away = (on_body - on_body.mean(axis=0)) * np.sqrt(scale[..., None] / own[:, None])
    return MarkerNoise(np.maximum(np.sqrt(own), LEAST_NOISE_M), changing, _lasting(away, time_s))


def _lasting(away: FloatArray, time_s: FloatArray) -> float:
    """One, and twice the correlations of errors (F, M, 3) with those of the frames that follow within :data:`ALIKE_S`."""
    following = np.searchsorted(time_s, time_s + ALIKE_S, side="right") - np.arange(len(time_s))
    power, total = float(np.square(away).mean()), 0.0
    for lag in range(1, int(following.max(initial=1))):
        near = np.flatnonzero(following > lag)
        together = float((away[near] * away[near + lag]).mean()) / max(power, 1e-30)
        total += 2 * together * len(near) / len(time_s)
    return float(np.clip(1 + total, 1.0, MOST_LASTING))
