"""Can a participant's scale be trusted? The measured lengths, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kineograph.geometry.segment_length import SegmentLength
from kineograph.model.report import Reason, StageReport, worst_first
from kineograph.model.shapes import FloatArray
from kineograph.model.skeleton import side
from kineograph.stages.body_proportions import Build, build_reasons

STAGE = "scaling"
PLAUSIBLE_FACTOR = (0.5, 1.6)
WARN_ASYMMETRY = 0.1
WARN_SPREAD = 0.1
"""Coefficient of variation of a length over frames from which its measurement is doubted."""
WARN_TRIAL = 0.04
"""Part by which all of a trial's segments may be longer or shorter than the other trials'."""

Pair = tuple[str, str]


class MeasurementLike(Protocol):
    """A length that scales bodies; see `kineograph.opensim.setup_files.Measurement`."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Marker pairs."""

    @property
    def bodies(self) -> dict[str, str]:
        """Body -> axes."""


@dataclass(frozen=True)
class Measured:
    """What was measured of a participant.

    Attributes
    ----------
    trials : tuple of str
        T trials' names.
    frames : tuple of int
        Frames used of each.
    upright : bool
        Whether only frames were used in which the person stands rather upright.
    length_m : dict of pair to float
        Length of each marker pair, m; NaN where not measured.
    by_trial : dict of pair to SegmentLength
        The same in each trial.
    ratio : dict of pair to float
        Length relative to the generic model's.
    factors : dict of str to (3,) array
        Body -> scale along its axes.
    unmeasured : tuple of str
        Bodies that keep their size.
    in_posture : bool
        Whether the generic model stood in the person's postures, rather than in its default pose.
    """

    trials: tuple[str, ...]
    frames: tuple[int, ...]
    upright: bool
    length_m: Mapping[Pair, float]
    by_trial: Mapping[Pair, tuple[SegmentLength, ...]]
    ratio: Mapping[Pair, float]
    factors: Mapping[str, FloatArray]
    unmeasured: tuple[str, ...]
    in_posture: bool = False


def report_on(measurements: Sequence[MeasurementLike], measured: Measured, body: Build) -> StageReport:
    """The report on a participant's scale."""
    deviation = trial_deviations(measured)
    reasons = _coverage_reasons(measured)
    if measured.factors:
        reasons += build_reasons(body)
        reasons += [reason for item in measurements for reason in _factor_reasons(item, measured.ratio)]
        reasons += _spread_reasons(measured) + _trial_reasons(deviation)
    return StageReport(
        STAGE,
        came_in={
            "trials": list(measured.trials),
            "frames_used": dict(zip(measured.trials, measured.frames, strict=True)),
            "height_m": body.given_height_m,
            "mass_kg": body.given_mass_kg,
        },
        came_out={
            "mass_kg": body.mass_kg,
            "estimated_height_m": body.estimated_height_m,
            "factors": {item.name: _factor_of(item, measured.factors) for item in measurements},
            "length_m": {_named(pair): length for pair, length in measured.length_m.items()},
            "length_by_trial_m": {
                _named(pair): [part.length_m for part in parts] for pair, parts in measured.by_trial.items()
            },
            "spread_by_trial_m": {
                _named(pair): [part.spread_m for part in parts] for pair, parts in measured.by_trial.items()
            },
            "noise_taken_out_m": {
                _named(pair): [part.noise_bias_m for part in parts] for pair, parts in measured.by_trial.items()
            },
            "trial_deviation": deviation,
            "model_in_measured_postures": measured.in_posture,
        },
        reasons=worst_first(reasons),
    )


def trial_deviations(measured: Measured) -> dict[str, float]:
    """By which part the segments of each trial are longer than those of the other trials; of the trials that show some.

    The median over segments of the trial's length to the median of the other trials' lengths, less one. Empty of fewer than two
    trials.
    """
    table = np.array([[part.length_m for part in parts] for parts in measured.by_trial.values()])
    found: dict[str, float] = {}
    if not table.size or table.shape[1] < 2:
        return found
    for index, name in enumerate(measured.trials):
        others = np.delete(table, index, axis=1)
        both = np.isfinite(table[:, index]) & np.isfinite(others).any(axis=1)
        if both.any():
            found[name] = float(np.median(table[both, index] / np.nanmedian(others[both], axis=1)) - 1)
    return found


def _named(pair: Pair) -> str:
    return "-".join(pair)


def _factor_of(item: MeasurementLike, factors: Mapping[str, FloatArray]) -> dict[str, list[float]]:
    return {body: [float(value) for value in factors[body]] for body in item.bodies if body in factors}


def _coverage_reasons(measured: Measured) -> list[Reason]:
    """What was not there to be measured."""
    reasons = []
    if not measured.factors:
        text = "no segment could be measured: the generic model is taken as it is"
        reasons.append(Reason("fail", text, "", "see the verdicts of the trials"))
    elif measured.unmeasured:
        bodies = sorted(set(measured.unmeasured))
        text = f"{len(bodies)} bodies could not be measured and keep their size: {', '.join(bodies[:6])}"
        reasons.append(Reason("warn", text, "", ""))
    if measured.factors and not measured.upright:
        text = "hips or knees are bent in nearly all frames: lengths are taken from all frames"
        reasons.append(Reason("warn", text, "", "add a trial in which the person stands (column static of trials.tsv)"))
    return reasons


def _factor_reasons(item: MeasurementLike, ratio: Mapping[Pair, float]) -> list[Reason]:
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
    sides = [
        [known[pair] for pair in known if {side(end) for end in pair} - {"middle"} == {one}]
        for one in ("right", "left")
    ]
    difference = abs(float(np.mean(sides[0]) - np.mean(sides[1]))) if all(sides) else 0.0
    if difference > WARN_ASYMMETRY * mean:
        text = f"the {item.name} differs by {difference / mean:.0%} between its sides"
        hint = "a keypoint is biased in some camera, or left and right were swapped"
        reasons.append(Reason("warn", text, where, hint))
    return reasons


def _spread_reasons(measured: Measured) -> list[Reason]:
    """Does a segment keep its length?"""
    reasons = []
    for pair, parts in measured.by_trial.items():
        known = [part for part in parts if part.frames]
        if not known:
            continue
        weight = np.array([part.frames for part in known])
        spread = (
            float(np.sqrt(np.average([part.spread_m**2 for part in known], weights=weight))) / measured.length_m[pair]
        )
        if spread > WARN_SPREAD:
            first, second = pair
            text = f"the distance {first}-{second} varies by {spread:.0%} over the frames (wanted: under {WARN_SPREAD:.0%})"
            where, hint = f"markers {first}, {second}", "one of the two is badly detected or occluded"
            reasons.append(Reason("warn", text, where, hint))
    return reasons


def _trial_reasons(deviation: Mapping[str, float]) -> list[Reason]:
    """Is the person of one size in all trials?"""
    reasons = []
    worst = max(deviation, key=lambda name: abs(deviation[name]), default="")
    if worst and abs(deviation[worst]) > WARN_TRIAL:
        longer = "longer" if deviation[worst] > 0 else "shorter"
        others = next(name for name in deviation if name != worst) if len(deviation) == 2 else "the other trials"
        text = (
            f"the segments in trial {worst} are {abs(deviation[worst]):.0%} {longer} than in {others} "
            f"(wanted: under {WARN_TRIAL:.0%})"
        )
        hint = "is it the same person, and does the calibration hold for that trial?"
        reasons.append(Reason("warn", text, f"trial {worst}", hint))
    return reasons
