"""Markers as C3D (https://www.c3d.org): the world's axes (z up), mm, with what is known of each position.

A marker's residual is the standard deviation of its coordinates; 0 where the position was filled or comes from a network, and
-1, with no position, where it is missing. Beside it are the first seven cameras that measured it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kineograph import __version__
from kineograph.exports._c3d_file import C3dMarkers, c3d_bytes
from kineograph.exports._markers import markers
from kineograph.exports._subject import Subject
from kineograph.io.atomic import write_bytes

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
    names, position, sd = markers(subject)
    points = subject.all_points
    cameras = np.zeros((*sd.shape, len(points.cameras)), bool)
    cameras[:, : len(points.names)] = points.cameras_used[:, subject.places[0]]
    content = C3dMarkers(
        names,
        position * MM,
        sd * MM,
        cameras,
        "mm",
        points.fps_hz,
        {
            "POINT": {"X_SCREEN": "+X", "Y_SCREEN": "+Z"},
            "SUBJECTS": {"USED": 1, "NAMES": subject.participants},
            "TRIAL": {
                "DESCRIPTION": f"{subject.session}/{subject.trial}",
                "START_TIME_S": float(points.time_s[0]),
            },
            "MANUFACTURER": {"SOFTWARE": "Kineograph", "VERSION": __version__},
        },
    )
    write_bytes(paths[0], c3d_bytes(content))
