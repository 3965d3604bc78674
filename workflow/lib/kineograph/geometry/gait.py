"""Walking: whether somebody walks, and the strides' lengths and times.

Terms and definitions as in Perry & Burnfield, Gait Analysis, 2nd ed. 2010: a stride is from a heel strike to the next of the same
foot; a step from the other foot's strike to this one's; double support is while both feet are on the ground. Step width is the
distance of the other heel from the line between two strikes of this one (Huxham et al. 2006, Gait Posture 23:159-163).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kineograph.model.shapes import FloatArray
from kineograph.signal.gait_events import FootEvents, bridged, events_by_position, events_by_speed, stride_period_s

SIDES = ("left", "right")
LEAST_SWING_M = 0.15
"""Range over which each heel goes to and fro beside the pelvis, at least."""
MOST_LIKENESS = -0.3
"""Correlation of both heels' places before the pelvis, at most: in walking one is before while the other is behind."""
LEAST_STANCE = 0.5
"""Part of a stride on the ground, at least: with less, there is no double support, and it is running."""
LEAST_SPEED_M_S = 0.2
"""A pelvis that gets on more slowly belongs to somebody who walks on the spot or on a treadmill."""
HEADING_S = 1.0
"""The heading is the mean over so long."""
STRIDE_COLUMNS = (
    "side", "start_s", "end_s", "stride_time_s", "stride_length_m", "speed_m_s", "cadence_steps_min", "step_time_s",
    "step_length_m", "step_width_m", "stance_part", "swing_part", "double_support_part",
)  # fmt: skip


@dataclass(frozen=True)
class Feet:
    """Where a walker's feet and pelvis are, in the world's axes (z up), m.

    Attributes
    ----------
    heel_m, toe_m, hip_m : (F, 2, 3) array
        Left and right; NaN where missing.
    time_s : (F,) array
        s.
    rate_hz : float
        Hz.
    """

    heel_m: FloatArray
    toe_m: FloatArray
    hip_m: FloatArray
    time_s: FloatArray
    rate_hz: float


@dataclass(frozen=True)
class Gait:
    """A walk.

    Attributes
    ----------
    events : tuple of FootEvents
        Left and right.
    strides : tuple of dict
        A row a stride, by the columns of :data:`STRIDE_COLUMNS`; NaN where an event in it is not known.
    speed_m_s : float
        Mean speed of the pelvis through the room, from each stride's net displacement.
    check_s : float
        Median distance between the events and those by the feet's vertical speed, s; NaN where there are none.
    """

    events: tuple[FootEvents, FootEvents]
    strides: tuple[dict[str, str | float], ...]
    speed_m_s: float
    check_s: float


def heading(feet: Feet) -> FloatArray:
    """Unit vectors (F, 2) of where the pelvis faces, by the line between the hips, as a mean over a second."""
    across = feet.hip_m[:, 0, :2] - feet.hip_m[:, 1, :2]
    forward = np.stack([across[:, 1], -across[:, 0]], axis=1)
    forward = forward / np.linalg.norm(forward, axis=1, keepdims=True)
    half = max(round(HEADING_S * feet.rate_hz / 2), 1)
    padded = np.stack([np.pad(bridged(column), half, mode="edge") for column in forward.T], axis=1)
    total = np.cumsum(np.concatenate([np.zeros((1, 2)), padded]), axis=0)
    mean = (total[2 * half + 1 :] - total[: -2 * half - 1]) / (2 * half + 1)
    facing: FloatArray = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return facing


def why_not_walking(feet: Feet) -> str:
    """What shows that somebody does not walk; empty where it looks like walking."""
    known = [float(np.isfinite(part).all(axis=2).mean()) for part in (feet.heel_m, feet.hip_m)]
    if min(known) < 0.5:
        return "heels or hips are missing in half of the frames"
    ahead = _ahead(feet, feet.heel_m)
    ranges = np.nanpercentile(ahead, 95, axis=0) - np.nanpercentile(ahead, 5, axis=0)
    if ranges.min() < LEAST_SWING_M:
        return f"a heel goes to and fro by {ranges.min():.2f} m only (walking: {LEAST_SWING_M:g} m or more)"
    left, right = bridged(ahead[:, 0]), bridged(ahead[:, 1])
    likeness = float(np.corrcoef(left, right)[0, 1])
    if likeness > MOST_LIKENESS:
        return (
            f"the feet don't go by turns (their places correlate by {likeness:.2f}; walking: below {MOST_LIKENESS:g})"
        )
    if not np.isfinite(_period(feet, ahead)):
        return "no stride repeats within 0.6 to 2.5 s"
    return ""


