"""How noisy each marker is and how rough each coordinate moves, learnt from the trial itself by marginal likelihood.

The fixed-point iteration of MacKay (1992, doi:10.1162/neco.1992.4.3.415): each variance is the squares that a fit leaves, over
the number of values that were free to take them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.geometry.forward_kinematics import MarkerModel
from kineograph.geometry.pose_fit import CHUNK_FRAMES
from kineograph.geometry.trajectory_fit import Process, fit_trajectory, uncertainty
from kineograph.model.shapes import BoolArray, FloatArray, IntArray

ROUNDS = 8
STEPS_A_ROUND = 3
FIRST_NOISE_M = 0.015
LEAST_NOISE_M = 1e-4
"""Of markers that a program made from a model."""
SURE_SAMPLES = 60
"""A marker's own noise counts against the trial's as if that had been seen in so many independent coordinates of it."""
ABSORBING_FRAMES = 30
"""So many frames tell what poses take up of errors that last."""
SURE_FRAMES = 4
"""The usual roughness counts as if it had been seen in so many frames."""
LEAST_FREE = 0.1
"""Share of a marker's coordinates that no fit takes."""
ROUGHER = 1.5
"""A motion's accelerations lie in a narrower band than white noise of their size, so that it takes rougher noise to follow it;
on the motions that this was chosen with (gait, squat, arm raises), angles cost 2 % for standard deviations that are less often
too small."""
BAND_HZ = (2.0, 5.0)
"""Where noise and motion are told apart: below, motion is larger than noise; above, points were filtered."""
LEAST_RUN_FRAMES = 8
LEAST_BAND = 0.1
"""Noise in the band is never taken for weaker, against white noise, so that a fit of slow errors does not follow the rest to
the dot."""


@dataclass(frozen=True)
class Noise:
    """What markers are off by.

    Attributes
    ----------
    sd_m : (M,) array
        Standard deviation of a coordinate of each marker, m.
    correlated_frames : float
        Noise that is new in each frame would be so many times as large in variance, to be as strong in the band in which it is
        smoothed: more than 1 where errors last for some frames, less where most of them lasts for long.
    slow_m2 : (M,) array
        How much of each marker's variance lasts for so long that no smoothing lessens it, m^2.
    """

    sd_m: FloatArray
    correlated_frames: float
    slow_m2: FloatArray

    @property
    def precision(self) -> FloatArray:
        """(M,), 1/m^2, of a marker in one frame of a trajectory."""
        result: FloatArray = 1 / (np.square(self.sd_m) * self.correlated_frames)
        return result

    def exaggeration(self, frames: int) -> float:
        """How many times too precise so many frames together are about the mean posture, by errors that last through them all."""
        return float(1 + np.median(frames * self.precision * self.slow_m2))


def usual_roughness(turning: BoolArray, fps_hz: float) -> FloatArray:
    """Second differences of joints (10 rad/s^2) and of the body's place (2 m/s^2) in everyday motion, rad or m."""
    result: FloatArray = np.where(turning, 10.0, 2.0) / fps_hz**2
    return result


def learn(
    model: MarkerModel,
    observed_m: FloatArray,
    scale: FloatArray,
    start: FloatArray,
    process: Process,
    frames: IntArray,
    fps_hz: float,
    trust: FloatArray | None,
) -> tuple[Noise, Process]:
    """Learn the noise and the roughness.

    A marker's error is new in part, which each marker shows for itself, and lasts in part: the model's marker is not quite
    where the keypoint is. What lasts is learnt of all markers together, since a fit can give up one marker to please the rest.

    Parameters
    ----------
    model, observed_m, start
        As in :func:`kineograph.geometry.trajectory_fit.fit_trajectory`.
    scale : (F, M) array
        Relative precision of each marker; 0 where it is missing.
    process : Process
        The process, with the usual roughness.
    frames : (F,) array of int
        Frame numbers; stretches may be left out.
    fps_hz : float
        Hz.
    trust : (M,) array or None
        How little of the lasting error is expected of each marker; where None, only a common factor of `scale` is learnt.

    Returns
    -------
    noise : Noise
        Relative to `scale`: markers of scale 1 have that standard deviation.
    process : Process
        With the roughness learnt, times :data:`ROUGHER`.
    """
    noise = Noise(np.full(len(model.markers), FIRST_NOISE_M), 1.0, np.zeros(len(model.markers)))
    usual = np.square(process.roughness)
    x = start
    for _ in range(ROUNDS):
        precision = scale * noise.precision
        x = fit_trajectory(model, observed_m, precision, x, process, steps=STEPS_A_ROUND)
        spread, of_difference = uncertainty(model, x, observed_m, precision, process)
        absorbed = _absorbed(model, x, scale / np.square(noise.sd_m), process.spread)
        noise = _noise(model, observed_m, scale, x, spread, noise, (frames, fps_hz), trust, absorbed)
        squares = np.square(np.diff(x, 2, axis=0))[process.joined].sum(axis=0)
        free = process.joined.sum() - of_difference[process.joined].sum(axis=0) / np.square(process.roughness)
        variance = (squares + SURE_FRAMES * usual) / (np.maximum(free, 0) + SURE_FRAMES)
        process = Process(np.sqrt(variance), process.centre, process.spread, process.joined)
    return noise, Process(ROUGHER * process.roughness, process.centre, process.spread, process.joined)


