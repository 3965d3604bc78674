"""Somebody who walks, with the moments at which heels strike and toes leave known exactly.

A foot is a rigid bar from heel to toe. It lands on its heel with some speed, rolls down flat, rises about its toe until that
leaves, and swings on to the next place; the pelvis goes on steadily. How fast a foot lands, how long it stands, steps' width and
direction are drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FOOT_M = 0.2
TOE_UP, HEEL_UP = np.radians(-15.0), np.radians(60.0)
ROLL_S = 0.09
RISE = 0.6
"""Part of the stance after which the heel rises."""


@dataclass(frozen=True)
class Walk:
    """Points (F, 2, 3), left and right, m; events a foot, s; and what was drawn."""

    time_s: np.ndarray
    heel_m: np.ndarray
    toe_m: np.ndarray
    hip_m: np.ndarray
    strike_s: tuple[np.ndarray, np.ndarray]
    off_s: tuple[np.ndarray, np.ndarray]
    stride_s: float
    stride_m: float
    width_m: float
    stance: float


def walking(
    seed: int,
    *,
    fps_hz: float = 60.0,
    seconds: float = 6.0,
    on_the_spot: bool = False,
    sway_m: tuple[float, float] = (0.02, 0.015),
) -> Walk:
    """A walk; on a treadmill, it stays on the spot. The pelvis sways sideways once a stride, and to and fro twice."""
    random = np.random.default_rng(seed)
    period, speed = random.uniform(0.95, 1.3), random.uniform(0.9, 1.5)
    stance, width = random.uniform(0.58, 0.65), random.uniform(0.06, 0.16)
    landing, sinking = random.uniform(0.3, 1.2), random.uniform(0.1, 0.4)
    begin, towards = random.uniform(0, period), random.uniform(0, 2 * np.pi)
    length = speed * period
    time = np.arange(round(seconds * fps_hz)) / fps_hz
    heel, toe, strikes, offs = np.empty((len(time), 2, 3)), np.empty((len(time), 2, 3)), [], []
    for side in range(2):
        first = begin + side * period / 2 - 2 * period
        count = int(seconds / period) + 4
        struck = first + period * np.arange(count)
        heel[:, side], toe[:, side] = _foot(time, struck, period, stance, length, landing, sinking)
        for points in (heel, toe):
            points[:, side, 0] += length * first / period
            points[:, side, 1] = (0.5 - side) * width
        strikes.append(struck[(struck > 0) & (struck < time[-1])])
        off = struck + stance * period
        offs.append(off[(off > 0) & (off < time[-1])])
    cycle = 2 * np.pi * (time - begin) / period
    pelvis = np.stack(
        [
            speed * time + 0.3 * length * 0.5 + sway_m[1] * np.sin(2 * cycle),
            sway_m[0] * np.sin(cycle),
            0.95 + 0 * time,
        ],
        axis=1,
    )
    turn = np.radians(5) * np.cos(cycle)
    across = np.stack([-np.sin(turn), np.cos(turn), 0 * turn], axis=1)
    hip = np.stack([pelvis + 0.09 * across, pelvis - 0.09 * across], axis=1)
    cosine, sine = np.cos(towards), np.sin(towards)
    about_z = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    shift = np.stack([speed * time, 0 * time, 0 * time], axis=1) * on_the_spot
    heel, toe, hip = ((points - shift[:, None]) @ about_z.T for points in (heel, toe, hip))
    return Walk(time, heel, toe, hip, tuple(strikes), tuple(offs), period, length, width, stance)


def _foot(time, struck, period, stance, length, landing, sinking):
    """Heel and toe (F, 3) along x, from the foot's first place at 0."""
    step = np.clip(np.searchsorted(struck, time, side="right") - 1, 0, len(struck) - 1)
    since = time - struck[step]
    stand, swing = stance * period, (1 - stance) * period
    rise_s = (1 - RISE) * stand
    pitch = np.where(since < ROLL_S, TOE_UP * _eased(1 - since / ROLL_S), 0.0)
    rising = np.clip((since - RISE * stand) / rise_s, 0, 1)
    pitch = np.where(rising > 0, HEEL_UP * rising**2, pitch)
    part = np.clip((since - stand) / swing, 0, 1)
    in_swing = since > stand
    pitch = np.where(in_swing, HEEL_UP + (TOE_UP - HEEL_UP) * _eased(part), pitch)
    on_toe = (rising > 0) & ~in_swing
    x = np.where(on_toe, FOOT_M * (1 - np.cos(pitch)), 0.0)
    z = np.where(on_toe, FOOT_M * np.sin(pitch), 0.0)
    lift = HEEL_UP * 2 / rise_s * FOOT_M
    off_x, off_z = FOOT_M * (1 - np.cos(HEEL_UP)), FOOT_M * np.sin(HEEL_UP)
    x = np.where(in_swing, _between(part, off_x, length, np.sin(HEEL_UP) * lift * swing, landing * swing), x)
    z = np.where(in_swing, _between(part, off_z, 0.0, np.cos(HEEL_UP) * lift * swing, -sinking * swing), z)
    x = x + step * length
    heel = np.stack([x, 0 * x, z], axis=1)
    toe = heel + FOOT_M * np.stack([np.cos(pitch), 0 * x, -np.sin(pitch)], axis=1)
    return heel, toe


def _eased(part):
    return part**2 * (3 - 2 * part)


def _between(part, start, end, slope_start, slope_end):
    """The quintic of those ends and slopes, without acceleration at its ends."""
    change = end - start
    a3 = 10 * change - 6 * slope_start - 4 * slope_end
    a4 = -15 * change + 8 * slope_start + 7 * slope_end
    a5 = 6 * change - 3 * slope_start - 3 * slope_end
    return start + slope_start * part + a3 * part**3 + a4 * part**4 + a5 * part**5
