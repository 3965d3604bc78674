"""Markers as C3D (https://www.c3d.org): the world's axes (z up), mm, with what is known of each position.

A marker's residual is the standard deviation of its coordinates in whole mm, 1 at least; 0 where the position was filled or
comes from a network, and -1, with no position, where it is missing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph import __version__
from kineograph.exports._markers import markers
from kineograph.exports._subject import Subject
from kineograph.io.atomic import atomic_path

LEVEL = "person"
FILES = (".c3d",)
NEEDS = ("points",)
MM = 1000.0


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write the file.

    Raises
    ------
    InputError
        Where the trial has no frame.
    """
    import ezc3d

    names, position, sd = markers(subject)
    points = subject.all_points
    file = ezc3d.c3d()
    file["header"]["points"]["frame_rate"] = points.fps_hz
    values = np.concatenate([position * MM, np.ones((*position.shape[:2], 1))], axis=2)
    file["data"]["points"] = values.transpose(2, 1, 0)
    residual = np.where(np.isnan(position).any(axis=2), -1.0, np.nan_to_num(np.maximum(np.round(sd * MM), 1.0)))
    file["data"]["meta_points"]["residuals"] = residual.T[None]
    parameters = file["parameters"]
    parameters["POINT"]["UNITS"]["value"] = ["mm"]
    parameters["POINT"]["RATE"]["value"] = np.array([points.fps_hz])
    parameters["POINT"]["LABELS"]["value"] = list(names)
    parameters["POINT"]["DESCRIPTIONS"]["value"] = [""] * len(names)
    file.add_parameter("POINT", "X_SCREEN", ["+X"])
    file.add_parameter("POINT", "Y_SCREEN", ["+Z"])
    file.add_parameter("SUBJECTS", "NAMES", [subject.participants[0]])
    file.add_parameter("SUBJECTS", "USED", [1])
    file.add_parameter("TRIAL", "DESCRIPTION", [f"{subject.session}/{subject.trial}"])
    file.add_parameter("TRIAL", "START_TIME_S", [float(points.time_s[0])])
    file.add_parameter("MANUFACTURER", "SOFTWARE", ["Kineograph"])
    file.add_parameter("MANUFACTURER", "VERSION_LABEL", [__version__])
    with atomic_path(paths[0]) as temporary:
        file.write(str(temporary))
