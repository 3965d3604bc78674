"""How large is each body of a participant's model? Measured from all the trials of a session.

For each measurement (a thigh, say) the distance of its marker pairs is taken over all frames in which the person stands
rather upright, the extremes are trimmed, and the mean is divided by the same distance on the generic model. Source of the
procedure and its defaults: Pose2Sim 0.10 (`kinematics.py`); there it is done for each trial by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import BoolArray, FloatArray

STAGE = "scaling"
AXES = "XYZ"
LIMBS = (("{s}Shoulder", "{s}Hip", "{s}Knee"), ("{s}Hip", "{s}Knee", "{s}Ankle"))
"""Markers whose angle tells how far a hip and a knee are bent."""
PLAUSIBLE_FACTOR = (0.5, 1.6)
WARN_ASYMMETRY = 0.1
WARN_SPREAD = 0.1
"""Coefficient of variation of a length over frames from which its measurement is doubted."""
FEWEST_FRAMES = 10
DEFAULT_MASS_KG = 70.0


class MeasurementLike(Protocol):
    """A length that scales bodies; see `kineograph.opensim.setup_files.Measurement`."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Marker pairs."""

    @property
    def bodies(self) -> dict[str, str]:
        """Body -> axes."""


@dataclass(frozen=True)
class ScaleSettings:
    """Settings of the section ``scaling``."""

    model: str = "simple"
    pool_sides: bool = True
    max_flexion_deg: float = 90.0
    trimmed: float = 0.5


@dataclass(frozen=True)
class TrialMarkers:
    """One trial's markers of the participant.

    Attributes
    ----------
    trial : str
        The trial's name.
    names : tuple of str
        M marker names.
    position_m : (F, M, 3) array
        m, NaN where missing.
    """

    trial: str
    names: tuple[str, ...]
    position_m: FloatArray


@dataclass(frozen=True)
class Scaling:
    """A participant's scale.

    Attributes
    ----------
    factors : dict of str to (3,) array
        Body -> scale along its axes.
    mass_kg : float
        Mass of the model, kg.
    """

    factors: dict[str, FloatArray] = field(default_factory=dict)
    mass_kg: float = DEFAULT_MASS_KG