def walk(feet: Feet) -> Gait:
    """Events and strides of somebody who walks."""
    facing = heading(feet)
    heel, toe = _ahead(feet, feet.heel_m), _ahead(feet, feet.toe_m)
    period = _period(feet, heel)
    left, right = (events_by_position(heel[:, side], toe[:, side], feet.time_s, period) for side in range(2))
    middle = (feet.heel_m[..., 2] + feet.toe_m[..., 2]) / 2
    others = [events_by_speed(middle[:, side], feet.time_s, period) for side in range(2)]
    speed = _speed_m_s(feet, period)
    events = (left, right)
    rows = [
        _stride(feet, facing, events, side, index, speed)
        for side in range(2)
        for index in range(len(events[side].strike_s) - 1)
        if events[side].strike_s[index + 1] - events[side].strike_s[index] < 1.5 * period
    ]
    rows.sort(key=lambda row: float(row["start_s"]))
    return Gait(events, tuple(rows), speed, _disagreement(events, others))


def _speed_m_s(feet: Feet, period_s: float) -> float:
    """Mean speed of the pelvis, by how far it gets in a stride: sway within one takes nobody anywhere."""
    pelvis = np.stack([bridged(column) for column in feet.hip_m.mean(axis=1)[:, :2].T], axis=1)
    step = max(round(period_s * feet.rate_hz), 1)
    apart = np.linalg.norm(pelvis[step:] - pelvis[:-step], axis=1)
    return float(apart.mean() / (step / feet.rate_hz))


def stance_part(gait: Gait) -> float:
    """Mean part of the strides in which the foot is on the ground; NaN where no stride tells it."""
    parts = [float(row["stance_part"]) for row in gait.strides if np.isfinite(float(row["stance_part"]))]
    return float(np.mean(parts)) if parts else float("nan")


def _stride(
    feet: Feet, facing: FloatArray, events: tuple[FootEvents, FootEvents], side: int, index: int, speed_m_s: float
) -> dict[str, str | float]:
    """The row of a stride."""
    own, other = events[side], events[1 - side]
    start, end = float(own.strike_s[index]), float(own.strike_s[index + 1])
    length = end - start
    off, other_strike, other_off = (_within(times, start, end) for times in (own.off_s, other.strike_s, other.off_s))
    through_the_room = speed_m_s >= LEAST_SPEED_M_S
    places = [_at(feet, feet.heel_m[:, side], moment)[:2] for moment in (start, end)]
    stride_m = float(np.linalg.norm(places[1] - places[0])) if through_the_room else float("nan")
    forward = (places[1] - places[0]) / stride_m if through_the_room else _at(feet, facing, end)
    step_m, width_m = float("nan"), float("nan")
    if np.isfinite(other_strike):
        between = places[1] - _at(feet, feet.heel_m[:, 1 - side], other_strike)[:2]
        step_m = float(between @ forward) if through_the_room else float("nan")
        width_m = float(abs(forward[0] * between[1] - forward[1] * between[0]))
    stance = (off - start) / length
    both = (other_off - start) / length + (off - other_strike) / length
    values = (
        SIDES[side], start, end, length, stride_m, stride_m / length, 120.0 / length, end - other_strike, step_m, width_m,
        stance, 1 - stance, both,
    )  # fmt: skip
    return dict(zip(STRIDE_COLUMNS, values, strict=True))


def _within(times: FloatArray, start: float, end: float) -> float:
    """The one moment between two others; NaN where there is none, or several."""
    inside = times[(times > start) & (times < end)]
    return float(inside[0]) if len(inside) == 1 else float("nan")


def _at(feet: Feet, series: FloatArray, moment: float) -> FloatArray:
    """The values (n,) of series (F, n) at a moment."""
    return np.array([np.interp(moment, feet.time_s, bridged(column)) for column in series.T])


def _ahead(feet: Feet, part_m: FloatArray) -> FloatArray:
    """How far parts (F, 2, 3) are before the pelvis, (F, 2), m."""
    from_pelvis = (part_m - feet.hip_m.mean(axis=1, keepdims=True))[..., :2]
    ahead: FloatArray = np.einsum("fsx,fx->fs", from_pelvis, heading(feet))
    return ahead


def _period(feet: Feet, ahead: FloatArray) -> float:
    return float(np.mean([stride_period_s(ahead[:, side], feet.rate_hz) for side in range(2)]))


def _disagreement(events: tuple[FootEvents, FootEvents], others: list[FootEvents]) -> float:
    """Median distance of each event from the nearest one that the other method finds."""
    distances = [
        np.abs(there[:, None] - here).min(axis=0)
        for one, other in zip(events, others, strict=True)
        for here, there in ((one.strike_s, other.strike_s), (one.off_s, other.off_s))
        if len(here) and len(there)
    ]
    return float(np.median(np.concatenate(distances))) if distances else float("nan")
