"""Which frames shall refine a participant's model? Well observed, apart in time, and as different in posture as there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kineograph.geometry.markers import arranged
from kineograph.model.shapes import BoolArray, FloatArray, IntArray, finite
from kineograph.model.trial_markers import TrialMarkers

APART_S = 0.05
"""Errors of filtered markers last about twice as long (half a period of 6 Hz), so nearer frames tell little more."""
BETWEEN_TRIALS_S = 60.0
FEWEST_MARKERS = 6
MOST_FRAMES = 150
MOST_CANDIDATES = 1500
MOSTLY_THERE = 0.8
"""A marker is the participant's where it is seen in this share of the frames; the others are not followed."""
WELL_SEEN = 2.0
"""Frames whose markers' typical standard deviation is larger than so many times the usual one are left out."""
TRIMMED_PERCENT = (2.0, 98.0)
"""Distances beyond are taken as these: a frame is no rarer a posture for a marker that is far off."""


@dataclass(frozen=True)
class ObservedMarkers(TrialMarkers):
    """One trial's markers of the participant and how well they are known.

    Attributes
    ----------
    variance_m2 : (F, M) array
        Variance of a coordinate, m^2; NaN where unknown.
    fps_hz : float
        Hz.
    """

    variance_m2: FloatArray
    fps_hz: float


@dataclass(frozen=True)
class ChosenFrames:
    """Frames of all trials, in order of trial and time.

    Attributes
    ----------
    trial, number : (F,) array of int
        Index of the trial and frame number in it.
    time_s : (F,) array
        Ascending; s within a trial, and a minute between trials.
    names : tuple of str
        M markers.
    position_m : (F, M, 3) array
        m, NaN where missing.
    variance_m2 : (F, M) array
        m^2, NaN where unknown.
    """

    trial: IntArray
    number: IntArray
    time_s: FloatArray
    names: tuple[str, ...]
    position_m: FloatArray
    variance_m2: FloatArray

    def part(self, kept: BoolArray) -> ChosenFrames:
        """Some of the frames."""
        rest = (self.position_m[kept], self.variance_m2[kept])
        return ChosenFrames(self.trial[kept], self.number[kept], self.time_s[kept], self.names, *rest)


def choose_frames(trials: Sequence[ObservedMarkers], wanted: Sequence[str]) -> ChosenFrames:
    """The frames to refine with, and to check with; the same from the same trials.

    Parameters
    ----------
    trials : sequence of ObservedMarkers
        The participant's trials.
    wanted : sequence of str
        Markers that the model can follow.
    """
    everything = _together(trials, wanted)
    present = finite(everything.position_m)
    seen = present[present.any(axis=1)]
    usual = seen.mean(axis=0) >= MOSTLY_THERE if len(seen) else np.zeros(len(everything.names), bool)
    enough = usual.sum() >= FEWEST_MARKERS
    names = tuple(name for name, kept in zip(everything.names, usual, strict=True) if kept)
    rest = (everything.position_m[:, usual], everything.variance_m2[:, usual])
    found = ChosenFrames(everything.trial, everything.number, everything.time_s, names, *rest)
    found = found.part(enough & present[:, usual].all(axis=1) & _well_seen(found))
    found = found.part(_thinned(found))
    return found.part(_diverse(found.position_m))


def _together(trials: Sequence[ObservedMarkers], wanted: Sequence[str]) -> ChosenFrames:
    """All frames of all trials."""
    there = {name for trial in trials for name in trial.names}
    names = tuple(name for name in wanted if name in there)
    position = [arranged(trial.position_m, trial.names, names) for trial in trials]
    variance = [arranged(trial.variance_m2, trial.names, names) for trial in trials]
    counts = [len(trial.position_m) for trial in trials]
    return ChosenFrames(
        np.repeat(np.arange(len(trials)), counts),
        np.concatenate([np.zeros(0, int), *(np.arange(count) for count in counts)]),
        _clock(trials),
        names,
        np.concatenate([np.zeros((0, len(names), 3)), *position]),
        np.concatenate([np.zeros((0, len(names))), *variance]),
    )


def _clock(trials: Sequence[ObservedMarkers]) -> FloatArray:
    start, clock = 0.0, [np.zeros(0)]
    for trial in trials:
        clock.append(start + np.arange(len(trial.position_m)) / trial.fps_hz)
        start += len(trial.position_m) / trial.fps_hz + BETWEEN_TRIALS_S
    return np.concatenate(clock)


def _well_seen(frames: ChosenFrames) -> BoolArray:
    """(F,) True where the markers' covariances are about as small as usual, or unknown."""
    known = np.isfinite(frames.variance_m2)
    count = np.maximum(known.sum(axis=1), 1)
    size = np.sqrt(np.where(known, frames.variance_m2, 0.0).sum(axis=1) / count)
    told = known.any(axis=1)
    usual = float(np.median(size[told])) if told.any() else 0.0
    result: BoolArray = ~told | (size <= WELL_SEEN * usual)
    return result


def _thinned(frames: ChosenFrames) -> BoolArray:
    """(F,) True in frames that are apart from the last one kept; farther apart where there are more than enough."""
    kept, last = np.zeros(len(frames.number), bool), -np.inf
    for index, time_s in enumerate(frames.time_s):
        if time_s - last >= APART_S - 1e-9:
            kept[index], last = True, time_s
    chosen = np.flatnonzero(kept)
    kept[:] = False
    kept[chosen[:: -(-len(chosen) // MOST_CANDIDATES) or 1]] = True
    return kept


def _diverse(position_m: FloatArray) -> BoolArray:
    """(F,) True in the frames whose postures, the distances of their markers, differ most.

    Each one is the farthest from those before it (Gonzalez 1985, doi:10.1016/0304-3975(85)90224-5), from the most usual one on.
    """
    frames, count = position_m.shape[:2]
    kept = np.ones(frames, bool)
    if frames <= MOST_FRAMES:
        return kept
    first, second = np.triu_indices(count, 1)
    posture = np.linalg.norm(position_m[:, first] - position_m[:, second], axis=-1)
    posture = np.clip(posture, *np.percentile(posture, TRIMMED_PERCENT, axis=0))
    away = np.square(posture - np.median(posture, axis=0)).sum(axis=1)
    kept[:] = False
    chosen = int(away.argmin())
    nearest = np.full(frames, np.inf)
    for _ in range(MOST_FRAMES):
        kept[chosen] = True
        nearest = np.minimum(nearest, np.square(posture - posture[chosen]).sum(axis=1))
        chosen = int(nearest.argmax())
    return kept
