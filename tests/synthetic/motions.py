"""Several motions of a person as OpenSim coordinates over time, varied by a seed: what inverse kinematics must find again.

Lumbar flexion, pelvis tilt and arm rotation move in each of them, since the set-up files of the field hold them still.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

DEG = np.pi / 180
Values = dict[str, np.ndarray]


def standing(time_s: np.ndarray) -> Values:
    """Upright, arms down, elbows a little bent, breathing."""
    sway = 2 * np.pi * 0.3 * time_s
    values = {
        "pelvis_tx": 0.01 * np.sin(sway), "pelvis_ty": 0.93 + 0 * time_s, "pelvis_tz": 0.015 * np.cos(0.8 * sway),
        "pelvis_tilt": -4 * DEG + 1 * DEG * np.sin(sway), "pelvis_list": 1 * DEG * np.sin(sway), "pelvis_rotation": 0 * time_s,
        "L5_S1_Flex_Ext": -6 * DEG + 1.5 * DEG * np.sin(sway + 1), "L5_S1_Lat_Bending": 1 * DEG * np.cos(sway),
        "L5_S1_axial_rotation": 2 * DEG * np.sin(0.7 * sway), "neck_flexion": 4 * DEG * np.sin(1.3 * sway),
    }  # fmt: skip
    for side, sign in (("r", 1.0), ("l", -1.0)):
        values |= {
            f"hip_flexion_{side}": 8 * DEG + 2 * DEG * np.sin(sway + sign), f"hip_adduction_{side}": -3 * DEG + 0 * sway,
            f"hip_rotation_{side}": -5 * DEG + 2 * DEG * np.cos(sway),
            f"knee_angle_{side}": 8 * DEG + 3 * DEG * np.sin(sway + sign),
            f"ankle_angle_{side}": 2 * DEG * np.cos(sway), f"subtalar_angle_{side}": 2 * DEG * np.sin(sway),
            f"mtp_angle_{side}": 0 * sway, f"arm_flex_{side}": 3 * DEG * np.sin(sway + sign),
            f"arm_add_{side}": -12 * DEG + 2 * DEG * np.sin(sway), f"arm_rot_{side}": 8 * DEG + 3 * DEG * np.cos(sway),
            f"elbow_flex_{side}": 18 * DEG + 3 * DEG * np.sin(sway), f"pro_sup_{side}": 80 * DEG + 5 * DEG * np.sin(sway),
        }  # fmt: skip
    return values


def gait(time_s: np.ndarray, rng: np.random.Generator) -> Values:
    """Walking straight on."""
    cycle = 2 * np.pi * rng.uniform(0.8, 1.05) * time_s + rng.uniform(0, 6)
    size = rng.uniform(0.8, 1.2)
    values = standing(time_s) | {
        "pelvis_tx": rng.uniform(1.0, 1.4) * time_s, "pelvis_ty": 0.94 + 0.02 * np.cos(2 * cycle),
        "pelvis_tz": 0.02 * np.sin(cycle), "pelvis_tilt": (-6 + 2 * np.sin(2 * cycle)) * DEG,
        "pelvis_list": 4 * size * np.sin(cycle) * DEG, "pelvis_rotation": 5 * size * np.cos(cycle) * DEG,
        "L5_S1_Flex_Ext": (-8 + 2 * np.cos(2 * cycle)) * DEG, "L5_S1_Lat_Bending": -3 * np.sin(cycle) * DEG,
        "L5_S1_axial_rotation": -6 * size * np.cos(cycle) * DEG,
    }  # fmt: skip
    for side, shift in (("r", 0.0), ("l", np.pi)):
        swing = cycle + shift
        values |= {
            f"hip_flexion_{side}": (12 + 24 * size * np.sin(swing)) * DEG, f"hip_adduction_{side}": 5 * np.sin(swing + 0.5) * DEG,
            f"hip_rotation_{side}": 5 * np.cos(swing) * DEG,
            f"knee_angle_{side}": (32 + 22 * size * np.sin(swing + 1.2) + 5 * np.sin(2 * swing)) * DEG,
            f"ankle_angle_{side}": (3 + 10 * np.sin(swing + 2.0)) * DEG, f"subtalar_angle_{side}": 4 * np.sin(swing) * DEG,
            f"mtp_angle_{side}": 8 * (1 + np.sin(swing + 3)) * DEG,
            f"arm_flex_{side}": (5 - 20 * size * np.sin(swing)) * DEG, f"arm_add_{side}": -15 * DEG + 0 * swing,
            f"arm_rot_{side}": (5 + 5 * np.sin(swing)) * DEG, f"elbow_flex_{side}": (35 + 12 * np.sin(swing)) * DEG,
        }  # fmt: skip
    return values


def squat(time_s: np.ndarray, rng: np.random.Generator) -> Values:
    """Deep knee bends with the arms in front."""
    return _bends(time_s, rng, deep=rng.uniform(80, 105), hz=rng.uniform(0.35, 0.5), sharp=1.0)


def jump_crouch(time_s: np.ndarray, rng: np.random.Generator) -> Values:
    """Quick countermovements with swinging arms and a short flight, as in jumping on the spot."""
    values = _bends(time_s, rng, deep=rng.uniform(70, 90), hz=rng.uniform(0.8, 1.0), sharp=2.0)
    cycle = 2 * np.pi * rng.uniform(0.8, 1.0) * time_s
    values["pelvis_ty"] = values["pelvis_ty"] + 0.12 * np.clip(np.sin(cycle), 0, None) ** 2
    for side in "rl":
        values[f"arm_flex_{side}"] = (20 + 55 * np.sin(cycle)) * DEG
        values[f"ankle_angle_{side}"] = values[f"ankle_angle_{side}"] - 20 * DEG * np.clip(np.sin(cycle), 0, None) ** 2
    return values


def _bends(time_s: np.ndarray, rng: np.random.Generator, deep: float, hz: float, sharp: float) -> Values:
    part = (0.5 - 0.5 * np.cos(2 * np.pi * hz * time_s + rng.uniform(0, 2))) ** sharp
    values = standing(time_s)
    values["pelvis_ty"] = 0.93 - 0.4 * part * deep / 100
    values["pelvis_tilt"] = values["pelvis_tilt"] - 28 * DEG * part
    values["L5_S1_Flex_Ext"] = values["L5_S1_Flex_Ext"] - rng.uniform(8, 20) * DEG * part
    for side in "rl":
        values[f"hip_flexion_{side}"] = values[f"hip_flexion_{side}"] + 0.9 * deep * DEG * part
        values[f"hip_adduction_{side}"] = values[f"hip_adduction_{side}"] - 9 * DEG * part
        values[f"hip_rotation_{side}"] = values[f"hip_rotation_{side}"] - 8 * DEG * part
        values[f"knee_angle_{side}"] = values[f"knee_angle_{side}"] + deep * DEG * part
        values[f"ankle_angle_{side}"] = values[f"ankle_angle_{side}"] + 24 * DEG * part
        values[f"arm_flex_{side}"] = values[f"arm_flex_{side}"] + 70 * DEG * part
        values[f"elbow_flex_{side}"] = values[f"elbow_flex_{side}"] + 10 * DEG * part
    return values


def arm_raises(time_s: np.ndarray, rng: np.random.Generator) -> Values:
    """Arms sideways up over the shoulders, one after the other, with bent elbows; past the model's gimbal lock."""
    values = standing(time_s)
    for side, shift in (("r", 0.0), ("l", 1.2)):
        part = 0.5 - 0.5 * np.cos(2 * np.pi * rng.uniform(0.4, 0.55) * time_s + shift)
        values[f"arm_add_{side}"] = (-12 - rng.uniform(85, 105) * part) * DEG
        values[f"arm_flex_{side}"] = values[f"arm_flex_{side}"] + 15 * DEG * part
        values[f"elbow_flex_{side}"] = (25 + 30 * part) * DEG
        values[f"arm_rot_{side}"] = (8 - 25 * part) * DEG
    return values


