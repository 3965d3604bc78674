"""Keypoints as movement saves them: netCDF4 files of its poses data sets.

Format: https://movement.neuroinformatics.dev, "movement datasets": ``position`` (time, space, keypoints, individuals),
``confidence`` (time, keypoints, individuals), the coordinates' names, and the attributes ``fps`` and ``time_unit``. netCDF4
is HDF5, so no library of its own is needed.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from kineograph.io.guarded import guarded
from kineograph.keypoint_formats import _hdf5
from kineograph.keypoint_formats._reading import Source
from kineograph.model.recorded_keypoints import RecordedKeypoints
from kineograph.model.shapes import FloatArray

FILES = r"(?P<camera>.+)(?i:\.nc)"

AXES = ("time", "keypoints", "individuals")


@guarded
def read(path: Path) -> RecordedKeypoints:
    """Read a camera's keypoints; an individual is a detection. Without ``confidence`` it is NaN.

    Raises
    ------
    InputError
        Where it is no such file, or holds 3D points.
    """
    source = Source(
        path, "movement", "a poses data set in netCDF4, with position, space x and y, keypoints and individuals"
    )
    with path.open("rb") as file:
        if file.read(3) == b"CDF":
            raise source.unusable("a file of netCDF 3", hint="save it with engine='netcdf4'")
    with _hdf5.open_file(source) as content:
        space = _hdf5.texts(source, content, "space")
        names = _hdf5.texts(source, content, "keypoints")
        count = len(_hdf5.texts(source, content, "individuals"))
        frames = _hdf5.dataset(source, content, "position").shape[0]
        position = _ordered(source, content, "position", ("time", "space", *AXES[1:]))
        confidence = np.full((frames, len(names), count), np.nan)
        if "confidence" in content:
            confidence = _ordered(source, content, "confidence", AXES)
        if position.shape != (frames, len(space), len(names), count) or confidence.shape != (frames, len(names), count):
            raise source.unusable(f"positions of shape {position.shape} and confidences of shape {confidence.shape}")
        fps_hz = _rate(source, content)
    if space != ("x", "y"):
        raise source.unusable(f"the axes {', '.join(space)} of space", hint="export the 2D poses of each camera")
    if not frames:
        raise source.unusable("no frame")
    return RecordedKeypoints(
        position.transpose(0, 3, 2, 1), confidence.transpose(0, 2, 1), names, path.name, fps_hz=fps_hz
    )


def _ordered(source: Source, content: Any, name: str, axes: tuple[str, ...]) -> FloatArray:
    """A variable with its axes in this order; the file names each axis by the coordinate that it is attached to."""
    values = _hdf5.numbers(source, content, name, len(axes))
    dimensions = content[name].dims
    order = [Path(dimensions[axis][0].name).name if len(dimensions[axis]) else "" for axis in range(len(axes))]
    if sorted(order) != sorted(axes):
        raise source.unusable(f"'{name}' with the axes {', '.join(map(repr, order))}")
    return values.transpose([order.index(axis) for axis in axes])


def _rate(source: Source, content: Any) -> float:
    """The frame rate: as stated, else from times in seconds; NaN where neither is there."""
    try:
        stated = float(np.ravel(content.attrs.get("fps", math.nan))[0])
    except (TypeError, ValueError, IndexError):
        stated = math.nan
    if stated > 0:
        return stated
    if _hdf5.text(content.attrs.get("time_unit", "")) != "seconds" or "time" not in content:
        return math.nan
    steps = np.diff(_hdf5.numbers(source, content, "time", 1))
    return float(1 / np.median(steps)) if len(steps) and np.median(steps) > 0 else math.nan
