"""People who do other things than walk: stand, jump, throw, kick. Exact functions of time, like the walker of the scenes.

Built on the walker's posture. What is quick is as quick as in people: feet that stop within some milliseconds when a jump
lands, a hand at 12 m/s, a foot that loses a fifth of its speed to a ball.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kineograph.model.skeleton import Skeleton
from synthetic.scene import Motion, walker

STEP_S = 5e-4
LAST_S = 40.0


def standing(skeleton: Skeleton) -> Motion:
    """Upright, swaying like an inverted pendulum: 8 mm at the head, slowly."""
    still = walker(skeleton, step_hz=0.0)

    def motion(time_s: np.ndarray) -> np.ndarray:
        t = np.asarray(time_s, float)
        points = still(t)
        forward = 4e-3 * (np.sin(2 * np.pi * 0.31 * t) + 0.5 * np.sin(2 * np.pi * 0.77 * t + 1.0))
        aside = 2.5e-3 * np.sin(2 * np.pi * 0.43 * t + 0.5)
        points[..., 0] += forward[:, None] * points[..., 2]
        points[..., 1] += aside[:, None] * points[..., 2]
        return points

    return motion


def jumping(skeleton: Skeleton, *, every_s: float = 2.0) -> Motion:
    """Jumps of 0.26 m from a squat, every two seconds; the feet leave and hit the ground at 2.2 m/s, and stop at once."""
    still = walker(skeleton, step_hz=0.0)
    rise = _repeated(_twice_integrated(_jump_acceleration), every_s)
    share = {"Hip": 1.0, "Knee": 0.5, "Ankle": 0.0, "Heel": 0.0, "BigToe": 0.0, "SmallToe": 0.0}

    def motion(time_s: np.ndarray) -> np.ndarray:
        t = np.asarray(time_s, float)
        points = still(t)
        height = rise(t)
        sharp = 4e-3
        feet = sharp * np.logaddexp(0, height / sharp)
        squat = np.minimum(height - feet, 0.0)
        for index, name in enumerate(skeleton.keypoints):
            part = share.get(name.lstrip("LR"), 1.0)
            points[:, index, 2] += feet + part * squat
            if name.endswith("Knee"):
                points[:, index, 0] -= 0.6 * squat
        return points

    return motion


def throwing(skeleton: Skeleton, *, every_s: float = 1.6) -> Motion:
    """Stands and throws overarm with the right hand, which reaches 12 m/s and is stopped within a tenth of a second."""
    sway = standing(skeleton)
    angle = _repeated(_once_integrated(lambda t: 23.0 * _bump(t, 0.55, 0.075) - 23.0 / 4 * _bump(t, 1.1, 0.3)), every_s)

    def motion(time_s: np.ndarray) -> np.ndarray:
        t = np.asarray(time_s, float)
        points = sway(t)
        turn = angle(t) - 2.2
        shoulder = points[:, skeleton.index("RShoulder")]
        direction = np.stack([np.sin(turn), -0.3 * np.ones_like(t), np.cos(turn)], axis=-1) / np.hypot(1, 0.3)
        points[:, skeleton.index("RElbow")] = shoulder + 0.29 * direction
        points[:, skeleton.index("RWrist")] = shoulder + 0.55 * direction
        return points

    return motion


def kicking(skeleton: Skeleton, *, every_s: float = 1.6) -> Motion:
    """Stands on the left leg and kicks: the right foot reaches 12 m/s, hits a ball, and swings out."""
    sway = standing(skeleton)

    def speed(t: np.ndarray) -> np.ndarray:
        before = 14.0 * _bump(t, 0.6, 0.09)
        hit = np.where(t > 0.6, 0.8, 1.0)
        return before * hit - 14.0 * 0.9 / 4 * _bump(t, 1.15, 0.36)

    angle = _repeated(_once_integrated(speed), every_s)

    def motion(time_s: np.ndarray) -> np.ndarray:
        t = np.asarray(time_s, float)
        points = sway(t)
        hip = points[:, skeleton.index("RHip")]
        turn = angle(t) - 0.9
        forward, down = np.sin(turn), np.cos(turn)
        for name, along, across in (
            ("RKnee", 0.42, 0.0),
            ("RAnkle", 0.82, 0.0),
            ("RHeel", 0.87, -0.05),
            ("RBigToe", 0.88, 0.17),
            ("RSmallToe", 0.88, 0.14),
        ):
            place = np.stack(
                [along * forward + across * down, np.zeros_like(t), across * forward - along * down], axis=-1
            )
            points[:, skeleton.index(name)] = hip + place
        return points

    return motion


MOVEMENTS: dict[str, Callable[[Skeleton], Motion]] = {
    "walking": lambda skeleton: walker(skeleton, start_m=(-0.6, 0.0), velocity_m_s=(0.3, 0.05)),
    "on the spot": lambda skeleton: walker(skeleton, step_hz=1.0, phase=0.7),
    "standing": standing,
    "jumping": jumping,
    "throwing": throwing,
    "kicking": kicking,
}


def _bump(t: np.ndarray, middle_s: float, half_s: float) -> np.ndarray:
    """A smooth bump of height 1."""
    return np.where(np.abs(t - middle_s) < half_s, np.cos(0.5 * np.pi * (t - middle_s) / half_s) ** 2, 0.0)


def _jump_acceleration(t: np.ndarray) -> np.ndarray:
    """Of the hips, m/s^2, over one jump: down, push, flight, a hard landing that is caught, up again."""
    flight = 2 * 2.2 / 9.81
    parts = [  # seconds, acceleration
        (0.3, 0.0),
        (0.25, -4.4),
        (0.25, 4.4),
        (0.25, 8.8),
        (flight, -9.81),
        (0.02, 40.0),
        (0.28, 5.0),
        (0.3, 0.0),
    ]
    result, start = np.zeros_like(t), 0.0
    for length, value in parts:
        result[(t >= start) & (t < start + length)] = value
        start += length
    return result


def _once_integrated(rate: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    grid = np.arange(0, 4, STEP_S)
    return grid, np.cumsum(rate(grid)) * STEP_S


def _twice_integrated(rate: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    grid, speed = _once_integrated(rate)
    return grid, np.cumsum(speed) * STEP_S


def _repeated(curve: tuple[np.ndarray, np.ndarray], every_s: float) -> Callable[[np.ndarray], np.ndarray]:
    """The curve again and again; what is left over at the end of one turn is taken back smoothly over its last third."""
    grid, value = curve
    last = np.interp(every_s, grid, value)
    phase = np.clip((grid / every_s - 2 / 3) * 3, 0, 1)
    value = value - last * (phase**3 * (10 - 15 * phase + 6 * phase**2))
    return lambda t: np.interp(np.mod(t, every_s), grid, value)