def turning_steps(time_s: np.ndarray, rng: np.random.Generator) -> Values:
    """Steps in a circle: the pelvis turns by more than its range of a quarter turn."""
    values = gait(time_s, rng)
    heading = rng.choice([-1.0, 1.0]) * rng.uniform(0.9, 1.3) * time_s
    values["pelvis_rotation"] = values["pelvis_rotation"] + heading
    values["pelvis_tx"] = 0.6 * np.sin(heading)
    values["pelvis_tz"] = 0.6 * np.cos(heading)
    return values


def reaching(time_s: np.ndarray, rng: np.random.Generator) -> Values:
    """Reaching forwards and to the side with one arm, the trunk bent and turned after it."""
    part = 0.5 - 0.5 * np.cos(2 * np.pi * rng.uniform(0.4, 0.6) * time_s + rng.uniform(0, 2))
    values = standing(time_s)
    values["pelvis_tilt"] = values["pelvis_tilt"] - 15 * DEG * part
    values["L5_S1_Flex_Ext"] = values["L5_S1_Flex_Ext"] - 18 * DEG * part
    values["L5_S1_axial_rotation"] = values["L5_S1_axial_rotation"] + 20 * DEG * part
    values["L5_S1_Lat_Bending"] = values["L5_S1_Lat_Bending"] + 8 * DEG * part
    side = rng.choice(["r", "l"])
    values[f"arm_flex_{side}"] = values[f"arm_flex_{side}"] + 80 * DEG * part
    values[f"arm_add_{side}"] = values[f"arm_add_{side}"] - 15 * DEG * part
    values[f"elbow_flex_{side}"] = (75 - 45 * part) * DEG
    values[f"pro_sup_{side}"] = (80 - 40 * part) * DEG
    for leg in "rl":
        values[f"hip_flexion_{leg}"] = values[f"hip_flexion_{leg}"] + 16 * DEG * part
        values[f"knee_angle_{leg}"] = values[f"knee_angle_{leg}"] + 12 * DEG * part
    return values


MOTIONS: dict[str, Callable[[np.ndarray, np.random.Generator], Values]] = {
    "gait": gait, "squat": squat, "jump": jump_crouch, "arms": arm_raises, "turning": turning_steps, "reaching": reaching,
}  # fmt: skip


def correlated_noise(
    shape: tuple[int, ...], fps_hz: float, sd_m: float, seed: int, cutoff_hz: float = 6.0
) -> np.ndarray:
    """Noise of points that went through a 6 Hz zero-phase filter, scaled to `sd_m` in each axis; the first axis is time."""
    from scipy.signal import butter, sosfiltfilt

    margin = round(fps_hz)
    white = np.random.default_rng(seed).normal(size=(shape[0] + 2 * margin, *shape[1:]))
    smooth = sosfiltfilt(butter(2, cutoff_hz, fs=fps_hz, output="sos"), white, axis=0)[margin : margin + shape[0]]
    return smooth * sd_m / np.sqrt((smooth**2).mean())
