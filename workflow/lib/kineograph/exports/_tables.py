"""The tables of angles and points that CSV and Parquet files hold: columns of equal length, units in their names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kineograph.exports._subject import Subject
from kineograph.model.points import Origin
from kineograph.model.shapes import FloatArray

Table = dict[str, NDArray[np.generic] | list[str]]


def angles_table(subject: Subject) -> Table:
    """A row a frame: time, each coordinate in degrees or m, and its standard deviation; NaN where a frame was not solved.

    Coordinates that the markers don't tell (toes without toe keypoints, say) have no standard deviation.

    Raises
    ------
    InputError
        Where no frame was solved.
    """
    found = subject.coordinates
    table: Table = {"frame": np.arange(len(found.time_s)), "time_s": found.time_s}
    units = ["deg" if turns else "m" for turns in found.rotational]
    spread = np.where(found.observed, found.sd_deg_m, np.nan)
    for name, unit, column in zip(found.names, units, found.values_deg_m.T, strict=True):
        table[f"{name}_{unit}"] = column
    for name, unit, column in zip(found.names, units, spread.T, strict=True):
        table[f"{name}_sd_{unit}"] = column
    return table


def points_table(subject: Subject) -> Table:
    """A row a point and frame: position in the world's axes (z up), its standard deviation, and how it came about.

    Raises
    ------
    InputError
        Where the trial has no frame.
    """
    points, person = subject.all_points, subject.places[0]
    frames, count = points.n_frames, len(points.names)
    origins = {int(item): item.name.lower() for item in Origin}

    def each(values: FloatArray) -> FloatArray:
        return values.reshape(frames * count, *values.shape[2:])

    position = each(points.position_m[:, person])
    return {
        "frame": np.repeat(np.arange(frames), count),
        "time_s": np.repeat(points.time_s, count),
        "point": list(points.names) * frames,
        "x_m": position[:, 0],
        "y_m": position[:, 1],
        "z_m": position[:, 2],
        "sd_m": each(subject.covariance_sd_m()[:, 0]),
        "reprojection_error_px": each(points.reprojection_error_px[:, person]),
        "cameras_used": points.cameras_used[:, person].sum(axis=-1).reshape(-1),
        "origin": [origins[int(item)] for item in points.origin[:, person].reshape(-1)],
    }
