"""What pulls coordinates to a value besides markers: the set-up file's tasks, weaker, or not at all.

A task's weight w stands beside the markers' mean square, so it is a belief of standard deviation s = sigma / sqrt(w M) for M
markers of noise sigma. The weight 0.1 of Pose2Sim's set-up files on lumbar flexion holds it within half a degree of 0; what
the trunk bends more goes into pelvis and hips. Free lumbar flexion on the other hand leaves the pelvis' tilt to noise where
the hips' markers lie on a line. Leg angles of gait, squats and arm raises with lumbar flexion up to 30 degrees, 15 mm of
noise, `opensim`, mean rms for Halpe26, BlazePose and LSTM markers: 7.8, 8.3, 5.5 degrees with the set-up's weight; 7.5, 8.1,
4.8 with 10 degrees; 7.4, 8.2, 4.9 with 15; 7.8, 9.8, 4.9 without. Hence `weak`.

`trajectory` takes the spread itself: it learns the markers' noise, and what of it lasts through the trial counts against the pull
on the mean, so that neither assumes how accurate markers and model are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

CoordinateTasks = Literal["weak", "setup", "none"]
WEAK_RAD = np.radians(10.0)
USUAL_NOISE_M = 0.015
"""Noise of a marker's coordinate for which weights and standard deviations are exchanged."""


def task_spreads(
    tasks: Mapping[str, tuple[float, float]], choice: CoordinateTasks, markers: int
) -> dict[str, tuple[float, float]]:
    """The tasks as coordinate -> (standard deviation, value), rad or m."""
    if choice == "none":
        return {}
    weak = choice == "weak"
    return {
        name: (WEAK_RAD if weak else USUAL_NOISE_M / np.sqrt(weight * markers), value)
        for name, (weight, value) in tasks.items()
        if weight > 0
    }


def task_weights(
    tasks: Mapping[str, tuple[float, float]], choice: CoordinateTasks, markers: int
) -> dict[str, tuple[float, float]]:
    """The tasks as coordinate -> (weight, value) for OpenSim's solver."""
    return {
        name: (USUAL_NOISE_M**2 / (markers * spread**2), value)
        for name, (spread, value) in task_spreads(tasks, choice, markers).items()
    }
