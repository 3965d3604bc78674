"""How large is each body of a participant's model? Measured from all the trials of a session.

For each measurement (a thigh, say) the distance of its marker pairs is taken over all frames in which the person stands
rather upright, the noise that lengthens it is taken out, the extremes are trimmed, and the mean is divided by the same distance
on the generic model, in the person's postures. Source of the procedure and its defaults, but for noise and postures: Pose2Sim
0.10 (`kinematics.py`); there it is done for each trial by itself, and the model stands in its default pose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from kineograph.geometry.flexion import flexion_deg
from kineograph.geometry.segment_length import SegmentLength, segment_length, trimmed_mean
from kineograph.model.report import StageReport
from kineograph.model.shapes import BoolArray, FloatArray
from kineograph.model.trial_markers import TrialMarkers
from kineograph.stages.body_proportions import Build, build
from kineograph.stages.posed_lengths import LARGEST_CHANGE, Poseable, PosedModel
from kineograph.stages.scaling_report import Measured, MeasurementLike, report_on

AXES = "XYZ"
LIMBS = (("{s}Shoulder", "{s}Hip", "{s}Knee"), ("{s}Hip", "{s}Knee", "{s}Ankle"))
"""Markers whose angle tells how far a hip and a knee are bent."""
FEWEST_FRAMES = 10
ROUNDS = 6
SETTLED = 2e-4
"""Sizes and postures are found in turn until no ratio changes by more, or so often."""


@dataclass(frozen=True)
class ScaleSettings:
    """Settings of the section ``scaling``."""

    model: str = "simple"
    pool_sides: bool = True
    max_flexion_deg: float = 90.0
    trimmed: float = 0.5
    correct_noise: bool = True
    posture: Literal["measured", "default"] = "measured"
    refine: Literal["none", "scales", "scales_and_offsets"] = "scales"


@dataclass(frozen=True)
class Scaling:
    """A participant's scale.

    Attributes
    ----------
    factors : dict of str to (3,) array
        Body -> scale along its axes.
    mass_kg : float
        Mass of the model, kg.
    ratio : dict of (str, str) to float
        Pair of markers -> its length relative to the generic model's.
    """

    factors: dict[str, FloatArray] = field(default_factory=dict)
    mass_kg: float = Build().mass_kg
    ratio: dict[tuple[str, str], float] = field(default_factory=dict)


def scale(
    trials: Sequence[TrialMarkers],
    measurements: Sequence[MeasurementLike],
    model_markers_m: Mapping[str, FloatArray],
    height_m: float | None,
    mass_kg: float | None,
    settings: ScaleSettings,
    body: Poseable | None = None,
) -> tuple[Scaling, StageReport]:
    """The scale factor of each body.

    Parameters
    ----------
    trials : sequence of TrialMarkers
        The participant's markers in all trials of the session.
    measurements : sequence of Measurement
        Which marker pairs scale which bodies.
    model_markers_m : dict of str to (3,) array
        Where the generic model has its markers, m.
    height_m, mass_kg : float or None
        Of the participant, where known; else estimated. The mass goes into the model.
    settings : ScaleSettings
        The section ``scaling``.
    body : Poseable, optional
        The generic model as something that can be posed; without it the default pose is taken.
    """
    pairs = sorted({pair for item in measurements for pair in item.pairs if set(pair) <= set(model_markers_m)})
    upright = [_upright(trial, settings.max_flexion_deg) for trial in trials]
    used_upright = sum(int(mask.sum()) for mask in upright) >= FEWEST_FRAMES
    used = upright if used_upright else [np.ones(len(trial.position_m), bool) for trial in trials]
    distances = {
        pair: [_distances(trial, pair)[mask] for trial, mask in zip(trials, used, strict=True)] for pair in pairs
    }
    by_trial = {
        pair: tuple(segment_length(part, settings.trimmed, correct_noise=settings.correct_noise) for part in parts)
        for pair, parts in distances.items()
    }
    length = {pair: _pooled(distances[pair], by_trial[pair], settings.trimmed) for pair in pairs}
    model_length = {(a, b): float(np.linalg.norm(model_markers_m[a] - model_markers_m[b])) for a, b in pairs}
    ratio = {pair: length[pair] / model_length[pair] for pair in pairs}
    factors, unmeasured = _factors(measurements, ratio, settings.pool_sides)
    posed = PosedModel(body, [t.names for t in trials], [t.position_m for t in trials], used) if body else None
    in_posture = bool(factors and posed and posed.usable and settings.posture == "measured")
    if posed and in_posture:
        ratio, factors = _in_posture(posed, measurements, length, model_length, (ratio, factors), settings)
    build_of = build(measurements, length, model_length, height_m, mass_kg)
    measured = Measured(
        tuple(trial.trial for trial in trials),
        tuple(int(mask.sum()) for mask in used),
        used_upright,
        length,
        by_trial,
        ratio,
        factors,
        tuple(unmeasured),
        in_posture,
    )
    return Scaling(factors, build_of.mass_kg, ratio), report_on(measurements, measured, build_of)


def _in_posture(
    posed: PosedModel,
    measurements: Sequence[MeasurementLike],
    length: Mapping[tuple[str, str], float],
    default_length: Mapping[tuple[str, str], float],
    before: tuple[dict[tuple[str, str], float], dict[str, FloatArray]],
    settings: ScaleSettings,
) -> tuple[dict[tuple[str, str], float], dict[str, FloatArray]]:
    """Ratios and factors with the model in the person's postures; `before` are those of its default pose."""
    ratio, factors = before
    for _ in range(ROUNDS):
        in_use = {
            pair: float(np.nanmean([ratio[mate] for mate in _mates(item, pair, settings.pool_sides) if mate in ratio]))
            for item in measurements
            for pair in item.pairs
            if np.isfinite(ratio.get(pair, np.nan))
        }
        own = {
            pair: trimmed_mean(values, settings.trimmed)
            for pair, values in posed.lengths(factors, tuple(in_use)).items()
        }
        new = dict(ratio)
        for pair, value in own.items():
            generic = value / in_use[pair]
            if abs(generic / default_length[pair] - 1) < LARGEST_CHANGE:
                new[pair] = length[pair] / generic
        change = max((abs(new[pair] - ratio[pair]) for pair in in_use), default=0.0)
        ratio, (factors, _) = new, _factors(measurements, new, settings.pool_sides)
        if change < SETTLED:
            break
    return ratio, factors


