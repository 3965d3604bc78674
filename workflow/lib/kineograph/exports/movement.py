"""Points as a poses data set of movement (https://movement.neuroinformatics.dev): netCDF4, 3D, m, z up.

``xarray.load_dataset(path)`` gives what movement's functions work on: ``position`` (time, space, keypoints, individuals) and
``confidence``, which is NaN, as a point in space has none; beside them ``position_sd``, the standard deviation of its
coordinates, and ``reprojection_error``, px of an image whose longer side is 1920. A participant is an individual. netCDF4 is
HDF5, so no library of its own is needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kineograph.exports._subject import Subject
from kineograph.io.atomic import atomic_path

LEVEL = "trial"
FILES = ("movement.nc",)
NEEDS = ("points",)
SPACE = ("x", "y", "z")
EACH_POINT = ("time", "keypoints", "individuals")


def write(paths: tuple[Path, ...], subject: Subject) -> None:
    """Write the file.

    Raises
    ------
    InputError
        Where the trial has no frame.
    """
    import h5py

    points = subject.all_points
    each = points.reprojection_error_px[:, subject.places].transpose(0, 2, 1)
    variables = {
        "position": (points.position_m[:, subject.places].transpose(0, 3, 2, 1), ("time", "space", *EACH_POINT[1:])),
        "confidence": (np.full(each.shape, np.nan), EACH_POINT),
        "position_sd": (subject.covariance_sd_m().transpose(0, 2, 1), EACH_POINT),
        "reprojection_error": (each, EACH_POINT),
    }
    axes = {"time": points.time_s, "space": SPACE, "keypoints": points.names, "individuals": subject.participants}
    about = {
        "fps": points.fps_hz,
        "time_unit": "seconds",
        "source_software": "Kineograph",
        "ds_type": "poses",
        "space_unit": "m",
        "session": subject.session,
        "trial": subject.trial,
    }
    with atomic_path(paths[0]) as temporary, h5py.File(temporary, "w", track_order=True) as file:
        for number, (name, values) in enumerate(axes.items()):
            _axis(h5py, file, name, values, number)
        for name, (values, names) in variables.items():
            dataset = file.create_dataset(name, data=values, track_times=False)
            dataset.attrs["_FillValue"] = np.array([np.nan])
            for place, axis in enumerate(names):
                dataset.dims[place].attach_scale(file[axis])
        for key, value in about.items():
            file.attrs[key] = value if isinstance(value, float) else np.bytes_(value)


def _axis(h5py: Any, file: Any, name: str, values: Any, number: int) -> None:
    """A coordinate: the variable that has the name of its axis, as netCDF4 marks it."""
    kind = None if name == "time" else h5py.string_dtype()
    dataset = file.create_dataset(name, data=np.asarray(values, dtype=kind), track_times=False)
    dataset.make_scale(name)
    dataset.attrs["_Netcdf4Dimid"] = np.int32(number)