def _noise(
    model: MarkerModel,
    observed_m: FloatArray,
    scale: FloatArray,
    x: FloatArray,
    spread: FloatArray,
    noise: Noise,
    clock: tuple[IntArray, float],
    trust: FloatArray | None,
    absorbed: FloatArray,
) -> Noise:
    places, taken = _taken(model, x, spread)
    present = (scale > 0)[..., None]
    off = np.where(present, places - observed_m, 0.0)
    samples = 3.0 * (scale > 0).sum(axis=0)
    used = (taken * scale).sum(axis=0) / np.square(noise.sd_m)
    free = np.maximum(samples - used, np.maximum(LEAST_FREE * samples, 1.0))
    on_body = np.einsum("fmji,fmj->fmi", model.bodies(x), off)
    usual = on_body.sum(axis=0) / np.maximum(samples / 3, 1.0)[:, None]
    away = np.where(present, on_body - usual, 0.0) * np.sqrt(scale)[..., None]
    band, slow = _spectrum(away, *clock)
    if trust is None:
        common = max(float((np.square(off).sum(axis=-1) * scale).sum() / free.sum()), LEAST_NOISE_M**2)
        lasting = max(common - np.square(away).sum() / free.sum() * (1 - slow), 0.0)
        return Noise(
            np.full(len(free), np.sqrt(common)), band * (common - lasting) / common, np.full(len(free), lasting)
        )
    squares = np.square(away).sum(axis=(0, 2))
    common = squares.sum() / free.sum()
    own = (squares / max(band, 1.0) + SURE_SAMPLES * common) / (free / max(band, 1.0) + SURE_SAMPLES)
    by_chance = own * max(band, 1.0) / np.maximum(samples / 3, 1.0)
    shift = np.square(usual).sum(axis=1) / 3 - by_chance
    left = max(float((1 - absorbed).mean()), LEAST_FREE)
    lasting = max(float((trust * shift).sum() / trust.sum()), 0.0) / left / trust
    total = np.maximum(own + lasting, LEAST_NOISE_M**2)
    typical = 1 / np.mean(1 / total)
    return Noise(np.sqrt(total), max(band * common / typical, LEAST_BAND), slow * own + lasting)


def _taken(model: MarkerModel, x: FloatArray, spread: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Marker places (F, M, 3), and the variance (F, M) that the poses' uncertainty gives to each, m^2."""
    places, taken = np.empty((len(x), len(model.markers), 3)), np.empty((len(x), len(model.markers)))
    for start in range(0, len(x), CHUNK_FRAMES):
        part = slice(start, start + CHUNK_FRAMES)
        places[part], jacobian = model.linearised(x[part])
        flat = jacobian.reshape(*jacobian.shape[:2], -1)
        moved = (spread[part] @ flat) * flat
        taken[part] = moved.sum(axis=1).reshape(len(flat), -1, 3).sum(axis=-1)
    return places, taken


def _absorbed(model: MarkerModel, x: FloatArray, precision: FloatArray, spread: FloatArray) -> FloatArray:
    """Which share of a marker's error that lasts the poses take up, (M,): of each frame by itself, since it is in all of them."""
    some = np.unique(np.linspace(0, len(x) - 1, ABSORBING_FRAMES).astype(int))
    _, jacobian = model.linearised(x[some])
    flat = jacobian.reshape(*jacobian.shape[:2], -1)
    weighted = flat * np.repeat(precision[some], 3, axis=1)[:, None, :]
    system = weighted @ flat.swapaxes(1, 2) + np.diag(spread**-2.0 + 1e-9)
    share = (np.linalg.solve(system, weighted) * flat).sum(axis=1)
    result: FloatArray = share.reshape(len(some), -1, 3).mean(axis=(0, 2))
    return result


def _spectrum(off: FloatArray, frames: IntArray, fps_hz: float) -> tuple[float, float]:
    """How strong errors (F, M, 3) are in the band, against white noise of their variance, and which share of them is slower.

    Runs of following frames are tapered (Hann) so that what is slow does not leak into the band.
    """
    power, frequency = [], []
    for run in np.split(np.arange(len(off)), np.flatnonzero(np.diff(frames) != 1) + 1):
        if len(run) < LEAST_RUN_FRAMES:
            continue
        taper = np.sin(np.pi * (np.arange(len(run)) + 0.5) / len(run)) ** 2
        turned = np.fft.rfft(off[run].reshape(len(run), -1) * taper[:, None], axis=0)
        power.append(np.square(np.abs(turned)).sum(axis=1) / np.square(taper).sum())
        frequency.append(np.fft.rfftfreq(len(run), 1 / fps_hz))
    if not power or not np.concatenate(power).any():
        return 1.0, 0.0
    strength, hz = np.concatenate(power), np.concatenate(frequency)
    inside = (hz >= BAND_HZ[0]) & (hz <= min(BAND_HZ[1], 0.4 * fps_hz))
    if not inside.any():
        return 1.0, 0.0
    level = float(strength[inside].mean())
    slower = max(float((strength - level)[hz < BAND_HZ[0]].sum()), 0.0)
    return max(level / float(strength.mean()), LEAST_BAND), slower / float(strength.sum())