def _mates(item: MeasurementLike, pair: tuple[str, str], pool_sides: bool) -> list[tuple[str, str]]:
    """The pairs whose mean scales the bodies that a pair of a measurement scales."""
    one_side = {name[0] for name in pair} in ({"R"}, {"L"})
    return [mate for mate in item.pairs if pool_sides or not one_side or {name[0] for name in mate} == {pair[0][0]}]


def _pooled(distances: Sequence[FloatArray], by_trial: Sequence[SegmentLength], trimmed: float) -> float:
    """The length that all trials' frames show, each trial's noise taken out."""
    parts = [values - found.noise_bias_m for values, found in zip(distances, by_trial, strict=True)]
    return trimmed_mean(np.concatenate(parts) if parts else np.zeros(0), trimmed)


def _upright(trial: TrialMarkers, max_flexion_deg: float) -> BoolArray:
    """Frames (F,) in which no hip or knee that is seen is bent further than that."""
    bent = np.zeros(len(trial.position_m), bool)
    for limb in LIMBS:
        for side in "RL":
            names = [name.format(s=side) for name in limb]
            if all(name in trial.names for name in names):
                angle = flexion_deg(trial.position_m[:, [trial.names.index(name) for name in names]])
                bent |= np.nan_to_num(angle) > max_flexion_deg
    return ~bent & np.isfinite(trial.position_m).any(axis=(1, 2))


def _distances(trial: TrialMarkers, pair: tuple[str, str]) -> FloatArray:
    """Distance of two markers in each frame (F,), m; NaN where the trial lacks one."""
    if not set(pair) <= set(trial.names):
        return np.full(len(trial.position_m), np.nan)
    a, b = (trial.position_m[:, trial.names.index(name)] for name in pair)
    distance: FloatArray = np.linalg.norm(a - b, axis=-1)
    return distance


def pairs_of(item: MeasurementLike, body: str, pool_sides: bool) -> list[tuple[str, str]]:
    """The pairs that scale a body: those of its own side, or of both."""
    side = body[-1].upper() if body.endswith(("_r", "_l")) else ""
    own = [pair for pair in item.pairs if side and pair[0].startswith(side) and pair[1].startswith(side)]
    return list(item.pairs) if pool_sides or not own else own


def _factors(
    measurements: Sequence[MeasurementLike], ratio: Mapping[tuple[str, str], float], pool_sides: bool
) -> tuple[dict[str, FloatArray], list[str]]:
    """The factors (3,) of each body, and the bodies of which nothing was measured."""
    factors: dict[str, FloatArray] = {}
    unmeasured = []
    for item in measurements:
        for body, axes in item.bodies.items():
            pairs = pairs_of(item, body, pool_sides)
            found = [ratio[pair] for pair in pairs if np.isfinite(ratio.get(pair, np.nan))]
            if found:
                factors.setdefault(body, np.ones(3))[[AXES.index(axis) for axis in axes]] = np.mean(found)
            else:
                unmeasured.append(body)
    return factors, unmeasured