def scale(
    trials: Sequence[TrialMarkers],
    measurements: Sequence[MeasurementLike],
    model_markers_m: Mapping[str, FloatArray],
    height_m: float | None,
    mass_kg: float | None,
    settings: ScaleSettings,
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
        Of the participant, where known. The height is reported beside the measured lengths; the mass goes into the model.
    settings : ScaleSettings
        The section ``scaling``.
    """
    pairs = sorted({pair for item in measurements for pair in item.pairs if set(pair) <= set(model_markers_m)})
    upright = [_upright(trial, settings.max_flexion_deg) for trial in trials]
    used_upright = sum(int(mask.sum()) for mask in upright) >= FEWEST_FRAMES
    used = upright if used_upright else [np.ones(len(trial.position_m), bool) for trial in trials]
    lengths = {
        pair: [_distances(trial, pair)[mask] for trial, mask in zip(trials, used, strict=True)] for pair in pairs
    }
    measured = {
        pair: trimmed_mean(np.concatenate(parts) if parts else np.zeros(0), settings.trimmed)
        for pair, parts in lengths.items()
    }
    ratio = {
        pair: measured[pair] / float(np.linalg.norm(model_markers_m[pair[0]] - model_markers_m[pair[1]]))
        for pair in pairs
    }
    factors, unmeasured = _factors(measurements, ratio, settings.pool_sides)
    result = Scaling(factors, mass_kg or DEFAULT_MASS_KG)
    reasons = _coverage_reasons(factors, unmeasured, used_upright, mass_kg)
    if factors:
        reasons += [reason for item in measurements for reason in _factor_reasons(item, ratio)]
        reasons += _spread_reasons(lengths, measured)
    report = StageReport(
        STAGE,
        came_in={
            "trials": [trial.trial for trial in trials],
            "frames_used": {trial.trial: int(mask.sum()) for trial, mask in zip(trials, used, strict=True)},
            "height_m": height_m,
            "mass_kg": mass_kg,
        },
        came_out={
            "factors": {item.name: _factor_of(item, factors) for item in measurements},
            "length_m": {f"{a}-{b}": measured[a, b] for a, b in pairs},
            "length_by_trial_m": {
                f"{a}-{b}": [trimmed_mean(part, settings.trimmed) for part in lengths[a, b]] for a, b in pairs
            },
        },
        reasons=worst_first(reasons),
    )
    return result, report


def trimmed_mean(values: FloatArray, trimmed: float) -> float:
    """The mean of finite values without the part `trimmed` of them that is most extreme, half on each side; NaN of none."""
    ordered = np.sort(values[np.isfinite(values)])
    cut = int(len(ordered) * trimmed / 2)
    kept = ordered[cut : len(ordered) - cut]
    return float(kept.mean()) if kept.size else float("nan")


def flexion_deg(position_m: FloatArray) -> FloatArray:
    """How far a joint is bent, (...,): 0 for three markers (..., 3, 3) in a line, degrees."""
    first = position_m[..., 0, :] - position_m[..., 1, :]
    second = position_m[..., 2, :] - position_m[..., 1, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (first * second).sum(-1) / (np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1))
    bent: FloatArray = 180 - np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return bent


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


def _pairs_of(item: MeasurementLike, body: str, pool_sides: bool) -> list[tuple[str, str]]:
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
            pairs = _pairs_of(item, body, pool_sides)
            found = [ratio[pair] for pair in pairs if np.isfinite(ratio.get(pair, np.nan))]
            if found:
                factors.setdefault(body, np.ones(3))[[AXES.index(axis) for axis in axes]] = np.mean(found)
            else:
                unmeasured.append(body)
    return factors, unmeasured


def _factor_of(item: MeasurementLike, factors: Mapping[str, FloatArray]) -> dict[str, list[float]]:
    return {body: [float(value) for value in factors[body]] for body in item.bodies if body in factors}


def _coverage_reasons(
    factors: Mapping[str, FloatArray], unmeasured: Sequence[str], used_upright: bool, mass_kg: float | None
) -> list[Reason]:
    """What was not there to be measured."""
    reasons = []
    if not factors:
        text = "no segment could be measured: the generic model is taken as it is"
        reasons.append(Reason("fail", text, "", "see the verdicts of the trials"))
    elif unmeasured:
        bodies = sorted(set(unmeasured))
        text = f"{len(bodies)} bodies could not be measured and keep their size: {', '.join(bodies[:6])}"
        reasons.append(Reason("warn", text, "", ""))
    if factors and not used_upright:
        text = "hips or knees are bent in nearly all frames: lengths are taken from all frames"
        reasons.append(Reason("warn", text, "", "add a trial in which the person stands"))
    if mass_kg is None:
        text = f"the mass is not given: {DEFAULT_MASS_KG:g} kg is taken"
        reasons.append(Reason("warn", text, "", "add mass_kg to participants.tsv"))
    return reasons


def _factor_reasons(item: MeasurementLike, ratio: Mapping[tuple[str, str], float]) -> list[Reason]:
    """Is a body of a person's size, and as long on the left as on the right?"""
    known = {pair: ratio[pair] for pair in item.pairs if np.isfinite(ratio.get(pair, np.nan))}
    if not known:
        return []
    reasons = []
    where = f"measurement {item.name}"
    mean = float(np.mean(list(known.values())))
    if not PLAUSIBLE_FACTOR[0] <= mean <= PLAUSIBLE_FACTOR[1]:
        text = (
            f"the {item.name} would be {mean:.2f} times that of the model "
            f"(plausible: {PLAUSIBLE_FACTOR[0]} to {PLAUSIBLE_FACTOR[1]})"
        )
        hint = "are the units of the calibration right (metres), and the right person tracked?"
        reasons.append(Reason("fail", text, where, hint))
    sides = [value for pair, value in known.items() if pair[0][0] != pair[1][0] or pair[0][0] in "RL"]
    if len(sides) == 2 and abs(sides[0] - sides[1]) > WARN_ASYMMETRY * mean:
        text = f"the {item.name} differs by {abs(sides[0] - sides[1]) / mean:.0%} between its sides"
        hint = "a keypoint is biased in some camera, or left and right were swapped"
        reasons.append(Reason("warn", text, where, hint))
    return reasons


def _spread_reasons(
    lengths: Mapping[tuple[str, str], list[FloatArray]], measured: Mapping[tuple[str, str], float]
) -> list[Reason]:
    """Does a segment keep its length?"""
    reasons = []
    for pair, parts in lengths.items():
        values = np.concatenate(parts) if parts else np.zeros(0)
        values = values[np.isfinite(values)]
        spread = float(np.std(values)) / measured[pair] if values.size and measured[pair] > 0 else 0.0
        if spread > WARN_SPREAD:
            first, second = pair
            text = f"the distance {first}-{second} varies by {spread:.0%} over the frames (wanted: under {WARN_SPREAD:.0%})"
            where, hint = f"markers {first}, {second}", "one of the two is badly detected or occluded"
            reasons.append(Reason("warn", text, where, hint))
    return reasons
