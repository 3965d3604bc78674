"""Kalman filter with constant acceleration, and the smoother of Rauch, Tung & Striebel: every frame knows of all others.

Sources: Rauch, Tung & Striebel 1965, doi:10.2514/3.3166; the model (acceleration that changes from step to step at random)
Bar-Shalom, Li & Kirubarajan 2001, section 6.3.2, doi:10.1002/0471221279; its trust ratio and default Pose2Sim (`filtering.py`).
"""

from __future__ import annotations

import numpy as np

from kineograph.model.shapes import FloatArray

PARAMETERS = {
    "trust_ratio": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 500.0,
        "x-unit": "1/s^2",
        "description": "Change of acceleration over noise of a position, frame by frame: large follows points, small smooths.",
    },
}
PROMISES = ("linear", "straight_lines", "scale")
VAGUE = 1e6
"""Of the first frame nothing is known: variances are this many times those of a measurement, by the units of a frame."""
SETTLED = 1e-13
"""The gain is taken as constant once it changes by a smaller part."""


def apply(values: FloatArray, rate_hz: float, *, trust_ratio: float) -> FloatArray:
    """Filter series (F, N) without gaps, sampled at `rate_hz`; a run of one or two frames is returned as it is."""
    frames = len(values)
    if frames < 3:
        return values
    line = _line(values)
    step = 1 / rate_hz
    move = np.array([[1, step, step**2 / 2], [0, 1, step], [0, 0, 1]])
    push = np.array([step**2 / 2, step, 1.0])
    gains, backs = _gains(frames, move, np.outer(push, push) * trust_ratio**2, step)
    state = np.zeros((3, values.shape[1]))
    states = np.empty((frames, *state.shape))
    for frame, measured in enumerate(values - line):
        ahead = move @ state if frame else state
        state = ahead + gains[frame][:, None] * (measured - ahead[0])
        states[frame] = state
    for frame in range(frames - 2, -1, -1):
        state = states[frame] + backs[frame] @ (state - move @ states[frame])
        states[frame] = state
    smooth: FloatArray = states[:, 0] + line
    return smooth


def _line(values: FloatArray) -> FloatArray:
    """The straight line through each series, which the model leaves as it is: without it the start needs no guess."""
    time = np.linspace(-1, 1, len(values))[:, None]
    line: FloatArray = values.mean(axis=0) + time * (time * values).sum(axis=0) / np.square(time).sum()
    return line


def _gains(frames: int, move: FloatArray, change: FloatArray, step: float) -> tuple[FloatArray, FloatArray]:
    """The filter's gains (F, 3) and the smoother's (F, 3, 3), which are the same for all series."""
    gains, backs = np.empty((frames, 3)), np.empty((frames, 3, 3))
    ahead = np.diag([VAGUE, VAGUE / step**2, VAGUE / step**4])
    for frame in range(frames):
        gain = ahead[:, 0] / (ahead[0, 0] + 1)
        keep = np.eye(3)
        keep[:, 0] -= gain
        after = keep @ ahead @ keep.T + np.outer(gain, gain)
        ahead = move @ after @ move.T + change
        gains[frame], backs[frame] = gain, np.linalg.solve(ahead, move @ after).T
        if frame and np.abs(backs[frame] - backs[frame - 1]).max() <= SETTLED * np.abs(backs[frame]).max():
            gains[frame:], backs[frame:] = gain, backs[frame]
            break
    return gains, backs
